"""The table of problems: every error of ours has its row, its status and its page, and no error's text ever leaves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound, RequestedRangeNotSatisfiable

import audit
import audit.errors as audit_errors
import audit.standalone_verifier
import broker
import connectors
import connectors.errors as connector_errors
import connectors.values
import policies
import policies.errors as policy_errors
import policies.mask
from audit.codes import TooManyCodes
from audit.evidence import EvidenceWrong
from audit.witness_folder import WitnessUnfit
from audit.witness_request import WitnessRefused
from audit.witness_state import StateFailed
from broker import wire
from broker.access.searching import NotSought
from broker.access.situations import BadContext
from broker.authenticate import Unauthenticated, Unproven
from broker.cases.errors import CaseError
from broker.config import ConfigError
from broker.erasing import ErasureRefused
from broker.errors import RefusedAsk
from broker.keys import KeyDirectoryError
from broker.oauth.clients import ClientError, ClientExists, UnknownClient, UnusableClient
from broker.oauth.fetching_keys import KeysUnreachable
from broker.oauth.jwks import UnusableKeys
from broker.oauth.private_key_jwt import AssertionRefused
from broker.oauth.registration import UnusableRegistration
from broker.people.errors import NoRoll, RollMistakes, SignInFailed
from broker.problem import Problem
from broker.problems import BY_SLUG, TABLE, problem_of, problem_response
from broker.replaying import ReplayError
from broker.witnessing_http import PeerFailed
from policies.editing.edit import EditRefused
from policies.wording import Impossible

#: errors of ours that never reach a door as themselves: roots, what is caught on the way, what stops a start or a command line
STAYS_INSIDE = frozenset(
    {
        # roots, of which each subclass has a row or a place here
        audit_errors.AuditError,
        CaseError,
        ClientError,
        RefusedAsk,
        connector_errors.ConnectorError,
        policy_errors.PolicyError,
        wire.WireError,
        # caught on the way
        AssertionRefused,  # by the token endpoint, which answers with an OAuth error
        TooManyCodes,  # by the decision point, which says so to the caller
        connectors.values.Unfit,  # by the source, which is then unavailable
        policies.mask.Unfit,  # by the mask, which drops the value, and by the contribution, which names it as a flaw
        audit_errors.FenceMoved,  # by the exchange, which decides again
        connector_errors.ReferenceTaken,  # by the case registry
        KeysUnreachable,  # by the check of an assertion, which goes on with the keys that were fetched before
        PeerFailed,  # by the worker and the partner's witness: the next round asks again
        connector_errors.SourceUnavailable,  # by the exchange: the fields are `unavailable`
        BadContext,  # by the judge of the decision point: it is why an evaluation is denied
        NotSought,  # by the decision point: it is why a search finds nothing
        Impossible,  # by the reading of a covenant, which makes a finding of it
        # at start, in the verifier and on the command line
        ClientExists,
        ConfigError,
        ErasureRefused,
        NoRoll,  # by the door and by the pages of signing in
        RollMistakes,
        SignInFailed,  # by the pages of signing in
        KeyDirectoryError,
        UnknownClient,
        UnusableClient,
        UnusableKeys,
        UnusableRegistration,
        EditRefused,
        ReplayError,
        audit.standalone_verifier.Unfit,  # the file that an outsider runs
        audit.standalone_verifier.Wrong,
        audit_errors.NotALog,
        audit_errors.NotAnErasure,
        audit_errors.NoteMalformed,
        audit_errors.NoteUnverified,
        audit_errors.ProofWrong,
        audit_errors.SignerRefused,
        audit_errors.StoreUnfit,
        EvidenceWrong,
        StateFailed,
        WitnessRefused,
        WitnessUnfit,
        connector_errors.ConnectorConfigError,
        connector_errors.SourceMissing,
    }
)

PAGES = Path(__file__).resolve().parents[2] / "docs" / "problems"


def our_errors() -> set[type[Exception]]:
    """Every error class defined in a module of ours, but for the command line's, which is above every door, and the partner kit's."""
    found = set()
    for package in (audit, broker, connectors, policies):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith(("broker.cli", "broker.client", "broker.demo", "broker.bench")) or module.name.endswith("__main__"):
                continue
            members = vars(importlib.import_module(module.name)).values()
            errors = {each for each in members if inspect.isclass(each) and issubclass(each, Exception)}
            # a private error is its own module's affair
            found |= {each for each in errors if each.__module__ == module.name and not each.__name__.startswith("_")}
    return found


def test_every_error_of_ours_has_a_row_or_is_said_to_stay_inside() -> None:
    rows = {error for row in TABLE for error in row.errors} - {Exception}
    assert sorted(error.__qualname__ for error in our_errors() - STAYS_INSIDE if not rows & set(error.__mro__)) == []


def test_what_stays_inside_has_no_row_of_its_own() -> None:
    rows = {error for row in TABLE for error in row.errors}
    assert rows & STAYS_INSIDE == set()


def test_no_error_has_two_rows_and_no_slug_two_problems() -> None:
    errors = [error for row in TABLE for error in row.errors]
    assert len(errors) == len(set(errors))
    assert len(TABLE) == len(BY_SLUG)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.slug)
def test_every_problem_has_a_page_that_says_the_same(row: Problem) -> None:
    page = (PAGES / f"{row.slug}.md").read_text()
    assert page.startswith(f"# {row.title}\n\n`{row.type_uri}` · status {row.status}\n\n## What happened\n\n")
    assert "\n\n## What to do\n\n" in page


def test_no_page_is_left_of_a_problem_that_went() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(BY_SLUG)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.slug)
def test_every_problem_is_an_error_with_plain_sentences(row: Problem) -> None:
    assert row.status in {400, 401, 403, 404, 405, 409, 412, 413, 415, 428, 429, 500, 503}
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.slug)
    assert re.fullmatch(r"[A-Z][^.]*", row.title)
    assert row.detail.endswith(".")


def test_an_error_that_nobody_foresaw_is_a_fixed_500_without_its_text() -> None:
    response = problem_response(RuntimeError("the record of Jan Jansen"))
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert response.get_json() == problem_of(Exception).document()
    assert b"Jansen" not in response.data


def test_a_subclass_without_a_row_is_told_as_its_parent() -> None:
    class Stranger(Unauthenticated):
        pass

    assert problem_of(Stranger) is problem_of(Unauthenticated)
    assert problem_of(RequestedRangeNotSatisfiable).slug == "bad-request"
    assert problem_of(NotFound).status == 404


def test_a_challenge_names_an_error_only_where_there_was_a_token() -> None:
    challenges = {reason: problem_response(Unauthenticated(reason)).headers["WWW-Authenticate"] for reason in Unproven}
    assert challenges.pop(Unproven.NO_TOKEN) == 'Bearer realm="covenant-broker"'
    assert set(challenges.values()) == {'Bearer realm="covenant-broker", error="invalid_token"'}


def test_every_reason_not_to_know_a_caller_has_one_body() -> None:
    bodies = {problem_response(Unauthenticated(reason)).data for reason in Unproven}
    assert len(bodies) == 1


def test_a_method_that_is_not_offered_is_answered_with_those_that_are() -> None:
    assert problem_response(MethodNotAllowed(["POST", "GET"])).headers["Allow"] == "GET, POST"


def test_all_flaws_are_told_in_the_shape_of_the_design_rules() -> None:
    error = wire.InvalidInput([wire.Flaw("query", "/limit", "expected less"), wire.Flaw("body", "/fields/0", "not a valid string")])
    assert problem_response(error).get_json()["errors"] == [
        {"in": "body", "location": {"pointer": "#/fields/0"}, "detail": "not a valid string"},
        {"in": "query", "location": {"name": "limit"}, "detail": "expected less"},
    ]
