"""What is in the log of somebody who signs in, or does not, or is signed out, stands in the trace of the request that did it."""

from __future__ import annotations

from tests.broker.people.test_answers import Lied, built, lied
from tests.broker.people.test_logout import token, told
from tests.stage import COVENANT
from tests.traced import Traces

__all__ = ["built", "lied"]


def test_every_entry_that_a_browser_causes_stands_in_the_trace_of_its_request(lied: Lied) -> None:
    traces = Traces(lied.house)
    lied.provider.claims["acr"] = "one"
    lied.refused()
    lied.provider.claims.clear()
    first, second = lied.browser(), lied.browser()
    for browser in (first, first, second):  # the second time its former session ends
        browser.go("/sign-in?provider=crooked")
    assert first.post("/v1/audit/_search", {"log": COVENANT, "for": "lawfulness"}).status_code == 200
    assert first.sign_out().status_code == 303
    assert told(lied, token(lied)) == 200
    third = lied.browser()
    third.go("/sign-in?provider=crooked")
    (roll := lied.house.broker.settings.people).write_text(roll.read_text().replace("[two, three]", "[two]"))
    assert third.get(f"/v1/covenants/{COVENANT}/versions").status_code == 401
    assert traces.strays == []
    assert traces.kinds == {"person.refused", "person.signed_in", "person.signed_out", "audit.read"}
    ended = [record.core.reasons for record in lied.house.entries("person.signed_out") if record.core]
    assert ended == [("replaced",), ("signed_out",), ("provider_logout",), ("not_listed",)]
