"""A provider that lies: every check of its answer and of its ID token, each with a lie of its own. Nobody is signed in by any of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from jwcrypto import jwk

from tests.broker.partner import from_now
from tests.broker.people.crooked import SECRET, Crooked, crooked_provider, new_key, part
from tests.broker.people.signing import Browser, served
from tests.stage import Theatre, theatre

ROLL = """\
version: 1
providers:
  crooked:
    issuer: {first}
    client_id: covenant-broker
    vouches_for: [municipality]
    secret: client.secret
    second_factor: {{acr: [two, three]}}
  other:
    issuer: {second}
    client_id: covenant-broker
    vouches_for: [police]
    secret: client.secret
    second_factor: {{unstated: true}}
duties:
  officer: {{provider: crooked, sub: officer-1, party: municipality, kind: privacy_officer, opens: [covenants, audit]}}
"""


@dataclass
class Lied:
    """A house with two providers of which one lies."""

    house: Theatre
    origin: str
    provider: Crooked
    other: Crooked

    def browser(self) -> Browser:
        return Browser(self.origin)

    def refused(self, browser: Browser | None = None, start: str = "/sign-in?provider=crooked&lang=en") -> tuple[int, str]:
        """The status and the reason of a sign-in that comes to nothing; that nobody is signed in is held here."""
        browser, before, events = browser or self.browser(), self.house.mark(), len(self.house.events.getvalue())
        self.house.broker.tally.drain()
        page = browser.go(start)
        assert "broker-session" not in browser.http.cookies
        assert "You are not signed in" in page.text or "not possible now" in page.text, page.text
        assert browser.get("/v1/session").status_code == 401
        assert "person.signed_in" not in self.house.since(before)
        assert self.house.broker.tally.drain().keys() & {"sign_in", "unknown_person"}
        told = [json.loads(line) for line in self.house.events.getvalue()[events:].splitlines()]
        (event,) = [one for one in told if one["event"] == "people.refused"]
        return page.status_code, f"{event['reason']}.{event['error']}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lied]:
    folder = tmp_path_factory.mktemp("lied")
    (folder / "client.secret").touch(mode=0o600)
    (folder / "client.secret").write_text(SECRET + "\n")
    with served() as server, crooked_provider() as provider, crooked_provider() as other:
        origin, roll = f"http://127.0.0.1:{server.port}", folder / "people.yaml"
        roll.write_text(ROLL.format(first=provider.issuer, second=other.issuer))
        with theatre(folder, people=roll, issuer=origin) as house:
            server.app = house.app
            yield Lied(house, origin, provider, other)


@pytest.fixture
def lied(built: Lied) -> Iterator[Lied]:
    yield built
    built.provider.reset()
    built.other.reset()


def test_an_honest_provider_signs_somebody_in(lied: Lied) -> None:
    browser = lied.browser()
    page = browser.go("/sign-in?provider=crooked&lang=en")
    assert "You are signed in" in page.text
    assert [duty["door"] for duty in browser.session()["duties"]] == ["covenants", "audit"]


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://elsewhere.example"),
        ("iss", None),
        ("aud", "another-client"),
        ("aud", ["another-client"]),
        ("aud", []),
        ("aud", None),
        ("exp", -HOUR),
        ("exp", "soon"),
        ("exp", True),
        ("exp", None),
        ("iat", HOUR),
        ("iat", -HOUR),
        ("iat", None),
        ("nbf", HOUR),
        ("nonce", "another-nonce"),
        ("nonce", None),
        ("nonce", ""),
        ("sub", None),
        ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("azp", "another-client"),
        ("amr", "mfa"),
    ],
)
def test_an_id_token_that_is_not_as_it_should_be_signs_nobody_in(lied: Lied, claim: str, value: object) -> None:
    lied.provider.claims |= from_now({claim: value})
    assert lied.refused() == (400, f"id_token.{claim}")


def test_a_token_for_several_audiences_names_us_as_the_one_it_was_made_for(lied: Lied) -> None:
    lied.provider.claims["aud"] = ["covenant-broker", "another-client"]
    assert lied.refused() == (400, "id_token.azp")
    lied.provider.claims["azp"] = "covenant-broker"
    assert "You are signed in" in lied.browser().go("/sign-in?provider=crooked&lang=en").text


@pytest.mark.parametrize("subject", ["", 7, ["officer-1"], {"officer-1": 1}])
def test_a_subject_that_is_no_text_is_nobody(lied: Lied, subject: object) -> None:
    lied.provider.claims["sub"] = subject
    assert lied.refused() == (400, "id_token.sub")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS384", "ES512", "EdDSA"])
def test_no_algorithm_but_those_on_the_list(lied: Lied, algorithm: str) -> None:
    lied.provider.header["alg"] = algorithm
    if algorithm == "HS256":
        pem = lied.provider.key.export_to_pem()
        lied.provider.signer = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(pem).rstrip(b"=").decode())
    elif algorithm == "None":
        lied.provider.token = f"{part({'alg': 'None', 'kid': 'first'})}.{part({'sub': 'officer-1'})}."
    elif algorithm in {"ES512", "EdDSA"}:
        lied.provider.signer = new_key(**({"kty": "EC", "crv": "P-521"} if algorithm == "ES512" else {"kty": "OKP", "crv": "Ed25519"}))
    assert lied.refused() == (400, "id_token.malformed")


def test_a_key_that_is_not_the_providers_signs_nobody_in_whatever_it_calls_itself(lied: Lied) -> None:
    lied.provider.signer = new_key("first")
    assert lied.refused() == (400, "id_token.signature")
    lied.provider.header["kid"] = "unheard-of"
    assert lied.refused() == (400, "id_token.signature")
    lied.provider.header["jwk"] = json.loads(lied.provider.signer.export_public())
    assert lied.refused()[0] == 400


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "dpop+jwt", ""])
def test_a_jwt_of_another_kind_is_no_id_token(lied: Lied, typ: str) -> None:
    lied.provider.header["typ"] = typ
    assert lied.refused() == (400, "id_token.header")


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "e30.e30.e30", "W10.e30.AA", "x" * 20_000, "....", "é.é.é"])
def test_what_is_no_token_signs_nobody_in(lied: Lied, token: str) -> None:
    lied.provider.tokens["id_token"] = token
    assert lied.refused() == (400, "id_token.malformed")


def test_without_an_id_token_nobody_is_signed_in(lied: Lied) -> None:
    lied.provider.tokens["id_token"] = None
    lied.provider.tokens["more"] = "words"
    assert lied.refused() == (400, "id_token.malformed")


@pytest.mark.parametrize("acr", [None, "one", "", ["one"], 2, {"two": 1}])
def test_one_factor_is_not_enough_and_it_is_on_the_record_that_somebody_tried(lied: Lied, acr: Any) -> None:  # noqa: ANN401 - any JSON
    lied.provider.claims["acr"] = acr
    before = lied.house.mark()
    assert lied.refused() == (403, "second_factor.-")
    (refusal,) = lied.house.entries("person.refused", after=before)
    assert refusal.core is not None
    assert refusal.core.reasons == ("second_factor",)


# the answer itself


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "", None])
def test_an_answer_of_another_issuer_or_of_none_where_one_is_promised_is_refused(lied: Lied, issuer: str | None) -> None:
    lied.provider.answer["iss"] = lied.other.issuer if issuer == "" else issuer
    assert lied.refused() == (400, "issuer.-")
    assert "/token" not in lied.provider.asked, "the code was given to nobody"


def test_an_answer_at_another_providers_address_is_refused(lied: Lied) -> None:
    lied.other.metadata["authorization_response_iss_parameter_supported"] = None  # then the address alone tells
    lied.provider.answer["iss"] = None
    browser = lied.browser()
    back = browser.go("/sign-in?provider=crooked", until=lambda url: "/callback/" in url).text
    assert lied.refused(browser, back.replace("/callback/crooked", "/callback/other") + "&lang=en") == (400, "issuer.-")
    assert lied.other.asked == []


def test_a_refusal_by_the_provider_is_told_as_such_without_its_words(lied: Lied) -> None:
    lied.provider.answer |= {"code": None, "error": "access_denied", "error_description": "Jan Jansen is fired"}
    assert lied.refused() == (400, "denied.-")
    assert "Jansen" not in lied.house.events.getvalue()


def test_a_parameter_twice_is_as_if_it_were_not_there(lied: Lied) -> None:
    browser = lied.browser()
    back = browser.go("/sign-in?provider=crooked", until=lambda url: "/callback/" in url).text
    assert lied.refused(browser, f"{back}&code=another&lang=en") == (400, "denied.-")


@pytest.mark.parametrize("state", ["", "nobodys", "é"])
def test_a_state_that_nobody_began_is_refused(lied: Lied, state: str) -> None:
    assert lied.refused(start=f"/sign-in/callback/crooked?code=x&state={state}&lang=en") == (400, "state.-")
    assert lied.provider.asked == []


# the token endpoint


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ((500, {}, b"broken"), (503, "provider.token_endpoint")),
        ((200, {"Content-Type": "text/html"}, b"<html>"), (503, "provider.token_endpoint")),
        ((200, {}, b"[]"), (503, "provider.token_endpoint")),
        ((302, {"Location": "/elsewhere"}, b""), (503, "provider.token_endpoint")),
        ((503, {}, b"{}"), (503, "provider.token_endpoint")),
        ((200, {}, b"[" * 100_000), (503, "provider.token_endpoint")),
        ((200, {}, b'{"expires_in": 1e999}'), (503, "provider.token_endpoint")),
        ((200, {}, b'{"expires_at": [], "error": {}, "id_token": 7}'), (400, "id_token.malformed")),
        ((200, {}, b'{"x": "' + b"a" * 2_000_000 + b'"}'), (503, "provider.too_long")),
        ((400, {}, b'{"error": "invalid_client", "error_description": "Jan Jansen"}'), (400, "code.invalid_client")),
        ((400, {}, b'{"error": "Jan Jansen"}'), (400, "code.-")),
    ],
)
def test_a_token_endpoint_that_does_not_do_its_work(lied: Lied, raw: Any, reason: tuple[int, str]) -> None:  # noqa: ANN401
    lied.provider.raw["/token"] = raw
    assert lied.refused() == reason
    assert "Jansen" not in lied.house.events.getvalue()
    assert "/elsewhere" not in lied.provider.asked
