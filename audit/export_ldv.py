"""Records of Logboek Dataverwerkingen 1.0: for a resident and a register, what was processed about whom, and under which activity.

One record per ask, written at its end: the span in which a party was given fields, or was refused them. It names no professional, since an
LDV record holds nothing about employees (that is in the log itself, under the same trace), and no purpose, which the register tells by the
activity. An entry whose processing stands under no activity of a register, such as a change of a case, gives no record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from audit.entry import FAILED, REFUSED, RELEASE, TERMINAL
from audit.export import Format, Lookup
from audit.growth import moment_of
from audit.records import Record

#: what is about to be told in words: the standard's `name` is for people
NAMES = {
    RELEASE: "gegevens verstrekken",
    REFUSED: "vraag om gegevens weigeren",
    FAILED: "vraag om gegevens afbreken",
}
#: an error is a failure inside; a refusal is a correct answer (Logboek Dataverwerkingen, status)
STATUS = {RELEASE: "Ok", REFUSED: "Ok", FAILED: "Error"}

ACTIVITY = "dpl.core.processing_activity_id"
SUBJECT = "dpl.core.data_subject_id"
SUBJECT_TYPE = "dpl.core.data_subject_id_type"
PROCESSOR = "dpl.core.foreign_operation.processor"
#: the identifier is the log's pseudonym, made under the subject's own key, which can be destroyed
PSEUDONYM = "pseudoniem"


def ldv_records(records: Sequence[Record], lookup: Lookup, processor_of: Callable[[str], str | None]) -> Iterator[Mapping[str, object]]:
    """The records that these entries give; `processor_of` is the URI by which a party is known.

    An ask that a crash broke off says nothing of itself but the decision that it began with; that is looked up.
    """
    ends = [record for record in records if record.envelope.typ in TERMINAL and record.core is not None]
    unsaid = [record.envelope.ref for record in ends if record.envelope.ref and record.core and not record.core.activity]
    decisions = lookup(unsaid) if unsaid else {}
    for end in ends:
        said = decisions.get(end.envelope.ref or "", end)
        if said.core is not None and said.core.activity and said.core.trace_id and said.core.span_id:
            yield _record(end, said, processor_of)


def ldv_format(processor_of: Callable[[str], str | None]) -> Format:
    """A document as the standard's extension for reading answers it: `{"processingActivities": […]}`."""

    def texts(records: Sequence[Record], lookup: Lookup) -> Iterator[str]:
        return (json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in ldv_records(records, lookup, processor_of))

    return Format("ldv", "ldv.json", "application/json", texts, head='{"processingActivities":[', between=",\n", tail="]}\n")


def _record(end: Record, said: Record, processor_of: Callable[[str], str | None]) -> Mapping[str, object]:
    core = said.core
    if core is None:
        raise ValueError("expected an entry with a core")
    subject = end.subject or said.subject
    attributes: dict[str, str | None] = {
        ACTIVITY: core.activity,
        SUBJECT: subject.pseudonym if subject else None,
        SUBJECT_TYPE: PSEUDONYM if subject else None,
        PROCESSOR: processor_of(core.requester) if core.requester else None,
    }
    name, _, version = (core.software or "covenant-broker/").partition("/")
    finished = milliseconds(end.position.ts)
    return {
        "traceId": core.trace_id,
        "spanId": core.span_id,
        **({"parentSpanId": core.span_parent} if core.span_parent else {}),
        "status": STATUS[end.envelope.typ],
        "name": NAMES[end.envelope.typ],
        # the id of an ask is made when it arrives; a clock that stepped back since must not make an end before its beginning
        "startTime": min(begun(end.envelope.ref or end.position.id), finished),
        "endTime": finished,
        "resource": {"attributes": {"name": name, "version": version}},
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def begun(entry_id: str) -> int:
    """When an id was made, in milliseconds since 1970 (RFC 9562 section 5.7)."""
    return UUID(entry_id).int >> 80


def milliseconds(ts: str) -> int:
    """A time of the log in milliseconds since 1970."""
    return int(moment_of(ts).timestamp() * 1000)
