"""Case types: what is shown of a case, and the ladder."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.covenant import CaseType, Needs, Overdue, PhaseView, ShownAs, Step
from policies.document import Node, Scalar
from policies.parsed import LENGTH, PERIOD
from policies.reading import Reading, Wrong
from policies.scalars import OneOf
from policies.schema.parts import FLAG, LABEL, PARTY, PHASE, ROLE, TEXT, WORD, defines
from policies.shape import Json, Key, Many, MapOf, Record
from policies.values import Path
from policies.vocabulary import PartyId, Phase
from policies.wording import Impossible, Label, say

VIEW = OneOf(PhaseView)
_LACKS_OTHERWISE = Label(
    "`otherwise` ontbreekt in `phase`: daar hoort hoe elke andere fase wordt getoond",
    "`phase` lacks `otherwise`: expected how every other phase is shown",
)


@dataclass(frozen=True, slots=True)
class PhaseViews:
    """How the phase is shown: one word for every phase, or `{aftercare: full, otherwise: open_or_closed}`."""

    otherwise: PhaseView
    phases: Mapping[Phase, PhaseView]


@dataclass(frozen=True, slots=True)
class PhaseViewsShape:
    """Reads and writes `PhaseViews`; `otherwise` must be said, so that no phase is forgotten."""

    @property
    def expected(self) -> Label:
        return say("{views}, of {{<fase>: ..., otherwise: ...}}", "{views}, or {{<phase>: ..., otherwise: ...}}", views=VIEW.expected)

    def read(self, node: Node, path: Path, reading: Reading) -> PhaseViews | Wrong:
        if isinstance(node, Scalar):
            view = VIEW.read(node, path, reading)
            return view if isinstance(view, Wrong) else PhaseViews(view, {})
        views = MapOf(PHASE_OR_OTHERWISE, VIEW).read(node, path, reading)
        if isinstance(views, Wrong):
            return views
        if "otherwise" not in views:
            return reading.wrong(node, "missing-key", _LACKS_OTHERWISE)
        return PhaseViews(views.pop("otherwise"), {Phase(phase): view for phase, view in views.items()})

    def write(self, value: PhaseViews) -> Json:
        named: dict[str, Json] = {str(phase): view.value for phase, view in value.phases.items()}
        return {**named, "otherwise": value.otherwise.value} if named else value.otherwise.value


def _shown_as(phase: PhaseViews, participants: frozenset[PartyId] = frozenset()) -> ShownAs:
    return ShownAs(phase.otherwise, phase.phases, participants)


PHASE_OR_OTHERWISE = type(PHASE)(PHASE.kinds, frozenset({"otherwise"}))

SHOWN_AS = Record(
    Label("wat een partij van de casus ziet", "what a party is shown"),
    _shown_as,
    (
        Key(
            "phase",
            PhaseViewsShape(),
            Label("hoeveel zij van de fase ziet", "how much of the phase it is shown"),
            get=lambda shown: PhaseViews(shown.otherwise, shown.phases),
        ),
        Key(
            "participants",
            Many(PARTY, frozenset, may_be_empty=True),
            Label("van welke partijen zij ziet dat zij meedoen", "the parties that it sees take part"),
            frozenset(),
        ),
    ),
)

_OVERDUE = Record(
    Label("wat er na de termijn gebeurt", "overdue"),
    Overdue,
    (
        Key("remind", Many(ROLE), Label("wie een herinnering krijgt", "who is reminded"), ()),
        Key("warn", LENGTH, Label("hoe lang vooraf wordt gewaarschuwd", "how long before there is a warning"), None),
        Key("back_to", PHASE, Label("naar welke fase de casus teruggaat", "the phase that the case goes back to"), None),
    ),
)

_NEEDS = Record(
    Label("wat een stap nodig heeft", "needs"),
    Needs,
    (
        Key("reason", FLAG, Label("een reden", "a reason"), default=False),
        Key("agreement", Many(PARTY, frozenset), Label("instemming van deze partijen", "the agreement of these parties"), frozenset()),
        Key("or_after", LENGTH, Label("hoe lang op instemming wordt gewacht", "how long an agreement is waited for"), None),
    ),
    also={"dependentRequired": {"or_after": ["agreement"]}},
)

STEP = Record(
    Label("een fase", "a phase"),
    Step,
    (
        Key("title", LABEL, Label("hoe de fase heet", "what the phase is called"), None),
        Key(
            "law",
            TEXT,
            Label("de stap in de wet die dit is, zoals Wgs 2.31(3)", "the step of a law that this is, such as Wgs 2.31(3)"),
            None,
        ),
        Key("owner", ROLE, Label("de functie die de casus in deze fase leidt", "the role that leads the case in this phase"), None),
        Key("within", LENGTH, Label("hoe lang de fase duurt", "how long the phase lasts"), None),
        Key("overdue", _OVERDUE, Label("wat er gebeurt als het langer duurt", "what happens when it lasts longer"), None),
        Key("needs", _NEEDS, Label("wat nodig is om in deze fase te komen", "what a move into this phase needs"), Needs()),
        Key("next", Many(PHASE, may_be_empty=True), Label("welke fasen hierna kunnen komen", "the phases that may come next"), ()),
        Key("reasons", Many(WORD), Label("de redenen om te sluiten", "the reasons to close"), ()),
        Key(
            "shielded",
            FLAG,
            Label("gesloten en afgeschermd: niemand krijgt iets", "closed and shielded: nobody is given anything"),
            default=False,
        ),
        Key(
            "purge_after",
            MapOf(WORD, PERIOD),
            Label("wanneer wordt vernietigd, per reden; `default` voor de rest", "when it is purged, per reason; `default` for the rest"),
            {},
        ),
    ),
    keyed="phase",
)


def _case_type(ladder: Mapping[Phase, Step], order: tuple[Phase, ...] = (), **rest: object) -> CaseType:
    """`order` is for the canonical form, whose keys are sorted: which phase comes first is part of what was agreed."""
    if order and set(order) != set(ladder):
        raise Impossible(
            say("`order` noemt alle fasen van de ladder, en niets anders", "`order` names every phase of the ladder, and nothing else")
        )
    return CaseType(ladder={phase: ladder[phase] for phase in order or ladder}, **rest)  # type: ignore[arg-type]  # each key has its shape


CASE_TYPE_OF_COVENANT = Record(
    Label("een soort casus", "a case type"),
    _case_type,
    (
        Key("title", LABEL, Label("hoe de soort casus heet", "what the case type is called")),
        Key(
            "shown_as",
            MapOf(PARTY, SHOWN_AS),
            Label("wat elke partij van de casus zelf ziet; ook dat is een verstrekking", "what each party is shown of the case itself"),
            {},
        ),
        Key(
            "order",
            Many(PHASE),
            Label(
                "de volgorde van de fasen, waar de ladder die niet al toont", "the order of the phases, where the ladder does not show it"
            ),
            (),
            get=lambda case_type: tuple(case_type.ladder),
        ),
        Key(
            "ladder",
            MapOf(WORD, STEP, defines("phase")),
            Label("de fasen; in de eerste begint een casus", "the phases; a case opens in the first"),
        ),
    ),
    keyed="id",
)
