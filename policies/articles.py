"""What an article says that contradicts itself or the rest of the covenant; a handover is held to the same."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import Article, Covenant, Handover, party_of
from policies.errors import Finding
from policies.forms import FORMS_OF
from policies.safety import error
from policies.values import Path
from policies.wording import Label, listed, say


def about_article(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    """Contradictions in an article."""
    yield from _about_fields(covenant, article, say("artikel {article}", "article {article}", article=article.id), at)
    yield from _about_receivers(covenant, article, at)


def about_handover(covenant: Covenant, handover: Handover, at: Path) -> Iterator[Finding]:
    """Contradictions in a handover: those of an article, a reason to close that no phase has, and a destination that is this covenant."""
    name = say("overdracht {handover}", "handover {handover}", handover=handover.id)
    yield from _about_fields(covenant, handover, name, at)
    if handover.to.covenant == covenant.id:
        message = say("{name} gaat naar dit convenant zelf", "{name} goes to this covenant itself", name=name)
        hint = Label("wat binnen het convenant wordt gedeeld, staat in een artikel", "what is shared within it stands in an article")
        yield error(covenant, "hands-over-to-itself", message, hint, at=(*at, "to", "covenant"))
    for case_type in sorted(handover.case_types & covenant.case_types.keys()) if handover.closes_as else ():
        reasons = {reason for step in covenant.case_types[case_type].ladder.values() for reason in step.reasons}
        if handover.closes_as not in reasons:
            message = say(
                "`{reason}` is geen reden om een casus van de soort {case_type} te sluiten: hier hoort een van {reasons}",
                "`{reason}` is no reason to close a case of type {case_type}: expected one of {reasons}",
                reason=handover.closes_as,
                case_type=case_type,
                reasons=listed(reasons) or Label("geen", "none"),
            )
            yield error(covenant, "unknown-reason", message, at=(*at, "closes_as"))


def _about_fields(covenant: Covenant, article: Article | Handover, name: Label, at: Path) -> Iterator[Finding]:
    for field_name, form in article.fields.items():
        field = covenant.fields.get(field_name)
        if field is None:
            continue
        here = (*at, "fields", field_name)
        if form.kind not in FORMS_OF[field.type]:
            message = say(
                "`{field}` is van het type {type} en kent de vorm {form} niet: hier hoort een van {allowed}",
                "`{field}` is a {type} and has no form {form}: expected one of {allowed}",
                field=field_name,
                type=field.type,
                form=form.kind,
                allowed=listed(FORMS_OF[field.type]),
            )
            yield error(covenant, "form-of-another-type", message, at=here)
        if not field.about & article.about:
            message = say(
                "{name} gaat over {about}, maar `{field}` gaat over {field_about}",
                "{name} is about {about}, but `{field}` is about {field_about}",
                name=name,
                about=listed(article.about),
                field=field_name,
                field_about=listed(field.about),
            )
            yield error(covenant, "about-nobody", message, at=here, key=True)
    for field_name in article.necessity.smaller_form.keys() - article.fields.keys():
        message = say(
            "{name} geeft `{field}` niet, dus er is geen vorm van te verantwoorden",
            "{name} does not give `{field}`, so there is no form of it to justify",
            name=name,
            field=field_name,
        )
        yield error(covenant, "not-given", message, at=(*at, "necessity", "smaller_form", field_name), key=True)
    yield from _about_phases(covenant, article, name, at)


def _about_phases(covenant: Covenant, article: Article | Handover, name: Label, at: Path) -> Iterator[Finding]:
    if not article.case_types <= covenant.case_types.keys():
        return
    kinds = [covenant.case_types[each] for each in sorted(article.case_types)]
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
                "{name} verstrekt in fase `{phase}`, en die is afgeschermd: een gesloten casus verstrekt niets",
                "{name} gives in phase `{phase}`, which is shielded: a closed case gives nothing",
                name=name,
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
