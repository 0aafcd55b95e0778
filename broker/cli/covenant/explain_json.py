"""What `broker covenant explain --json` prints of one field: everything that is known of it, by id."""

from __future__ import annotations

from policies.covenant import Covenant
from policies.explain import Explained
from policies.reasons import WHY_NOT, ids_of, remedy_words
from policies.wording import in_language


def members(covenant: Covenant, one: Explained, language: str) -> dict[str, object]:
    """One field; its sentences are in the language."""
    named = {"field": one.field, "releasedBy": one.released_by}
    grant = one.grant
    if grant is not None:
        given = {"form": str(grant.form), "article": grant.article, "holder": grant.holder, "delivery": grant.delivery.value}
        return named | {"given": given | {"giver": list(grant.giver), "receiver": list(grant.receiver)}}
    names = ids_of(covenant)
    remedies = [
        {
            "changes": [{"kind": change.kind.value, "oneOf": list(change.one_of)} for change in remedy.changes],
            "article": remedy.article,
            "form": str(remedy.form),
            "text": in_language(remedy_words(remedy, names, str(remedy.form)), language),
        }
        for remedy in one.remedies
    ]
    return named | {
        "given": None,
        "reason": one.reason,
        "why": in_language(WHY_NOT[one.reason], language) if one.reason else None,
        "outward": one.outward,
        "remedies": remedies,
        "never": [{"statement": never.statement, "kind": never.kind.value, "because": never.because} for never in one.never],
        "elsewhere": [
            {"role": other.role, "purpose": other.purpose, "article": other.article, "form": str(other.form)} for other in one.elsewhere
        ],
        "emergency": bool(one.emergencies),
    }
