"""From bytes to a covenant: every mistake at once, each with its line and column.

Four passes, each over what the one before could read: the document (policies.document), its shape (policies.schema), the names that must be
defined somewhere, and what the words mean together (policies.meaning).
"""

from __future__ import annotations

from dataclasses import replace

from policies.covenant import Covenant
from policies.document import Mistakes, read_document
from policies.errors import CovenantErrors
from policies.meaning import contradictions
from policies.reading import Reading, Wrong
from policies.schema import COVENANT
from policies.values import Places, read_only


def load_covenant(text: bytes, name: str = "covenant.yaml") -> Covenant:
    """Read a covenant; `name` is what the file is called in messages.

    Raises:
        CovenantErrors: there are mistakes; all of them are in it.
    """
    mistakes = Mistakes(name)
    document = read_document(text, mistakes)
    reading = Reading(mistakes)
    covenant = COVENANT.read(document, (), reading)
    reading.resolve()
    if isinstance(covenant, Wrong):
        raise CovenantErrors(mistakes.findings)
    covenant = replace(covenant, places=Places(name, read_only(reading.values), read_only(reading.keys)))
    for finding in contradictions(covenant):
        mistakes.add((finding.line, finding.column), finding.code, finding.message, finding.hint, finding.law)
    mistakes.end()
    return covenant
