"""Which kinds of legal basis each class of data needs, on both sides. Compiled-in safety, not the lint: no covenant can switch it off.

Deliberately the smallest set: every field needs an ordinary ground (AVG 6, Wpg or Wgs) on both sides; special data an exception of AVG 9,
criminal data one of AVG 10, a BSN a law that provides for it (UAVG 46), secrecy a reason that lifts it (BW 7:457). Police data are given
on the Wpg and are criminal data once they arrive outside the police. A covenant creates none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from policies.covenant import BasisKind, DataClass, LegalBasis, Party, PartyKind

_GROUND = frozenset({BasisKind.GDPR6, BasisKind.WPG, BasisKind.WGS})
_WPG = frozenset({BasisKind.WPG})
_SPECIAL = frozenset({BasisKind.GDPR9, BasisKind.WGS})
_CRIMINAL = frozenset({BasisKind.GDPR10, BasisKind.WGS})
_BSN = frozenset({BasisKind.BSN, BasisKind.WGS})
_SECRECY = frozenset({BasisKind.SECRECY_EXCEPTION, BasisKind.DUTY})
_POLICE = frozenset({DataClass.POLICE_8, DataClass.POLICE_9, DataClass.POLICE_10})

#: which law asks for each of these, and what of the Wpg takes its place at the police
_LAW: Mapping[BasisKind, tuple[str, str]] = MappingProxyType(
    {
        BasisKind.GDPR6: ("AVG art. 6(1)", "; Wpg art. 3"),
        BasisKind.GDPR9: ("AVG art. 9(2)", "; Wpg art. 5"),
        BasisKind.GDPR10: ("AVG art. 10; UAVG art. 31-33", "; Wpg art. 8"),
        BasisKind.BSN: ("UAVG art. 46", ""),
        BasisKind.SECRECY_EXCEPTION: ("BW 7:457", ""),
    }
)

#: what giving a class needs besides a ground: at least one basis of one of these kinds
GIVING: Mapping[DataClass, frozenset[BasisKind]] = MappingProxyType(
    {
        DataClass.SPECIAL: _SPECIAL,
        DataClass.CRIMINAL: _CRIMINAL,
        DataClass.BSN: _BSN,
        DataClass.SECRECY: _SECRECY,
        **dict.fromkeys(_POLICE, _WPG),
    }
)

#: what receiving a class needs besides a ground
RECEIVING: Mapping[DataClass, frozenset[BasisKind]] = MappingProxyType(
    {
        DataClass.SPECIAL: _SPECIAL,
        DataClass.CRIMINAL: _CRIMINAL,
        DataClass.BSN: _BSN,
        **dict.fromkeys(_POLICE, _CRIMINAL),
    }
)


def law_of(kinds: frozenset[BasisKind]) -> str:
    """The law that asks for a basis of one of these kinds, as a finding cites it; where only the Wpg will do, that on providing."""
    for kind, (law, at_the_police) in _LAW.items():
        if kind in kinds:
            return law + at_the_police if BasisKind.WPG in kinds else law
    return "Wpg art. 16-20"


def _is_police(party: Party | None) -> bool:
    return party is not None and party.kind is PartyKind.POLICE


def _kinds(party: Party | None, bases: Iterable[LegalBasis]) -> frozenset[BasisKind]:
    """The kinds that count for this party: the Wpg is a ground of the police and of nobody else."""
    return frozenset(basis.kind for basis in bases if basis.kind is not BasisKind.WPG or _is_police(party))


def _wanted(
    classes: Iterable[DataClass], needs: Mapping[DataClass, frozenset[BasisKind]], party: Party | None
) -> Iterator[frozenset[BasisKind]]:
    yield _GROUND if _is_police(party) else _GROUND - _WPG
    for data_class in sorted(classes):
        kinds = needs.get(data_class)
        if kinds is not None:
            # for the police the Wpg takes the place of the AVG, also for special data (Wpg art. 5) and criminal data (Wpg art. 8 and on)
            yield kinds | _WPG if _is_police(party) and kinds in (_SPECIAL, _CRIMINAL) else kinds


def missing_to_give(classes: Iterable[DataClass], giver: Party, bases: Iterable[LegalBasis]) -> tuple[frozenset[BasisKind], ...]:
    """What the holder lacks for giving these classes: each entry is a set of kinds of which one is needed."""
    kinds = _kinds(giver, bases)
    return tuple(dict.fromkeys(wanted for wanted in _wanted(classes, GIVING, giver) if not wanted & kinds))


def missing_to_receive(
    classes: Iterable[DataClass], receiver: Party | None, bases: Iterable[LegalBasis]
) -> tuple[frozenset[BasisKind], ...]:
    """What a receiver lacks for these classes. A basis that only gives is none (Wpg art. 20 is the police's ground).

    None is a receiver under another covenant, of whom nothing is known here: not the police.
    """
    kinds = _kinds(receiver, (basis for basis in bases if not basis.gives_only))
    return tuple(dict.fromkeys(wanted for wanted in _wanted(classes, RECEIVING, receiver) if not wanted & kinds))
