"""`broker covenant simulate` judges every call of the decision point again from the log, and tells where the log says otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

from click.testing import CliRunner, Result

from audit.entry import ACCESS, Draft
from broker.cli import broker as command
from broker.clock import new_id
from tests.broker.access.calling import ENDPOINTS, EVALUATION, call, context, field, good_body, question
from tests.stage import COVENANT, Theatre

NAMES = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")


def simulate(house: Theatre, *arguments: str) -> Result:
    chosen = {f"BROKER_{name.upper()}": str(getattr(house.broker.settings, name)) for name in NAMES} | {"COLUMNS": "200"}
    text = house.stage.folder / "covenant.yaml"
    return CliRunner().invoke(command, ["covenant", "simulate", str(text), "--lang", "en", *arguments], env=chosen)


def test_calls_are_judged_again_and_what_says_otherwise_is_an_alarm(small_house: Theatre) -> None:
    for path in ENDPOINTS:
        assert call(small_house, path, good_body(path)).is_success
    assert call(small_house, EVALUATION, question(resource=field("support.kind"))).is_success
    assert call(small_house, EVALUATION, question(context=context(phase="nowhere"))).is_success
    sound = simulate(small_house)
    assert sound.exit_code == 0, sound.output
    assert "7 calls at the decision point read, 6 judged again" in sound.stdout
    assert "ALARM" not in sound.stdout
    assert json.loads(simulate(small_house, "--json").stdout)["calls"] == {"read": 7, "judged": 6, "alarms": 0}
    assert "decision point" not in simulate(small_house, "--until", "2026-01-01").stdout

    for record in small_house.entries(*ACCESS)[:5]:
        core = record.core
        assert core is not None
        denied = (replace(core.evaluations[0], given=(), withheld=(("complaints.count_12m", "vetoed"),)), *core.evaluations[1:])
        forged = Draft(record.envelope.typ, new_id(), COVENANT, None, replace(core, evaluations=denied), record.actor)
        small_house.broker.log.append(forged)
    found = simulate(small_house)
    assert found.exit_code == 1
    assert "ALARM: 5 entries say otherwise" in found.stdout
    told = json.loads(simulate(small_house, "--json").stdout)
    assert (told["calls"], told["alarms"], len(told["alarmed"])) == ({"read": 12, "judged": 11, "alarms": 5}, 0, 5)
