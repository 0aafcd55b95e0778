"""The routes of a browser: sign in, come back from a provider, sign out. Pages and redirects, so they have a document of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict

from audit.errors import AuditError
from broker.api.spec import ANY_SITE
from broker.authenticate import Tally, Unauthenticated, Unproven
from broker.clock import Random
from broker.limits import Limits
from broker.logs import Events
from broker.people import pages
from broker.people.document import DOCUMENT_PATH, LOGOUT_PATH, people_document
from broker.people.errors import Failure, SignInFailed
from broker.people.pending import LASTS_MS, secret
from broker.people.relying import CALLBACK_PATH, ENDED_PATH
from broker.people.signing_in import Answer, SigningIn
from broker.people.visitors import Visitors
from broker.visits import BROWSER, SESSION, CrossSite, cookie_name, cookie_of, csrf_token, set_cookie, visit_of
from policies.vocabulary import PartyId
from policies.wording import LANGUAGES

#: paths of ours to which one goes on after signing in; it is shown as a link and never followed by itself
_OWN_PATH = re.compile(r"/v1(/[A-Za-z0-9_][A-Za-z0-9._~-]*)+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_PATH = 500


@dataclass(frozen=True, slots=True)
class PeopleParts:
    """What these routes are made of; `origin` is the broker's own, `name_of` gives a party's name in the covenant."""

    signing_in: SigningIn
    visitors: Visitors
    tally: Tally
    events: Events
    random: Random
    limits: Limits
    origin: str
    name_of: Callable[[PartyId], str]

    @property
    def session_cookie(self) -> str:
        """The name of the cookie that holds a session's secret."""
        return cookie_name(SESSION, self.origin)

    @property
    def browser_cookie(self) -> str:
        """The name of the cookie that ties a sign-in to the browser that began it."""
        return cookie_name(BROWSER, self.origin)


def blueprint(parts: PeopleParts) -> Blueprint:
    """The pages and what they lead to."""
    routes = Blueprint("people", __name__)
    _come_in(routes, parts)
    _go_out(routes, parts)

    @routes.get(DOCUMENT_PATH, endpoint="document")
    def get_document() -> Response:
        return Response(people_document(parts.origin), headers=ANY_SITE, content_type="application/json")

    return routes


def _come_in(routes: Blueprint, parts: PeopleParts) -> None:
    @routes.get("/sign-in", endpoint="sign_in")
    def sign_in() -> Response:
        language, back_to = _language(), _own_path(request.args)
        try:
            known = parts.signing_in.providers()
            chosen = request.args.get("provider")
            visit = visit_of(request.environ, parts.session_cookie)
            if visit is not None and chosen is None and (page := _signed_in(parts, visit.secret, language, back_to)):
                return page.response()
            if chosen is None and len(known) == 1:
                (chosen,) = known
            if chosen is None:
                choices = [(provider, _address(provider=name, back_to=back_to, language=language)) for name, provider in known.items()]
                return pages.choosing(language, choices, _switched(language, back_to)).response()
            return _begun(parts, chosen, back_to or "", language)
        except SignInFailed as failed:
            return _told(parts, failed, language)

    @routes.get(f"{CALLBACK_PATH}/<provider>", endpoint="callback")
    def callback(provider: str) -> Response:
        language = _language()
        browser, former = (cookie_of(request.environ, name) or "" for name in (parts.browser_cookie, parts.session_cookie))
        told = _once(request.args)
        try:
            pending = parts.signing_in.spend(told.get("state", ""), browser)
            language = pending.language  # the provider's address of us has room for none
            answer = Answer(told.get("code"), told.get("iss"), told.get("error"))
            made = parts.signing_in.finish(pending, provider, answer, former, g.trace)
        except SignInFailed as failed:
            return _told(parts, failed, language)
        except AuditError:
            return _told(parts, SignInFailed(Failure.LOG), language)
        response = _redirect(_address(back_to=pending.back_to, language=language))
        set_cookie(response, parts.origin, SESSION, made)
        return response


def _go_out(routes: Blueprint, parts: PeopleParts) -> None:
    @routes.post("/sign-out", endpoint="sign_out")
    def sign_out() -> Response:
        visit = visit_of(request.environ, parts.session_cookie, request.form.get("csrf", ""))
        provider = None
        if visit is not None:
            try:
                visit.check_site(parts.origin)
                visit.check_token()
            except CrossSite:
                parts.tally.count(Unproven.CROSS_SITE)
                raise
            provider = parts.signing_in.sign_out(visit.secret, g.trace)
        url = None if provider is None else parts.signing_in.end_session_url(provider)
        response = _redirect(url or ENDED_PATH)
        set_cookie(response, parts.origin, SESSION, "", max_age_s=0)
        return response

    @routes.get(ENDED_PATH, endpoint="ended")
    def ended() -> Response:
        language = _language()
        return pages.ended(language, f"{ENDED_PATH}?{urlencode({'lang': _other(language)})}").response()

    @routes.post(f"{LOGOUT_PATH}/<provider>", endpoint="provider_logout")
    def provider_logout(provider: str) -> Response:
        try:
            parts.signing_in.obey_logout(provider, request.form.get("logout_token", ""), g.trace)
        except SignInFailed as failed:
            parts.tally.count(Unproven.SIGN_IN)
            parts.limits.failed(request.environ)
            parts.events.warning("people.logout_refused", reason=failed.failure.value, error=failed.detail)
            return Response('{"error":"invalid_request"}', status=HTTPStatus.BAD_REQUEST, content_type="application/json")
        return Response(status=HTTPStatus.OK)


def _begun(parts: PeopleParts, provider: str, back_to: str, language: str) -> Response:
    """Off to the provider. A browser that is signing in already keeps its cookie, so that two tabs do not undo each other."""
    # Nobody is known yet: an address that begins again and again, and never comes back as anybody, is turned away at the gate.
    parts.limits.failed(request.environ)
    known = cookie_of(request.environ, parts.browser_cookie) or ""
    browser = known if _SECRET.fullmatch(known) else secret(parts.random)
    response = _redirect(parts.signing_in.begin(provider, browser, back_to, language))
    set_cookie(response, parts.origin, BROWSER, browser, max_age_s=LASTS_MS // 1000)
    return response


def _signed_in(parts: PeopleParts, unverified_secret: str, language: str, back_to: str | None) -> pages.Page | None:
    try:
        visitor = parts.visitors.visitor(unverified_secret, g.trace)
    except Unauthenticated:
        return None
    end = parts.signing_in.end_session_url(visitor.provider.name)
    onward = () if end is None else (f"{urlsplit(end).scheme}://{urlsplit(end).netloc}",)
    shown = pages.Shown(visitor, csrf_token(unverified_secret), parts.name_of, back_to)
    return pages.signed_in(language, shown, switch=_switched(language, back_to), form_to=onward)


def _told(parts: PeopleParts, failed: SignInFailed, language: str) -> Response:
    """What went wrong: counted and an event for the operator, and for the person what helps them."""
    unknown = failed.failure in {Failure.UNKNOWN_PERSON, Failure.SECOND_FACTOR}
    parts.tally.count(Unproven.UNKNOWN_PERSON if unknown else Unproven.SIGN_IN)
    parts.limits.failed(request.environ)
    parts.events.warning("people.refused", reason=failed.failure.value, error=failed.detail, trace_id=g.trace.trace_id)
    return pages.failed(language, failed.failure).response()


def _once(arguments: MultiDict[str, str]) -> Mapping[str, str]:
    """What came back. A parameter that is there twice has no one meaning, so it is as if it were not there."""
    return {name: values[0] for name, values in arguments.lists() if len(values) == 1}


def _own_path(arguments: MultiDict[str, str]) -> str | None:
    path = arguments.get("return", "")
    return path if len(path) <= MAX_PATH and _OWN_PATH.fullmatch(path) else None


def _language() -> str:
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    # By the preference of whoever asks: werkzeug would give a later `nl` before an earlier `en-GB`.
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((tag for tag in wanted if tag in LANGUAGES), LANGUAGES[0])


def _other(language: str) -> str:
    return next(one for one in LANGUAGES if one != language)


def _switched(language: str, back_to: str | None) -> str:
    return _address(back_to=back_to, language=_other(language))


def _address(*, language: str, provider: str | None = None, back_to: str | None = None) -> str:
    told = {"lang": language} | ({"provider": provider} if provider else {}) | ({"return": back_to} if back_to else {})
    return f"/sign-in?{urlencode(told)}"


def _redirect(url: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url})
