"""The reasons, and what would have to be different, as sentences for people, in Dutch and in English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from policies.covenant import Covenant
from policies.remedies import Change, ChangeKind, Remedy
from policies.values import Label
from policies.vocabulary import Reason, SubjectKind
from policies.wording import say

#: why a field is not given, precisely; what of it is told outward is `policies.decide.outward`'s to say
WHY_NOT: Mapping[Reason, Label] = MappingProxyType(
    {
        Reason.UNKNOWN_FIELD: Label("het convenant kent dit veld niet", "the covenant does not know this field"),
        Reason.NOT_IN_COVENANT: Label(
            "geen artikel geeft dit veld ooit aan deze functie voor dit doel",
            "no article ever gives this field to this role for this purpose",
        ),
        Reason.CASE_CLOSED: Label("de casus is gesloten en geeft niemand iets", "the case is closed and gives nobody anything"),
        Reason.WRONG_CASE_TYPE: Label("niet in deze soort casus", "not in this type of case"),
        Reason.WRONG_PHASE: Label("niet in deze fase", "not in this phase"),
        Reason.WRONG_SUBJECT: Label("niet over deze soort persoon", "not about this kind of subject"),
        Reason.NOT_PARTICIPANT: Label("de vragende partij neemt niet deel aan de casus", "the asking party does not take part in the case"),
        Reason.HOLDER_NOT_PARTICIPANT: Label("de houder neemt niet deel aan de casus", "the holder does not take part in the case"),
        Reason.RESTRICTED: Label("de verwerking is beperkt (AVG 18)", "processing is restricted (AVG 18)"),
        Reason.NOT_IDENTIFIED: Label("nog niet bevestigd om wie het gaat", "not confirmed yet whom it concerns"),
        Reason.VETOED: Label("er is een veto", "there is a veto"),
        Reason.NO_CONSENT: Label("er is geen toestemming", "there is no consent"),
        Reason.NO_HIT: Label("de ontvanger kent deze persoon niet", "the receiver does not know this person"),
        Reason.NO_AGREEMENT: Label("de houder heeft niet ingestemd", "the holder has not agreed"),
        Reason.NO_SECOND_PAIR_OF_EYES: Label("er keek geen tweede paar ogen mee", "no second pair of eyes has looked"),
        Reason.NO_ADVICE: Label("er is geen advies", "there is no advice"),
        Reason.NOTHING_THERE: Label("er is niets", "there is nothing"),
        Reason.SOURCE_UNAVAILABLE: Label("de bron antwoordt niet", "the source does not answer"),
        Reason.ENGINE_FAILED: Label(
            "het besluit zelf mislukte, dus alles is geweigerd", "the decision itself failed, so everything is refused"
        ),
    }
)

_DIFFERENT: Mapping[ChangeKind, Label] = MappingProxyType(
    {
        ChangeKind.PARTICIPATION: Label("{one} neemt deel", "{one} takes part"),
        ChangeKind.IDENTIFICATION: Label("{one} bevestigt om wie het gaat", "{one} confirms whom it concerns"),
        ChangeKind.CONSENT: Label("toestemming voor artikel {one}", "consent for article {one}"),
        ChangeKind.HIT: Label("{one} kent de persoon al (hit)", "{one} knows the person already (hit)"),
        ChangeKind.AGREEMENT: Label("de houder stemt in met artikel {one}", "the holder agrees to article {one}"),
        ChangeKind.SECOND_EYES: Label("vier ogen voor artikel {one}", "four eyes for article {one}"),
        ChangeKind.ADVICE: Label("advies voor artikel {one}", "advice for article {one}"),
        ChangeKind.FIELD_VETO: Label("geen veto op dit veld", "no veto on this field"),
        ChangeKind.PARTY_VETO: Label("geen veto van {one}", "no veto by {one}"),
        ChangeKind.RESTRICTION: Label("geen beperking van de verwerking", "no restriction of processing"),
        ChangeKind.PHASE: Label("fase {one}", "phase {one}"),
        ChangeKind.SUBJECT: Label("over {one}", "about {one}"),
        ChangeKind.CASE_TYPE: Label("een casus van de soort {one}", "a case of type {one}"),
        ChangeKind.PURPOSE: Label("het doel {one}", "the purpose {one}"),
    }
)

#: what a value of a change is called: a party, a phase, an article
Names = Callable[[ChangeKind, str], Label]


def ids_of(covenant: Covenant) -> Names:
    """Every value by its id, but a kind of subject, which a sentence cannot do without."""

    def named(kind: ChangeKind, value: str) -> Label:
        return covenant.subjects[SubjectKind(value)] if kind is ChangeKind.SUBJECT else Label(value, value)

    return named


def change_words(change: Change, names: Names) -> Label:
    """One thing that would have to be different: `phase plan or escalated`."""
    found = tuple(names(change.kind, value) for value in change.one_of)
    one = Label(_either([word.nl for word in found], "of"), _either([word.en for word in found], "or"))
    sentence = _DIFFERENT[change.kind]
    return say(sentence.nl, sentence.en, one=one)


def remedy_words(remedy: Remedy, names: Names, form: str) -> Label:
    """What would have to be different, all of it together, and what is given then. `form` is what its form is called."""
    changes = [change_words(change, names) for change in remedy.changes]
    together = Label(" + ".join(change.nl for change in changes), " + ".join(change.en for change in changes))
    return say(
        "{together} → {form}, art. {article}", "{together} → {form}, art. {article}", together=together, form=form, article=remedy.article
    )


def _either(words: list[str], conjunction: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
