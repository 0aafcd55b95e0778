"""What a compiled covenant offers: per context and field the forms that can be given, each with all that must be so before it is.

Taken from the compiled rules, so what is shown and compared here is what decides. An offer knows no names of articles when it is compared:
a covenant in which every article has another number offers the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cmp_to_key

from policies.covenant import Article, Conditions, Consent, Covenant, LegalBasis, Onward, Wpg20, party_of
from policies.forms import shows_at_least
from policies.policy import Policy
from policies.rules import Context
from policies.vocabulary import ArticleId, BasisId, FieldName, Form, PartyId


class Need(StrEnum):
    """One thing that must be so before an article gives anything, in the order in which a decision looks at them.

    A consent has as many needs as it has qualities, so that an article whose consent may be less is seen to need less.
    """

    RECEIVER_IDENTIFIED = "receiver_identified"
    CONSENT = "consent"
    CONSENT_EXPLICIT = "consent_explicit"
    CONSENT_BY_SUBJECT = "consent_by_subject"
    CONSENT_BY_REPRESENTATIVE = "consent_by_representative"
    CONSENT_WITHOUT_EFFECT = "consent_refusal_has_no_effect"
    CONSENT_ON_REQUEST = "consent_help_request"
    HIT = "hit"
    AGREEMENT = "agreement"
    FOUR_EYES = "four_eyes"
    ADVICE = "advice"


#: a ground in law as what it says, not as what it is called
Ground = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grounds:
    """On which law both sides rest, and the decision that the police took where there is one (Wpg art. 20)."""

    giver: frozenset[Ground]
    receiver: frozenset[Ground]
    wpg20: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One field in one form by one article, if what it needs is so. `onward`: the receiver may pass it on with the source's agreement."""

    form: Form
    article: ArticleId
    needs: frozenset[Need]
    onward: bool
    grounds: Grounds

    def covers(self, other: Offer) -> bool:
        """Whether whoever has this offer gains nothing by the other: it shows as much, needs no more and may be passed on as well."""
        return self.needs <= other.needs and (self.onward or not other.onward) and shows_at_least(self.form, other.form)


#: per context and field what is offered, the widest form first
Offers = Mapping[tuple[Context, FieldName], tuple[Offer, ...]]


def offers_of(policy: Policy) -> Offers:
    """Everything a compiled covenant offers. Equal offers are one object, so that a comparison can remember what it found."""
    articles = [article.id for article in policy.covenant.articles]
    order = {article: position for position, article in enumerate(articles)}
    made: dict[tuple[ArticleId, PartyId, Form], Offer] = {}
    found: dict[tuple[Context, FieldName], list[Offer]] = {}
    for rule in policy.rules:
        key = (rule.article, party_of(rule.context.role), rule.form)
        offer = made.get(key)
        if offer is None:
            offer = made[key] = _offer(policy.covenant, policy.articles[rule.article], key[1], rule.form)
        found.setdefault((rule.context, rule.field), []).append(offer)
    for offers in found.values():
        if len(offers) > 1:
            offers.sort(key=lambda offer: order[offer.article])
            offers.sort(key=cmp_to_key(_widest_first))
    return {where: tuple(offers) for where, offers in found.items()}


def _widest_first(one: Offer, other: Offer) -> int:
    if one.form == other.form:
        return 0
    return -1 if shows_at_least(one.form, other.form) else 1


def _offer(covenant: Covenant, article: Article, receiver: PartyId, form: Form) -> Offer:
    giver, receiving = article.basis.giver, article.basis.receiver.get(receiver, ())
    grounds = Grounds(grounds_named(covenant, giver), grounds_named(covenant, receiving), wpg20_words(article.wpg20))
    return Offer(form, article.id, needs_of(article, receiver), article.onward is Onward.WITH_AGREEMENT, grounds)


def needs_of(article: Article, receiver: PartyId) -> frozenset[Need]:
    """All that must be so in a case before the article gives this party anything, beside what holds for every article.

    The holder has always confirmed whom it means, so where it is the receiver too there is nobody else to confirm it.
    """
    needs = conditions_needed(article.conditions)
    return needs if article.identifies or receiver == article.from_ else needs | {Need.RECEIVER_IDENTIFIED}


def conditions_needed(conditions: Conditions) -> frozenset[Need]:
    """What a list of conditions asks."""
    needs = {
        Need.HIT: conditions.known_to_receiver,
        Need.AGREEMENT: conditions.agreement_of_source,
        Need.FOUR_EYES: conditions.four_eyes,
        Need.ADVICE: conditions.advice,
    }
    return frozenset(need for need, asked in needs.items() if asked) | _consent_needs(conditions)


def _consent_needs(conditions: Conditions) -> frozenset[Need]:
    consent: Consent | None = conditions.consent
    if consent is None:
        return frozenset()
    qualities = {
        Need.CONSENT: True,
        Need.CONSENT_EXPLICIT: consent.kind == "explicit",
        Need.CONSENT_BY_SUBJECT: consent.by == "subject",
        Need.CONSENT_BY_REPRESENTATIVE: consent.by == "representative",
        Need.CONSENT_WITHOUT_EFFECT: consent.refusal_has_no_effect,
        Need.CONSENT_ON_REQUEST: consent.help_request,
    }
    return frozenset(need for need, asked in qualities.items() if asked)


def grounds_named(covenant: Covenant, names: tuple[BasisId, ...]) -> frozenset[Ground]:
    """The grounds that these names stand for."""
    return frozenset(ground_of(covenant.legal_bases[name]) for name in names)


def ground_of(basis: LegalBasis) -> Ground:
    """What a basis says in law; its name, its title and its DPV term are words."""
    days = (basis.valid_from, basis.valid_until, basis.balanced_on)
    gives = "gives_only" if basis.gives_only else ""
    return (
        basis.kind,
        basis.law,
        basis.article or "",
        "; ".join(sorted(basis.rests_on)),
        basis.with_ or "",
        basis.balancing or "",
        *("" if day is None else day.isoformat() for day in days),
        gives,
    )


def wpg20_words(said: Wpg20 | None) -> tuple[str, ...]:
    """The elements of a decision of the police, or nothing where there is none."""
    if said is None:
        return ()
    agreed = "; ".join(sorted(said.agreed_by))
    return (
        said.interest,
        said.partnership,
        said.purpose,
        said.conditions,
        said.decided_by,
        agreed,
        said.decision.ref,
        said.decision.on.isoformat(),
    )
