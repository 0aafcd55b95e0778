"""The few pages that a browser sees, in Dutch and English: no script, nothing loaded from elsewhere, one style, which its policy names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from broker.documents.page import sheet
from broker.people import words
from broker.people.errors import Failure
from broker.people.roll import Provider
from broker.people.visitors import Visitor
from policies.vocabulary import PartyId
from policies.wording import LANGUAGES, Label, in_language

HTML = "text/html; charset=utf-8"
_ZONE = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Link:
    """A link, in words or with words after it."""

    url: str
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    """What a door is for, and where one begins behind it."""

    heading: str
    words: str
    links: tuple[Link, ...] = ()


_SESSION = (Link("/v1/session", ""),)


@dataclass(frozen=True, slots=True)
class Shown:
    """A session that is shown to whose it is: with its token, a name for each party, and the path that they were going to."""

    visitor: Visitor
    token: str
    name_of: Callable[[PartyId], str]
    back_to: str | None


@dataclass(frozen=True, slots=True)
class SignOut:
    """The form that ends a session."""

    token: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one language; `switch` is the address of the same page in the other, `form_to` the origins that its form may end at."""

    language: str
    title: Label
    paragraphs: tuple[Label, ...] = ()
    notice: bool = False
    terms: tuple[tuple[Label, str], ...] = ()
    sections: tuple[Section, ...] = ()
    choices: tuple[Link, ...] = ()
    sign_out: SignOut | None = None
    switch: str | None = None
    form_to: tuple[str, ...] = ()
    status: HTTPStatus = HTTPStatus.OK

    def response(self) -> Response:
        """The answer, whatever was in it escaped."""
        other = next(language for language in LANGUAGES if language != self.language)
        text = (
            _environment()
            .get_template("page.html")
            .render(
                language=self.language,
                title=self._say(self.title),
                style=_style(),
                switch=None if self.switch is None else {"url": self.switch, "language": other, "name": in_language(words.OWN_NAME, other)},
                paragraphs=[self._say(paragraph) for paragraph in self.paragraphs],
                notice=self.notice,
                terms=[(self._say(name), meaning) for name, meaning in self.terms],
                sections=self.sections,
                choices=self.choices,
                sign_out=self.sign_out,
            )
        )
        headers = {
            "Content-Security-Policy": _policy(self.form_to),
            "Content-Language": self.language,
            "Vary": "Accept-Language, Cookie",
            # With `no-referrer` a browser would send its own origin as `null` along with the form.
            "Referrer-Policy": "same-origin",
        }
        return Response(text, status=self.status, headers=headers, content_type=HTML)

    def _say(self, label: Label) -> str:
        return in_language(label, self.language)


def choosing(language: str, providers: Iterable[tuple[Provider, str]], switch: str) -> Page:
    """Where one signs in: a button for each provider, with the address that begins there."""
    links = tuple(Link(url, in_language(words.sign_in_with(one.label), language)) for one, url in providers)
    paragraphs = (words.FOR_WHOM, words.AT_PROVIDER) if links else (words.NOBODY_SIGNS_IN,)
    return Page(language, words.SIGN_IN, paragraphs, choices=links, switch=switch)


def signed_in(language: str, shown: Shown, *, switch: str, form_to: tuple[str, ...]) -> Page:
    """Who one is signed in as, what that opens, and how to go on."""
    visitor = shown.visitor
    until = words.until(_moment(visitor.ends_ms), visitor.limits.idle_s // 60)
    terms = (
        (words.PROVIDER, in_language(visitor.provider.label, language)),
        (words.NAME_IN_LOG, visitor.session.pseudonym),
        (words.UNTIL, in_language(until, language)),
    )
    sections = tuple(
        Section(
            in_language(words.DOORS[door], language),
            in_language(words.duty_at(duty.kind, shown.name_of(duty.party), words.OPENS[door]), language),
            tuple(Link(url, in_language(meaning, language)) for url, meaning in words.BEGINNINGS[door]),
        )
        for door, duty in visitor.doors.items()
    )
    onward = () if shown.back_to is None else (Link(shown.back_to, in_language(words.go_on(shown.back_to), language)),)
    return Page(
        language,
        words.SIGNED_IN,
        (words.ON_RECORD,),
        terms=terms,
        sections=(*sections, Section(in_language(words.HOW_TO_GO_ON, language), in_language(words.PROGRAMS, language), _SESSION)),
        choices=onward,
        sign_out=SignOut(shown.token, in_language(words.SIGN_OUT, language)),
        switch=switch,
        form_to=form_to,
    )


def failed(language: str, failure: Failure) -> Page:
    """Why nobody is signed in, as far as that helps the person; and how to try again."""
    title, explained = words.FAILURES[failure]
    again = (Link("/sign-in", in_language(words.TRY_AGAIN, language)),)
    return Page(language, title, (explained,), notice=True, choices=again, status=_STATUS.get(failure, HTTPStatus.BAD_REQUEST))


def ended(language: str, switch: str) -> Page:
    """That one is signed out."""
    again = (Link("/sign-in", in_language(words.SIGN_IN_AGAIN, language)),)
    return Page(language, words.SIGNED_OUT, (words.SIGNED_OUT_HERE,), choices=again, switch=switch)


_STATUS = {
    Failure.UNKNOWN_PERSON: HTTPStatus.FORBIDDEN,
    Failure.SECOND_FACTOR: HTTPStatus.FORBIDDEN,
    Failure.PROVIDER: HTTPStatus.SERVICE_UNAVAILABLE,
    Failure.LOG: HTTPStatus.SERVICE_UNAVAILABLE,
}


@cache
def _environment() -> Environment:
    """The templates of this package; a name that is missing is an error, and every value is escaped."""
    loader = PackageLoader("broker.people", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _style() -> Markup:
    own = PackageLoader("broker.people", "templates").get_source(_environment(), "people.css")[0]
    return sheet("page.css") + Markup(own)  # noqa: S704 - our own style sheet, with nothing filled in


def _policy(form_to: tuple[str, ...]) -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    forms = " ".join(("'self'", *form_to))
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(_ZONE).strftime("%d-%m-%Y %H:%M")
