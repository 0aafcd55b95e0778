"""The story for people in a terminal of 80 columns or more. No colour is needed to read it: marks and words say everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status
from rich.table import Table
from rich.text import Text

from broker.demo.scenes.proving import Proof
from broker.demo.steps import Claim, Deed, Refusal, Rows, Scene, Step, View, short
from policies.covenant import party_of

#: from this width on, fields are shown with the covenant's label beside their name
WIDE: Final = 110
#: prose is not set wider than this
PROSE: Final = 100
_INDENT: Final = 3
#: the least widths of a field's name, label and value, so that one view's columns stand under another's
_NAME, _LABEL, _VALUE = 24, 32, 20

_REASONS: Final = {"not_in_covenant": "not in covenant", "not_given": "not given", "wrong_phase": "not in this phase"}


class Terminal:
    """An audience that reads along."""

    def __init__(self, console: Console, lang: str) -> None:
        self._console = console
        self._lang = lang
        self._before: type[Step] | None = None
        self._status: Status | None = None

    def open(self, words: str) -> None:
        """Say in a few sentences what this is."""
        self._console.print()
        self._console.print(Padding(Text(words), (0, 1)), width=self._prose)

    def legend(self) -> None:
        """What the marks mean."""
        marks = (("→", "does"), ("?", "asks"), ("✗", "is refused"), ("✓", "checked, not just said"))
        self._console.print()
        self._console.print(Padding(Text("   ".join(f"{mark} {words}" for mark, words in marks)), (0, 1)))
        self._console.print(Padding(Text("log: the precise reason, which only the log has; the caller is not told"), (0, 1)))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show that something is being made, until `ready`."""
        self._console.print()
        self._status = self._console.status(what) if self._console.is_terminal else None
        if self._status is None:
            self._console.print(Padding(what, (0, 1)))
        else:
            self._status.start()
        try:
            yield
        finally:
            self.ready()

    def ready(self) -> None:
        """What was waited for is there."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def stopped(self, why: str, folder: Path) -> None:
        """It did not come to its end."""
        self._console.print()
        self._console.print(Padding(Text.assemble(("✗ The demonstration stopped: ", "bold"), why), (0, 1)), width=self._prose)
        self._console.print(Padding(Text(f"The processes' own words are in {folder}/*.log", style="dim"), (0, 1)))

    def scene(self, scene: Scene) -> None:
        """A heading, and why this scene is there."""
        self._console.print()
        self._console.print(Rule(Text(f" {scene.number} · {scene.title} ", style="bold"), align="left", style="dim"))
        self._console.print(Padding(Text(scene.why, style="italic"), (0, 1)), width=self._prose)
        if scene.phase:
            self._console.print(Padding(self._ladder(scene.phase), (0, 1)))
        self._before = None

    def step(self, step: Step) -> None:
        """One step; steps of one kind stand close together."""
        if self._before is not type(step) or isinstance(step, View | Rows):
            self._console.print()
        self._before = type(step)
        shown = self._shown(step)
        self._console.print(Padding(shown, (0, 0, 0, _INDENT)))

    def close(self, proof: Proof, seconds: float, hints: tuple[tuple[str, str], ...]) -> None:
        """The summary."""
        self._console.print()
        self._console.print(Rule(Text(" Summary ", style="bold"), align="left", style="dim"))
        numbers = Table.grid(padding=(0, 2))
        for number, what in (
            (proof.exchanges, "exchanges decided, every one with its end on the record"),
            (proof.refusals, "refused as a whole"),
            (proof.receipts, "receipts, all of them verified offline"),
            (proof.entries, "entries in the log, signed, verified; every forgery caught"),
        ):
            numbers.add_row(Text(f"{number:,}", justify="right", style="bold"), what)
        self._console.print(Padding(numbers, (0, 1)))
        self._console.print()
        self._console.print(Padding("The checkpoint, which partners keep: nobody rewrites what is before it unseen.", (0, 1)))
        self._console.print(Padding(Text(proof.checkpoint.strip(), style="dim", overflow="fold"), (0, _INDENT)))
        self._console.print()
        for words, command in hints:
            # Without padding, which would cut off a path that is longer than the line.
            self._console.print(Text.assemble((f" {words}: ", "dim"), (command, "bold")), soft_wrap=True)
        self._console.print(Padding(f"Everything above was checked while it happened, in {seconds:.0f} seconds.", (0, 1)))

    @property
    def _prose(self) -> int:
        return min(self._console.width, PROSE)

    def _ladder(self, phase: str) -> Text:
        ladder = ("triage", "consultation", "plan", "escalated", "aftercare", "closed")
        return Text(" › ").join(Text(f"[{one}]", style="bold") if one == phase else Text(one, style="dim") for one in ladder)

    def _shown(self, step: Step) -> Table | Text | Group:
        match step:
            case Deed():
                return self._line(Text("→", style="blue"), f"{step.who} {step.does}", str(step.status))
            case Refusal():
                return self._line(Text("✗", style="bold red"), f"{step.who} {step.tries}", f"{step.status} {step.problem}")
            case Claim():
                return self._claim(step)
            case View():
                return self._view(step)
            case Rows():
                return self._rows(step)

    def _line(self, mark: Text, words: str, outcome: str) -> Table:
        line = Table.grid(expand=True, padding=(0, 1))
        line.add_column(width=1)
        line.add_column(ratio=1)
        line.add_column(justify="right", no_wrap=True)
        line.add_row(mark, words, Text(outcome, style="dim"))
        return line

    def _claim(self, claim: Claim) -> Table:
        line = Table.grid(padding=(0, 1))
        line.add_row(Text("✓", style="bold green"), Text.assemble((claim.says, "bold"), "\n", (claim.found, "dim")))
        return line

    def _view(self, view: View) -> Group:
        wide = self._console.width >= WIDE
        fields = Table.grid(padding=(0, 2, 0, 0))
        for width in (0, _NAME, _LABEL, _VALUE) if wide else (0, _NAME, _VALUE):
            fields.add_column(min_width=width)
        for name, label, value, how in self._given(view) + self._kept(view):
            named = [Text(name), Text(label)] if wide else [self._named(name, label)]
            fields.add_row("", *named, value, how)
        head = Table.grid(padding=(0, 1))
        head.add_row(Text("?", style="cyan"), Text.assemble((view.who, "bold"), f" ({party_of(view.role)}) asks · {view.purpose}"))
        return Group(head, fields)

    def _named(self, name: str, label: str) -> Text:
        """A field where there is no room for a column of labels: in Dutch the label stands under the name, which is English by itself."""
        return Text.assemble(name, ("\n" + label, "dim")) if self._lang == "nl" else Text(name)

    def _given(self, view: View) -> list[tuple[str, str, Text, Text]]:
        return [
            (one.field, one.label, Text(_said(one.value), style="bold"), Text(f"{short(one.form)} · art. {one.article}"))
            for one in view.given
        ]

    def _kept(self, view: View) -> list[tuple[str, str, Text, Text]]:
        return [
            (one.field, one.label, Text(f"– {_REASONS[one.told]}", style="dim"), Text(_logged(one.told, one.logged), style="dim italic"))
            for one in view.kept
        ]

    def _rows(self, rows: Rows) -> Group:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for column in rows.columns:
            table.add_column(column)
        for row in rows.rows:
            table.add_row(*row)
        return Group(Text(rows.title, style="bold"), table)


def _said(value: object) -> str:
    if value is None:
        return "known to be empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _logged(told: str, logged: str) -> str:
    return "" if told == logged or not logged else f"log: {logged.replace('_', ' ')}"
