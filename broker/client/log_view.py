"""The log as a partner sees it over HTTP, for `audit.compare`; nothing that is shown is believed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from audit.errors import NoteMalformed
from audit.note import base64_octets
from audit.tally import Place, ShownTally
from broker.client.calls import segment
from broker.client.errors import AnswerUnusable, Refused
from broker.client.reading import Members

#: pages that are read of one list: a hundred each, so of tallies more than a century of hours
PAGES_MAX = 10_000
_NOT_FOUND = 404

#: reads a path with its query, and raises `Refused` for a problem
Look = Callable[[str, Mapping[str, str] | None], Members]


class HttpView:
    """The doors of a live broker; `look` sends with the partner's own token. See `audit.compare_proofs.LogView`."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def checkpoints(self) -> Sequence[str]:
        """The newest signed checkpoint of each log."""
        return self._look("/v1/audit/checkpoints", None).each("checkpoints", lambda one: one.text("note"))

    def proof(self, entry: str) -> str | None:
        """The proof of an entry, or None where there is none."""
        answer = self._there(f"/v1/audit/entries/{segment(entry)}/proof", None)
        return None if answer is None else answer.text("proof")

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """The newest checkpoint of a log, and the proof that it continues an older size; None where there is none."""
        _, _, covenant, year = ("", "", *origin.rsplit("/", 2))[-4:]
        answer = self._there(f"/v1/audit/logs/{segment(covenant)}/{segment(year)}/consistency", {"old": str(old)})
        return None if answer is None else (answer.text("note"), [_octets(one) for one in answer.texts("hashes")])

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        """The partner's tallies of a covenant."""

        def page(cursor: str | None) -> Members:
            query = {"covenant": covenant} if cursor is None else {"covenant": covenant, "cursor": cursor}
            return self._look("/v1/audit/tallies", query)

        return [tally for found in pages(page) for tally in found.each("tallies", _tally)]

    def _there(self, path: str, query: Mapping[str, str] | None) -> Members | None:
        try:
            return self._look(path, query)
        except Refused as refused:
            if refused.problem.status == _NOT_FOUND:
                return None
            raise


def pages(ask: Callable[[str | None], Members]) -> Iterator[Members]:
    """Every page of a list with a cursor.

    Raises:
        AnswerUnusable: it never ends, or leads round.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(PAGES_MAX):
        page = ask(cursor)
        yield page
        cursor = page.text_or_none("cursor")
        if cursor is None:
            return
        if cursor in seen:
            break
        seen.add(cursor)
    raise AnswerUnusable("expected an end to the pages")


def _tally(members: Members) -> ShownTally:
    try:
        return ShownTally(
            origin=members.text("origin"),
            index=members.number("index"),
            entry=members.text("id"),
            envelope=members.text("envelope").encode("ascii"),
            core=members.text("core").encode("ascii"),
            salt=_octets(members.text("salt")),
            entries=members.each("entries", lambda one: Place(one.number("index"), one.text("id"))),
        )
    except UnicodeEncodeError:
        raise AnswerUnusable("tally: expected ASCII") from None


def _octets(text: str) -> bytes:
    try:
        return base64_octets("answer", text)
    except NoteMalformed:
        raise AnswerUnusable("answer: expected base64") from None
