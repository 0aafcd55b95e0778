"""Everything that reads the log lawfully, put together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from audit.log import Log
from audit.manifest import ManifestSigner
from broker.auditing.exporting import Exporting
from broker.auditing.ldv import LdvReading
from broker.auditing.readers import Readers
from broker.auditing.reading import Reading
from broker.clock import Ids
from broker.covenants import Covenants
from broker.keys import KeyDirectory
from broker.subjects import Subjects


@dataclass(frozen=True, slots=True)
class Auditing:
    """Who may read, searching, exporting, and the interface of Logboek Dataverwerkingen; one for all threads of a process."""

    readers: Readers
    reading: Reading
    exporting: Exporting
    ldv: LdvReading


def open_auditing(
    *, log: Log, log_engine: Engine, subjects: Subjects, covenants: Covenants, ids: Ids, log_name: str, keys: KeyDirectory
) -> Auditing:
    """Put it together; manifests are signed with the key of receipts, under its name."""
    reading = Reading(log=log, log_engine=log_engine, subjects=subjects, covenants=covenants, ids=ids)
    signer = ManifestSigner(f"{log_name}/receipts", keys.receipt_signing())
    return Auditing(
        readers=Readers(covenants),
        reading=reading,
        exporting=Exporting(reading=reading, log_engine=log_engine, subjects=subjects, covenants=covenants, signer=signer),
        ldv=LdvReading(reading=reading, log_engine=log_engine, subjects=subjects, covenants=covenants),
    )
