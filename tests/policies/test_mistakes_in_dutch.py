"""Everything that loading and compiling can say, in the Dutch of whoever reads it."""

# ruff: noqa: E501 - a message stands on one line, as it is printed

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from policies import articles, dictionary, document, load, meaning, never, parsed, reading, safety, scalars, schema, shape, wording
from policies import compile as compiling
from policies.compile import compile_covenant
from policies.errors import CovenantErrors, Finding
from policies.load import load_covenant
from policies.parser_words import CONTEXTS, PROBLEMS, context, problem
from policies.schema import cases, sharing
from policies.vocabulary import FULL, Form, FormKind
from policies.wording import Impossible, Label, either, in_language, listed, say
from tests.policies.builders import CLOSED, COUNT, DIRECTOR, LANDLORD, NAME, article, covenant
from tests.policies.test_hostile_yaml import HOSTILE
from tests.policies.test_load_whole_language import EMERGENCY, HANDOVER
from tests.policies.test_mistakes import MISTAKES
from tests.policies.yaml_edits import SMALL, edited

CLOSING = "      closed: {reasons: [resolved, unfounded], shielded: true, purge_after: {default: 2 years, unfounded: 30 days}}\n"
HOME = "  home:\n    title: {nl: Thuis, en: Home}\n    ladder:\n      talk: {owner: city.director, next: [closed]}\n      closed: {shielded: true}\n"
WPG20 = "    wpg20: {interest: orde, partnership: buurt, purpose: other, conditions: geen, decided_by: chef, agreed_by: [mayor], decision: {ref: a, on: 2026-01-01}}\n"
OTHER = "  other:\n    title: {nl: Anders, en: Other}\n    legal_basis: {city: [task], landlord: [task], care: [task]}\n"

#: edits of the small covenant that break what no other test's table breaks
MORE: list[tuple[str, str, str]] = [
    (
        "next: [plan, closed]",
        "next: [plan, triage]",
        "50:97: error[next-is-itself]: fase `triage` volgt op zichzelf",
    ),
    (
        "owner: city.director, within: 14 days, overdue",
        "owner: city.director, overdue",
        "50:47: error[overdue-without-limit]: fase `triage` kan over tijd gaan, maar heeft geen termijn (`within`)",
    ),
    (
        "      triage: {owner",
        CLOSING.replace("closed", "over", 1) + "      triage: {owner",
        "49:5: error[opens-closed]: soort casus street begint in een afgeschermde fase",
    ),
    (
        "data:\n",
        HOME.replace("next: [closed]", "next: [triage, closed]") + "data:\n",
        "56:42: error[not-in-ladder]: fase `triage` staat niet op de ladder van home",
    ),
    (
        "subsidiarity: eerst gepraat}",
        "subsidiarity: eerst gepraat, smaller_form: {complaints.kind: nodig}}",
        "82:100: error[not-given]: artikel 1 geeft `complaints.kind` niet, dus er is geen vorm van te verantwoorden",
    ),
    (
        "subjects:\n",
        "subjects:\n  [a, b]: {nl: a, en: b}\n",
        "33:3: error[key-not-text]: als naam hoort hier een woord, er staat een lijst of een blok",
    ),
    (
        "subjects:\n",
        "subjects:\n  <<: {tenant: {nl: a, en: b}}\n",
        "33:3: error[merge-key]: `<<` voegt een ander onderdeel in; schrijf het uit",
    ),
    (
        "subjects:\n",
        "subjects: !!map\n",
        "32:11: error[tag]: de tag `tag:yaml.org,2002:map` doet hier niets; haal het weg",
    ),
    (
        "subjects:\n",
        "subjects:\n  minor: {nl: kind, en: child}\n",
        "35:3: error[duplicate-key]: `minor` staat hier voor de tweede keer; de eerste staat op regel 33",
    ),
    (
        "minor: {nl: minderjarige, en: minor}",
        "minor: *tenant",
        "34:10: error[alias]: `*tenant` herhaalt een ander onderdeel; schrijf het uit",
    ),
    (
        "tenant: {nl: huurder",
        "tenant: &t {nl: huurder",
        "33:11: error[anchor]: een anker (`&`) doet hier niets; haal `&` met de naam erachter weg",
    ),
]


@cache
def everything_said() -> tuple[Finding, ...]:
    """What loading and compiling say of every text and covenant that a test breaks, and of some more."""
    texts = [edited((old, new)) for old, new, _ in MISTAKES]
    texts += [edited((old, new)) for old, new, _ in MORE]
    texts += [content for content, _ in HOSTILE]
    texts += [
        edited(("case_types:\n  street", OTHER + "case_types:\n  street"), ("    onward: no\n", WPG20)),
        edited(
            (
                "purpose: nuisance\n    case_types: [street]\n    phases: [plan]",
                "purpose: nuisanse\n    case_types: [streat]\n    phases: [plan]",
            )
        ),
        edited(("about: [tenant, minor]", "about: [tenant, miner]")),
        edited(('version: "1"', 'version: "1"\nsupersedes: "1"')),
        edited(("title: {nl: Klein, en: Small}", "titel: {nl: Klein, en: Small}")),
        edited(("in_force: {from", "in_force: {zone: nowhere, from")),
        edited(("    ladder:\n", "    order: [plan]\n    ladder:\n")),
        edited(("  - statement: N1\n", "  - statement: N1\n    kind: choice\n    to: care\n    because: ook niet\n  - statement: N1\n")),
        SMALL.encode() + SMALL[SMALL.index("  - scenario:") :].replace("landlord.caretaker", "city.director").encode(),
        edited(("phases: [triage, plan]", "phases: [talk]"), ("data:\n", HOME + "data:\n")),
        edited(("receiver: {city: [task, explicit]}", "receiver: {city: [given]}")),
        edited(("    to: landlord\n    classes: [special, secrecy]", "    to: city.director\n    classes: [special, secrecy]")),
        edited(("fields: {help.contact: full}", "fields: {help.contact: full, complaints.count: full}")),
        edited(("giver: [task, explicit, waiver]", "giver: [explicit, waiver]")),
        edited(("landlord: [task], care", "care")),
        edited(("scenarios:\n", EMERGENCY.replace("{person_at_risk:", "{person_at_ease:") + "scenarios:\n")),
        edited(("never:\n", HANDOVER.replace("safety-house", "small").replace("closes_as: resolved", "closes_as: bored") + "never:\n")),
        edited(("never:\n", HANDOVER.replace("basis: [task, explicit", "basis: [explicit") + "never:\n")),
    ]
    findings = [finding for text in texts for finding in _said_of(text)]
    name = Form(FormKind.INITIALS), Form(FormKind.POSTCODE4)
    for made in (
        covenant(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}, phases=frozenset({CLOSED}))),
        covenant(*(article(str(at), LANDLORD, frozenset({DIRECTOR}), {NAME: form}) for at, form in enumerate(name))),
    ):
        with pytest.raises(CovenantErrors) as caught:
            compile_covenant(made)
        findings += caught.value.findings
    return tuple(findings)


def _said_of(text: bytes) -> tuple[Finding, ...]:
    with pytest.raises(CovenantErrors) as caught:
        compile_covenant(load_covenant(text))
    return caught.value.findings


def _codes(module: object) -> set[str]:
    """Every code in a module's own text: the first word with a hyphen, or the first word alone, that a finding is made of."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"wrong", "add", "error", "Finding"}:
            for argument in node.args:
                if (
                    isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", argument.value)
                ):
                    found.add(argument.value)
                    break
    return found


def test_every_code_is_said_in_dutch_that_is_not_english() -> None:
    modules = (
        compiling,
        articles,
        dictionary,
        document,
        load,
        meaning,
        never,
        parsed,
        reading,
        safety,
        scalars,
        schema,
        shape,
        cases,
        sharing,
    )
    codes = set().union(*map(_codes, modules))
    said = everything_said()
    assert len(codes) > 40
    assert codes - {finding.code for finding in said} == set()
    for finding in said:
        assert finding.message.nl != finding.message.en
        assert finding.hint is None or finding.hint.nl != finding.hint.en or finding.code == "never-broken"


@pytest.mark.parametrize(
    "word",
    ["expected", "found", "unknown", "known", "stands", "lacks", "gives", "needs", "text", "label", "kind", "the", "and", "or", "is not"],
)
def test_no_english_word_is_left_in_the_dutch(word: str) -> None:
    codes = re.compile(r"`[^`]*`|\w+(?:, \w+)+")  # what is typed in a covenant stays as it is typed
    assert [dutch for finding in everything_said() if re.search(rf"\b{word}\b", codes.sub("", dutch := finding.message.nl))] == []


@pytest.mark.parametrize(("old", "new", "message"), MORE)
def test_a_mistake_is_told_in_dutch_at_its_own_words(old: str, new: str, message: str) -> None:
    with pytest.raises(CovenantErrors) as caught:
        load_covenant(edited((old, new)))
    assert message in [finding.text("nl").removeprefix("covenant.yaml:") for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("code", "dutch"),
    [
        ("missing-key", "1:1: error[missing-key]: `version` ontbreekt in het convenant: daar hoort een versie als `2026.2`"),
        ("impossible", "5:11: error[impossible]: de looptijd: `review` ligt tussen `from` en `until`; er staat 2026-01-01, 2028-06-01 en 2027-12-31"),
        ("unknown-role", "51:21: error[unknown-role]: dit convenant kent geen functie `city.directer`; bedoelt u `city.director`?"),
        ("unknown-purpose", "87:14: error[unknown-purpose]: dit convenant kent geen doel `nuisanse`; bedoelt u `nuisance`?"),
        ("unknown-kind-of-subject", "66:21: error[unknown-kind-of-subject]: dit convenant kent geen soort betrokkene `miner`; bedoelt u `minor`?"),
        ("unknown-key", "4:1: error[unknown-key]: `titel` is geen onderdeel van het convenant; bedoelt u `title`?"),
        ("must-be-released", "69:7: error[must-be-released]: `help.contact` (secrecy) staat op levering `live`: daar hoort released_by_holder (BW 7:457); iemand bij de bronhouder geeft politiegegevens en wat onder geheimhouding valt per casus vrij"),
        ("other-purpose", "98:58: error[other-purpose]: artikel 2 heeft als doel `nuisance`, het besluit op grond van Wpg 20 `other` (Wpg art. 20(2))"),
        ("no-ground-to-receive", "92:63: error[no-ground-to-receive]: artikel 2: city heeft geen grondslag om `help.contact` (secrecy, special) te ontvangen: daar hoort een grondslag van de soort gdpr6 of wgs (AVG art. 6(1)); `given` is alleen een grondslag om te verstrekken"),
        ("no-ground-to-give", "92:20: error[no-ground-to-give]: artikel 2: care heeft geen grondslag om `help.contact` (secrecy, special) te verstrekken: daar hoort een grondslag van de soort gdpr6 of wgs (AVG art. 6(1))"),
        ("not-the-holder", "91:34: error[not-the-holder]: artikel 2 laat care `complaints.count` verstrekken, maar de bronhouder is landlord"),
        ("no-basis-for-purpose", "76:14: error[no-basis-for-purpose]: artikel 1: landlord heeft geen grondslag voor doel `nuisance` (AVG art. 5(1)(b), 6(1)); purposes.nuisance.legal_basis noemt er geen"),
        ("never-broken", "91:28: error[never-broken]: nooit-bepaling N1 (eigen keuze) is geschonden: artikel 2 geeft `help.contact` aan city.director; een verhuurder heeft daar geen taak"),
        ("incomparable-forms", "1:1: error[incomparable-forms]: artikelen 0 en 1 geven `identity.name` aan dezelfde functie in dezelfde situatie als initials en als postcode4, en geen van beide is de ruimste"),
        ("permits-nothing", "1:1: error[permits-nothing]: geen artikel verstrekt iets in een open fase"),
        ("not-yaml", "1:5: error[not-yaml]: geen geldige YAML: een dubbele punt kan hier niet; zet de tekst tussen aanhalingstekens"),
        ("too-deep", "1:17: error[too-deep]: meer dan 16 niveaus diep"),
        ("byte-order-mark", "1:1: error[byte-order-mark]: het bestand begint met een byte order mark (BOM); sla het op als UTF-8 zonder BOM"),
        ("not-utf8", "2:8: error[not-utf8]: byte 0xe9 is geen UTF-8; sla het bestand op als UTF-8"),
        ("tab", "3:1: error[tab]: hier staat een tab; gebruik spaties"),
        ("invisible-character", "2:6: error[invisible-character]: een onzichtbaar teken, U+202E; haal het weg"),
    ],
)  # fmt: skip
def test_what_is_said_in_dutch(code: str, dutch: str) -> None:
    said = [finding.text("nl").partition(":")[2] for finding in everything_said() if finding.code == code]
    assert dutch in said


def test_every_problem_of_the_parser_has_its_dutch_and_an_unheard_one_is_quoted() -> None:
    assert all(dutch != english for english, dutch in [*PROBLEMS.items(), *CONTEXTS.items()])
    assert problem("the parser is tired") == Label("de lezer meldt: the parser is tired", "the parser is tired")
    assert context("while parsing a flow mapping") == Label("in een blok tussen accolades", "while parsing a flow mapping")


def test_what_somebody_wrote_is_a_part_of_a_sentence_and_never_a_sentence() -> None:
    """A sentence is a format string: had it words of the file pasted in, a brace in the file would break the answer."""
    (finding,) = _said_of(edited(("organ: mayor}", 'organ: "{nl}"}')))
    assert finding.message.nl == "hier hoort een naam in kleine letters, er staat `{nl}`"
    for module in sorted(Path(str(wording.__file__)).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                assert not any(isinstance(argument, ast.JoinedStr) for argument in node.args), f"{module}:{node.lineno}"


def test_a_language_is_one_of_two_and_a_part_that_is_a_label_gives_each_its_own() -> None:
    assert in_language(say("een {what}", "a {what}", what=Label("doel", "purpose")), "nl") == "een doel"
    assert either(["a", "b"]) == Label("a of b", "a or b")
    assert listed({"b", "a"}) == "a, b"
    assert str(Impossible(Label("kan niet", "cannot be"))) == "cannot be"
    with pytest.raises(ValueError, match="expected one of nl, en, found fr"):
        in_language(Label("a", "b"), "fr")
