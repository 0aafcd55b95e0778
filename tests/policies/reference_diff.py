"""The second, obvious way to say what a change of covenant does to what is seen: try every situation under every set of met conditions.

How to use it:

    found = reference_diff(old, new)          # two covenants that compile; no policy is needed
    found == seen_of(diff(policy, other))     # the diff says exactly the same, cell by cell

Both give `{(role, purpose, case type, phase, subject, field): (widens, narrows)}`, with only the cells where one of the two is true. A
change that shows nothing gives `{}`, and an edit that the diff must not miss is one for which this is not empty. It knows the fields that
articles give and nothing else: terms around the sharing (retention, what is shown of a case, emergencies) are not in it; for those,
tests/policies/test_diff_whole.py changes every leaf of a covenant and finds each in the diff or among the words. An edit after which both
`diff(...).changes` and `reference_diff(...)` are empty is one of words alone (`covenant_sha256` differs), or the diff has missed something.

The interpreter of tests/policies/reference.py decides whether an article holds; nothing here compares needs or looks at compiled rules. Two
short cuts make it fast enough for the covenant of a town (half a second), and neither knows what a diff is: a role that no article names
for a purpose sees nothing for it, and where the articles, the field and the ladder are the same values on both sides, so are the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from policies.covenant import Article, Conditions, Consent, Covenant, Onward
from policies.decide import Facts
from policies.diff import Diff, FieldChange
from policies.forms import shows_at_least
from policies.vocabulary import CaseTypeId, FieldName, Form, Phase, PurposeId, RoleId, SubjectKind
from tests.policies.reference import first_failure

Situation = tuple[RoleId, PurposeId, CaseTypeId, Phase, SubjectKind, FieldName]
#: whether something is given that was not, and whether something is no longer given
Seen = Mapping[Situation, tuple[bool, bool]]
#: a form, and whether it may be passed on
Given = tuple[Form, bool]


@dataclass(frozen=True)
class World:
    """What is so in a case, for whichever article asks it."""

    consent: Consent | None
    hit: bool
    agreement: bool
    four_eyes: bool
    advice: bool
    identified: bool


def seen_of(found: Diff) -> Seen:
    """What a diff says of fields, in the same shape; grounds alone are no change of what is seen."""
    return {
        (here.role, here.purpose, here.case_type, here.phase, here.subject, change.field): (change.effect.widens, change.effect.narrows)
        for change in found.changes
        if isinstance(change, FieldChange) and (change.effect.widens or change.effect.narrows)
        for here in (change.context,)
    }


def reference_diff(old: Covenant, new: Covenant) -> Seen:
    """Every cell in which the new covenant gives what the old one did not, or the other way round."""
    found: dict[Situation, tuple[bool, bool]] = {}
    kept = {name for name, case_type in old.case_types.items() if case_type == new.case_types.get(name)}
    for role, purpose in sorted(
        {(role, article.purpose) for covenant in (old, new) for article in covenant.articles for role in article.to}
    ):
        before, after = naming(old, role, purpose), naming(new, role, purpose)
        for field in sorted({name for article in (*before, *after) for name in article.fields}):
            one, other = giving(before, field), giving(after, field)
            same = (one, old.fields.get(field)) == (other, new.fields.get(field))
            for case_type, phase, subject in every_situation(old, new):
                if same and case_type in kept:
                    continue
                facts = Facts(case_type, phase, subject)
                widens = narrows = False
                for world in every_world((*one, *other)):
                    was, is_ = given(old, one, role, field, facts, world), given(new, other, role, field, facts, world)
                    widens = widens or any(not any(as_much(each, more) for each in was) for more in is_)
                    narrows = narrows or any(not any(as_much(each, more) for each in is_) for more in was)
                if widens or narrows:
                    found[role, purpose, case_type, phase, subject, field] = (widens, narrows)
    return found


def naming(covenant: Covenant, role: RoleId, purpose: PurposeId) -> list[Article]:
    return [article for article in covenant.articles if role in article.to and article.purpose == purpose]


def giving(articles: list[Article], field: FieldName) -> list[Article]:
    return [article for article in articles if field in article.fields]


def every_situation(old: Covenant, new: Covenant) -> list[tuple[CaseTypeId, Phase, SubjectKind]]:
    """Every sort of case, phase and subject that either covenant knows."""
    phases = {(name, phase) for covenant in (old, new) for name, case_type in covenant.case_types.items() for phase in case_type.ladder}
    return [(name, phase, subject) for (name, phase), subject in product(sorted(phases), sorted({*old.subjects, *new.subjects}))]


def every_world(articles: tuple[Article, ...]) -> Iterator[World]:
    """Every combination of what these articles look at; what none of them asks is simply not so."""
    asked = [article.conditions for article in articles]
    consents = {conditions.consent for conditions in asked} - {None}
    if len(consents) > 1:
        qualities = product(("subject", "representative"), ("explicit", "unambiguous"), (True, False), (True, False))
        consents = {Consent(*each) for each in qualities}
    else:  # one sort of consent is asked, and it is there or it is not
        consents = {replace(each, by=each.by.partition("_or_")[0]) for each in consents if each is not None}

    def either(name: str) -> tuple[bool, ...]:
        return (False, True) if any(getattr(conditions, name) for conditions in asked) else (False,)

    hits, agreements = either("known_to_receiver"), either("agreement_of_source")
    worlds = product((None, *consents), hits, agreements, either("four_eyes"), either("advice"), (False, True))
    yield from (World(*each) for each in worlds)


def given(covenant: Covenant, articles: list[Article], role: RoleId, field: FieldName, facts: Facts, world: World) -> list[Given]:
    """What each article that holds gives here; everybody takes part and nobody objects."""
    if field not in covenant.fields:
        return []
    parties = frozenset(covenant.parties)
    holder = covenant.fields[field].holder
    here = replace(
        facts,
        participants=parties,
        identified=parties if world.identified else frozenset({holder}),
        hits=parties if world.hit else frozenset(),
        consents=frozenset(article.id for article in articles if suffices(world.consent, article.conditions)),
        agreements=frozenset(article.id for article in articles if world.agreement),
        second_eyes=frozenset(article.id for article in articles if world.four_eyes),
        advice=frozenset(article.id for article in articles if world.advice),
    )
    return [
        (article.fields[field], article.onward is Onward.WITH_AGREEMENT)
        for article in articles
        if first_failure(covenant, article, role, covenant.fields[field], here) is None
    ]


def suffices(consent: Consent | None, conditions: Conditions) -> bool:
    """Whether the consent that was given is the one that is asked."""
    asked = conditions.consent
    if consent is None or asked is None:
        return False
    return (
        consent.by in asked.by.split("_or_")
        and (consent.kind == "explicit" or asked.kind != "explicit")
        and (consent.refusal_has_no_effect or not asked.refusal_has_no_effect)
        and (consent.help_request or not asked.help_request)
    )


def as_much(one: Given, other: Given) -> bool:
    return shows_at_least(one[0], other[0]) and (one[1] or not other[1])
