"""Compiled versions: each text is compiled once in a process, and compared with the hash that the parties signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Row

from broker.acceptance import ACCEPT, verify_acceptance
from broker.errors import CovenantAltered, CovenantRefused
from broker.versions.judging import judged
from broker.versions.rows import Answer, accepts
from broker.versions.signing import Keys
from policies.compile import Policy, compile_covenant
from policies.covenant import Party
from policies.errors import PolicyError
from policies.load import load_covenant
from policies.vocabulary import PartyId


class Compiled:
    """What this process has compiled, by hash. `policies` is shared by its threads; a value in it never changes."""

    def __init__(self) -> None:
        self.policies: dict[str, Policy] = {}
        self.judged: set[str] = set()
        self._texts: dict[str, tuple[bytes, bytes]] = {}
        self._sound: dict[tuple[str, date], Policy] = {}
        self._verified: dict[tuple[str, PartyId, str], str] = {}

    def add(self, text: bytes, policy: Policy) -> None:
        """Keep what was just compiled from this text."""
        self._texts[policy.covenant_sha256] = (text, policy.canonical)
        self.policies[policy.covenant_sha256] = policy

    def policy(self, row: Row[Any]) -> Policy:
        """The policy of a version, if its text is the one that its hash says.

        Raises:
            CovenantAltered: text or canonical form were changed after the version was proposed.
        """
        if self._texts.get(row.sha256) == (row.text, row.canonical):
            return self.policies[row.sha256]
        if hashlib.sha256(row.canonical).hexdigest() != row.sha256:
            raise CovenantAltered("the stored canonical form of a covenant does not have the hash that the parties signed")
        # INVARIANT: what decides is compiled from the very text whose canonical form was signed.
        policy = _compiled(row.text)
        if policy.covenant_sha256 != row.sha256:
            raise CovenantAltered("the stored text of a covenant does not have the hash that the parties signed")
        if row.sha256 not in self.policies:
            self.add(row.text, policy)
        return self.policies[row.sha256]

    def sound(self, text: bytes, name: str, today: date) -> Policy:
        """Check a text as the language and the law are today, and run its scenarios; the same text is not checked twice on one day.

        Raises:
            policies.errors.CovenantErrors: it has errors; warnings are not among them.
            CovenantRefused: a scenario fails.
        """
        digest = hashlib.sha256(text).hexdigest()
        if (digest, today) not in self._sound:
            self._sound = {key: policy for key, policy in self._sound.items() if key[1] == today}
            self._sound[digest, today] = judged(text, name, today)
        return self._sound[digest, today]

    def judge(self, policy: Policy) -> None:
        """Ask Casbin about every rule and every field that no rule gives, once per text and process: it fills all masks as well.

        Raises:
            policies.errors.EnforcementError: Casbin does not say what the rules say; nothing of this policy may be used.
        """
        if policy.covenant_sha256 not in self.judged:
            policy.verify_all()
            self.judged.add(policy.covenant_sha256)

    def signed(self, policy: Policy, answers: Iterable[Answer], keys: Keys) -> frozenset[PartyId]:
        """The parties that accepted with one of their keys, and did not leave since."""
        known = accepts(answers, policy.covenant_sha256)
        return frozenset(answer.party for answer in known if self._holds(answer, keys.get(answer.party, frozenset())))

    def standing(self, policy: Policy, answers: Iterable[Answer], keys: Keys, today: date) -> frozenset[PartyId]:
        """Of these the parties that take part today: each may have a day of accession, and a day from which it no longer does."""
        signed, parties = self.signed(policy, answers, keys), policy.covenant.parties
        return frozenset(name for name in signed if _takes_part(parties[name], today))

    def _holds(self, answer: Answer, named: frozenset[str]) -> bool:
        """Whether a stored acceptance is the party's own; an administrator of the database can write a row, and cannot sign it."""
        key = (answer.sha256, answer.party, f"{answer.signed_ms} {answer.jws}")
        if key in self._verified:
            return self._verified[key] in named
        try:
            public_key = json.loads(answer.public_key)
            signed = verify_acceptance(named, answer.sha256, answer.party, ACCEPT, answer.jws, public_key)
        except (CovenantRefused, ValueError):
            return False
        if signed.signed_ms != answer.signed_ms:
            return False
        self._verified[key] = signed.thumbprint
        return True


def _takes_part(party: Party, today: date) -> bool:
    return (party.accession is None or party.accession <= today) and (party.withdrawal is None or today < party.withdrawal)


def _compiled(text: bytes) -> Policy:
    try:
        return compile_covenant(load_covenant(text))
    except PolicyError as error:
        # It was a covenant when it was proposed.
        raise CovenantAltered("the stored text of a covenant is none any more") from error
