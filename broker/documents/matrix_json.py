"""The matrix for programs: every cell by itself, in ids, with all that it depends on."""

from __future__ import annotations

from broker.documents.matrix import Laid
from policies.covenant import Covenant, party_of
from policies.effects.offers import Need, Offer
from policies.matrix import Cell
from policies.policy import Policy


def matrix_json(laid: Laid) -> dict[str, object]:
    """The covenant, which phases shield, and the cells."""
    covenant = laid.policy.covenant
    return {
        "covenant": covenant_json(laid.policy),
        "caseTypes": {
            name: [{"phase": phase, "shielded": step.shielded} for phase, step in case_type.ladder.items()]
            for name, case_type in covenant.case_types.items()
        },
        "cells": [_cell(covenant, cell) for cell in laid.cells],
    }


def covenant_json(policy: Policy) -> dict[str, str]:
    """Which text, and which policy was compiled from it."""
    covenant = policy.covenant
    return {"id": covenant.id, "version": covenant.version, "sha256": policy.covenant_sha256, "policySha256": policy.sha256}


def _cell(covenant: Covenant, cell: Cell) -> dict[str, object]:
    here, field = cell.context, covenant.fields[cell.field]
    return {
        "party": party_of(here.role),
        "role": here.role,
        "purpose": here.purpose,
        "caseType": here.case_type,
        "phase": here.phase,
        "subject": here.subject,
        "field": cell.field,
        "holder": field.holder,
        "delivery": field.delivery.value,
        "offers": [offer_json(offer) for offer in cell.offers],
    }


def offer_json(offer: Offer) -> dict[str, object]:
    """One offer: its form, its article, what it needs in the order in which a decision looks, and whether it may be passed on."""
    needs = [need.value for need in Need if need in offer.needs]
    return {"form": str(offer.form), "article": offer.article, "needs": needs, "onward": offer.onward}
