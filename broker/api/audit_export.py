"""Exports over HTTP: one answer, a ZIP with the file and then its manifest, made while it is sent.

Nothing is kept on this side, and nothing has to be fetched a second time. A ZIP has its table of contents at its end, so an export that
broke off opens nowhere and is taken for a whole one by nobody.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint
from marshmallow import fields, validate

from audit.manifest import FORMATS
from broker.api.audit_filters import FiltersMessage, question_of
from broker.api.audit_search import REFUSALS, TAG
from broker.api.spec import BASE, Header, Reply, documented
from broker.auditing.errors import ExportsBusy
from broker.auditing.exporting import Export
from broker.auditing.room import Auditing
from broker.authenticate import Door

#: exports that one process makes at a time: each holds a thread that exchanges need too
AT_ONCE = 2
#: the least compression: text of codes shrinks to a tenth with it, and the log is faster than any network
_LEVEL = 1
#: the moment that every file in a ZIP bears; when it was made, the manifest says
_MOMENT = (1980, 1, 1, 0, 0, 0)


class ExportQuestion(FiltersMessage):
    """What is taken out, and how it is written."""

    format = fields.String(
        required=True,
        validate=validate.OneOf(FORMATS),
        metadata={"description": "`ldv` is Logboek Dataverwerkingen, `adl` Authorization Decision Log."},
    )


class Sending:
    """The bytes of a ZIP while it is made; `done` is called once, when the last was taken or nobody takes any more."""

    def __init__(self, export: Export, slots: threading.Semaphore) -> None:
        self._octets = bytearray()
        self._pieces = self._made(export)
        self._slots = slots
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the next export in. The server calls this also where it never asked for the first piece."""
        if self._open:
            self._open = False
            self._slots.release()

    def write(self, octets: bytes) -> int:
        """What `zipfile` writes to; it cannot go back."""
        self._octets += octets
        return len(octets)

    def flush(self) -> None:
        """Nothing waits."""

    def _made(self, export: Export) -> Iterator[bytes]:
        with zipfile.ZipFile(self, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:  # only written to
            with archive.open(_entry(export.name), "w", force_zip64=True) as file:
                for piece in export.pieces:
                    file.write(piece)
                    if self._octets:
                        yield self._taken()
            archive.writestr(_entry(f"{export.name}.manifest"), export.manifest())
        yield self._taken()

    def _taken(self) -> bytes:
        taken, self._octets = bytes(self._octets), bytearray()
        return taken


def blueprint(auditing: Auditing) -> Blueprint:
    """The route."""
    routes = Blueprint("audit_export", __name__, url_prefix=f"{BASE}/audit")
    slots = threading.Semaphore(AT_ONCE)

    @routes.post("/exports")
    @documented(
        summary="Take entries of a covenant's log out, with a signed manifest",
        tag=TAG,
        door=Door.AUDIT,
        body=ExportQuestion(),
        answer="application/zip",
        refuses=(*REFUSALS, ExportsBusy),
        sends=(Header("Content-Disposition", "The name of the file."),),
    )
    def export_log(body: Mapping[str, Any]) -> object:
        """What a search with the same filters finds, oldest first. It is in the log before the first byte and, with its SHA-256, after."""
        question = question_of(body, auditing.readers)
        if not slots.acquire(blocking=False):
            raise ExportsBusy
        try:
            export = auditing.exporting.begin(question, body["format"])
        except BaseException:
            slots.release()
            raise
        return Reply(Sending(export, slots), {"Content-Disposition": f'attachment; filename="{export.name}.zip"'})

    return routes


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
