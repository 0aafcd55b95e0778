"""The settings: every key once, every mistake at once, no secret in the environment."""

from __future__ import annotations

import ipaddress
from dataclasses import FrozenInstanceError, fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from broker.config import ConfigError, Settings, read_settings

POSTGRES = "postgresql+psycopg://broker@db.internal/broker"

#: for each field: a value that is read, and one that is refused
EXAMPLES: dict[str, tuple[str, object, str]] = {
    "database_url": (POSTGRES, POSTGRES, "mysql://db/broker"),
    "deposit_url": ("sqlite:////srv/deposit.sqlite", "sqlite:////srv/deposit.sqlite", "sqlite://"),
    "audit_url": (POSTGRES, POSTGRES, "sqlite:///:memory:"),
    "keystore_url": (POSTGRES, POSTGRES, "not a url"),
    "keys": ("/etc/broker/keys", Path("/etc/broker/keys"), " "),
    "anchor": ("/mnt/anchor", Path("/mnt/anchor"), ""),
    "sources": ("/etc/broker/sources.yaml", Path("/etc/broker/sources.yaml"), ""),
    "people": ("/etc/broker/people.yaml", Path("/etc/broker/people.yaml"), ""),
    "witness_policy": ("/etc/broker/witnesses", Path("/etc/broker/witnesses"), ""),
    "witness_max_age_s": ("3600", 3600, "7"),
    "witness_required": ("true", True, "yes"),
    "health": ("/run/broker/health", Path("/run/broker/health"), ""),
    "issuer": ("https://broker.example.nl", "https://broker.example.nl", "http://broker.example.nl"),
    "contact": ("desk@municipality.example", "desk@municipality.example", "the desk"),
    "log_name": ("broker.example.nl/overlast", "broker.example.nl/overlast", "Broker Name"),
    "host": ("::1", "::1", "localhost"),
    "port": ("8443", 8443, "65536"),
    "metrics_port": ("9464", 9464, "0"),
    "workers": ("4", 4, "0"),
    "threads": ("32", 32, "many"),
    "max_body_bytes": ("65536", 65536, "1e6"),
    "token_lifetime_s": ("3600", 3600, "3601"),
    "certificate_proxies": (
        "127.0.0.1, 10.1.0.0/16",
        (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("10.1.0.0/16")),
        "10.1.0.1/16",
    ),
    "certificate_header": ("ClientCert", "ClientCert", "Client_Cert"),
    "key_networks": ("::1", (ipaddress.ip_network("::1/128"),), "localhost"),
    "source_timeout_s": ("5", 5, "-1"),
    "request_timeout_s": ("30", 30, "61"),
    "drain_s": ("20", 20, "61"),
    "connections": ("1024", 1024, "15"),
    "professional_per_minute": ("30", 30, "none"),
    "client_per_minute": ("600", 600, "1000001"),
    "party_per_minute": ("9000", 9000, "fast"),
    "tokens_per_minute": ("60", 60, "1.5"),
    "strangers_per_minute": ("10", 10, "-1"),
    "client_rates": (
        "police-system=6000, care-system=300",
        (("police-system", 6000), ("care-system", 300)),
        "police-system=6000,police-system=1",
    ),
    "proxies": ("127.0.0.1, 10.0.0.0/8", (ip_network("127.0.0.1"), ip_network("10.0.0.0/8")), "10.0.0.1/8"),
}


def key_of(name: str) -> str:
    return f"BROKER_{name.upper()}"


def test_there_is_an_example_of_every_field() -> None:
    assert set(EXAMPLES) == {field.name for field in fields(Settings)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_wrong_value_is_refused_by_its_key_and_not_repeated(name: str) -> None:
    wrong = EXAMPLES[name][2]
    with pytest.raises(ConfigError) as refusal:
        read_settings({key_of(name): wrong})
    (mistake,) = refusal.value.mistakes
    assert mistake.startswith(f"{key_of(name)}: expected ")
    assert not wrong.strip() or wrong not in mistake.removeprefix(key_of(name))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_right_value_is_read_and_the_others_keep_their_default(name: str) -> None:
    right, value, _ = EXAMPLES[name]
    settings = read_settings({key_of(name): right})
    assert getattr(settings, name) == value
    default = Settings()
    assert all(getattr(settings, field.name) == getattr(default, field.name) for field in fields(Settings) if field.name != name)


def test_all_mistakes_are_reported_together() -> None:
    with pytest.raises(ConfigError) as refusal:
        read_settings({"BROKER_PORT": "no", "BROKER_ISSUER": "ftp://x", "BROKER_WORKER": "2"})
    assert [mistake.partition(":")[0] for mistake in refusal.value.mistakes] == ["BROKER_ISSUER", "BROKER_PORT", "BROKER_WORKER"]
    assert str(refusal.value) == "\n".join(refusal.value.mistakes)


@pytest.mark.parametrize("name", ["database_url", "deposit_url", "audit_url", "keystore_url"])
def test_a_password_in_the_environment_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_settings({key_of(name): "postgresql+psycopg://broker:tulip@db/broker"})
    assert f"{key_of(name)}_FILE" in str(refusal.value)
    assert "tulip" not in str(refusal.value)


@pytest.mark.parametrize("name", ["database_url", "deposit_url", "audit_url", "keystore_url"])
def test_a_url_with_a_password_comes_from_a_file_and_is_not_shown(name: str, tmp_path: Path) -> None:
    secret = "postgresql+psycopg://broker:tulip@db/broker"
    (tmp_path / "url").write_text(secret + "\n")
    settings = read_settings({f"{key_of(name)}_FILE": str(tmp_path / "url")})
    assert getattr(settings, name) == secret
    assert "tulip" not in repr(settings)


def test_a_file_that_is_not_there_is_a_mistake_and_so_is_a_file_beside_a_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="BROKER_AUDIT_URL: expected BROKER_AUDIT_URL_FILE to name a readable text file"):
        read_settings({"BROKER_AUDIT_URL_FILE": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="found both"):
        read_settings({"BROKER_AUDIT_URL": POSTGRES, "BROKER_AUDIT_URL_FILE": str(tmp_path / "none")})


def test_what_has_no_secret_has_no_file_variant() -> None:
    with pytest.raises(ConfigError, match="BROKER_PORT_FILE: expected one of the keys"):
        read_settings({"BROKER_PORT_FILE": "/etc/port"})


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000", "https://b.example.nl:8443"])
def test_an_issuer_is_https_or_loopback(issuer: str) -> None:
    assert read_settings({"BROKER_ISSUER": issuer}).issuer == issuer


@pytest.mark.parametrize(
    "issuer", ["https://b.example.nl/", "https://b.example.nl/v1", "https://u@b.example.nl", "https://b.nl?x", "b.example.nl"]
)
def test_an_issuer_that_is_not_an_origin_is_refused(issuer: str) -> None:
    with pytest.raises(ConfigError, match="BROKER_ISSUER: expected an origin"):
        read_settings({"BROKER_ISSUER": issuer})


def test_the_embedded_defaults_stay_under_var_and_listen_on_loopback() -> None:
    settings = read_settings({"PATH": "/bin", "HOME": "/root"})
    urls = (settings.database_url, settings.deposit_url, settings.audit_url, settings.keystore_url)
    assert urls == tuple(f"sqlite:///var/{room}.sqlite" for room in ("broker", "deposit", "audit", "keystore"))
    assert {settings.keys.parts[0], settings.anchor.parts[0], settings.sources.parts[0]} == {"var"}
    assert settings.host == "127.0.0.1"


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
