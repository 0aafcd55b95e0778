"""TLS: the broker's certificate is always verified, and the client's own goes along where there is one."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from broker.client import NoAnswer, World, open_http, read_connection
from broker.client.transport import NotSent, Request, Transport
from broker.client.world import Limits
from tests.broker.oauth.serving import Site, certified, site


class Tls(NamedTuple):
    """A server that wants a client certificate, and where the certificates are."""

    site: Site
    folder: Path


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    folder = tmp_path_factory.mktemp("certificates")
    for name, host in (("server", "127.0.0.1"), ("partner", None), ("stranger", None)):
        certified(folder, name, host)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(folder / "partner.pem")
    with site(context) as here:
        here.body = b"{}"
        yield Tls(here, folder)


def status(tls: Tls, url: str, ca: str | None, client: str | None) -> int:
    own = None if client is None else (tls.folder / f"{client}.pem", tls.folder / f"{client}.pem")
    with open_http(None if ca is None else tls.folder / f"{ca}.pem", own) as http:
        world = World()
        return Transport(http, Limits(), world).send(Request("GET", url), world.monotonic() + 60).status


def test_with_the_authority_and_its_own_certificate_a_partner_comes_in(tls: Tls) -> None:
    assert status(tls, tls.site.url, "server", "partner") == 200


@pytest.mark.parametrize("client", [None, "stranger"])
def test_without_the_certificate_that_is_wanted_it_does_not(tls: Tls, client: str | None) -> None:
    with pytest.raises(NoAnswer):
        status(tls, tls.site.url, "server", client)


@pytest.mark.parametrize("authority", [None, "stranger"])
def test_a_server_that_nobody_vouches_for_is_told_nothing(tls: Tls, authority: str | None) -> None:
    asked = len(tls.site.asked)
    with pytest.raises(NotSent):
        status(tls, tls.site.url, authority, "partner")
    assert len(tls.site.asked) == asked


def test_nor_is_one_under_another_name_than_its_certificates(tls: Tls) -> None:
    with pytest.raises(NotSent):
        status(tls, tls.site.url.replace("127.0.0.1", "localhost"), "server", "partner")


def test_the_connection_file_names_the_certificates_beside_it(tmp_path: Path) -> None:
    keys = {
        "receiptKey": "broker.example/receipts+c9e80b87+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "checkpointKey": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
    }
    members = {"issuer": "https://broker.example", "party": "p", "clientId": "c", "scopes": ["s"], "key": "k", "receipts": "r", **keys}
    paths = {"caFile": "ca.pem", "certificate": "own.pem", "certificateKey": "own.key"}
    (tmp_path / "connection.json").write_text(json.dumps(members | paths))
    files = read_connection(tmp_path / "connection.json")
    assert (files.ca_file, files.certificate) == (tmp_path / "ca.pem", (tmp_path / "own.pem", tmp_path / "own.key"))
