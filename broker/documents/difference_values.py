"""The values of a change in words: who, which fields, where, and what was and will be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

from broker.documents.difference_grounds import ground_in_words, grounds_in_words, grounds_of, in_order
from broker.documents.difference_words import (
    ADDED,
    BEFORE_CONFIRMED,
    CONSENT,
    CONSENT_HOW,
    CONSENT_OF,
    DROPPED,
    FORBIDS,
    GONE,
    MAY_PASS_ON,
    NEED,
    NEW,
    NO_LONGER_FORBIDS,
    NOTHING_SAID,
    RESPECT,
    TERM,
    VALUES,
    VALUES_ARE,
    WHAT,
)
from broker.documents.matrix_words import Naming
from broker.documents.page_parts import Words
from broker.documents.wording import day, length, phases_in_order, yes_no
from broker.documents.wording_codes import code
from policies.covenant import party_of
from policies.effects.changes import EmergencyOffer, HandoverOffer, TermChange, Value, What
from policies.effects.offers import Grounds, Need, Offer
from policies.effects.terms import TERMS
from policies.values import Label, Period
from policies.vocabulary import CaseTypeId, FieldName, PartyId, Phase, PurposeId, RoleId, SubjectKind

_THINGS = frozenset(term.name for term in TERMS if term.thing)


class Values:
    """Says the values of one change in the words of one covenant."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming

    def term(self, name: str) -> str:
        """What a term is called."""
        return self._naming.say(TERM[name])

    def what(self, what: What) -> str:
        """What happens to fields, as it stands behind who sees them."""
        return self._naming.say(WHAT[what])

    def articles(self, articles: Iterable[str]) -> str:
        """`artikel 7.1, 8.1`, in the covenant's order."""
        ordered = in_order((article.id for article in self._naming.covenant.articles), articles)
        return f"{self._naming.say(Label('artikel', 'article'))} {', '.join(ordered)}"

    def roles(self, roles: Iterable[str]) -> str:
        """`Gemeente Waterstad: regisseur, adviseur; Politie: wijkagent`, in the covenant's order."""
        known = (role for party in self._naming.covenant.parties.values() for role in party.roles)
        named = map(RoleId, in_order(known, roles))
        groups = groupby(named, party_of)
        return "; ".join(f"{self._naming.party(party)}: {', '.join(map(self._naming.role, own))}" for party, own in groups)

    def fields(self, fields: Iterable[str]) -> tuple[str, ...]:
        """`Incidenten: aantal in 12 maanden, laatste incident (maand)`: a line per category, in the covenant's order.

        A field may be followed by a tab and the form that is said behind it.
        """
        order = {field: position for position, field in enumerate(self._naming.covenant.fields)}
        wanted = sorted((each.partition("\t") for each in fields), key=lambda each: (order.get(FieldName(each[0]), len(order)), each))
        groups = groupby(wanted, lambda each: each[0].partition(".")[0])
        return tuple(f"{self._naming.category(category)}: {', '.join(map(self._field_and_form, own))}" for category, own in groups)

    def _field_and_form(self, each: tuple[str, str, str]) -> str:
        name = self._naming.field(FieldName(each[0]))
        return f"{name} ({each[2]})" if each[2] else name

    def where(self, purposes: Iterable[str], case_types: Iterable[str], phases: Iterable[str], subjects: Iterable[str]) -> str:
        """For which purpose, in which sort of case and phase, about whom."""
        naming, covenant = self._naming, self._naming.covenant
        words = (
            (Label("voor", "for"), [naming.purpose(PurposeId(each)) for each in in_order(covenant.purposes, purposes)]),
            (Label("in", "in"), [naming.case_type(CaseTypeId(each)) for each in in_order(covenant.case_types, case_types)]),
            (Label("fase", "phase"), self._phases(phases)),
            (Label("over", "about"), [naming.subject(SubjectKind(each)) for each in in_order(covenant.subjects, subjects)]),
        )
        return " · ".join(f"{naming.say(label)} {', '.join(each)}" for label, each in words)

    def _phases(self, phases: Iterable[str]) -> list[str]:
        """Phases that follow each other in the ladders as one run: `triage t/m plan`, `nazorg`."""
        wanted = frozenset(map(Phase, phases))
        covenant = self._naming.covenant
        known = phases_in_order(covenant, (phase for case_type in covenant.case_types.values() for phase in case_type.ladder))
        runs = [tuple(run) for named, run in groupby(known, wanted.__contains__) if named]
        return [*map(self._naming.phases, runs), *sorted(wanted.difference(known))]

    def form(self, offer: Offer) -> str:
        """The form of one offer."""
        return self._naming.form(offer.form)

    def offers(self, offers: Sequence[Offer], *, forms: bool = True) -> str:
        """What is offered: `maand (artikel 7.1; met een tweede paar ogen)`; `forms` are left out where the fields say them."""
        if not offers:
            return self._naming.say(Label("niets", "nothing"))
        return "; ".join(self._offer(offer, forms=forms) for offer in offers)

    def _offer(self, offer: Offer, *, forms: bool) -> str:
        naming = self._naming
        said = [f"{naming.say(Label('artikel', 'article'))} {offer.article}"]
        if needs := self.needs(offer.needs):
            said.append(f"{naming.say(Label('met', 'with'))} {', '.join(needs)}")
        if Need.RECEIVER_IDENTIFIED not in offer.needs:
            said.append(naming.say(BEFORE_CONFIRMED))
        if offer.onward:
            said.append(naming.say(MAY_PASS_ON))
        return f"{naming.form(offer.form)} ({'; '.join(said)})" if forms else "; ".join(said)

    def needs(self, needs: frozenset[Need]) -> list[str]:
        """`uitdrukkelijke toestemming van de betrokkene`, `een tweede paar ogen`; a consent is said as one."""
        return [
            self._consent(needs) if need is Need.CONSENT else self._naming.say(NEED[need])
            for need in Need
            if need in needs and need in NEED
        ]

    def _consent(self, needs: frozenset[Need]) -> str:
        say = self._naming.say
        before, noun = (say(CONSENT[Need.CONSENT_EXPLICIT]) if Need.CONSENT_EXPLICIT in needs else ""), say(NEED[Need.CONSENT])
        whose = next((say(CONSENT[need]) for need in CONSENT_OF if need in needs), "")
        how = ", ".join(say(CONSENT[need]) for need in CONSENT_HOW if need in needs)
        return " ".join(filter(None, (before, noun, whose, how and f"[{how}]")))

    def grounds(self, offers: Sequence[Offer], others: Sequence[Offer]) -> str:
        """The grounds that the others lack: `ontvanger: 32016R0679 6(1)(e) Gemeentewet 172`."""
        own = sorted(grounds_of(offers) - grounds_of(others))
        sides = {"giver": Label("gever", "giver"), "receiver": Label("ontvanger", "receiver"), "wpg20": Label("Wpg 20", "Wpg 20")}
        return "; ".join(f"{self._naming.say(sides[side])}: {ground_in_words(self._naming, side, ground)}" for side, ground in own) or "–"

    def of(self, parts: Sequence[str], box: Sequence[frozenset[str]]) -> str:
        """Of what a term changes: `Ernstige woonoverlast, plan van aanpak`."""
        return " · ".join("; ".join(self._part(part, values)) for part, values in zip(parts, box, strict=True))

    def _part(self, part: str, values: frozenset[str]) -> list[str]:
        naming, ordered = self._naming, sorted(values)
        covenant = naming.covenant
        said: dict[str, Callable[[], list[str]]] = {
            "field": lambda: list(self.fields(values)),
            "role": lambda: [self.roles(values)],
            "phase": lambda: self._phases(values),
            "party": lambda: [naming.party(PartyId(value)) for value in in_order(covenant.parties, values)],
            "purpose": lambda: [naming.purpose(PurposeId(value)) for value in in_order(covenant.purposes, values)],
            "case_type": lambda: [naming.case_type(CaseTypeId(value)) for value in in_order(covenant.case_types, values)],
            "subject": lambda: [naming.subject(SubjectKind(value)) for value in in_order(covenant.subjects, values)],
            "category": lambda: [naming.category(value) for value in ordered],
        }
        return said[part]() if part in said else list(map(self._word, ordered))

    def change(self, change: TermChange) -> str:
        """What a term was and will be, in one line."""
        naming = self._naming
        if change.term in _THINGS and None in (change.before, change.after):
            return naming.say(NEW if change.before is None else GONE)
        if change.term == "never":
            words, members = (NO_LONGER_FORBIDS, change.before) if change.after is None else (FORBIDS, change.after)
            return f"{naming.say(words)}: {'; '.join(map(self._forbidden, sorted(members))) if isinstance(members, frozenset) else ''}"
        if isinstance(change.before, tuple) and isinstance(change.after, tuple):
            return self._offers_change(change.before, change.after)
        if isinstance(change.before, frozenset) and isinstance(change.after, frozenset):
            return self._members(change.term, change.before, change.after)
        if change.term == "scenario":
            return naming.say(Label("vraagt iets anders", "asks something else"))
        before, after = (
            self._named(change.term, value) if isinstance(value, str) else self.value(value) for value in (change.before, change.after)
        )
        return f"{before} → {after}"

    def _forbidden(self, words: str) -> str:
        """`to=police, fields=arrears.*` with the respects in words."""
        pairs = (each.partition("=") for each in words.split(", "))
        return ", ".join(f"{self._naming.say(RESPECT[respect])} {value}" for respect, _, value in pairs)

    def _members(self, term: str, before: frozenset[str], after: frozenset[str]) -> str:
        said = ((ADDED, after - before), (DROPPED, before - after))
        named = ((label, [self._named(term, member) for member in sorted(members)]) for label, members in said)
        return "; ".join(f"{self._naming.say(label)}: {', '.join(members)}" for label, members in named if members)

    def _named(self, term: str, word: str) -> str:
        """A word of a term: what a party, role, phase, sort of case or subject is called, or the word of a short list."""
        naming, covenant = self._naming, self._naming.covenant
        if word in VALUES.get(term, {}):
            return naming.say(VALUES[term][word])
        known: dict[str, Callable[[], str]] = {
            "party": lambda: naming.party(PartyId(word)),
            "role": lambda: naming.role_and_party(RoleId(word)) if covenant.role(RoleId(word)) else naming.party(PartyId(word)),
            "phase": lambda: naming.phase(Phase(word)),
            "case_type": lambda: naming.case_type(CaseTypeId(word)),
            "subject": lambda: naming.subject(SubjectKind(word)),
        }
        said = known[VALUES_ARE[term]]() if term in VALUES_ARE else word
        return self._word(word) if said == word else said

    def value(self, value: Value) -> str:
        """One value in words."""
        match value:
            case None:
                words: Words = NOTHING_SAID
            case bool():
                words = yes_no(value)
            case date():
                words = day(value)
            case timedelta() if not value:
                words = Label("meteen", "at once")
            case Period() | timedelta():
                words = length(value)
            case frozenset():
                words = ", ".join(map(self._word, sorted(value)))
            case tuple():
                words = " | ".join(map(self._besides, value))
            case _:
                words = code(str(value))
        return self._naming.words(words)

    def _word(self, word: str) -> str:
        return self._naming.words(code(word))

    def _besides(self, offer: EmergencyOffer | HandoverOffer) -> str:
        """All that an emergency or a handover asks, but for its grounds."""
        return "; ".join(f"{name} {said}" for name, said in self._parts(offer)[:-1] if said)

    def _parts(self, offer: EmergencyOffer | HandoverOffer) -> tuple[tuple[str, str], ...]:
        say, words = self._naming.say, self._naming.words

        def listed(members: Iterable[str]) -> str:
            return ", ".join(map(self._word, sorted(members)))

        grounds = (say(Label("gronden", "grounds")), self._both_sides(offer.grounds))
        if isinstance(offer, HandoverOffer):
            return (
                (say(Label("aan", "to")), offer.receiver),
                (say(Label("als", "as")), self._naming.form(offer.form)),
                (say(Label("met", "with")), ", ".join(self.needs(offer.needs))),
                (say(Label("sluit als", "closes as")), listed(filter(None, (offer.closes_as,)))),
                grounds,
            )
        return (
            (say(Label("hoogstens", "at most")), words(length(offer.lasts))),
            (say(Label("vraagt", "asks")), listed(offer.requires)),
            (say(Label("om", "for")), listed(offer.reasons)),
            (say(Label("meldt het aan", "tells")), listed(offer.notify)),
            (say(Label("teruggekeken binnen", "looked back at within")), words(length(offer.review_within))),
            (say(Label("door", "by")), listed(offer.reviewed_by)),
            grounds,
        )

    def _both_sides(self, grounds: Grounds) -> str:
        sides = (("giver", grounds.giver), ("receiver", grounds.receiver))
        return " | ".join(grounds_in_words(self._naming, side, each) for side, each in sides)

    def _offers_change(self, before: Sequence[EmergencyOffer | HandoverOffer], after: Sequence[EmergencyOffer | HandoverOffer]) -> str:
        """Of one emergency or handover that changed only what changed; of several all that they ask."""
        if len(before) != 1 or len(after) != 1:
            return f"{' | '.join(map(self._besides, before))} → {' | '.join(map(self._besides, after))}"
        pairs = zip(self._parts(before[0]), self._parts(after[0]), strict=True)
        return "; ".join(f"{name} {was or '–'} → {is_ or '–'}" for (name, was), (_, is_) in pairs if was != is_)
