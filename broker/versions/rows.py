"""What the registry has of versions, as values. Every function here reads, but for the three at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from broker.acceptance import ACCEPT, REVOKE
from broker.errors import CovenantUnknown
from broker.tables import covenant_acceptance, covenant_step, covenant_version, standing
from broker.versions.steps import Effect, Step, StepKind, Who
from policies.vocabulary import CovenantId, PartyId, RoleId

#: the channel on which PostgreSQL tells of a new epoch at the moment of its commit
CHANNEL = "covenant_standing"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one covenant and who accepted it so far.

    `state` is proposed, requested (one of two people wants it in force), scheduled, active, superseded or ended; `parties` are those that
    it names.
    """

    covenant: CovenantId
    version: str
    sha256: str
    state: str
    accepted: frozenset[PartyId]
    revoked: frozenset[PartyId]
    requested_by: str | None = None
    parties: frozenset[PartyId] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a party to one version; nothing of it is believed before its signature is verified.

    `last` is the party's last one. Any other is when it last took something back, which a later acceptance of another text does not undo.
    """

    sha256: str
    party: PartyId
    kind: str
    jws: str
    public_key: str
    signed_ms: int
    started: bool
    last: bool = True


def epoch_of(connection: Connection) -> int:
    """The epoch of what is in force."""
    epoch: int = connection.execute(select(standing.c.epoch)).scalar_one()
    return epoch


def row_of(connection: Connection, sha256: str) -> Row[Any]:
    """The row of a version.

    Raises:
        CovenantUnknown: no version has this hash.
    """
    row = connection.execute(select(covenant_version).where(covenant_version.c.sha256 == sha256)).first()
    if row is None:
        raise CovenantUnknown("no version of a covenant has this hash")
    return row


def rows_in(connection: Connection, *states: str, covenant: CovenantId | None = None) -> tuple[Row[Any], ...]:
    """The rows in these states: those that have started first, in the order in which they were activated."""
    row = covenant_version.c
    query = select(covenant_version).where(row.state.in_(states))
    if covenant is not None:
        query = query.where(row.covenant == covenant)
    return tuple(connection.execute(query.order_by(row.started_ms.is_(None), row.activated_ms, row.proposed_ms)))


def last_in_force(connection: Connection, covenant: CovenantId) -> Row[Any] | None:
    """The version that is in force, or was the last to be."""
    row = covenant_version.c
    where = (row.covenant == covenant) & row.started_ms.is_not(None)
    # The one that is active first, whatever a clock that stepped back has written.
    order = (row.state != "active", row.started_ms.desc())
    return connection.execute(select(covenant_version).where(where).order_by(*order)).first()


def answers_to(connection: Connection, covenant: CovenantId) -> tuple[Answer, ...]:
    """The last answer of every party to every version of a covenant, and when it last took each back."""
    answer, version = covenant_acceptance.c, covenant_version.c
    columns = (answer.sha256, answer.party, answer.kind, answer.jws, answer.public_key, answer.signed_ms, version.started_ms)
    query = select(*columns).join(covenant_version, version.sha256 == answer.sha256).where(version.covenant == covenant)
    last = (
        Answer(row.sha256, PartyId(row.party), row.kind, row.jws, row.public_key, row.signed_ms, row.started_ms is not None)
        for row in connection.execute(query)
    )
    step = covenant_step.c
    moments = select(step.sha256, step.party, func.max(step.signed_ms).label("signed_ms"), version.started_ms)
    revoked = moments.join(covenant_version, version.sha256 == step.sha256).where(
        step.covenant == covenant, step.kind == StepKind.REVOKED.value
    )
    earlier = (
        Answer(row.sha256, PartyId(row.party), REVOKE, "", "", row.signed_ms, row.started_ms is not None, last=False)
        for row in connection.execute(revoked.group_by(step.sha256, step.party, version.started_ms))
    )
    return (*last, *earlier)


def left_at(answers: Iterable[Answer], sha256: str) -> Mapping[PartyId, int]:
    """When each party last took something back that counts for this version: of itself, or of one that was in force.

    A party leaves the covenant, not one text of it: an acceptance of the next version that it signed before it left does not bring it back.
    """
    left: dict[PartyId, int] = {}
    for answer in answers:
        if answer.kind == REVOKE and (answer.sha256 == sha256 or answer.started):
            left[answer.party] = max(answer.signed_ms, left.get(answer.party, 0))
    return left


def accepts(answers: Iterable[Answer], sha256: str) -> tuple[Answer, ...]:
    """The acceptances of this version that no later leaving undid; unverified."""
    answers = tuple(answers)
    left = left_at(answers, sha256)
    return tuple(a for a in answers if a.sha256 == sha256 and a.kind == ACCEPT and a.signed_ms > left.get(a.party, -1))


def version_of(connection: Connection, row: Row[Any]) -> Version:
    """A version with who accepted it and who took that back."""
    covenant = CovenantId(row.covenant)
    answers = answers_to(connection, covenant)
    accepted = frozenset(answer.party for answer in accepts(answers, row.sha256))
    answered = frozenset(answer.party for answer in answers if answer.sha256 == row.sha256)
    state = row.state
    if state == "proposed" and row.requested_by is not None:
        state = "requested"
    elif state == "active" and row.started_ms is None:
        state = "scheduled"
    return Version(covenant, row.version, row.sha256, state, accepted, answered - accepted, row.requested_by, parties_of(row))


def parties_of(row: Row[Any]) -> frozenset[PartyId]:
    """The parties that a version names, without compiling it."""
    return frozenset(map(PartyId, json.loads(row.canonical)["parties"])) if row.canonical else frozenset()


def steps_of(connection: Connection, covenant: CovenantId) -> tuple[Step, ...]:
    """Everything that happened to the versions of a covenant, oldest first."""
    query = select(covenant_step).where(covenant_step.c.covenant == covenant).order_by(covenant_step.c.at_ms, covenant_step.c.id)
    return tuple(
        Step(
            id=row.id,
            covenant=covenant,
            version=row.version,
            sha256=row.sha256,
            kind=StepKind(row.kind),
            effect=Effect(row.effect),
            who=Who(row.party if row.role else None, RoleId(row.role) if row.role else None, row.professional),
            at_ms=row.at_ms,
            party=PartyId(row.party) if row.party else None,
            thumbprint=row.thumbprint,
            jws=row.jws,
            signed_ms=row.signed_ms,
        )
        for row in connection.execute(query)
    )


def take_turn(connection: Connection) -> None:
    """Let the steps of all versions come one after the other: whoever writes first, here, is waited for by the others."""
    connection.execute(update(standing).values(epoch=standing.c.epoch))


def move(connection: Connection, *, narrows: bool) -> None:
    """Let every worker read again what is in force; where something may have been taken away, no release that was decided before stands."""
    narrowed = standing.c.narrowed + (1 if narrows else 0)
    connection.execute(update(standing).values(epoch=standing.c.epoch + 1, narrowed=narrowed))
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, "")))  # delivered at the commit, and only then


def note(connection: Connection, step: Step) -> None:
    """Keep a step."""
    connection.execute(
        insert(covenant_step).values(
            id=step.id,
            covenant=step.covenant,
            version=step.version,
            sha256=step.sha256,
            kind=step.kind.value,
            effect=step.effect.value,
            party=step.party or step.who.party,
            role=step.who.role,
            professional=step.who.name,
            thumbprint=step.thumbprint,
            jws=step.jws,
            signed_ms=step.signed_ms,
            at_ms=step.at_ms,
        )
    )
