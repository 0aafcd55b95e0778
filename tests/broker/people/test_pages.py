"""The pages without a provider: languages, policies, choices, and what a stranger finds where nobody signs in."""

from __future__ import annotations

import json
import re
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from broker.authenticate import PUBLIC
from tests.broker.people.signing import client_key, write_key
from tests.stage import Theatre, theatre

ROLL = """\
version: 1
providers:
  first: {issuer: "https://a.example", client_id: a, vouches_for: [municipality], key: client.jwk, second_factor: {unstated: true}, label: {nl: "Eén", en: "<b>One</b>"}}
  second: {issuer: "https://b.example", client_id: a, vouches_for: [police], key: client.jwk, second_factor: {unstated: true}}
duties: {}
"""  # noqa: E501 - YAML


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("two")
    write_key(folder, client_key())
    (folder / "people.yaml").write_text(ROLL)
    with theatre(folder, people=folder / "people.yaml") as house:
        yield house


def test_where_nobody_signs_in_the_page_says_so_and_no_session_counts(shared_small_house: Theatre) -> None:
    http = shared_small_house.http
    page = http.get("/sign-in", headers={"Accept-Language": "en"})
    assert (page.status_code, "Nobody signs in here" in page.text) == (200, True)
    assert http.get("/sign-in?provider=waterstad").status_code == 503
    assert http.get("/sign-in/callback/waterstad?code=x&state=y").status_code == 400
    assert http.post("/sign-in/provider-logout/waterstad", data={"logout_token": "x"}).status_code == 400
    assert http.post("/sign-out").status_code == 303
    assert http.get("/v1/session").status_code == 401
    assert http.get("/v1/session", headers={"Cookie": f"broker-session={'A' * 43}"}).status_code == 401


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "nl"),
        ("", "de", "nl"),
        ("", "en-GB,nl;q=0.5", "en"),
        ("", "en;q=0, nl;q=0.1", "nl"),
        ("?lang=nl", "en", "nl"),
        ("?lang=en", "nl", "en"),
        ("?lang=de", "en", "en"),
    ],
)
def test_a_page_is_in_the_language_that_was_asked_for(two: Theatre, query: str, accepted: str, language: str) -> None:
    page = two.http.get(f"/sign-in{query}", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in page.text
    assert page.headers["Content-Language"] == language
    other = {"nl": "en", "en": "nl"}[language]
    assert f'href="/sign-in?lang={other}"' in page.text


def test_with_several_providers_one_chooses_and_the_path_one_came_for_goes_along(two: Theatre) -> None:
    page = two.http.get("/sign-in?lang=en&return=/v1/covenants")
    assert re.findall(r'class="button" href="([^"]+)"', page.text) == [
        "/sign-in?lang=en&amp;provider=first&amp;return=%2Fv1%2Fcovenants",
        "/sign-in?lang=en&amp;provider=second&amp;return=%2Fv1%2Fcovenants",
    ]
    assert "&lt;b&gt;One&lt;/b&gt;" in page.text
    assert "<b>" not in page.text


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/ended", "/sign-in/callback/first"])
def test_a_page_runs_no_script_loads_nothing_and_stands_in_no_frame(two: Theatre, path: str) -> None:
    page = two.http.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'", policy
    )
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|javascript:|\son\w+=|src=|<link", page.text)


def test_the_document_describes_every_route_of_a_browser_and_no_other(two: Theatre) -> None:
    document = json.loads(two.http.get("/sign-in/openapi.json").text)
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in two.app.url_map.iter_rules()
        if rule.endpoint.startswith("people.") and rule.endpoint != "people.document"
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert described == routes
    assert {rule.endpoint for rule in two.app.url_map.iter_rules() if rule.endpoint.startswith("people.")} <= PUBLIC


def test_a_roll_with_mistakes_keeps_the_broker_from_starting(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("version: 2\n")
    with pytest.raises(Exception, match="expected version 1"), theatre(tmp_path, people=tmp_path / "people.yaml"):
        raise AssertionError


def test_an_address_that_begins_or_fails_again_and_again_is_turned_away_at_the_gate(tmp_path: Path) -> None:
    write_key(tmp_path, client_key())
    (tmp_path / "people.yaml").write_text(ROLL.replace("https://a.example", "http://127.0.0.1:9"))
    proxy = (ip_network("127.0.0.1/32"),)
    with theatre(tmp_path, people=tmp_path / "people.yaml", proxies=proxy, strangers_per_minute=6) as house:
        for path in ("/sign-in?provider=first", "/sign-in/callback/first?state=x&code=y"):
            headers = {"X-Forwarded-For": "198.51.100.7" if "provider" in path else "198.51.100.8"}
            answers = [house.http.get(path, headers=headers).status_code for _ in range(8)]
            assert answers[0] in {400, 503}
            assert answers[-1] == 429
        assert house.http.get("/sign-in?lang=en", headers={"X-Forwarded-For": "198.51.100.9"}).status_code == 200


def test_any_method_but_those_offered_is_refused(two: Theatre) -> None:
    for path in ("/sign-in", "/sign-in/callback/first", "/sign-in/ended"):
        assert two.http.post(path).status_code == 405
    assert two.http.get("/sign-out").status_code == 405
    assert isinstance(two.http, httpx.Client)
