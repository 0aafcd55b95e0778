"""The door of the case registry, `/v1/cases`: open, take part, identify, set conditions, move, close. A participant's role decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, g, request

from audit.errors import LogUnavailable
from broker.api.casework import (
    CaseMessage,
    ClosureBody,
    ClosureQuestion,
    ConditionBody,
    ConditionQuestion,
    IdentificationBody,
    IdentificationQuestion,
    InvitationQuestion,
    MoveBody,
    MoveQuestion,
    OpenBody,
    OpenQuestion,
    PartyBody,
    RestrictionBody,
    RestrictionQuestion,
    VetoBody,
    VetoQuestion,
)
from broker.api.common import Nothing
from broker.api.connectors import IDEMPOTENCY, by_of
from broker.api.showing import case_shown
from broker.api.spec import BASE, documented
from broker.authenticate import Door
from broker.cases.commands import CaseCommands
from broker.cases.errors import BadCommand, CaseChanged, CommandRefused, UnknownCase
from broker.casework import Casework
from broker.errors import CovenantUnknown, KeyReused, UnknownRole
from broker.repeats import Repeats

TAG = "cases"
REFUSALS = (UnknownCase, CommandRefused, BadCommand, CaseChanged, CovenantUnknown, UnknownRole, LogUnavailable)


def blueprint(*, commands: CaseCommands, casework: Casework, repeats: Repeats) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("cases", __name__, url_prefix=f"{BASE}/cases")
    shown = _shown(casework)
    _open_and_show(routes, commands, casework, repeats)
    _take_part(routes, commands, shown)
    _set_conditions(routes, commands, shown)
    _go_along_the_ladder(routes, commands, shown)
    return routes


Shown = Callable[[str], Mapping[str, object]]


def _shown(casework: Casework) -> Shown:
    def shown(case_id: str) -> Mapping[str, object]:
        """The case as the caller may see it after its command."""
        return case_shown(casework.case(g.caller, case_id))

    return shown


def _open_and_show(routes: Blueprint, commands: CaseCommands, casework: Casework, repeats: Repeats) -> None:
    @routes.post("")
    @documented(
        summary="Open a case",
        tag=TAG,
        door=Door.CASES,
        body=OpenQuestion(),
        answer=CaseMessage(),
        status=HTTPStatus.CREATED,
        refuses=(CommandRefused, BadCommand, CovenantUnknown, UnknownRole, LogUnavailable, KeyReused),
        reads=(IDEMPOTENCY,),
    )
    def open_case(body: OpenBody) -> object:
        """For the owner of the ladder's first phase. The subjects' references stay this party's own; nobody else learns them."""
        key = repeats.key(g.caller.client_id, request.headers.get("Idempotency-Key"), request.get_data())
        case_id = repeats.find(key)
        if case_id is None:
            subjects = tuple((subject.kind, subject.local_reference) for subject in body.subjects)
            case_id = commands.open(by_of(g.caller), body.covenant, body.case_type, subjects).id
            repeats.keep(key, case_id)
        return case_shown(casework.case(g.caller, case_id))

    @routes.get("/<case_id>")
    @documented(summary="One case", tag=TAG, door=Door.CASES, answer=CaseMessage(), refuses=(UnknownCase, CovenantUnknown, UnknownRole))
    def get_case(case_id: str) -> object:
        """As the covenant shows it to this party; the owner of the phase also sees who still owes a reaction."""
        return case_shown(casework.case(g.caller, case_id))


def _take_part(routes: Blueprint, commands: CaseCommands, shown: Shown) -> None:
    @routes.post("/<case_id>/invitations")
    @documented(summary="Invite a party", tag=TAG, door=Door.CASES, body=InvitationQuestion(), answer=CaseMessage(), refuses=REFUSALS)
    def invite(body: PartyBody, case_id: str) -> object:
        """For the owner of the phase."""
        commands.invite(case_id, by_of(g.caller), body.party)
        return shown(case_id)

    @routes.post("/<case_id>/participations")
    @documented(summary="Take part", tag=TAG, door=Door.CASES, body=Nothing(), answer=CaseMessage(), refuses=REFUSALS)
    def join(body: object, case_id: str) -> object:  # noqa: ARG001 - an empty object
        """For a party that was invited."""
        commands.join(case_id, by_of(g.caller))
        return shown(case_id)

    @routes.post("/<case_id>/departures")
    @documented(
        summary="Take part no longer",
        tag=TAG,
        door=Door.CASES,
        body=Nothing(),
        status=HTTPStatus.NO_CONTENT,
        refuses=REFUSALS,
        narrows=True,
    )
    def leave(body: object, case_id: str) -> None:  # noqa: ARG001 - an empty object
        """For a participant that does not own the phase."""
        commands.leave(case_id, by_of(g.caller))

    @routes.post("/<case_id>/identifications")
    @documented(
        summary="Say whether this is the same person",
        tag=TAG,
        door=Door.CASES,
        body=IdentificationQuestion(),
        answer=CaseMessage(),
        refuses=REFUSALS,
        narrows=True,
    )
    def identify(body: IdentificationBody, case_id: str) -> object:
        """Before a field flows, giver and receiver confirm that they mean the same person, each with its own reference."""
        commands.identify(case_id, by_of(g.caller), body.subject, body.outcome, body.local_reference)
        return shown(case_id)


def _set_conditions(routes: Blueprint, commands: CaseCommands, shown: Shown) -> None:
    @routes.post("/<case_id>/conditions")
    @documented(
        summary="Record that a condition is met, or no longer is",
        tag=TAG,
        door=Door.CASES,
        body=ConditionQuestion(),
        answer=CaseMessage(),
        refuses=REFUSALS,
        narrows=True,
    )
    def set_condition(body: ConditionBody, case_id: str) -> object:
        """Consent, agreement of the source, advice or four eyes, for one article and one subject."""
        commands.condition(case_id, by_of(g.caller), body.kind, body.subject, body.article, given=body.given)
        return shown(case_id)

    @routes.post("/<case_id>/vetoes")
    @documented(
        summary="Veto one's own fields, or lift that",
        tag=TAG,
        door=Door.CASES,
        body=VetoQuestion(),
        answer=CaseMessage(),
        refuses=REFUSALS,
        narrows=True,
    )
    def veto(body: VetoBody, case_id: str) -> object:
        """After the answer, nothing that is vetoed is released to anybody; who asks cannot tell a veto from nothing being there."""
        commands.veto(case_id, by_of(g.caller), body.subject, tuple(body.fields), lifted=body.lifted)
        return shown(case_id)

    @routes.post("/<case_id>/restrictions")
    @documented(
        summary="Restrict processing for a subject, or lift that",
        tag=TAG,
        door=Door.CASES,
        body=RestrictionQuestion(),
        answer=CaseMessage(),
        refuses=REFUSALS,
        narrows=True,
    )
    def restrict(body: RestrictionBody, case_id: str) -> object:
        """AVG art. 18: any participant restricts, the owner of the phase lifts."""
        commands.restrict(case_id, by_of(g.caller), body.subject, lifted=body.lifted)
        return shown(case_id)


def _go_along_the_ladder(routes: Blueprint, commands: CaseCommands, shown: Shown) -> None:
    @routes.post("/<case_id>/moves")
    @documented(
        summary="Move to another phase, or propose to",
        tag=TAG,
        door=Door.CASES,
        body=MoveQuestion(),
        answer=CaseMessage(),
        refuses=REFUSALS,
    )
    def move(body: MoveBody, case_id: str) -> object:
        """For the owner of the phase. Where others must agree first this proposes; `awaiting` names who still owes an answer."""
        commands.move(case_id, by_of(g.caller), body.to, body.reason)
        return shown(case_id)

    @routes.post("/<case_id>/agreements")
    @documented(summary="Agree to the proposed move", tag=TAG, door=Door.CASES, body=Nothing(), answer=CaseMessage(), refuses=REFUSALS)
    def agree(body: object, case_id: str) -> object:  # noqa: ARG001 - an empty object
        """For a party whose agreement the phase needs; the last one makes the move."""
        commands.agree(case_id, by_of(g.caller))
        return shown(case_id)

    @routes.post("/<case_id>/closures")
    @documented(
        summary="Close the case",
        tag=TAG,
        door=Door.CASES,
        body=ClosureQuestion(),
        status=HTTPStatus.NO_CONTENT,
        refuses=REFUSALS,
        narrows=True,
    )
    def close(body: ClosureBody, case_id: str) -> None:
        """For the owner of the phase; from then on the case answers as if it did not exist."""
        commands.close(case_id, by_of(g.caller), body.reason)
