"""Hand a log over as a file."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from audit.bundle import Contents
from audit.bundle_write import write_bundle
from audit.codes import sorted_pairs
from audit.entry import HOUSE, Core, Draft
from broker.cli.audit.purposes import for_purpose
from broker.cli.audit.verify import checkpoint_keys
from broker.cli.common import opened
from broker.records import SOFTWARE


@click.command("bundle")
@click.option("--log", "log_name", required=True, help="The covenant whose log is handed over, or `house`.")
@click.option("--year", type=click.IntRange(2000, 9999), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write; only you may read it.")
@for_purpose
@click.option("--without-sections", is_flag=True, help="Envelopes only: that there are entries, and in which order, not what they say.")
@click.option("--without-subjects", is_flag=True, help="Leave out the sections that say whose case it is.")
@click.option("--open-subjects", is_flag=True, help="Put in those sections in plain text; they are sealed otherwise.")
def write(*, log_name: str, year: int, out: Path, purpose_of_reading: str, **which: bool) -> None:
    """Write one log of one year as a bundle that anybody verifies without this broker; that it was made is logged before.

    Check it with `broker audit verify --bundle FILE --key VKEY`, or with the file that `broker audit verifier` prints.
    """
    wanted = [name for name, chosen in which.items() if chosen]
    if len(wanted) > 1:
        raise click.UsageError("one of --without-sections, --without-subjects and --open-subjects at most")
    contents = Contents(wanted[0].replace("_", "-") if wanted != ["open_subjects"] else "opened") if wanted else Contents.SEALED
    with opened() as broker, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("entries", total=None)
        details = sorted_pairs({("contents", contents.value), ("for", purpose_of_reading), ("log", log_name), ("year", str(year))})
        broker.log.append(
            Draft("audit.export", broker.world.ids(), HOUSE, None, Core(command="bundle", details=details, software=SOFTWARE))
        )
        manifest = write_bundle(
            broker.log_engine,
            log_name,
            year,
            out,
            contents=contents,
            keys=checkpoint_keys(broker),
            receipts=(str(broker.receipt_signer.verifier),),
            subject_keys=broker.subjects,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    click.echo(f"{manifest.log.origin}: {manifest.log.size} entries, {contents.value}")
    for vkey in manifest.keys["checkpoints"]:
        click.echo(f"--key {vkey}  (give it on paper or in person: a bundle does not vouch for itself)")
