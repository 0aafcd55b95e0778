"""`make serve`: the demonstration's broker keeps running, with a case in it and a command for each party to paste."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from broker.demo.cast import CASE_MANAGER, DIRECTOR, EARLY_SUPPORT, END_NUISANCE, OFFICER, SOCIAL_MANAGER
from broker.demo.processes import ProcessFailed
from broker.demo.running import Evening
from broker.demo.tokens import SCRIPT
from policies.covenant import party_of
from policies.vocabulary import PurposeId, RoleId


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to try."""

    role: RoleId
    purpose: PurposeId
    fields: tuple[str, ...]
    says: str


SUGGESTIONS: Final = (
    Suggestion(
        DIRECTOR, END_NUISANCE, ("complaints.count_12m", "incidents.count_12m", "support.kind"), "sees a number, a band and nothing"
    ),
    Suggestion(SOCIAL_MANAGER, END_NUISANCE, ("coordination.lead", "incidents.count_12m"), "learns who leads, never what the police know"),
    Suggestion(OFFICER, END_NUISANCE, ("complaints.count_12m", "arrears.months"), "sees a band; debts are none of his business"),
    Suggestion(CASE_MANAGER, EARLY_SUPPORT, ("person.last_name", "household.minors"), "checks whether children live there"),
)


def keep_serving(evening: Evening, case: str, folder: Path, console: Console) -> None:
    """Print what to paste, and wait.

    Raises:
        ProcessFailed: the server ended by itself.
        KeyboardInterrupt: the way to stop.
    """
    issuer = evening.house.stage.settings.issuer
    _print(console, "")
    _print(console, f"The broker serves {issuer} with two workers. A case about Lisdoddestraat 14 is in consultation.")
    for suggestion in SUGGESTIONS:
        _print(console, "")
        _print(console, f"# the {evening.house.words.role(suggestion.role)} {suggestion.says}")
        _print(console, command(suggestion, case, issuer, folder))
    _print(console, "")
    _print(console, "# what may be asked at all, every endpoint, and the text that all four signed")
    _print(console, permissions_command(SUGGESTIONS[0], case, issuer, folder))
    _print(console, f"curl -s {issuer}/v1/openapi.json")
    _print(console, f"curl -s {issuer}/v1/covenants/waterstad-noord")
    _print(console, "")
    _print(console, "# to build a partner system of your own, beside docs/partner-guide.md")
    _print(console, f"export BROKER={issuer} CASE={case} DEMO={folder}")
    _print(console, "")
    _print(console, f"Tokens for any role: {_script(folder)} municipality.nuisance_adviser   Ctrl-C stops everything.")
    while evening.server.alive:
        time.sleep(0.5)
    raise ProcessFailed(f"the server ended; see {evening.server.log}")


def command(suggestion: Suggestion, case: str, issuer: str, folder: Path) -> str:
    """An ask as a command of one line."""
    return _curl(
        suggestion, "disclosures", {"case": case, "purpose": suggestion.purpose, "fields": list(suggestion.fields)}, issuer, folder
    )


def permissions_command(suggestion: Suggestion, case: str, issuer: str, folder: Path) -> str:
    """The question what a role may ask."""
    return _curl(suggestion, "permissions", {"case": case, "purpose": suggestion.purpose}, issuer, folder)


def _curl(suggestion: Suggestion, endpoint: str, body: dict[str, object], issuer: str, folder: Path) -> str:
    url = f"{issuer}/v1/connectors/{party_of(suggestion.role)}/{endpoint}"
    bearer = f'"Authorization: Bearer $({_script(folder)} {suggestion.role})"'
    return f"curl -s {url} -H {bearer} -H 'Content-Type: application/json' -d '{json.dumps(body)}'"


def _script(folder: Path) -> str:
    here = Path.cwd()
    script = folder / SCRIPT
    return str(script.relative_to(here)) if script.is_relative_to(here) else str(script)


def _print(console: Console, line: str) -> None:
    """Print a line that can be copied: never wrapped, never coloured inside."""
    console.print(Text(line), soft_wrap=True)
