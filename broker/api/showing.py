"""From values to what the messages dump: one function per value, each naming every member that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from broker.api.spec import Written
from broker.cases.views import CaseView
from broker.disclosure import Disclosure
from broker.recalls import Recall
from broker.receipts import Left
from broker.signals import Signal


def utc(at_ms: int) -> str:
    """A moment as the interface writes it: UTC, whole seconds (RFC 3339)."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def disclosure_written(disclosure: Disclosure) -> Written:
    """A disclosure as `DisclosureMessage` would dump it, written out: through the message it costs more than deciding and filtering."""
    identity, version, sha256 = disclosure.covenant
    members = {
        "id": disclosure.id,
        "case": disclosure.case,
        "covenant": {"id": identity, "version": version, "sha256": sha256},
        "fields": {
            given.field: {
                "value": given.masked.value,
                "form": str(given.masked.form),
                "article": given.article,
                "source": given.source,
                "asOf": given.masked.as_of,
            }
            for given in disclosure.fields
        },
        "withheld": [{"field": field, "reason": reason} for field, reason in disclosure.withheld],
        "unavailable": [{"source": source, "reason": reason} for source, reason in disclosure.unavailable],
        "receipt": disclosure.receipt,
    }
    return Written(members)


def recall_shown(recall: Recall) -> Mapping[str, object]:
    """A recall, for `RecallMessage`."""
    return {
        "disclosure": recall.disclosure,
        "case_id": recall.case_id,
        "fields": recall.fields,
        "reason": recall.reason,
        "at": utc(recall.at_ms),
    }


def left_shown(left: Left) -> Mapping[str, object]:
    """What left a party's sources in one disclosure, for `LeftMessage`."""
    return {"disclosure": left.disclosure, "fields": left.fields, "receipt": left.receipt.note, "entry": left.receipt.entry}


def signal_shown(signal: Signal) -> Mapping[str, object]:
    """A signal without its words, for `SignalMessage`."""
    return {
        "id": signal.id,
        "covenant": signal.covenant,
        "kind": signal.kind,
        "from_party": signal.from_party,
        "to_role": signal.to_role,
        "state": signal.state,
        "case_id": signal.case_id,
        "at": utc(signal.at_ms),
        "pick_up_by": None if signal.pick_up_by_ms is None else utc(signal.pick_up_by_ms),
    }


def case_shown(case: CaseView) -> Mapping[str, object]:
    """A case as its caller may see it, for `CaseMessage`."""
    return {
        "id": case.id,
        "covenant": case.covenant,
        "case_type": case.case_type,
        "phase": case.phase,
        "due": None if case.due_ms is None else utc(case.due_ms),
        "invited": case.invited,
        "participants": case.participants,
        "subjects": [
            {"number": subject.number, "kind": subject.kind, "identification": subject.identification} for subject in case.subjects
        ],
        "awaiting": [{"party": awaited.party, "reaction": awaited.reaction} for awaited in case.awaiting],
    }
