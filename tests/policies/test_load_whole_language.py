"""What the language can say beyond what the shipped covenant says: read, kept, in the hash, and nothing of it permits anything."""

# ruff: noqa: E501 - a message stands on one line, as it is printed

from __future__ import annotations

from datetime import date, timedelta

import pytest

from policies.canonical import canonical_bytes, covenant_sha256
from policies.compile import compile_covenant
from policies.covenant import Covenant
from policies.load import load_covenant
from policies.values import Label, Period
from policies.vocabulary import ArticleId
from tests.policies.yaml_edits import edited, loaded, mistakes, mistakes_of, refusals_of

HANDOVER = """handovers:
  - handover: H1
    title: {nl: Naar het Zorg- en Veiligheidshuis, en: To the safety house}
    by: [city.director]
    from: care
    to: {covenant: safety-house, case_type: person, receiver: GGD Waterland, basis: [task, explicit]}
    case_types: [street]
    phases: [plan]
    about: [tenant]
    fields: {help.contact: full}
    basis: [task, explicit, waiver]
    conditions: {consent: {by: subject, refusal_has_no_effect: true}, advice: true}
    necessity: {decision: wie helpt, without: niemand helpt, subsidiarity: eerst hier geprobeerd}
    closes_as: resolved
"""
EMERGENCY = """emergency:
  - who: [city.director]
    fields: [help.contact]
    basis: {giver: [task, explicit, waiver], receiver: [task, explicit]}
    requires: [person_at_risk]
    statements: {person_at_risk: {nl: Iemand is in levensgevaar, en: A person is in mortal danger}}
    reasons: [fire, collapse]
    lasts: 24 hours
    review_within: 3 days
    reviewed_by: [privacy_officer]
"""
TAIL = """signals:
  kinds:
    concern:
      title: {nl: Zorgen, en: Concern}
      from: [resident, landlord]
      to: care.worker
      opens: street
      within: 2 days
      anonymous: true
      offence: {to: city.director, within: 1 day}
      remind: [city.director]
insight: {geography: block, counts: [signals, cases], every: 3 months}
retention: {default: 2 years, legal_hold: [privacy_officer], hold_recheck: 6 months}
rights: {contact: fg@city.example, within: 1 month, counters: {care: fg@care.example}}
breach: {contact: lek@city.example, within: 24 hours, by: city}
evaluation: {by: city, every: 1 year, first_on: 2026-12-01, report: "https://city.example/evaluatie"}
"""
HEAD = """partnership: {kind: wgs_zvh, name: Veiligheidshuis, coordinating_officer: fg@huis.example, advice_by: RAC, audit: 4 years, annual_report: "https://huis.example"}
inform: {by: city, from: triage, within: 1 month, about: [tenant], how: {nl: brief, en: letter}, defer: {ground: UAVG 41(1)(d), recheck: 30 days, decided_by: FG, at_most: 6 months}}
accession: {agreed_by: all_parties, conditions: [een DPIA, een FG]}
withdrawal: {notice: 3 months, effect: party_only, received_data: destroy, to: de regisseur, open_cases: hand_over, destroyed_within: 30 days}
log: {controllers: [city], retention: 5 years, readers: [auditor], activity: "https://city.example/register/log"}
parties:
"""
EVERYTHING = (
    ("parties:\n", HEAD),
    (
        "    privacy_officer: fg@city.example\n",
        "    privacy_officer: fg@city.example\n    accession: 2026-01-01\n    withdrawal: 2026-12-31\n",
    ),
    ("organ: mayor}", "organ: mayor, designated: true, designated_by: besluit 7, function: execution}"),
    ("article: 6(1)(e)}", "article: 6(1)(e), valid_from: 2018-05-25, valid_until: 2030-01-01, balanced_on: 2025-01-01}"),
    ("    legal_basis: {city", '    activities: {care: "https://care.example/register"}\n    legal_basis: {city'),
    ("plan: {owner", "plan: {law: Wgs 2.31(3), owner"),
    ("    title: {nl: Hulp, en: Help}\n    fields:", "    law: Wgs 2.30(l)\n    title: {nl: Hulp, en: Help}\n    fields:"),
    ("{type: integer, title", "{type: integer, means: {nl: meldingen van een jaar, en: complaints of a year}, title"),
    ("never:\n", HANDOVER + "never:\n"),
    ("    because:", "    law: UAVG art. 22\n    because:"),
    ("scenarios:\n", EMERGENCY + TAIL + "scenarios:\n"),
)


@pytest.fixture(scope="module")
def whole() -> Covenant:
    return loaded(*EVERYTHING)


def test_what_the_language_can_say_is_kept(whole: Covenant) -> None:
    assert whole.partnership is not None
    assert (whole.partnership.kind, whole.partnership.audit) == ("wgs_zvh", Period(4, "year"))
    assert whole.inform is not None
    assert (whole.inform.about, whole.inform.how) == ({"tenant"}, Label("brief", "letter"))
    assert whole.inform.defer is not None
    assert whole.inform.defer.at_most == Period(6, "month")
    assert whole.accession is not None
    assert whole.accession.conditions == ("een DPIA", "een FG")
    assert whole.withdrawal is not None
    assert (whole.withdrawal.open_cases, whole.withdrawal.destroyed_within) == ("hand_over", Period(30, "day"))
    assert whole.signals["concern"].anonymous
    assert whole.signals["concern"].offence is not None
    assert whole.signals["concern"].offence.within == timedelta(days=1)
    assert whole.legal_bases["task"].valid_until == date(2030, 1, 1)  # type: ignore[index]  # names as the file has them
    assert whole.parties["city"].roles["city.director"].designated_by == "besluit 7"  # type: ignore[index]
    assert whole.case_types["street"].ladder["plan"].law == "Wgs 2.31(3)"  # type: ignore[index]
    assert whole.categories["help"].law == "Wgs 2.30(l)"
    assert whole.fields["complaints.count"].means == Label("meldingen van een jaar", "complaints of a year")  # type: ignore[index]
    assert whole.never[0].law == "UAVG art. 22"
    assert whole.emergency[0].statements["person_at_risk"].nl == "Iemand is in levensgevaar"
    assert whole.rights is not None
    assert whole.rights.counters == {"care": "fg@care.example"}
    (handover,) = whole.handovers
    assert (handover.to.covenant, handover.to.receiver, handover.closes_as) == ("safety-house", "GGD Waterland", "resolved")


def test_it_reads_back_from_its_canonical_form_and_every_part_of_it_is_in_the_hash(whole: Covenant) -> None:
    assert load_covenant(canonical_bytes(whole)) == whole
    every = {covenant_sha256(loaded(*EVERYTHING[:at], *EVERYTHING[at + 1 :])) for at in range(len(EVERYTHING))}
    assert len(every) == len(EVERYTHING)
    assert covenant_sha256(whole) not in every


def test_the_shipped_covenant_has_the_hash_that_it_had_before_the_language_grew(shipped: Covenant) -> None:
    """A language grows by keys that may be left out; what says nothing is not in the canonical form."""
    assert b'"handovers"' not in canonical_bytes(shipped)
    assert covenant_sha256(loaded()) == "f09d4d484e7437c04ea936c5d6ac9b6d7288ac5f1168f2b096645e3cda33f874"


def test_none_of_it_permits_anything(whole: Covenant) -> None:
    """A handover least of all: it is no article, so no rule comes of it and no ask is answered by it."""
    policy = compile_covenant(whole)
    assert policy.sha256 == compile_covenant(loaded()).sha256
    assert ArticleId("H1") not in policy.articles
    assert {rule.article for rule in policy.rules} == {"1", "2"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fields: {help.contact: full}\n    basis: [", "fields: {help.contact: month}\n    basis: [", "105:28: error[form-of-another-type]: `help.contact` is a string and has no form month: expected one of full, initials, postcode4, present"),
        ("closes_as: resolved", "closes_as: bored", "109:16: error[unknown-reason]: `bored` is no reason to close a case of type street: expected one of resolved, unfounded"),
        ("covenant: safety-house", "covenant: small", "101:20: error[hands-over-to-itself]: handover H1 goes to this covenant itself; what is shared within it stands in an article"),
        ("basis: [task, explicit]}\n    case", "basis: [tusk]}\n    case", "101:86: error[unknown-legal-basis]: unknown legal basis `tusk`; did you mean `task`?"),
        ("phases: [plan]\n    about: [tenant]\n    fields: {help.contact: full}\n    basis: [", "phases: [closed]\n    about: [tenant]\n    fields: {help.contact: full}\n    basis: [", "103:13: error[shielded-phase]: handover H1 gives in phase `closed`, which is shielded: a closed case gives nothing"),
    ],
)  # fmt: skip
def test_what_a_handover_says_wrongly_is_told_at_its_own_words(old: str, new: str, message: str) -> None:
    text = edited(("never:\n", HANDOVER + "never:\n")).decode()
    assert text.count(old) == 1
    assert mistakes(text.replace(old, new).encode()) == [message]


def test_two_handovers_do_not_share_a_number() -> None:
    twice = HANDOVER + HANDOVER.removeprefix("handovers:\n").replace("niemand helpt", "niets helpt")
    assert mistakes_of(("never:\n", twice + "never:\n")) == ["110:15: error[duplicate-handover]: handover `H1` stands here a second time"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from: care\n    to: {cov", "from: landlord\n    to: {cov", "105:14: error[not-the-holder]: handover H1 gives `help.contact` from landlord, but its holder is care"),
        ("basis: [task, explicit, waiver]\n    cond", "basis: [task, explicit]\n    cond", "106:12: error[no-ground-to-give]: handover H1: care has no ground to give `help.contact` (secrecy, special): expected a basis of kind duty or secrecy_exception (BW 7:457)"),
        ("receiver: GGD Waterland, basis: [task, explicit]", "receiver: GGD Waterland, basis: [task]", "101:85: error[no-ground-to-receive]: handover H1: GGD Waterland has no ground to receive `help.contact` (secrecy, special): expected a basis of kind gdpr9 or wgs (AVG art. 9(2))"),
        ("    to: landlord\n    classes: [special, secrecy]", "    classes: [special]\n    law: UAVG art. 22", "105:28: error[never-broken]: never N1 (choice) is broken: handover H1 gives `help.contact` to GGD Waterland (UAVG art. 22); een verhuurder heeft daar geen taak"),
    ],
)  # fmt: skip
def test_a_handover_needs_its_grounds_and_is_bound_by_what_must_never_be(old: str, new: str, message: str) -> None:
    assert message in refusals_of(("never:\n", HANDOVER.replace(old, new) + "never:\n"), *([] if old in HANDOVER else [(old, new)]))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("    signatory: {function: burgemeester}\n", "    signatory: {function: burgemeester}\n    accession: 2026-02-01\n    withdrawal: 2026-01-01\n"), "8:5: error[impossible]: a party: expected accession <= withdrawal, found 2026-02-01 and 2026-01-01"),
        (("article: 6(1)(e)}", "article: 6(1)(e), valid_from: 2026-01-01, valid_until: 2025-01-01}"), "36:9: error[impossible]: a legal basis: expected valid_from <= valid_until, found 2026-01-01 and 2025-01-01"),
        (("organ: mayor}", "organ: mayor, designated_by: besluit 7}"), "15:17: error[impossible]: a role: `designated_by` goes with `designated: true`, and with nothing else"),
        (("scenarios:\n", TAIL.replace("[resident, landlord]", "[landlord]") + "scenarios:\n"), "105:7: error[impossible]: a kind of signal: `anonymous` is for residents, but `from` does not name `resident`"),
        (("scenarios:\n", EMERGENCY.replace("statements: {person_at_risk", "statements: {person_at_ease") + "scenarios:\n"), "107:18: error[unknown-statement]: `person_at_ease` is not required: expected one of person_at_risk"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(edit: tuple[str, str], message: str) -> None:
    assert message in mistakes_of(edit)
