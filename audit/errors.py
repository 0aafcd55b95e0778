"""What can go wrong in the log. None of these texts carries a value, a name of a person or a driver's message."""

from __future__ import annotations


class AuditError(Exception):
    """The root of this package's errors."""


class LogUnavailable(AuditError):  # noqa: N818 - a state of the log, named as the exchange speaks of it
    """The log could not promise durability: nothing may be released, nothing may be acknowledged."""


class FenceMoved(AuditError):  # noqa: N818 - what happened, not what is wrong
    """A number that an append relied on has changed since it was read; nothing of that append was written."""

    def __init__(self, name: str, expected: int, found: int | None) -> None:
        super().__init__(f"fence {name}: expected {expected}, found {'nothing' if found is None else found}")
        self.name = name
        self.expected = expected
        self.found = found


class DecisionClosed(AuditError):  # noqa: N818 - what happened, not what is wrong
    """A terminal entry names a decision that is not open: every decision is closed exactly once."""


class IdReused(AuditError):  # noqa: N818 - what happened, not what is wrong
    """An id that the log already holds came back with another content; a retry repeats the very same draft."""


class SubjectKeyGone(AuditError):  # noqa: N818 - a state of the key, raised by a `SubjectKeys`
    """The key of a subject was destroyed; what was sealed under it cannot be opened, and nothing new may be sealed."""


class SubjectKeyUnknown(SubjectKeyGone):
    """There is no such key, and no erasure under way that would have destroyed it: sections that name it are never erased."""


class SubjectKeyUnreadable(SubjectKeyUnknown):
    """The key is there and does not open with this wrapping key. It is not destroyed: nothing may be taken for erased because of it."""


class StoreFailed(AuditError):  # noqa: N818 - the store's word to the log, which turns it into `LogUnavailable`
    """The database refused, broke off or could not be reached; whether the commit arrived is unknown."""


class StoreUnfit(AuditError):  # noqa: N818 - a state of the database
    """The database does not promise what the log needs (durable commits, a clock that agrees); the log refuses to start."""


class NoteMalformed(AuditError):  # noqa: N818 - what was found
    """A text is not what its C2SP format says; nothing of it may be used."""


class NoteUnverified(AuditError):  # noqa: N818 - what was found
    """No signature on a note is by a key that is trusted here, or one that claims to be is wrong."""


class ProofWrong(AuditError):  # noqa: N818 - what was found
    """A Merkle proof does not lead from what it starts with to the root it was held against."""


class SignerRefused(AuditError):  # noqa: N818 - what the signer did
    """The log is not a continuation of what was last signed: a restored backup, a fork or a lost anchor."""


class UnknownEntry(AuditError):  # noqa: N818 - what was asked for
    """The log holds no entry of that id, or no such log."""


class CursorInvalid(AuditError):  # noqa: N818 - what was found
    """A page was asked for with a cursor that was not handed out for this search."""


class NotALog(AuditError):  # noqa: N818 - what was found
    """A database or file that was given to be verified holds no log."""


class NotAnErasure(AuditError):  # noqa: N818 - what was found
    """Something was to be removed under an entry that does not account for it."""
