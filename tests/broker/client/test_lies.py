# ruff: noqa: ANN401 - changes of any kind
"""A broker that lies, or somebody in between: nothing of such an answer is handed over, and nothing of it is kept as a receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.growth import timestamp
from audit.receipt import ReceiptSigner, verify_receipt
from broker.client import AnswerUnusable, Ask, ReceiptUnusable, Refused
from broker.clock import new_id
from broker.demo.people import MUNICIPALITY, POLICE
from tests.broker.client.conftest import Desk
from tests.broker.client.kit import acting, changed, client_at
from tests.stage import OFFICER

FIELDS = ("complaints.count_12m", "incidents.count_12m", "support.kind")
ASKED = "/disclosures"
Lie = Callable[[dict[str, Any]], Mapping[str, Any]]


def ask(desk: Desk) -> Ask:
    return Ask(desk.case, "end_nuisance", FIELDS)


def receipt_with(desk: Desk, key: Ed25519PrivateKey | None = None, **changes: Any) -> Lie:
    """A receipt of another place or time; signed by the broker's own key, or by another of the same name."""
    signer = desk.house.broker.receipt_signer
    forger = signer if key is None else ReceiptSigner(signer.verifier.name, key)

    def lie(body: dict[str, Any]) -> Mapping[str, Any]:
        told = verify_receipt(body["receipt"].encode(), [signer.verifier])
        return body | {"receipt": forger.sign(replace(told, **changes))}

    return lie


def refuses(desk: Desk, lie: Lie, error: type[Exception], match: str) -> None:
    desk.hands.change = changed(ASKED, lie)
    before = desk.client.store.receipts()
    with pytest.raises(error, match=match) as refused:
        desk.director.ask(ask(desk))
    assert "17" not in str(refused.value)
    assert desk.client.store.receipts() == before


def test_a_receipt_that_somebody_else_signed_is_refused(desk: Desk) -> None:
    refuses(desk, receipt_with(desk, Ed25519PrivateKey.generate()), ReceiptUnusable, "receipt key signed")


@pytest.mark.parametrize("receipt", ["", "x", "covenant-broker/receipt/v1\n", "\ud800", "— x AAAA\n" * 1000])
def test_what_is_no_receipt_is_refused(desk: Desk, receipt: str) -> None:
    refuses(desk, lambda body: body | {"receipt": receipt.encode("utf-8", "replace").decode()}, ReceiptUnusable, "receipt key signed")


def test_a_receipt_of_another_log_is_refused(desk: Desk) -> None:
    for origin in ("covenant-broker.localhost/another/2026", "elsewhere.example/waterstad-noord/2026"):
        refuses(desk, receipt_with(desk, origin=origin), ReceiptUnusable, "log of the disclosure's covenant")
    refuses(
        desk, lambda body: body | {"covenant": body["covenant"] | {"id": "another"}}, ReceiptUnusable, "log of the disclosure's covenant"
    )


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_receipt_of_another_moment_is_refused(desk: Desk, minutes: int) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    origin = f"covenant-broker.localhost/waterstad-noord/{moment.year}"
    refuses(desk, receipt_with(desk, ts=timestamp(moment), origin=origin), ReceiptUnusable, "of this moment")


def test_a_receipt_that_came_with_another_disclosure_is_refused_and_kept_as_evidence(desk: Desk) -> None:
    first = desk.director.ask(ask(desk))
    desk.hands.change = changed(ASKED, lambda body: body | {"receipt": first.receipt})
    with pytest.raises(ReceiptUnusable, match="another is kept"):
        desk.director.ask(ask(desk))
    assert [one.disclosure for one in desk.client.store.receipts()] == [first.id]
    assert desk.client.store.conflicts() == (first.receipt,)


def test_two_disclosures_under_one_id_are_refused(desk: Desk) -> None:
    first = desk.director.ask(ask(desk))
    refuses(desk, lambda body: body | {"id": first.id}, ReceiptUnusable, "another is kept")


def test_a_fresh_receipt_of_somebody_elses_disclosure_is_found_by_the_check(desk: Desk, tmp_path: Path) -> None:
    """At the moment itself nobody can tell; the log's own entry, which hashes to the receipt's leaf, names the disclosure it is of."""
    folder = tmp_path / "police"
    folder.mkdir()
    with client_at(desk.house, POLICE, folder) as police:
        theirs = acting(police, OFFICER).ask(Ask(desk.case, "end_nuisance", ("complaints.count_12m",)))
    desk.hands.change = changed(ASKED, lambda body: body | {"receipt": theirs.receipt})
    mine = desk.director.ask(ask(desk))
    # Whoever keeps to the lie has nothing to show but the true entry of another disclosure.
    told = desk.house.get(OFFICER, f"/v1/connectors/police/disclosures/{theirs.id}/receipt")
    desk.hands.change = changed("/receipt", lambda body: body | told)
    with pytest.raises(ReceiptUnusable, match="found that of another"):
        desk.director.receipts.of(mine.id)
    desk.hands.change = lambda _, answer: answer
    desk.house.broker.sweeper().sign()
    checked = desk.director.receipts.check()
    assert [one.disclosure for one in checked.foreign] == [mine.id]
    assert checked.exit == 1
    # What is true meanwhile: the municipality had an answer without a receipt of its own, and the log counts it.
    assert desk.client.store.checkpoints() == ()


def test_an_entry_that_is_rewritten_to_name_the_disclosure_does_not_hash_to_the_receipt(desk: Desk) -> None:
    mine = desk.director.ask(ask(desk))

    def renamed(body: dict[str, Any]) -> Mapping[str, Any]:
        return body | {"entry": body["entry"].replace('"sec":{"actor":"', '"sec":{"actor":"A')}

    for lie in (renamed, lambda body: body | {"entry": body["entry"].replace(mine.id, new_id())}):
        desk.hands.change = changed("/receipt", lie)
        with pytest.raises(ReceiptUnusable):
            desk.director.receipts.of(mine.id)
    forged = '{"id":"%s","log":"%s","ref":"%s","sec":{},"ts":"%s","typ":"exchange.release","v":1}'
    at = mine.position
    desk.hands.change = changed("/receipt", lambda body: body | {"entry": forged % (at.id, at.origin, mine.id, at.ts)})
    with pytest.raises(ReceiptUnusable, match="the entry that it is of"):
        desk.director.receipts.of(mine.id)
    for nonsense in ("", "{}", "[" * 100_000, "é"):
        desk.hands.change = changed("/receipt", lambda body, text=nonsense: body | {"entry": text})
        with pytest.raises(AnswerUnusable):
            desk.director.receipts.of(mine.id)
    desk.hands.change = lambda _, answer: answer
    assert desk.director.receipts.of(mine.id) == mine.receipt


def test_a_field_that_was_not_asked_is_refused_with_all_that_came_with_it(desk: Desk) -> None:
    def more(body: dict[str, Any]) -> Mapping[str, Any]:
        return body | {"fields": body["fields"] | {"arrears.months": body["fields"]["complaints.count_12m"]}}

    refuses(desk, more, AnswerUnusable, "only fields that were asked")


def test_a_field_that_is_in_neither_list_or_in_both_is_refused(desk: Desk) -> None:
    refuses(desk, lambda body: body | {"withheld": []}, AnswerUnusable, "every field that was asked, once")
    twice = {"field": "complaints.count_12m", "reason": "not_given"}
    refuses(desk, lambda body: body | {"withheld": [*body["withheld"], twice]}, AnswerUnusable, "every field that was asked, once")
    refuses(desk, lambda body: body | {"withheld": [body["withheld"][0]] * 2}, AnswerUnusable, "every field that was asked, once")


def test_an_answer_about_another_case_is_refused(desk: Desk) -> None:
    refuses(desk, lambda body: body | {"case": desk.case[:-1] + "x"}, AnswerUnusable, "the case that was asked about")


@pytest.mark.parametrize("member", ["id", "case", "covenant", "fields", "withheld", "unavailable", "receipt"])
def test_a_member_that_is_missing_or_of_another_kind_is_named_without_what_stood_there(desk: Desk, member: str) -> None:
    refuses(
        desk,
        lambda body: {name: value for name, value in body.items() if name != member},
        AnswerUnusable,
        f"expected the member `{member}`",
    )
    refuses(desk, lambda body: body | {member: 17}, AnswerUnusable, rf"answer\.{member}: expected")


@pytest.mark.parametrize("member", ["value", "form", "article", "source", "asOf"])
def test_so_is_one_of_a_field(desk: Desk, member: str) -> None:
    def without(body: dict[str, Any]) -> Mapping[str, Any]:
        fields = {name: {key: one[key] for key in one if key != member} for name, one in body["fields"].items()}
        return body | {"fields": fields}

    refuses(desk, without, AnswerUnusable, f"expected the member `{member}`")
    refuses(desk, lambda body: body | {"fields": {"complaints.count_12m": {"value": {"a": 17}}}}, AnswerUnusable, "expected text")


def test_what_is_not_known_here_is_passed_over(desk: Desk) -> None:
    desk.hands.change = changed(
        ASKED, lambda body: body | {"new": {"a": [1]}, "fields": {n: v | {"more": 1} for n, v in body["fields"].items()}}
    )
    assert desk.director.ask(ask(desk)).value("complaints.count_12m") == 17


def answer(status: int, body: bytes, **headers: str) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, given: httpx.Response(status, headers=told, content=body) if request.url.path.endswith(ASKED) else given


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (answer(302, b"", Location="https://elsewhere.example/"), "found a redirect"),
        (answer(200, b"{}", Content_Type="text/html"), "expected application/json"),
        (answer(200, b"{", Content_Type="application/json"), "expected JSON"),
        (answer(200, b"[]", Content_Type="application/json"), "expected an object"),
        (answer(200, b"[" * 100_000, Content_Type="application/json"), "expected JSON"),
        (answer(200, b'{"id": NaN}', Content_Type="application/json"), "expected JSON"),
        (answer(200, b'{"id": "a", "id": "b"}', Content_Type="application/json"), "expected JSON"),
        (answer(200, b'{"id": "\xff"}', Content_Type="application/json"), "expected JSON"),
        (answer(200, b"{}", Content_Type="application/json", Content_Encoding="br"), "not compressed"),
        (answer(200, b" " * (4 * 1024 * 1024 + 1), Content_Type="application/json"), "at most"),
        (answer(404, b"<html>nginx</html>", Content_Type="text/html"), "found status 404 in another type"),
        (answer(500, b"17", Content_Type="application/json"), "found status 500 in another type"),
    ],
)
def test_an_answer_that_is_none_of_the_interface_is_refused(desk: Desk, change: Any, match: str) -> None:
    desk.hands.change = change
    with pytest.raises(AnswerUnusable, match=match):
        desk.director.ask(ask(desk))
    assert desk.client.store.receipts() == ()


def test_nothing_is_sent_to_where_a_redirect_points(desk: Desk) -> None:
    desk.hands.change = answer(307, b"", Location="https://elsewhere.example/")
    with pytest.raises(AnswerUnusable):
        desk.director.ask(ask(desk))
    assert {one.url.host for one in desk.hands.seen} == {"127.0.0.1"}


def test_a_refusal_is_the_brokers_own_words_and_nothing_more(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.director.ask(Ask(desk.case, "end_nuisance", ("support.kind",)))
    assert (refused.value.problem.slug, refused.value.problem.status) == ("unauthorized-field", 403)
    assert refused.value.problem.trace_id is not None
    assert refused.value.problem.trace_id in str(refused.value)


def test_neither_token_nor_value_is_in_what_is_printed_of_anything(desk: Desk) -> None:
    disclosure = desk.director.ask(ask(desk))
    token = desk.director.token()
    assert disclosure.value("complaints.count_12m") == 17
    shown = repr((disclosure, desk.client.store.receipts(), desk.client.tokens.__dict__, desk.hands.seen))
    assert "17" not in repr(disclosure.fields["complaints.count_12m"])
    assert "value" not in repr(disclosure)
    assert token not in shown
    desk.hands.change = lambda _, __: (_ for _ in ()).throw(httpx.ReadTimeout("x"))
    with pytest.raises(Exception, match="ReadTimeout") as failed:
        desk.director.cases.one(desk.case)
    assert token not in "".join(map(repr, (failed.value, failed.value.__cause__, failed.value.args)))


def test_the_store_has_no_value_and_no_token(desk: Desk, tmp_path: Path) -> None:
    desk.director.ask(Ask(desk.case, "end_nuisance", ("complaints.last_on", "complaints.count_12m")))
    disclosure = desk.director.ask(ask(desk))
    octets = b"".join(path.read_bytes() for path in tmp_path.glob(f"{MUNICIPALITY}.receipts.sqlite*"))
    assert disclosure.receipt.splitlines()[4].encode() in octets
    assert desk.director.token().encode() not in octets
    # Not the band alone: three characters stand in many an id.
    assert not {quoted for quoted in (b'"3-9"', b'"value"') if quoted in octets}
