"""`sources.yaml`: every mistake at once, with where it stands and how to mend it, and never what it holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connectors.deposit import Deposit, DepositSource
from connectors.errors import ConnectorConfigError, SourceMissing
from connectors.registry import CovenantField, HttpJsonConfig, SqlConfig, check_sources, load_sources, open_sources
from connectors.sql import Mapped, Reading, Rows, TableName, Window
from policies.vocabulary import Delivery, FieldName, PartyId, ValueType

CORPORATION, MUNICIPALITY, POLICE, CARE = (PartyId(name) for name in ("corporation", "municipality", "police", "care"))
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-connector.md"


def example() -> bytes:
    """The configuration that the how-to page shows."""
    return HOW_TO.read_bytes().split(b"```yaml\n")[1].split(b"```")[0]


def field(name: str, holder: PartyId, type_: ValueType, *codes: str, released: bool = False) -> CovenantField:
    delivery = Delivery.RELEASED_BY_HOLDER if released else Delivery.LIVE
    return CovenantField(FieldName(name), holder, delivery, type_, frozenset(codes))


FIELDS = (
    field("tenancy.since", CORPORATION, ValueType.DATE),
    field("complaints.count_12m", CORPORATION, ValueType.INTEGER),
    field("complaints.last_on", CORPORATION, ValueType.DATE),
    field("complaints.kind", CORPORATION, ValueType.CODE, "GEL", "VER"),
    field("measures.open_count", MUNICIPALITY, ValueType.INTEGER),
    field("incidents.count_12m", POLICE, ValueType.INTEGER, released=True),
    field("support.contact", CARE, ValueType.STRING, released=True),
)


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConnectorConfigError) as error:
        load_sources(text.encode())
    return str(error.value).splitlines()


def test_the_configuration_of_the_how_to_page_is_read_and_fits_its_covenant() -> None:
    config = load_sources(example())
    check_sources(config, FIELDS)
    rental, cases = config.sources[:2]
    assert isinstance(rental, SqlConfig)
    assert isinstance(cases, HttpJsonConfig)
    assert (rental.url, rental.deadline_s, rental.at_once, rental.person.integer) == ("sqlite:///rental.db", 2.0, 8, True)
    rows = Rows(TableName("melding"), "huurdernummer", (("soort", ("GEL", "VER")),), Window("gemeld_op", 12))
    assert rental.fields[FieldName("complaints.count_12m")] == Mapped(rows, Reading.COUNT)
    since = Mapped(Rows(TableName("huurder"), "huurdernummer"), Reading.COLUMN, "huur_vanaf", null_is_empty=True, as_of="bijgewerkt_op")
    assert rental.fields[FieldName("tenancy.since")] == since
    assert dict(cases.fields) == {"measures.open_count": "openMeasures"}
    assert (cases.token_file, cases.ca_file, cases.max_bytes) == ("municipality-token", None, 65536)


def test_all_mistakes_are_told_at_once_with_where_they_stand_and_how_to_mend_them() -> None:
    text = """\
version: 2
souces: {}
sources:
  Rental:
    kind: sqll
    holder: corporation
  rental:
    kind: sql
    holder: corporation
    url: postgresql://broker:hunter2@db/rental
    deadline: 2 minutes
    at_once: 0
    person: {table: huur der, reference: nummer}
    fields: {a.b: {column: c}}
  rental2:
    kind: sql
    holder: corporation
    person: {table: huurder, reference: nummer, type: bsn}
    fields:
      nofield: {column: c}
      a.b: {colum: c}
      a.c: {count: rows, column: c}
      a.d: {count: all}
      a.e: {column: c, on: d}
      a.f: {column: c, where: {soort: NO}, codes: {no: NEE}}
      a.g: {count: rows, on: d, within: a year}
      a.h: {column: "c; drop"}
      a.i: {column: c, null: nothing}
      a.i: {column: c}
  api:
    kind: http-json
    holder: municipality
    url: http://cases.example/ask
    max_bytes: many
    fields: {m.a: x, m.b: x}
  api2: {kind: http-json, holder: municipality, url: "https://u:p@cases.example/ask?x=1", fields: {m.a: y}}
  one: {kind: deposit, holder: police, fields: {}}
  two: {kind: deposit, holder: police}
"""
    assert mistakes(text) == [
        "sources.yaml:1:10: error: expected version 1, found `2`",
        "sources.yaml:2:1: error: `souces` is not known here (did you mean `sources`)",
        "sources.yaml:4:3: error: expected a name of lower-case words, found `Rental`",
        "sources.yaml:5:11: error: expected a kind, found `sqll` (one of deposit, sql, http-json)",
        "sources.yaml:10:10: error: expected a URL without a password: put it into a file and name that as `url_file`",
        "sources.yaml:11:15: error: expected a time as `2s` or `500ms`, at most 30s, found `2 minutes`",
        "sources.yaml:12:14: error: expected a number from 1 to 64, found `0`",
        "sources.yaml:13:13: error: expected a name of letters, digits and underscores, found `huur der`",
        "sources.yaml:15:3: error: expected either `url` or `url_file` (a URL with a password stands in a file of its own)",
        "sources.yaml:18:55: error: expected text or integer, found `bsn`",
        "sources.yaml:20:7: error: expected a field as `category.field`, found `nofield`",
        "sources.yaml:21:7: error: expected exactly one of `column`, `count` and `newest`",
        "sources.yaml:21:13: error: `colum` is not known here (did you mean `column`)",
        "sources.yaml:22:7: error: expected exactly one of `column`, `count` and `newest`",
        "sources.yaml:23:7: error: expected `count: rows`: what is counted is chosen with `where` and `within`",
        "sources.yaml:24:7: error: expected `on` and `within` together: the column with the day, and how far back",
        "sources.yaml:25:32: error: expected codes for `soort` (put quotes around a code that YAML reads as something else)",
        "sources.yaml:25:52: error: expected a code, found `no` (put quotes around a code that YAML reads as something else)",
        "sources.yaml:26:7: error: expected a time such as `12 months`, found `a year`",
        "sources.yaml:27:7: error: expected a name of letters, digits and underscores, found `c; drop`",
        "sources.yaml:28:7: error: expected `null: empty` (known to be empty) or `null: unknown`",
        "sources.yaml:29:7: error: `a.i` is there twice (remove one of the two)",
        "sources.yaml:33:10: error: expected an https URL (http on loopback only)",
        "sources.yaml:34:16: error: expected a number from 1 to 16777216, found `many`",
        "sources.yaml:35:27: error: `x` is there twice (each field has a name of its own at the source)",
        "sources.yaml:36:54: error: expected a URL of a host and a path only: no user, query or fragment",
        "sources.yaml:36:100: error: `m.a` of municipality is served by `api` already",
        "sources.yaml:37:40: error: `fields` is not known here (known here: holder, kind)",
        "sources.yaml:38:3: error: the deposit of police is served by `one` already",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "sources.yaml:1:1: error: expected a table with `version` and `sources`"),
        (b"- a", "sources.yaml:1:1: error: expected a table with `version` and `sources`"),
        (b"a: [", "sources.yaml:2:1: error: not YAML: did not find expected node content"),
        (b"a: \xff", "sources.yaml:1:1: error: expected UTF-8, found another byte at position 3"),
        (b"a: \x07", "sources.yaml:1:1: error: not YAML: it holds a character that YAML does not allow"),
        (b"a: &x 1\nb: *x", "sources.yaml:1:4: error: anchors, aliases and tags are not used here (write the value out)"),
        (b"a: !!python/object:os.system x", "sources.yaml:1:4: error: anchors, aliases and tags are not used here (write the value out)"),
        (b"a: 1\n---\nb: 2", "sources.yaml:2:1: error: expected one document, found another"),
        (b"[" * 900, "sources.yaml:1:13: error: too deep"),
        (b" " * 300_000, "sources.yaml:1:1: error: expected at most 262144 bytes, found 300000"),
        (b"version: 1\nsources: {}", "sources.yaml:2:10: error: expected at least one source"),
        (b"version: 1\nsources: {a: 1}", "sources.yaml:2:14: error: expected a table of keys and values"),
        (b"sources: {a: {kind: deposit, holder: police}}", "sources.yaml:1:1: error: expected `version`, found nothing"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_file_that_is_no_configuration_is_refused_with_one_clear_line(text: bytes, message: str) -> None:
    with pytest.raises(ConnectorConfigError) as error:
        load_sources(text)
    assert message in str(error.value).splitlines()


def test_a_file_that_is_only_depth_is_too_deep_whoever_counts_first() -> None:
    with pytest.raises(ConnectorConfigError, match=r"error: too deep$"):
        load_sources(b"[" * 100_000)


def test_sources_that_do_not_fit_the_covenant_are_refused_with_every_reason() -> None:
    released = (
        field("tenancy.since", CORPORATION, ValueType.DATE, released=True),
        field("complaints.count_12m", CORPORATION, ValueType.DATE),
    )
    codes = (field("complaints.last_on", CORPORATION, ValueType.CODE, "GEL"), field("complaints.kind", CORPORATION, ValueType.CODE, "GEL"))
    more = (field("measures.count", MUNICIPALITY, ValueType.INTEGER), field("support.contact", CARE, ValueType.STRING, released=True))
    config = load_sources(example().replace(b"  care-deposit: {kind: deposit, holder: care}\n", b""))
    with pytest.raises(ConnectorConfigError) as error:
        check_sources(config, (*released, *codes, *more))
    hint = "map it in a source of municipality, or give municipality a source of kind deposit"
    assert str(error.value).splitlines() == [
        f"sources.yaml:1:1: error: `measures.count` of municipality has no source ({hint})",
        "sources.yaml:1:1: error: `support.contact` of care has no source (give care a source of kind deposit)",
        "sources.yaml:1:1: error: `tenancy.since` of corporation has no source (give corporation a source of kind deposit)",
        "sources.yaml:11:7: error: `tenancy.since` is released by hand, and must not be read from `corporation-rental` (remove it here)",
        "sources.yaml:12:7: error: `complaints.count_12m` is of type date, and a count is a whole number",
        "sources.yaml:13:7: error: `complaints.last_on` is of type code (expected `codes`: the source's and the covenant's)",
        "sources.yaml:13:7: error: `complaints.last_on` is of type code, and the newest day is a date",
        "sources.yaml:14:7: error: `complaints.kind` has no code `VER` in the covenant",
        "sources.yaml:22:7: error: municipality has no field `measures.open_count` in the covenant (did you mean `measures.count`)",
    ]


def test_what_cannot_be_opened_is_told_without_its_contents(tmp_path: Path, deposit: Deposit) -> None:
    (tmp_path / "rental-url").write_text("nonsense://user:MARKED@host/db")
    text = example().replace(b"url: sqlite:///rental.db ", b"url_file: rental-url")
    with pytest.raises(ConnectorConfigError) as error:
        open_sources(load_sources(text), deposit=deposit, today=lambda: date(2026, 3, 15), folder=tmp_path, on_fault=lambda *_: None)
    assert str(error.value).splitlines() == [
        "sources.yaml:3:3: error: `corporation-rental` cannot be opened: NoSuchModuleError",
        "sources.yaml:15:3: error: `municipality-cases` cannot be opened: FileNotFoundError",
    ]


def test_each_field_has_its_source_and_what_is_released_by_hand_comes_from_the_deposit_alone(tmp_path: Path, deposit: Deposit) -> None:
    (tmp_path / "municipality-token").write_text("token\n")
    text = example() + b"  corporation-deposit: {kind: deposit, holder: corporation}\n"
    config = load_sources(text)
    sources = open_sources(config, deposit=deposit, today=lambda: date(2026, 3, 15), folder=tmp_path, on_fault=lambda *_: None)
    since = FieldName("tenancy.since")
    assert sources.for_field(CORPORATION, since, Delivery.LIVE).name == "corporation-rental"
    assert sources.for_field(CORPORATION, since, Delivery.RELEASED_BY_HOLDER).name == "corporation-deposit"
    assert sources.for_field(CORPORATION, FieldName("tenancy.other"), Delivery.LIVE).name == "corporation-deposit"
    assert isinstance(sources.for_field(POLICE, since, Delivery.LIVE), DepositSource)
    with pytest.raises(SourceMissing, match=r"^field tenancy.since of municipality has no source$"):
        sources.for_field(MUNICIPALITY, since, Delivery.LIVE)
    with pytest.raises(SourceMissing):
        sources.for_field(MUNICIPALITY, FieldName("measures.open_count"), Delivery.RELEASED_BY_HOLDER)
    sources.close()
