"""Somebody else's Casbin, in another language, loads what we export and decides the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

from policies.compile import compile_covenant
from policies.load import load_covenant
from tests.conformance.nodes import run
from tests.conformance.questions import exported, generated, questions

SCRIPT = Path(__file__).with_name("ask_casbin.js")
SHIPPED = Path(__file__).resolve().parents[2] / "covenant.yaml"
#: asks of the shipped covenant, and of each of the generated ones
OF_SHIPPED, OF_GENERATED, GENERATED = 70_000, 3_000, 10


def test_node_casbin_decides_as_we_do_on_100_000_asks(tmp_path: Path) -> None:
    random = Random(20260101)  # noqa: S311 - a sample, the same one each time
    shipped = compile_covenant(load_covenant(SHIPPED.read_bytes()))
    policies = [(shipped, OF_SHIPPED), *((generated(random), OF_GENERATED) for _ in range(GENERATED))]
    asked = [list(questions(policy, random, number)) for policy, number in policies]
    orders = [
        {"folder": str(exported(policy, tmp_path / str(at))), "asks": [ask for ask, _ in asks], "whole": 500}
        for at, ((policy, _), asks) in enumerate(zip(policies, asked, strict=True))
    ]
    asks = permits = 0
    for (policy, _), pairs, answer in zip(policies, asked, run("casbin@5", SCRIPT, orders), strict=True):
        read, _, signs = answer.partition(" ")
        assert int(read) == len(policy.rules)
        assert [(ask, sign) for (ask, expected), sign in zip(pairs, signs, strict=True) if expected is not (sign == "1")][:5] == []
        asks, permits = asks + len(signs), permits + signs.count("1")
    assert asks == 100_000
    assert 30_000 < permits < 70_000
