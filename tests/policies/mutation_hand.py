"""The hand that edits: it knows what a covenant's page defines, picks by the dice, and says in words what it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

from tests.policies.mutation_page import Cut, Page, Part, Path

#: keys under which there is text for people
PROSE = (
    "nl",
    "en",
    "decision",
    "without",
    "subsidiarity",
    "because",
    "conditions",
    "interest",
    "partnership",
    "function",
    "mandate",
    "description",
)


@dataclass(frozen=True)
class Edit:
    """One edit. `path` is the part that was edited (or that came in), `names` what it was called before and after, `other` the second part
    of a swap.
    """

    kind: str
    words: str
    path: Path
    cuts: tuple[Cut, ...]
    names: frozenset[str] = frozenset()
    other: Path = ()


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


@dataclass(frozen=True)
class Hand:
    """A page, what it defines, and the dice."""

    page: Page
    random: Random

    @cached_property
    def parties(self) -> list[str]:
        return self.keys("parties")

    @cached_property
    def roles(self) -> list[str]:
        return [f"{party}.{role}" for party in self.parties for role in self.keys("parties", party, "roles")]

    @cached_property
    def phases(self) -> list[str]:
        return sorted({phase for case_type in self.keys("case_types") for phase in self.keys("case_types", case_type, "ladder")})

    @cached_property
    def fields(self) -> list[str]:
        return [f"{category}.{field}" for category in self.keys("data") for field in self.keys("data", category, "fields")]

    @cached_property
    def names(self) -> frozenset[str]:
        sections = ("subjects", "legal_bases", "purposes", "case_types", "data")
        return frozenset((*self.parties, *self.roles, *self.phases, *self.fields, *(name for part in sections for name in self.keys(part))))

    def keys(self, *path: str) -> list[str]:
        return [str(child.path[-1]) for child in self.page.at[path].children]

    def parts(self, *pattern: str | int) -> Iterator[Part]:
        """Parts whose path fits: `*` is any one step, `**` at the start any number of them."""
        for part in self.page.parts:
            path, wanted = part.path, pattern
            if wanted[0] == "**":
                wanted = wanted[1:]
                path = path[len(path) - len(wanted) :] if len(path) >= len(wanted) else ()
            if len(path) == len(wanted) and all(want in ("*", step) for want, step in zip(wanted, path, strict=True)):
                yield part

    def values(self) -> Iterator[Part]:
        return (part for part in self.page.parts if part.scalar is not None)

    def other(self, among: list[str] | tuple[str, ...], *than: str) -> str | None:
        left = [one for one in among if one not in than]
        return self.random.choice(left) if left else None

    def put(self, kind: str, part: Part, words: str) -> Edit:
        """Another value in the place of this one; quotes stay."""
        raw = self.page.raw(part)
        quoted = f'"{words}"' if raw.startswith('"') else words
        return Edit(
            kind,
            f"{kind}: {dotted(part.path)} from `{raw}` to `{quoted}`",
            part.path,
            ((*part.value, quoted),),
            frozenset((str(part.scalar), words)),
        )

    def drop(self, kind: str, part: Part) -> Edit:
        names = frozenset((part.scalar,)) if part.scalar in self.names else frozenset()
        return Edit(kind, f"{kind}: {dotted(part.path)}", part.path, (self.page.without(part),), frozenset(map(str, names)))

    def add(self, kind: str, part: Part, words: str) -> Edit:
        """One more in a list or a map."""
        path = (*part.path, words.partition(":")[0])
        return Edit(
            kind,
            f"{kind}: {words} to {dotted(part.path)}",
            path,
            (self.page.after_last(part, words),),
            frozenset((words.partition(":")[0],)),
        )

    def misspelt(self, word: str) -> str:
        at = self.random.randrange(1, len(word))
        return self.random.choice([word[:at] + word[at - 1] + word[at:], word[: at - 1] + word[at:] if len(word) > 1 else word + "x"])

    def swap(self, kind: str, one: Part, two: Part) -> Edit:
        """Each value in the place of the other."""
        cuts = ((*one.value, self.page.raw(two)), (*two.value, self.page.raw(one)))
        words = f"{kind}: {dotted(one.path)} and {dotted(two.path)}: `{self.page.raw(one)}` and `{self.page.raw(two)}`"
        names = frozenset(str(part.scalar) for part in (one, two) if part.scalar in self.names)
        return Edit(kind, words, one.path, cuts, names, two.path)
