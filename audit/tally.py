"""How much passed to and from one party in a stretch of a log, as an entry says it and as it is shown to that party with what proves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from audit.codes import sorted_pairs
from audit.entry import Core

TALLY = "tally"


@dataclass(frozen=True, slots=True)
class Counts:
    """What passed to and from one party in a stretch. `releases` are those that it asked for or gave to, each once: its receipts.

    `given` counts the releases that held something of the party's; a release without any field is received and gives nothing.
    """

    asked: int = 0
    received: int = 0
    refused: int = 0
    failed: int = 0
    given: int = 0
    releases: int = 0


@dataclass(frozen=True, slots=True)
class PartyTally:
    """One tally as the log has it: of the entries `start` to before `end` of the covenant's log of a year."""

    party: str
    year: int
    start: int
    end: int
    counts: Counts = field(default_factory=Counts)

    def core(self, software: str) -> Core:
        """The tally as an entry says it; `software` is what writes it, by name and version."""
        numbers = {name: getattr(self.counts, name) for name in Counts.__slots__}
        details = {(name, str(number)) for name, number in {"year": self.year, "from": self.start, "until": self.end, **numbers}.items()}
        return Core(requester=self.party, command=TALLY, details=sorted_pairs(details), software=software)

    @classmethod
    def of(cls, core: Core) -> PartyTally:
        """Read a tally back.

        Raises:
            ValueError: the entry is no tally of a party.
        """
        details = dict(core.details)
        try:
            counts = Counts(**{name: int(details[name]) for name in Counts.__slots__})
            tally = cls(core.requester or "", int(details["year"]), int(details["from"]), int(details["until"]), counts)
        except KeyError as error:
            raise ValueError("expected the tally of a party") from error
        if not tally.party or not 0 <= tally.start < tally.end:
            raise ValueError("expected the tally of a party over a stretch of its log")
        return tally


@dataclass(frozen=True, slots=True)
class Place:
    """Where one of the party's releases stands, and its id."""

    index: int
    entry: str


@dataclass(frozen=True, slots=True)
class ShownTally:
    """One tally, with all that its reader needs to believe nothing: the envelope hashes to the leaf and commits to the core under the salt.

    `entries` are the party's releases in the stretch by the log's index, which proves nothing and names what a count cannot.
    """

    origin: str
    index: int
    entry: str
    envelope: bytes
    core: bytes
    salt: bytes
    entries: tuple[Place, ...]
