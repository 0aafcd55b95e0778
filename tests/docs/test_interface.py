"""The page about the interface: all 36 rules, each with a test that exists or a reason."""

from __future__ import annotations

import re
from functools import cache

from broker.api.openapi import OURS
from tests.docs.pages import ROOT, page, section
from tests.stage import Theatre, shared_small_house

__all__ = ["shared_small_house"]

PAGE = page("docs/interface.md")
#: the ids of API Design Rules 2.2, sections/designRules.md
# fmt: off
RULES = (
    "no-trailing-slash", "path-segments-kebab-case", "query-keys-camel-case", "date-time/format", "date-time/date-omit-time-portion",
    "error-handling/problem-details", "error-handling/invalid-input", "doc-openapi", "doc-openapi-contact", "publish-openapi",
    "uri-version", "semver", "version-header", "transport/tls", "transport/security-headers", "transport/cors", "naming-resources",
    "naming-collections", "interface-language", "hide-implementation", "date-time/timezone", "http-methods", "http-safety",
    "http-response-code", "stateless", "nested-child", "resource-operations", "error-handling/all-errors", "doc-language",
    "deprecation-schedule", "transition-period", "changelog", "transport/no-sensitive-uris", "modules/geospatial", "modules/signing",
    "modules/encryption",
)
# fmt: on
#: words in paths that are one thing, or another standard's
SINGULAR = {
    "session",
    "checkpoint",
    "consistency",
    "docs",
    "history",
    "live",
    "openapi.json",
    "proof",
    "ready",
    "receipt",
    "received",
    "tile",
    "words",
    "audit",
}


def rows() -> dict[str, tuple[str, str]]:
    lines = [line.strip("| ").split(" | ") for line in section(PAGE, "The rules").splitlines() if line.startswith("| `/core/")]
    return {rule.strip("`").removeprefix("/core/"): (how, held) for rule, how, held in lines}


@cache
def source_of(path: str) -> str:
    return page(path) if (ROOT / path).is_file() else ""


def test_every_rule_has_its_row_and_there_is_no_other() -> None:
    assert len(RULES) == 36
    assert list(rows()) != []
    assert sorted(rows()) == sorted(RULES)


def test_every_rule_has_a_test_that_exists_or_says_why_not() -> None:
    for rule, (how, held) in rows().items():
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(\w+)`", held)
        if named is None:
            assert held == "–", rule
            assert how.startswith(("**not met**", "does not apply")), rule
        else:
            assert f"def {named[2]}(" in source_of(named[1]), rule


def test_what_is_deprecated_is_announced(shared_small_house: Theatre) -> None:
    document = shared_small_house.http.get("/v1/openapi.json").json()
    deprecated = [one["operationId"] for methods in document["paths"].values() for one in methods.values() if one.get("deprecated")]
    announced = page("CHANGELOG.md").partition("### Deprecated")[2]
    assert [name for name in deprecated if name not in announced] == []
    assert "six months at least" in section(PAGE, "Versions")


def test_there_is_a_changelog_with_what_is_not_yet_released() -> None:
    assert "## Unreleased" in page("CHANGELOG.md")


def test_resources_are_nouns_in_the_plural(shared_small_house: Theatre) -> None:
    document = shared_small_house.http.get("/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        assert set(methods) <= {"get", "post"}, path
        for word in path.strip("/").split("/"):
            if not word.startswith(("{", "_")) and word not in SINGULAR:
                assert word.endswith("s"), f"{path}: {word}"


def test_the_groups_of_the_description_are_said_to_be_what_they_are(shared_small_house: Theatre) -> None:
    document = shared_small_house.http.get("/v1/openapi.json").json()
    assert [tag["name"] for tag in document["tags"]] == list(OURS.tags)
    assert all(tag["description"] for tag in document["tags"])
