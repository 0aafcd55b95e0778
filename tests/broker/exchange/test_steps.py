"""The seven steps of an exchange that is not refused: what each source is asked, what is given and what the log has of it."""

from __future__ import annotations

from datetime import date

from audit.entry import Outcome
from audit.receipt import verify_receipt
from broker.cases.state import ConditionKind
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.disclosure import Disclosure
from policies.vocabulary import FieldName, PurposeId
from tests.broker.exchange.asking import END_NUISANCE, OUTSET, an_ask, disclose
from tests.broker.seams import TRACE, Bench, on_resident, staged
from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

RELEASED = ["exchange.decision", "exchange.release"]


def given(disclosure: Disclosure) -> dict[str, object]:
    return {one.field: one.masked.value for one in disclosure.fields}


def test_strictly_what_the_covenant_has_and_the_case_does_not_give_refuses_nothing(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse, "triage", participants=OUTSET).id  # in triage the police are not in it yet
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, "incidents.count_12m", strict=True))
    assert disclosure.fields == ()
    assert disclosure.withheld == (("incidents.count_12m", "wrong_phase"),)
    assert bench.reads == []


def test_without_strictness_what_is_permitted_is_given_and_the_rest_is_named(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, "support.kind", "complaints.count_12m", "care_contact.contact"))
    assert given(disclosure) == {"complaints.count_12m": 17}
    assert disclosure.withheld == (("support.kind", "not_in_covenant"), ("care_contact.contact", "not_given"))


def test_each_source_is_asked_for_its_granted_fields_and_for_nothing_else(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    playhouse.contribute(OFFICER, case, incidents__count_12m=7, incidents__last_on="2026-10-03", incidents__kind="ruzie")
    wanted = ("complaints.count_12m", "incidents.count_12m", "incidents.kind", "arrears.months", "care_contact.contact", "person.address")
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, *wanted))
    assert {name: source.asked for name, source in bench.sources.items()} == {
        "rental": [{"complaints.count_12m"}],
        "released-by-police": [{"incidents.count_12m"}],
        "case-system": [],
        "released-by-care": [],
    }
    assert given(disclosure) == {"complaints.count_12m": 17, "incidents.count_12m": "3-9"}
    assert {one.field: one.source for one in disclosure.fields} == {
        "complaints.count_12m": "rental",
        "incidents.count_12m": "released-by-police",
    }


def test_a_source_learns_its_own_reference_the_granted_form_and_nothing_about_who_asks(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    playhouse.contribute(OFFICER, case, incidents__count_12m=7)
    disclose(playhouse, bench, DIRECTOR, an_ask(case, "complaints.last_on", "incidents.count_12m", "identity.first_names"))
    (rental,), (police,) = bench.sources["rental"].reads, bench.sources["released-by-police"].reads
    assert (rental.holder, rental.local_reference) == (CORPORATION, MAIN.references[CORPORATION])
    assert {wanted.field: str(wanted.form) for wanted in rental.wanted} == {
        "complaints.last_on": "month",
        "identity.first_names": "initials",
    }
    assert (police.holder, police.local_reference) == (POLICE, None), "what was given for this case needs no key to a register"
    assert rental.traceparent == TRACE.traceparent
    told = repr(rental) + repr(police)
    for foreign in (MAIN.references[MUNICIPALITY], MAIN.references[POLICE], MAIN.references[CARE], DIRECTOR, END_NUISANCE):
        assert foreign not in told


def test_an_ask_of_which_nothing_is_granted_reads_nothing_and_is_released_as_nothing(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    before = playhouse.mark()
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, "care_contact.contact"))
    assert (disclosure.fields, disclosure.withheld) == ((), (("care_contact.contact", "not_given"),))
    assert bench.reads == []
    decision, release = playhouse.entries(after=before)
    assert (decision.core.withheld, release.core.withheld) == ((("care_contact.contact", "no_consent"),),) * 2
    assert (release.envelope.typ, release.core.outcome, release.core.holders) == ("exchange.release", Outcome.DENY, ())


def test_what_is_granted_and_not_there_is_withheld_like_all_else_that_is_not_given(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    before = playhouse.mark()
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, "incidents.count_12m", "complaints.count_12m"))
    assert disclosure.withheld == (("incidents.count_12m", "not_given"),)
    release = playhouse.entries("exchange.release", after=before)[0]
    assert release.core.withheld == (("incidents.count_12m", "nothing_there"),)
    assert release.core.holders == (CORPORATION,), "the police gave nothing, and are no holder of it"


def test_a_release_names_fields_and_forms_and_no_value(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    playhouse.contribute(OFFICER, case, incidents__count_12m=7, incidents__last_on="2026-10-03")
    before = playhouse.mark()
    asked = ("incidents.last_on", "incidents.count_12m", "identity.last_name", "support.kind")
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, *asked))
    decision, release = playhouse.entries(after=before)
    assert [decision.envelope.typ, release.envelope.typ] == RELEASED
    assert (decision.envelope.id, release.envelope.ref) == (disclosure.id, disclosure.id)
    assert release.core.requested == decision.core.requested == asked
    assert release.core.released == (
        ("incidents.last_on", "month"),
        ("incidents.count_12m", "bands(0-2,3-9,10+)"),
        ("identity.last_name", "full"),
    )
    assert release.core.articles == ("10.1", "7.1")
    assert release.core.holders == (CORPORATION, POLICE)
    assert (release.core.requester, release.core.purpose, release.core.outcome) == (MUNICIPALITY, END_NUISANCE, Outcome.PARTIAL)
    assert (release.core.trace_id, release.core.span_id) == (TRACE.trace_id, TRACE.span_id)
    assert (release.actor.role, release.actor.on_behalf_of) == (DIRECTOR, MUNICIPALITY)
    assert release.core.covenant.sha256 == disclosure.covenant[2] == playhouse.stage.sha256
    for value in (MAIN.last_name, "2026-10", case):
        assert value not in repr((release.core, release.actor, decision.core))


def test_a_value_leaves_in_its_form_and_its_date_does_too(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    path = f"/v1/connectors/police/cases/{case}/contributions"
    fields = {"incidents.last_on": {"value": "2026-10-03", "asOf": "2026-11-17"}, "incidents.count_12m": {"value": 7, "asOf": "2026-11-17"}}
    playhouse.post(OFFICER, path, {"fields": fields})
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(case, "incidents.last_on", "incidents.count_12m", "identity.first_names"))
    shown = {one.field: (one.masked.value, one.masked.as_of) for one in disclosure.fields}
    assert shown["incidents.last_on"] == ("2026-10", "2026-11")
    assert shown["incidents.count_12m"][0] == "3-9"
    assert shown["identity.first_names"][0] == "J.C."
    (lookup,) = bench.sources["released-by-police"].reads
    read = bench.sources["released-by-police"].instead(lookup)[FieldName("incidents.last_on")]
    assert read.value == date(2026, 10, 3), "the source had the day; the month is what left"


def test_the_receipt_is_of_the_release_and_verifies(playhouse: Theatre, bench: Bench) -> None:
    before = playhouse.mark()
    disclosure = disclose(playhouse, bench, DIRECTOR, an_ask(staged(playhouse, "triage", participants=OUTSET).id, "complaints.kind"))
    position = verify_receipt(disclosure.receipt.encode(), [playhouse.broker.receipt_signer.verifier])
    (release,) = playhouse.entries("exchange.release", after=before)
    assert position == release.position


def test_a_repeat_refers_to_the_first_exchange(playhouse: Theatre, bench: Bench) -> None:
    case, before = staged(playhouse, "triage", participants=OUTSET).id, playhouse.mark()
    first = disclose(playhouse, bench, DIRECTOR, an_ask(case, "complaints.kind"))
    again = disclose(playhouse, bench, DIRECTOR, an_ask(case, "complaints.kind", repeats=first.id))
    refs = [record.envelope.ref for record in playhouse.entries("exchange.decision", after=before)]
    assert (refs, again.id == first.id) == ([None, first.id], False)


def test_who_asks_is_shown_the_phase_only_as_far_as_the_covenant_shows_it(playhouse: Theatre, bench: Bench) -> None:
    """The director is shown the phase, so a wrong phase may be told; to the police that same reason is like all else in a concern."""
    case, concern = staged(playhouse).id, staged(playhouse, case_type="resident_concern").id
    assert disclose(playhouse, bench, DIRECTOR, an_ask(case, "incidents.count_3m")).withheld == (("incidents.count_3m", "wrong_phase"),)
    before, ask = playhouse.mark(), an_ask(concern, "person.last_name", purpose=PurposeId("resident_safety"))
    assert disclose(playhouse, bench, OFFICER, ask).withheld == (("person.last_name", "not_given"),)
    (decision,) = playhouse.entries("exchange.decision", after=before)
    assert decision.core.withheld == (("person.last_name", "wrong_phase"),)


def test_a_party_is_told_of_no_source_that_it_may_not_know_takes_part(playhouse: Theatre, bench: Bench) -> None:
    def broken(_lookup: object) -> dict[FieldName, object]:
        raise RuntimeError("out of order")

    case = staged(playhouse).id
    bench.sources["case-system"].instead = bench.sources["released-by-care"].instead = broken
    known = disclose(playhouse, bench, SOCIAL_MANAGER, an_ask(case, "coordination.lead"))
    assert (known.withheld, known.unavailable) == ((("coordination.lead", "not_given"),), (("case-system", "malformed"),))
    with_consent = staged(playhouse, conditions=on_resident(playhouse, ConditionKind.CONSENT, "11.1")).id
    director = disclose(playhouse, bench, DIRECTOR, an_ask(with_consent, "care_contact.contact"))
    assert director.unavailable == (("released-by-care", "malformed"),)
    consents = on_resident(playhouse, ConditionKind.CONSENT, "11.6")
    concern = staged(playhouse, case_type="resident_concern", conditions=consents).id
    reads = len(bench.reads)
    unshown = disclose(playhouse, bench, OFFICER, an_ask(concern, "care_contact.contact", purpose=PurposeId("resident_safety")))
    assert len(bench.reads) == reads + 1
    assert (unshown.withheld, unshown.unavailable) == ((("care_contact.contact", "not_given"),), ())


def test_after_all_of_this_nothing_is_open_and_the_log_holds(playhouse: Theatre, bench: Bench) -> None:
    disclose(playhouse, bench, DIRECTOR, an_ask(staged(playhouse, "triage", participants=OUTSET).id, "complaints.kind"))
    assert playhouse.verdict().findings == ()
    ended = [record.envelope.ref for record in playhouse.entries("exchange.release", "exchange.refused", "exchange.failed")]
    assert sorted(ended) == sorted(record.envelope.id for record in playhouse.entries("exchange.decision"))
