"""The formats in which a reader may have an export of one covenant's log."""

from __future__ import annotations

from collections.abc import Callable

from audit.export import CSV, JSONL, Format
from audit.export_adl import ADL
from audit.export_ldv import ldv_format
from broker.covenants import Covenants
from policies.vocabulary import CovenantId, PartyId


def format_of(name: str, covenants: Covenants, log: str) -> Format:
    """The format of that name.

    Raises:
        ValueError: there is none.
    """
    formats = {known.name: known for known in (JSONL, CSV, ADL, ldv_format(processor_of(covenants, log)))}
    try:
        return formats[name]
    except KeyError:
        raise ValueError(f"expected one of {', '.join(sorted(formats))}") from None


def processor_of(covenants: Covenants, log: str) -> Callable[[str], str | None]:
    """A party as a URI by its number in the register of organisations; of one that the covenant no longer names, nothing is known."""
    policy = covenants.in_force().policies.get(CovenantId(log))
    parties = {} if policy is None else policy.covenant.parties

    def uri(party: str) -> str | None:
        known = parties.get(PartyId(party))
        if known is None:
            return None
        return f"urn:oin:{known.oin}" if known.oin else f"urn:kvk:{known.kvk}" if known.kvk else None

    return uri
