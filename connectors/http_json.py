"""A party's own REST API: one POST that names the wanted fields, one JSON object with what there is of them.

The question, to the configured URL and nowhere else:

    {"reference": "H-77", "fields": [{"name": "openCases", "form": "bands", "bands": ["0-2", "3+"]}]}

The answer, status 200 and `application/json`; a person the source does not know is an answer without fields:

    {"fields": {"openCases": {"value": "0-2", "form": "bands", "as_of": "2026-03-01"}}}

`form` is `full` where it is left out. The local reference stands in the body, since a URL ends up in logs. An answer with a field that
was not asked is refused as a whole: a source that gives more than it is asked for must be mended, not trimmed in silence.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Any, NoReturn

import httpx

from connectors.bounded_http import UNTIL, BoundedTransport, trusted
from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Wanted
from connectors.values import Unfit, from_json
from policies.vocabulary import FULL, FieldName, FormKind, PartyId, ValueType

_NOTHING: Mapping[FieldName, Item] = MappingProxyType({})
_OK = 200
_STATUS_REASONS = {401: Unavailable.REFUSED, 403: Unavailable.REFUSED, 429: Unavailable.BUSY, 503: Unavailable.BUSY}
_SERVER_ERRORS = range(500, 600)


class HttpJsonSource:
    """Asks a party's API for one person's wanted fields.

    `names` maps the covenant's fields to the API's names; `bearer` gives the credential at each question, so that it can be renewed while
    the broker runs, or None where the API wants none. `client` comes from `open_client`.
    """

    def __init__(
        self,
        name: str,
        holder: PartyId,
        client: httpx.Client,
        url: str,
        names: Mapping[FieldName, str],
        bearer: Callable[[], str] | None,
        *,
        deadline_s: float,
        max_bytes: int,
    ) -> None:
        self._name = name
        self._holder = holder
        self._client = client
        self._url = url
        self._names = names
        self._bearer = bearer
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def holder(self) -> PartyId:
        """The party whose API it is."""
        return self._holder

    def read(self, lookup: Lookup) -> Mapping[FieldName, Item]:
        """Return the wanted fields of the person whose local reference this is.

        Raises:
            ValueError: the lookup is meant for another holder's source.
            SourceUnavailable: as the contract says; a redirect is an answer that is not as agreed.
        """
        if lookup.holder != self._holder:
            raise ValueError(f"expected a lookup of {self._holder}'s fields, found one of {lookup.holder}'s")
        wanted = {self._names[field.field]: field for field in lookup.wanted if field.field in self._names}
        if lookup.local_reference is None or not wanted:
            return _NOTHING
        until = time.monotonic() + min(lookup.deadline_s, self._deadline_s)
        question = {"reference": lookup.local_reference, "fields": [_asked(name, field) for name, field in wanted.items()]}
        try:
            body = self._ask(json.dumps(question).encode(), self._headers(lookup.traceparent), until)
            return _items(_strict_json(body), wanted)
        except httpx.PoolTimeout as error:
            raise SourceUnavailable(self._name, Unavailable.BUSY) from error
        except httpx.TimeoutException as error:
            raise SourceUnavailable(self._name, Unavailable.TIMEOUT) from error
        except httpx.HTTPError as error:
            raise SourceUnavailable(self._name, Unavailable.UNREACHABLE) from error
        except Unfit as error:
            raise SourceUnavailable(self._name, Unavailable.MALFORMED) from error

    def _headers(self, traceparent: str | None) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if traceparent is not None:
            headers["traceparent"] = traceparent
        if self._bearer is not None:
            try:
                headers["Authorization"] = f"Bearer {self._bearer()}"
            except (OSError, ValueError) as error:
                # Without its credential the source would refuse; it is not asked, and the operator sees why in the cause.
                raise SourceUnavailable(self._name, Unavailable.REFUSED) from error
        return headers

    def _ask(self, question: bytes, headers: Mapping[str, str], until: float) -> bytes:
        """Return the answer's bytes: of the agreed status, type and size, before the deadline."""
        timeout = httpx.Timeout(max(until - time.monotonic(), 0.001))  # for a place in the pool, where no step of the network is waited for
        asked = self._client.stream("POST", self._url, content=question, headers=headers, timeout=timeout, extensions={UNTIL: until})
        with asked as response:
            self._check_head(response)
            body = bytearray()
            # Raw bytes, because a small compressed body can unfold into a large one.
            for piece in response.iter_raw():
                body += piece
                if len(body) > self._max_bytes:
                    raise SourceUnavailable(self._name, Unavailable.TOO_LARGE)
            return bytes(body)

    def _check_head(self, response: httpx.Response) -> None:
        status = response.status_code
        if status != _OK:
            otherwise = Unavailable.UNREACHABLE if status in _SERVER_ERRORS else Unavailable.MALFORMED
            raise SourceUnavailable(self._name, _STATUS_REASONS.get(status, otherwise))
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type != "application/json" or response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise SourceUnavailable(self._name, Unavailable.MALFORMED)
        length = response.headers.get("Content-Length", "0")
        # A length that is announced too large is refused before a byte of it is read.
        with suppress(ValueError):
            if int(length) > self._max_bytes:
                raise SourceUnavailable(self._name, Unavailable.TOO_LARGE)


def open_client(*, at_once: int, ca_file: str | None = None) -> httpx.Client:
    """Return a client that follows no redirect, keeps to `UNTIL`, and takes nothing from the process environment: no proxy and no .netrc.

    `ca_file` holds the certificate authorities to trust; without it, the system's.
    """
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    # No cookie is kept: it would tie one person's question to another's.
    cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    transport = BoundedTransport(trusted(ca_file), limits)
    return httpx.Client(cookies=cookies, follow_redirects=False, trust_env=False, transport=transport)


def _asked(name: str, wanted: Wanted) -> dict[str, object]:
    asked: dict[str, object] = {"name": name, "form": wanted.form.kind.value}
    if wanted.form.bands:
        asked["bands"] = list(wanted.form.bands)
    return asked


def _items(answer: object, wanted: Mapping[str, Wanted]) -> Mapping[FieldName, Item]:
    """Return the items of an answer that has exactly the agreed members.

    Raises:
        Unfit: a member is missing, is not known, or was not asked; or a value is not of its type.
    """
    if not isinstance(answer, dict) or set(answer) != {"fields"} or not isinstance(answer["fields"], dict):
        raise Unfit("expected an object with the one member `fields`")
    if not answer["fields"].keys() <= wanted.keys():
        raise Unfit("expected only fields that were asked")
    return MappingProxyType({wanted[name].field: _item(given, wanted[name]) for name, given in answer["fields"].items()})


def _item(given: object, wanted: Wanted) -> Item:
    if not isinstance(given, dict) or "value" not in given or not given.keys() <= {"value", "form", "as_of"}:
        raise Unfit("expected a value, and perhaps its form and date")
    kind = given.get("form", FormKind.FULL.value)
    if kind not in (FormKind.FULL.value, wanted.form.kind.value):
        raise Unfit("expected the full value or the form that was asked")
    form = FULL if kind == FormKind.FULL.value else wanted.form
    value = from_json(given["value"], form, wanted.type)
    as_of = given.get("as_of")
    day = None if as_of is None else from_json(as_of, FULL, ValueType.DATE)
    return Item(value, form, day if isinstance(day, date) else None)


def _strict_json(body: bytes) -> object:
    """Read JSON without what RFC 8259 leaves open: one text in UTF-8, no name twice, no fraction, NaN or infinity, no depth.

    Raises:
        Unfit: it is something else.
    """
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_without_repeats, parse_float=_refuse_number, parse_constant=_refuse_number
        )
    except Unfit:
        raise
    except (ValueError, RecursionError) as error:
        raise Unfit("expected JSON in UTF-8") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unfit("expected each name once")
    return members


def _refuse_number(_: str) -> NoReturn:
    raise Unfit("expected whole numbers only")
