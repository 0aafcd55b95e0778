"""What the words of a covenant mean together: contradictions that no single line shows.

Each check yields findings at the words at fault. They run on whatever could be read, so a name that resolves nowhere is skipped here: it is
reported already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from policies.articles import about_article, about_handover
from policies.covenant import RELEASED_CLASSES, CaseType, Covenant, DataClass, Emergency, Given, Step
from policies.errors import Finding
from policies.reading import did_you_mean
from policies.safety import error
from policies.values import Path
from policies.vocabulary import Delivery, Phase
from policies.wording import Label, say

_RELEASES = Label(
    "iemand bij de bronhouder geeft politiegegevens en wat onder geheimhouding valt per casus vrij",
    "a person at the holder releases police data and secrets for the case",
)
#: which law makes that a person decides, per case, on giving these
_SECRETS: Mapping[DataClass, str] = MappingProxyType(
    {
        DataClass.POLICE_8: "Wpg art. 7, 20",
        DataClass.POLICE_9: "Wpg art. 7, 20",
        DataClass.POLICE_10: "Wpg art. 7, 20",
        DataClass.SECRECY: "BW 7:457",
    }
)


def contradictions(covenant: Covenant) -> Iterator[Finding]:
    """Every contradiction in the covenant."""
    yield from _about_parties(covenant)
    yield from _about_fields(covenant)
    for case_type in covenant.case_types.values():
        yield from _about_case_type(covenant, case_type)
    for position, article in enumerate(covenant.articles):
        yield from about_article(covenant, article, ("articles", position))
    for position, handover in enumerate(covenant.handovers):
        yield from about_handover(covenant, handover, ("handovers", position))
    for position, emergency in enumerate(covenant.emergency):
        yield from _about_emergency(covenant, emergency, ("emergency", position))
    for position, scenario in enumerate(covenant.scenarios):
        yield from _about_situation(covenant, scenario.given, ("scenarios", position, "given"))
    yield from _repeated(covenant, "articles", Label("artikel", "article"), [article.id for article in covenant.articles])
    yield from _repeated(covenant, "handovers", Label("overdracht", "handover"), [handover.id for handover in covenant.handovers])
    yield from _repeated(covenant, "never", Label("nooit-bepaling", "statement"), [never.statement for never in covenant.never])
    yield from _repeated(covenant, "scenarios", Label("scenario", "scenario"), [scenario.name for scenario in covenant.scenarios])
    if covenant.supersedes == covenant.version:
        message = say("versie {version} kan zichzelf niet vervangen", "version {version} cannot supersede itself", version=covenant.version)
        yield error(covenant, "supersedes-itself", message, at=("supersedes",))


def _repeated(covenant: Covenant, section: str, kind: Label, names: list[str]) -> Iterator[Finding]:
    """`kind` in English is also the key that the name stands under."""
    counted = Counter(names)
    for position, name in enumerate(names):
        if counted[name] > 1 and position != names.index(name):
            message = say(
                "{kind} `{name}` staat hier voor de tweede keer", "{kind} `{name}` stands here a second time", kind=kind, name=name
            )
            yield error(covenant, f"duplicate-{kind.en}", message, at=(section, position, kind.en))


def _about_parties(covenant: Covenant) -> Iterator[Finding]:
    for party in covenant.parties.values():
        if party.oin is None and party.kvk is None:
            message = say(
                "partij {party} heeft geen `oin` en geen `kvk`: daar hoort het nummer waaronder zij is ingeschreven",
                "party {party} has neither `oin` nor `kvk`: expected the number it is registered under",
                party=party.id,
            )
            yield error(covenant, "no-registration", message, at=("parties", party.id), key=True)
        for role in party.roles.values():
            if role.organ is not None and role.organ not in party.organs:
                at: Path = ("parties", party.id, "roles", role.id.partition(".")[2], "organ")
                message = say("{party} kent geen orgaan `{organ}`", "unknown organ `{organ}` of {party}", organ=role.organ, party=party.id)
                yield error(covenant, "unknown-organ", message, did_you_mean(role.organ, party.organs), at=at)


def _about_fields(covenant: Covenant) -> Iterator[Finding]:
    for field in covenant.fields.values():
        released = sorted(field.classes & RELEASED_CLASSES)
        if released and field.delivery is not Delivery.RELEASED_BY_HOLDER:
            category, _, short = field.name.partition(".")
            message = say(
                "`{field}` ({classes}) staat op levering `{delivery}`: daar hoort released_by_holder",
                "`{field}` ({classes}) is delivered {delivery}: expected released_by_holder",
                field=field.name,
                classes=", ".join(released),
                delivery=field.delivery,
            )
            law = "; ".join(dict.fromkeys(_SECRETS[each] for each in released))
            yield error(covenant, "must-be-released", message, _RELEASES, at=("data", category, "fields", short), key=True, law=law)


def _about_case_type(covenant: Covenant, case_type: CaseType) -> Iterator[Finding]:
    at: Path = ("case_types", case_type.id)
    if not any(step.shielded for step in case_type.ladder.values()):
        message = say(
            "soort casus {case_type} heeft geen fase met `shielded: true`, dus zo'n casus kan niet worden gesloten",
            "case type {case_type} has no phase with `shielded: true`, so no case of it can be closed",
            case_type=case_type.id,
        )
        yield error(covenant, "cannot-close", message, at=(*at, "ladder"), key=True)
    if case_type.first.shielded:
        message = say(
            "soort casus {case_type} begint in een afgeschermde fase",
            "case type {case_type} opens in a shielded phase",
            case_type=case_type.id,
        )
        yield error(covenant, "opens-closed", message, at=(*at, "ladder"), key=True)
    for party, shown in case_type.shown_as.items():
        yield from _not_in_ladder(covenant, case_type, shown.phases, (*at, "shown_as", party, "phase"))
    for phase, step in case_type.ladder.items():
        yield from _about_step(covenant, case_type, step, (*at, "ladder", phase))


def _about_step(covenant: Covenant, case_type: CaseType, step: Step, at: Path) -> Iterator[Finding]:
    yield from _not_in_ladder(covenant, case_type, step.next, (*at, "next"))
    if step.phase in step.next:
        message = say("fase `{phase}` volgt op zichzelf", "phase `{phase}` is its own next", phase=step.phase)
        yield error(covenant, "next-is-itself", message, at=(*at, "next"))
    overdue = step.overdue
    if overdue is not None:
        yield from _not_in_ladder(covenant, case_type, () if overdue.back_to is None else (overdue.back_to,), (*at, "overdue", "back_to"))
        if step.within is None:
            message = say(
                "fase `{phase}` kan over tijd gaan, maar heeft geen termijn (`within`)",
                "phase `{phase}` can be overdue but has no `within`",
                phase=step.phase,
            )
            yield error(covenant, "overdue-without-limit", message, at=(*at, "overdue"))
    for reason in step.purge_after:
        if reason != "default" and reason not in step.reasons:
            message = say(
                "`{reason}` is geen reden om te sluiten: hier hoort default of een van {reasons}",
                "`{reason}` is not among the reasons to close: expected default or one of {reasons}",
                reason=reason,
                reasons=", ".join(step.reasons) or Label("geen", "none"),
            )
            yield error(covenant, "unknown-reason", message, at=(*at, "purge_after", reason), key=True)


def _not_in_ladder(covenant: Covenant, case_type: CaseType, phases: Iterable[Phase], at: Path) -> Iterator[Finding]:
    known = {phase for each in covenant.case_types.values() for phase in each.ladder}
    for phase in phases:
        if phase in known and phase not in case_type.ladder:
            message = say(
                "fase `{phase}` staat niet op de ladder van {case_type}",
                "phase `{phase}` is not in the ladder of {case_type}",
                phase=phase,
                case_type=case_type.id,
            )
            yield error(covenant, "not-in-ladder", message, at=at)


def _about_emergency(covenant: Covenant, emergency: Emergency, at: Path) -> Iterator[Finding]:
    for statement in emergency.statements.keys() - set(emergency.requires):
        message = say(
            "`{statement}` wordt niet gevraagd: hier hoort een van {requires}",
            "`{statement}` is not required: expected one of {requires}",
            statement=statement,
            requires=", ".join(emergency.requires),
        )
        yield error(covenant, "unknown-statement", message, at=(*at, "statements", statement), key=True)


def _about_situation(covenant: Covenant, given: Given, at: Path) -> Iterator[Finding]:
    case_type = covenant.case_types.get(given.case_type) if given.case_type else None
    if case_type is not None and given.phase is not None:
        yield from _not_in_ladder(covenant, case_type, (given.phase,), (*at, "phase"))
