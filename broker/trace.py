"""W3C Trace Context: which request of a partner became which of ours. Level 1, https://www.w3.org/TR/trace-context/."""

from __future__ import annotations

import re
from dataclasses import dataclass

from broker.clock import Random

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """Our own span in a trace: 32 and 16 lower-case hexadecimal digits, never all zero."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The header to send on, and to answer with."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def begin(traceparent: str | None, random: Random) -> Trace:
    """A new span of the caller's trace; what is absent or malformed starts a new trace (section 4.3)."""
    span_id = random(8).hex()
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match:
        version, trace_id, parent_id, flags, rest = match.groups()
        well_formed = version != "ff" and not (version == "00" and rest) and int(trace_id, 16) and int(parent_id, 16)
        if well_formed:
            return Trace(trace_id, span_id, sampled=bool(int(flags, 16) & 1))
    return Trace(random(16).hex(), span_id, sampled=False)
