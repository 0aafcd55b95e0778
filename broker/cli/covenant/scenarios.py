"""`broker covenant test`: the scenarios that privacy officers wrote, and what none of them tries."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from broker.cli.common import as_json, covenant_file, language, print_json
from policies.compile import compile_covenant
from policies.coverage import Coverage, Untried, coverage
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.policy import Policy
from policies.scenario_files import load_scenarios
from policies.scenarios import Failure, ScenarioResult, Suite, run_scenarios, suite_of
from policies.wording import Label, in_language, say

#: failures shown of one scenario; `--json` has all of them
SHOWN = 5


@click.command("test")
@covenant_file
@click.option(
    "--scenarios",
    "named",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    metavar="FILE|DIR",
    help="Files with more scenarios, or folders of them; repeatable. Default: tests/*.yaml beside the covenant.",
)
@click.option(
    "--require-coverage", is_flag=True, help="Fail where an article is covered by no scenario, or a never statement tried by none."
)
@language
@as_json
def run_tests(file: Path, *, named: tuple[Path, ...], require_coverage: bool, language: str, as_json: bool) -> None:
    """Run the scenarios in FILE and those beside it, and say which articles none of them covers.

    Exit code 0 when all pass, 1 otherwise, 2 when the command was not understood.
    """
    began = time.perf_counter()
    try:
        policy = compile_covenant(load_covenant(file.read_bytes(), str(file)))
        suites = [suite_of(policy.covenant), *_suites(policy, named or (file.parent / "tests",))]
    except CovenantErrors as errors:
        for finding in errors.findings:
            click.echo(finding.text(language), err=True)
        sys.exit(1)
    results = [result for suite in suites for result in run_scenarios(policy, suite)]
    covered = coverage(policy.covenant, [scenario for suite in suites for scenario in suite.scenarios], results)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(_members(policy, results, covered, seconds, language))
    else:
        for line in _lines(policy, results, covered, seconds):
            click.echo(line if isinstance(line, str) else in_language(line, language))
    complete = not require_coverage or not (covered.uncovered or covered.untried)
    sys.exit(0 if complete and all(result.passed for result in results) else 1)


def _suites(policy: Policy, places: Sequence[Path]) -> Iterator[Suite]:
    for place in places:
        for file in sorted(place.glob("*.yaml")) if place.is_dir() else [place] if place.exists() else []:
            yield load_scenarios(file.read_bytes(), str(file), policy.covenant)


def _lines(policy: Policy, results: Sequence[ScenarioResult], covered: Coverage, seconds: float) -> Iterator[Label | str]:
    covenant = policy.covenant
    yield f"{covenant.id} {covenant.version}  sha256 {policy.covenant_sha256}"
    file = None
    for result in results:
        if result.file != file:
            file = result.file
            yield f"\n{file}"
        yield _line(result)
    for result in results:
        if not result.passed:
            yield from _failed(result)
    yield ""
    yield from _coverage(covenant.places.file, covered)
    failed = sum(not result.passed for result in results)
    summary = say(
        "{passed} geslaagd, {failed} mislukt in {seconds} s",
        "{passed} passed, {failed} failed in {seconds} s",
        passed=len(results) - failed,
        failed=failed,
        seconds=Label(f"{seconds:.2f}".replace(".", ","), f"{seconds:.2f}"),
    )
    yield _styled(summary, "red" if failed else "green")


def _line(result: ScenarioResult) -> Label:
    verdict = Label("geslaagd", "passed") if result.passed else Label("MISLUKT ", "FAILED")
    word = Label(f"{verdict.nl:<8}", f"{verdict.en:<6}")
    return say(
        "{line:>6}  {verdict}  {name}",
        "{line:>6}  {verdict}  {name}",
        line=result.line,
        verdict=_styled(word, "green" if result.passed else "red"),
        name=result.name,
    )


def _failed(result: ScenarioResult) -> Iterator[Label | str]:
    yield click.style(f"\n{result.file}:{result.line}: {result.name}", bold=True)
    for failure in result.failures[:SHOWN]:
        yield f"  {result.file}:{failure.line}:{failure.column}"
        yield say("    verwacht  {expected}", "    expected  {expected}", expected=failure.expected)
        yield say("    gevonden  {found}", "    found     {found}", found=failure.found)
    if len(result.failures) > SHOWN:
        yield say("  … en nog {n}", "  … and {n} more", n=len(result.failures) - SHOWN)


def _coverage(file: str, covered: Coverage) -> Iterator[Label]:
    yield say(
        "gedekt: {articles} van {all_articles} artikelen, {tried} van {statements} nooit-bepalingen",
        "covered: {articles} of {all_articles} articles, {tried} of {statements} never statements",
        articles=covered.articles - len(covered.uncovered),
        all_articles=covered.articles,
        tried=covered.statements - len(covered.untried),
        statements=covered.statements,
    )
    if covered.uncovered:
        names = _named(file, covered.uncovered)
        yield say("  geen scenario ziet iets door artikel: {names}", "  no scenario sees anything by article: {names}", names=names)
    if covered.untried:
        names = _named(file, covered.untried)
        yield say("  geen scenario beproeft bepaling: {names}", "  no scenario tries statement: {names}", names=names)


def _named(file: str, those: Sequence[Untried]) -> str:
    """Each with its line; the file is named once."""
    return ", ".join(f"{one.id} ({file}:{one.line})" if at == 0 else f"{one.id} (:{one.line})" for at, one in enumerate(those))


def _styled(words: Label, colour: str) -> Label:
    return Label(click.style(words.nl, fg=colour), click.style(words.en, fg=colour))


def _members(policy: Policy, results: Sequence[ScenarioResult], covered: Coverage, seconds: float, language: str) -> dict[str, object]:
    covenant = policy.covenant

    def failure(one: Failure) -> dict[str, object]:
        said = {"expected": in_language(one.expected, language), "found": in_language(one.found, language)}
        return {"line": one.line, "column": one.column, **said}

    return {
        "covenant": {"id": covenant.id, "version": covenant.version, "sha256": policy.covenant_sha256},
        "scenarios": [
            {
                "file": result.file,
                "line": result.line,
                "scenario": result.name,
                "passed": result.passed,
                "failures": [failure(one) for one in result.failures],
            }
            for result in results
        ],
        "coverage": {
            "articles": covered.articles,
            "uncovered": [{"article": one.id, "line": one.line} for one in covered.uncovered],
            "statements": covered.statements,
            "untried": [{"statement": one.id, "line": one.line} for one in covered.untried],
        },
        "seconds": round(seconds, 3),
    }
