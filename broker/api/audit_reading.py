"""The routes of those who read the log: search, export, and the interface of Logboek Dataverwerkingen."""

from __future__ import annotations

from flask import Blueprint

from broker.api import audit_export, audit_ldv, audit_search
from broker.auditing.room import Auditing


def blueprints(auditing: Auditing) -> tuple[Blueprint, ...]:
    """All three."""
    return (
        audit_search.blueprint(auditing),
        audit_export.blueprint(auditing),
        audit_ldv.blueprint(auditing.ldv, auditing.readers),
    )
