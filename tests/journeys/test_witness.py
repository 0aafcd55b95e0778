"""A log with witnesses: the worker brings them its checkpoints, a partner fetches them, and a log that is rewritten is found out."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.cosignature import CosignerKey, cosignatures
from audit.evidence import Kind
from audit.evidence_store import read_evidence
from audit.note import VerifierKey
from audit.witness import Witness
from audit.witness_folder import WitnessFolder
from broker.clock import new_id, system_clock
from broker.config import ConfigError
from broker.disclosure import CaseAsk
from broker.errors import Unwitnessed
from broker.witnessing import Witnessing
from broker.witnessing_policy import KNOWN_S, Quorum, read_policy
from broker.witnessing_pull import Outcome, pull
from policies.vocabulary import FieldName, PurposeId
from tests.broker.seams import TRACE, Bench
from tests.journeys.witnessed import bringing, checkpoint_key, kept, listening, made, origin_of, published, reach, served, size_of, told
from tests.stage import COVENANT, DIRECTOR, Theatre, settings_in, theatre


@pytest.mark.parametrize("witnesses_down", [False, True])
def test_the_worker_brings_checkpoints_and_one_witness_that_is_down_holds_up_nobody(tmp_path: Path, *, witnesses_down: bool) -> None:
    one, one_key = made(tmp_path / "one")
    _, two_key = made(tmp_path / "two", "care.example.nl/witness")
    policy = tmp_path / "policy"
    with listening(one) as url:
        dead = f"witness B {two_key} http://127.0.0.1:9/\n" if witnesses_down else ""
        policy.write_text(f"witness A {one_key} {url}\n{dead}quorum A\n")
        with theatre(tmp_path / "house", witness_policy=policy, witness_required=True) as house:
            house.open_case()
            house.broker.sweeper().sign()
            bringing(house).once()
            assert [cosignature.by for cosignature in cosignatures(published(house), [one_key, two_key])] == [one_key]
            assert set(house.broker.quorum.ages().values()) == {timedelta()}
            assert bool(told(house, "witness.failed")) is witnesses_down
            before = kept(house)
            bringing(house).once()
            assert kept(house) == before, "what was cosigned is not brought again"
            assert house.send(DIRECTOR, "GET", "/v1/audit/checkpoints").json()["checkpoints"][0]["note"].count("\n— ") == 2


def test_a_partner_that_lets_nobody_in_fetches_cosigns_and_brings_it_back(fetched: tuple[Theatre, Witness, CosignerKey, Path]) -> None:
    house, witness, key, _ = fetched
    with served(house) as http:
        for _ in range(2):
            pulled = pull(witness, reach(house, http))
            assert {one.outcome for one in pulled} == {Outcome.COSIGNED}
            assert {one.origin for one in pulled} >= {origin_of(house)}
            assert len(cosignatures(published(house), [key])) == 1
            house.open_case()
            house.broker.sweeper().sign()
    assert set(house.broker.quorum.ages().values()) != {timedelta()}


def test_a_restored_backup_and_a_rewritten_log_are_refused_and_the_proof_is_kept(tmp_path: Path) -> None:
    witness, key = made(tmp_path / "w")
    (tmp_path / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy") as house:
        house.open_case()
        house.broker.sweeper().sign()
        with served(house) as http:
            assert {one.outcome for one in pull(witness, reach(house, http))} == {Outcome.COSIGNED}
        size = next(one.size for one in witness.all_latest() if COVENANT in one.origin)
    shutil.rmtree(tmp_path / "house")
    evidence = WitnessFolder(tmp_path / "w").evidence()
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy") as house:  # the same keys, another past, and no anchor
        with served(house) as http:
            assert {one.outcome for one in pull(witness, reach(house, http))} <= {Outcome.GONE, Outcome.SMALLER}
            while size_of(house) <= size:
                house.open_case()
            house.broker.sweeper().sign()
            pulled = {one.origin: one.outcome for one in pull(witness, reach(house, http))}
        origin = origin_of(house)
        assert pulled[origin] is Outcome.REFUSED
        assert kept(house) == sum(outcome is Outcome.COSIGNED for outcome in pulled.values())
    forks = [path for path, kind in evidence.all() if kind is Kind.FORK]
    assert forks
    for path in forks:
        found = read_evidence(path)
        found.verify([VerifierKey(found.checkpoints()[0].origin, checkpoint_key())])


class Later:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by

    def seconds(self) -> float:
        return self.by.total_seconds()


def test_without_its_witnesses_for_too_long_nothing_is_exchanged_and_the_refusal_is_on_the_record(tmp_path: Path) -> None:
    witness, key = made(tmp_path / "w")
    (tmp_path / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy", witness_required=True, witness_max_age_s=60) as house:
        house.broker.sweeper().sign()  # what the stage itself put in the log may be minutes old
        with served(house) as http:
            pull(witness, reach(house, http))
        case = house.open_case("consultation")
        fields = ("complaints.count_12m", "complaints.kind")
        assert house.ask(DIRECTOR, case, "end_nuisance", *fields)["fields"]
        # What has waited too long is found by time alone; the theatre's own clock stays, so that its tokens do.
        quorum, later = house.broker.quorum, Later()
        quorum._clock = later  # a clock is what a quorum has of the world
        quorum._monotonic, quorum._known = later.seconds, None
        later.by = timedelta(minutes=2)
        before = house.mark()
        path = "/v1/connectors/municipality/disclosures"
        body = {"case": case, "purpose": "end_nuisance", "fields": list(fields)}
        answer = house.send(DIRECTOR, "POST", path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (503, "/v1/problems/unwitnessed")
        assert answer.headers["Retry-After"]
        assert house.since(before) == ["exchange.decision", "exchange.refused"]
        refused = house.entries(after=before)[-1]
        assert refused.core is not None
        assert (refused.core.reasons, refused.core.released) == (("unwitnessed",), ())
        bench = Bench(house.broker)
        with pytest.raises(Unwitnessed):
            bench.exchange.disclose(
                house.caller(DIRECTOR), CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),)), TRACE
            )
        assert bench.reads == []
        bench.close()
        assert house.problem(DIRECTOR, path, body | {"case": new_id()}) == (404, "unknown-case"), "the stop tells nothing of cases"
        bringing(house).alarm()
        bringing(house).alarm()
        assert told(house, "witness.quorum_missing")[0]["origin"] == origin_of(house)
        # The witness comes back: so does the exchange.
        house.broker.sweeper().sign()
        with served(house) as http:
            pull(WitnessFolder(tmp_path / "w").witness(later), reach(house, http))
        later.by += timedelta(seconds=KNOWN_S)
        assert house.ask(DIRECTOR, case, "end_nuisance", *fields)["fields"]


@pytest.mark.parametrize("required", [False, True])
def test_where_nobody_can_tell_an_alarm_is_given_and_a_required_quorum_is_none(
    fetched: tuple[Theatre, Witness, CosignerKey, Path], *, required: bool
) -> None:
    house, _, _, _ = fetched
    broken = house.broker.log_engine.execution_options(schema_translate_map={None: "gone"})
    quorum = Quorum(broken, house.broker.quorum.policy, max_age=timedelta(hours=4), required=required, clock=system_clock)
    assert quorum.permits() is not required
    before = len(told(house, "witness.quorum_unknown"))
    Witnessing(broken, quorum, clock=system_clock, events=house.broker.events).alarm()
    assert len(told(house, "witness.quorum_unknown")) == before + 1


def test_settings_that_promise_witnesses_and_name_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("quorum none\n")
    (tmp_path / "wrong").write_text("quorum of\n")
    for changes, key in (
        ({"witness_required": True}, "BROKER_WITNESS_REQUIRED"),
        ({"witness_required": True, "witness_policy": tmp_path / "none"}, "BROKER_WITNESS_REQUIRED"),
        ({"witness_policy": tmp_path / "wrong"}, "BROKER_WITNESS_POLICY"),
        ({"witness_policy": tmp_path / "absent"}, "BROKER_WITNESS_POLICY"),
    ):
        with pytest.raises(ConfigError, match=key):
            read_policy(settings_in(tmp_path, **changes))
    assert read_policy(settings_in(tmp_path)) is None
