"""The partner guide as a newcomer follows it: in an empty folder, in the order of the page, against a broker over real HTTP."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from broker.client import Connection, ReceiptStore
from broker.demo.processes import broker_variables
from broker.demo.stage import scopes_of
from broker.demo.tokens import keep, write_scripts
from broker.problems import BY_SLUG
from policies.vocabulary import PartyId
from tests.docs.pages import blocks, page, rows, section
from tests.serving import over_http
from tests.stage import OFFICER, Theatre, theatre

GUIDE = page("docs/partner-guide.md")
#: what the guide prints after its Python, and after its JavaScript without what `permissions` and the refusal add
PRINTED = ["complaints.count_12m = 17", "incidents.count_12m = 3-9", "support.kind withheld: not_in_covenant"]


@dataclass(frozen=True)
class Newcomer:
    """An empty folder with nothing but what `make serve` printed."""

    house: Theatre
    folder: Path
    environment: dict[str, str] = field(repr=False)

    def run(self, *command: str, text: str | None = None) -> str:
        done = subprocess.run(
            command, input=text, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, title: str) -> str:
        """The shell blocks of a section, as one person types them; what an earlier section set is set."""
        return self.run("bash", "-euo", "pipefail", text=f"{self.me()}\n" + "\n".join(blocks(section(GUIDE, title), "bash")))

    def python(self, title: str) -> str:
        (block,) = blocks(section(GUIDE, title), "python")
        return self.run("python", "-", text=block)

    @staticmethod
    def me() -> str:
        return next(line for line in GUIDE.splitlines() if line.startswith("ME="))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """Set up as far as the section `Register` leads."""
    demo, folder = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("empty")
    with theatre(demo) as house, over_http(house) as issuer:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=7)
        settings = replace(house.broker.settings, issuer=issuer)
        write_scripts(demo, broker_variables(settings))
        police = PartyId("police")
        keys = (house.broker.receipt_signer.verifier, house.broker.checkpoint_public_key())
        connection = Connection(issuer, police, "police-system", frozenset(scopes_of(house.broker)), *keys)
        keep(demo, connection, house.stage.parties[police].client)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BROKER_", "PYTEST_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        environment = kept | {"PATH": path, "BROKER": issuer, "CASE": case, "DEMO": str(demo), "HOME": str(folder)}
        one = Newcomer(house, folder, environment)
        registered = one.shell("Register")
        assert "FAIL" not in registered
        assert registered.count("ok  ") == 9
        assert '"value": 17' in registered
        yield one


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        reason = f"the guide uses `{program}`, and it is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def test_python_with_the_kit(newcomer: Newcomer) -> None:
    printed = newcomer.python("Python").splitlines()
    (told,) = blocks(section(GUIDE, "Python"), "text")
    assert printed[-4:] == told.splitlines()
    assert "may ask incidents.count_12m in the form bands(0-2,3-9,10+) by article 10.1" in printed
    with ReceiptStore(newcomer.folder / "receipts.sqlite") as store:
        assert {one.side for one in store.receipts()} == {"asked"}


def test_curl_and_openssl(newcomer: Newcomer) -> None:
    needed("curl")
    needed("openssl")
    printed = newcomer.shell("curl and openssl")
    assert '"complaints.count_12m":{"value":17,' in printed
    assert "Signature Verified Successfully" in printed
    changed = (newcomer.folder / "receipt.text").read_text().replace("/waterstad-noord/", "/waterstad-zuid/")
    (newcomer.folder / "receipt.text").write_text(changed)
    verify = next(line for line in GUIDE.splitlines() if line.startswith("openssl pkeyutl"))
    with pytest.raises(AssertionError, match="Signature Verification Failure"):
        newcomer.run("bash", "-c", verify)


def modules() -> Path:
    """Where npm's packages are; in CI their absence is an error, not a skip."""
    (wanted,) = re.findall(r"`npm install ([a-z0-9 ]+)`", GUIDE)
    for folder in os.environ.get("NODE_PATH", "").split(os.pathsep):
        if folder and all((Path(folder) / name / "package.json").exists() for name in wanted.split()):
            return Path(folder)
    reason = f"node finds no {wanted} (npm install --prefix DIR {wanted}; export NODE_PATH=DIR/node_modules)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_javascript_with_libraries_that_others_made(newcomer: Newcomer) -> None:
    needed("node")
    (newcomer.folder / "node_modules").symlink_to(modules())
    (block,) = blocks(section(GUIDE, "JavaScript"), "js")
    (newcomer.folder / "ask.mjs").write_text(block)
    assert newcomer.run("node", "ask.mjs").splitlines() == PRINTED
    (line,) = (newcomer.folder / "receipts.jsonl").read_text().splitlines()
    assert json.loads(line)["receipt"].startswith("covenant-broker/receipt/v1\n")
    # the same program under another key than the log's hands over nothing
    other = re.sub(r'"receiptKey": "[^"]+"', '"receiptKey": "x/receipts+00000000+' + "A" * 43 + '="', json.dumps(written(newcomer)))
    (newcomer.folder / "connection.json").rename(newcomer.folder / "kept.json")
    try:
        (newcomer.folder / "connection.json").write_text(other)
        with pytest.raises(AssertionError) as refused:
            newcomer.run("node", "ask.mjs")
        assert "= 17" not in str(refused.value)
    finally:
        (newcomer.folder / "kept.json").rename(newcomer.folder / "connection.json")


def written(newcomer: Newcomer) -> object:
    return json.loads((newcomer.folder / "connection.json").read_text())


def test_receipts_are_checked(newcomer: Newcomer) -> None:
    assert '"disagreements": []' in newcomer.shell("Receipts")


def test_giving(newcomer: Newcomer) -> None:
    newcomer.house.broker.sweeper().sign()  # as the worker does every minute
    printed = newcomer.python("Giving").splitlines()
    assert re.fullmatch(r"left us: \d+ disclosures, of the fields \['incidents\.count_12m'\]", printed[-1])
    newcomer.house.contribute(OFFICER, newcomer.environment["CASE"], incidents__count_12m=7)  # for the tests beside this one


def test_every_problem_is_in_the_table_with_its_status_and_what_to_do() -> None:
    table = {slug.strip("`"): (int(status), kit, you) for slug, status, kit, you in rows(section(GUIDE, "When it is refused"))}
    assert {slug: status for slug, (status, _, _) in table.items()} == {slug: row.status for slug, row in BY_SLUG.items()}
    assert all(kit != "–" or you != "–" for _, kit, you in table.values())


def test_what_the_guide_installs_from_npm_is_what_ci_installs() -> None:
    (wanted,) = re.findall(r"`npm install ([a-z0-9 ]+)`", GUIDE)
    installs = next(line for line in page(".ci/run").splitlines() if line.startswith("npm install"))
    assert {name.partition("@")[0] for name in installs.split()} >= set(wanted.split())
