"""A partner tries its own set-up, step by step, and is told what to mend. Each step is one request; none of them asks for a field.

The step at a wrong door is meant to be refused, and the broker's log says so, as it does of everybody who stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from broker.client.calls import segment
from broker.client.client import Client, Professional
from broker.client.errors import ClientError, Refused
from broker.client.tokens import METADATA
from broker.client.transport import Request
from broker.client.tries import date_of

#: what the broker lets a client's clock differ by, in seconds; it also refuses an assertion from the future
LEEWAY_S = 10
UNAUTHENTICATED, FORBIDDEN = 401, 403


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: whether it is as it should be, and what was found."""

    name: str
    fine: bool
    found: str


def try_out(client: Client, professional: Professional, case: str | None = None, purpose: str | None = None) -> Iterator[Step]:
    """Every step in order; after one that the next ones need, it stops."""
    steps: list[tuple[str, Callable[[], str], bool]] = [
        ("the broker's metadata are of the registered issuer", lambda: _metadata(client), True),
        ("the clocks agree", lambda: _clocks(client), False),
        ("a token for this professional and role", lambda: _token(professional), True),
        ("without a token nothing opens", lambda: _stranger(client), False),
        ("another party's door stays shut", lambda: _wrong_door(client, professional), False),
        ("the log's keys are, or follow from, those that you were given", lambda: _keys(client, professional), False),
        ("the open cases", lambda: f"{len(professional.cases.open_ones())} open", False),
        ("the store of receipts", lambda: f"{len(client.store.receipts())} kept", False),
    ]
    if case is not None and purpose is not None:
        steps.append(("what may be asked of this case", lambda: _permissions(professional, case, purpose), False))
    for name, attempt, needed in steps:
        try:
            step = Step(name, fine=True, found=attempt())
        except (ClientError, _NotSo) as error:
            step = Step(name, fine=False, found=str(error))
        yield step
        if needed and not step.fine:
            return


class _NotSo(Exception):  # noqa: N818 - what was found
    """A step went otherwise than it should."""


def _metadata(client: Client) -> str:
    found = client.tokens.discover(client.line.tries.until())
    return f"tokens from {found.token_endpoint}"


def _clocks(client: Client) -> str:
    line = client.line
    answer = line.transport.send(Request("GET", line.issuer + METADATA), line.tries.until())
    told = date_of(answer.headers.get("date", ""))
    if told is None:
        return "the broker does not tell its time"
    apart_s = line.world.now() - told.timestamp()
    if abs(apart_s) > LEEWAY_S:
        way = "ahead of" if apart_s > 0 else "behind"
        raise _NotSo(f"this machine's clock is {abs(apart_s):.0f} s {way} the broker's; assertions are refused beyond {LEEWAY_S} s")
    return "within a second or two" if abs(apart_s) <= 2 else f"{abs(apart_s):.0f} s apart"  # noqa: PLR2004 - a Date has whole seconds


def _token(professional: Professional) -> str:
    professional.token()
    return "given"


def _stranger(client: Client) -> str:
    line = client.line
    path = f"/v1/connectors/{segment(client.connection.party)}/cases"
    answer = line.transport.send(Request("GET", line.issuer + path), line.tries.until())
    if answer.status != UNAUTHENTICATED:
        raise _NotSo(f"expected 401 without a token, found {answer.status}: this is not the broker that it should be")
    return "401 unauthenticated, as it should be"


def _wrong_door(client: Client, professional: Professional) -> str:
    try:
        professional.calls.get(f"/v1/connectors/not-{segment(client.connection.party)}/cases")
    except Refused as refused:
        if refused.problem.status == FORBIDDEN:
            return f"403 {refused.problem.slug}, as it should be; the log says that you tried"
        raise
    raise _NotSo("expected 403 at another party's door, found an answer: tell the operator")


def _keys(client: Client, professional: Professional) -> str:
    shown = professional.receipts.shown_keys()
    client.keys.follow(shown)
    listed = set(shown.each("keys", lambda one: one.text("key")))
    trusted = {str(one) for one in client.keys.trusted.receipts}
    if not listed & trusted:
        raise _NotSo("the broker shows no receipt key that you trust; ask its operator for the key, on paper or in person")
    return f"{len(trusted)} of receipts trusted"


def _permissions(professional: Professional, case: str, purpose: str) -> str:
    found = professional.permissions(case, purpose)
    return f"{len(found)} fields may be asked"
