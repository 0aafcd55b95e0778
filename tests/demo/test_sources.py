"""The demonstration's source systems answer the broker's own connectors, for every person in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from broker.demo.people import CARE, CONCERN, CORPORATION, MAIN, MUNICIPALITY, POLICE, QUIET, STORY, Resident, neighbourhood
from broker.demo.sources.configuration import sources_page
from broker.demo.sources.municipality import CaseSystem
from broker.demo.sources.registers import write_registers
from broker.demo.sources.released import to_release
from broker.demo.sources.rental import create_rental_database
from connectors.errors import SourceUnavailable, Unavailable
from connectors.http_json import HttpJsonSource, open_client
from connectors.registry import CovenantField, HttpJsonConfig, SourcesConfig, SqlConfig, check_sources, load_sources
from connectors.source import Item, Lookup, Source, Wanted
from connectors.sql import SqlSource, open_read_only
from policies.covenant import Covenant
from policies.forms import FORMS_OF
from policies.load import load_covenant
from policies.mask import reduce_value
from policies.vocabulary import FULL, Delivery, FieldName, Form, FormKind, PartyId

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 3, 16)
MONTH, YEAR, PRESENT = Form(FormKind.MONTH), Form(FormKind.YEAR), Form(FormKind.PRESENT)
BANDS = Form(FormKind.BANDS, ("0-2", "3-9", "10+"))
TOKEN = "a-token-of-the-demonstration"


def seeded() -> Random:
    return Random(1)  # noqa: S311 - people, not secrets


@pytest.fixture(scope="module")
def covenant() -> Covenant:
    return load_covenant((ROOT / "covenant.yaml").read_bytes())


@pytest.fixture(scope="module")
def config() -> SourcesConfig:
    return load_sources(
        sources_page(rental_url="sqlite:///rental.sqlite", municipality_url="http://127.0.0.1:8901/gegevens", token_file="token")
    )


@pytest.fixture
def rental(database_url: str, config: SourcesConfig) -> Iterator[SqlSource]:
    create_rental_database(database_url, today=TODAY, random=seeded())
    sql = next(source for source in config.sources if isinstance(source, SqlConfig))
    engine = open_read_only(database_url, at_once=2, deadline_s=60)
    yield SqlSource("rental", CORPORATION, engine, sql.person, sql.fields, lambda: TODAY, 60)
    engine.dispose()


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("municipality") / "persons.json"
    write_registers(path, today=TODAY, random=seeded())
    return path


@pytest.fixture(scope="module")
def case_system(persons: Path) -> Iterator[CaseSystem]:
    with CaseSystem(persons, TOKEN, 0) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with open_client(at_once=2) as client:
        yield client


def registers(config: SourcesConfig, client: httpx.Client, url: str, token: str = TOKEN) -> HttpJsonSource:
    api = next(source for source in config.sources if isinstance(source, HttpJsonConfig))
    return HttpJsonSource("case-system", MUNICIPALITY, client, url, api.fields, lambda: token, deadline_s=60, max_bytes=65_536)


def ask(source: Source, covenant: Covenant, reference: str, forms: dict[str, Form]) -> dict[str, Item]:
    wanted = tuple(Wanted(FieldName(name), form, covenant.fields[FieldName(name)].type) for name, form in forms.items())
    return {str(name): item for name, item in source.read(Lookup("case", "subject", source.holder, reference, wanted, 60)).items()}


def all_fields(covenant: Covenant, holder: PartyId) -> dict[str, Form]:
    return {str(name): FULL for name, field in covenant.fields.items() if field.holder == holder}


# what must not be


def test_no_key_of_the_rental_database_but_the_mapped_ones_is_ever_named() -> None:
    page = sources_page(rental_url="x", municipality_url="y", token_file="z").decode()
    assert "bankrekening" not in page
    assert "melder_id" not in page
    assert "vertrouwelijkheid" not in page


def test_nobody_in_the_demonstration_has_a_citizen_service_number(persons: Path) -> None:
    words = persons.read_text("utf-8") + repr(neighbourhood(300, seeded()))
    digits = re.findall(r"(?<![0-9])[0-9]{8,9}(?![0-9])", words)
    assert [number for number in digits if _passes_eleven_test(number)] == []


def _passes_eleven_test(number: str) -> bool:
    figures = [int(figure) for figure in number.zfill(9)]
    return sum(weight * figure for weight, figure in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), figures, strict=True)) % 11 == 0


@pytest.mark.parametrize("reference", ["999999", "0", "x", "204117 OR 1=1", ""])
def test_the_rental_database_gives_nothing_for_a_tenant_it_does_not_have(rental: SqlSource, covenant: Covenant, reference: str) -> None:
    assert ask(rental, covenant, reference, all_fields(covenant, CORPORATION)) == {}


def test_the_case_system_refuses_another_token(
    config: SourcesConfig, client: httpx.Client, case_system: CaseSystem, covenant: Covenant
) -> None:
    source = registers(config, client, case_system.url, token="another")
    with pytest.raises(SourceUnavailable) as refused:
        ask(source, covenant, MAIN.references[MUNICIPALITY], {"person.last_name": FULL})
    assert refused.value.reason is Unavailable.REFUSED


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b'{"reference": "x"}', 400), (b'{"fields": []}', 400), (b"x" * 70_000, 413)]
)
def test_the_case_system_refuses_what_is_no_question(client: httpx.Client, case_system: CaseSystem, body: bytes, status: int) -> None:
    answer = client.post(case_system.url, content=body, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()) == (status, {})


def test_the_case_system_gives_nothing_about_a_person_it_does_not_have(
    config: SourcesConfig, client: httpx.Client, case_system: CaseSystem, covenant: Covenant
) -> None:
    assert ask(registers(config, client, case_system.url), covenant, "INW-000000", all_fields(covenant, MUNICIPALITY)) == {}


def test_the_police_have_nothing_on_the_resident_people_are_concerned_about() -> None:
    assert to_release(POLICE, CONCERN, today=TODAY) == {}
    assert to_release(CARE, QUIET, today=TODAY) == {}


# what must be


def test_every_field_of_the_covenant_has_one_source_that_can_give_it(config: SourcesConfig, covenant: Covenant) -> None:
    check_sources(
        config,
        [CovenantField(field.name, field.holder, field.delivery, field.type, frozenset(field.codes)) for field in covenant.fields.values()],
    )


def test_the_corporation_knows_what_the_story_tells_about_its_tenant(rental: SqlSource, covenant: Covenant) -> None:
    items = ask(rental, covenant, MAIN.references[CORPORATION], all_fields(covenant, CORPORATION))
    values = {name: item.value for name, item in items.items()}
    expected = {
        "identity.last_name": "van der Waterkant",
        "identity.birth_date": date(1979, 4, 17),
        "identity.address": "Lisdoddestraat 14",
        "identity.postcode": "9999 ZA",
        "tenancy.contract_status": "LOP",
        "tenancy.ends_on": None,
        "complaints.kind": "GEL",
        "complaints.status": "ACT",
        "complaints.count_12m": 17,
        "complaints.reporters_12m": 6,
        "complaints.last_on": TODAY - timedelta(days=10),
        "complaints.at_night": True,
        "conduct.kind": "VEB",
        "conduct.visit_with_two": True,
        "arrears.months": 3,
        "arrears.amount": 1836,
        "arrears.eviction_on": None,
        "interventions.mediation": "geweigerd",
        "interventions.warning_letters_12m": 3,
        "interventions.court_case": False,
    }
    assert {name: values[name] for name in expected} == expected
    assert "complaints.offence_kind" not in values
    assert set(values) == set(all_fields(covenant, CORPORATION)) - {"complaints.offence_kind"}


def test_the_rental_database_gives_no_more_than_the_form_that_is_wanted(rental: SqlSource, covenant: Covenant) -> None:
    forms = {"complaints.count_12m": BANDS, "complaints.last_on": MONTH, "tenancy.started_on": YEAR, "arrears.eviction_on": PRESENT}
    items = ask(rental, covenant, MAIN.references[CORPORATION], forms)
    assert {name: (item.value, item.form) for name, item in items.items() if name != "arrears.eviction_on"} == {
        "complaints.count_12m": ("10+", BANDS),
        "complaints.last_on": ("2026-03", MONTH),
        "tenancy.started_on": ("2016", YEAR),
    }
    assert items["arrears.eviction_on"].value is False


def test_every_tenant_can_be_read_whole(rental: SqlSource, covenant: Covenant) -> None:
    offences = 0
    for person in neighbourhood(300, seeded()):
        items = ask(rental, covenant, person.references[CORPORATION], all_fields(covenant, CORPORATION))
        assert items["identity.last_name"].value
        assert isinstance(items["complaints.count_12m"].value, int)
        offences += "complaints.offence_kind" in items
    assert offences  # so that the article on offences has something to speak of


def test_the_municipality_knows_what_the_story_tells(
    config: SourcesConfig, client: httpx.Client, case_system: CaseSystem, covenant: Covenant
) -> None:
    source = registers(config, client, case_system.url)
    items = ask(source, covenant, MAIN.references[MUNICIPALITY], all_fields(covenant, MUNICIPALITY))
    assert set(items) == set(all_fields(covenant, MUNICIPALITY))
    assert items["person.birth_date"] == Item(date(1979, 4, 17), FULL, TODAY)
    assert items["measures.order_kind"].value == "gedragsaanwijzing"
    assert items["measures.closure_from"].value is None
    assert items["debt_help.status"].value == "stabilisatie"


def test_the_case_system_reduces_what_it_can_and_leaves_the_rest_to_the_broker(
    config: SourcesConfig, client: httpx.Client, case_system: CaseSystem, covenant: Covenant
) -> None:
    forms = {
        "measures.warning_on": MONTH,
        "person.birth_date": YEAR,
        "registrations.moves_12m": BANDS,
        "measures.closure_from": PRESENT,
        "person.first_names": Form(FormKind.INITIALS),
    }
    items = ask(registers(config, client, case_system.url), covenant, MAIN.references[MUNICIPALITY], forms)
    assert items["measures.warning_on"].value == "2026-02"
    assert items["person.birth_date"].value == "1979"
    assert items["registrations.moves_12m"].form == BANDS
    assert items["measures.closure_from"] == Item(False, PRESENT, TODAY)
    assert items["person.first_names"] == Item("Johannes Cornelis", FULL, TODAY)


def test_every_inhabitant_can_be_read_whole(
    config: SourcesConfig, client: httpx.Client, case_system: CaseSystem, covenant: Covenant
) -> None:
    source = registers(config, client, case_system.url)
    for person in neighbourhood(300, seeded())[::7]:
        items = ask(source, covenant, person.references[MUNICIPALITY], all_fields(covenant, MUNICIPALITY))
        assert items["person.last_name"].value == person.last_name
        assert set(items) == set(all_fields(covenant, MUNICIPALITY))


@pytest.mark.parametrize("holder", [POLICE, CARE])
@pytest.mark.parametrize("resident", STORY, ids=lambda resident: resident.address)
def test_what_is_released_by_hand_is_what_the_covenant_says_it_is(covenant: Covenant, holder: PartyId, resident: Resident) -> None:
    for name, release in to_release(holder, resident, today=TODAY).items():
        field = covenant.fields[name]
        assert (field.holder, field.delivery) == (holder, Delivery.RELEASED_BY_HOLDER)
        assert reduce_value(FULL, release.value, field.type, field.codes) is not None
        assert FormKind.FULL in FORMS_OF[field.type]


def test_police_and_care_can_release_every_field_they_hold_about_somebody(covenant: Covenant) -> None:
    for holder in (POLICE, CARE):
        released = {name for resident in STORY for name in to_release(holder, resident, today=TODAY)}
        held = {name for name, field in covenant.fields.items() if field.holder == holder}
        assert held - released == {name for name in held if name.startswith("suspicion.")}  # no story here has drugs in it


def test_the_same_seed_makes_the_same_registers(tmp_path: Path, persons: Path) -> None:
    again = tmp_path / "again.json"
    write_registers(again, today=TODAY, random=seeded())
    assert again.read_bytes() == persons.read_bytes()


def test_the_case_system_runs_as_a_program_and_says_where(tmp_path: Path, persons: Path, client: httpx.Client) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN, encoding="utf-8")
    command = [sys.executable, "-m", "broker.demo.sources.municipality", "--persons", str(persons), "--token-file", str(token_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            question = {"reference": QUIET.references[MUNICIPALITY], "fields": [{"name": "geslachtsnaam", "form": "full"}]}
            answer = client.post(url, content=json.dumps(question), headers={"Authorization": f"Bearer {TOKEN}"})
        finally:
            program.terminate()
    assert answer.json() == {"fields": {"geslachtsnaam": {"value": "Kluut", "as_of": TODAY.isoformat()}}}
