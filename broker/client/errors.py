"""What a partner's system can meet. None of these holds a token or a value; what the broker wrote is shown only where it is a problem.

`Refused` and `TokenRefused` are answers. After `NoAnswer` it is not known whether the broker did anything. `AnswerUnusable` and
`ReceiptUnusable` mean that the other side is not the broker that it should be, or a broken one: tell its operator, and do not try again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as RFC 9457 tells it. `slug` is the last word of its type, `errors` is what is wrong where, `codes` which rule stood there.

    `trace_id` is what the broker's operator finds the request by; `retry_after_s` is None where the answer did not say.
    """

    slug: str
    status: int
    title: str
    detail: str
    errors: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    retry_after_s: float | None = None
    trace_id: str | None = None

    def __str__(self) -> str:
        more = "".join(f"; {one}" for one in (*self.codes, *self.errors))
        trace = f" (trace {self.trace_id})" if self.trace_id else ""
        return f"{self.status} {self.slug}: {self.detail}{more}{trace}"


class ClientError(Exception):
    """The root of this package's errors."""


class Unusable(ClientError):  # noqa: N818 - what was found
    """Something of the partner's own cannot be used: its connection, its key, its receipts. The message says what was expected."""


class Refused(ClientError):  # noqa: N818 - what happened
    """The broker refused, and says why: `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class TokenRefused(ClientError):  # noqa: N818 - what happened
    """The token endpoint refused (RFC 6749 section 5.2): `error` is its code, `description` its sentence."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{status} {error}: {description}" if description else f"{status} {error}")
        self.status = status
        self.error = error
        self.description = description


class NoAnswer(ClientError):  # noqa: N818 - what happened
    """No whole answer came in time. Whether the broker did what was asked is not known; an ask with its Idempotency-Key may be repeated."""


class AnswerUnusable(ClientError):  # noqa: N818 - what it is
    """An answer that the interface does not have: another type, a member missing, a field that was not asked, a redirect, too large."""


class ReceiptUnusable(ClientError):  # noqa: N818 - what it is
    """The receipt of a disclosure does not hold, so that what came with it is handed to nobody."""
