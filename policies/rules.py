"""A compiled rule: one (context, field, article) row. Everything that decides, counts or compares speaks of these."""

from __future__ import annotations

from dataclasses import dataclass

from policies.vocabulary import ArticleId, CaseTypeId, FieldName, Form, Phase, PurposeId, RoleId, SubjectKind


@dataclass(frozen=True, slots=True)
class Context:
    """Where an ask stands: who asks, what for, and in which sort of case. A mask belongs to one context."""

    role: RoleId
    purpose: PurposeId
    case_type: CaseTypeId
    phase: Phase
    subject: SubjectKind

    @property
    def key(self) -> str:
        """The context as Casbin knows it; no part contains a bar, so no two contexts share a key."""
        return f"{self.role}|{self.purpose}|{self.case_type}|{self.phase}|{self.subject}"


def grant_key(article: ArticleId, form: Form) -> str:
    """An article and a form as Casbin knows them: `5.2|month`; no form contains a bar, so no two pairs share a key."""
    return f"{article}|{form}"


@dataclass(frozen=True, slots=True)
class Rule:
    """In this context this article gives this field in this form, if its conditions hold."""

    context: Context
    field: FieldName
    article: ArticleId
    form: Form

    @property
    def row(self) -> tuple[str, str, str]:
        """The rule as Casbin's policy has it: subject, object, action. Three columns, for each one more costs a quarter of a question."""
        return (self.context.key, self.field, grant_key(self.article, self.form))
