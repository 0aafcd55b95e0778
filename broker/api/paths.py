"""What the names in paths stand for. Nothing sensitive is ever among them (API Design Rules 2.2, /core/transport/no-sensitive-uris):
ids are the broker's own, and what is sought about a person is sent in a body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.routing import BaseConverter

_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_NAME = r"^[a-z][a-z0-9_]{0,63}(-[a-z0-9_]{1,63})*$"

#: by name: its pattern in JSON Schema's dialect, and what it is. What does not fit is not there, and answered as such
PARAMETERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "case_id": (_ID, "The case, by the id that this broker gave it."),
        "covenant": (_NAME, "The covenant, by its id."),
        "disclosure_id": (_ID, "The disclosure, by the id in its answer."),
        "entry_id": (_ID, "The entry of the log, by the id that a receipt names."),
        "party": (_NAME, "The caller's own party; every other one is another's door."),
        "provider": (_NAME, "Where somebody signed in, by its name in the operator's file."),
        "signal_id": (_ID, "The signal, by the id that this broker gave it."),
        "slug": (r"^[a-z][a-z-]{0,63}$", "The last word of a problem's type."),
        "tile": (
            r"^[0-9]{1,2}(/x[0-9]{3}){0,6}/[0-9]{3}(\.p/[0-9]{1,3})?$",
            "The tile, as C2SP tlog-tiles writes it after `tile/`; its slashes stay as they are.",
        ),
        "version": (r"^[^/]+$", "The version, as the covenant's text says it."),
        "year": (r"^[0-9]{4}$", "The year of the log."),
    }
)

_PLACE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class CovenantName(BaseConverter):
    """A covenant in a path: any name but the words that stand in its place for something else, so that those paths are one thing each."""

    regex = r"(?!(?:versions|acceptances|activations)(?:/|$))[^/]+"


def parameters_of(rule: str) -> tuple[str, ...]:
    """The names in a rule of Flask's, in their order."""
    return tuple(_PLACE.findall(rule))


def template_of(rule: str, spelled: Mapping[str, str]) -> str:
    """The rule as OpenAPI writes a path, each name spelled as `spelled` says."""
    return _PLACE.sub(lambda place: f"{{{spelled[place[1]]}}}", rule)
