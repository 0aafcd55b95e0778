"""The interface's description as a page to read: no script, nothing loaded from elsewhere, for the keyboard, small screens and paper.

It shows every description that the application serves (`…/openapi.json`, where anybody may read it), so that one that is added is on it.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from markupsafe import Markup

from broker.api.page_schemas import Row, first_example, rows, target
from broker.api.spec import API_VERSION, BASE
from broker.authenticate import PUBLIC
from broker.documents.page import content_security_policy, sheet, template
from broker.problem import PREFIX

NAME = "Covenant broker"
TITLE = f"{NAME}: the interface"
METHODS = ("get", "post", "put", "patch", "delete")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers with success."""

    status: str
    description: str
    media: str
    headers: Sequence[tuple[str, str]]
    members: Sequence[Row]
    example: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem that an operation can answer; `slug` is empty where the description names none."""

    status: str
    slug: str
    says: str


@dataclass(frozen=True, slots=True)
class Described:
    """One operation, as it is read. `id` is its anchor, unlike any other on the page."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    needs: Sequence[str]
    parameters: Sequence[tuple[str, Row]]
    media: str
    members: Sequence[Row]
    body: str
    curl: str
    answers: Sequence[Answer]
    refusals: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations behind one door, or with one subject."""

    name: str
    description: str
    operations: Sequence[Described]


@dataclass(frozen=True, slots=True)
class Description:
    """One document: where it is, and what is in it. `id` is its anchor."""

    id: str
    url: str
    title: str
    text: str
    groups: Sequence[Group]


class Page:
    """The page of an application, made once when it is first asked for."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._made: tuple[str, str] | None = None

    @property
    def html(self) -> str:
        """The page itself."""
        return self._page()[0]

    @property
    def policy(self) -> str:
        """The content security policy that goes with it, as a header."""
        return self._page()[1]

    def _page(self) -> tuple[str, str]:
        with self._lock:
            if self._made is None:
                self._made = _rendered(tuple(_descriptions(self._app)))
            return self._made


def _rendered(descriptions: Sequence[Description]) -> tuple[str, str]:
    sheets = (sheet("page.css"), sheet("interface.css"))
    policy = content_security_policy(sheets)
    body = template("interface.html").render(title=TITLE, version=API_VERSION, descriptions=descriptions, problems=PREFIX)
    page = template("page.html").render(
        title=TITLE,
        language="en",
        styles=sheets,
        policy=policy,
        skip="Skip to the text",
        body=Markup(body),  # noqa: S704 - the template above escaped every value
    )
    return page, f"{policy}; frame-ancestors 'none'"


def _descriptions(app: Flask) -> Iterator[Description]:
    """Ours first, then those with names of other standards."""
    served = [rule for rule in app.url_map.iter_rules() if rule.rule.endswith("/openapi.json") and rule.endpoint in PUBLIC]
    for rule in sorted(served, key=lambda rule: (not rule.rule.startswith(BASE), rule.rule)):
        view: Callable[[], Any] = app.ensure_sync(app.view_functions[rule.endpoint])
        document = json.loads(app.make_response(view()).get_data())
        if document["paths"]:
            yield _description(rule.rule, document)


def _description(url: str, document: Mapping[str, Any]) -> Description:
    said = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    groups: dict[str, list[Described]] = {name: [] for name in said}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = next(iter(methods[method].get("tags", ("",))), "")
                groups.setdefault(tag, []).append(_operation(document, url, method, path, methods[method]))
    info = document["info"]
    shown = tuple(Group(name, said.get(name, ""), tuple(found)) for name, found in groups.items() if found)
    return Description(_anchor(url), url, _heading(info["title"]), info.get("description", ""), shown)


def _anchor(url: str) -> str:
    return url.strip("/").replace("/", "-").removesuffix("-openapi.json")


def _heading(title: str) -> str:
    """What one document is beside the others: each begins with the name that the page has already."""
    own = title.removeprefix(NAME).removeprefix(": ")
    return f"{own[:1].upper()}{own[1:]}" if own else "Systems of parties"


def _operation(document: Mapping[str, Any], url: str, method: str, path: str, operation: Mapping[str, Any]) -> Described:
    server = document["servers"][0]["url"].rstrip("/")
    place = "/" + server.partition("://")[2].partition("/")[2]
    content = operation.get("requestBody", {}).get("content", {})
    media, body = _first(content)
    example = first_example(document, body)
    parameters = [target(document, one) for one in operation.get("parameters", ())]
    return Described(
        id=f"{_anchor(url)}-{operation.get('operationId', method + path)}",
        method=method.upper(),
        path=place.rstrip("/") + path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        needs=_needs(operation),
        parameters=[(one["in"], _parameter(document, one)) for one in parameters],
        media=media,
        members=tuple(rows(document, body.get("schema", {}))),
        body=_shown(example),
        curl=_curl(document, method, server + path, parameters, operation, media, body),
        answers=tuple(_answers(document, operation)),
        refusals=tuple(_refusals(operation)),
    )


def _needs(operation: Mapping[str, Any]) -> Sequence[str]:
    """What opens it, each by itself: the scope of a token, or what a browser has."""
    return [" ".join([*scopes] or [name]) for one in operation.get("security", ()) for name, scopes in one.items() if name != "csrf"]


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Row:
    (row,) = rows(document, {"properties": {parameter["name"]: parameter["schema"]}})
    return Row(row.name, row.kind, required=parameter.get("required", False), says=parameter.get("description", row.says))


def _answers(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Answer]:
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            media, content = _first(response.get("content", {}))
            headers = [(name, header.get("description", "")) for name, header in response.get("headers", {}).items()]
            members = tuple(rows(document, content.get("schema", {})))
            yield Answer(status, response["description"], media, headers, members, _shown(first_example(document, content)))


def _refusals(operation: Mapping[str, Any]) -> Iterator[Refusal]:
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            continue
        slugs = [slug for content in response.get("content", {}).values() for slug in content.get("examples", {})]
        said = dict(part.split(": ", 1) for part in response["description"].split(" · ") if ": " in part)
        for slug in slugs:
            yield Refusal(status, slug, said.get(slug, ""))
        if not slugs:
            yield Refusal(status, "", response["description"])


def _curl(
    document: Mapping[str, Any],
    method: str,
    url: str,
    parameters: Sequence[Mapping[str, Any]],
    operation: Mapping[str, Any],
    media: str,
    body: Mapping[str, Any],
) -> str:
    """The operation as a command, with the values of its example."""
    query, lines = [], []
    for one in parameters:
        value = str(one.get("example", one["name"]))
        if one["in"] == "path":
            url = url.replace(f"{{{one['name']}}}", value)
        elif one["in"] == "query" and one.get("required"):
            enum = one["schema"].get("enum", [value])
            query.append(f"{one['name']}={enum[0]}")
        elif one["in"] == "header" and "example" in one:
            lines.append(f"-H {shlex.quote(one['name'] + ': ' + value)}")
    if any("oauth" in one for one in operation.get("security", ())):
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if media == FORM:
        properties = target(document, body["schema"])["properties"]
        lines += [f"-d {shlex.quote(name + '=' + one.get('enum', ['…'])[0])}" for name, one in properties.items()]
    elif media:
        example = first_example(document, body)
        lines += [f"-H {shlex.quote('Content-Type: ' + media)}", f"-d {shlex.quote(json.dumps(example, ensure_ascii=False))}"]
    asked = "curl" if method == "get" or media else f"curl -X {method.upper()}"
    return " \\\n  ".join([f"{asked} {shlex.quote(url + ('?' + '&'.join(query) if query else ''))}", *lines])


def _first(content: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The media type of a body, and what is said of it; nothing where there is no body."""
    nothing: tuple[str, Mapping[str, Any]] = ("", {})
    return next(iter(content.items()), nothing)


def _shown(example: object) -> str:
    if example is None:
        return ""
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
