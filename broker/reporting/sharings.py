"""What went from one party to another about a person, taken out of the log's entries. Pure.

An exchange may release fields of several holders at once. Each holder answers for its own, so an entry is taken apart: one `Sharing` per
holder. Leaving one out then leaves nothing of it behind in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from audit.entry import Core
from audit.records import Record
from policies.covenant import Article, Covenant
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, PartyId, PurposeId, RoleId

READ_SIGNAL = "signal.read"
REPORTED = "signal.reported"
RECALLED = "rights.recalled"

#: the covenant's text of that hash, in which an entry's codes have their meaning
CovenantOf = Callable[[str], Covenant]


@dataclass(frozen=True, slots=True)
class SharedField:
    """One field as it left: its form as the covenant prints it, and the articles that gave it."""

    name: FieldName
    form: str
    articles: tuple[ArticleId, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """Fields that the receiver was told to destroy, when and why (`mismatch`, `withdrawn`)."""

    at: str
    reason: str
    fields: tuple[FieldName, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What one party gave to one professional role of another, at one moment.

    `entry` is the id of the log's entry and `at` its time; `signal` is the kind of a report whose words were read, and then there are no
    fields. `under` is the version of the covenant that decided. Where not `receiver_shown`, the giver may not know who asked.
    """

    entry: str
    at: str
    giver: PartyId
    receiver: PartyId
    role: RoleId | None
    under: Covenant
    purpose: PurposeId | None = None
    fields: tuple[SharedField, ...] = ()
    signal: str | None = None
    recalled: tuple[Recalled, ...] = ()
    receiver_shown: bool = True

    @property
    def controllers(self) -> frozenset[PartyId]:
        """The two who answer for it, each for its own half (AVG art. 4(7))."""
        return frozenset({self.giver, self.receiver})

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that gave it, in the covenant's order."""
        wanted = {article for field in self.fields for article in field.articles}
        return tuple(article for article in self.under.articles if article.id in wanted)

    @property
    def place(self) -> tuple[str, str, str]:
        """In the order of time; nothing in it depends on what else there is."""
        return (self.at, self.entry, self.giver)


def of_release(record: Record, covenant_of: CovenantOf, recalls: Mapping[str, tuple[Recalled, ...]]) -> Iterator[Sharing]:
    """What a release gave, a sharing for each holder; nothing where nothing left.

    Raises:
        broker.errors.CovenantUnknown: the registry no longer has the version that decided.
    """
    core = record.core
    if core is None or core.covenant is None or core.requester is None:
        return
    covenant = covenant_of(core.covenant.sha256)
    by_holder: dict[PartyId, list[SharedField]] = {}
    for name, form in core.released:
        field = covenant.fields[FieldName(name)]
        articles = tuple(_articles(covenant, core, field.holder, field.name, form))
        by_holder.setdefault(field.holder, []).append(SharedField(field.name, form, articles))
    for holder, fields in by_holder.items():
        yield Sharing(
            entry=record.position.id,
            at=record.position.ts,
            giver=holder,
            receiver=PartyId(core.requester),
            role=None if record.actor is None else RoleId(record.actor.role),
            under=covenant,
            purpose=None if core.purpose is None else PurposeId(core.purpose),
            fields=tuple(fields),
            recalled=tuple(_of_these(recalls.get(record.envelope.ref or "", ()), {field.name for field in fields})),
            receiver_shown=_shown(covenant, core, holder),
        )


def of_signal(record: Record, reporters: Mapping[str, tuple[PartyId, str]], covenant: Covenant) -> Iterator[Sharing]:
    """The reading of a report's words; `reporters` has, by the pseudonym of the report, who made it and its kind."""
    core, subject = record.core, record.subject
    found = None if subject is None else reporters.get(subject.case_pseudonym)
    if core is None or core.requester is None or found is None or found[0] == core.requester:
        return
    role = None if record.actor is None else RoleId(record.actor.role)
    yield Sharing(record.position.id, record.position.ts, found[0], PartyId(core.requester), role, covenant, signal=found[1])


def reporters_of(records: Iterable[Record]) -> Mapping[str, tuple[PartyId, str]]:
    """Who made which kind of report, by the pseudonym that the log knows the report by."""
    found: dict[str, tuple[PartyId, str]] = {}
    for record in records:
        if record.core is not None and record.core.requester is not None and record.subject is not None:
            kind = dict(record.core.details).get("kind", "")
            found[record.subject.case_pseudonym] = (PartyId(record.core.requester), kind)
    return found


def recalls_of(records: Iterable[Record]) -> Mapping[str, tuple[Recalled, ...]]:
    """What was recalled, by the id of the disclosure that it was part of."""
    found: dict[str, tuple[Recalled, ...]] = {}
    for record in records:
        details = () if record.core is None else record.core.details
        single = dict(details)
        fields = tuple(FieldName(code) for name, code in details if name == "field")
        recalled = Recalled(record.position.ts, single.get("reason", ""), fields)
        disclosure = single.get("disclosure", "")
        found[disclosure] = (*found.get(disclosure, ()), recalled)
    return found


def _articles(covenant: Covenant, core: Core, holder: PartyId, name: FieldName, form: str) -> Iterator[ArticleId]:
    """Those of the entry's articles that give this field of this holder in this form; of several that give as much, all are named."""
    for article in covenant.articles:
        if article.id in core.articles and article.from_ == holder and str(article.fields.get(name, "")) == form:
            yield article.id


def _of_these(recalls: Iterable[Recalled], names: set[FieldName]) -> Iterator[Recalled]:
    for recalled in recalls:
        fields = tuple(name for name in recalled.fields if name in names)
        if fields:
            yield Recalled(recalled.at, recalled.reason, fields)


def _shown(covenant: Covenant, core: Core, holder: PartyId) -> bool:
    """Whether the holder was shown that the receiver takes part, by the facts that the decision rested on."""
    facts = dict(core.case_facts)
    among = frozenset(PartyId(code) for name, code in core.case_facts if name == "participant")
    case_type = covenant.case_types.get(CaseTypeId(facts.get("case_type", "")))
    return case_type is not None and core.requester in case_type.shown_to(holder, among).participants
