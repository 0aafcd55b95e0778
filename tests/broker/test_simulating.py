"""A draft is tried on what was really asked: real exchanges, the real log, another text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from audit.entry import DECISION, Core
from audit.errors import LogUnavailable
from audit.records import Record
from broker.cases.errors import UnknownCase
from broker.cli import broker as command
from broker.demo.stage import COVENANT as SHIPPED
from broker.disclosure import CaseAsk
from broker.errors import RefusedAsk
from broker.records import Asked
from broker.replaying import NotReplayable, ReplayError, Replaying, facts_of
from broker.simulating import Asks, Difference, Effect, Simulating, Simulation
from policies.compile import compile_covenant
from policies.decide import Ask, decide
from policies.load import load_covenant
from policies.policy import Policy
from policies.scenarios import favourable_case
from policies.vocabulary import CaseTypeId, FieldName, Phase, PurposeId, SubjectKind
from tests.broker.seams import TRACE, Bench, down_for, staged, swapped
from tests.stage import CORPORATION, DIRECTOR, OFFICER, Theatre

NUISANCE = PurposeId("end_nuisance")


def draft_of(house: Theatre, *edits: tuple[str, str]) -> Policy:
    """The covenant in force with edits, each of which must hit once or more."""
    text = house.broker.covenants.text(house.stage.sha256).decode()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return compile_covenant(load_covenant(text.encode()))


def simulated(house: Theatre, draft: Policy, since: datetime | None = None, until: datetime | None = None) -> Simulation:
    return simulating(house).simulate(draft, purpose_of_reading="internal_control", since=since, until=until)


def simulating(house: Theatre) -> Simulating:
    broker = house.broker
    return Simulating(engine=broker.log_engine, log=broker.log, ids=broker.world.ids, text_of=broker.covenants.text)


def asked(house: Theatre, *fields: str, role: str = DIRECTOR, strict: bool = False, phase: str = "consultation") -> None:
    """One real exchange, refused or not."""
    case = staged(house, phase).id
    with closing(Bench(house.broker)) as bench:
        try:
            bench.exchange.disclose(house.caller(role), CaseAsk(case, NUISANCE, tuple(map(FieldName, fields)), strict=strict), TRACE)
        except RefusedAsk:
            return


def decisions(house: Theatre) -> Sequence[Record]:
    return house.entries(DECISION)


ARTICLE_8_1 = "      complaints.kind: full\n      complaints.status: full\n      complaints.count_12m: full\n"


def test_the_same_text_changes_no_answer(small_house: Theatre) -> None:
    asked(small_house, "complaints.kind", "support.kind")
    asked(small_house, "support.kind")
    found = simulated(small_house, draft_of(small_house))
    assert (found.entries, found.alarms, found.differences) == (2, 0, {})
    assert found.asks == Asks(replayed=2, same=2)
    assert found.by_role == {(DIRECTOR, NUISANCE): Asks(replayed=2, same=2)}


def test_a_draft_that_widens_and_narrows_is_told_per_role_purpose_and_field(small_house: Theatre) -> None:
    asked(small_house, "complaints.kind", "complaints.count_12m", "complaints.last_on")
    asked(small_house, "complaints.kind")
    asked(small_house, "complaints.status")
    narrower = "      complaints.kind: full\n      complaints.count_12m: present\n"
    draft = draft_of(small_house, (ARTICLE_8_1, narrower), ("complaints.last_on: month", "complaints.last_on: full"))
    found = simulated(small_house, draft)
    by = (DIRECTOR, NUISANCE)
    assert dict(found.differences) == {
        Difference(*by, FieldName("complaints.count_12m"), Effect.NARROWER, "full", "present"): 1,
        Difference(*by, FieldName("complaints.last_on"), Effect.WIDER, "month", "full"): 1,
        Difference(*by, FieldName("complaints.status"), Effect.GONE, "full", "not_in_covenant"): 1,
    }
    assert found.asks == Asks(replayed=3, more=1, less=2, refused=1, same=1)


def test_an_ask_that_was_refused_would_be_answered(small_house: Theatre) -> None:
    asked(small_house, "complaints.first_on")
    asked(small_house, "complaints.first_on", "complaints.kind", strict=True)
    asked(small_house, "support.kind", "complaints.kind", strict=True)
    draft = draft_of(small_house, (ARTICLE_8_1, ARTICLE_8_1 + "      complaints.first_on: month\n"))
    found = simulated(small_house, draft)
    assert found.asks == Asks(replayed=3, more=2, no_longer_refused=2, same=1)
    name = FieldName("complaints.first_on")
    assert found.differences[Difference(DIRECTOR, NUISANCE, name, Effect.GIVEN, "not_in_covenant", "month")] == 2


def test_a_field_that_becomes_possible_is_told_before_any_case_gives_it(small_house: Theatre) -> None:
    asked(small_house, "care_contact.phone", "complaints.kind")
    old = "fields: {care_contact.contact: full}"
    draft = draft_of(small_house, (old, "fields: {care_contact.contact: full, care_contact.phone: full}"))
    found = simulated(small_house, draft)
    (difference,) = found.differences
    assert (difference.effect, difference.before, difference.after) == (Effect.OPENED, "not_in_covenant", "no_consent")
    assert (found.asks.more, found.asks.same) == (0, 0)


def test_refusals_before_any_field_are_counted_and_not_replayed(small_house: Theatre) -> None:
    case = staged(small_house, participants=frozenset({CORPORATION})).id
    ask = CaseAsk(case, NUISANCE, (FieldName("complaints.kind"),))
    with closing(Bench(small_house.broker)) as bench, pytest.raises(UnknownCase):
        bench.exchange.disclose(small_house.caller(DIRECTOR), ask, TRACE)
    asked(small_house, "complaints.kind")
    found = simulated(small_house, draft_of(small_house))
    assert (found.entries, found.asks.replayed, found.not_replayable) == (2, 1, {NotReplayable.NOT_DECIDED: 1})


def bent(record: Record, **changes: object) -> Record:
    assert record.core is not None
    return replace(record, core=replace(record.core, **changes))  # type: ignore[arg-type]  # a test names a member of the core


def test_what_cannot_be_replayed_says_why(small_house: Theatre) -> None:
    asked(small_house, "complaints.kind")
    (record,) = decisions(small_house)
    core = record.core
    assert core is not None
    assert core.covenant is not None
    other = replace(core.covenant, sha256="0" * 64)
    replaying = Replaying(small_house.broker.covenants.text)
    for changed, why in (
        (replace(record, core=None), NotReplayable.SECTION_GONE),
        (replace(record, actor=None), NotReplayable.SECTION_GONE),
        (bent(record, case_facts=()), NotReplayable.NOT_DECIDED),
        (bent(record, case_facts=(*core.case_facts, ("weather", "rain"))), NotReplayable.UNKNOWN_FACTS),
        (bent(record, case_facts=core.case_facts[1:]), NotReplayable.UNKNOWN_FACTS),
        (bent(record, covenant=other), NotReplayable.UNKNOWN_VERSION),
        (bent(record, policy_sha256="1" * 64), NotReplayable.OTHER_COMPILER),
    ):
        with pytest.raises(ReplayError) as caught:
            replaying.replay(changed)
        assert caught.value.why is why
    unreadable = Replaying(lambda _sha256: b"covenant: 2")
    with pytest.raises(ReplayError) as caught:
        unreadable.replay(record)
    assert caught.value.why is NotReplayable.UNREADABLE_VERSION


def test_an_entry_about_somebody_who_was_erased_is_replayed_like_any_other(small_house: Theatre) -> None:
    asked(small_house, "complaints.kind")
    (record,) = decisions(small_house)
    assert Replaying(small_house.broker.covenants.text).replay(replace(record, subject=None)).agrees


@pytest.mark.parametrize(
    "changes",
    [
        {"released": (("complaints.kind", "present"),)},
        {"released": ()},
        {"articles": ("8.2",)},
        {"withheld": (("support.kind", "no_consent"),)},
        {"reasons": ("unauthorized_field",)},
        {"legal_bases": ()},
    ],
)
def test_an_entry_that_says_otherwise_than_its_own_version_is_an_alarm(small_house: Theatre, changes: dict[str, object]) -> None:
    asked(small_house, "complaints.kind", "support.kind")
    (record,) = decisions(small_house)
    replaying = Replaying(small_house.broker.covenants.text)
    assert replaying.replay(record).agrees
    assert not replaying.replay(bent(record, **changes)).agrees


def test_an_alarm_is_named_and_nothing_is_built_on_it(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(small_house, "complaints.kind")
    real = Replaying.replay
    monkeypatch.setattr(Replaying, "replay", lambda self, record: real(self, bent(record, released=(("complaints.kind", "present"),))))
    found = simulated(small_house, draft_of(small_house))
    assert (found.alarms, found.asks.replayed) == (1, 0)
    assert [one.id for one in found.alarmed] == [decisions(small_house)[0].position.id]


def test_conditions_met_under_a_number_that_the_draft_has_not_are_told(small_house: Theatre) -> None:
    text = small_house.broker.covenants.text(small_house.stage.sha256).decode()
    policy = compile_covenant(load_covenant(text.encode()))
    append(small_house, policy, 3, fields=("care_contact.contact",))
    found = simulated(small_house, draft_of(small_house, ('- article: "11.1"', '- article: "11.99"')))
    assert found.conditions_lost == {"11.1": 3}
    assert (found.asks.less, found.asks.replayed) == (3, 3)


def append(house: Theatre, policy: Policy, number: int, fields: tuple[str, ...]) -> None:
    """Decisions as an exchange would record them, in one case where every condition is met."""
    facts = favourable_case(policy, CaseTypeId("serious_nuisance"), Phase("plan"), SubjectKind("tenant"))
    names = tuple(map(FieldName, fields))
    decision, state = decide(policy, Ask(DIRECTOR, NUISANCE, names), facts), staged(house, "plan")
    made = Asked(house.by(DIRECTOR), NUISANCE, names, TRACE, state, state.subjects[0][0], policy, facts)
    records, ids = house.broker.exchange._records, house.broker.world.ids
    for _ in range(number):
        decided, end = ids(), ids()
        house.broker.log.append(records.decision(decided, made, decision, (), None), records.failed(end, made, "interrupted", decided))


def test_reading_the_log_for_it_is_on_record_before_a_single_entry_is_read(small_house: Theatre) -> None:
    asked(small_house, "complaints.kind")
    draft, one = draft_of(small_house), simulating(small_house)
    with swapped(one, down_for("audit.read")), pytest.raises(LogUnavailable):
        one.simulate(draft, purpose_of_reading="lawfulness", progress=lambda *_: pytest.fail("an entry was read"))
    assert small_house.entries("audit.read") == []
    one.simulate(draft, purpose_of_reading="lawfulness", since=datetime.now(UTC) - timedelta(days=1))
    (read,) = small_house.entries("audit.read")
    assert read.core == Core(
        command="simulate",
        details=(("draft", draft.covenant_sha256), ("filter", "since"), ("for", "lawfulness"), ("log", "waterstad-noord")),
        software=read.core.software if read.core else None,
    )
    assert read.subject is None


def test_many_entries_are_replayed_and_its_progress_is_told(small_house: Theatre) -> None:
    policy = draft_of(small_house)
    append(small_house, policy, 150, fields=("complaints.kind", "complaints.count_12m", "incidents.count_12m", "support.kind"))
    seen: list[tuple[int, int]] = []
    found = simulating(small_house).simulate(policy, purpose_of_reading="lawfulness", progress=lambda *so_far: seen.append(so_far))
    assert (found.entries, found.alarms, found.asks.same) == (150, 0, 150)
    assert seen[-1] == (150, 150)


@pytest.fixture
def run(small_house: Theatre) -> Callable[..., Result]:
    chosen = small_house.broker.settings
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names} | {"COLUMNS": "200"}
    return lambda *arguments: CliRunner().invoke(command, [str(argument) for argument in arguments], env=environment)


def test_the_command_prints_what_would_change_and_is_quiet_about_persons(small_house: Theatre, run: Callable[..., Result]) -> None:
    asked(small_house, "complaints.kind", "complaints.last_on")
    asked(small_house, "complaints.kind", role=OFFICER)
    draft = small_house.stage.folder / "draft.yaml"
    text = small_house.broker.covenants.text(small_house.stage.sha256).decode()
    draft.write_text(text.replace("complaints.last_on: month", "complaints.last_on: full", 1), encoding="utf-8")
    result = run("covenant", "simulate", draft)
    assert result.exit_code == 0
    assert "2 besluiten gelezen, 2 opnieuw genomen" in result.stdout
    assert "1 vragen krijgen meer, 0 minder, 0 worden geweigerd, 0 niet meer geweigerd, 1 blijven gelijk" in result.stdout
    row = next(line for line in result.stdout.splitlines() if "complaints.last_on" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "municipality.director",
        "end_nuisance",
        "complaints.last_on",
        "ruimer",
        "month",
        "full",
        "1",
    ]
    assert "community_officer" not in result.stdout
    found = json.loads(run("covenant", "simulate", draft, "--json", "--from", date.today() - timedelta(days=2)).stdout)  # noqa: DTZ011
    assert found["asks"] == {"replayed": 2, "more": 1, "less": 0, "refused": 0, "noLongerRefused": 0, "same": 1}
    nothing = json.loads(run("covenant", "simulate", draft, "--json", "--until", date.today() - timedelta(days=2)).stdout)  # noqa: DTZ011
    assert nothing["entries"] == 0
    empty = run("covenant", "simulate", draft, "--until", date.today() - timedelta(days=2)).stdout  # noqa: DTZ011
    assert empty.splitlines()[1:] == ["er is niets om opnieuw te beslissen: in deze periode staan geen besluiten in het logboek"]
    assert run("covenant", "simulate", draft, "--from", "2026-02-02", "--until", "2026-02-01").exit_code == 2
    assert "entries" not in run("covenant", "simulate", SHIPPED, "--lang", "en").stdout.split("\n")[1]


def test_the_facts_of_a_restricted_case_are_read_back() -> None:
    assert facts_of((("case_type", "a"), ("phase", "b"), ("restricted", "true"), ("subject", "c"))).restricted
