"""The log as a partner sees it: over HTTP with its own token, or in a copy of the database that was handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import Engine

from audit.checkpoints import newest_checkpoints
from audit.errors import NoteMalformed, UnknownEntry
from audit.note import base64_octets
from audit.proofs import tlog_proof
from audit.published import published
from audit.records import position
from broker.reporting.own_tallies import Place, ShownTally, own_tallies
from policies.vocabulary import CovenantId, PartyId

#: pages of tallies that are read of one covenant: a hundred each, so more than a century of hours
PAGES_MAX = 10_000


class ViewFailed(Exception):  # noqa: N818 - what happened
    """The log could not be looked at: no answer, a refusal, or an answer that is none."""


class HttpView:
    """The doors of a live broker. `client` has the broker's address and the partner's own token."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def checkpoints(self) -> Sequence[str]:
        """See `LogView`."""
        return [str(one["note"]) for one in self._get("/v1/audit/checkpoints")["checkpoints"]]

    def proof(self, entry: str) -> str | None:
        """See `LogView`."""
        answer = self._get(f"/v1/audit/entries/{entry}/proof", absent=True)
        return None if answer is None else str(answer["proof"])

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """See `LogView`."""
        covenant, year = _log_of(origin)
        answer = self._get(f"/v1/audit/logs/{covenant}/{year}/consistency", {"old": str(old)}, absent=True)
        if answer is None:
            return None
        return str(answer["note"]), [_octets(digest) for digest in answer["hashes"]]

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        """See `LogView`."""
        found: list[ShownTally] = []
        query = {"covenant": covenant}
        for _ in range(PAGES_MAX):
            page = self._get("/v1/audit/tallies", query)
            found.extend(_tally(one) for one in page["tallies"])
            if page["cursor"] is None:
                return found
            query = {"covenant": covenant, "cursor": str(page["cursor"])}
        raise ViewFailed("expected an end to the pages of tallies")

    def _get(self, path: str, query: Mapping[str, str] | None = None, *, absent: bool = False) -> Any:  # noqa: ANN401 - any JSON
        """An answer; None for a 404 where that is one of the answers."""
        try:
            answer = self._client.get(path, params=query)
            if absent and answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code != httpx.codes.OK:
                raise ViewFailed(f"{path}: expected 200, found {answer.status_code}")
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ViewFailed(f"{path}: {type(error).__name__}") from error


class CopyView:
    """A copy of the log's database, for the partner's own entries."""

    def __init__(self, engine: Engine, party: PartyId) -> None:
        self._engine = engine
        self._party = party

    def checkpoints(self) -> Sequence[str]:
        """See `LogView`."""
        return [note for _, note in newest_checkpoints(self._engine)]

    def proof(self, entry: str) -> str | None:
        """See `LogView`."""
        with self._engine.connect() as connection:
            try:
                found = position(connection, entry)
                return str(tlog_proof(connection, found.origin, found.index))
            except UnknownEntry:
                return None

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """See `LogView`."""
        covenant, year = _log_of(origin)
        with self._engine.connect() as connection:
            try:
                log = published(connection, covenant, year)
                return log.note, log.consistency(connection, old)
            except UnknownEntry:
                return None

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        """See `LogView`."""
        found: list[ShownTally] = []
        cursor: str | None = None
        while True:
            page = own_tallies(self._engine, self._party, CovenantId(covenant), cursor)
            found.extend(page.tallies)
            cursor = page.cursor
            if cursor is None:
                return found


def _log_of(origin: str) -> tuple[str, str]:
    """The covenant and year in an origin, as they stand in a path."""
    _, _, covenant, year = ("", "", *origin.rsplit("/", 2))[-4:]
    return quote(covenant, safe=""), quote(year, safe="")


def _tally(shown: Mapping[str, Any]) -> ShownTally:
    try:
        return ShownTally(
            origin=str(shown["origin"]),
            index=int(shown["index"]),
            entry=str(shown["id"]),
            envelope=str(shown["envelope"]).encode("ascii"),
            core=str(shown["core"]).encode("ascii"),
            salt=_octets(shown["salt"]),
            entries=tuple(Place(int(place["index"]), str(place["id"])) for place in shown["entries"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ViewFailed("expected a tally") from error


def _octets(text: object) -> bytes:
    try:
        return base64_octets("answer", str(text))
    except NoteMalformed as error:
        raise ViewFailed("expected base64") from error
