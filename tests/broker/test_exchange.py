"""The exchange, step by step, and what is true when a step fails. The numbers are those of `broker/exchange.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest

from audit.entry import Core
from audit.errors import LogUnavailable
from audit.receipt import verify_receipt
from audit.records import Record
from broker.acceptance import sign_acceptance
from broker.cases.errors import CaseChanged, UnknownCase
from broker.demo.people import POLICE
from broker.demo.stage import COVENANT as COVENANT_FILE
from broker.demo.stage import covenant_with
from broker.disclosure import CaseAsk, Disclosure
from broker.errors import UnauthorizedField, UnknownRole
from broker.trace import begin
from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item
from policies.compile import Policy, compile_covenant
from policies.decide import Ask, Facts, decide
from policies.load import load_covenant
from policies.vocabulary import FULL, PRESENT, ArticleId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, RoleId, SubjectKind, Value
from tests.broker.faults import during_fetch, log_failing, source_doing
from tests.journeys.routes import NOBODYS_ID
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

END_NUISANCE = PurposeId("end_nuisance")
FIELDS = ("complaints.count_12m", "incidents.count_12m", "care_contact.contact", "support.kind")
RELEASED = ["exchange.decision", "exchange.release"]
REFUSED = ["exchange.decision", "exchange.refused"]
FAILED = ["exchange.decision", "exchange.failed"]


def disclose(
    house: Theatre, case: str, *fields: str, role: RoleId = DIRECTOR, strict: bool = False, subject: int | None = None
) -> Disclosure:
    ask = CaseAsk(case, END_NUISANCE, tuple(map(FieldName, fields or FIELDS)), subject, strict=strict)
    return house.broker.exchange.disclose(house.caller(role), ask, begin(None, house.broker.world.random))


@pytest.fixture
def case(house: Theatre) -> str:
    """In consultation, with everybody in, incidents released, and contact and consent of care."""
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.contribute(CASE_MANAGER, case, care_contact__contact="M. Kwikstaart")
    house.post(CASE_MANAGER, f"/v1/cases/{case}/conditions", {"kind": "consent", "article": "11.1", "given": True})
    return case


def given(disclosure: Disclosure) -> Mapping[str, Value]:
    return {one.field: one.masked.value for one in disclosure.fields}


def core(record: Record) -> Core:
    assert record.core is not None
    return record.core


def one_end_for_every_decision(house: Theatre) -> None:
    ends: dict[str, list[str]] = {record.position.id: [] for record in house.entries("exchange.decision")}
    for record in house.entries("exchange.release", "exchange.refused", "exchange.failed"):
        assert record.envelope.ref is not None
        ends[record.envelope.ref].append(record.envelope.typ)
    assert [typs for typs in ends.values() if len(typs) != 1] == []
    assert house.verdict().findings == ()


# Steps 1 and 3.


@pytest.mark.parametrize("which", ["not in the covenant", "strictly", "of another subject"])
def test_3_a_refusal_is_one_commit_of_decision_and_end_and_reads_no_source(house: Theatre, case: str, which: str) -> None:
    mark = house.mark()
    with source_doing(house, "rental", _nothing) as rental, source_doing(house, "released-by-police", _nothing) as police:
        if which == "not in the covenant":
            with pytest.raises(UnauthorizedField):
                disclose(house, case, "incidents.count_12m", role=SOCIAL_MANAGER)
        elif which == "strictly":
            with pytest.raises(UnauthorizedField):
                disclose(house, case, strict=True)
        else:
            with pytest.raises(Exception, match="subject"):
                disclose(house, case, subject=2)
    assert rental == police == []
    assert house.since(mark) == REFUSED
    one_end_for_every_decision(house)


def test_1_one_field_outside_the_covenant_does_not_refuse_the_others(house: Theatre, case: str) -> None:
    assert dict(disclose(house, case).withheld) == {"support.kind": "not_in_covenant"}


# Step 2.


def test_2_with_the_log_down_nothing_has_happened(house: Theatre, case: str) -> None:
    mark = house.mark()
    with log_failing(house, "exchange.decision"), source_doing(house, "rental", _nothing) as rental, pytest.raises(LogUnavailable):
        disclose(house, case)
    assert rental == []
    assert house.since(mark) == []
    with log_failing(house, "exchange.decision"), pytest.raises(LogUnavailable):
        disclose(house, NOBODYS_ID)
    assert house.since(mark) == []


def test_2_where_the_answer_of_the_log_is_lost_no_source_is_read_and_the_sweeper_closes_it(house: Theatre, case: str) -> None:
    mark = house.mark()
    with (
        log_failing(house, "exchange.decision", lost=True),
        source_doing(house, "rental", _nothing) as rental,
        pytest.raises(LogUnavailable),
    ):
        disclose(house, case)
    assert rental == []
    assert house.since(mark) == ["exchange.decision"]
    _sweep_everything(house)
    assert house.since(mark) == FAILED
    assert core(house.entries("exchange.failed")[-1]).reasons == ("interrupted",)
    one_end_for_every_decision(house)


# Step 4.


def test_4_only_the_granted_fields_are_asked_of_each_source_with_its_own_reference(house: Theatre, case: str) -> None:
    with source_doing(house, "rental", _nothing) as rental, source_doing(house, "released-by-police", _nothing) as police:
        disclose(house, case, "complaints.count_12m", "complaints.offence_kind", "incidents.count_12m", "incidents.kind")
    (asked_of_rental,), (asked_of_police,) = rental, police
    assert [wanted.field for wanted in asked_of_rental.wanted] == ["complaints.count_12m"]
    assert asked_of_rental.local_reference == "204117"
    assert [(wanted.field, str(wanted.form)) for wanted in asked_of_police.wanted] == [("incidents.count_12m", "bands(0-2,3-9,10+)")]
    assert asked_of_police.local_reference is None


@pytest.mark.parametrize("name", ["a bug", "unreachable", "late", "another form", "another field", "nonsense"])
def test_4_a_source_that_fails_takes_its_own_fields_along_and_no_others(house: Theatre, case: str, name: str) -> None:
    mark = house.mark()
    release = threading.Event()

    def read(_: object) -> Mapping[FieldName, Item]:
        if name == "a bug":
            raise RuntimeError("mark-4711 is in my text")
        if name == "unreachable":
            raise SourceUnavailable("rental", Unavailable.UNREACHABLE)
        if name == "late":
            release.wait(20)
        if name == "another field":
            return {FieldName("complaints.count_12m"): Item(17, FULL, None), FieldName("arrears.amount"): Item(900, FULL, None)}
        if name == "another form":
            return {FieldName("complaints.count_12m"): Item(17, PRESENT, None)}
        return "nonsense"  # type: ignore[return-value]

    house.broker.exchange._fetching._deadline_s = 0.3
    with source_doing(house, "rental", read):
        disclosure = disclose(house, case)
    release.set()
    assert set(given(disclosure)) == {"incidents.count_12m", "care_contact.contact"}
    assert dict(disclosure.withheld)["complaints.count_12m"] == "not_given"
    reason = {"unreachable": "unreachable", "late": "timeout"}.get(name, "malformed")
    assert disclosure.unavailable == (("rental", reason),)
    release_entry = core(house.entries("exchange.release")[-1])
    assert release_entry.unavailable == (("rental", reason),)
    assert ("complaints.count_12m", "source_unavailable") in release_entry.withheld
    assert "mark-4711" not in house.events.getvalue()
    assert house.since(mark) == RELEASED


def test_4_a_source_is_named_unavailable_only_to_whom_may_know_that_its_party_takes_part(house: Theatre, case: str) -> None:
    def down(_: object) -> Mapping[FieldName, Item]:
        raise SourceUnavailable("case-system", Unavailable.UNREACHABLE)

    with source_doing(house, "case-system", down):
        assert disclose(house, case, "coordination.lead", role=SOCIAL_MANAGER).unavailable == (("case-system", "unreachable"),)


def test_4_an_exchange_that_breaks_is_on_the_record_as_failed(house: Theatre, case: str) -> None:
    def broken(_: int) -> None:
        raise ZeroDivisionError

    mark = house.mark()
    with during_fetch(house, broken), pytest.raises(ZeroDivisionError):
        disclose(house, case)
    assert house.since(mark) == FAILED
    assert core(house.entries("exchange.failed")[-1]).reasons == ("unexpected",)
    one_end_for_every_decision(house)


# Step 5.


def test_5_what_a_source_gives_in_full_leaves_in_its_form(house: Theatre, case: str) -> None:
    def whole(_: object) -> Mapping[FieldName, Item]:
        return MappingProxyType({FieldName("incidents.count_12m"): Item(7, FULL, None)})

    with source_doing(house, "released-by-police", whole):
        assert given(disclose(house, case, "incidents.count_12m")) == {"incidents.count_12m": "3-9"}


@pytest.mark.parametrize("value", ["seven", True, 7.5, None, "9" * 1000])
def test_5_a_value_of_another_type_is_dropped_as_if_nothing_were_there(house: Theatre, case: str, value: Value) -> None:
    def strange(_: object) -> Mapping[FieldName, Item]:
        return {FieldName("incidents.count_12m"): Item(value, FULL, None)}

    with source_doing(house, "released-by-police", strange):
        disclosure = disclose(house, case, "incidents.count_12m")
    if value is None:
        assert given(disclosure) == {"incidents.count_12m": None}
    else:
        assert given(disclosure) == {}
        assert dict(disclosure.withheld) == {"incidents.count_12m": "not_given"}


# Step 6.


def test_6_with_the_log_down_nothing_leaves_and_the_sweeper_closes_it(house: Theatre, case: str) -> None:
    mark = house.mark()
    with log_failing(house, "exchange.release", "exchange.failed"), pytest.raises(LogUnavailable):
        disclose(house, case)
    assert house.since(mark) == ["exchange.decision"]
    _sweep_everything(house)
    assert house.since(mark) == FAILED
    one_end_for_every_decision(house)


def test_6_with_only_the_release_refused_the_failure_is_on_the_record(house: Theatre, case: str) -> None:
    mark = house.mark()
    with log_failing(house, "exchange.release"), pytest.raises(LogUnavailable):
        disclose(house, case)
    assert house.since(mark) == FAILED


def test_6_where_the_answer_of_the_log_is_lost_nothing_leaves_and_the_log_over_states(house: Theatre, case: str) -> None:
    mark = house.mark()
    with log_failing(house, "exchange.release", lost=True), pytest.raises(LogUnavailable):
        disclose(house, case)
    _sweep_everything(house)
    assert house.since(mark) == RELEASED
    one_end_for_every_decision(house)


def _by_post(role: RoleId, path: str, **body: object) -> Callable[[Theatre, str], object]:
    return lambda house, case: house.post(role, path.format(case=case), body)


#: what may happen between fetch and release, and which field it takes away
MEANWHILE: Mapping[str, tuple[Callable[[Theatre, str], object], str]] = {
    "a veto": (_by_post(OFFICER, "/v1/cases/{case}/vetoes", fields=["incidents.count_12m"]), "incidents.count_12m"),
    "a veto of everything": (_by_post(OFFICER, "/v1/cases/{case}/vetoes", fields=[]), "incidents.count_12m"),
    "consent withdrawn": (
        _by_post(CASE_MANAGER, "/v1/cases/{case}/conditions", kind="consent", article="11.1", given=False),
        "care_contact.contact",
    ),
    "a contribution withdrawn": (
        _by_post(OFFICER, "/v1/connectors/police/cases/{case}/withdrawals", fields=["incidents.count_12m"]),
        "incidents.count_12m",
    ),
    "another person": (_by_post(OFFICER, "/v1/cases/{case}/identifications", outcome="mismatch"), "incidents.count_12m"),
    "the police leave": (_by_post(OFFICER, "/v1/cases/{case}/departures"), "incidents.count_12m"),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_6_what_narrowed_the_case_since_it_was_read_is_decided_again(house: Theatre, case: str, name: str) -> None:
    happening, lost = MEANWHILE[name]
    mark = house.mark()
    with during_fetch(house, lambda number: happening(house, case) if number == 1 else None) as fetching:
        disclosure = disclose(house, case)
    assert len(fetching.fetches) == 2
    assert lost not in given(disclosure)
    assert dict(disclosure.withheld)[lost] == "not_given"
    assert "complaints.count_12m" in given(disclosure)
    entries = house.entries(after=mark)
    assert [record.envelope.typ for record in entries if record.envelope.typ.startswith("exchange.")] == RELEASED
    assert lost not in {field for field, _ in core(entries[-1]).released}
    one_end_for_every_decision(house)


def test_6_a_move_to_another_phase_is_decided_again(house: Theatre, case: str) -> None:
    def moves(number: int) -> None:
        if number == 1:
            house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "plan"})
            house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "aftercare"})

    with during_fetch(house, moves):
        disclosure = disclose(house, case)
    assert set(given(disclosure)) == {"care_contact.contact"}
    assert dict(disclosure.withheld)["incidents.count_12m"] == "wrong_phase"
    one_end_for_every_decision(house)


def test_6_a_restriction_meanwhile_takes_everything_away(house: Theatre, case: str) -> None:
    with during_fetch(house, lambda number: number == 1 and house.post(OFFICER, f"/v1/cases/{case}/restrictions", {})):
        assert given(disclose(house, case)) == {}
    one_end_for_every_decision(house)


def test_6_a_case_that_is_closed_meanwhile_is_not_there_any_more(house: Theatre, case: str) -> None:
    mark = house.mark()
    with (
        during_fetch(house, lambda _: house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "resolved"})),
        pytest.raises(UnknownCase),
    ):
        disclose(house, case)
    assert house.since(mark) == ["exchange.decision", "case.closed", "exchange.refused"]
    assert core(house.entries("exchange.refused")[-1]).reasons == ("closed_case",)
    one_end_for_every_decision(house)


def test_6_a_party_that_takes_back_its_acceptance_meanwhile_gives_nothing(house: Theatre, case: str) -> None:
    with during_fetch(house, lambda number: number == 1 and _revoke(house, POLICE)):
        disclosure = disclose(house, case)
    assert "incidents.count_12m" not in given(disclosure)
    with pytest.raises(UnknownRole):
        disclose(house, case, role=OFFICER)
    one_end_for_every_decision(house)


def test_6_a_case_that_keeps_changing_ends_as_failed(house: Theatre, case: str) -> None:
    mark = house.mark()
    with (
        during_fetch(house, lambda n: house.post(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": [], "lifted": n % 2 == 0})) as fetching,
        pytest.raises(CaseChanged),
    ):
        disclose(house, case)
    assert len(fetching.fetches) == 5
    assert core(house.entries("exchange.failed", after=mark)[-1]).reasons == ("case_kept_changing",)
    one_end_for_every_decision(house)


def test_6_the_log_down_when_it_was_decided_again_leaves_nothing(house: Theatre, case: str) -> None:
    with (
        log_failing(house, "exchange.refused", "exchange.failed"),
        during_fetch(house, lambda _: house.broker.commands.close(case, house.by(DIRECTOR), "resolved")),
        pytest.raises(LogUnavailable),
    ):
        disclose(house, case)
    _sweep_everything(house)
    one_end_for_every_decision(house)


# Step 7.


def test_7_every_field_asked_is_given_or_withheld_in_the_order_asked(house: Theatre, case: str) -> None:
    disclosure = disclose(house, case, *reversed(FIELDS))
    assert [one.field for one in disclosure.fields] == ["care_contact.contact", "incidents.count_12m", "complaints.count_12m"]
    assert {one.field for one in disclosure.fields} | {field for field, _ in disclosure.withheld} == set(FIELDS)


# the record


def test_every_decision_can_be_replayed_from_the_log_bit_for_bit(house: Theatre, case: str) -> None:
    disclose(house, case)
    disclose(house, case, "coordination.lead", "incidents.count_12m", role=SOCIAL_MANAGER)
    house.post(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": []})
    disclose(house, case)
    with pytest.raises(UnauthorizedField):
        disclose(house, case, "incidents.count_12m", role=SOCIAL_MANAGER)
    replayed = 0
    for record in house.entries("exchange.decision"):
        entry = core(record)
        if entry.covenant is None:
            continue
        text = house.broker.covenants.text(entry.covenant.sha256)
        assert text == covenant_with(house.stage.parties, COVENANT_FILE.read_text())
        policy = compile_covenant(load_covenant(text))
        assert (policy.covenant_sha256, policy.sha256) == (entry.covenant.sha256, entry.policy_sha256)
        decision = decide(policy, _ask(record), _facts(entry))
        assert tuple((grant.field, str(grant.form)) for grant in decision.granted) == entry.released
        assert tuple((withheld.field, withheld.reason.value) for withheld in decision.withheld) == entry.withheld
        assert tuple(sorted({grant.article for grant in decision.granted})) == entry.articles
        assert _outcome(policy, decision.outcome, entry) == entry.outcome
        replayed += 1
    assert replayed == 4


def test_the_receipt_verifies_and_names_the_release(house: Theatre, case: str) -> None:
    disclosure = disclose(house, case)
    position = verify_receipt(disclosure.receipt.encode(), [house.broker.receipt_signer.verifier])
    (release,) = house.entries("exchange.release")
    assert position == release.position


def _outcome(_: Policy, decided: str, entry: Core) -> str:
    return "deny" if entry.reasons else decided


def _ask(record: Record) -> Ask:
    entry = core(record)
    assert record.actor is not None
    assert entry.purpose is not None
    return Ask(RoleId(record.actor.role), PurposeId(entry.purpose), tuple(map(FieldName, entry.requested)))


def _facts(entry: Core) -> Facts:
    def every(name: str) -> list[str]:
        return [code for known, code in entry.case_facts if known == name]

    def one(name: str) -> str:
        (code,) = every(name)
        return code

    return Facts(
        case_type=CaseTypeId(one("case_type")),
        phase=Phase(one("phase")),
        subject=SubjectKind(one("subject")),
        participants=frozenset(map(PartyId, every("participant"))),
        identified=frozenset(map(PartyId, every("identified"))),
        consents=frozenset(map(ArticleId, every("consent"))),
        agreements=frozenset(map(ArticleId, every("agreement"))),
        second_eyes=frozenset(map(ArticleId, every("second_eyes"))),
        advice=frozenset(map(ArticleId, every("advice"))),
        hits=frozenset(map(PartyId, every("hit"))),
        vetoed_fields=frozenset(map(FieldName, every("vetoed_field"))),
        vetoing_parties=frozenset(map(PartyId, every("vetoing_party"))),
        restricted=one("restricted") == "true",
    )


def _nothing(_: object) -> Mapping[FieldName, Item]:
    return {}


def _sweep_everything(house: Theatre) -> None:
    house.broker.sweeper().sweep(timedelta(seconds=-1))


def _revoke(house: Theatre, party: PartyId) -> None:
    key = house.stage.parties[party].signing
    detached = sign_acceptance(house.stage.sha256, party, "revoke", key)
    house.broker.enactment.answer(house.stage.sha256, party, "revoke", detached, key.as_dict(private=False), None)
