"""A party's own door, `/v1/connectors/{party}`: ask for fields, give fields, report and take up signals. Nobody else's system opens it."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Blueprint, g, request

from audit.errors import CursorInvalid, LogUnavailable
from broker.api.asking import (
    AskBody,
    AskMessage,
    DisclosureMessage,
    LeftBody,
    LeftPageMessage,
    LeftQuestion,
    PermissionsBody,
    PermissionsMessage,
    PermissionsQuestion,
    RecallsMessage,
    ReceiptMessage,
)
from broker.api.casework import CasesMessage
from broker.api.giving import (
    ContributionBody,
    ContributionMessage,
    ContributionQuestion,
    WithdrawalBody,
    WithdrawalMessage,
    WithdrawalQuestion,
)
from broker.api.showing import case_shown, disclosure_written, left_shown, recall_shown, signal_shown
from broker.api.signalling import (
    AnswerBody,
    AnswerMessage,
    AnswerQuestion,
    SignalBody,
    SignalMessage,
    SignalQuestion,
    SignalsMessage,
    WordsMessage,
)
from broker.api.spec import BASE, Header, documented
from broker.authenticate import Caller, Door
from broker.cases.errors import BadCommand, CaseChanged, CommandRefused, UnknownCase
from broker.cases.rules import By
from broker.casework import Casework
from broker.contributions import Contributions
from broker.disclosure import CaseAsk
from broker.errors import (
    CovenantNotInForce,
    CovenantUnknown,
    KeyReused,
    PurposeNotInScope,
    UnauthorizedField,
    UnknownDisclosure,
    UnknownRole,
    UnknownSignal,
    Unwitnessed,
)
from broker.exchange import Exchange
from broker.recalls import Recalls
from broker.receipts import Receipts
from broker.repeats import Repeats
from broker.signals import Signals

TAG = "connector"
ASK_REFUSALS = (
    UnknownCase,
    UnauthorizedField,
    PurposeNotInScope,
    UnknownRole,
    CovenantNotInForce,
    CaseChanged,
    BadCommand,
    LogUnavailable,
    Unwitnessed,
    KeyReused,
)
PREFER = Header("Prefer", "`handling=strict` refuses the whole ask when one field is not in the covenant (RFC 7240).")
#: a preference among others: names know no case, a value may be quoted and have parameters (RFC 7240 section 2)
STRICT = re.compile(r'(?:^|,)\s*handling\s*=\s*("?)strict\1\s*(?=$|[,;])', re.IGNORECASE)
IDEMPOTENCY = Header("Idempotency-Key", "Repeat a request safely: the same key and body within 24 hours are one request and its repeat.")


def blueprint(
    *,
    exchange: Exchange,
    casework: Casework,
    contributions: Contributions,
    signals: Signals,
    receipts: Receipts,
    recalls: Recalls,
    repeats: Repeats,
) -> Blueprint:
    """The routes of this door, with what they need."""
    routes = Blueprint("connectors", __name__, url_prefix=f"{BASE}/connectors/<party>")
    _ask(routes, exchange, casework, receipts, repeats)
    _give(routes, contributions)
    _recall(routes, recalls)
    _signal(routes, signals, repeats)
    return routes


def by_of(caller: Caller) -> By:
    """The professional behind the present request."""
    return By(caller.party, caller.role, caller.professional, g.trace)


def _ask(routes: Blueprint, exchange: Exchange, casework: Casework, receipts: Receipts, repeats: Repeats) -> None:
    @routes.post("/disclosures")
    @documented(
        summary="Ask for fields of a case",
        tag=TAG,
        door=Door.CONNECTOR,
        body=AskMessage(),
        answer=DisclosureMessage(),
        refuses=ASK_REFUSALS,
        reads=(PREFER, IDEMPOTENCY),
    )
    def ask_for_fields(body: AskBody, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Which fields this role may see of a case for this purpose. What is permitted is given, the rest is named with its reason."""
        casework.check_fields(body.fields)
        key = repeats.key(g.caller.client_id, request.headers.get("Idempotency-Key"), request.get_data())
        strict = bool(STRICT.search(request.headers.get("Prefer", "")))
        ask = CaseAsk(body.case, body.purpose, tuple(body.fields), body.subject, strict=strict, repeats=repeats.find(key))
        disclosure = exchange.disclose(g.caller, ask, g.trace, g.deadline)
        repeats.keep(key, disclosure.id)
        return disclosure_written(disclosure)

    @routes.get("/disclosures/<disclosure_id>/receipt")
    @documented(summary="The receipt of a disclosure", tag=TAG, door=Door.CONNECTOR, answer=ReceiptMessage(), refuses=(UnknownDisclosure,))
    def get_receipt(disclosure_id: str, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """For the party that asked, and for every party whose fields were given; its entry's id, as a tally has it, finds it too."""
        found = receipts.of(g.caller.party, disclosure_id)
        return {"receipt": found.note, "entry": found.entry}

    @routes.post("/receipts/_search")
    @documented(
        summary="The receipts of what left this party's sources",
        tag=TAG,
        door=Door.CONNECTOR,
        body=LeftQuestion(),
        answer=LeftPageMessage(),
        refuses=(CovenantUnknown, CursorInvalid),
    )
    def search_receipts(body: LeftBody, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """For the holder: every disclosure in which its fields left, newest first, with the names of those fields."""
        page = receipts.left(g.caller.party, body.covenant, body.cursor)
        return {"receipts": [left_shown(one) for one in page.left], "cursor": page.cursor}

    @routes.post("/permissions")
    @documented(
        summary="What may I ask now, in which form",
        tag=TAG,
        door=Door.CONNECTOR,
        body=PermissionsQuestion(),
        answer=PermissionsMessage(),
        refuses=(UnknownCase, PurposeNotInScope, UnknownRole, CovenantUnknown, BadCommand),
    )
    def ask_permissions(body: PermissionsBody, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """What the covenant lets this role ask, as far as it is shown the phase; not whether there is anything."""
        found = casework.permissions(g.caller, body.case, body.purpose, body.subject)
        return {"permissions": [{"field": p.field, "form": str(p.form), "article": p.article} for p in found]}

    @routes.get("/cases")
    @documented(summary="The open cases of this party", tag=TAG, door=Door.CONNECTOR, answer=CasesMessage(), refuses=(CovenantUnknown,))
    def list_cases(party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """The cases in which this party takes part or to which it was invited, as the covenant shows them to it."""
        return {"cases": [case_shown(case) for case in casework.of_party(g.caller)]}


def _give(routes: Blueprint, contributions: Contributions) -> None:
    @routes.post("/cases/<case_id>/contributions")
    @documented(
        summary="Give fields for a case",
        tag=TAG,
        door=Door.CONNECTOR,
        body=ContributionQuestion(),
        answer=ContributionMessage(),
        status=HTTPStatus.CREATED,
        refuses=(UnknownCase, BadCommand, CovenantUnknown, LogUnavailable),
    )
    def contribute(body: ContributionBody, case_id: str, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Fields of this party that some article releases, for one subject. They are kept encrypted, and read through an exchange only."""
        return {"id": contributions.contribute(case_id, by_of(g.caller), body.subject, body.fields)}

    @routes.post("/cases/<case_id>/withdrawals")
    @documented(
        summary="Take fields back",
        tag=TAG,
        door=Door.CONNECTOR,
        body=WithdrawalQuestion(),
        answer=WithdrawalMessage(),
        refuses=(UnknownCase, BadCommand, CovenantUnknown, CaseChanged, LogUnavailable),
        narrows=True,
    )
    def withdraw(body: WithdrawalBody, case_id: str, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Fields that this party gave; after the answer nobody is given them any more."""
        return {"withdrawn": list(contributions.withdraw(case_id, by_of(g.caller), body.subject, tuple(body.fields)))}


def _recall(routes: Blueprint, recalls: Recalls) -> None:
    @routes.get("/recalls")
    @documented(summary="What this party must destroy", tag=TAG, door=Door.CONNECTOR, answer=RecallsMessage())
    def list_recalls(party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Fields of earlier disclosures to this party that were about somebody else, or that their holder took back; pull it daily."""
        return {"recalls": [recall_shown(one) for one in recalls.of_party(g.caller.party)]}


def _signal(routes: Blueprint, signals: Signals, repeats: Repeats) -> None:
    @routes.post("/signals")
    @documented(
        summary="Report a signal",
        tag=TAG,
        door=Door.CONNECTOR,
        body=SignalQuestion(),
        answer=SignalMessage(),
        status=HTTPStatus.CREATED,
        refuses=(BadCommand, CommandRefused, CovenantUnknown, LogUnavailable, KeyReused),
        reads=(IDEMPOTENCY,),
    )
    def report_signal(body: SignalBody, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Something was noticed. The covenant says who must pick it up and by when."""
        key = repeats.key(g.caller.client_id, request.headers.get("Idempotency-Key"), request.get_data())
        earlier = repeats.find(key)
        if earlier is not None:
            return signal_shown(signals.reported(by_of(g.caller), earlier))
        subject = body.subject
        signal = signals.report(by_of(g.caller), body.covenant, body.kind, subject.kind, subject.local_reference, body.words)
        repeats.keep(key, signal.id)
        return signal_shown(signal)

    @routes.get("/signals")
    @documented(summary="The signals for this role", tag=TAG, door=Door.CONNECTOR, answer=SignalsMessage())
    def list_signals(party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """What this role has to pick up or has answered, newest first, without words."""
        return {"signals": [signal_shown(signal) for signal in signals.waiting(by_of(g.caller))]}

    @routes.get("/signals/<signal_id>/words")
    @documented(
        summary="The words of a signal", tag=TAG, door=Door.CONNECTOR, answer=WordsMessage(), refuses=(UnknownSignal, LogUnavailable)
    )
    def read_signal(signal_id: str, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """For the role that the signal went to; that it was read is in the log first."""
        return {"words": signals.words(by_of(g.caller), signal_id)}

    @routes.post("/signals/<signal_id>/answers")
    @documented(
        summary="Take a signal up, or decline it",
        tag=TAG,
        door=Door.CONNECTOR,
        body=AnswerQuestion(),
        answer=AnswerMessage(),
        refuses=(UnknownSignal, CommandRefused, CovenantUnknown, LogUnavailable),
    )
    def answer_signal(body: AnswerBody, signal_id: str, party: str) -> object:  # noqa: ARG001 - the door has checked the party
        """Accepting opens a case in the first phase of the ladder, in which whoever reported takes part."""
        if body.answer == "accept":
            return {"case": signals.accept(by_of(g.caller), signal_id)}
        signals.decline(by_of(g.caller), signal_id)
        return {"case": None}
