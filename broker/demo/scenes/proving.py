"""Scene 9: the log proves all of it, from files alone and to anybody."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from audit.anchor import Anchor
from audit.database import open_copy
from audit.entry import DECISION, FAILED, HOUSE, REFUSED, RELEASE
from audit.receipt import verify_receipt
from audit.tlog_proof import TlogProof
from audit.verdict import Exit, Verdict
from audit.verify import verify
from broker.bootstrap import Broker
from broker.certifying import CERTIFIED
from broker.demo.house import House
from broker.demo.people import MAIN
from broker.demo.steps import short
from policies.vocabulary import RoleId

#: what an administrator with every right might do to the database, after dropping the triggers that forbid it
FORGERIES: Final = {
    "rewrites what the police released": (
        "UPDATE audit_section SET body = CAST(replace(CAST(body AS TEXT), 'incidents.kind', 'incidents.none') AS BLOB) WHERE name = 'core'",
    ),
    "removes an entry from the middle": ("DELETE FROM audit_leaf WHERE idx = 40", "DELETE FROM audit_section WHERE idx = 40"),
    "hides from a search what article 10.1 gave": (
        "DELETE FROM audit_term WHERE kind = 'article' AND value = '10.1'",
        "UPDATE audit_recent SET terms = replace(terms, '\"10.1\"', '\"10.8\"')",
    ),
}
#: names, dates, references and words that went through the broker; numbers of a few digits are left out, since a hash may hold those
MARKED: Final = (
    MAIN.last_name,
    MAIN.address,
    MAIN.birth_date.isoformat(),
    *(reference for reference in MAIN.references.values() if not reference.isdigit()),
    "T. Wulp",
    "mes op de galerij",
    "durft de trap niet",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole story in numbers, and the checkpoint that a partner would keep."""

    exchanges: int
    refusals: int
    entries: int
    receipts: int
    checkpoint: str


def proof(house: House, broker: Broker, case: str) -> Proof:
    """Everything has stopped; only files are left."""
    house.scene(
        "The log proves it",
        "The broker has been stopped. From its files alone: is the log whole, who saw what about this man, and would anybody notice "
        "if an administrator rewrote it?",
    )
    settled = broker.sweeper().sweep(timedelta())
    signed = broker.sweeper().sign()
    verdict = _verified(broker, house.auditor.database)
    name = broker.settings.log_name
    logs = tuple(
        (log.origin.removeprefix(f"{name}/"), str(log.size), str(log.signed_size), f"{log.root.hex()[:16]}…") for log in verdict.logs
    )
    house.rows(f"The logs of {name}, recomputed from the stored entries", ("log", "entries", "signed up to", "root"), logs)
    house.check(
        "the log is whole: `broker audit verify` exits 0",
        so=verdict.exit is Exit.VERIFIED and all(log.size == log.signed_size for log in verdict.logs),
        found=f"verified; exchanges that the kill cut off, now closed as interrupted: {settled.interrupted}",
    )
    decided, *ends = (house.auditor.count(typ) for typ in (DECISION, RELEASE, REFUSED, FAILED))
    house.check(
        "every exchange has exactly one end on the record",
        so=decided == sum(ends) and house.auditor.open_decisions() == 0,
        found="{} released, {} refused, {} failed".format(*ends),
    )
    _who_saw_what(house, broker, case)
    _receipts_hold(house, broker)
    _no_values(house)
    _forgeries_caught(house, broker)
    return Proof(
        exchanges=decided,
        refusals=ends[1],
        entries=sum(log.size for log in verdict.logs),
        receipts=len(house.receipts),
        checkpoint=next(one.note for one in signed if f"/{HOUSE}/" not in one.checkpoint.origin),
    )


def _verified(broker: Broker, database: Path) -> Verdict:
    engine = open_copy(database)
    try:
        keys, anchor = (broker.checkpoint_public_key(),), Anchor(broker.settings.anchor)
        return verify(engine, checkpoint_keys=keys, subject_keys=broker.subjects, anchor=anchor)
    finally:
        engine.dispose()


def _who_saw_what(house: House, broker: Broker, case: str) -> None:
    """What the resident may ask for: to whom which field went, in which form, by which article."""
    seen: dict[RoleId, dict[str, None]] = {}
    articles: dict[RoleId, set[str]] = {}
    times: Counter[RoleId] = Counter()
    for record in house.auditor.of_type(RELEASE, broker.subjects.case_pseudonym(case)):
        if record.core is None or record.actor is None or not record.core.released:
            continue
        role = RoleId(record.actor.role)
        times[role] += 1
        seen.setdefault(role, {}).update(dict.fromkeys(_in_form(field, form) for field, form in record.core.released))
        articles.setdefault(role, set()).update(record.core.articles)
    rows = tuple((f"{house.words.role(role)}, {times[role]}×", _fields(seen[role], articles[role])) for role in seen)
    house.rows("Who saw what about him, from the log alone", ("who, how often", "fields, and the form where it is not full"), rows)
    house.check(
        "nobody saw what no article gives them",
        so=all(article in _articles_for(house, role) for role in seen for article in articles[role]),
        found=f"{times.total()} disclosures to {len(seen)} roles, each by an article that names the role",
    )


def _in_form(field: str, form: str) -> str:
    return field if form == "full" else f"{field} ({short(form)})"


def _fields(seen: Iterable[str], articles: Iterable[str]) -> str:
    ordered = sorted(articles, key=lambda article: [int(part) for part in article.split(".")])
    return f"{', '.join(seen)}; by articles {', '.join(ordered)}"


def _articles_for(house: House, role: RoleId) -> frozenset[str]:
    return frozenset(article.id for article in house.words.covenant.articles if role in article.to)


def _receipts_hold(house: House, broker: Broker) -> None:
    """A partner holds its receipts against the log, with public keys alone."""
    places = [verify_receipt(receipt.encode(), (house.receipt_key,)) for receipt in house.receipts]
    certified = {detail for record in house.auditor.of_type(CERTIFIED, log=HOUSE) if record.core for detail in record.core.details}
    fingerprint = hashlib.sha256(str(house.receipt_key).encode()).hexdigest()
    there = all(house.auditor.leaf_hash(place.id) == place.leaf_hash for place in places)
    house.check(
        "every receipt verifies offline, by a key that the log has certified",
        so=there and ("receipt_key_sha256", fingerprint) in certified,
        found=f"{len(places)} receipts, each for an entry that is there",
    )
    last = places[-1]
    text = str(house.auditor.proof(last.origin, last.index))
    proven = TlogProof.parse(text.encode()).verify(last.leaf_hash, (broker.checkpoint_public_key(),))
    house.check(
        "and leads to the signed checkpoint, whatever the operator says",
        so=proven.origin == last.origin and proven.size > last.index,
        found=f"the last one: entry {last.index} is under the root of {proven.size} entries (C2SP tlog-proof)",
    )


def _no_values(house: House) -> None:
    folder = house.auditor.database.parent
    read = sorted(path for pattern in ("audit", "broker", "keystore", "deposit") for path in folder.glob(f"{pattern}.*"))
    found = [f"{word} in {path.name}" for path in read for word in MARKED if word.encode() in path.read_bytes()]
    house.check(
        "no name, reference or word about him is readable in the broker's databases",
        so=not found,
        found=", ".join(found) or f"{len(MARKED)} marked texts sought in {len(read)} files, log files too: none",
    )


def _forgeries_caught(house: House, broker: Broker) -> None:
    rows: list[tuple[str, ...]] = []
    for name, statements in FORGERIES.items():
        verdict = _verified(broker, _forged(house.auditor.database, statements))
        rows.append((name, str(verdict.exit.value), _told(verdict)))
    house.rows("Three forgeries, each on a copy", ("an administrator", "exit code", "first finding"), tuple(rows))
    caught = all(code == str(Exit.TAMPERED.value) for _, code, _ in rows)
    house.check("every forgery is caught: `broker audit verify` exits 1", so=caught, found="and names the first entry concerned")


def _told(verdict: Verdict) -> str:
    first = verdict.first
    return "none" if first is None else f"entry {first.index}: {first.what} {first.kind}"


def _forged(database: Path, statements: tuple[str, ...]) -> Path:
    copy = database.with_name("tampered.sqlite")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as original, closing(sqlite3.connect(copy)) as forged:
        original.backup(forged)
        triggers = forged.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for statement in (*(f"DROP TRIGGER {name}" for (name,) in triggers), *statements):
            forged.execute(statement)
        forged.commit()
    return copy
