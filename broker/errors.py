"""Refusals that more than one room of the broker raises. They know nothing of HTTP; `broker/problems.py` does."""

from __future__ import annotations


class CovenantRefused(Exception):  # noqa: N818 - named as its problem type
    """A covenant version cannot take this step: what was expected and what was found. `code` is from the list on the problem's page."""

    def __init__(self, text: str, code: str = "not_verified") -> None:
        super().__init__(text)
        self.code = code


class CovenantAltered(Exception):  # noqa: N818 - what was found
    """What is stored of a version is not what the parties signed: an alarm, and nothing is exchanged under it."""


class CovenantUnknown(Exception):  # noqa: N818 - named as its problem type
    """No such covenant or version is known here, or none is in force."""


class CovenantNotInForce(CovenantUnknown):
    """The covenant of this case has ended or was never activated: nothing is exchanged under it."""


class RefusedAsk(Exception):  # noqa: N818 - the root of what an ask is refused for
    """An ask that is refused as a whole."""


class UnknownRole(RefusedAsk):
    """The professional's role is not one of the party's roles in a covenant in force, or the party took back its acceptance."""


class PurposeNotInScope(RefusedAsk):
    """The token does not name this purpose."""


class UnauthorizedField(RefusedAsk):
    """No field asked is in the covenant for this role and purpose; with `handling=strict`: one of them is not."""


class CallTooWide(Exception):  # noqa: N818 - named as its problem type
    """A call at the decision point touches more than its one entry in the log can name."""


class Unwitnessed(RefusedAsk):
    """The log has gone too long without its witnesses, and this broker exchanges nothing without them."""


class CosignatureRefused(Exception):  # noqa: N818 - named as its problem type
    """No witness of the policy made this cosignature over this checkpoint of ours."""


class UnknownSignal(Exception):  # noqa: N818 - named as its problem type
    """There is no such signal for this role: unknown and somebody else's are one answer."""


class UnknownDisclosure(Exception):  # noqa: N818 - named as its problem type
    """There is no such disclosure to or from this party."""


class KeyReused(Exception):  # noqa: N818 - named as its problem type
    """An Idempotency-Key came with another body than the first time."""


class NotReady(Exception):  # noqa: N818 - named as its problem type
    """The log cannot promise at the moment; `codes` are those of `broker.health`, the gravest first."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class TooManyRequests(Exception):  # noqa: N818 - named as its problem type
    """A caller asks too often. `limit` is which of its shares is used up, of so many a minute, and for how many seconds."""

    def __init__(self, limit: str, per_minute: int, wait_s: int) -> None:
        super().__init__(f"the share {limit} is used up")
        self.limit = limit
        self.per_minute = per_minute
        self.wait_s = wait_s


class Overloaded(Exception):  # noqa: N818 - named as its problem type
    """There is more to do than can be done in time. `wait_s` is after how many seconds it may be otherwise."""

    def __init__(self, wait_s: int = 1) -> None:
        super().__init__("expected a free place in time")
        self.wait_s = wait_s


class OutOfTime(Overloaded):
    """A request took longer than it may; what it began is ended, and nothing leaves."""
