"""A site of the partner's own that shows its keys."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jwcrypto import jwk

from tests.broker.oauth.serving import Site, site


@pytest.fixture(scope="module")
def keys() -> bytes:
    return json.dumps({"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="one").export_public(as_dict=True)]}).encode()


@pytest.fixture
def home(keys: bytes) -> Iterator[Site]:
    with site() as served:
        served.body = keys
        yield served
