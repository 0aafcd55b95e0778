"""What an edit comes to, and why one is refused."""

from __future__ import annotations

from dataclasses import dataclass

from policies.errors import PolicyError
from policies.values import Label
from policies.wording import say


@dataclass(frozen=True, slots=True)
class Edit:
    """The whole new text, and what its reader should look at still: words in comments that an edit does not touch."""

    text: str
    notes: tuple[Label, ...] = ()


class EditRefused(PolicyError):  # noqa: N818 - it is what happens to the edit
    """An edit that cannot be made; the text is as it was. `message` is the sentence in both languages."""

    def __init__(self, message: Label) -> None:
        self.message = message
        super().__init__(message.en)


def by_hand(line: int) -> EditRefused:
    """The refusal of whatever cannot be done without touching something that was not asked for."""
    return EditRefused(
        say(
            "regel {line} is zo opgemaakt dat dit niet kan zonder iets anders te raken: pas het met de hand aan",
            "line {line} is laid out so that this cannot be done without touching something else: change it by hand",
            line=line,
        )
    )
