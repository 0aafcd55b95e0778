"""The duties around the sharing: each has its part in the covenant, and what stands there can be held to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from policies.covenant import PhaseView
from policies.legal.dossier import POLICE_CLASSES, Dossier
from policies.legal.rule import Sighting, lasting, seen, warns
from policies.values import Label, Path, Period

_DPV = re.compile(r"https://w3id\.org/dpv(?:/[a-z0-9-]+)*#[A-Za-z0-9-]+")
#: any day would do to compare periods; this one is in no month's end
_A_DAY = date(2025, 1, 1)


def _absent(part: str, wanted: Label) -> Callable[[Dossier], Iterator[Sighting]]:
    """A check that a part of the covenant is there."""

    def check(dossier: Dossier) -> Iterator[Sighting]:
        if getattr(dossier.covenant, part) is None:
            yield seen(("covenant",), "`{part}` ontbreekt: {wanted}", "`{part}` is missing: {wanted}", key=True, part=part, wanted=wanted)

    return check


#: part of the covenant, law, title, and what the part would say
_PARTS = (
    (
        "dpia",
        "AVG art. 35",
        Label("geen DPIA", "no DPIA"),
        Label("welke effectbeoordeling ging vooraf", "which impact assessment came before"),
    ),
    (
        "operator",
        "AVG art. 28",
        Label("geen beheerder", "no operator"),
        Label("wie de makelaar draait, en op welk contract", "who runs the broker, on which contract"),
    ),
    (
        "inform",
        "AVG art. 13, 14",
        Label("niemand vertelt het", "nobody tells"),
        Label("wie het de bewoner vertelt, en wanneer", "who tells the resident, and when"),
    ),
    ("withdrawal", "AVG art. 26", Label("geen opzegging", "no withdrawal"), Label("hoe een partij vertrekt", "how a party leaves")),
    (
        "log",
        "AVG art. 5(2)",
        Label("geen logboekregels", "no rules for the log"),
        Label("wie verantwoordelijk is voor het logboek", "who is responsible for the log"),
    ),
    (
        "retention",
        "AVG art. 5(1)(e)",
        Label("geen bewaartermijn", "no retention"),
        Label("hoe lang bewaard mag worden", "how long may be kept"),
    ),
    ("rights", "AVG art. 26(1)", Label("geen loket", "no counter"), Label("waar de bewoner terecht kan", "where the resident can go")),
    (
        "breach",
        "AVG art. 33",
        Label("geen afspraak over lekken", "no breach agreement"),
        Label("wie een datalek meldt, en hoe snel", "who reports a breach, how soon"),
    ),
    (
        "evaluation",
        "AVG art. 5(2)",
        Label("geen evaluatie", "no evaluation"),
        Label("wie het convenant evalueert", "who evaluates the covenant"),
    ),
)


def _contract(dossier: Dossier) -> Iterator[Sighting]:
    operator = dossier.covenant.operator
    if operator is None or operator.role != "processor":
        return
    police = any(field.classes & POLICE_CLASSES for field in dossier.covenant.fields.values())
    missing = [law for law, needed in (("AVG 28", True), ("Wpg", police)) if needed and law.split()[-1] not in operator.contract]
    if missing:
        yield seen(
            ("operator", "contract"),
            "het contract met de verwerker noemt {law} niet: `{contract}`",
            "the contract with the processor does not name {law}: `{contract}`",
            law=", ".join(missing),
            contract=operator.contract,
        )


def _told_late(dossier: Dossier) -> Iterator[Sighting]:
    inform = dossier.covenant.inform
    if inform is not None and inform.within.after(_A_DAY) > Period(1, "month").after(_A_DAY):
        yield seen(
            ("inform", "within"),
            "de bewoner hoort het pas na {within}; verwacht binnen een maand",
            "the resident is told only after {within}; expected within a month",
            within=lasting(inform.within),
        )


def _cannot_tell(dossier: Dossier) -> Iterator[Sighting]:
    inform = dossier.covenant.inform
    if inform is None:
        return
    for case_type in dossier.covenant.case_types.values():
        shown = case_type.shown_to(inform.by, frozenset(dossier.covenant.parties))
        if inform.from_ in case_type.ladder and shown.phase_in(inform.from_) is not PhaseView.FULL:
            yield seen(
                ("inform", "by"),
                "{party} moet de bewoner informeren vanaf `{phase}`, maar ziet in {case_type} die fase niet",
                "{party} is to inform the resident from `{phase}`, but does not see that phase in {case_type}",
                party=inform.by,
                phase=inform.from_,
                case_type=case_type.id,
            )


def _one_counter(dossier: Dossier) -> Iterator[Sighting]:
    rights = dossier.covenant.rights
    if rights is not None and rights.by is None:
        yield seen(
            ("rights",),
            "`rights` zegt niet welke partij het loket heeft",
            "`rights` does not say which party has the counter",
            key=True,
        )


def _breach_late(dossier: Dossier) -> Iterator[Sighting]:
    breach = dossier.covenant.breach
    if breach is not None and breach.within.after(_A_DAY) > Period(3, "day").after(_A_DAY):
        yield seen(
            ("breach", "within"),
            "een datalek wordt pas na {within} gemeld; de wet zegt binnen 72 uur",
            "a breach is reported only after {within}; the law says within 72 hours",
            within=lasting(breach.within),
        )


def _without_key(dossier: Dossier) -> Iterator[Sighting]:
    for party in dossier.covenant.parties.values():
        if party.signing_key is None:
            yield seen(
                ("parties", party.id),
                "{party} heeft geen `signing_key` en kan dus niet ondertekenen",
                "{party} has no `signing_key` and so cannot sign",
                hint=Label("`broker covenant new-key` maakt er een", "`broker covenant new-key` makes one"),
                key=True,
                party=party.id,
            )


def _without_activity(dossier: Dossier) -> Iterator[Sighting]:
    for purpose in dossier.covenant.purposes.values():
        if purpose.activity is None:
            yield seen(
                ("purposes", purpose.id),
                "doel `{purpose}` noemt zijn verwerking in het register niet",
                "purpose `{purpose}` does not name its processing in the register",
                hint=Label("vul `activity` in", "fill in `activity`"),
                key=True,
                purpose=purpose.id,
            )


def _dpv(dossier: Dossier) -> Iterator[Sighting]:
    covenant = dossier.covenant
    named: list[tuple[Path, str | None]] = [(("purposes", each.id, "dpv"), each.dpv) for each in covenant.purposes.values()]
    named += [(("legal_bases", each.id, "dpv"), each.dpv) for each in covenant.legal_bases.values()]
    named += [(("data", each.id, "dpv"), each.dpv) for each in covenant.categories.values()]
    inherited = {each.id: each.dpv for each in covenant.categories.values()}
    for field in covenant.fields.values():
        category, _, short = field.name.partition(".")
        if field.dpv != inherited[category]:
            named.append((("data", category, "fields", short, "dpv"), field.dpv))
    for at, iri in named:
        if iri is not None and not _DPV.fullmatch(iri):
            yield seen(
                at,
                "`{iri}` is geen begrip van de Data Privacy Vocabulary",
                "`{iri}` is no concept of the Data Privacy Vocabulary",
                hint=Label("zoals https://w3id.org/dpv/pd#Name", "such as https://w3id.org/dpv/pd#Name"),
                iri=iri,
            )


def _small_cells(dossier: Dossier) -> Iterator[Sighting]:
    insight = dossier.covenant.insight
    if insight is not None and (insight.minimum_cell < 10 or not insight.complementary_suppression):  # noqa: PLR2004 - the design's default
        yield seen(
            ("insight",),
            "aantallen vanaf {cell} per {geography} kunnen iemand aanwijzen",
            "counts from {cell} per {geography} can point at somebody",
            hint=Label(
                "`minimum_cell: 10` en `complementary_suppression: true`", "`minimum_cell: 10` and `complementary_suppression: true`"
            ),
            key=True,
            cell=insight.minimum_cell,
            geography=insight.geography,
        )


RULES = (
    *(warns(f"{part}-missing", law, title.nl, title.en, _absent(part, wanted)) for part, law, title, wanted in _PARTS),
    warns("processor-contract", "AVG art. 28", "een verwerker zonder contract", "a processor without a contract", _contract),
    warns("inform-late", "AVG art. 14", "de bewoner hoort het laat", "the resident is told late", _told_late),
    warns("inform-unable", "AVG art. 14", "wie informeert, weet het niet", "who informs does not know", _cannot_tell),
    warns("rights-without-party", "AVG art. 26(1)", "een loket van niemand", "a counter of nobody", _one_counter),
    warns("breach-late", "AVG art. 33, Wpg art. 33a", "een lek te laat gemeld", "a breach reported late", _breach_late),
    warns("signing-key-missing", None, "een partij die niet kan tekenen", "a party that cannot sign", _without_key),
    warns("activity-missing", "AVG art. 30", "een doel buiten het register", "a purpose outside the register", _without_activity),
    warns("dpv-unknown", None, "geen DPV-begrip", "no DPV concept", _dpv),
    warns("small-cells", "Wpg art. 22", "te kleine aantallen", "counts too small", _small_cells),
)
