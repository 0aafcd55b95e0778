"""What a case command can be refused for. None of these texts names a value that the caller sent."""

from __future__ import annotations


class CaseError(Exception):
    """The root of the refusals of case commands."""


class UnknownCase(CaseError):  # noqa: N818 - named as its problem type
    """There is no such case for this caller: unknown, somebody else's and closed are one answer (6-definitions)."""


class CaseChanged(CaseError):  # noqa: N818 - named as its problem type
    """Others kept changing the case while this command was tried; nothing was changed, try again."""


class CommandRefused(CaseError):  # noqa: N818 - named as its problem type
    """The covenant or the state of the case does not allow this command to this role."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class BadCommand(CaseError):  # noqa: N818 - named as its problem type
    """The command names something that does not exist in the covenant or in the case: the path that is wrong, and what was expected."""

    def __init__(self, path: str, expected: str) -> None:
        super().__init__(f"{path}: {expected}")
        self.path = path
        self.expected = expected
