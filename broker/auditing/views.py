"""What of an entry a reader is shown. What is allowed is copied; an entry is never shown because nobody thought of hiding it.

A party reads its own entries, and learns from them no more than it was told at the time. So what it asked comes without the reasons, the
facts of the case and the decision behind it, all of which the answer kept back; and what was given of its fields comes without who asked,
why and in which form, which is the covenant's `shown_as` to tell and not the log's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from audit.entry import ACCESS, RELEASE, Core
from audit.records import Record
from broker.auditing.readers import Reader
from policies.vocabulary import PartyId

#: what stands for the form of a field that was given, where the form would tell to whom
GIVEN = "given"
#: types whose details are the reader's own words: which filters, for which purpose
_OWN_DETAILS = frozenset({"audit.read", "audit.export"})


def shown(record: Record, reader: Reader, holder_of: Callable[[str], PartyId | None]) -> Record:
    """The entry as the reader sees it; `holder_of` tells whose field a field is.

    Raises:
        ValueError: it is not one of the party's own, whatever the query index says: nothing is shown at all.
    """
    if reader.reads_everything:
        return record if reader.reads_persons else replace(record, subject=None)
    party, core = reader.party, record.core
    if party is None or core is None:
        raise ValueError("expected an entry that says whose it is")
    if core.requester == party:
        return replace(record, core=_as_requester(record.envelope.typ, party, core), subject=None)
    if record.envelope.typ == RELEASE and party in core.holders:
        given = tuple((field, GIVEN) for field, _ in core.released if holder_of(field) == party)
        return replace(record, core=Core(holders=(party,), released=given), actor=None, subject=None)
    raise ValueError("expected an entry in which the party asked or gave")


def _as_requester(typ: str, party: PartyId, core: Core) -> Core:
    if typ in ACCESS:
        # A call at the decision point holds what the party said itself, the covenant, which is public, and what it was answered of those.
        return core
    mine = Core(
        requester=party,
        holders=tuple(holder for holder in core.holders if holder == party),
        purpose=core.purpose,
        activity=core.activity,
        covenant=core.covenant,
        requested=core.requested,
        trace_id=core.trace_id,
        span_id=core.span_id,
        span_parent=core.span_parent,
        software=core.software,
        command=core.command,
        details=core.details if typ in _OWN_DETAILS else (),
    )
    if typ != RELEASE:
        return mine
    # What was given was told field by field, with its article and source; each belongs to one holder, which the covenant tells everybody.
    return replace(
        mine,
        outcome=core.outcome,
        articles=core.articles,
        holders=core.holders,
        legal_bases=core.legal_bases,
        released=core.released,
    )
