"""Take entries out of the log, with a signed manifest, and check what was taken out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from audit.manifest import FORMATS, Manifest
from broker.auditing.exporting import Export
from broker.auditing.purposes import PURPOSES
from broker.auditing.readers import OPERATOR, Reader
from broker.auditing.reading import Question
from broker.bootstrap import Broker
from broker.cli.audit.export_check import SUFFIX, checked, file_of
from broker.cli.audit.export_file import write_whole
from broker.cli.audit.search_filters import check_log, filters_of, log_of, sought_by
from broker.cli.common import as_json, language, opened, print_json
from policies.wording import Label, in_language

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("export")
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True, help="ldv and adl are the standards'.")
@sought_by
@click.option("--for", "purpose_of_reading", type=click.Choice(PURPOSES), help="What you read the log for; it is itself logged.")
@click.option("--out", type=_FILE, help="The file; its manifest comes beside it, as FILE.manifest.")
@click.option("--check", "manifest", type=_FILE, help="Check the file of this manifest instead.")
@click.option("--receipt-key", help="With --check: the broker's receipt key, as `broker audit keys` prints it; default this broker's.")
@click.option("--checkpoint-key", help="With --check: the broker's checkpoint key in base64; default this broker's.")
@language
@as_json
def export_log(
    *,
    form: str,
    log_name: str | None,
    purpose_of_reading: str | None,
    out: Path | None,
    manifest: Path | None,
    receipt_key: str | None,
    checkpoint_key: str | None,
    language: str,
    as_json: bool,
    **filters: Any,  # noqa: ANN401 - click's options
) -> None:
    """What a search with the same filters finds, oldest first, as a file with a signed manifest. It is in the log before the first byte."""
    if manifest is not None:
        try:
            stated = checked(manifest, out or file_of(manifest), receipt_key, checkpoint_key)
        except OSError as error:
            raise click.ClickException(f"expected a manifest and its file, could not read `{error.filename}`: {error.strerror}") from error
        _tell(stated, _HOLDS, language, as_json=as_json)
        return
    if purpose_of_reading is None or out is None:
        raise click.UsageError("expected --for and --out, or --check")
    question = Question(Reader(log_of(log_name), OPERATOR), purpose_of_reading, filters_of(filters))
    beside = out.with_name(out.name + SUFFIX)
    taken = next((path for path in (out, beside) if path.exists()), None)
    if taken is not None:
        raise click.UsageError(f"expected no file `{taken}` yet; what was taken out before is not overwritten")
    with opened() as broker:
        check_log(broker, question.reader.log)
        try:
            note = _write(broker, question, form, out, quiet=as_json)
            write_whole(beside, (note.encode(),))
        except OSError as error:
            raise click.ClickException(f"expected to write `{out}` and its manifest: {error.strerror}") from error
    # Checked once more as its reader will, from the disk.
    _tell(checked(beside, out, receipt_key, checkpoint_key), _WRITTEN, language, as_json=as_json)


_WRITTEN = Label(
    "{entries} regels uit {log}, {records} records in {form}, sha256 {sha256}",
    "{entries} entries of {log}, {records} records as {form}, sha256 {sha256}",
)
_HOLDS = Label(
    "het bestand en de ondertekening kloppen: {entries} regels uit {log}, {records} records in {form}, sha256 {sha256}",
    "file and signature hold: {entries} entries of {log}, {records} records as {form}, sha256 {sha256}",
)


def _write(broker: Broker, question: Question, form: str, out: Path, *, quiet: bool) -> str:
    """Write the file; the manifest as a note."""
    export = broker.auditing.exporting.begin(question, form)
    write_whole(out, _shown(export, quiet=quiet))
    return export.manifest()


def _shown(export: Export, *, quiet: bool) -> Iterator[bytes]:
    with Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("entries", total=export.size)
        for piece in export.pieces:
            yield piece
            bar.update(task, completed=export.writing.entries)


def _tell(manifest: Manifest, words: Label, language: str, *, as_json: bool) -> None:
    written = manifest.written
    if as_json:
        members = {"id": manifest.id, "log": manifest.log, "format": manifest.format, "at": manifest.at, "for": manifest.purpose}
        print_json(members | {"entries": written.entries, "records": written.records, "bytes": written.octets, "sha256": written.sha256})
        return
    counts = {"entries": f"{written.entries:,}", "records": f"{written.records:,}"}
    parts = counts | {"log": manifest.log, "form": manifest.format, "sha256": written.sha256}
    click.echo(in_language(words, language).format(**parts))
