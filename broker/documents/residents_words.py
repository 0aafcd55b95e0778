"""Plain words for residents (language level B1): short sentences, no ids, no terms of law.

Labels of a covenant are the parties' own and are shown as they are; everything else on the page comes from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from broker.documents.page_parts import Words, listed, tell
from policies.covenant import Covenant, DataClass, Label
from policies.vocabulary import FormKind, Phase

_CLASSES: Mapping[DataClass, Label] = MappingProxyType(
    {
        DataClass.SPECIAL: Label(
            "gegevens over uw gezondheid of geloof, en andere heel gevoelige gegevens",
            "data on your health or faith, and other very sensitive data",
        ),
        DataClass.CRIMINAL: Label("gegevens over straf of verdenking", "data on offences or suspicion"),
        DataClass.BSN: Label("uw burgerservicenummer (BSN)", "your citizen service number (BSN)"),
        DataClass.POLICE_8: Label("gegevens uit het dagelijks werk van de politie", "data from the daily work of the police"),
        DataClass.POLICE_9: Label("gegevens uit een onderzoek van de politie", "data from an investigation by the police"),
        DataClass.POLICE_10: Label("wat de politie weet over zware misdaad", "what the police know of serious crime"),
        DataClass.SECRECY: Label("wat u in vertrouwen vertelt aan een hulpverlener", "what you tell a care worker in confidence"),
    }
)
_POLICE = (DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10)
_ALL_OF_THE_POLICE = Label("gegevens van de politie", "data from the police")

_PHASES: Mapping[str, Label] = MappingProxyType(
    {
        "triage": Label("als een melding net binnen is", "when a report has just come in"),
        "consultation": Label("als er overleg is", "when there is consultation"),
        "plan": Label("als er een plan is", "when there is a plan"),
        "escalated": Label("als het erger of gevaarlijk wordt", "when it gets worse or dangerous"),
        "aftercare": Label("als er nazorg is", "when there is aftercare"),
    }
)


_LESS: Mapping[FormKind, Label] = MappingProxyType(
    {
        FormKind.MONTH: Label("alleen de maand", "the month only"),
        FormKind.YEAR: Label("alleen het jaar", "the year only"),
        FormKind.BANDS: Label("alleen ongeveer", "roughly only"),
        FormKind.INITIALS: Label("alleen de voorletters", "the initials only"),
        FormKind.POSTCODE4: Label("alleen de vier cijfers", "the four digits only"),
        FormKind.PRESENT: Label("alleen ja of nee", "yes or no only"),
    }
)


def how_much(title: Label, forms: Iterable[FormKind]) -> Words:
    """A field, and that only a part of it is given where that is so in every article."""
    kinds = set(forms)
    if FormKind.FULL in kinds:
        return title
    return tell(
        "{title} ({less})", "{title} ({less})", title=title, less=listed((_LESS[kind] for kind in FormKind if kind in kinds), "of", "or")
    )


def classes_plainly(classes: frozenset[DataClass]) -> Iterator[Words]:
    """Each class in plain words; all of the police's at once where all of them are meant."""
    whole = classes.issuperset(_POLICE)
    if whole:
        yield _ALL_OF_THE_POLICE
    for each, words in _CLASSES.items():
        if each in classes and not (whole and each in _POLICE):
            yield words


def when(covenant: Covenant, phases: Iterable[Phase]) -> Words:
    """In which stage, in the order of the ladders; every open stage is `zolang de zaak loopt`."""
    wanted = frozenset(phases)
    steps = {phase: step for case_type in covenant.case_types.values() for phase, step in case_type.ladder.items() if not step.shielded}
    if wanted >= steps.keys():
        return Label("zolang de zaak loopt", "as long as the case runs")
    return listed((_stage(phase, step.title) for phase, step in steps.items() if phase in wanted), "of", "or")


def _stage(phase: Phase, title: Label | None) -> Words:
    if title is not None:
        return Label(f"in de fase '{title.nl}'", f"in the stage '{title.en}'")
    return _PHASES.get(phase, phase.replace("_", " "))
