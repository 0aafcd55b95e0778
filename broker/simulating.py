"""What a draft would have answered: the asks of a period, from the log, decided under another text.

Counts only: which role would get more or less of which field for which purpose, and how often. Never a value, which the log does not have,
and never a subject, which is not opened. That the log was read for this, for which purpose and with which draft, is on the record first.

Calls at the decision point are judged again under their own version too, so that what a partner was told is held against the covenant like
what it was given; what a draft would tell it is not worked out, since its facts were its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import Engine

from audit.codes import sorted_pairs
from audit.entry import ACCESS, DECISION, HOUSE, Core, Draft
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from broker.access.replaying import agrees
from broker.clock import Ids
from broker.records import SOFTWARE
from broker.replaying import REMEMBERED, Decided, NotReplayable, ReplayError, Replaying, is_refused
from policies.decide import Decision, Grant, decide
from policies.forms import shows_at_least
from policies.policy import Policy
from policies.vocabulary import COVENANT_REASONS, FieldName, Form, Reason

#: entries whose recorded answer differs that are named; all are counted
MAX_NAMED = 100


class Effect(StrEnum):
    """What a draft does to one field of an ask."""

    GIVEN = "given"
    WIDER = "wider"
    OPENED = "opened"
    OTHER_FORM = "other_form"
    NARROWER = "narrower"
    SHUT = "shut"
    GONE = "gone"


#: stands for the form of a field that was granted in an ask that was refused as a whole
_REFUSED = "refused"

#: what gives more, and what gives less; `opened` and `shut` give nothing yet or any more, but change what a case can still bring about
MORE = frozenset({Effect.GIVEN, Effect.WIDER, Effect.OTHER_FORM})
LESS = frozenset({Effect.NARROWER, Effect.GONE, Effect.OTHER_FORM})


@dataclass(frozen=True, slots=True)
class Difference:
    """A change of answer: `before` and `after` are a form, or the reason why the field is not given."""

    role: str
    purpose: str
    field: FieldName
    effect: Effect
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One entry that does not say what is decided again under its own version."""

    log: str
    index: int
    id: str
    ts: str


@dataclass(slots=True)
class Asks:
    """How many asks there were, and how many would have been answered otherwise."""

    replayed: int = 0
    more: int = 0
    less: int = 0
    refused: int = 0
    no_longer_refused: int = 0
    same: int = 0


@dataclass(slots=True)
class Calls:
    """Calls at the decision point: how many there are, how many were judged again, and how many of those say otherwise."""

    read: int = 0
    judged: int = 0
    alarms: int = 0


@dataclass(slots=True)
class Simulation:
    """What came of a replay. `conditions_lost`: asks that had a field by a conditional article whose number the draft has not.

    `alarms` are of asks, and `alarmed` names the first of those and of the calls.
    """

    entries: int = 0
    asks: Asks = field(default_factory=Asks)
    by_role: dict[tuple[str, str], Asks] = field(default_factory=dict)
    differences: Counter[Difference] = field(default_factory=Counter)
    not_replayable: Counter[NotReplayable] = field(default_factory=Counter)
    alarms: int = 0
    alarmed: list[Tried] = field(default_factory=list)
    conditions_lost: Counter[str] = field(default_factory=Counter)
    calls: Calls = field(default_factory=Calls)


class Simulating:
    """Reads the log and decides again."""

    def __init__(self, *, engine: Engine, log: Log, ids: Ids, text_of: Callable[[str], bytes]) -> None:
        self._engine = engine
        self._log = log
        self._ids = ids
        self._text_of = text_of

    def simulate(
        self,
        draft: Policy,
        *,
        purpose_of_reading: str,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> Simulation:
        """Replay every ask and every call of a covenant's log in a period; `since` is included, `until` is not.

        `progress` hears how far it is with the asks.

        Raises:
            audit.errors.LogUnavailable: that the log is read could not be put on the record, so it is not read.
        """
        sought = Search(log=draft.covenant.id, type=DECISION, since=since, until=until)
        details = {("for", purpose_of_reading), ("log", sought.log), ("draft", draft.covenant_sha256)}
        details |= {("filter", name) for name, moment in (("since", since), ("until", until)) if moment}
        core = Core(command="simulate", details=sorted_pairs(details), software=SOFTWARE)
        self._log.append(Draft("audit.read", self._ids(), HOUSE, None, core))
        replaying, found, trying = Replaying(self._text_of), Simulation(), Trying(draft)
        for record, total in self._records(sought):
            found.entries += 1
            _count(found, record, replaying, trying)
            progress(found.entries, total)
        for typ in sorted(ACCESS):
            for record, _ in self._records(replace(sought, type=typ)):
                _judge_again(found, record, replaying)
        return found

    def _records(self, sought: Search) -> Iterator[tuple[Record, int]]:
        """What is sought, newest first, each with how many there are (at least)."""
        cursor: str | None = None
        while True:
            page = search(self._engine, sought, limit=PAGE_MAX, cursor=cursor)
            yield from ((hit, page.total) for hit in page.hits)
            cursor = page.cursor
            if cursor is None:
                return


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a draft makes of an ask."""

    refused: bool
    differences: tuple[Difference, ...]
    effects: frozenset[Effect]
    lost: frozenset[str]


class Trying:
    """Asks under a draft; what it makes of one is worked out once, for the same few asks come again and again."""

    def __init__(self, draft: Policy) -> None:
        self._draft = draft
        self.outcome = lru_cache(maxsize=REMEMBERED)(self._outcome)

    def _outcome(self, decided: Decided, strict: bool, refused: bool) -> _Outcome:  # noqa: FBT001 - lru_cache keys by position
        after = decide(self._draft, decided.ask, decided.facts)
        refused_after = is_refused(after, strict=strict)
        before, now = _forms(decided.decision, refused=refused), _forms(after, refused=refused_after)
        differences = tuple(_differences(decided, after, before, now))
        effects = frozenset(difference.effect for difference in differences)
        lost = frozenset(grant.article for grant in decided.decision.granted if self._loses_conditions(decided, grant))
        return _Outcome(refused_after, differences, effects, lost)

    def _loses_conditions(self, decided: Decided, grant: Grant) -> bool:
        """Whether the field was given by an article whose conditions were met under its number, which no article of the draft has.

        A consent is given for an article. A draft that numbers its articles anew starts without any.
        """
        facts = decided.facts
        met = facts.consents | facts.agreements | facts.second_eyes | facts.advice
        return grant.article in met and grant.article not in self._draft.articles


def _count(found: Simulation, record: Record, replaying: Replaying, trying: Trying) -> None:
    try:
        replayed = replaying.replay(record)
    except ReplayError as cannot:
        found.not_replayable[cannot.why] += 1
        return
    if not replayed.agrees:
        # The log does not say what was decided: nothing is built on such an entry.
        found.alarms += 1
        _name(found, record)
        return
    outcome, ask = trying.outcome(replayed.decided, replayed.strict, replayed.refused), replayed.decided.ask
    found.differences.update(outcome.differences)
    found.conditions_lost.update(outcome.lost)
    for asks in (found.asks, found.by_role.setdefault((ask.role, ask.purpose), Asks())):
        _tally(asks, outcome.effects, before=replayed.refused, after=outcome.refused)


def _judge_again(found: Simulation, record: Record, replaying: Replaying) -> None:
    found.calls.read += 1
    try:
        agree = agrees(record, replaying)
    except ReplayError:
        return
    found.calls.judged += 1
    if not agree:
        found.calls.alarms += 1
        _name(found, record)


def _name(found: Simulation, record: Record) -> None:
    if len(found.alarmed) < MAX_NAMED:
        found.alarmed.append(Tried(record.log, record.position.index, record.position.id, record.position.ts))


def _tally(asks: Asks, effects: frozenset[Effect], *, before: bool, after: bool) -> None:
    asks.replayed += 1
    asks.more += bool(effects & MORE)
    asks.less += bool(effects & LESS)
    asks.refused += after and not before
    asks.no_longer_refused += before and not after
    asks.same += not effects and before is after


def _differences(
    decided: Decided, after: Decision, before: Mapping[FieldName, Form], now: Mapping[FieldName, Form]
) -> Iterator[Difference]:
    """What changes of each field; `before` and `now` are the forms in which each is given."""
    had, has = _reasons(decided.decision), _reasons(after)
    for name in decided.ask.fields:
        effect = _effect(before.get(name), now.get(name)) or _reach(had.get(name), has.get(name))
        if effect is not None:
            was, becomes = before.get(name) or had.get(name) or _REFUSED, now.get(name) or has.get(name) or _REFUSED
            yield Difference(decided.ask.role, decided.ask.purpose, name, effect, str(was), str(becomes))


def _forms(decision: Decision, *, refused: bool) -> Mapping[FieldName, Form]:
    """An ask that is refused as a whole gives none of its fields, whatever would have been granted."""
    return {} if refused else {grant.field: grant.form for grant in decision.granted}


def _reasons(decision: Decision) -> Mapping[FieldName, Reason]:
    return {withheld.field: withheld.reason for withheld in decision.withheld}


def _effect(old: Form | None, new: Form | None) -> Effect | None:
    if old == new:
        return None
    if old is None or new is None:
        return Effect.GIVEN if old is None else Effect.GONE
    if shows_at_least(new, old):
        return Effect.WIDER
    return Effect.NARROWER if shows_at_least(old, new) else Effect.OTHER_FORM


def _reach(was: Reason | None, now: Reason | None) -> Effect | None:
    """Whether a field that is given neither way can now be given by some case, or by none any more."""
    if was is None or now is None or (was in COVENANT_REASONS) is (now in COVENANT_REASONS):
        return None
    return Effect.OPENED if was in COVENANT_REASONS else Effect.SHUT
