"""W3C Trace Context: which request of a partner became which of ours. https://www.w3.org/TR/trace-context/, levels 1 and 2.

`traceparent` is read strictly, goes on under a span of our own to every source that is asked, stands in the log and comes back in the
answer. Whether a trace is sampled is passed on as it came and changes nothing here: everything is logged.

`tracestate` is not read and goes nowhere. It is text of the caller's own vendors, a source belongs to another party, and nothing that the
one writes may reach the other but by an article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from broker.clock import Random

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """Our own span in a trace: 32 and 16 lower-case hexadecimal digits, never all zero. `parent_id` is the caller's span, if it has one."""

    trace_id: str
    span_id: str
    sampled: bool
    parent_id: str | None = None

    @property
    def traceparent(self) -> str:
        """The header to send on, and to answer with."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def or_else(self, traceparent: object) -> Trace:
        """This span, in the trace that a body names where no header did (NL GOV profile of AuthZEN, `context.traceparent`)."""
        named = _read(traceparent) if self.parent_id is None else None
        return self if named is None else replace(named, span_id=self.span_id)


def begin(traceparent: str | None, random: Random) -> Trace:
    """A new span of the caller's trace; what is absent or malformed starts a new trace (section 4.3)."""
    span_id = random(8).hex()
    found = _read(traceparent)
    return Trace(random(16).hex(), span_id, sampled=False) if found is None else replace(found, span_id=span_id)


def _read(traceparent: object) -> Trace | None:
    """What a caller named, its own span in both places; None where it is no traceparent.

    Of a version to come the first four fields are read as version 00 has them, and no flag but the first is passed on (section 4.2).
    """
    match = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not int(trace_id, 16) or not int(parent_id, 16):
        return None
    return Trace(trace_id, parent_id, sampled=bool(int(flags, 16) & 1), parent_id=parent_id)
