"""Who plays: the roles of the story, and the covenant's own words for roles, fields, purposes and articles."""

from __future__ import annotations

from typing import Final

from policies.covenant import Covenant, Label
from policies.vocabulary import CovenantId, FieldName, PurposeId, RoleId

WATERSTAD: Final = CovenantId("waterstad-noord")

DIRECTOR: Final = RoleId("municipality.director")
ADVISER: Final = RoleId("municipality.nuisance_adviser")
SOCIAL_TEAM: Final = RoleId("municipality.social_team")
ON_CALL: Final = RoleId("municipality.on_call")
SOCIAL_MANAGER: Final = RoleId("corporation.social_manager")
OFFICER: Final = RoleId("police.community_officer")
INFORMATION_DESK: Final = RoleId("police.information_desk")
CASE_MANAGER: Final = RoleId("care.case_manager")

#: who plays, in the order in which they come in
CAST: Final = (DIRECTOR, ADVISER, ON_CALL, SOCIAL_TEAM, SOCIAL_MANAGER, OFFICER, INFORMATION_DESK, CASE_MANAGER)

END_NUISANCE: Final = PurposeId("end_nuisance")
EARLY_SUPPORT: Final = PurposeId("early_support")
RESIDENT_SAFETY: Final = PurposeId("resident_safety")
PREVENT_EVICTION: Final = PurposeId("prevent_eviction")

LANGUAGES: Final = ("en", "nl")


def professional(role: RoleId) -> str:
    """The pseudonym of the professional who has a role in the demonstration; the employer could resolve it, nobody else."""
    return f"{role.replace('.', '-')}-01"


class Words:
    """The covenant's labels in one of its two languages."""

    def __init__(self, covenant: Covenant, lang: str) -> None:
        if lang not in LANGUAGES:
            raise ValueError(f"expected one of {', '.join(LANGUAGES)}, found {lang}")
        self.covenant = covenant
        self.lang = lang

    def role(self, role: RoleId) -> str:
        """`case director`."""
        known = self.covenant.role(role)
        return self._in(known.label) if known else role

    def field(self, name: FieldName) -> str:
        """A field's own title."""
        return self._in(self.covenant.fields[name].title)

    def purpose(self, purpose: PurposeId) -> str:
        """A purpose's title."""
        return self._in(self.covenant.purposes[purpose].title)

    @property
    def title(self) -> str:
        """The covenant's title."""
        return self._in(self.covenant.title)

    def _in(self, label: Label) -> str:
        return label.nl if self.lang == "nl" else label.en
