"""Whether the sources fit a covenant: every field has exactly one, and none serves what it may not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from connectors.registry.config import DepositConfig, HttpJsonConfig, Place, SourcesConfig, SqlConfig
from connectors.registry.yaml_nodes import Mistakes
from connectors.sql import Mapped, Reading
from policies.vocabulary import Delivery, FieldName, PartyId, ValueType


@dataclass(frozen=True, slots=True)
class CovenantField:
    """What the sources must know of a covenant's field, and no more: `codes` are those the covenant has for a field of type code."""

    name: FieldName
    holder: PartyId
    delivery: Delivery
    type: ValueType
    codes: frozenset[str] = frozenset()


def check_sources(config: SourcesConfig, fields: Iterable[CovenantField]) -> None:
    """Compare the sources with the fields of every covenant that is served.

    Raises:
        ConnectorConfigError: every field without a source, every mapping of a field that the holder does not have or that a professional
            must release by hand, and every mapping that cannot give the field's type.
    """
    mistakes = Mistakes(config.file)
    known = {(field.holder, field.name): field for field in fields}
    deposits = {source.holder for source in config.sources if isinstance(source, DepositConfig)}
    mapped = {(source.holder, name) for source in config.sources for name in source.fields}
    for source in config.sources:
        if not isinstance(source, DepositConfig):
            _check_mappings(source, known, mistakes)
    for (holder, name), field in sorted(known.items()):
        if holder not in deposits and (field.delivery is Delivery.RELEASED_BY_HOLDER or (holder, name) not in mapped):
            live = f"map it in a source of {holder}, or " if field.delivery is Delivery.LIVE else ""
            mistakes.add(Place(1, 1), f"`{name}` of {holder} has no source", f"{live}give {holder} a source of kind deposit")
    mistakes.raise_if_any()


def _check_mappings(source: SqlConfig | HttpJsonConfig, known: dict[tuple[PartyId, FieldName], CovenantField], mistakes: Mistakes) -> None:
    for name, mapping in source.fields.items():
        field, place = known.get((source.holder, name)), source.places[name]
        if field is None:
            near = get_close_matches(name, [other for holder, other in known if holder == source.holder], n=1)
            hint = f"did you mean `{near[0]}`" if near else ""
            mistakes.add(place, f"{source.holder} has no field `{name}` in the covenant", hint)
        elif field.delivery is Delivery.RELEASED_BY_HOLDER:
            # INVARIANT: what a professional must release by hand is never pulled; it comes from the deposit alone.
            mistakes.add(place, f"`{name}` is released by hand, and must not be read from `{source.name}`", "remove it here")
        elif isinstance(mapping, Mapped):
            _check_type(field, mapping, place, mistakes)


def _check_type(field: CovenantField, mapped: Mapped, place: Place, mistakes: Mistakes) -> None:
    if mapped.reading is Reading.COUNT and field.type is not ValueType.INTEGER:
        mistakes.add(place, f"`{field.name}` is of type {field.type}, and a count is a whole number")
    if mapped.reading is Reading.NEWEST and field.type is not ValueType.DATE:
        mistakes.add(place, f"`{field.name}` is of type {field.type}, and the newest day is a date")
    if (field.type is ValueType.CODE) is not bool(mapped.codes):
        # Without its list, a code of another legal class that lies in the same column could come along, or be told as present.
        hint = "expected `codes`: the source's and the covenant's" if field.type is ValueType.CODE else "only a code has `codes`"
        mistakes.add(place, f"`{field.name}` is of type {field.type}", hint)
    foreign = sorted({code for _, code in mapped.codes} - field.codes)
    if mapped.codes and foreign:
        mistakes.add(place, f"`{field.name}` has no code {', '.join(f'`{code}`' for code in foreign)} in the covenant")
