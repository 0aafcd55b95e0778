"""A document as one HTML file: no scripts, nothing loaded from elsewhere, and a content security policy that says so.

The page can be saved, mailed and printed as it is. Its only style is its own; the policy in the page names that style by its hash (CSP3
section 8.3), so nothing that a text could bring along would run or load, even if it were not escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from broker.documents.page_parts import Document, Seal, Span, Words, plain, sentence, spans
from broker.documents.wording import sealed
from policies.wording import in_language, say

#: what a style sheet may hold between quotes; ids, versions and hashes hold nothing else
_PRINTABLE = re.compile(r"[^0-9A-Za-z .:·_-]")


@cache
def _templates() -> Environment:
    """The templates of this package; a name that is missing is an error, and every value is escaped."""
    environment = Environment(
        loader=PackageLoader("broker.documents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["kind"] = lambda block: type(block).__name__
    return environment


def html(document: Document, language: str) -> str:
    """The document in one language of `LANGUAGES`, as a whole page."""

    def in_spans(words: Words) -> tuple[Span, ...]:
        return tuple(spans(words, language))

    def in_sentence(words: Words) -> tuple[Span, ...]:
        return tuple(sentence(words, language))

    def in_words(words: Words) -> str:
        return plain(words, language)

    body = template("page_document.html").render(
        document=document,
        language=language,
        spans=in_spans,
        sentence=in_sentence,
        label=in_words,
        sealed=document.particulars or sealed(document.seal),
        **_said(language),
    )
    return frame(plain(document.title, language), language, document.seal, Markup(body))  # noqa: S704 - the template above escaped every value


def template(name: str) -> Template:
    """A template of this package, for a page that is no `Document`; every value is escaped."""
    return _templates().get_template(name)


def frame(title: str, language: str, seal: Seal, body: Markup, *more: Markup) -> str:
    """A page around `body`: head, style, security policy, and on paper the hash and the number of each page.

    `more` are style sheets of its own, made by `sheet`.
    """
    sheets = (sheet("page.css"), _on_paper(seal, language), *more)
    return template("page.html").render(
        title=title, language=language, styles=sheets, policy=content_security_policy(sheets), body=body, **_said(language)
    )


def content_security_policy(styles: Iterable[str]) -> str:
    """A policy under which these style sheets apply and nothing else does anything."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()}'" for sheet in styles)
    return f"default-src 'none'; style-src {hashes}; base-uri 'none'; form-action 'none'"


@cache
def sheet(name: str) -> Markup:
    """A style sheet of this package."""
    loader = _templates().loader
    if loader is None:
        raise AssertionError("unreachable: the templates are made with a loader")
    return Markup(loader.get_source(_templates(), name)[0])  # noqa: S704 - our own style sheet, with nothing filled in


def _on_paper(seal: Seal, language: str) -> Markup:
    """The line at the foot of each sheet, so that a loose one can be laid beside the version it is from."""
    foot = _PRINTABLE.sub("?", f"{seal.covenant} {seal.version} · sha256 {seal.sha256[:16]}")
    page, of = in_language(say("pagina", "page"), language), in_language(say("van", "of"), language)
    return Markup(  # noqa: S704 - every character of `foot` is one of `_PRINTABLE`
        f'@page{{@bottom-left{{content:"{foot}"}}@bottom-right{{content:"{page} " counter(page) " {of} " counter(pages)}}}}'
    )


def _said(language: str) -> dict[str, str]:
    words = {
        "contents": say("Inhoud", "Contents"),
        "skip": say("Direct naar de inhoud", "Skip to the text"),
        "own_language": say("nl", "nl"),
    }
    return {name: in_language(label, language) for name, label in words.items()}
