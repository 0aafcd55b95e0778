"""Grounds: that each names a law there is, which was in force, and which this party can rest on (AVG art. 6; Wgs)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.covenant import BasisKind, LegalBasis, PartyKind
from policies.legal.dossier import Dossier, is_under, of_public_body
from policies.legal.rule import Sighting, refuses, seen, warns, words
from policies.values import Label

#: a Dutch law is cited by its BWB id, a European one by its CELEX number
_LAW = re.compile(r"BWBR[0-9]{7}|[0-9]{5}[A-Z][0-9]{4}")
#: where grounds of a kind stand: law and article. Kinds that are not here stand in more laws than a list can hold.
_STANDS_IN: Mapping[BasisKind, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        BasisKind.GDPR6: (("32016R0679", r"6\(1\)\([a-f]\)"),),
        BasisKind.GDPR9: (("32016R0679", r"9\(2\)\([a-j]\)"),),
        BasisKind.GDPR10: (("32016R0679", r"10"), ("BWBR0040940", r"3[1-3](\(.*)?")),
        BasisKind.WPG: (("BWBR0022463", r"[0-9]+[a-z]?(\(.*)?"),),
        BasisKind.WGS: (("BWBR0049962", r"[0-9]+\.[0-9]+(\(.*)?"),),
    }
)
#: the kinds that have no law of their own to be dated: a conflict of duties is unwritten
_WRITTEN = frozenset(BasisKind) - {BasisKind.SECRECY_EXCEPTION, BasisKind.DUTY}


def _bases(dossier: Dossier) -> Iterator[LegalBasis]:
    yield from dossier.covenant.legal_bases.values()


def _law_not_recognised(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        if basis.kind in _WRITTEN and not _LAW.fullmatch(basis.law):
            yield seen(
                ("legal_bases", basis.id, "law"),
                "grondslag {basis} staat in `{law}`: verwacht een BWB-nummer of een CELEX-nummer",
                "legal basis {basis} stands in `{law}`: expected a BWB id or a CELEX number",
                hint=Label("zoals BWBR0022463 of 32016R0679", "such as BWBR0022463 or 32016R0679"),
                basis=basis.id,
                law=basis.law,
            )


def _without_article(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        if basis.article is None and _LAW.fullmatch(basis.law):
            yield seen(
                ("legal_bases", basis.id),
                "grondslag {basis} noemt een wet en geen artikel",
                "legal basis {basis} names a law and no article",
                key=True,
                basis=basis.id,
            )


def _of_another_kind(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        allowed = _STANDS_IN.get(basis.kind)
        if allowed is None or not _LAW.fullmatch(basis.law) or basis.article is None:
            continue
        if not any(basis.law == law and re.fullmatch(article, basis.article) for law, article in allowed):
            yield seen(
                ("legal_bases", basis.id, "article"),
                "grondslag {basis} heet {kind}, maar {law} artikel {article} is dat niet",
                "legal basis {basis} is called {kind}, but {law} article {article} is not",
                basis=basis.id,
                kind=basis.kind,
                law=basis.law,
                article=basis.article,
            )


def _not_yet_in_force(dossier: Dossier) -> Iterator[Sighting]:
    start = dossier.covenant.in_force.from_
    for basis in _bases(dossier):
        if basis.valid_from is not None and basis.valid_from > start:
            yield seen(
                ("legal_bases", basis.id, "valid_from"),
                "grondslag {basis} geldt vanaf {day}; het convenant begint op {start}",
                "legal basis {basis} is in force from {day}; the covenant begins on {start}",
                basis=basis.id,
                day=basis.valid_from.isoformat(),
                start=start.isoformat(),
            )


def _without_date(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        if basis.valid_from is None and _LAW.fullmatch(basis.law):
            yield seen(
                ("legal_bases", basis.id),
                "van grondslag {basis} staat er niet bij sinds wanneer zij geldt",
                "legal basis {basis} does not say since when it is in force",
                hint=Label("vul `valid_from` in", "fill in `valid_from`"),
                key=True,
                basis=basis.id,
            )


def _without_balancing(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        if is_under(basis, "6(1)(f)") and basis.balancing is None:
            yield seen(
                ("legal_bases", basis.id),
                "grondslag {basis} is een gerechtvaardigd belang zonder belangenafweging",
                "legal basis {basis} is a legitimate interest without a balancing test",
                hint=Label("noem de afweging in `balancing`", "name the test in `balancing`"),
                key=True,
                basis=basis.id,
            )


def _interest_of_public_body(dossier: Dossier) -> Iterator[Sighting]:
    for reliance in dossier.reliances():
        for basis in reliance.bases if of_public_body(reliance) else ():
            if is_under(basis, "6(1)(f)"):
                yield seen(
                    reliance.at,
                    "{party} is een overheid en steunt voor haar taak op een gerechtvaardigd belang ({basis})",
                    "{party} is a public body and rests its task on a legitimate interest ({basis})",
                    party=reliance.party.id,
                    basis=basis.id,
                )


def _task_without_law(dossier: Dossier) -> Iterator[Sighting]:
    for basis in _bases(dossier):
        if is_under(basis, "6(1)(c)", "6(1)(e)") and not basis.rests_on:
            yield seen(
                ("legal_bases", basis.id),
                "grondslag {basis} is een taak of een plicht; welke wet haar geeft, staat er niet bij",
                "legal basis {basis} is a task or a duty; which law lays it down is not said",
                hint=Label("noem de wet in `rests_on`", "name the law in `rests_on`"),
                key=True,
                basis=basis.id,
            )


def _outside_purpose(dossier: Dossier) -> Iterator[Sighting]:
    grounds = {BasisKind.GDPR6, BasisKind.WPG, BasisKind.WGS}
    for at, article in dossier.articles():
        purpose = dossier.covenant.purposes[article.purpose]
        for party, names in article.basis.receiver.items():
            own = set(purpose.legal_basis.get(party, ()))
            used = {basis.id for basis in dossier.bases(names) if basis.kind in grounds}
            if own and used and not used & own:
                yield seen(
                    (*at, "basis", "receiver", party),
                    "artikel {article}: {party} ontvangt op {used}, maar steunt voor doel `{purpose}` op {own}",
                    "article {article}: {party} receives on {used}, but rests purpose `{purpose}` on {own}",
                    article=article.id,
                    party=party,
                    used=words(used),
                    purpose=article.purpose,
                    own=words(own),
                )


def _wgs_of_corporation(dossier: Dossier) -> Iterator[Sighting]:
    for reliance in dossier.reliances():
        for basis in reliance.bases:
            if basis.kind is BasisKind.WGS and reliance.party.kind is PartyKind.HOUSING_CORPORATION:
                yield seen(
                    reliance.at,
                    "{party} is een woningcorporatie en steunt op de Wgs ({basis}); corporaties zijn daarin geen deelnemer",
                    "{party} is a housing corporation and rests on the Wgs ({basis}); corporations are no participants in it",
                    party=reliance.party.id,
                    basis=basis.id,
                )


RULES = (
    warns("law-not-recognised", None, "de wet heeft geen BWB- of CELEX-nummer", "the law has no BWB or CELEX number", _law_not_recognised),
    warns("basis-without-article", None, "een grondslag zonder artikel", "a legal basis without an article", _without_article),
    refuses("law-of-another-kind", None, "het artikel past niet bij de soort", "the article is not of the kind named", _of_another_kind),
    refuses("basis-not-yet-in-force", None, "de grondslag geldt nog niet", "the legal basis is not yet in force", _not_yet_in_force),
    warns("basis-without-date", None, "een grondslag zonder ingangsdatum", "a legal basis without a date", _without_date),
    refuses("balancing-missing", "AVG art. 6(1)(f)", "geen belangenafweging", "no balancing test", _without_balancing),
    warns(
        "interest-of-public-body",
        "AVG art. 6(1)",
        "een overheid met een gerechtvaardigd belang",
        "a public body with a legitimate interest",
        _interest_of_public_body,
    ),
    warns("task-without-law", "AVG art. 6(1)", "een taak zonder wet", "a task without a law", _task_without_law),
    warns(
        "basis-outside-purpose",
        "AVG art. 5(1)(b)",
        "ontvangen op een grond die niet bij het doel hoort",
        "received on a ground that is not the purpose's",
        _outside_purpose,
    ),
    refuses("wgs-of-corporation", "Wgs art. 2.27", "een corporatie op de Wgs", "a corporation on the Wgs", _wgs_of_corporation),
)
