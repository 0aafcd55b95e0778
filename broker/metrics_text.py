"""The Prometheus text exposition format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from broker.metrics import FAMILIES, PREFIX, Family, Series

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is so at the moment of asking: (label values, number) for each of `labels`."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


def exposition(sums: Mapping[Series, Sequence[int]], gauges: Iterable[Gauge]) -> str:
    """Everything that was counted, and what is so now; a family without a series is left out."""
    lines: list[str] = []
    for family in FAMILIES:
        series = sorted((labels, cells) for (name, labels), cells in sums.items() if name == family.name)
        if series:
            lines += _head(family.name, family.help, "histogram" if family.bounds else "gauge" if family.gauge else "counter")
            for labels, cells in series:
                lines += _samples(family, dict(zip(family.labels, labels, strict=True)), cells)
    for gauge in gauges:
        if gauge.values:
            lines += _head(gauge.name, gauge.help, "gauge")
            lines += [f"{_name(gauge.name, dict(zip(gauge.labels, labels, strict=True)))} {value:.15g}" for labels, value in gauge.values]
    return "".join(f"{line}\n" for line in lines)


def _head(name: str, text: str, kind: str) -> tuple[str, str]:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {PREFIX}{name} {escaped}", f"# TYPE {PREFIX}{name} {kind}"


def _samples(family: Family, labels: Mapping[str, str], cells: Sequence[int]) -> Iterator[str]:
    if not family.bounds:
        yield f"{_name(family.name, labels)} {cells[0]}"
        return
    so_far = 0
    for bound, count in zip((*family.bounds, None), cells[:-1], strict=True):
        so_far += count
        yield f"{_name(family.name + '_bucket', {**labels, 'le': '+Inf' if bound is None else f'{bound / family.scale:g}'})} {so_far}"
    yield f"{_name(family.name + '_sum', labels)} {cells[-1] / family.scale:.15g}"
    yield f"{_name(family.name + '_count', labels)} {so_far}"


def _name(name: str, labels: Mapping[str, str]) -> str:
    if not labels:
        return PREFIX + name
    return PREFIX + name + "{" + ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
