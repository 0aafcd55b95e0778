"""What a problem is (RFC 9457), and what may leave of an error beside its fixed words. The table itself is `broker.problems`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from werkzeug import exceptions as web

from broker import wire
from broker.authenticate import Unauthenticated, Unproven
from broker.cases.errors import BadCommand, CommandRefused
from broker.errors import CovenantRefused, NotReady, Overloaded, TooManyRequests
from policies.errors import CovenantErrors

PREFIX = "/v1/problems/"
REALM = 'Bearer realm="covenant-broker"'


def nothing(_error: Exception) -> Mapping[str, Any]:
    """What most errors may tell beside their fixed words."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Problem:
    """What the caller is told about a few classes of errors, and about their subclasses that have no row of their own.

    `members` and `headers` are given the error and pick what may leave with it; both default to nothing.
    """

    errors: tuple[type[Exception], ...]
    slug: str
    status: int
    title: str
    detail: str
    members: Callable[[Any], Mapping[str, object]] = nothing
    headers: Callable[[Any], Mapping[str, str]] = nothing

    @property
    def type_uri(self) -> str:
        """The problem's type: a path that this broker answers with the same words."""
        return PREFIX + self.slug

    def document(self, error: Exception | None = None) -> dict[str, object]:
        """The body of the answer: the registered members first, then what the row picks from the error."""
        told: dict[str, object] = {"type": self.type_uri, "title": self.title, "status": self.status, "detail": self.detail}
        return told if error is None else told | dict(self.members(error))


def flaws(error: wire.InvalidInput) -> Mapping[str, object]:
    """Every flaw with its place, in the shape of the API Design Rules 2.2 (/core/error-handling/invalid-input)."""
    return {"errors": [{"in": flaw.place, "location": _location(flaw), "detail": flaw.detail} for flaw in error.flaws]}


def _location(flaw: wire.Flaw) -> Mapping[str, str]:
    if flaw.place == "body":
        return {"pointer": f"#{flaw.pointer}"}
    return {"name": flaw.pointer.removeprefix("/")} if flaw.pointer else {}


def malformation(error: wire.MalformedBody) -> Mapping[str, object]:
    """In what way the body is not strict JSON; it has no place in our schema."""
    return {"errors": [{"in": "body", "location": {"pointer": "#"}, "detail": error.malformation.value}]}


def challenge(error: Unauthenticated) -> Mapping[str, str]:
    """RFC 6750 section 3: an error code only where a token was given."""
    return {"WWW-Authenticate": REALM if error.reason is Unproven.NO_TOKEN else f'{REALM}, error="invalid_token"'}


def narrower(_error: Exception) -> Mapping[str, str]:
    """RFC 6750 section 3.1: somebody is known, and this token is not enough."""
    return {"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'}


def retry_after(_error: Exception) -> Mapping[str, str]:
    """Seconds; what this is for passes by itself (RFC 9110 section 10.2.3)."""
    return {"Retry-After": "1"}


def pause(error: Overloaded) -> Mapping[str, str]:
    """After how many seconds there may be room."""
    return {"Retry-After": str(error.wait_s)}


def used_up(error: TooManyRequests) -> Mapping[str, str]:
    """When to come back, and which share is used up (draft-ietf-httpapi-ratelimit-headers-10)."""
    return {
        "Retry-After": str(error.wait_s),
        "RateLimit-Policy": f'"{error.limit}";q={error.per_minute};w=60',
        "RateLimit": f'"{error.limit}";r=0;t={error.wait_s}',
    }


def command_flaw(error: BadCommand) -> Mapping[str, object]:
    """The place in the command that names what is not there."""
    pointer = "#/" + error.path.replace("[", "/").replace("]", "")
    return {"errors": [{"in": "body", "location": {"pointer": pointer}, "detail": error.expected}]}


def covenant_code(error: CovenantRefused) -> Mapping[str, object]:
    """What stood in the way of a version; the sentence may name parties and scenarios, and stays with the operator."""
    return {"code": error.code}


def ready_codes(error: NotReady) -> Mapping[str, object]:
    """Why the log cannot promise, from the closed list of `broker.health`."""
    return {"codes": list(error.codes)}


def covenant_flaws(error: CovenantErrors) -> Mapping[str, object]:
    """Where the text has which mistake: line, column and code, each with its page; never the words of the text."""
    return {
        "errors": [
            {"in": "body", "location": {"pointer": "#/text"}, "detail": f"{one.line}:{one.column}: {one.severity}[{one.code}]"}
            for one in error.findings
        ]
    }


def command_code(error: CommandRefused) -> Mapping[str, object]:
    """Which rule stood in the way, from the closed list of the case registry."""
    return {"code": error.code}


def allowed_methods(error: web.MethodNotAllowed) -> Mapping[str, str]:
    """RFC 9110 section 15.5.6."""
    return {"Allow": ", ".join(sorted(error.valid_methods or ()))}
