"""Answers as a broker would send them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx


def disclosure(id_: str, value: int, receipt: str) -> httpx.Response:
    """A disclosure of one field."""
    body = {
        "id": f"exchange-{id_}",
        "fields": {"complaints.count_12m": {"value": value, "form": "full", "article": "8.1"}},
        "withheld": [{"field": "support.kind", "reason": "not_in_covenant"}],
        "receipt": receipt,
    }
    return httpx.Response(200, headers={"Content-Type": "application/json"}, content=json.dumps(body, ensure_ascii=False).encode())


def problem(status: int, body: Mapping[str, str]) -> httpx.Response:
    """A problem, or an error of the token endpoint."""
    return httpx.Response(status, headers={"Content-Type": "application/problem+json"}, content=json.dumps(body).encode())
