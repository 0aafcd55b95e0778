"""Scene 8: down the ladder until the case is closed."""

from __future__ import annotations

from broker.clock import new_id
from broker.demo.cast import CASE_MANAGER, DIRECTOR, END_NUISANCE, PREVENT_EVICTION
from broker.demo.house import House, disclosures
from broker.demo.scenes.consultation import consent


def aftercare_and_close(house: House, case: str) -> None:
    """Back to the plan, aftercare, closed."""
    house.scene(
        "It gets quiet",
        "Down the ladder again. In aftercare the director sees only whether it stays quiet, and care leads. A closed case answers as if "
        "it had never been.",
        "aftercare",
    )
    moves = f"/v1/cases/{case}/moves"
    house.do(DIRECTOR, "moves back to the plan", moves, {"to": "plan"})
    house.do(DIRECTOR, "moves on to aftercare", moves, {"to": "aftercare"})
    consent(house, case, "11.4", "records his consent: the director may know how long help goes on")
    house.look(
        DIRECTOR, case, PREVENT_EVICTION, "complaints.count_12m", "arrears.arrangement", "arrears.eviction_on", "support.continues_until"
    )
    police = house.look(DIRECTOR, case, END_NUISANCE, "incidents.count_3m", "incidents.count_12m")
    house.check(
        "what the police gave for the plan is closed again",
        so=police.withheld == {"incidents.count_12m": "wrong_phase"},
        found="the director is shown the phase, so the reason may be told: wrong phase",
    )
    closures = f"/v1/cases/{case}/closures"
    house.refused(DIRECTOR, "closes a case that care leads now", closures, {"reason": "resolved"}, (409, "command-refused"))
    house.do(CASE_MANAGER, "closes the case: resolved", closures, {"reason": "resolved"})
    ask = {"case": case, "purpose": END_NUISANCE, "fields": ["complaints.count_12m"]}
    shut = house.refused(DIRECTOR, "asks once more", disclosures(DIRECTOR), ask, (404, "unknown-case"))
    never = house.send(DIRECTOR, disclosures(DIRECTOR), ask | {"case": new_id()})
    house.check("closed is closed", so=shut.content == never.content, found="the answer for a case that never existed, byte for byte")
