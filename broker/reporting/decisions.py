"""What each controller decided to give of a report, and on which ground it withholds. The decisions are entries of the log themselves:
nobody can change one afterwards, and each says who made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from audit.codes import sorted_pairs
from audit.entry import Core
from audit.records import Record
from broker.cases.errors import BadCommand
from broker.records import SOFTWARE
from broker.reporting.sharings import Sharing
from policies.covenant import Covenant, PartyKind
from policies.vocabulary import PartyId
from policies.wording import Label

DECIDED = "rights.decided"

GIVE = "give"
WITHHOLD = "withhold"


class Ground(StrEnum):
    """On which law a controller withholds an entry."""

    WPG_27 = "wpg_27"
    UAVG_41 = "uavg_41"
    AVG_15_4 = "avg_15_4"


GROUNDS: Mapping[Ground, Label] = {
    Ground.WPG_27: Label("Wpg art. 27: opsporing, openbare orde of veiligheid", "Wpg art. 27: investigation, public order or safety"),
    Ground.UAVG_41: Label("UAVG art. 41 (AVG art. 23): een zwaarder belang", "UAVG art. 41 (GDPR art. 23): a weightier interest"),
    Ground.AVG_15_4: Label("AVG art. 15 lid 4: rechten van anderen", "GDPR art. 15(4): rights of others"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What one controller decides about one sharing: to give it (`ground` None), or to withhold it on a ground.

    `giver` picks one of an entry's sharings; None means every one that the party answers for.
    """

    entry: str
    giver: PartyId | None
    ground: Ground | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A choice as the log has it."""

    party: PartyId
    ground: str | None
    at: str

    @property
    def gives(self) -> bool:
        """Whether the party gives it."""
        return self.ground is None


@dataclass(frozen=True, slots=True)
class Considered:
    """A sharing with the last decision of each of its controllers that made one."""

    sharing: Sharing
    subject: str
    decided: Mapping[PartyId, Decided]

    @property
    def given(self) -> bool:
        """Whether it may be told: every controller gives it. Silence gives nothing."""
        return all(party in self.decided and self.decided[party].gives for party in self.sharing.controllers)


def check_ground(choice: Choice, party: PartyId, sharing: Sharing) -> None:
    """Refuse a ground that is not there for this party: the Wpg speaks of police data and of nothing else.

    Raises:
        BadCommand: the sharing has nothing to do with the police.
    """
    if choice.ground is Ground.WPG_27 and not any(_is_police(sharing.under, each) for each in (party, sharing.giver)):
        raise BadCommand("decisions", "expected a ground of the AVG for what the police neither gave nor received")


def decision_core(choice: Choice, party: PartyId, sharing: Sharing, via: str) -> Core:
    """What the log says of a choice; `via` is the door it came through."""
    details = {("giver", sharing.giver), ("decision", GIVE if choice.ground is None else WITHHOLD), ("via", via)}
    if choice.ground is not None:
        details.add(("ground", choice.ground.value))
    return Core(requester=party, command="decided", details=sorted_pairs(details), software=SOFTWARE)


def decisions_of(records: Iterable[Record]) -> Mapping[tuple[str, PartyId, PartyId], Decided]:
    """The last decision by (entry, giver, who decided); `records` in any order."""
    found: dict[tuple[str, PartyId, PartyId], Decided] = {}
    for record in sorted(records, key=lambda record: (record.position.ts, record.position.index)):
        if record.core is None or record.core.requester is None or record.envelope.ref is None:
            continue
        details, party = dict(record.core.details), PartyId(record.core.requester)
        # Whatever is not plainly a gift withholds.
        ground = None if details.get("decision") == GIVE else details.get("ground", "")
        found[record.envelope.ref, PartyId(details.get("giver", "")), party] = Decided(party, ground, record.position.ts)
    return found


def considered(sharing: Sharing, subject: str, decisions: Mapping[tuple[str, PartyId, PartyId], Decided]) -> Considered:
    """A sharing with what was decided about it."""
    here = {party: decisions.get((sharing.entry, sharing.giver, party)) for party in sharing.controllers}
    return Considered(sharing, subject, {party: decided for party, decided in here.items() if decided is not None})


def _is_police(covenant: Covenant, party: PartyId) -> bool:
    return party in covenant.parties and covenant.parties[party].kind is PartyKind.POLICE
