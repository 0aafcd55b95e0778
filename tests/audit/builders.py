"""Drafts, keys and logs for the tests of this room."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from audit.entry import DECISION, EVALUATIONS, REFUSED, RELEASE, Actor, Core, Covenant, Draft, Outcome, Subject
from audit.errors import SubjectKeyGone, SubjectKeyUnknown
from audit.evaluations import Evaluation
from audit.ids import RANDOM_BYTES, uuid7
from audit.log import Log
from audit.postgres import PostgresStore
from audit.sqlite import SqliteStore
from audit.store import Store

NAME = "log.example"
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets; it moves on by a millisecond at each reading."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


class Keys:
    """Subject keys that can be destroyed, and ids that no key has."""

    def __init__(self) -> None:
        self.destroyed: set[str] = set()
        self.unknown: set[str] = set()

    def key(self, key_id: str) -> bytes:
        if key_id in self.unknown:
            raise SubjectKeyUnknown("there is no such key")
        if key_id in self.destroyed:
            raise SubjectKeyGone("the key was destroyed")
        return key_id.encode().ljust(32, b"\0")[:32]


class Fences:
    """Numbers that stand for revisions of cases."""

    def __init__(self, numbers: Mapping[str, int] | None = None) -> None:
        self.numbers = dict(numbers or {})
        self.reads: list[frozenset[str]] = []

    def __call__(self, names: frozenset[str]) -> Mapping[str, int]:
        self.reads.append(names)
        return {name: self.numbers[name] for name in names if name in self.numbers}


def new_id() -> str:
    return uuid7(datetime.now(UTC), os.urandom(RANDOM_BYTES))


FIELDS = ("complaints.kind", "complaints.count_12m", "complaints.last_on", "incidents.count_12m", "incidents.last_on", "support.contact")


def core(**changes: object) -> Core:
    members: dict[str, object] = {
        "outcome": Outcome.PARTIAL,
        "articles": ("5.1", "5.2"),
        "requester": "municipality",
        "holders": ("corporation", "police"),
        "purpose": "end_nuisance",
        "legal_bases": ("mayor_order", "landlord_interest"),
        "activity": "https://waterstad.example/verwerkingsregister/woonoverlast",
        "covenant": Covenant("waterstad-noord", "1.0", "ab" * 32),
        "policy_sha256": "cd" * 32,
        "requested": FIELDS,
        "released": tuple((field, "month" if field.endswith("_on") else "bands(0-2,3-9,10+)") for field in FIELDS[:4]),
        "withheld": ((FIELDS[4], "vetoed"), (FIELDS[5], "no_consent")),
        "case_facts": (("case_type", "serious_nuisance"), ("phase", "consultation"), ("subject", "tenant")),
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331",
        "retention": "exchange",
        "software": "covenant-broker/0.1.0",
    }
    return Core(**(members | changes))  # type: ignore[arg-type]  # a builder's shorthand; Core checks what it is given


def access(typ: str = EVALUATIONS, **changes: object) -> Draft:
    """A call at the decision point, in which two evaluations share their facts."""
    given = Evaluation("municipality.director", FIELDS[0], 0, ((FIELDS[0], "bands(0-2,3-9,10+)", "5.1"),))
    kept_back = Evaluation("municipality.director", FIELDS[4], 0, (), ((FIELDS[4], "vetoed"),))
    said: dict[str, object] = {
        "case_facts": (),
        "withheld": (),
        "span_parent": "00f067aa0ba902b7",
        "situations": ((("phase", "plan"), ("purpose", "end_nuisance")),),
        "evaluations": (given, kept_back),
    }
    return draft(typ, subject=None, **(said | changes))  # type: ignore[arg-type]  # a builder's shorthand, as in `core`


def draft(
    typ: str = DECISION,
    *,
    id: str | None = None,  # noqa: A002 - named as the entry names it
    log: str = "waterstad-noord",
    ref: str | None = None,
    subject: str | None = "s1",
    case: str = "c1",
    professional: str = "p1",
    **changes: object,
) -> Draft:
    return Draft(
        typ,
        id or new_id(),
        log,
        ref,
        core(**changes),
        Actor(professional, "municipality.director", "municipality"),
        None if subject is None else Subject(subject, case, f"key-{subject}"),
    )


def exchange(**changes: object) -> tuple[Draft, Draft]:
    """A decision and the release that closes it."""
    decision = draft(DECISION, **changes)  # type: ignore[arg-type]
    return decision, draft(RELEASE, ref=decision.id, **changes)  # type: ignore[arg-type]


def refusal(**changes: object) -> tuple[Draft, Draft]:
    decision = draft(DECISION, outcome=Outcome.DENY, released=(), **changes)  # type: ignore[arg-type]
    return decision, draft(REFUSED, ref=decision.id, outcome=Outcome.DENY, released=(), **changes)  # type: ignore[arg-type]


def store_at(url: str) -> Store:
    backend = make_url(url)
    if backend.get_backend_name() == "sqlite":
        return SqliteStore(Path(backend.database or ""))
    return PostgresStore(url)


def log_on(
    store: Store,
    *,
    name: str = NAME,
    clock: Callable[[], datetime] | None = None,
    fences: Callable[[frozenset[str]], Mapping[str, int]] | None = None,
    keys: Keys | None = None,
) -> Log:
    return Log(store, name=name, clock=clock or Clock(), random=os.urandom, fences=fences or Fences(), subject_keys=keys or Keys())


def indexes(positions: Iterable[object]) -> list[int]:
    return [position.index for position in positions]  # type: ignore[attr-defined]


counter = itertools.count()
