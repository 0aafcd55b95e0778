"""After a breach: everything that passed to and from a party between two moments is told, once, and nothing of anybody else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from audit.entry import HOUSE
from audit.errors import LogUnavailable
from audit.growth import moment_of
from broker.cli import broker as command_line
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.documents.impact_words import conclusions, lines
from broker.reporting.impact import Impact, Sought
from policies.vocabulary import CovenantId, PartyId
from tests.docs.test_answering import environment
from tests.stage import COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

ASK = ("complaints.kind", "incidents.count_12m")


@pytest.fixture(scope="module")
def played(shared_small_house: Theatre) -> Theatre:
    """The corporation reported somebody, the municipality read that later, and got fields of the corporation and of the police."""
    house = shared_small_house
    signal = house.post(
        SOCIAL_MANAGER,
        "/v1/connectors/corporation/signals",
        {
            "covenant": COVENANT,
            "kind": "nuisance",
            "subject": {"kind": "tenant", "localReference": MAIN.references[CORPORATION]},
            "words": "Elke nacht geluid.",
        },
    )
    house.get(DIRECTOR, f"/v1/connectors/municipality/signals/{signal['id']}/words")
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    house.ask(DIRECTOR, case, "end_nuisance", *ASK)
    house.broker.reporting.tallies.tell(timedelta(0))
    return house


def at(house: Theatre, typ: str) -> datetime:
    return moment_of(house.entries(typ)[-1].position.ts)


def impact(house: Theatre, party: PartyId, since: datetime, until: datetime, professional: str | None = None) -> Impact:
    sought = Sought(party, since, until, professional, CovenantId(COVENANT))
    return house.broker.reporting.breaches.impact(sought, "integrity_and_security")


def told(found: Impact) -> set[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    return {(one.direction, one.other, tuple(map(str, one.fields)), one.signals) for one in found.touched}


def whole(house: Theatre) -> tuple[datetime, datetime]:
    now = house.broker.world.clock()
    return now - timedelta(days=1), now + timedelta(days=1)


def test_without_its_record_nothing_is_told(played: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LogUnavailable("no")

    monkeypatch.setattr(played.broker.reporting.breaches._log, "append", refuse)
    monkeypatch.setattr(played.broker.reporting.breaches, "_hits", lambda *_: pytest.fail("the log was read"))
    with pytest.raises(LogUnavailable):
        impact(played, MUNICIPALITY, *whole(played))


def test_the_reading_stands_in_the_log_that_is_read_where_the_covenants_own_readers_see_it(played: Theatre) -> None:
    before = played.mark()
    impact(played, MUNICIPALITY, *whole(played))
    (record,) = played.entries(after=before)
    assert record.core is not None
    assert (record.envelope.typ, record.log, record.core.command) == ("audit.read", COVENANT, "impact")
    assert {("for", "integrity_and_security"), ("reader", "operator"), ("log", COVENANT)} <= set(record.core.details)
    assert record.log != HOUSE


def test_fields_and_the_words_of_reports_are_told_to_both_sides(played: Theatre) -> None:
    received = ("complaints.kind",)
    window = whole(played)
    assert told(impact(played, MUNICIPALITY, *window)) == {
        ("received", "corporation", received, ()),
        ("received", "corporation", (), ("nuisance",)),
        ("received", "police", ("incidents.count_12m",), ()),
    }
    assert told(impact(played, CORPORATION, *window)) == {
        ("given", "municipality", received, ()),
        ("given", "municipality", (), ("nuisance",)),
    }
    assert told(impact(played, POLICE, *window)) == {("given", "municipality", ("incidents.count_12m",), ())}
    assert impact(played, CARE, *window).touched == ()
    # What the broker counts for a party is nothing that the party did.
    assert played.entries("tally")
    assert all("tally" not in impact(played, party, *window).acts for party in (MUNICIPALITY, CARE))


def test_a_moment_that_is_the_first_counts_and_one_that_is_the_end_does_not(played: Theatre) -> None:
    for typ, party, count in (("exchange.release", MUNICIPALITY, 2), ("signal.read", CORPORATION, 1)):
        moment, tick = at(played, typ), timedelta(microseconds=1)
        assert len(impact(played, party, moment, moment + tick).touched) == count
        assert impact(played, party, moment - tick, moment).touched == ()
        assert typ not in impact(played, party, moment + tick, moment + 2 * tick).acts


def test_a_report_that_was_made_before_and_read_within_is_told_with_who_made_it(played: Theatre) -> None:
    read = at(played, "signal.read")
    assert moment_of(played.entries("signal.reported")[0].position.ts) < read
    assert told(impact(played, CORPORATION, read, read + timedelta(microseconds=1))) == {("given", "municipality", (), ("nuisance",))}


def test_of_one_professional_only_what_that_one_did_is_told(played: Theatre) -> None:
    """A pseudonym is an employer's own: the municipality's professional is nobody at the police."""
    (actor,) = {one.actor for one in played.entries("exchange.release")}
    assert actor is not None
    window = whole(played)
    assert told(impact(played, MUNICIPALITY, *window, actor.pseudonym)) == told(impact(played, MUNICIPALITY, *window))
    theirs = impact(played, POLICE, *window, actor.pseudonym)
    assert (theirs.touched, theirs.acts) == ((), {})


def test_words_are_said_to_hold_anything_in_both_languages(played: Theatre) -> None:
    found = impact(played, CORPORATION, *whole(played))
    (words,) = (one for one in found.touched if one.signals)
    assert lines(found, words, "nl")[1] == "gelezen: de woorden van een melding (Overlast)"
    assert lines(found, words, "en")[1] == "read: the words of a report (Nuisance)"
    assert any("ook gevoelige gegevens" in line for line in conclusions(found, "nl"))
    assert any("sensitive data too" in line for line in conclusions(found, "en"))


@pytest.mark.parametrize("offset", ["+01:00", "+0100", "Z", ""])
def test_a_moment_is_typed_with_an_offset_or_in_utc(played: Theatre, offset: str) -> None:
    moment = at(played, "exchange.release").replace(second=0, microsecond=0) + timedelta(hours=1 if "1" in offset else 0)
    since, until = (f"{one:%Y-%m-%dT%H:%M}{offset}" for one in (moment, moment + timedelta(minutes=1)))
    arguments = ["audit", "impact", "--party", "police", "--from", since, "--until", until, "--for", "lawfulness", "--json"]
    result = CliRunner().invoke(command_line, arguments, env=environment(played.broker.settings), catch_exceptions=False)
    found: dict[str, Any] = json.loads(result.output)
    assert [one["direction"] for one in found["touched"]] == ["given"]
