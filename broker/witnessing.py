"""Bringing our checkpoints to the witnesses (C2SP tlog-witness), and saying so loudly when too few of them answer.

Each witness has a thread of its own: one that is slow, down or hostile holds up neither the signing nor the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.checkpoint import parse_number
from audit.checkpoints import Newest, newest_of_all
from audit.cosignature import CosignerKey
from audit.cosigned import keep_cosignatures, last_cosigned
from audit.database import snapshot
from audit.errors import AuditError, NoteMalformed
from audit.merkle import consistency_proof
from audit.proofs import stored_nodes
from audit.witness_request import AddCheckpoint
from broker.clock import Clock
from broker.logs import Events
from broker.witnessing_http import Answer, PeerFailed, ask, open_client
from broker.witnessing_policy import Quorum

#: how often a thread looks for a new checkpoint, and how long it leaves a witness alone that failed, in seconds
LOOK_S = 5.0
FAILED_S = 60.0
#: a log that does not grow is cosigned again after this long: a partner sees that what it has is still the newest
RENEW_S = 3600
#: how often the age of the quorum is looked at, and how often the same alarm is given again
ALARM_S = 60.0
ALARM_AGAIN_S = 3600.0
#: a single round (`broker worker --once`) waits this long for all witnesses together
ONCE_S = 30.0

OK, CONFLICT = 200, 409

#: sends a body to a URL
Post = Callable[[str, bytes], Answer]


class Witnessing:
    """The threads of one worker; nothing runs before `start` or `once`."""

    def __init__(self, engine: Engine, quorum: Quorum, *, clock: Clock, events: Events) -> None:
        self._engine = engine
        self._quorum = quorum
        self._clock = clock
        self._events = events
        policy = quorum.policy
        self._witnesses = (
            () if policy is None else tuple((n, key, policy.urls[n]) for n, key in policy.witnesses.items() if n in policy.urls)
        )
        self._alarmed: dict[str, datetime] = {}

    def start(self, stop: threading.Event) -> None:
        """Go on until `stop`; the threads end with the process."""
        for name, key, url in self._witnesses:
            threading.Thread(target=self._run, args=(stop, name, key, url), daemon=True, name=f"witness-{name}").start()
        if self._quorum.policy is not None:
            threading.Thread(target=self._watch, args=(stop,), daemon=True, name="quorum").start()

    def once(self, wait_s: float = ONCE_S) -> None:
        """One round with every witness at once, and one look at the quorum; who has not answered by then is left."""
        threads = [threading.Thread(target=self._round, args=one, daemon=True) for one in self._witnesses]
        for thread in threads:
            thread.start()
        until = time.monotonic() + wait_s
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.alarm()

    def submit(self, name: str, key: CosignerKey, url: str, post: Post) -> int:
        """Bring one witness what it has not cosigned yet; how many cosignatures came back and hold.

        Raises:
            PeerFailed, audit.errors.AuditError, sqlalchemy.exc.SQLAlchemyError: the rest waits for the next round.
        """
        came = refused = 0
        for log in self._due(key):
            answer = self._offer(name, key, url, log, post)
            if answer is None:
                refused += 1
                continue
            with self._engine.begin() as connection:
                lines = answer.body.decode("utf-8", errors="strict")
                found = keep_cosignatures(connection, log.log_id, log.size, lines, witnesses=(key,), now=self._clock())
            if not found:
                raise PeerFailed("no_cosignature")
            came += 1
            self._events.info("witness.cosigned", origin=log.origin, index=log.size, source=name)
        if refused:
            raise PeerFailed("refused")
        return came

    def alarm(self) -> None:
        """Say which logs have gone too long without their witnesses; each again after an hour."""
        try:
            missing = self._quorum.missing()
        except (AuditError, SQLAlchemyError) as error:
            self._events.error("witness.quorum_unknown", error=type(error).__name__)
            return
        now = self._clock()
        self._alarmed = {origin: at for origin, at in self._alarmed.items() if origin in missing}
        for origin, age in missing.items():
            last = self._alarmed.get(origin)
            if last is None or (now - last).total_seconds() >= ALARM_AGAIN_S:
                self._alarmed[origin] = now
                self._events.error("witness.quorum_missing", origin=origin, ms=int(age.total_seconds() * 1000))

    def _due(self, key: CosignerKey) -> tuple[Newest, ...]:
        now = self._clock()
        with snapshot(self._engine) as connection:
            return tuple(log for log in newest_of_all(connection) if _is_due(log, *last_cosigned(connection, log.log_id, key), now))

    def _offer(self, name: str, key: CosignerKey, url: str, log: Newest, post: Post) -> Answer | None:
        """What the witness said to a checkpoint; None where it refused, which has been told."""
        with snapshot(self._engine) as connection:
            old = min(last_cosigned(connection, log.log_id, key)[0], log.size)
        for _ in range(2):
            answer = post(url, bytes(self._request(log, old)))
            if answer.status != CONFLICT:
                break
            old = _told_size(answer)
            if old > log.size:
                # It cosigned a larger tree of ours: this database is a restored backup, or somebody else signs with our key.
                self._events.error("witness.ahead", origin=log.origin, index=log.size, source=name)
                return None
        if answer.status != OK:
            self._events.error("witness.refused", origin=log.origin, index=log.size, source=name, status=answer.status)
            return None
        return answer

    def _request(self, log: Newest, old: int) -> AddCheckpoint:
        with snapshot(self._engine) as connection:
            proof = consistency_proof(old, log.size, stored_nodes(connection, log.log_id)) if old else ()
        return AddCheckpoint(old, proof, log.note.encode())

    def _round(self, name: str, key: CosignerKey, url: str) -> bool:
        target = f"{url.rstrip('/')}/add-checkpoint"
        try:
            with open_client() as client:
                self.submit(name, key, target, lambda to, body: ask(client, "POST", to, body))
        except Exception as error:  # noqa: BLE001 - a thread that ended would leave its witness alone until the next start, unseen
            reason = {"reason": str(error)} if isinstance(error, PeerFailed) else {}
            self._events.warning("witness.failed", source=name, error=type(error).__name__, **reason)
            return False
        return True

    def _run(self, stop: threading.Event, name: str, key: CosignerKey, url: str) -> None:
        while not stop.wait(LOOK_S):
            if not self._round(name, key, url):
                stop.wait(FAILED_S)

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(ALARM_S):
            self.alarm()


def _is_due(log: Newest, size: int, at_s: int, now: datetime) -> bool:
    return size < log.size or (log.year >= now.year and now.timestamp() - at_s >= RENEW_S)


def _told_size(answer: Answer) -> int:
    try:
        return parse_number("size", answer.body[:21].decode("ascii").removesuffix("\n"))
    except (NoteMalformed, UnicodeDecodeError) as error:
        raise PeerFailed("no_size") from error
