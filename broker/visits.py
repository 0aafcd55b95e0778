"""A request that comes with a person's session: what it carries, and whether it was made by a page of this broker.

A browser sends the cookie along whoever's page makes it ask something here, so a session alone proves no will. What changes something must
come from our own origin, as the browser says (Fetch Metadata, `Origin`), and carry a token that only our own pages and programs can read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

SESSION = "broker-session"
#: of the browser that has begun to sign in
BROWSER = "broker-sign-in"
CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset({"GET", "HEAD"})


class CrossSite(Exception):  # noqa: N818 - what it is
    """A request with a session that no page of this broker made, or that lacks its token."""


@dataclass(frozen=True, slots=True, repr=False)
class Visit:
    """What a request with a session cookie carries; `secret` is the cookie's value, not believed."""

    secret: str
    method: str
    origin: str | None
    fetch_site: str | None
    token: str

    def check_site(self, own_origin: str) -> None:
        """Refuse what another site made the browser send.

        A browser that tells neither where a changing request comes from is not believed; a page may be looked at from an address bar.

        Raises:
            CrossSite: see the class of the error.
        """
        if self.method in _SAFE:
            if self.fetch_site not in {None, "same-origin", "none"}:
                raise CrossSite
            return
        told = self.fetch_site is not None or self.origin is not None
        # Under `Referrer-Policy: no-referrer` a browser writes the origin of its own page as `null`; then the fetch metadata decides.
        known = {None, own_origin, "null"} if self.fetch_site is not None else {own_origin}
        if not told or self.fetch_site not in {None, "same-origin"} or self.origin not in known:
            raise CrossSite

    def check_token(self) -> None:
        """Refuse a changing request without the token of its own session.

        Raises:
            CrossSite: see the class of the error.
        """
        if self.method not in _SAFE and not hmac.compare_digest(self.token.encode(), csrf_token(self.secret).encode()):
            raise CrossSite


def csrf_token(secret: str) -> str:
    """The token that belongs to a session: made of its secret, so that nothing of it is kept, and telling nothing of it."""
    return hmac.digest(secret.encode(), b"covenant-broker/csrf/v1", hashlib.sha256).hex()


def cookie_name(name: str, own_origin: str) -> str:
    """`__Host-` ties a cookie to this very host and to TLS (RFC 6265bis section 4.1.3.2); on http, loopback only, no browser takes it."""
    return f"__Host-{name}" if own_origin.startswith("https:") else name


def set_cookie(response: Response, own_origin: str, name: str, value: str, *, max_age_s: int | None = None) -> None:
    """Give the browser a cookie that it sends to us alone and that no script reads; without an age it goes when the browser closes."""
    secure = own_origin.startswith("https:")
    response.set_cookie(cookie_name(name, own_origin), value, max_age=max_age_s, path="/", secure=secure, httponly=True, samesite="Lax")


def cookie_of(environ: Mapping[str, Any], name: str) -> str | None:
    """The one value of a cookie; empty where it is there more than once or cannot be read, None where it is not there."""
    header = environ.get("HTTP_COOKIE")
    if header is None or name not in header:
        return None
    try:
        values = parse_cookie(header).getlist(name)
    except UnicodeDecodeError:
        return ""  # werkzeug reads UTF-8 only, and what it cannot read is somebody's with a session that is none
    return (values[0] if len(values) == 1 else "") if values else None


def visit_of(environ: Mapping[str, Any], cookie: str, token: str | None = None) -> Visit | None:
    """What a request (WSGI) carries of a session; None where it carries no such cookie. `token` is one from a form."""
    secret = cookie_of(environ, cookie)
    if secret is None:
        return None
    return Visit(
        secret=secret,
        method=environ["REQUEST_METHOD"],
        origin=environ.get("HTTP_ORIGIN"),
        fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
        token=environ.get("HTTP_X_CSRF_TOKEN", "") if token is None else token,
    )
