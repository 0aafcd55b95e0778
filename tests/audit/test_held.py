"""What the log is held to: each of the twelve tests of its design, and the tests here that hold it. docs/assurance.md prints this table."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: number → (what is promised, the tests that fail where it is broken, the most telling first)
HELD: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "No byte leaves before its commit: faults, kills and full disks at every write",
        (
            "tests/audit/test_log_disk.py::test_a_disk_that_fails_at_any_write_or_sync_loses_nothing_that_was_acknowledged",
            "tests/audit/test_log_disk.py::test_what_is_acknowledged_survives_a_power_cut",
            "tests/audit/test_faults.py::test_a_fault_at_any_write_leaves_nothing_half_written_and_a_passing_one_is_survived",
            "tests/audit/test_log_kills.py::test_a_killed_writer_leaves_every_entry_that_it_was_promised",
            "tests/broker/exchange/test_failures.py::test_with_the_log_down_before_the_release_nothing_leaves_and_the_sweeper_ends_it",
            "tests/journeys/test_races.py::test_a_killed_worker_takes_nothing_along_that_was_answered",
        ),
    ),
    2: (
        "Eight workers on both databases write one contiguous log, without a false alarm",
        ("tests/audit/test_log_kills.py::test_eight_workers_write_one_contiguous_log",),
    ),
    3: (
        "A connection cut after COMMIT leaves one leaf per id",
        (
            "tests/audit/test_log_cut.py::test_a_connection_that_is_cut_while_it_commits_is_one_entry_per_id",
            "tests/audit/test_log_batches.py::test_a_commit_whose_answer_was_lost_is_one_entry_each",
            "tests/audit/test_faults.py::test_a_server_connection_that_is_cut_under_the_lock_is_one_entry_after_all",
        ),
    ),
    4: (
        "The open vectors, and logs of others",
        (
            "tests/audit/test_note.py::test_notes_are_opened_as_sumdb_opens_them",
            "tests/audit/test_note.py::test_ed25519_agrees_with_wycheproof",
            "tests/audit/test_merkle.py::test_every_probe_of_an_inclusion_proof_is_judged_as_its_makers_judge_it",
            "tests/audit/test_merkle.py::test_every_probe_of_a_consistency_proof_is_judged_as_its_makers_judge_it",
            "tests/audit/test_tiles.py::test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification",
            "tests/audit/test_foreign.py::test_the_tiles_of_a_log_make_every_root_that_it_signed",
            "tests/audit/test_foreign.py::test_the_checkpoint_of_the_go_checksum_database_is_verified",
            "tests/audit/test_cosignature.py::test_the_key_of_a_cosigner_is_read_and_printed_back_and_any_other_kind_refused",
        ),
    ),
    5: (
        "A restored backup is not signed; a witness refuses it and keeps evidence",
        (
            "tests/audit/test_signer.py::test_a_restored_backup_is_not_signed",
            "tests/audit/test_witness.py::test_a_restored_backup_that_grew_again_is_refused_and_proven_by_its_own_proof",
        ),
    ),
    6: (
        "A log that was rewritten whole is found by an old checkpoint of a partner",
        ("tests/audit/test_verify.py::test_a_database_that_was_rewritten_whole_is_found_by_the_anchor_alone",),
    ),
    7: (
        "Two checkpoints of one size are evidence that verifies offline",
        (
            "tests/audit/test_witness.py::test_one_size_with_two_roots_is_kept_as_evidence",
            "tests/audit/test_witness.py::test_another_story_at_a_size_that_was_cosigned_before_is_evidence_too",
        ),
    ),
    8: (
        "A changed, hidden or dropped row or column is named, in every table",
        (
            "tests/audit/test_held_columns.py::test_a_changed_value_is_named",
            "tests/audit/test_held_columns.py::test_a_hidden_row_is_named",
            "tests/audit/test_held_columns.py::test_a_dropped_table_and_a_dropped_column_are_named",
            "tests/audit/test_verify.py::test_each_kind_of_tampering_is_named_with_its_entry",
        ),
    ),
    9: (
        "Every refusal and failure of an authenticated ask ends in one terminal record",
        (
            "tests/journeys/test_held_endings.py::test_whatever_breaks_while_an_exchange_runs_it_has_one_decision_and_one_end",
            "tests/journeys/test_held_endings.py::test_every_refusal_is_one_decision_and_one_end",
            "tests/journeys/test_held_endings.py::test_an_ask_that_breaks_before_it_is_decided_is_on_the_record_too",
            "tests/broker/test_sweeping.py::test_what_a_crash_left_open_is_closed_as_interrupted_once",
        ),
    ),
    10: (
        "One person of many is erased: nothing left in file, WAL or free list; proofs hold",
        (
            "tests/audit/test_erasure.py::test_nothing_is_left_in_the_file_its_free_list_or_its_write_ahead_log",
            "tests/audit/test_erasure.py::test_one_person_is_gone_and_everything_else_is_as_it_was",
        ),
    ),
    11: (
        "A clock that jumps an hour back or a year ahead",
        (
            "tests/audit/test_clock_jumps.py::test_a_clock_that_jumps_never_turns_the_log_s_time_back_and_a_step_back_is_an_entry",
            "tests/audit/test_log_clock.py::test_a_clock_that_jumped_a_year_ahead_and_back_keeps_the_later_log",
            "tests/audit/test_log_clock.py::test_a_clock_five_minutes_off_the_databases_refuses_to_start",
        ),
    ),
    12: (
        "A hostile witness or client: long notes, too many lines, a wrong origin, a slow peer",
        (
            "tests/audit/test_note.py::test_an_oversized_note_and_one_with_too_many_signatures_are_refused",
            "tests/audit/test_witness.py::test_what_is_no_request_is_refused",
            "tests/audit/test_witness.py::test_a_stranger_is_refused_before_a_signature_is_looked_at",
            "tests/audit/test_witness_http.py::test_what_is_too_long_is_refused_unread",
            "tests/audit/test_witness_http.py::test_a_peer_that_drips_is_cut_off_however_steadily_and_the_others_are_served",
        ),
    ),
}


def rows() -> list[str]:
    """The table of docs/assurance.md."""
    return [f"| {number} | {promised} | {', '.join(f'`{test}`' for test in tests)} |" for number, (promised, tests) in HELD.items()]


def test_the_page_prints_this_table() -> None:
    printed = (ROOT / "docs/assurance.md").read_text(encoding="utf-8").splitlines()
    assert [row for row in rows() if row not in printed] == [], (
        "print it with: python -c 'from tests.audit.test_held import *; print(*rows(), sep=chr(10))'"
    )


def test_the_design_has_twelve() -> None:
    assert list(HELD) == list(range(1, 13))
    assert all(tests for _, tests in HELD.values())


@pytest.mark.parametrize("number", HELD)
def test_each_test_that_is_named_is_there_and_is_run(number: int) -> None:
    for name in HELD[number][1]:
        path, _, test = name.partition("::")
        functions = [node for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        (found,) = [one for one in functions if one.name == test]
        marks = {ast.unparse(mark) for mark in found.decorator_list}
        assert not [mark for mark in marks if "skip" in mark or "xfail" in mark or "soak" in mark], name
        assert any(isinstance(node, ast.Assert | ast.With | ast.Call) for node in ast.walk(ast.Module(found.body, []))), name
