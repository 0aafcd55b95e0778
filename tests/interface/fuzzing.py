"""Schemathesis against a running broker: every document that it serves, every party, all checks on, positive and negative data.

The ids and names of the staged house are among what is sent (its dictionaries), so that requests reach cases, signals and disclosures and
not only the refusal that there is no such thing. What the schema cannot say is listed in `BEYOND_SCHEMA`, each with its reason; nothing
else is left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case

from broker.demo.people import MUNICIPALITY
from policies.vocabulary import PartyId, RoleId
from tests.interface.recording import KEPT
from tests.interface.served import ROLES, Served
from tests.stage import COVENANT

#: a name of the staged house, where a schema takes any name: how often it is one
OFTEN = 0.8
#: refusals of requests that fit the schema, by problem and by what was expected (None: whatever it was)
BEYOND_SCHEMA: Mapping[tuple[str, str | None], str] = {
    ("bad-command", None): "which names a covenant has, and which are in place for this case now, no schema knows",
    ("invalid-input", "expected a field of a covenant in force"): "which fields a covenant has, no schema knows",
    ("invalid-input", "expected every name once"): "the dictionary of this test draws a name twice",
    ("invalid-input", "expected a field as category.field"): "OpenAPI 3.0 has no rule for the names of an object's members",
    ("invalid-covenant", None): "a covenant is YAML in a string; its own compiler says what is wrong",
    ("invalid-cursor", None): "a cursor is sealed: it is the broker's own or it is none",
    ("malformed-body", "a string holds a lone surrogate or a zero character"): "no column of PostgreSQL holds a zero character",
    ("malformed-body", "a number is not finite or not exact"): "a member that nobody described may be a number of any size",
    ("cosignature-refused", None): "a signature that verifies cannot be described",
}


@dataclass
class Outcome:
    """What a run did: answers by operation and status, and what failed."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many there were."""
        return self.answers.total()

    def shares(self) -> Mapping[str, tuple[int, int]]:
        """By operation: how many requests, and how many of them were answered with success."""
        operations = sorted({operation for operation, _ in self.answers})
        return {one: (self._count(one, range(600)), self._count(one, range(200, 300))) for one in operations}

    def add(self, other: Outcome) -> None:
        """Put another run's results with these."""
        self.answers += other.answers
        self.phases += other.phases
        self.failures += other.failures

    def _count(self, operation: str, statuses: range) -> int:
        return sum(count for (one, status), count in self.answers.items() if one == operation and status in statuses)


@dataclass(frozen=True)
class Extent:
    """How much is sent: examples per operation, from which seed, and for which documents every boundary of every schema is walked too."""

    examples: int
    seed: int
    #: None means all of them
    walked: tuple[str, ...] | None = None

    def walks(self, document: str) -> bool:
        """Whether the boundaries of a document are walked."""
        return self.walked is None or document in self.walked


def documents_in(app: Flask) -> tuple[str, ...]:
    """Where an application has its descriptions, those of interfaces that came later too."""
    return tuple(sorted(rule.rule for rule in app.url_map.iter_rules() if rule.rule.endswith("/openapi.json")))


def fuzz_all(stage: Served, parties: Sequence[PartyId], extent: Extent) -> Outcome:
    """Every document as every one of these parties; what ends cases comes last."""
    outcome = Outcome()
    for ends in (False, True):
        for party in parties:
            for document in sorted({*documents_in(stage.house.app)} - NOT_HERE.keys()) if not ends else ("/v1/openapi.json",):
                outcome.add(fuzz(stage, document, party, extent, ends=ends))
    return outcome


def fuzz(stage: Served, document: str, party: PartyId, extent: Extent, *, ends: bool = False) -> Outcome:
    """Run everything that Schemathesis has against one document, as one party.

    It learns ids from what is answered, and would close every case that it can find: `ends` runs what closes a case, and nothing else.
    """
    described = at_home(stage.house.http.get(document).text, stage, party)
    config = configuration(stage, described, party, extent, walks=extent.walks(document))
    schema = schemathesis.openapi.from_dict(described, config=SchemathesisConfig.from_dict(config))
    schema = schema.include(operation_id=list(ENDS)) if ends else schema.exclude(operation_id=list(ENDS))
    schema.hook(filter_failure)
    if "securitySchemes" in described.get("components", {}):
        schema.auth(refresh_interval=None)(authentication(stage, ROLES[party]))
    outcome = Outcome()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(outcome, event)
        elif isinstance(event, events.FatalError):
            outcome.failures.append(f"{document}: {event.exception!r}")
        elif isinstance(event, events.NonFatalError):
            outcome.failures.append(f"{document} {event.label}: {event.value!r}")
    return outcome


def at_home(document: str, stage: Served, party: PartyId) -> dict[str, Any]:
    """The document with this house's ids in its examples, in the places of those of the house in which they were recorded."""
    recorded = json.loads(KEPT.read_text(encoding="utf-8"))["operations"]
    here = {
        "caseId": stage.cases[1],
        "signalId": stage.signals[0],
        "disclosureId": stage.disclosures[MUNICIPALITY][0],
        "entryId": stage.entries[0],
    }
    for example in recorded.values():
        for place in here.keys() & example["path"].keys():
            document = document.replace(example["path"][place], here[place])
    described: dict[str, Any] = json.loads(document)
    for operations in described["paths"].values():
        for operation in operations.values():
            # as a system: a browser's session is another way in, and taking that away takes nothing from a token
            operation["security"] = [one for one in operation.get("security", ()) if "session" not in one]
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "party":
                    parameter["example"] = party
    return described


def filter_failure(context: object, failure: Any, case: Case, response: Any) -> bool:  # noqa: ANN401, ARG001 - Schemathesis finds hooks by name and parameters
    """Keep a failure, unless valid data was refused for a reason in `BEYOND_SCHEMA`, a decision point said no, or it is not the maker's.

    AuthZEN refuses what it cannot make sense of in a context with a decision: false is its refusal, and comes with status 200.
    """
    if failure.title == "Schema-violating request accepted":
        return not denies(response.content)
    if failure.title == "Created resource not found":
        return not reasons_of(response.content) <= NOT_THE_MAKERS.keys()
    return not (failure.title == "Schema-valid request rejected" and reasons_of(response.content) <= BEYOND_SCHEMA.keys())


def denies(content: bytes) -> bool:
    """Whether this is an answer of a decision point that permits nothing."""
    try:
        answer = json.loads(content)
    except ValueError:
        return False
    if not isinstance(answer, dict):
        return False
    one = answer.get("decision") is False or answer.get("results") == []
    return one or (bool(answer.get("evaluations")) and all(each["decision"] is False for each in answer["evaluations"]))


def reasons_of(content: bytes) -> set[tuple[str, str | None]]:
    """Why a problem refuses, as `BEYOND_SCHEMA` writes it."""
    try:
        problem = json.loads(content)
        slug = problem["type"].rpartition("/")[2]
    except (ValueError, TypeError, KeyError):
        return {("not a problem", None)}
    if (slug, None) in BEYOND_SCHEMA:
        return {(slug, None)}
    return {(slug, error["detail"]) for error in problem.get("errors", [])} or {(slug, None)}


def authentication(stage: Served, role: RoleId) -> type:
    """A real token of the role's professional on every request; the partner kit renews it."""

    class Bearer:
        def get(self, case: Case, context: object) -> str:  # noqa: ARG002 - Schemathesis's protocol
            return stage.house.bearer(role)["Authorization"]

        def set(self, case: Case, data: str, context: object) -> None:  # noqa: ARG002 - Schemathesis's protocol
            case.headers["Authorization"] = data

    return Bearer


def configuration(stage: Served, document: Mapping[str, Any], party: PartyId, extent: Extent, *, walks: bool) -> dict[str, Any]:
    """Schemathesis's own settings, as its configuration file would have them."""
    pools = pools_of(stage, party)
    return {
        "seed": extent.seed,
        "base-url": stage.url + _base(document),
        "continue-on-failure": True,
        "request-timeout": 30,
        "generation": {"max-examples": extent.examples, "no-shrink": True, "database": "none"},
        "phases": {"coverage": {"enabled": walks}, "stateful": {"enabled": walks}},
        "dictionaries": {name: {"values": list(values)} for name, values in pools.items()},
        "parameters": dict(_bound(pools)),
    }


def pools_of(stage: Served, party: PartyId) -> Mapping[str, Sequence[str]]:
    """Names and ids that lead somewhere, by dictionary."""
    policy = stage.house.broker.covenants.in_force().policies[COVENANT]  # type: ignore[index]  # its own id
    covenant = policy.covenant
    held = sorted(name for name, one in covenant.fields.items() if one.holder == party)
    return {
        "party": (party,),
        "parties": sorted(covenant.parties),
        "case": stage.cases,
        "signal": stage.signals,
        "disclosure": stage.disclosures[party] or stage.disclosures[MUNICIPALITY],
        "entry": stage.entries,
        "covenant": (COVENANT,),
        "version": (covenant.version,),
        "sha256": (policy.covenant_sha256,),
        "year": (stage.log_year,),
        "tile": ("0/000.p/1", "0/000"),
        "purpose": sorted(covenant.purposes),
        "field": [*held[:6], "complaints.count_12m", "incidents.count_12m", "coordination.lead"],
        "article": sorted(article.id for article in covenant.articles),
        "caseType": sorted(covenant.case_types),
        "phase": sorted({phase for kind in covenant.case_types.values() for phase in kind.ladder}),
        "reason": ("resolved", "unfounded", "moved", "transferred"),
        "kind": sorted(covenant.signals),
        "subject": sorted(covenant.subjects),
        "slug": ("not-found", "unknown-case"),
    }


#: what is not there for who made it
NOT_THE_MAKERS: Mapping[tuple[str, str | None], str] = {
    ("unknown-signal", None): "a signal is read by the role that it went to, and not by who reported it"
}
#: descriptions that are not fuzzed here
NOT_HERE: Mapping[str, str] = {
    "/sign-in/openapi.json": "pages and redirects for a browser, at a provider that this house has none of: tests/broker/people has one"
}
#: operations after which a case is over, at least for the caller: they run last
ENDS = ("close", "leave")
#: where a name of a dictionary is sent
PLACES: Mapping[str, tuple[str, ...]] = {
    "party": ("path.party",),
    "parties": ("body.party",),
    "case": ("path.caseId", "body.case"),
    "signal": ("path.signalId",),
    "disclosure": ("path.disclosureId", "body.disclosure"),
    "entry": ("path.entryId", "body.decisions[*].entry"),
    "covenant": ("path.covenant", "query.covenant", "body.covenant", "body.log"),
    "version": ("path.version",),
    "sha256": ("body.sha256",),
    "year": ("path.year",),
    "tile": ("path.tile",),
    "purpose": ("body.purpose",),
    "field": ("body.fields[*]",),
    "article": ("body.article",),
    "caseType": ("body.caseType",),
    "phase": ("body.to",),
    "kind": ("body.kind",),
    "subject": ("body.subject.kind", "body.subjects[*].kind"),
    "slug": ("path.slug",),
}


def _bound(pools: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, places in PLACES.items():
        if pools[name]:
            yield from ((place, {"dictionary": name, "probability": OFTEN}) for place in places)


def _base(document: Mapping[str, Any]) -> str:
    url: str = document["servers"][0]["url"]
    return "/" + url.partition("://")[2].partition("/")[2] if "/" in url.partition("://")[2] else ""


def _note(outcome: Outcome, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for case, interaction in recorder.interactions.items():
        status = interaction.response.status_code if interaction.response is not None else 0
        outcome.phases[event.phase.value] += 1
        outcome.answers[recorder.cases[case].value.operation.label, status] += 1
        if interaction.response is None:
            outcome.failures.append(f"{recorder.cases[case].value.operation.label}: no answer")
    for case, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                answered = recorder.interactions[case].response
                told = "" if answered is None else answered.content[:400].decode(errors="replace")
                label = recorder.cases[case].value.operation.label
                outcome.failures.append(f"{label}: {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}\n{told}")
