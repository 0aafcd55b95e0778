"""Who reads a log. The covenant says which kinds of readers its log has; a party vouches for the person; the operator registers the system.

Three locks, held by three: a role `<party>.auditor` can be vouched for only where the covenant, signed by all, names auditors among its
log's readers and the party among the log's controllers; the system needs the scope `log:read`, which the operator gives it on the record;
and a token for such a role opens the audit door and no other. Without them a system reads its own party's entries (ADR 25).
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.entry import Actor
from audit.terms import as_holder, as_requester
from broker.auditing.errors import PersonSearchRefused
from broker.authenticate import READS_LOG, Caller, WrongDoor
from broker.covenants import Covenants
from broker.errors import CovenantUnknown
from broker.versions.in_force import InForce
from policies.vocabulary import CovenantId, PartyId, RoleId

#: what a party's own system is called among the readers, and whoever reads at the operator's command line
PARTY = "party"
OPERATOR = "operator"

#: who may search by person: who answers a resident's questions and who supervises that. An auditor samples by time, party and article.
_BY_PERSON = frozenset({"privacy_officer", "supervisor", OPERATOR})


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads one covenant's log; `kind` is `party`, `operator` or one of the covenant's kinds of readers."""

    log: str
    kind: str
    party: PartyId | None = None
    actor: Actor | None = None

    def __post_init__(self) -> None:
        if self.party is None and self.kind != OPERATOR:
            raise ValueError("expected the party of a reader who is not the operator")

    @property
    def reads_everything(self) -> bool:
        """Whether everybody's entries are shown, and not only the party's own."""
        return self.kind != PARTY

    @property
    def reads_persons(self) -> bool:
        """Whether subjects are opened and may be sought."""
        return self.kind in _BY_PERSON

    def own(self, *, as_requester_only: bool) -> tuple[str, ...]:
        """The capacities in which the party sees entries; empty where everybody's are shown."""
        if self.reads_everything or self.party is None:
            return ()
        return (as_requester(self.party),) if as_requester_only else (as_requester(self.party), as_holder(self.party))


class Readers:
    """Tells the readers of the covenants in force."""

    def __init__(self, covenants: Covenants) -> None:
        self._covenants = covenants

    def roles_of(self, party: PartyId) -> frozenset[RoleId]:
        """The roles that a party may vouch for: those of its covenants, and those of readers."""
        in_force = self._covenants.in_force()
        return in_force.roles_of(party) | _all_reader_roles(in_force, party)

    def only_reads(self, caller: Caller) -> bool:
        """Whether the caller's role is a reader's, which opens the audit door and no other."""
        if caller.role in self._covenants.last_read().roles_of(caller.party):
            return False  # every exchange asks this; what is in force is read again with its case anyway
        return caller.role in _all_reader_roles(self._covenants.in_force(), caller.party)

    def check_persons(self, caller: Caller) -> None:
        """Refuse a reader who may not search by person what is about a person in other ways too.

        Raises:
            PersonSearchRefused: see the class of the error.
        """
        if self.only_reads(caller) and caller.role.partition(".")[2] not in _BY_PERSON:
            raise PersonSearchRefused

    def reader(self, caller: Caller, log: str) -> Reader:
        """Who the caller is to the log of one covenant.

        Raises:
            CovenantUnknown: no covenant of that name is in force, or the caller's party has no part in it: one answer.
            WrongDoor: the role is a reader's and the system may not read.
        """
        in_force = self._covenants.in_force()
        covenant = CovenantId(log)
        if caller.party not in in_force.standing_parties(covenant):
            raise CovenantUnknown("no version of this covenant is in force")
        actor = Actor(caller.professional, caller.role, caller.party)
        if in_force.admits(covenant, caller.party, caller.role):
            return Reader(log, PARTY, caller.party, actor)
        kind = _reader_roles(in_force, covenant, caller.party).get(caller.role)
        if kind is None:
            raise CovenantUnknown("no version of this covenant is in force")
        if READS_LOG not in caller.scopes:
            raise WrongDoor
        return Reader(log, kind, caller.party, actor)

    def everywhere(self, caller: Caller) -> tuple[Reader, ...]:
        """Who the caller is to every log that it may read something of.

        Raises:
            WrongDoor: see `reader`.
        """
        found: list[Reader] = []
        for covenant in sorted(self._covenants.in_force().policies):
            try:
                found.append(self.reader(caller, covenant))
            except CovenantUnknown:
                continue
        return tuple(found)


def _all_reader_roles(in_force: InForce, party: PartyId) -> frozenset[RoleId]:
    return frozenset(role for covenant in in_force.policies for role in _reader_roles(in_force, covenant, party))


def _reader_roles(in_force: InForce, covenant: CovenantId, party: PartyId) -> dict[RoleId, str]:
    """The reader roles of a party under one covenant, and their kinds. A role that a covenant itself has keeps its own meaning."""
    policy = in_force.policies.get(covenant)
    rules = None if policy is None else policy.covenant.log
    if rules is None or party not in in_force.standing_parties(covenant) or party not in rules.controllers:
        return {}
    named = {RoleId(f"{party}.{kind}"): kind for kind in rules.readers}
    return {role: kind for role, kind in named.items() if role not in in_force.roles_of(party)}
