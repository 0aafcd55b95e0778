"""The audit log at the command line, one module per command or few."""

from __future__ import annotations

import click

from broker.cli.audit.bundle import write as write_bundle
from broker.cli.audit.compare import compare_receipts
from broker.cli.audit.erase import erase
from broker.cli.audit.export import export_log
from broker.cli.audit.impact import impact
from broker.cli.audit.keys import show_keys, sign_now
from broker.cli.audit.report import report
from broker.cli.audit.retain import hold, retain
from broker.cli.audit.rotate import rotate_key
from broker.cli.audit.search import search_log
from broker.cli.audit.tally import tally_now
from broker.cli.audit.verifier import print_verifier
from broker.cli.audit.verify import verify_log
from broker.cli.audit.verify_foreign import foreign
from broker.cli.audit.witness import run_witness
from broker.cli.audit.witness_evidence import check_evidence


@click.group()
def audit() -> None:
    """The audit log."""


for _command in (
    verify_log,
    write_bundle,
    print_verifier,
    foreign,
    show_keys,
    sign_now,
    search_log,
    export_log,
    report,
    impact,
    compare_receipts,
    tally_now,
    erase,
    retain,
    hold,
    rotate_key,
    run_witness,
    check_evidence,
):
    audit.add_command(_command)
