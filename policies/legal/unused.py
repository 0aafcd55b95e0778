"""What is written and does nothing: names that nothing uses, fields that nobody sees, promises that nothing tries."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import Never, party_of
from policies.legal.dossier import Dossier
from policies.legal.rule import Sighting, seen, warns
from policies.never import covers, names_field
from policies.values import Label
from policies.vocabulary import RoleId


def _bases(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    used = {basis.id for reliance in dossier.reliances() for basis in reliance.bases}
    used |= set(covenant.log.legal_basis) if covenant.log else set()
    used |= {name for handover in covenant.handovers for name in handover.to.basis}
    for name in covenant.legal_bases.keys() - used:
        yield seen(
            ("legal_bases", name),
            "niemand steunt op grondslag {name}",
            "nobody rests on legal basis {name}",
            key=True,
            name=name,
        )


def _purposes(dossier: Dossier) -> Iterator[Sighting]:
    for name in dossier.covenant.purposes.keys() - {article.purpose for article in dossier.covenant.articles}:
        yield seen(("purposes", name), "geen artikel dient doel `{name}`", "no article serves purpose `{name}`", key=True, name=name)


def _subjects(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    used = {kind for article in covenant.articles for kind in article.about}
    used |= {kind for handover in covenant.handovers for kind in handover.about}
    used |= {kind for never in covenant.never for kind in never.about}
    for name in covenant.subjects.keys() - used:
        yield seen(
            ("subjects", name),
            "geen artikel en geen `never` gaat over `{name}`",
            "no article and no `never` statement is about `{name}`",
            key=True,
            name=name,
        )


def _subjects_in_vain(dossier: Dossier) -> Iterator[Sighting]:
    """An article that names somebody about whom it gives nothing: it reads as if more were shared than is."""
    fields = dossier.covenant.fields
    for at, article in dossier.articles():
        for name in sorted(article.about - {kind for field in article.fields for kind in fields[field].about}):
            yield seen(
                (*at, "about"),
                "artikel {article} noemt `{name}`, maar geen van zijn velden gaat over `{name}`",
                "article {article} names `{name}`, but none of its fields is about `{name}`",
                article=article.id,
                name=name,
            )


def _all_subjects(dossier: Dossier) -> Iterator[Sighting]:
    yield from _subjects(dossier)
    yield from _subjects_in_vain(dossier)


def _case_types(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    used = {name for article in covenant.articles for name in article.case_types}
    for name in covenant.case_types.keys() - used:
        yield seen(
            ("case_types", name),
            "in casussen van {name} geeft geen artikel iets",
            "no article gives anything in cases of {name}",
            key=True,
            name=name,
        )


def _fields(dossier: Dossier) -> Iterator[Sighting]:
    """A field that nobody sees; where that holds for a whole category, the category."""
    covenant = dossier.covenant
    seen_by_somebody = {name for article in covenant.articles for name in article.fields}
    seen_by_somebody |= {name for handover in covenant.handovers for name in handover.fields}
    seen_by_somebody |= {name for emergency in covenant.emergency for name in emergency.fields}
    for category in covenant.categories:
        own = [name for name in covenant.fields if name.startswith(f"{category}.")]
        unseen = [name for name in own if name not in seen_by_somebody]
        if unseen == own:
            yield seen(
                ("data", category),
                "niemand ziet iets van categorie {name}",
                "nobody sees anything of category {name}",
                key=True,
                name=category,
            )
            continue
        for name in unseen:
            yield seen(
                ("data", category, "fields", name.partition(".")[2]),
                "niemand ziet veld `{name}`",
                "nobody sees field `{name}`",
                key=True,
                name=name,
            )


def _roles(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    receiving = {role for article in covenant.articles for role in article.to}
    receiving |= {role for emergency in covenant.emergency for role in emergency.who}
    receiving |= {role for handover in covenant.handovers for role in handover.by}
    receiving |= {step.owner for _, _, step in dossier.steps() if step.owner is not None}
    receiving |= {
        RoleId(name) for signal in covenant.signals.values() for name in (*signal.from_, *signal.to)
    }  # whoever reports takes part
    for party in covenant.parties.values():
        for role in party.roles.keys() - receiving:
            yield seen(
                ("parties", party.id, "roles", role.partition(".")[2]),
                "functie {name} ziet niets en leidt niets",
                "role {name} sees nothing and owns nothing",
                key=True,
                name=role,
            )


def _parties(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    active = {article.from_ for article in covenant.articles} | {party_of(role) for article in covenant.articles for role in article.to}
    for name in covenant.parties.keys() - active:
        yield seen(
            ("parties", name), "{name} geeft niets en krijgt niets", "{name} gives nothing and receives nothing", key=True, name=name
        )


def _never_untested(dossier: Dossier) -> Iterator[Sighting]:
    for position, never in enumerate(dossier.covenant.never):
        if not _is_tried(dossier, never):
            yield seen(
                ("never", position, "statement"),
                "geen scenario beproeft wat {statement} belooft",
                "no scenario tries what {statement} promises",
                hint=Label("schrijf er een met `never_sees`", "write one with `never_sees`"),
                statement=never.statement,
            )


def _is_tried(dossier: Dossier, never: Never) -> bool:
    """Whether a scenario has a role that the statement binds and a field that it speaks of; so, too, if there is no such field."""
    bound = [field.name for field in dossier.covenant.fields.values() if covers(never, field)]
    for scenario in dossier.covenant.scenarios:
        role, subject = scenario.given.role, scenario.given.subject
        binds = not never.to or role in never.to or party_of(role) in never.to
        about = not never.about or subject is None or subject in never.about
        if binds and about and any(names_field(pattern, name) for pattern in scenario.never_sees for name in bound):
            return True
    return not bound


RULES = (
    warns("unused-legal-basis", None, "een grondslag zonder gebruik", "an unused legal basis", _bases),
    warns("unused-purpose", "AVG art. 5(1)(b)", "een doel zonder artikel", "an unused purpose", _purposes),
    warns("unused-subject", None, "een betrokkene zonder artikel", "an unused kind of subject", _all_subjects),
    warns("unused-case-type", None, "een soort casus zonder artikel", "an unused case type", _case_types),
    warns("unused-field", "AVG art. 5(1)(c)", "een veld dat niemand ziet", "a field that nobody sees", _fields),
    warns("unused-role", None, "een functie die niets ziet", "a role that sees nothing", _roles),
    warns("unused-party", None, "een partij zonder rol", "a party without a part", _parties),
    warns("never-untested", None, "een belofte zonder proef", "a promise without a test", _never_untested),
)
