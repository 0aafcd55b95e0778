"""What the words of a covenant mean together: contradictions that no single line shows.

Each check yields findings at the words at fault. They run on whatever could be read, so a name that resolves nowhere is skipped here: it is
reported already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from policies.covenant import RELEASED_CLASSES, Article, CaseType, Covenant, Given, Step, party_of
from policies.errors import Finding
from policies.forms import FORMS_OF
from policies.safety import error
from policies.values import Path
from policies.vocabulary import Delivery, Phase


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
    yield from _repeated(covenant, "articles", "article", [article.id for article in covenant.articles])
    yield from _repeated(covenant, "never", "statement", [never.statement for never in covenant.never])
    yield from _repeated(covenant, "scenarios", "scenario", [scenario.name for scenario in covenant.scenarios])
    if covenant.supersedes == covenant.version:
        yield error(covenant, "supersedes-itself", f"version {covenant.version} cannot supersede itself", at=("supersedes",))


def _repeated(covenant: Covenant, section: str, key: str, names: list[str]) -> Iterator[Finding]:
    counted = Counter(names)
    for position, name in enumerate(names):
        if counted[name] > 1 and position != names.index(name):
            yield error(covenant, f"duplicate-{key}", f"{key} `{name}` stands here a second time", at=(section, position, key))


def _about_parties(covenant: Covenant) -> Iterator[Finding]:
    for party in covenant.parties.values():
        if party.oin is None and party.kvk is None:
            message = f"party {party.id} has neither `oin` nor `kvk`: expected the number it is registered under"
            yield error(covenant, "no-registration", message, at=("parties", party.id), key=True)
        for role in party.roles.values():
            if role.organ is not None and role.organ not in party.organs:
                at: Path = ("parties", party.id, "roles", role.id.partition(".")[2], "organ")
                yield error(covenant, "unknown-organ", f"unknown organ `{role.organ}` of {party.id}", at=at)


def _about_fields(covenant: Covenant) -> Iterator[Finding]:
    for field in covenant.fields.values():
        released = sorted(field.classes & RELEASED_CLASSES)
        if released and field.delivery is not Delivery.RELEASED_BY_HOLDER:
            category, _, short = field.name.partition(".")
            message = f"`{field.name}` ({', '.join(released)}) is delivered {field.delivery}: expected released_by_holder"
            hint = "a person at the holder releases police data and secrets for the case"
            yield error(covenant, "must-be-released", message, hint, at=("data", category, "fields", short), key=True)


def _about_case_type(covenant: Covenant, case_type: CaseType) -> Iterator[Finding]:
    at: Path = ("case_types", case_type.id)
    if not any(step.shielded for step in case_type.ladder.values()):
        message = f"case type {case_type.id} has no phase with `shielded: true`, so no case of it can be closed"
        yield error(covenant, "cannot-close", message, at=(*at, "ladder"), key=True)
    if case_type.first.shielded:
        yield error(covenant, "opens-closed", f"case type {case_type.id} opens in a shielded phase", at=(*at, "ladder"), key=True)
    for party, shown in case_type.shown_as.items():
        yield from _not_in_ladder(covenant, case_type, shown.phases, (*at, "shown_as", party, "phase"))
    for phase, step in case_type.ladder.items():
        yield from _about_step(covenant, case_type, step, (*at, "ladder", phase))


def _about_step(covenant: Covenant, case_type: CaseType, step: Step, at: Path) -> Iterator[Finding]:
    yield from _not_in_ladder(covenant, case_type, step.next, (*at, "next"))
    if step.phase in step.next:
        yield error(covenant, "next-is-itself", f"phase `{step.phase}` is its own next", at=(*at, "next"))
    overdue = step.overdue
    if overdue is not None:
        yield from _not_in_ladder(covenant, case_type, () if overdue.back_to is None else (overdue.back_to,), (*at, "overdue", "back_to"))
        if step.within is None:
            yield error(covenant, "overdue-without-limit", f"phase `{step.phase}` can be overdue but has no `within`", at=(*at, "overdue"))
    for reason in step.purge_after:
        if reason != "default" and reason not in step.reasons:
            message = f"`{reason}` is not among the reasons to close: expected default or one of {', '.join(step.reasons) or 'none'}"
            yield error(covenant, "unknown-reason", message, at=(*at, "purge_after", reason), key=True)


def _not_in_ladder(covenant: Covenant, case_type: CaseType, phases: Iterable[Phase], at: Path) -> Iterator[Finding]:
    known = {phase for each in covenant.case_types.values() for phase in each.ladder}
    for phase in phases:
        if phase in known and phase not in case_type.ladder:
            yield error(covenant, "not-in-ladder", f"phase `{phase}` is not in the ladder of {case_type.id}", at=at)


def _about_article(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    for name, form in article.fields.items():
        field = covenant.fields.get(name)
        if field is None:
            continue
        here = (*at, "fields", name)
        if form.kind not in FORMS_OF[field.type]:
            allowed = ", ".join(sorted(FORMS_OF[field.type]))
            message = f"`{name}` is a {field.type} and has no form {form.kind}: expected one of {allowed}"
            yield error(covenant, "form-of-another-type", message, at=here)
        if not field.about & article.about:
            message = f"article {article.id} is about {_words(article.about)}, but `{name}` is about {_words(field.about)}"
            yield error(covenant, "about-nobody", message, at=here, key=True)
    for name in article.necessity.smaller_form.keys() - article.fields.keys():
        message = f"article {article.id} does not give `{name}`, so there is no form of it to justify"
        yield error(covenant, "not-given", message, at=(*at, "necessity", "smaller_form", name), key=True)
    yield from _about_phases(covenant, article, at)


def _words(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _about_phases(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    if not article.case_types <= covenant.case_types.keys():
        return
    kinds = [covenant.case_types[name] for name in sorted(article.case_types)]
    known = {phase for each in covenant.case_types.values() for phase in each.ladder}
    for phase in sorted(article.phases & known):
        steps = [kind.ladder[phase] for kind in kinds if phase in kind.ladder]
        if not steps:
            message = f"phase `{phase}` is in no ladder of {_words(article.case_types)}"
            yield error(covenant, "not-in-ladder", message, at=(*at, "phases"))
        elif all(step.shielded for step in steps):
            message = f"article {article.id} gives in phase `{phase}`, which is shielded: a closed case gives nothing"
            yield error(covenant, "shielded-phase", message, at=(*at, "phases"))


def _about_receivers(covenant: Covenant, article: Article, at: Path) -> Iterator[Finding]:
    receivers = {party_of(role) for role in article.to}
    for party in article.basis.receiver.keys() - receivers:
        message = f"{party} receives nothing by article {article.id}, so it needs no basis to receive"
        yield error(covenant, "not-a-receiver", message, at=(*at, "basis", "receiver", party), key=True)
    if article.wpg20 is not None and article.wpg20.purpose != article.purpose:
        message = f"article {article.id} is for `{article.purpose}`, its Wpg 20 decision for `{article.wpg20.purpose}`"
        yield error(covenant, "other-purpose", message, at=(*at, "wpg20", "purpose"))


def _about_situation(covenant: Covenant, given: Given, at: Path) -> Iterator[Finding]:
    case_type = covenant.case_types.get(given.case_type) if given.case_type else None
    if case_type is not None and given.phase is not None:
        yield from _not_in_ladder(covenant, case_type, (given.phase,), (*at, "phase"))
