"""What the matrix and the difference call things, in one language: roles, purposes, phases, fields, forms, and the marks of a condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from broker.documents.page_parts import Words, plain
from broker.documents.wording import called, phase_title
from policies.covenant import Covenant, party_of
from policies.effects.offers import Need, Offer
from policies.values import Label
from policies.vocabulary import CaseTypeId, Delivery, FieldName, Form, FormKind, PartyId, Phase, PurposeId, RoleId, SubjectKind
from policies.wording import in_language


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing on which a cell depends: a letter for in the cell and a sentence for in the legend."""

    letter: Label
    meaning: Label


_CONSENT = Mark(
    Label("T", "C"),
    Label("alleen met de toestemming die het artikel vraagt", "only with the consent that the article asks for"),
)
_HIT = Mark(Label("B", "K"), Label("alleen als de ontvanger de persoon al kent", "only if the receiver knows the person already"))
_AGREEMENT = Mark(Label("I", "A"), Label("alleen met instemming van de gever", "only with the agreement of the source"))
_FOUR_EYES = Mark(Label("4", "4"), Label("alleen als een tweede heeft meegekeken", "only if a second pair of eyes has looked"))
_ADVICE = Mark(Label("A", "L"), Label("alleen na advies over de rechtmatigheid", "only after advice on lawfulness"))
_RELEASE = Mark(
    Label("V", "R"),
    Label("pas nadat een professional bij de houder het voor deze casus vrijgeeft", "only once a professional at the holder releases it"),
)
_ONWARD = Mark(
    Label("D", "O"),
    Label("mag met instemming van de gever worden doorgegeven", "may be passed on with the agreement of the source"),
)
_FIRST = Mark(
    Label("W", "W"),
    Label(
        "zegt wie het is; ook voordat de ontvanger de persoon bevestigde", "tells who it is; also before the receiver confirmed the person"
    ),
)
#: in the order of the legend
MARKS = (_CONSENT, _HIT, _AGREEMENT, _FOUR_EYES, _ADVICE, _RELEASE, _ONWARD, _FIRST)

_BY_NEED: Mapping[Need, Mark] = MappingProxyType(
    {Need.CONSENT: _CONSENT, Need.HIT: _HIT, Need.AGREEMENT: _AGREEMENT, Need.FOUR_EYES: _FOUR_EYES, Need.ADVICE: _ADVICE}
)
_FORM: Mapping[FormKind, Label] = MappingProxyType(
    {
        FormKind.FULL: Label("volledig", "full"),
        FormKind.MONTH: Label("maand", "month"),
        FormKind.YEAR: Label("jaar", "year"),
        FormKind.INITIALS: Label("voorletters", "initials"),
        FormKind.POSTCODE4: Label("postcode, 4 cijfers", "postal code, 4 digits"),
        FormKind.PRESENT: Label("of het er is", "whether any"),
    }
)
#: what stands in a cell of a phase that shields the case, and what that means
SHIELDED = "×"
SHIELDED_MEANS = Label("de casus is gesloten: niemand krijgt iets", "the case is closed: nobody is given anything")


class Naming:
    """The words of one covenant in one language. `ids`: ids are said instead of labels."""

    def __init__(self, covenant: Covenant, language: str, *, ids: bool = False) -> None:
        self.covenant = covenant
        self.language = language
        self._ids = ids

    def say(self, label: Label) -> str:
        """A label in this language."""
        return in_language(label, self.language)

    def words(self, words: Words) -> str:
        """Any words in this language, without any manner."""
        return plain(words, self.language)

    def party(self, party: PartyId) -> str:
        """`Gemeente Waterstad`."""
        found = self.covenant.parties.get(party)
        return party if self._ids or found is None else found.name

    def holder(self, party: PartyId) -> str:
        """`de politie`: what a party is called inside a line."""
        return party if self._ids else self.words(called(self.covenant, party))

    def role(self, role: RoleId) -> str:
        """`regisseur`, without its party."""
        found = self.covenant.role(role)
        return role if self._ids or found is None else self.say(found.label)

    def role_and_party(self, role: RoleId) -> str:
        """`regisseur, Gemeente Waterstad`."""
        return role if self._ids else f"{self.role(role)}, {self.party(party_of(role))}"

    def purpose(self, purpose: PurposeId) -> str:
        """The title of a purpose."""
        found = self.covenant.purposes.get(purpose)
        return purpose if self._ids or found is None else self.say(found.title)

    def case_type(self, case_type: CaseTypeId) -> str:
        """The title of a sort of case."""
        found = self.covenant.case_types.get(case_type)
        return case_type if self._ids or found is None else self.say(found.title)

    def subject(self, subject: SubjectKind) -> str:
        """What a kind of subject is called."""
        found = self.covenant.subjects.get(subject)
        return subject if self._ids or found is None else self.say(found)

    def phase(self, phase: Phase) -> str:
        """What a phase is called."""
        return phase if self._ids else self.words(phase_title(self.covenant, phase))

    def phases(self, phases: tuple[Phase, ...]) -> str:
        """Phases that follow each other: `plan t/m nazorg`."""
        if len(phases) < 3:  # noqa: PLR2004 - of two both are said
            return ", ".join(map(self.phase, phases))
        through = self.say(Label("t/m", "to"))
        return f"{self.phase(phases[0])} {through} {self.phase(phases[-1])}"

    def category(self, category: str) -> str:
        """The title of a category of data."""
        found = self.covenant.categories.get(category)
        return category if self._ids or found is None else self.say(found.title)

    def field(self, field: FieldName) -> str:
        """The title of a field."""
        found = self.covenant.fields.get(field)
        return field if self._ids or found is None else self.say(found.title)

    def form(self, form: Form) -> str:
        """`maand`, or the bands themselves: `0-2, 3-9, 10+`."""
        if self._ids:
            return str(form)
        return ", ".join(form.bands) if form.bands else self.say(_FORM[form.kind])

    def offer(self, offer: Offer, field: FieldName) -> str:
        """What stands in a cell: `maand (7.1·TV)`; no space in the brackets, so that they stay on one line."""
        marks = "".join(self.say(mark.letter) for mark in self.marks(offer, field))
        return f"{self.form(offer.form)} ({offer.article}{f'·{marks}' if marks else ''})"

    def marks(self, offer: Offer, field: FieldName) -> tuple[Mark, ...]:
        """The marks of one offer, in the order of the legend."""
        found = {_BY_NEED[need] for need in offer.needs if need in _BY_NEED}
        if self.covenant.fields[field].delivery is Delivery.RELEASED_BY_HOLDER:
            found.add(_RELEASE)
        if offer.onward:
            found.add(_ONWARD)
        if Need.RECEIVER_IDENTIFIED not in offer.needs:
            found.add(_FIRST)
        return tuple(mark for mark in MARKS if mark in found)

    def listed(self, words: Iterable[str]) -> str:
        """Words with commas between them."""
        return ", ".join(words)
