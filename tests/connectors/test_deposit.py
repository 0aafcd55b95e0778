"""The deposit, on both databases: what is kept, what is taken back, and what cannot be read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, inspect, text

from broker.database import open_engine
from connectors.deposit import Deposit, TextKind, metadata
from connectors.deposit.encoding import decode_item, encode_item
from connectors.errors import DepositUnavailable, ReferenceTaken, SealBroken, SourceUnavailable, TextTaken, TextUnknown, Unavailable
from connectors.sealing import Keyring
from connectors.source import Item, Lookup, Wanted
from policies.vocabulary import FULL, CovenantId, FieldName, Form, FormKind, PartyId, Value, ValueType
from tests.connectors.conftest import INDEX_KEY, NEW_KEY, NOW, OLD_KEY

POLICE, CARE, CORPORATION = PartyId("police"), PartyId("care"), PartyId("corporation")
COUNT, LAST, CONTACT = FieldName("incidents.count_12m"), FieldName("incidents.last_on"), FieldName("support.contact")
COVENANT = CovenantId("waterstad-noord")
MONTH = Form(FormKind.MONTH)


def full(value: Value) -> Item:
    return Item(value, FULL, None)


def read(deposit: Deposit, *fields: FieldName, case: str = "c1", subject: str = "s1", holder: PartyId = POLICE) -> dict[FieldName, Item]:
    wanted = tuple(Wanted(field, FULL, ValueType.STRING) for field in fields)
    return dict(deposit.source("deposit", holder).read(Lookup(case, subject, holder, None, wanted, 1.0)))


def test_nothing_is_there_until_the_holder_gave_it(deposit: Deposit) -> None:
    assert read(deposit, COUNT) == {}
    assert deposit.contributed("c1", "s1", POLICE) == frozenset()


def test_a_contribution_is_read_for_its_own_case_subject_and_holder_only(deposit: Deposit) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3), LAST: full(date(2026, 3, 1))})
    assert read(deposit, COUNT) == {COUNT: full(3)}
    assert read(deposit, COUNT, CONTACT, LAST) == {COUNT: full(3), LAST: full(date(2026, 3, 1))}
    assert read(deposit, COUNT, case="c2") == read(deposit, COUNT, subject="s2") == read(deposit, COUNT, holder=CARE) == {}


def test_a_source_refuses_a_lookup_of_another_holders_fields(deposit: Deposit) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})
    with pytest.raises(ValueError, match="expected a lookup of care's fields, found one of police's"):
        deposit.source("deposit", CARE).read(Lookup("c1", "s1", POLICE, None, (Wanted(COUNT, FULL, ValueType.INTEGER),), 1.0))


def test_a_new_contribution_merges_with_the_former_and_replaces_what_it_repeats(deposit: Deposit) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3), LAST: full(date(2026, 3, 1))})
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(4)})
    assert read(deposit, COUNT, LAST) == {COUNT: full(4), LAST: full(date(2026, 3, 1))}


def test_a_contribution_of_nothing_or_of_an_unknown_type_is_refused(deposit: Deposit) -> None:
    with pytest.raises(ValueError, match="without fields"):
        deposit.contribute("c1", "s1", POLICE, {})
    with pytest.raises(ValueError, match="found float"):
        deposit.contribute("c1", "s1", POLICE, {COUNT: full(1.5)})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="found datetime"):
        deposit.contribute("c1", "s1", POLICE, {COUNT: full(datetime(2026, 1, 1, tzinfo=UTC))})
    with pytest.raises(ValueError, match="a moment with a time zone"):
        deposit.contribute("c1", "s1", POLICE, {COUNT: Item(1, FULL, datetime(2026, 1, 1))})  # noqa: DTZ001 - that is what is refused
    assert deposit.contributed("c1", "s1", POLICE) == frozenset()


def test_recalled_fields_are_gone_and_named_so_that_their_receivers_can_be_told(deposit: Deposit) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3), LAST: full(date(2026, 3, 1))})
    assert deposit.recall("c1", "s1", POLICE, [COUNT, CONTACT]) == {COUNT}
    assert read(deposit, COUNT, LAST) == {LAST: full(date(2026, 3, 1))}
    assert deposit.recall("c1", "s1", POLICE, [COUNT]) == frozenset()
    assert deposit.recall("c9", "s1", POLICE, [COUNT]) == frozenset()


def test_the_row_goes_with_the_last_recalled_field(deposit: Deposit, engine: Engine) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})
    deposit.recall("c1", "s1", POLICE, [COUNT])
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM deposit_contribution")).scalar_one() == 0


def test_writers_at_the_same_moment_lose_nothing_and_bring_nothing_recalled_back(deposit: Deposit) -> None:
    fields = [FieldName(f"incidents.f{number}") for number in range(8)]
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})

    def give(field: FieldName) -> None:
        deposit.contribute("c1", "s1", POLICE, {field: full(1)})

    work: list[Callable[[], object]] = [lambda field=field: give(field) for field in fields]  # type: ignore[misc]
    work.append(lambda: deposit.recall("c1", "s1", POLICE, [COUNT]))
    threads = [threading.Thread(target=task) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert deposit.contributed("c1", "s1", POLICE) == set(fields)


ITEMS = st.builds(
    Item,
    st.one_of(st.text(), st.integers(), st.booleans(), st.dates(), st.none()),
    st.sampled_from([FULL, MONTH, Form(FormKind.BANDS, ("0-2", "3+"))]),
    st.one_of(st.none(), st.dates(), st.datetimes(timezones=st.just(UTC))),
)


@given(ITEMS)
def test_an_item_comes_back_as_it_was_given_with_its_type(item: Item) -> None:
    back = decode_item(encode_item(item))
    assert back == item
    assert type(back.value) is type(item.value)


def test_a_blob_moved_to_another_persons_row_makes_the_source_malformed(deposit: Deposit, engine: Engine) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})
    with engine.begin() as connection:
        connection.execute(text("UPDATE deposit_contribution SET subject = 's2'"))
    with pytest.raises(SourceUnavailable) as error:
        read(deposit, COUNT, subject="s2")
    assert error.value.reason is Unavailable.MALFORMED
    with pytest.raises(SealBroken):
        deposit.contribute("c1", "s2", POLICE, {COUNT: full(4)})


def test_no_value_reference_or_text_stands_readable_in_the_database(deposit: Deposit, engine: Engine) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full("MARKED-value")})
    deposit.register_reference(COVENANT, POLICE, "s1", "MARKED-reference")
    deposit.keep_text(TextKind.SIGNAL, "t1", "MARKED-text")
    with engine.connect() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(table.select())]
    assert len(rows) == 3
    assert not any(b"MARKED" in cell for row in rows for cell in row if isinstance(cell, bytes))
    assert not any("MARKED" in cell or "incidents" in cell for row in rows for cell in row if isinstance(cell, str))


def test_a_party_learns_its_own_reference_only(deposit: Deposit) -> None:
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-1")
    deposit.register_reference(COVENANT, CORPORATION, "s1", "H-77")
    assert deposit.reference_of(COVENANT, POLICE, "s1") == "PL-1"
    assert deposit.reference_of(COVENANT, CARE, "s1") is None
    assert deposit.reference_of(CovenantId("another"), POLICE, "s1") is None
    assert deposit.subject_of(COVENANT, POLICE, "PL-1") == "s1"
    assert deposit.subject_of(COVENANT, CORPORATION, "PL-1") is None
    assert deposit.subject_of(CovenantId("another"), POLICE, "PL-1") is None


def test_a_subject_has_one_reference_of_a_party(deposit: Deposit) -> None:
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-1")
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-1")
    with pytest.raises(ReferenceTaken):
        deposit.register_reference(COVENANT, POLICE, "s1", "PL-2")
    deposit.register_reference(COVENANT, CARE, "s1", "PL-2")
    assert deposit.forget_reference(COVENANT, POLICE, "s1") is True
    assert deposit.forget_reference(COVENANT, POLICE, "s1") is False
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-2")
    assert deposit.reference_of(COVENANT, POLICE, "s1") == "PL-2"


def test_a_reference_to_several_subjects_finds_the_first_that_is_left(deposit: Deposit) -> None:
    for subject in ("s2", "s3"):
        deposit.register_reference(COVENANT, POLICE, subject, "PL-1")
    assert [deposit.reference_of(COVENANT, POLICE, subject) for subject in ("s2", "s3")] == ["PL-1", "PL-1"]
    assert deposit.subject_of(COVENANT, POLICE, "PL-1") == "s2"
    deposit.forget_reference(COVENANT, POLICE, "s2")
    assert deposit.subject_of(COVENANT, POLICE, "PL-1") == "s3"
    with pytest.raises(ValueError, match="empty reference"):
        deposit.register_reference(COVENANT, POLICE, "s3", "")


def test_a_text_is_read_as_its_own_kind_and_never_replaced(deposit: Deposit) -> None:
    deposit.keep_text(TextKind.REASON, "t1", "omdat het niet anders kan")
    deposit.keep_text(TextKind.REASON, "t1", "omdat het niet anders kan")
    with pytest.raises(TextTaken):
        deposit.keep_text(TextKind.REASON, "t1", "iets anders")
    with pytest.raises(TextTaken):
        deposit.keep_text(TextKind.SIGNAL, "t1", "omdat het niet anders kan")
    assert deposit.text_of(TextKind.REASON, "t1") == "omdat het niet anders kan"
    for kind, text_id in ((TextKind.SIGNAL, "t1"), (TextKind.REASON, "t2")):
        with pytest.raises(TextUnknown):
            deposit.text_of(kind, text_id)
    assert deposit.forget_texts(["t1", "t2"]) == 1
    with pytest.raises(TextUnknown):
        deposit.text_of(TextKind.REASON, "t1")


def test_a_purged_case_and_an_erased_subject_leave_no_row(deposit: Deposit) -> None:
    for case, subject in (("c1", "s1"), ("c1", "s2"), ("c2", "s1")):
        deposit.contribute(case, subject, POLICE, {COUNT: full(1)})
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-1")
    assert deposit.purge_case("c1") == 2
    assert read(deposit, COUNT, case="c2") == {COUNT: full(1)}
    assert deposit.erase_subject("s1") == 2
    assert read(deposit, COUNT, case="c2") == {}
    assert deposit.reference_of(COVENANT, POLICE, "s1") is None


def test_after_rewrapping_the_old_key_can_be_destroyed(deposit: Deposit, engine: Engine) -> None:
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})
    deposit.contribute("c2", "s1", POLICE, {COUNT: full(4)})
    deposit.register_reference(COVENANT, POLICE, "s1", "PL-1")
    deposit.keep_text(TextKind.REASON, "t1", "omdat")
    both = Deposit(engine, lambda: Keyring("k2", {"k1": OLD_KEY, "k2": NEW_KEY}, INDEX_KEY), lambda: NOW)
    assert [both.rewrap(3), both.rewrap(3), both.rewrap(3)] == [3, 1, 0]
    new = Deposit(engine, lambda: Keyring("k2", {"k2": NEW_KEY}, INDEX_KEY), lambda: NOW)
    assert read(new, COUNT) == {COUNT: full(3)}
    assert new.reference_of(COVENANT, POLICE, "s1") == "PL-1"
    assert new.subject_of(COVENANT, POLICE, "PL-1") == "s1"
    assert new.text_of(TextKind.REASON, "t1") == "omdat"
    with pytest.raises(SourceUnavailable):
        read(deposit, COUNT)


def test_a_database_that_does_not_answer_says_nothing_else(database_url: str, keyring: Keyring) -> None:
    engine = open_engine(database_url)  # never migrated: there are no tables
    deposit = Deposit(engine, lambda: keyring, lambda: datetime.now(UTC))
    with pytest.raises(SourceUnavailable, match=r"^source deposit is unavailable: unreachable$"):
        read(deposit, COUNT)
    with pytest.raises(DepositUnavailable, match=r"^the deposit's database did not answer, or its keys cannot be read$"):
        deposit.contribute("c1", "s1", POLICE, {COUNT: full("MARKED")})
    with pytest.raises(DepositUnavailable):
        deposit.forget_texts(["t1"])
    engine.dispose()


def test_a_read_survives_connections_that_the_server_closed(postgres_url: str, keyring: Keyring) -> None:
    from broker.database import upgrade  # noqa: PLC0415

    upgrade(postgres_url, "deposit")
    engine, other = open_engine(postgres_url), open_engine(postgres_url)
    deposit = Deposit(engine, lambda: keyring, lambda: datetime.now(UTC))
    deposit.contribute("c1", "s1", POLICE, {COUNT: full(3)})
    stale = [engine.raw_connection() for _ in range(3)]
    for connection in stale:
        connection.close()
    with other.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        )
    assert read(deposit, COUNT) == {COUNT: full(3)}
    assert read(deposit, COUNT) == {COUNT: full(3)}
    engine.dispose()
    other.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_code_speaks_of(engine: Engine) -> None:
    found = inspect(engine)
    assert set(found.get_table_names()) == {table.name for table in metadata.sorted_tables} | {"alembic_version_deposit"}
    for table in metadata.sorted_tables:
        columns = {column["name"]: (column["nullable"], str(column["type"].as_generic())) for column in found.get_columns(table.name)}
        assert columns == {column.name: (column.nullable, str(column.type.as_generic())) for column in table.columns}
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [column.name for column in table.primary_key]
        indexes = {(index["name"], tuple(index["column_names"]), bool(index["unique"])) for index in found.get_indexes(table.name)}
        assert indexes == {(index.name, tuple(column.name for column in index.columns), bool(index.unique)) for index in table.indexes}
