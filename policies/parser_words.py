"""What the YAML parser says, in words for whoever wrote the file: Dutch for everything the C parser and the Python one can say.

The English is the parser's own (libyaml's scanner.c and parser.c, PyYAML's scanner.py and parser.py); what is not in the tables is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policies.wording import Label

#: what the parser stumbled over
PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "did not find expected ',' or ']'": "een komma of `]` ontbreekt",
        "did not find expected ',' or '}'": "een komma of `}` ontbreekt",
        "did not find expected key": "hier hoort een naam met een dubbele punt; kijk naar het inspringen en naar de aanhalingstekens",
        "did not find expected '-' indicator": "hier hoort een streepje `-`; kijk naar het inspringen",
        "did not find expected node content": "hier hoort een waarde",
        "did not find expected <document start>": "na het einde van het convenant staat nog iets",
        "did not find expected whitespace or line break": "hier hoort een spatie of een nieuwe regel",
        "did not find expected comment or line break": "hier hoort een nieuwe regel",
        "did not find expected alphabetic or numeric character": "hier hoort een letter of een cijfer",
        "did not find expected hexdecimal number": "hier hoort een hexadecimaal getal",
        "could not find expected ':'": "een dubbele punt ontbreekt",
        "mapping values are not allowed in this context": "een dubbele punt kan hier niet; zet de tekst tussen aanhalingstekens",
        "mapping values are not allowed here": "een dubbele punt kan hier niet; zet de tekst tussen aanhalingstekens",
        "mapping keys are not allowed in this context": "een vraagteken met een spatie kan hier niet",
        "block sequence entries are not allowed in this context": "een streepje `-` kan hier niet; kijk naar het inspringen",
        "sequence entries are not allowed here": "een streepje `-` kan hier niet; kijk naar het inspringen",
        "found character that cannot start any token": "met dit teken kan geen tekst beginnen; zet de tekst tussen aanhalingstekens",
        "found unexpected end of stream": "het bestand houdt te vroeg op: een aanhalingsteken of een haakje is niet gesloten",
        "found unexpected document indicator": "`---` of `...` staat binnen een tekst tussen aanhalingstekens",
        "found unexpected ':'": "een dubbele punt kan hier niet; zet de tekst tussen aanhalingstekens",
        "found unknown escape character": "na een backslash staat hier een teken dat niet kan; gebruik enkele aanhalingstekens",
        "found invalid Unicode character escape code": "na een backslash staat een teken dat niet bestaat",
        "found undefined tag handle": "een `!` aan het begin van een tekst; zet de tekst tussen aanhalingstekens",
        "found duplicate %YAML directive": "`%YAML` staat er twee keer",
        "found duplicate %TAG directive": "`%TAG` staat er twee keer",
        "found unknown directive name": "een `%` aan het begin van een regel; zet de tekst tussen aanhalingstekens",
        "found incompatible YAML document": "het bestand vraagt om een andere versie van YAML",
        "found a tab character where an indentation space is expected": "er staat een tab waar een spatie hoort",
        "control characters are not allowed": "er staat een onzichtbaar stuurteken",
    }
)

#: where it was at
CONTEXTS: Mapping[str, str] = MappingProxyType(
    {
        "while parsing a flow sequence": "in een lijst tussen vierkante haken",
        "while parsing a flow mapping": "in een blok tussen accolades",
        "while parsing a block mapping": "in een blok van namen met een dubbele punt",
        "while parsing a block collection": "in een lijst met streepjes",
        "while parsing a block node": "in een waarde",
        "while parsing a flow node": "in een waarde tussen haken",
        "while parsing a node": "in een waarde",
        "while scanning a simple key": "in een naam",
        "while scanning for the next token": "bij het zoeken naar het volgende woord",
        "while scanning a quoted scalar": "in een tekst tussen aanhalingstekens",
        "while scanning a plain scalar": "in een tekst",
        "while scanning a block scalar": "in een tekst van meer regels",
        "while parsing a quoted scalar": "in een tekst tussen aanhalingstekens",
        "while parsing a tag": "in een tekst die met `!` begint",
        "while scanning a tag": "in een tekst die met `!` begint",
        "while scanning a directive": "in een regel die met `%` begint",
        "while scanning an anchor": "bij een `&`",
        "while scanning an alias": "bij een `*`",
    }
)


def problem(english: str) -> Label:
    """What the parser says is wrong."""
    return Label(PROBLEMS.get(english, f"de lezer meldt: {english}"), english)


def context(english: str) -> Label:
    """Where the parser says it was."""
    return Label(CONTEXTS.get(english, f"de lezer meldt: {english}"), english)
