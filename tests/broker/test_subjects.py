"""Subject keys and pseudonyms: one key per subject, bound to it, and without it nothing can be said about the subject any more."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete, insert, select, update

from audit.errors import SubjectKeyGone, SubjectKeyUnknown, SubjectKeyUnreadable
from broker.clock import new_id
from broker.database import open_engine
from broker.subjects import NONCE_BYTES, Subjects, erasure_order, shredded_key, subject_key
from tests.template import migrated

WRAPPING, PSEUDONYMS = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
def keystore(unmade_url: str) -> Engine:
    migrated(unmade_url, "keystore")
    engine = open_engine(unmade_url)
    yield engine
    engine.dispose()


def opened(keystore: Engine, wrapping: bytes = WRAPPING, pseudonyms: bytes = PSEUDONYMS) -> Subjects:
    return Subjects(keystore, wrapping, pseudonyms, os.urandom)


@pytest.mark.parametrize(("wrapping", "pseudonyms"), [(b"", PSEUDONYMS), (WRAPPING[:31], PSEUDONYMS), (WRAPPING, PSEUDONYMS + b"x")])
def test_a_key_of_another_length_is_refused(wrapping: bytes, pseudonyms: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Subjects(None, wrapping, pseudonyms, os.urandom)


def test_a_subject_that_has_no_key_has_no_pseudonym_either(keystore: Engine) -> None:
    subjects = opened(keystore)
    for ask in (subjects.key, subjects.pseudonym):
        with pytest.raises(SubjectKeyUnknown):
            ask(new_id())


def test_a_key_that_was_destroyed_is_told_from_one_that_never_was_until_its_erasure_is_done(keystore: Engine) -> None:
    ordered, recent, done = (new_id() for _ in range(3))
    with keystore.begin() as connection:
        connection.execute(
            insert(erasure_order),
            {
                "subject": ordered,
                **dict.fromkeys(("order_id", "covenant", "ground", "ordered_by", "role", "party", "fingerprint"), "x"),
                "at_ms": 1,
            },
        )
        connection.execute(insert(shredded_key), {"fingerprint": "a", "key_id": recent, "at_ms": 1})
        connection.execute(insert(shredded_key), {"fingerprint": "b", "key_id": None, "at_ms": 1})
    subjects = opened(keystore)
    for subject in (ordered, recent):
        with pytest.raises(SubjectKeyGone, match="has been destroyed"):
            subjects.key(subject)
    with pytest.raises(SubjectKeyUnknown):
        subjects.key(done)


def test_a_key_that_was_destroyed_is_gone_for_whoever_opens_the_keystore_next(keystore: Engine) -> None:
    subject = new_id()
    opened(keystore).make(subject)
    assert len(opened(keystore).key(subject)) == 32
    with keystore.begin() as connection:
        connection.execute(delete(subject_key))
    with pytest.raises(SubjectKeyGone):
        opened(keystore).key(subject)


def test_another_wrapping_key_opens_nothing(keystore: Engine) -> None:
    subject = new_id()
    opened(keystore).make(subject)
    with pytest.raises(SubjectKeyGone, match="cannot be unwrapped"):
        opened(keystore, wrapping=os.urandom(32)).key(subject)


def test_with_another_wrapping_key_nobody_is_taken_for_erased_and_no_erasure_for_done(keystore: Engine) -> None:
    """A restored keystore, opened with a key that does not fit it: what cannot be opened is not gone."""
    subject = new_id()
    opened(keystore).make(subject)
    erased = opened(keystore).fingerprint(subject)
    wrong = opened(keystore, wrapping=os.urandom(32))
    for ask in (lambda: wrong.fingerprint_if_any(subject), lambda: wrong.destroy_again({erased}, 1)):
        with pytest.raises(SubjectKeyUnreadable, match="cannot be unwrapped"):
            ask()
    assert opened(keystore).destroy_again({erased}, 2) == 1
    with pytest.raises(SubjectKeyGone):
        opened(keystore).key(subject)


def test_a_wrapped_key_that_was_changed_or_lies_in_another_row_does_not_open(keystore: Engine) -> None:
    one, other = new_id(), new_id()
    for subject in (one, other):
        opened(keystore).make(subject)
    with keystore.begin() as connection:
        rows = dict(connection.execute(select(subject_key.c.id, subject_key.c.wrapped)).all())
        connection.execute(update(subject_key).where(subject_key.c.id == one).values(wrapped=rows[other]))
        changed = bytes(rows[other])[:-1] + bytes([bytes(rows[other])[-1] ^ 1])
        connection.execute(update(subject_key).where(subject_key.c.id == other).values(wrapped=changed))
    for subject in (one, other):
        with pytest.raises(SubjectKeyGone):
            opened(keystore).key(subject)


def test_a_subject_that_has_a_key_keeps_it(keystore: Engine) -> None:
    subject = new_id()
    opened(keystore).make(subject)
    first = opened(keystore).key(subject)
    opened(keystore).make(subject)
    assert opened(keystore).key(subject) == first


def test_any_number_that_make_a_key_at_once_make_one(keystore: Engine) -> None:
    subject, subjects = new_id(), opened(keystore)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: subjects.make(subject), range(6)))
    assert len({opened(keystore).key(subject) for _ in range(2)}) == 1


def test_the_key_stands_in_the_keystore_only_wrapped(keystore: Engine) -> None:
    subject = new_id()
    opened(keystore).make(subject)
    key = opened(keystore).key(subject)
    with keystore.connect() as connection:
        wrapped = bytes(connection.execute(select(subject_key.c.wrapped)).scalar_one())
    assert key not in wrapped
    assert AESGCM(WRAPPING).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode()) == key


def test_a_pseudonym_is_of_the_subjects_own_key_and_a_cases_of_the_brokers(keystore: Engine) -> None:
    subject, case, subjects = new_id(), new_id(), opened(keystore)
    subjects.make(subject)
    assert subjects.pseudonym(subject) == hmac.digest(subjects.key(subject), b"covenant-broker/subject/v1", hashlib.sha256)[:16].hex()
    assert subjects.case_pseudonym(case) == hmac.digest(PSEUDONYMS, b"covenant-broker/case/v1\0" + case.encode(), hashlib.sha256)[:16].hex()
    assert re.fullmatch("[0-9a-f]{32}", subjects.pseudonym(subject))
    other = opened(keystore, pseudonyms=os.urandom(32))
    assert other.case_pseudonym(case) != subjects.case_pseudonym(case)
    assert other.pseudonym(subject) == subjects.pseudonym(subject)


def test_no_two_subjects_share_a_pseudonym(keystore: Engine) -> None:
    subjects, ids = opened(keystore), [new_id() for _ in range(20)]
    for subject in ids:
        subjects.make(subject)
    assert len({subjects.pseudonym(subject) for subject in ids} | {subjects.case_pseudonym(subject) for subject in ids}) == 40
