"""What must be known of a new field, role or article, and what the covenant leaves to choose from."""

from __future__ import annotations

from broker.cli.covenant.edit_ask import Answers, Question, separated
from policies.covenant import Covenant, party_of
from policies.values import Label
from policies.vocabulary import CaseTypeId, PartyId, PurposeId, RoleId, ValueType


def _phases(covenant: Covenant, answers: Answers) -> list[str]:
    """The phases of the chosen kinds of case in which anything can be given."""
    chosen = [covenant.case_types.get(CaseTypeId(name)) for name in separated(answers.get("case-types", ""))]
    types = [each for each in chosen if each is not None] or [*covenant.case_types.values()]
    return [*dict.fromkeys(phase for each in types for phase, step in each.ladder.items() if not step.shielded)]


def _fields(covenant: Covenant, answers: Answers) -> list[str]:
    """The fields of the chosen giver."""
    return [name for name, field in covenant.fields.items() if answers.get("from") in {None, field.holder}]


def _bases(covenant: Covenant, _answers: Answers) -> list[str]:
    return [*covenant.legal_bases]


def _of_giver(covenant: Covenant, answers: Answers) -> list[str]:
    purpose = covenant.purposes.get(PurposeId(answers.get("purpose", "")))
    return [*purpose.legal_basis.get(PartyId(answers.get("from", "")), ())] if purpose else []


def _of_receivers(covenant: Covenant, answers: Answers) -> list[str]:
    purpose = covenant.purposes.get(PurposeId(answers.get("purpose", "")))
    parties = {party_of(RoleId(role)) for role in separated(answers.get("to", ""))}
    return [*purpose.legal_basis.get(next(iter(parties)), ())] if purpose and len(parties) == 1 else []


def _basis_of(item: str) -> str:
    return item.rpartition("=")[2]


def _roles(covenant: Covenant, _answers: Answers) -> list[str]:
    return [role for party in covenant.parties.values() for role in party.roles]


_TITLES = (
    Question("title-nl", Label("titel in het Nederlands", "title in Dutch")),
    Question("title-en", Label("titel in het Engels", "title in English")),
)

OF_FIELD = (Question("type", Label("soort waarde", "type of value"), lambda _covenant, _answers: [*ValueType]), *_TITLES)

OF_ROLE = _TITLES

OF_ARTICLE = (
    *_TITLES,
    Question("from", Label("wie geeft", "who gives"), lambda covenant, _: [*covenant.parties]),
    Question(
        "to",
        Label("wie krijgt", "who receives"),
        _roles,
        many=True,
    ),
    Question("purpose", Label("waarvoor", "what for"), lambda covenant, _: [*covenant.purposes]),
    Question("case-types", Label("in welke soort casus", "in which kind of case"), lambda covenant, _: [*covenant.case_types], many=True),
    Question("phases", Label("in welke fasen", "in which phases"), _phases, many=True),
    Question("about", Label("over wie", "about whom"), lambda covenant, _: [*covenant.subjects], many=True),
    Question(
        "fields",
        Label("welke gegevens, elk met een vorm (veld=vorm)", "which fields, each with a form (field=form)"),
        _fields,
        many=True,
        each=lambda item: item.partition("=")[0],
    ),
    Question("giver", Label("grondslag van de gever", "basis of the giver"), _bases, many=True, suggestion=_of_giver),
    Question(
        "receiver",
        Label("grondslag van de ontvanger", "basis of the receiver"),
        _bases,
        many=True,
        each=_basis_of,
        suggestion=_of_receivers,
    ),
    Question("decision", Label("noodzaak: welk besluit dient het", "necessity: which decision it serves")),
    Question("without", Label("noodzaak: wat gaat er mis zonder", "necessity: what goes wrong without")),
    Question("subsidiarity", Label("noodzaak: waarom volstaat minder niet", "necessity: why nothing less will do")),
)
