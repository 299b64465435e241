"""Opening a diary: the right place, the right permissions, a sound file, the newest form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from soleus.diary.engine import check_pages, make_engine, reading, telling, writing
from soleus.diary.errors import DiaryError, damaged, problem
from soleus.diary.migrations import NEWEST, REVISIONS, migrate
from soleus.diary.places import DIARY_NAME, data_folder, make_private_file, make_private_folder
from soleus.diary.store import Diary
from soleus.diary.tables import VERSION_TABLE, metadata

CHECKED_WHOLE_BYTES = 64 << 20  # choice: up to this size (200,000 entries) every opening checks all pages, in 0.06 s


def open_diary(url: str | None = None, *, create: bool = True) -> Diary:
    """Open the person's diary, make it if there is none, and bring an older one to the newest form.

    Parameters
    ----------
    url : str, optional
        None for ``diary.sqlite`` in the person's data folder; else the path of a file or a database URL such as
        ``postgresql+psycopg://me@localhost/soleus``.
    create : bool
        Whether to make a diary where there is none.

    Raises
    ------
    DamagedDiary
        The file is damaged; it was left as it is, and the newest sound backup is named.
    DiaryError
        There is no diary, it is a database of another program or of a later Soleus, or it can't be reached.

    Examples
    --------
    >>> with open_diary("sqlite://") as diary:
    ...     diary.counts()
    {'episodes': 0, 'nights': 0, 'factors': 0, 'samples': 0}
    """
    address = _address(url)
    path = _file_of(address)
    if path is not None:
        _prepare(path, create=create, own=url is None)
        with telling(path):
            said = check_pages(path) if path.stat().st_size <= CHECKED_WHOLE_BYTES else "ok"
        if said != "ok":
            raise damaged(path, said)
    engine = make_engine(address)
    try:
        revision = _revision(engine, path)
        if revision != NEWEST:
            if revision is None and path is None and not create:
                raise _no_diary(address.render_as_string(hide_password=True))
            _bring_up_to_date(engine, path, revision)
        return Diary(engine, path)
    except BaseException:
        engine.dispose()
        raise


def _address(url: str | None) -> sa.URL:
    if url is None:
        return sa.URL.create("sqlite", database=str(data_folder() / DIARY_NAME))
    if "://" not in url:
        return sa.URL.create("sqlite", database=str(Path(url).expanduser()))
    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        what = f"{url.split('://')[0]}://... is no database URL"
        fix = "write a file name, or postgresql+psycopg://user@host/database"
        raise DiaryError([problem("bad_url", "url", what, "the diary can't be found", fix)]) from error


def _file_of(address: sa.URL) -> Path | None:
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        return None
    return Path(str(address.database))


def _prepare(path: Path, *, create: bool, own: bool) -> None:
    """See that the file is there, is not empty by accident, and is private."""
    try:
        if path.exists():
            if path.is_dir():
                fix = f"write {path / DIARY_NAME}"
                raise DiaryError([problem("is_folder", str(path), "it is a folder", "a diary is one file", fix)])
            if path.stat().st_size == 0 and (path.parent / "backups").is_dir():
                error = damaged(path, "the file is empty")
                if error.backup is not None:
                    raise error
        elif not create:
            raise _no_diary(str(path))
        make_private_folder(path.parent, own=own)
        make_private_file(path)
    except OSError as error:
        fix = "check the folder and its permissions"
        raise DiaryError([problem("cannot_open", str(path), str(error), "the diary can't be opened", fix)]) from error


def _no_diary(where: str) -> DiaryError:
    fix = "start one with: soleus log; or restore a backup: soleus restore FILE"
    return DiaryError([problem("no_diary", where, "there is no diary", "nothing can be read", fix)])


def _revision(engine: sa.Engine, path: Path | None) -> str | None:
    """Return the revision of the database, None when nothing is in it yet."""
    with reading(engine, path) as connection:
        if path is not None:
            names = {str(row[0]) for row in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
        else:
            names = set(sa.inspect(connection).get_table_names())
        if VERSION_TABLE in names:
            found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
            ours = "episodes" in names and found is not None
        elif names and (path is not None or names & set(metadata.tables)):
            found, ours = None, False
        else:
            return None
    where = str(path or "database")
    if not ours:
        fix = "name another file or database"
        raise DiaryError([problem("other_database", where, "it belongs to another program", "it is not touched", fix)])
    if found not in REVISIONS:
        what = f"the diary has form {found}, this Soleus knows {NEWEST}"
        raise DiaryError([problem("newer_diary", where, what, "it was made by a later version", "update Soleus")])
    return str(found)


def _bring_up_to_date(engine: sa.Engine, path: Path | None, revision: str | None) -> None:
    if path is not None and revision is not None:
        from soleus.diary.backup import back_up_file

        back_up_file(engine, path, now=datetime.now(UTC))
    with writing(engine, path) as connection:
        migrate(connection)
