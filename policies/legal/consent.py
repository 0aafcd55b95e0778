"""Consent: asked before it is rested on, free, and in the form that the data need (AVG art. 6(1)(a) and 9(2)(a))."""

from __future__ import annotations

from collections.abc import Iterator

from policies.covenant import BasisKind, LegalBasis
from policies.legal.dossier import Dossier, Reliance, is_consent, is_under, of_public_body
from policies.legal.people import names_a_child
from policies.legal.rule import Sighting, refuses, seen, warns
from policies.values import Label


def _only_ground(reliance: Reliance) -> LegalBasis | None:
    """The consent that is the only ground of its kind there: without it nothing would be left to rest on."""
    for basis in reliance.bases:
        if is_consent(basis) and all(is_consent(other) for other in reliance.bases if other.kind is basis.kind):
            return basis
    return None


def _never_asked(dossier: Dossier) -> Iterator[Sighting]:
    for reliance in dossier.reliances():
        basis = _only_ground(reliance)
        if basis is not None and reliance.conditions is not None and reliance.conditions.consent is None:
            yield seen(
                reliance.at,
                "{party} steunt op toestemming ({basis}), maar het artikel vraagt er niet om",
                "{party} rests on consent ({basis}), but the article does not ask for it",
                hint=Label("voeg `conditions: {consent: …}` toe", "add `conditions: {consent: …}`"),
                party=reliance.party.id,
                basis=basis.id,
            )


def _of_public_body(dossier: Dossier) -> Iterator[Sighting]:
    for reliance in dossier.reliances():
        consent = reliance.conditions.consent if reliance.conditions else None
        if consent is None or not of_public_body(reliance) or _only_ground(reliance) is None:
            continue
        if not (consent.help_request and consent.refusal_has_no_effect):
            yield seen(
                reliance.at,
                "{party} is een overheid en steunt op toestemming zonder hulpvraag, of waarvan weigeren gevolgen heeft",
                "{party} is a public body and rests on consent without a request for help, or whose refusal has an effect",
                hint=Label(
                    "`help_request: true` en `refusal_has_no_effect: true`", "`help_request: true` and `refusal_has_no_effect: true`"
                ),
                party=reliance.party.id,
            )


def _not_explicit(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        consent = article.conditions.consent
        used = [basis for reliance in dossier.of_article(at, article) for basis in reliance.bases]
        if consent is not None and consent.kind != "explicit" and any(is_under(basis, "9(2)(a)") for basis in used):
            yield seen(
                (*at, "conditions", "consent", "kind"),
                "artikel {article} steunt op uitdrukkelijke toestemming, maar vraagt om `{kind}`",
                "article {article} rests on explicit consent, but asks for `{kind}`",
                article=article.id,
                kind=consent.kind,
            )


def _of_a_child(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        consent = article.conditions.consent
        for kind in sorted(article.about) if consent is not None and consent.by == "subject" else ():
            if names_a_child(kind, dossier.covenant.subjects[kind]):
                yield seen(
                    (*at, "conditions", "consent", "by"),
                    "artikel {article} gaat over `{kind}` en vraagt alleen die zelf om toestemming",
                    "article {article} is about `{kind}` and asks only that person for consent",
                    hint=Label(
                        "`by: representative` of `subject_or_representative`", "`by: representative` or `subject_or_representative`"
                    ),
                    article=article.id,
                    kind=kind,
                )


def _secrecy_without_consent(dossier: Dossier) -> Iterator[Sighting]:
    for at, article in dossier.articles():
        bases = dossier.bases(article.basis.giver)
        lifting = [basis for basis in bases if basis.kind is BasisKind.SECRECY_EXCEPTION]
        duty = any(basis.kind is BasisKind.DUTY for basis in bases)
        if lifting and not duty and article.conditions.consent is None:
            yield seen(
                (*at, "basis", "giver"),
                "artikel {article} geeft wat onder het beroepsgeheim valt zonder toestemming te vragen; {basis} moet dat dragen",
                "article {article} gives what is under professional secrecy without asking for consent; {basis} has to carry that",
                article=article.id,
                basis=lifting[0].id,
            )


RULES = (
    refuses(
        "consent-never-asked",
        "AVG art. 6(1)(a), 9(2)(a)",
        "toestemming die niemand vraagt",
        "consent that nobody asks for",
        _never_asked,
    ),
    warns("consent-of-public-body", "AVG overw. 43", "toestemming aan een overheid", "consent given to a public body", _of_public_body),
    warns(
        "consent-not-explicit", "AVG art. 9(2)(a)", "toestemming die niet uitdrukkelijk is", "consent that is not explicit", _not_explicit
    ),
    warns("consent-of-a-child", None, "een kind dat alleen toestemt", "a child that consents alone", _of_a_child),
    warns(
        "secrecy-without-consent",
        "BW 7:457, Wgs art. 2.29",
        "beroepsgeheim zonder toestemming",
        "professional secrecy without consent",
        _secrecy_without_consent,
    ),
)
