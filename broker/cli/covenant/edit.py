"""Edits of a covenant's file that keep its comments and its layout: set, unset, rename, remove-article."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import covenant_file, language
from broker.cli.covenant.edit_outcome import carry_out
from policies.editing import KINDS, Edit, remove_article, rename, set_value, unset
from policies.wording import in_language, say

new_version = click.option("--new-version", "version", metavar="VERSION", help="Also make it a new version that supersedes what it was.")
dry_run = click.option("--dry-run", is_flag=True, help="Show the change as a diff, and write nothing.")


@click.command("set")
@covenant_file
@click.argument("pairs", nargs=-1, required=True, metavar="PATH VALUE [PATH VALUE]...")
@new_version
@dry_run
@language
def set_values(file: Path, pairs: tuple[str, ...], *, version: str | None, dry_run: bool, language: str) -> None:
    """Give a PATH in FILE another VALUE; several pairs are one change.

    A path names keys with dots between them, an article by its number: articles.8.4.fields.incidents.count_12m, title.nl. A list is
    typed with commas (plan,escalated), any other part as YAML ('{bands: ["0-2", "3+"]}').
    """
    if len(pairs) % 2:
        raise click.UsageError(in_language(say("hier hoort bij elk PATH een VALUE", "expected a VALUE for every PATH"), language))

    def change(text: str) -> Edit:
        for path, value in zip(pairs[::2], pairs[1::2], strict=True):
            edit = set_value(text, path, value)
            text = edit.text
        return edit

    carry_out(file, change, version=version, dry_run=dry_run, language=language)


@click.command("unset")
@covenant_file
@click.argument("path")
@new_version
@dry_run
@language
def unset_value(file: Path, path: str, *, version: str | None, dry_run: bool, language: str) -> None:
    """Take what stands at PATH out of FILE: a key with its value, or a word out of a list (articles.8.4.phases.plan)."""
    carry_out(file, lambda text: unset(text, path), version=version, dry_run=dry_run, language=language)


@click.command("rename")
@covenant_file
@click.argument("kind", type=click.Choice(tuple(KINDS)), metavar="KIND")
@click.argument("old")
@click.argument("new")
@new_version
@dry_run
@language
def rename_thing(file: Path, kind: str, old: str, new: str, *, version: str | None, dry_run: bool, language: str) -> None:
    """Give a thing another name wherever FILE mentions it, in patterns such as incidents.* too; comments are left and listed.

    KIND is field, role, article, phase, party, category, purpose, case_type, subject or legal_basis.
    """
    carry_out(file, lambda text: rename(text, kind, old, new), version=version, dry_run=dry_run, language=language)


@click.command("remove-article")
@covenant_file
@click.argument("number")
@new_version
@dry_run
@language
def remove(file: Path, number: str, *, version: str | None, dry_run: bool, language: str) -> None:
    """Take an article out of FILE."""
    carry_out(file, lambda text: remove_article(text, number), version=version, dry_run=dry_run, language=language)
