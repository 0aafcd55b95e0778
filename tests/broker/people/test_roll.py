"""The roll: every mistake told with its place, who has which duty, and what it says now."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from broker.authenticate import READS_LOG, Door
from broker.clock import system_clock
from broker.logs import event_log
from broker.people.errors import NoRoll, RollMistakes
from broker.people.roll import OPENS, Duty, Kind, Pseudonyms, SecondFactor, by_door, scopes_at
from broker.people.roll_file import RollFile
from broker.people.roll_reading import load_roll
from policies.vocabulary import PartyId
from tests.broker.people.signing import client_key, write_key

PSEUDONYMS = Pseudonyms(bytes(range(32)))
RIGHT = """\
version: 1
sessions: {idle_s: 600, longest_s: 3600}
providers:
  waterstad:
    issuer: https://login.waterstad.example/realms/staff
    client_id: covenant-broker
    label: {nl: Gemeente Waterstad, en: Municipality of Waterstad}
    vouches_for: [municipality]
    key: client.jwk
    second_factor: {acr: [loa2, loa3]}
    groups: groups
  police:
    issuer: https://login.police.example
    client_id: broker
    vouches_for: [police, municipality]
    secret: client.secret
    second_factor: {unstated: true}
duties:
  officer: {provider: waterstad, sub: "0427", party: municipality, kind: privacy_officer, opens: [covenants, audit]}
  auditors: {provider: waterstad, group: "audit team", party: municipality, kind: auditor, opens: [audit]}
  keeper: {provider: police, sub: keeper-1, party: police, kind: operator, opens: [covenants]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("roll")
    write_key(made, client_key())
    for name, mode in (("client.secret", 0o600), ("open.secret", 0o644), ("empty.secret", 0o600)):
        (made / name).touch(mode=mode)
        (made / name).write_text("" if name == "empty.secret" else "tulips\n")
        (made / name).chmod(mode)
    return made


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(RollMistakes) as refused:
        load_roll(text.encode(), folder / "people.yaml", PSEUDONYMS)
    return [line.removeprefix(f"{folder / 'people.yaml'}:") for line in str(refused.value).splitlines()]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version: 1", "version: 2", "1:10: error: expected version 1, found `2`"),
        ("idle_s: 600", "idle_s: 7", "2:20: error: expected a whole number from 60 to 14400"),
        ("longest_s: 3600", "longest_s: 300", "2:20: error: expected `idle_s` to be no more than `longest_s`"),
        ("https://login.waterstad.example/realms/staff", "http://login.waterstad.example", "5:13: error: expected the provider's issuer"),
        ("https://login.waterstad.example/realms/staff", '"https://x.example?a"', "5:13: error: expected the provider's issuer"),
        ("[municipality]", "[]", "8:18: error: expected at least one word for `vouches_for`"),
        ("[municipality]", "[Municipality]", "8:19: error: expected a party as the covenant names it"),
        ("key: client.jwk", "keys: client.jwk", "9:5: error: `keys` is not known here (did you mean `key`)"),
        ("key: client.jwk", "key: none.jwk", "9:10: error: "),
        ("key: client.jwk", "key: client.secret", "9:10: error: expected a private key"),
        ("key: client.jwk", "key: client.jwk\n    secret: client.secret", "4:3: error: expected either `key` or `secret`"),
        ("secret: client.secret", "secret: open.secret", "16:13: error: "),
        ("secret: client.secret", "secret: empty.secret", "16:13: error: expected one secret in `empty.secret`"),
        ("{acr: [loa2, loa3]}", "{acr: []}", "10:26: error: expected at least one value"),
        ("{acr: [loa2, loa3]}", "{acr: [x], amr: [mfa]}", "10:20: error: expected one of acr, acrs, amr with its values"),
        ("{acr: [loa2, loa3]}", "{}", "10:20: error: expected one of acr, acrs, amr with its values"),
        ("{unstated: true}", "{unstated: false}", "17:20: error: expected one of acr, acrs, amr with its values"),
        ("    second_factor: {unstated: true}\n", "", "13:5: error: expected `second_factor`, found nothing"),
        ("provider: waterstad, sub", "provider: nobody, sub", "19:23: error: expected one of `providers` (known here: waterstad, police)"),
        ('sub: "0427"', 'sub: "a b"', "19:39: error: expected 1 to 255 printable ASCII characters"),
        ('sub: "0427", ', "", "19:3: error: expected either `sub`, one person, or `group`"),
        ("sub: keeper-1, party: police", "sub: k, party: care", "21:45: error: expected a party that `police` vouches for, found `care`"),
        ("kind: auditor", "kind: editor", "20:83: error: expected one of privacy_officer, auditor, supervisor, operator"),
        (
            "kind: auditor, opens: [audit]",
            "kind: auditor, opens: [covenants]",
            "error: expected doors that such a duty opens, found covenants",
        ),
        ("kind: operator, opens: [covenants]", "kind: operator, opens: [cases]", "error: expected one of covenants, audit"),
        ("sub: keeper-1", "group: keepers", "21:37: error: expected `groups` at the provider `police`, found nothing"),
        ("keeper: {", "Keeper: {", "21:3: error: expected a name of lower-case words, found `Keeper`"),
        ("  keeper: {", "  officer: {", "21:3: error: `officer` is there twice"),
        ("duties:", "people:", "error: `people` is not known here"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(folder: Path, old: str, new: str, told: str) -> None:
    assert old in RIGHT
    found = mistakes(folder, RIGHT.replace(old, new, 1))
    assert any(told in line for line in found), found


def test_all_mistakes_are_told_together(folder: Path) -> None:
    text = RIGHT.replace("kind: auditor", "kind: editor").replace("[municipality]", "[]").replace("version: 1", "version: 3")
    assert [line.partition(":")[0] for line in mistakes(folder, text)][:2] == ["1", "8"]
    assert len(mistakes(folder, text)) >= 3


@pytest.mark.parametrize(
    "text", ["", "[]", "a: &x 1\nb: *x", "version: 1\n---\nversion: 1", "version: !!int 1", "\t", "{" * 500, "é".encode("latin-1")]
)
def test_what_is_no_plain_yaml_is_refused(folder: Path, text: str | bytes) -> None:
    with pytest.raises(RollMistakes):
        load_roll(text if isinstance(text, bytes) else text.encode(), folder / "people.yaml", PSEUDONYMS)


def test_a_right_roll_is_read_whole(folder: Path) -> None:
    roll = load_roll(RIGHT.encode(), folder / "people.yaml", PSEUDONYMS)
    assert (roll.limits.idle_s, roll.limits.longest_s, [*roll.providers]) == (600, 3600, ["waterstad", "police"])
    waterstad, police = roll.providers.values()
    assert (waterstad.second_factor, police.second_factor) == (SecondFactor("acr", ("loa2", "loa3")), None)
    assert (waterstad.label.en, police.label.en) == ("Municipality of Waterstad", "police")
    assert [(one.name, one.role, sorted(door.name for door in one.opens)) for one in roll.duties] == [
        ("officer", "municipality.privacy_officer", ["AUDIT", "COVENANTS"]),
        ("auditors", "municipality.auditor", ["AUDIT"]),
        ("keeper", "police.operator", ["COVENANTS"]),
    ]
    assert "0427" not in repr(roll), "a person is known by a pseudonym from here on"


def test_a_duty_is_somebodys_at_their_own_provider_alone(folder: Path) -> None:
    roll = load_roll(RIGHT.encode(), folder / "people.yaml", PSEUDONYMS)
    officer = PSEUDONYMS.of("https://login.waterstad.example/realms/staff", "0427")
    elsewhere = PSEUDONYMS.of("https://login.police.example", "0427")
    assert [one.name for one in roll.duties_of("waterstad", officer, frozenset())] == ["officer"]
    assert roll.duties_of("police", officer, frozenset({"audit team"})) == ()
    assert roll.duties_of("waterstad", elsewhere, frozenset()) == ()
    assert [one.name for one in roll.duties_of("waterstad", elsewhere, frozenset({"audit team", "x"}))] == ["auditors"]


def test_the_first_duty_that_opens_a_door_is_the_one_behind_it(folder: Path) -> None:
    first = Duty("a", "p", PartyId("x"), Kind.AUDITOR, frozenset({Door.AUDIT}), "person-1")
    second = Duty("b", "p", PartyId("y"), Kind.PRIVACY_OFFICER, frozenset({Door.AUDIT, Door.COVENANTS}), "person-1")
    assert by_door((first, second)) == {Door.AUDIT: first, Door.COVENANTS: second}
    assert scopes_at(first, Door.AUDIT) == {"door:audit", READS_LOG}
    assert scopes_at(first, Door.COVENANTS) == frozenset()
    assert folder.is_dir()


def test_no_kind_opens_a_door_of_systems_and_an_impossible_duty_cannot_be_made() -> None:
    assert {door for doors in OPENS.values() for door in doors} == {Door.COVENANTS, Door.AUDIT}
    for doors, who in (({Door.CASES}, "person-1"), (set(), "person-1"), ({Door.AUDIT}, None)):
        with pytest.raises(ValueError, match="expected"):
            Duty("a", "p", PartyId("x"), Kind.AUDITOR, frozenset(doors), who)


def test_a_pseudonym_says_nothing_without_its_key_and_does_not_mix_what_it_is_made_of() -> None:
    made = PSEUDONYMS.of("https://a.example", "sub")
    assert made == PSEUDONYMS.of("https://a.example", "sub")
    others = (
        Pseudonyms(bytes(32)).of("https://a.example", "sub"),
        PSEUDONYMS.of("https://a.example", "su"),
        PSEUDONYMS.of("https://a.exampl", "esub"),
    )
    assert made not in others
    assert len({made, *others}) == 4
    assert made.startswith("person-")


def test_the_file_is_read_again_when_it_was_touched_and_a_mistake_shuts_everybody_out(folder: Path, tmp_path: Path) -> None:
    for name in ("client.jwk", "client.secret"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    path, stream = tmp_path / "people.yaml", io.StringIO()
    roll = RollFile(path, PSEUDONYMS, event_log(stream, system_clock))
    for _ in range(2):
        with pytest.raises(NoRoll):
            roll.current()
    path.write_text(RIGHT)
    first = roll.current()
    assert roll.current() is first
    path.write_text(RIGHT.replace("keeper:", "caretaker:"))
    assert [one.name for one in roll.current().duties] == ["officer", "auditors", "caretaker"]
    path.write_text(RIGHT.replace("keeper:", "Keeper:"))
    for _ in range(2):
        with pytest.raises(NoRoll):
            roll.current()
    path.unlink()
    with pytest.raises(NoRoll):
        roll.current()
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["people.unreadable"] * 3


def test_without_a_file_nobody_has_a_duty() -> None:
    assert RollFile(None, PSEUDONYMS, event_log(io.StringIO(), system_clock)).current().duties == ()
