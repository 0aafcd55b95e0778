"""A house whose people sign in: the broker over real HTTP, a provider at its side, and httpx as the browser.

`visiting(folder)` has npm's `oidc-provider`, a certified one, in a process of its own. One that lies is in `crooked.py`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from broker.bootstrap import World
from broker.people.roll import Pseudonyms
from tests.stage import Theatre, theatre

SCRIPT = Path(__file__).with_name("provider.mjs")
CLIENT_ID = "covenant-broker"
NAME = "waterstad"
#: logins at the provider, and their groups there
ACCOUNTS: Mapping[str, Sequence[str]] = {
    "officer-1": (),
    "officer-2": (),
    "auditor-1": ("audit-team", "canteen"),
    "both-1": ("audit-team",),
    "stranger-1": ("canteen",),
}
ROLL = """\
version: 1
sessions: {{idle_s: 600, longest_s: 3600}}
providers:
  {name}:
    issuer: {issuer}
    client_id: covenant-broker
    label: {{nl: Gemeente Waterstad, en: Municipality of Waterstad}}
    vouches_for: [municipality]
    key: client.jwk
    groups: groups
    second_factor: {{acr: [two]}}
duties:
  first-officer: {{provider: {name}, sub: officer-1, party: municipality, kind: privacy_officer, opens: [covenants]}}
  second-officer: {{provider: {name}, sub: officer-2, party: municipality, kind: privacy_officer, opens: [covenants]}}
  officer-who-reads: {{provider: {name}, sub: both-1, party: municipality, kind: privacy_officer, opens: [covenants, audit]}}
  auditors: {{provider: {name}, group: audit-team, party: municipality, kind: auditor, opens: [audit]}}
"""


@dataclass
class Visited:
    """A house, the address that it is served at, and a provider beside it."""

    house: Theatre
    origin: str
    issuer: str
    roll: Path
    provider: subprocess.Popen[str]

    def browser(self) -> Browser:
        return Browser(self.origin)

    def signed_in(self, login: str) -> Browser:
        browser = self.browser()
        page = browser.sign_in(login)
        assert page.status_code == 200, page.text
        return browser

    def pseudonym(self, login: str) -> str:
        key = (self.house.broker.settings.keys / "pseudonyms.key").read_text()
        return Pseudonyms(base64.b64decode(key)).of(self.issuer, login)

    def rewrite(self, change: Callable[[str], str]) -> None:
        """Change the roll as an editor does: a new file in its place."""
        draft = self.roll.with_suffix(".draft")
        draft.write_text(change(self.roll.read_text()))
        draft.replace(self.roll)

    def told(self, *types: str, after: Mapping[int, int] | None = None) -> list[Any]:
        return list(self.house.entries(*types, after=after))


@cache
def trust() -> ssl.SSLContext:
    """Reading a system's certificates takes longer than any request here."""
    return ssl.create_default_context()


class Browser:
    """Keeps cookies and follows redirects one by one, as a browser does; says where it comes from."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        alone = httpx.Limits(max_keepalive_connections=0)  # no connection is left open, so a browser need not be closed
        self.http = httpx.Client(timeout=60, trust_env=False, verify=trust(), limits=alone, headers={"Accept-Language": "en"})
        self.seen: list[str] = []

    def go(self, url: str, *, until: Callable[[str], bool] = lambda _: False) -> httpx.Response:
        """Follow a GET to its end, or to the first address that `until` holds for, which is not asked."""
        url = urljoin(self.origin, url)
        for _ in range(12):
            answer = self.http.get(url)
            self.seen.append(url)
            if "Location" not in answer.headers:
                return answer
            url = urljoin(url, answer.headers["Location"])
            if until(url):
                return httpx.Response(200, text=url)
        raise AssertionError(f"expected an end, found a circle at {url}")

    def answer_at_the_end(self) -> httpx.Response:
        """What one sees who wants to sign in."""
        return self.go("/sign-in")

    def answer_of(self, login: str, *, factors: str = "2", start: str = "/sign-in") -> str:
        """Sign in at the provider; the address at which it sends the browser back, not asked yet."""
        back = self.origin + "/sign-in/callback/"
        page = self.go(start, until=lambda url: url.startswith(back))
        if page.text.startswith(back):
            return page.text
        posted = self.http.post(page.url, data={"login": login, "factors": factors})
        return self.go(urljoin(str(page.url), posted.headers["Location"]), until=lambda url: url.startswith(back)).text

    def sign_in(self, login: str, *, factors: str = "2", start: str = "/sign-in") -> httpx.Response:
        """The page that one ends at."""
        return self.go(self.answer_of(login, factors=factors, start=start))

    def session(self) -> dict[str, Any]:
        answer = self.http.get(f"{self.origin}/v1/session")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(self.origin + path, headers=headers)

    def post(self, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        """As a page of the broker sends it."""
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.session()["csrfToken"]}
        return self.http.post(self.origin + path, json=body, headers={**own, **headers})

    def sign_out(self) -> httpx.Response:
        """Press the button of the page."""
        page = self.go("/sign-in")
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token, page.text
        form = {"csrf": unescape(token[1])}
        return self.http.post(f"{self.origin}/sign-out", data=form, headers={"Origin": self.origin, "Sec-Fetch-Site": "same-origin"})


def parameters(url: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def node() -> str:
    """The interpreter, where it can load npm's `oidc-provider`; in CI its absence is an error, not a skip."""
    found = shutil.which("node")
    looked = [found or "node", "-e", "require.resolve('oidc-provider')"]
    if found is not None and subprocess.run(looked, capture_output=True, check=False).returncode == 0:
        return found
    reason = "node cannot load npm's `oidc-provider` (npm install --prefix DIR oidc-provider@9; export NODE_PATH=DIR/node_modules)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def certified_provider(origin: str, key: RSAKey, name: str = NAME) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The issuer of a real provider that knows the broker as a client, and its process."""
    jwks = {"keys": [key.as_dict(private=False, use="sig")]}
    order = {"origin": origin, "clientId": CLIENT_ID, "name": name, "jwks": jwks, "accounts": ACCOUNTS}
    process = subprocess.Popen([node(), SCRIPT, json.dumps(order)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["issuer"], process
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Nothing: an address holds a code."""


@contextmanager
def served() -> Iterator[BaseWSGIServer]:
    """A server on a port of its own, before there is an application that knows its address."""
    server = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def client_key() -> RSAKey:
    key = RSAKey.generate_key(2048)
    key.ensure_kid()
    return key


def write_key(folder: Path, key: RSAKey) -> None:
    path = folder / "client.jwk"
    path.touch(mode=0o600)
    path.write_text(json.dumps(key.as_dict(private=True)))


@contextmanager
def visiting(folder: Path, urls: Mapping[str, str] | None = None, world: World | None = None) -> Iterator[Visited]:
    """A house, served, beside a real provider."""
    key = client_key()
    folder.mkdir(parents=True, exist_ok=True)
    write_key(folder, key)
    with served() as server:
        origin = f"http://127.0.0.1:{server.port}"
        roll = folder / "people.yaml"
        with certified_provider(origin, key) as (issuer, provider):
            roll.write_text(ROLL.format(issuer=issuer, name=NAME))
            with theatre(folder, urls, world, people=roll, issuer=origin) as house:
                server.app = house.app
                yield Visited(house, origin, issuer, roll, provider)
