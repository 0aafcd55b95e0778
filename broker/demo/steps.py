"""What the demonstration shows, as values: played once, then printed for people or for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias

from policies.vocabulary import ArticleId, FieldName, RoleId


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of the story; `phase` is where the case stands on its ladder when the scene begins."""

    number: int
    title: str
    why: str
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody did something, and the broker agreed; `who` is the role in the covenant's words."""

    role: RoleId
    who: str
    does: str
    request: str
    status: int


@dataclass(frozen=True, slots=True)
class Given:
    """A field that the caller received."""

    field: FieldName
    label: str
    value: str | int | bool | None
    form: str
    article: ArticleId


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that the caller did not receive: what the caller is told, and the precise reason that only the log has."""

    field: FieldName
    label: str
    told: str
    logged: str


@dataclass(frozen=True, slots=True)
class View:
    """What one role saw in one exchange."""

    role: RoleId
    who: str
    purpose: str
    given: tuple[Given, ...]
    kept: tuple[Kept, ...]
    exchange: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody tried something, and the broker refused; `problem` is the slug of its problem type. `role` is None for a stranger."""

    role: RoleId | None
    who: str
    tries: str
    request: str
    status: int
    problem: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that was checked and is so; `found` says what was looked at."""

    says: str
    found: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A small table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Step: TypeAlias = Deed | View | Refusal | Claim | Rows


class NotSo(Exception):  # noqa: N818 - what happened
    """Something that the demonstration claims is not so: a defect, or a machine that cannot show it."""

    def __init__(self, claim: str, found: str) -> None:
        super().__init__(f"expected that {claim}; found {found}")


class Audience(Protocol):
    """Whoever is shown the story while it is played."""

    def scene(self, scene: Scene) -> None:
        """A new scene begins."""

    def step(self, step: Step) -> None:
        """Something happened in it."""


class Script:
    """An audience that writes everything down, for one JSON document at the end."""

    def __init__(self) -> None:
        self._scenes: list[dict[str, Any]] = []

    def scene(self, scene: Scene) -> None:
        """Begin a scene."""
        self._scenes.append({**asdict(scene), "steps": []})

    def step(self, step: Step) -> None:
        """Add a step to the scene; its kind is named in `step`."""
        self._scenes[-1]["steps"].append({"step": type(step).__name__.lower(), **asdict(step)})

    @property
    def scenes(self) -> list[dict[str, Any]]:
        """Everything so far, ready for JSON."""
        return self._scenes


def short(form: str) -> str:
    """A form without its bounds: `band` for `bands(0-2,3-9,10+)`."""
    return "band" if form.startswith("bands") else form
