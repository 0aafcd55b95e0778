"""A second reader of the exposition: the parser of prometheus-client."""

from __future__ import annotations

from prometheus_client import parser

from broker.metrics import PREFIX

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples_of(told: str) -> dict[Sample, float]:
    """(name without our prefix, labels) → value; every family has its help and type, and no sample stands twice."""
    found: dict[Sample, float] = {}
    for family in parser.text_string_to_metric_families(told):
        assert family.documentation
        assert family.type in {"counter", "gauge", "histogram"}, family.name
        for sample in family.samples:
            key = (sample.name.removeprefix(PREFIX), frozenset(sample.labels.items()))
            assert sample.name.startswith(PREFIX)
            assert key not in found, key
            found[key] = sample.value
    return found
