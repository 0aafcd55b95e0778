"""The demonstration's `sources.yaml`: the template beside this package, with the addresses of this run."""

from __future__ import annotations

from pathlib import Path
from string import Template

_TEMPLATE = Path(__file__).parent.with_name("sources.yaml")


def sources_page(*, rental_url: str, municipality_url: str, token_file: str) -> bytes:
    """Return the page for `connectors.registry.load_sources`. File names in it are relative to the folder it is opened in."""
    page = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return page.substitute(rental_url=rental_url, municipality_url=municipality_url, token_file=token_file).encode()
