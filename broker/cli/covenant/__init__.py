"""Covenants: check a text, run its scenarios, propose, sign at the party, accept, activate. A module per command, or per few."""

from __future__ import annotations

import click

from broker.cli.covenant import (
    checking,
    diff,
    edit,
    edit_add,
    explain,
    export,
    init,
    looking_back,
    matrix,
    refusing,
    scenarios,
    schema,
    simulate,
    texts,
    versions,
)


@click.group(cls=refusing.Refusing)
def covenant() -> None:
    """Covenant texts and versions."""


covenant.add_command(init.init)
covenant.add_command(checking.check_file)
covenant.add_command(scenarios.run_tests)
covenant.add_command(schema.schema)
covenant.add_command(explain.explain_ask)
covenant.add_command(simulate.simulate)
covenant.add_command(export.export_rules)
covenant.add_command(matrix.show_matrix)
covenant.add_command(diff.show_diff)
covenant.add_command(texts.text)
covenant.add_command(texts.processing_register)
covenant.add_command(texts.arrangement)
covenant.add_command(texts.for_residents)
covenant.add_command(edit.set_values)
covenant.add_command(edit.unset_value)
covenant.add_command(edit.rename_thing)
covenant.add_command(edit.remove)
covenant.add_command(edit_add.new_field)
covenant.add_command(edit_add.new_role)
covenant.add_command(edit_add.new_article)
covenant.add_command(edit_add.new_scenario)
covenant.add_command(looking_back.list_versions)
covenant.add_command(looking_back.history)
covenant.add_command(looking_back.show)
covenant.add_command(looking_back.rollback)
covenant.add_command(looking_back.received)
covenant.add_command(versions.propose)
covenant.add_command(versions.new_key)
covenant.add_command(versions.sign)
covenant.add_command(versions.accept)
covenant.add_command(versions.activate)
