"""Reading the roll's text, with every mistake at its line and column. docs/how-to/sign-in-of-people.md shows it whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from broker.authenticate import FOR_PEOPLE, Door
from broker.config import loopback, whole
from broker.key_files import KeyDirectoryError, check_private
from broker.people.errors import RollMistakes
from broker.people.roll import OPENS, Duty, Kind, Limits, Provider, Pseudonyms, Roll, SecondFactor
from connectors.registry.config import Place
from connectors.registry.yaml_nodes import Mistakes, Table, compose
from policies.vocabulary import PartyId
from policies.wording import Label

T = TypeVar("T")

VERSION = "1"
MAX_SECRET_BYTES = 64 * 1024
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
_PARTY = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
#: OpenID Connect Core section 2: at most 255 ASCII characters
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
#: the claims in which providers say how somebody signed in
_FACTOR_CLAIMS = ("acr", "acrs", "amr")
_UNSTATED = "unstated"
_DOORS = {door.name.lower(): door for door in Door if door in FOR_PEOPLE}


def load_roll(text: bytes, path: Path, pseudonyms: Pseudonyms) -> Roll:
    """Read the text of a roll; files that it names stand beside it.

    Raises:
        RollMistakes: every mistake in it, one per line as `file:line:column: error: message (hint)`.
    """
    mistakes = Mistakes(str(path), RollMistakes)
    page = compose(text, mistakes, "`version`, `providers` and `duties`")
    version = page.text("version")
    if version not in (None, VERSION):
        mistakes.add(page.place_of("version"), f"expected version {VERSION}, found `{version}`")
    reader = _Reader(path.parent, pseudonyms, mistakes)
    limits = reader.limits(page.table("sessions", required=False))
    providers, duties = page.table("providers"), page.table("duties")
    page.finish()
    known = (
        {one.name: one for key, table in providers.tables() if (one := reader.provider(key.text, key.place, table))} if providers else {}
    )
    given = [duty for key, table in duties.tables() if (duty := reader.duty(key.text, key.place, table, known))] if duties else []
    if providers is not None and providers.empty:
        mistakes.add(providers.place, "expected at least one provider")
    mistakes.raise_if_any()
    return Roll(hashlib.sha256(text).hexdigest(), limits, MappingProxyType(known), tuple(given))


class _Reader:
    """Reads the tables of one file; what is wrong is noted and gives None."""

    def __init__(self, folder: Path, pseudonyms: Pseudonyms, mistakes: Mistakes) -> None:
        self._folder = folder
        self._pseudonyms = pseudonyms
        self._mistakes = mistakes

    def limits(self, table: Table | None) -> Limits:
        """How long sessions last; the defaults where nothing is said."""
        if table is None:
            return Limits()
        idle = table.parsed("idle_s", whole(60, 4 * 3600), Limits().idle_s)
        longest = table.parsed("longest_s", whole(300, 24 * 3600), Limits().longest_s)
        table.finish()
        if idle > longest:
            self._mistakes.add(table.place_of("idle_s"), "expected `idle_s` to be no more than `longest_s`")
        return Limits(idle, longest)

    def provider(self, name: str, place: Place, table: Table) -> Provider | None:
        """One provider."""
        self._check_name(name, place)
        issuer = self._required(table, "issuer", _issuer)
        client_id = self._required(table, "client_id", _subject)
        label = self._label(name, table.table("label", required=False))
        parties = frozenset(PartyId(each) for each in self._words(table, "vouches_for", _party))
        groups = table.optional("groups")
        key, secret = (self._private_file(table, member) for member in ("key", "secret"))
        if ("key" in table) == ("secret" in table):
            self._mistakes.add(place, "expected either `key` or `secret`", "a key (private_key_jwt) where the provider takes one")
        factor = self._second_factor(table.table("second_factor"))
        table.finish()
        if issuer is None or client_id is None:
            return None
        return Provider(name, issuer, client_id, label, parties, key, secret, factor, groups)

    def duty(self, name: str, place: Place, table: Table, providers: dict[str, Provider]) -> Duty | None:
        """One line of who has which duty."""
        self._check_name(name, place)
        provider = providers.get(table.text("provider") or "")
        if provider is None and "provider" in table:
            self._mistakes.add(table.place_of("provider"), "expected one of `providers`", f"known here: {', '.join(providers) or 'none'}")
        party = self._required(table, "party", _party)
        if provider is not None and party is not None and party not in provider.vouches_for:
            self._mistakes.add(table.place_of("party"), f"expected a party that `{provider.name}` vouches for, found `{party}`")
        kind = self._required(table, "kind", _kind)
        opens = frozenset(self._words(table, "opens", _door))
        for door in sorted(opens - (OPENS[kind] if kind else opens)):
            self._mistakes.add(table.place_of("opens"), f"expected doors that such a duty opens, found {door.name.lower()}")
        subject = self._optional(table, "sub", _subject)
        group = table.optional("group")
        if ("sub" in table) == ("group" in table):
            self._mistakes.add(place, "expected either `sub`, one person, or `group`")
        if group is not None and provider is not None and provider.groups is None:
            self._mistakes.add(table.place_of("group"), f"expected `groups` at the provider `{provider.name}`, found nothing")
        table.finish()
        if (
            provider is None
            or party is None
            or kind is None
            or not opens
            or not opens <= OPENS[kind]
            or (subject is None) == (group is None)
        ):
            return None
        pseudonym = None if subject is None else self._pseudonyms.of(provider.issuer, subject)
        return Duty(name, provider.name, PartyId(party), kind, opens, pseudonym, group)

    def _second_factor(self, table: Table | None) -> SecondFactor | None:
        """The claim that says it; None where the provider asks everybody and does not say so, which the file then says instead."""
        if table is None:
            return None
        found = [(claim, tuple(value.text for value in table.listed(claim))) for claim in _FACTOR_CLAIMS if claim in table]
        unstated = table.optional(_UNSTATED)
        table.finish()
        if len(found) + (unstated == "true") != 1 or unstated not in {None, "true"}:
            expected = f"expected one of {', '.join(_FACTOR_CLAIMS)} with its values, or `{_UNSTATED}: true`"
            self._mistakes.add(table.place, expected, "it is true where the provider asks everybody for two factors and does not say so")
            return None
        if not found:
            return None
        if not found[0][1]:
            self._mistakes.add(table.place_of(found[0][0]), "expected at least one value")
        return SecondFactor(*found[0])

    def _label(self, name: str, table: Table | None) -> Label:
        if table is None:
            return Label(name, name)
        nl, en = table.text("nl"), table.text("en")
        table.finish()
        return Label(nl or name, en or name)

    def _private_file(self, table: Table, member: str) -> Path | None:
        """A key or a secret in a file of its own, beside the roll or elsewhere; looked at now, read when it is used."""
        named = table.optional(member)
        if named is None:
            return None
        path = self._folder / named
        try:
            read_credential(path, key=member == "key")
        except (KeyDirectoryError, ValueError, OSError) as error:
            told = str(error) if isinstance(error, KeyDirectoryError | ValueError) else type(error).__name__
            self._mistakes.add(table.place_of(member), told)
        return path

    def _check_name(self, name: str, place: Place) -> None:
        if not _NAME.fullmatch(name):
            self._mistakes.add(place, f"expected a name of lower-case words, found `{name}`")

    def _words(self, table: Table, key: str, read: Callable[[str], T]) -> Iterator[T]:
        scalars = table.listed(key)
        if not scalars and key in table:
            self._mistakes.add(table.place_of(key), f"expected at least one word for `{key}`")
        for scalar in scalars:
            try:
                yield read(scalar.text)
            except ValueError as error:
                self._mistakes.add(scalar.place, str(error))

    def _required(self, table: Table, key: str, read: Callable[[str], T]) -> T | None:
        if key not in table:
            table.text(key)  # notes that it is missing
        return self._optional(table, key, read)

    def _optional(self, table: Table, key: str, read: Callable[[str], T]) -> T | None:
        none: T | None = None
        return table.parsed(key, read, none) if key in table else None


def read_credential(path: Path, *, key: bool) -> bytes:
    """A private key or a client secret, from a file that nobody else may read.

    Raises:
        KeyDirectoryError: it is not there, or open to others.
        ValueError: it is no private RSA key, or an empty secret.
    """
    check_private(path, directory=False, hint="")
    content = path.read_bytes()[: MAX_SECRET_BYTES + 1].strip()
    if not content or len(content) > MAX_SECRET_BYTES:
        raise ValueError(f"expected one secret in `{path.name}`")
    if key:
        client_key(content)
    return content


def client_key(content: bytes) -> RSAKey:
    """The private key in a credential: a JWK, or PKCS #8 in PEM.

    Raises:
        ValueError: it is no private RSA key.
    """
    try:
        key = RSAKey.import_key(json.loads(content) if content.startswith(b"{") else content)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ValueError("expected a private key: RSA, as a JWK or as PKCS #8 in PEM") from error
    if not key.is_private:
        raise ValueError("expected the private half of an RSA key")
    return key


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    usable = parts.hostname and not (parts.query or parts.fragment or parts.username or parts.password)
    if not usable or (parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname or ""))):
        raise ValueError("expected the provider's issuer: https without query, or http on the loopback address only")
    return text


def _subject(text: str) -> str:
    if not _SUBJECT.fullmatch(text):
        raise ValueError("expected 1 to 255 printable ASCII characters without spaces")
    return text


def _party(text: str) -> str:
    if not _PARTY.fullmatch(text):
        raise ValueError("expected a party as the covenant names it")
    return text


def _kind(text: str) -> Kind:
    if text not in {*Kind}:
        raise ValueError(f"expected one of {', '.join(Kind)}")
    return Kind(text)


def _door(text: str) -> Door:
    if text not in _DOORS:
        raise ValueError(f"expected one of {', '.join(_DOORS)}")
    return _DOORS[text]
