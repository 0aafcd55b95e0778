"""The subject report for programs; the same members on the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from broker.documents.subject_report import ZONE
from broker.reporting.decisions import GIVE, WITHHOLD, Considered
from broker.reporting.sharings import Sharing
from broker.reporting.subject_reports import DraftReport
from policies.covenant import Covenant, Label
from policies.vocabulary import PartyId


def report_json(covenant: Covenant, told: Sequence[Sharing], made_at: datetime) -> dict[str, object]:
    """What the person is told."""
    return _head(covenant, made_at) | {"sharings": [sharing_json(one) for one in told]}


def draft_json(draft: DraftReport, made_at: datetime, party: PartyId | None = None) -> dict[str, object]:
    """Everything found, with the decisions; for one party its own entries and its own decisions."""
    entries = [considered_json(one, party) for one in draft.considered]
    return _head(draft.covenant, made_at) | {"draft": True, "erased": draft.erased, "sharings": entries}


def considered_json(one: Considered, party: PartyId | None) -> dict[str, object]:
    """One entry of a draft. A giver that is not shown who takes part is not told here either."""
    decisions = [
        {"party": decided.party, "decision": GIVE if decided.gives else WITHHOLD, "ground": decided.ground, "at": decided.at}
        for each, decided in sorted(one.decided.items())
        if party in {None, each}
    ]
    shown = sharing_json(one.sharing) | {"decisions": decisions}
    if party == one.sharing.giver and not one.sharing.receiver_shown:
        shown |= {"to": None, "role": None, "legalBases": _bases(one.sharing) | {"receiver": []}}
    return shown


def sharing_json(sharing: Sharing) -> dict[str, object]:
    """One entry, in codes with the labels of the covenant that decided."""
    covenant = sharing.under
    purpose = None if sharing.purpose is None else covenant.purposes.get(sharing.purpose)
    return {
        "entry": sharing.entry,
        "at": sharing.at,
        "from": sharing.giver,
        "to": sharing.receiver,
        "role": sharing.role,
        "purpose": None if purpose is None else {"id": purpose.id, "title": _label(purpose.title)},
        "covenant": {"id": covenant.id, "version": covenant.version},
        "fields": [
            {
                "name": field.name,
                "label": _label(covenant.fields[field.name].title),
                "form": field.form,
                "articles": list(field.articles),
                "classes": sorted(covenant.fields[field.name].classes),
            }
            for field in sharing.fields
        ],
        "signal": sharing.signal,
        "articles": [{"id": article.id, "title": _label(article.title)} for article in sharing.articles],
        "legalBases": _bases(sharing),
        "recalled": [{"at": one.at, "reason": one.reason, "fields": list(one.fields)} for one in sharing.recalled],
    }


def _head(covenant: Covenant, made_at: datetime) -> dict[str, object]:
    return {"covenant": covenant.id, "title": _label(covenant.title), "madeOn": made_at.astimezone(ZONE).date().isoformat()}


def _bases(sharing: Sharing) -> dict[str, list[str]]:
    giving = {basis for article in sharing.articles for basis in article.basis.giver}
    receiving = {basis for article in sharing.articles for basis in article.basis.receiver.get(sharing.receiver, ())}
    return {"giver": sorted(giving), "receiver": sorted(receiving)}


def _label(label: Label) -> dict[str, str]:
    return {"nl": label.nl, "en": label.en}
