"""The alarms of the page are YAML, and name only metrics that the listener has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import yaml

from audit.verdict import Exit
from broker.health import LogAge, Look
from broker.health_notes import LastVerdict
from broker.metrics import FAMILIES, PREFIX
from broker.metrics_serve import LOOPBACK, gauges_of
from tests.docs.pages import blocks, page

PAGE = page("docs/how-to/watch-the-log.md")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def names() -> set[str]:
    age = LogAge("house/2026", 1, 0, timedelta(1), timedelta(1))
    look = Look(NOW, True, timedelta(), (age,), 0, 0, timedelta(), LastVerdict(NOW, Exit.VERIFIED), None)
    found = {family.name for family in FAMILIES if not family.bounds} | {gauge.name for gauge in gauges_of(look) if gauge.values}
    return found | {f"{family.name}_bucket" for family in FAMILIES if family.bounds} | {"processes"}


def test_every_alarm_is_whole_and_names_metrics_that_there_are() -> None:
    scrape, rules = (yaml.safe_load(block) for block in blocks(PAGE, "yaml"))
    assert scrape["scrape_configs"][0]["static_configs"][0]["targets"][0].startswith(f"{LOOPBACK}:")
    (group,) = rules["groups"]
    used: set[str] = set()
    for rule in group["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert " · " in rule["annotations"]["summary"]
        used |= set(re.findall(rf"{PREFIX}(\w+)", rule["expr"]))
    assert used <= names()
    alerts = [rule["alert"] for rule in group["rules"]]
    assert len(alerts) == len(set(alerts))


def test_whatever_is_so_at_the_moment_has_its_alarm() -> None:
    told = set(re.findall(rf"{PREFIX}(\w+)", PAGE))
    watched = {"log_checkpoint_age_seconds", "log_quorum_age_seconds", "log_verify_age_seconds", "open_decisions", "outbox_debts", "health"}
    assert watched <= told & names()
