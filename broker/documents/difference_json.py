"""A difference for programs: every single change, in ids, what widens first."""

from __future__ import annotations

from datetime import date, timedelta

from broker.documents.matrix_json import covenant_json, offer_json
from policies.covenant import party_of
from policies.diff import Change, Diff, Effect, FieldChange, TermChange
from policies.effects.changes import EmergencyOffer, HandoverOffer, Value
from policies.effects.offers import Grounds, Need, Offer
from policies.effects.terms import PARTS
from policies.values import Period, period_of

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


def difference_json(diff: Diff) -> dict[str, object]:
    """Both texts, the verdict, how many changes of each effect, and the changes."""
    counts = {effect.value: sum(change.effect is effect for change in diff.changes) for effect in Effect}
    return {
        "old": covenant_json(diff.old),
        "new": covenant_json(diff.new),
        "widens": diff.widens,
        "narrows": diff.narrows,
        "textChanged": diff.text_changed,
        "counts": counts,
        "changes": [_change(change) for change in diff.changes],
    }


def _change(change: Change) -> dict[str, object]:
    return _field(change) if isinstance(change, FieldChange) else _term(change)


def _field(change: FieldChange) -> dict[str, object]:
    here = change.context
    return {
        "kind": "field",
        "effect": change.effect.value,
        "what": change.what.value,
        "party": party_of(here.role),
        "role": here.role,
        "purpose": here.purpose,
        "caseType": here.case_type,
        "phase": here.phase,
        "subject": here.subject,
        "field": change.field,
        "before": [_offer(offer) for offer in change.before],
        "after": [_offer(offer) for offer in change.after],
    }


def _offer(offer: Offer) -> dict[str, object]:
    return offer_json(offer) | {"grounds": _grounds(offer.grounds)}


def _grounds(grounds: Grounds) -> dict[str, Json]:
    def laws(side: frozenset[tuple[str, ...]]) -> list[Json]:
        return [" ".join(part for part in ground if part) for ground in sorted(side)]

    return {"giver": laws(grounds.giver), "receiver": laws(grounds.receiver), "wpg20": [*grounds.wpg20]}


def _term(change: TermChange) -> dict[str, object]:
    return {
        "kind": "term",
        "effect": change.effect.value,
        "term": change.term,
        "of": dict(zip(PARTS[change.term], change.key, strict=True)),
        "before": _value(change.before),
        "after": _value(change.after),
    }


def _value(value: Value) -> Json:
    match value:
        case frozenset():
            return [*sorted(value)]
        case tuple():
            return [_emergency(offer) if isinstance(offer, EmergencyOffer) else _handover(offer) for offer in value]
        case date() | Period():
            return str(value)
        case timedelta():
            return str(period_of(value)) if value else "0 minutes"
        case _:
            return value


def _emergency(offer: EmergencyOffer) -> dict[str, Json]:
    return {
        "requires": [*sorted(offer.requires)],
        "notify": [*sorted(offer.notify)],
        "lasts": str(period_of(offer.lasts)),
        "reviewWithin": str(period_of(offer.review_within)),
        "reasons": [*sorted(offer.reasons)],
        "reviewedBy": [*sorted(offer.reviewed_by)],
        "grounds": _grounds(offer.grounds),
    }


def _handover(offer: HandoverOffer) -> dict[str, Json]:
    return {
        "receiver": offer.receiver,
        "form": str(offer.form),
        "needs": [need.value for need in Need if need in offer.needs],
        "closesAs": offer.closes_as,
        "grounds": _grounds(offer.grounds),
    }
