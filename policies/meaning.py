"""What the words of a covenant mean together: contradictions that no single line shows.

Each check yields findings at the words at fault. They run on whatever could be read, so a name that resolves nowhere is skipped here: it is
reported already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from policies.covenant import RELEASED_CLASSES, Article, CaseType, Covenant, DataClass, Given, Step, party_of
from policies.errors import Finding
from policies.forms import FORMS_OF
from policies.reading import did_you_mean
from policies.safety import error
from policies.values import Path
from policies.vocabulary import Delivery, Phase
from policies.wording import Label, listed, say

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
        yield from _about_article(covenant, article, ("articles", position))
        yield from _about_receivers(covenant, article, ("articles", position))
    for position, scenario in enumerate(covenant.scenarios):
        yield from _about_situation(covenant, scenario.given, ("scenarios", position, "given"))
    yield from _repeated(covenant, "articles", Label("artikel", "article"), [article.id for article in covenant.articles])
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


def _about_article(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    for name, form in article.fields.items():
        field = covenant.fields.get(name)
        if field is None:
            continue
        here = (*at, "fields", name)
        if form.kind not in FORMS_OF[field.type]:
            message = say(
                "`{field}` is van het type {type} en kent de vorm {form} niet: hier hoort een van {allowed}",
                "`{field}` is a {type} and has no form {form}: expected one of {allowed}",
                field=name,
                type=field.type,
                form=form.kind,
                allowed=listed(FORMS_OF[field.type]),
            )
            yield error(covenant, "form-of-another-type", message, at=here)
        if not field.about & article.about:
            message = say(
                "artikel {article} gaat over {about}, maar `{field}` gaat over {field_about}",
                "article {article} is about {about}, but `{field}` is about {field_about}",
                article=article.id,
                about=listed(article.about),
                field=name,
                field_about=listed(field.about),
            )
            yield error(covenant, "about-nobody", message, at=here, key=True)
    for name in article.necessity.smaller_form.keys() - article.fields.keys():
        message = say(
            "artikel {article} geeft `{field}` niet, dus er is geen vorm van te verantwoorden",
            "article {article} does not give `{field}`, so there is no form of it to justify",
            article=article.id,
            field=name,
        )
        yield error(covenant, "not-given", message, at=(*at, "necessity", "smaller_form", name), key=True)
    yield from _about_phases(covenant, article, at)


def _about_phases(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    if not article.case_types <= covenant.case_types.keys():
        return
    kinds = [covenant.case_types[name] for name in sorted(article.case_types)]
    known = {phase for each in covenant.case_types.values() for phase in each.ladder}
    for phase in sorted(article.phases & known):
        steps = [kind.ladder[phase] for kind in kinds if phase in kind.ladder]
        if not steps:
            message = say(
                "fase `{phase}` staat op geen ladder van {case_types}",
                "phase `{phase}` is in no ladder of {case_types}",
                phase=phase,
                case_types=listed(article.case_types),
            )
            yield error(covenant, "not-in-ladder", message, at=(*at, "phases"))
        elif all(step.shielded for step in steps):
            message = say(
                "artikel {article} verstrekt in fase `{phase}`, en die is afgeschermd: een gesloten casus verstrekt niets",
                "article {article} gives in phase `{phase}`, which is shielded: a closed case gives nothing",
                article=article.id,
                phase=phase,
            )
            yield error(covenant, "shielded-phase", message, at=(*at, "phases"))


def _about_receivers(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    receivers = {party_of(role) for role in article.to}
    for party in article.basis.receiver.keys() - receivers:
        message = say(
            "{party} ontvangt niets op grond van artikel {article}, en heeft dus geen grondslag om te ontvangen nodig",
            "{party} receives nothing by article {article}, so it needs no basis to receive",
            party=party,
            article=article.id,
        )
        yield error(covenant, "not-a-receiver", message, at=(*at, "basis", "receiver", party), key=True)
    if article.wpg20 is not None and article.wpg20.purpose != article.purpose:
        message = say(
            "artikel {article} heeft als doel `{purpose}`, het besluit op grond van Wpg 20 `{other}`",
            "article {article} is for `{purpose}`, its Wpg 20 decision for `{other}`",
            article=article.id,
            purpose=article.purpose,
            other=article.wpg20.purpose,
        )
        yield error(covenant, "other-purpose", message, at=(*at, "wpg20", "purpose"), law="Wpg art. 20(2)")


def _about_situation(covenant: Covenant, given: Given, at: Path) -> Iterator[Finding]:
    case_type = covenant.case_types.get(given.case_type) if given.case_type else None
    if case_type is not None and given.phase is not None:
        yield from _not_in_ladder(covenant, case_type, (given.phase,), (*at, "phase"))
