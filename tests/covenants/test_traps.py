"""Four traps for whoever amends the shipped covenant, each set by one edit and each caught at its line, in both languages, with the law.

Care codes in a corporation's article · a phase shown to who may not know who takes part · a receiver on a ground that only gives · one role
that collects police and care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.cli.covenant.checking import check_file


@dataclass(frozen=True)
class Trap:
    """Within the part that begins with `after`, `old` becomes `new`; what `code` says of it must hold these words and this law."""

    after: str
    old: str
    new: str
    code: str
    severity: str
    law: str
    nl: str
    en: str
    column: str


TRAPS = {
    "care codes in a code list of the corporation": Trap(
        after="  complaints:\n    holder: corporation",
        old="only: [GEL, VER, OND]",
        new="only: [GEL, VER, OND, AMB]",
        code="code-list-mixes-classes",
        severity="error",
        law="AVG art. 9, 10",
        nl="codelijst van `complaints.kind` mengt klassen: AMB is special, het veld is ordinary",
        en="the code list of `complaints.kind` mixes classes: AMB is special, the field is ordinary",
        column="{from: vera:",
    ),
    "a care field in an article of the corporation": Trap(
        after='  - article: "8.1"',
        old="      complaints.kind: full\n",
        new="      support.kind: full\n      complaints.kind: full\n",
        code="not-the-holder",
        severity="error",
        law="",
        nl="artikel 8.1 laat corporation `support.kind` verstrekken, maar de bronhouder is care",
        en="article 8.1 gives `support.kind` from corporation, but its holder is care",
        column="support.kind",
    ),
    "a corporation among the receivers of care": Trap(
        after='  - article: "11.1"',
        old="to: [municipality.director]",
        new="to: [municipality.director, corporation.social_manager]",
        code="no-ground-to-receive",
        severity="error",
        law="AVG art. 9(2)",
        nl="artikel 11.1: corporation heeft geen grondslag om `care_contact.contact` (secrecy, special) te ontvangen",
        en="article 11.1: corporation has no ground to receive `care_contact.contact` (secrecy, special)",
        column="{municipality: [mayor_order",
    ),
    "a phase that gives the police away": Trap(
        after="  serious_nuisance:\n    title:",
        old="corporation: {phase: open_or_closed",
        new="corporation: {phase: full",
        code="metadata-leak",
        severity="warning",
        law="AVG art. 5(1)(c)",
        nl="corporation ziet fase `escalated` van serious_nuisance en weet daardoor dat police meedoet, wat haar niet wordt getoond",
        en="corporation sees phase `escalated` of serious_nuisance and so knows that police takes part, which it is not shown",
        column="full, participants: [municipality]}",
    ),
    "a phase that breaks what must never be": Trap(
        after="  serious_nuisance:\n    title:",
        old="corporation: {phase: open_or_closed",
        new="corporation: {phase: full",
        code="never-broken",
        severity="error",
        law="",
        nl="nooit-bepaling 12.1 (eigen keuze) is geschonden: corporation krijgt fase `escalated` van serious_nuisance te zien, "
        "en dat verraadt dat police meedoet",
        en="never 12.1 (choice) is broken: corporation is shown phase `escalated` of serious_nuisance, "
        "which gives away that police takes part",
        column="full, participants: [municipality]}",
    ),
    "a receiver with a ground that only gives": Trap(
        after='  - article: "10.1"',
        old="receiver: {municipality: [mayor_order, received_from_police]}",
        new="receiver: {municipality: [mayor_order, police_partnership_order]}",
        code="no-ground-to-receive",
        severity="error",
        law="AVG art. 10; UAVG art. 31-33",
        nl="artikel 10.1: municipality heeft geen grondslag om `incidents.count_12m` (police_8) te ontvangen",
        en="article 10.1: municipality has no ground to receive `incidents.count_12m` (police_8)",
        column="[mayor_order, police_partnership_order]",
    ),
    "a receiver with a ground that only gives, beside one that would do": Trap(
        after='  - article: "10.1"',
        old="receiver: {municipality: [mayor_order, received_from_police]}",
        new="receiver: {municipality: [mayor_order, received_from_police, police_partnership_order]}",
        code="no-ground-to-receive",
        severity="error",
        law="Wpg art. 16-20",
        nl="artikel 10.1: municipality ontvangt op `police_partnership_order`, en dat is alleen een grondslag om te verstrekken",
        en="article 10.1: municipality receives on `police_partnership_order`, which only gives",
        column="police_partnership_order]}",
    ),
    "one role that collects police and care": Trap(
        after='  - article: "11.1"',
        old="to: [municipality.director]",
        new="to: [municipality.director, municipality.nuisance_adviser]",
        code="accumulation",
        severity="warning",
        law="AVG art. 5(1)(b), (c)",
        nl="municipality.nuisance_adviser verzamelt politie- én zorggegevens (artikel 10.2 en 11.1)",
        en="municipality.nuisance_adviser collects police and care data (articles 10.2 and 11.1)",
        column="[municipality.director, municipality.nuisance_adviser]",
    ),
}


def set_in(text: str, trap: Trap) -> tuple[str, int, int]:
    """The text with the trap, and the line and column of the words that are at fault."""
    assert text.count(trap.after) == 1
    at = text.index(trap.old, text.index(trap.after))
    changed = text[:at] + trap.new + text[at + len(trap.old) :]
    fault = changed.index(trap.column, changed.rfind("\n", 0, at))
    return changed, changed.count("\n", 0, fault) + 1, fault - changed.rfind("\n", 0, fault)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_caught_at_its_line_with_its_law(name: str, language: str, text: str, tmp_path: Path) -> None:
    trap = TRAPS[name]
    changed, line, column = set_in(text, trap)
    (tmp_path / "covenant.yaml").write_text(changed, "utf-8")

    arguments = [str(tmp_path / "covenant.yaml"), "--lang", language, "--today", "2026-06-01"]
    result = CliRunner().invoke(check_file, arguments)

    law = f" ({trap.law})" if trap.law else ""
    told = [line for line in result.output.splitlines() if f"[{trap.code}]" in line and getattr(trap, language) in line]
    assert len(told) >= 1, result.output
    found = re.fullmatch(r".*covenant\.yaml:(\d+):(\d+): (\w+)\[[a-z-]+\]: .*", told[-1])
    assert found, told[-1]
    assert (int(found[1]), int(found[2]), found[3]) == (line, column, trap.severity)
    assert law in told[-1]
    assert result.exit_code == (0 if trap.severity == "warning" and name.startswith("one role") else 1)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_without_a_trap_there_is_no_error(language: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "covenant.yaml").write_text(text, "utf-8")
    result = CliRunner().invoke(check_file, [str(tmp_path / "covenant.yaml"), "--lang", language, "--today", "2026-06-01"])
    assert result.exit_code == 0
    assert "error[" not in result.output
