"""The house in which the story is played: a running broker, a system for each party, an auditor, and whoever looks on.

Each verb does one thing over HTTP and shows it. A claim is checked before it is shown; one that is not so ends the demonstration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from audit.note import VerifierKey
from broker.demo.auditor import Auditor
from broker.demo.cast import Words, professional
from broker.demo.partner import Partner, Refused
from broker.demo.people import Resident
from broker.demo.stage import Stage
from broker.demo.steps import Audience, Claim, Deed, Given, Kept, NotSo, Refusal, Rows, Scene, View
from policies.covenant import party_of
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, RoleId


@dataclass(frozen=True, slots=True)
class Answer:
    """A disclosure as it came. `same` is its bytes without what must differ: the exchange's id and its receipt."""

    id: str
    given: Mapping[str, Any]
    withheld: Mapping[str, str]
    receipt: str
    same: bytes

    def value(self, field: str) -> object:
        """The value of a field that was given."""
        return self.given[field]["value"] if field in self.given else None


def answer_of(response: httpx.Response) -> Answer:
    """Read a disclosure.

    Raises:
        Refused: it is a problem.
    """
    if response.is_error:
        raise Refused(response)
    body = response.json()
    # Byte-identical exempts ids, times, signatures, log index and leaf hash; all of them stand in these two members.
    same = response.text.replace(json.dumps(body["id"]), '""').replace(json.dumps(body["receipt"], ensure_ascii=False), '""')
    withheld = {kept["field"]: kept["reason"] for kept in body["withheld"]}
    return Answer(body["id"], body["fields"], withheld, body["receipt"], same.encode())


class House:
    """The verbs of the story. What they return is what the caller got."""

    def __init__(
        self,
        *,
        stage: Stage,
        http: httpx.Client,
        partners: Mapping[PartyId, Partner],
        auditor: Auditor,
        receipt_key: VerifierKey,
        words: Words,
        audience: Audience,
    ) -> None:
        self.stage = stage
        self.http = http
        self.partners = partners
        self.auditor = auditor
        self.receipt_key = receipt_key
        self.words = words
        self.receipts: list[str] = []
        self._audience = audience
        self._scenes = 0

    def scene(self, title: str, why: str, phase: str | None = None) -> None:
        """Begin a scene."""
        self._scenes += 1
        self._audience.scene(Scene(self._scenes, title, why, phase))

    def ladder(self) -> tuple[Phase, ...]:
        """The phases of the story's case type, in order."""
        return tuple(self.words.covenant.case_types[CaseTypeId("serious_nuisance")].ladder)

    def do(self, role: RoleId, does: str, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """Somebody does something that the covenant lets them do."""
        response = self.send(role, path, body)
        if response.is_error:
            raise NotSo(f"the {self.words.role(role)} {does}", str(Refused(response)))
        self._audience.step(Deed(role, self.words.role(role), does, f"POST {path}", response.status_code))
        return response.json() if response.content else None

    def look(self, role: RoleId, case: str, purpose: PurposeId, *fields: str) -> Answer:
        """Somebody asks for fields of a case, and is shown with what they see of it and what they do not."""
        answer = self.ask(role, case, purpose, *fields)
        logged = self.auditor.withheld(answer.id)
        told = answer.withheld
        given = tuple(self._given(name, item) for name, item in answer.given.items())
        kept = tuple(Kept(FieldName(name), self._label(name), told[name], logged.get(name, "")) for name in told)
        self._audience.step(View(role, self.words.role(role), self.words.purpose(purpose), given, kept, answer.id))
        return answer

    def ask(self, role: RoleId, case: str, purpose: PurposeId, *fields: str) -> Answer:
        """The same without showing it."""
        answer = answer_of(self.send(role, disclosures(role), {"case": case, "purpose": purpose, "fields": list(fields)}))
        self.receipts.append(answer.receipt)
        return answer

    def refused(
        self, role: RoleId, tries: str, path: str, body: Mapping[str, Any], expected: tuple[int, str], **headers: str
    ) -> httpx.Response:
        """Somebody tries something and is refused, with this status and problem."""
        response = self.send(role, path, body, **headers)
        self.show_refusal(role, self.words.role(role), tries, f"POST {path}", response, expected)
        return response

    def show_refusal(
        self, role: RoleId | None, who: str, tries: str, request: str, response: httpx.Response, expected: tuple[int, str]
    ) -> None:
        """Show a refusal, if it is the one that is expected."""
        problem = problem_of(response)
        if (response.status_code, problem) != expected:
            raise NotSo(f"whoever {tries} is answered {expected[0]} {expected[1]}", f"{response.status_code} {problem}")
        self._audience.step(Refusal(role, who, tries, request, response.status_code, problem))

    def send(self, role: RoleId, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        """A POST by the professional of a role, through the system of its party."""
        return self.partners[party_of(role)].send(role, professional(role), "POST", path, body, **headers)

    def read(self, role: RoleId, path: str) -> bytes:
        """The bytes of the answer to a GET."""
        return self.partners[party_of(role)].send(role, professional(role), "GET", path).content

    def check(self, says: str, *, so: bool, found: str) -> None:
        """Claim something that has just been looked at.

        Raises:
            NotSo: it is not so.
        """
        if not so:
            raise NotSo(says, found)
        self._audience.step(Claim(says, found))

    def rows(self, title: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
        """Show a small table."""
        self._audience.step(Rows(title, columns, rows))

    def identify(self, role: RoleId, case: str, resident: Resident) -> None:
        """A party confirms that it means this person, under its own reference, which nobody else learns."""
        reference = resident.references[party_of(role)]
        body = {"outcome": "match", "localReference": reference}
        self.do(role, "confirms: this is the person we know", f"/v1/cases/{case}/identifications", body)

    def _given(self, name: str, item: Mapping[str, Any]) -> Given:
        return Given(FieldName(name), self._label(name), item["value"], item["form"], ArticleId(item["article"]))

    def _label(self, name: str) -> str:
        return self.words.field(FieldName(name))


def disclosures(role: RoleId) -> str:
    """Where a role asks: at its own party's door."""
    return f"/v1/connectors/{party_of(role)}/disclosures"


def problem_of(response: httpx.Response) -> str:
    """The slug of a problem (RFC 9457), or the error code of the token endpoint (RFC 6749)."""
    if "json" not in response.headers.get("content-type", ""):
        return "-"
    body = response.json()
    return str(body.get("type") or body.get("error") or "-").rpartition("/")[2]
