"""The broker's settings: read once from the environment's `BROKER_…` keys into frozen values, every mistake reported together.

There are no secrets among them. Keys live in files (`broker.keys`), and a database URL that needs a password comes from a file too
(`BROKER_DATABASE_URL_FILE=/run/secrets/…`): the environment of a process is shown to every request that the server runs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from broker.certificates import Network

T = TypeVar("T")

PREFIX = "BROKER_"
#: who is to be asked where no operator has said it
NOBODY = "operator@example.org"
_CLIENT_RATE = re.compile(r"([a-z0-9][a-z0-9._-]{1,63})=([0-9]{1,7})")
_MAILBOX = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_LOG_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}(/[a-z0-9][a-z0-9.-]{0,62})*")


class ConfigError(Exception):
    """The settings are wrong; `mistakes` names each key with what was expected, never with what a secret held."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def _database(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("expected a database URL such as sqlite:///var/broker.sqlite") from None
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError("expected a sqlite: or postgresql+psycopg: URL")
    if url.drivername == "sqlite" and (not url.database or url.database.startswith((":", "file:"))):
        # every worker and every connection would have a database of its own
        raise ValueError("expected a file, not a database in memory")
    return text


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("expected an origin such as https://broker.example.nl, without a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname)):
        raise ValueError("expected https, or http on the loopback address only")
    return text


def loopback(host: str) -> bool:
    """Whether a host of a URL is this very machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _log_name(text: str) -> str:
    if not _LOG_NAME.fullmatch(text):
        raise ValueError("expected a name such as broker.example.nl: lower case, digits, dots, dashes and slashes")
    return text


def _mailbox(text: str) -> str:
    if not _MAILBOX.fullmatch(text):
        raise ValueError("expected a mailbox such as broker@municipality.example")
    return text


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address such as 127.0.0.1") from None


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("expected IP addresses or networks such as 10.0.0.5, 10.1.0.0/16, separated by commas") from None


def _header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", text):
        raise ValueError("expected the name of a header such as Client-Cert")
    return text


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers between two; it refuses others with a ValueError."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return read


#: more than a host can do
MOST_PER_MINUTE = 1_000_000
RATE = whole(1, MOST_PER_MINUTE)


def _client_rates(text: str) -> tuple[tuple[str, int], ...]:
    pairs = [_CLIENT_RATE.fullmatch(part.strip()) for part in text.split(",")]
    rates = tuple((pair[1], RATE(pair[2])) for pair in pairs if pair is not None)
    if len(dict(rates)) != len(pairs):
        raise ValueError("expected clients, each once, with how many a minute, such as police-system=6000,care-system=300")
    return rates


def _truth(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text == "true"


def _setting(default: T, read: Callable[[str], T]) -> T:
    return field(default=default, metadata={"read": read})


def _url(file: str) -> str:
    return field(default=f"sqlite:///var/{file}.sqlite", metadata={"read": _database, "secret": True})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its embedded default; the key of `max_body_bytes` is `BROKER_MAX_BODY_BYTES`.

    `issuer` is the broker's own origin, as partners see it, `contact` the mailbox of whoever runs it; `log_name` the
    beginning of every log's origin, never changed afterwards. Names tell units: bytes, seconds (`_s`).
    """

    database_url: str = _url("broker")
    deposit_url: str = _url("deposit")
    audit_url: str = _url("audit")
    keystore_url: str = _url("keystore")
    keys: Path = _setting(Path("var/keys"), Path)  # noqa: RUF009 - a path is immutable
    anchor: Path = _setting(Path("var/anchor"), Path)  # noqa: RUF009 - a path is immutable
    sources: Path = _setting(Path("var/sources.yaml"), Path)  # noqa: RUF009 - a path is immutable
    people: Path | None = _setting(None, Path)  # noqa: RUF009 - a default
    witness_policy: Path | None = _setting(None, Path)  # noqa: RUF009 - a default
    witness_max_age_s: int = _setting(4 * 3600, whole(60, 30 * 24 * 3600))
    witness_required: bool = _setting(False, _truth)
    health: Path = _setting(Path("var/health"), Path)  # noqa: RUF009 - a path is immutable
    issuer: str = _setting("http://127.0.0.1:8000", _issuer)
    contact: str = _setting(NOBODY, _mailbox)
    log_name: str = _setting("covenant-broker.localhost", _log_name)
    host: str = _setting("127.0.0.1", _host)
    port: int = _setting(8000, whole(1, 65535))
    metrics_port: int | None = _setting(None, whole(1, 65535))
    workers: int = _setting(2, whole(1, 64))
    threads: int = _setting(16, whole(1, 256))
    max_body_bytes: int = _setting(256 * 1024, whole(1024, 16 * 1024 * 1024))
    token_lifetime_s: int = _setting(900, whole(60, 3600))
    certificate_proxies: tuple[Network, ...] = _setting((), _networks)
    certificate_header: str = _setting("Client-Cert", _header)
    key_networks: tuple[Network, ...] = _setting((), _networks)
    source_timeout_s: int = _setting(3, whole(1, 30))
    request_timeout_s: int = _setting(10, whole(1, 60))
    drain_s: int = _setting(0, whole(0, 60))
    connections: int = _setting(512, whole(16, 4096))
    professional_per_minute: int = _setting(120, RATE)
    client_per_minute: int = _setting(3000, RATE)
    party_per_minute: int = _setting(6000, RATE)
    tokens_per_minute: int = _setting(600, RATE)
    strangers_per_minute: int = _setting(60, RATE)
    client_rates: tuple[tuple[str, int], ...] = _setting((), _client_rates)
    proxies: tuple[Network, ...] = _setting((), _networks)

    def __repr__(self) -> str:
        """Without the URLs, which may hold a password that came from a file."""
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if not each.metadata.get("secret"))
        return f"Settings({', '.join(shown)})"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read every `BROKER_…` key of `environment`.

    Raises:
        ConfigError: unknown keys, values that are not what they should be, a password in the environment: all together.
    """
    given = {key: value for key, value in environment.items() if key.startswith(PREFIX)}
    read: dict[str, Any] = {}
    mistakes: list[str] = []
    for each in fields(Settings):
        key = PREFIX + each.name.upper()
        direct, file = given.pop(key, None), given.pop(f"{key}_FILE", None) if each.metadata.get("secret") else None
        try:
            text = _text_of(key, direct, file)
            if text is not None:
                read[each.name] = each.metadata["read"](text)
        except ValueError as mistake:
            mistakes.append(f"{key}: {mistake}")
    mistakes += [f"{key}: expected one of the keys in docs/operations.md, found an unknown one" for key in sorted(given)]
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return Settings(**read)


def _text_of(key: str, direct: str | None, file: str | None) -> str | None:
    """What was configured, from the environment or from the file that it names; None where neither was."""
    if direct is not None and file is not None:
        raise ValueError(f"expected either {key} or {key}_FILE, found both")
    if file is not None:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"expected {key}_FILE to name a readable text file") from None
    if direct is None:
        return None
    if not direct.strip():
        raise ValueError("expected a value, found nothing")
    if "://" in direct and urlsplit(direct).password:
        raise ValueError(f"expected no password in the environment; put the URL in a file and name it in {key}_FILE")
    return direct
