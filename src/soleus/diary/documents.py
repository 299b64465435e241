"""Small texts of the person's own that are no entries: the answers of the interview, the settings of the pages.

They belong to the content of the diary as its entries do: they are in its fingerprint, exported, imported and erased.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import sqlalchemy as sa

from soleus.core.message import say
from soleus.core.problem import Problem
from soleus.diary.errors import DiaryError, problem
from soleus.diary.tables import EPOCH, documents, from_microseconds, to_microseconds

if TYPE_CHECKING:
    from soleus.diary.store import Diary

LONGEST_NAME = 64
LARGEST_BYTES = 1_000_000  # choice: all answers of an interview take a few thousand
_AT_ONCE = 16  # choice: documents held in memory while streaming, 1 MB each at most
_CONTENT_OF = sa.select(documents.c.content).where(documents.c.name == sa.bindparam("name"))
_ALL = sa.select(documents.c.name, documents.c.content, documents.c.changed_at).order_by(documents.c.name)
_INSERT = sa.insert(documents)


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document as it is kept and exported; ``changed_at`` is not part of the fingerprint."""

    name: str
    content: str
    changed_at: Annotated[datetime, msgspec.Meta(tz=True)]


def read_document(diary: Diary, name: str) -> str | None:
    """Return the content of a document, None when there is none of this name.

    Examples
    --------
    >>> from datetime import UTC
    >>> from soleus.diary import open_diary
    >>> with open_diary("sqlite://") as diary:  # in memory, for the example
    ...     write_document(diary, "settings", '{"theme":"dark"}', now=datetime(2026, 1, 2, 8, tzinfo=UTC))
    ...     read_document(diary, "settings"), read_document(diary, "interview"), document_names(diary)
    ('{"theme":"dark"}', None, ['settings'])
    """
    if _wrong_name(name):
        return None
    with diary.reading() as connection:
        found: str | None = connection.execute(_CONTENT_OF, {"name": name}).scalar()
    return found


def write_document(diary: Diary, name: str, content: str, *, now: datetime) -> None:
    """Keep a document; an earlier one of this name is replaced.

    Parameters
    ----------
    diary : Diary
    name : str
        1 to 64 characters, such as ``interview 2026-11-26T08:00:00Z``.
    content : str
        Up to 1,000,000 bytes in UTF-8.
    now : datetime
        Aware.

    Raises
    ------
    DiaryError
        The name or the content can't be kept; nothing was changed.
    """
    if now.tzinfo is None:
        raise ValueError(f"now ({now.isoformat()}) has no time zone")
    wrong = check_document(name, content, "document")
    if wrong is not None:
        raise DiaryError([wrong])
    row = {"name": name, "content": content, "changed_at": to_microseconds(now)}
    with diary.writing() as connection:
        old = connection.execute(_CONTENT_OF, {"name": name}).scalar()
        if old is None:
            connection.execute(_INSERT, row)
        elif old != content:
            connection.execute(sa.update(documents).where(documents.c.name == name).values(row))


def document_names(diary: Diary) -> list[str]:
    """Return the names of all documents, sorted by code point."""
    with diary.reading() as connection:
        return list(connection.execute(sa.select(documents.c.name).order_by(documents.c.name)).scalars())


def check_document(name: str, content: str, where: str) -> Problem | None:
    """Return why a document can't be kept, None when it can."""
    why = say("it can't be kept; nothing was changed")
    if _wrong_name(name):
        what = say("a name of a document has 1 to {longest} characters that can be printed", longest=LONGEST_NAME)
        return problem("bad_name", where, what, why, say("give it another name"))
    try:
        size = len(content.encode())
    except UnicodeEncodeError:
        return problem("bad_text", where, say("the text is not valid Unicode"), why, say("write it anew"))
    if "\x00" in content:
        return problem("bad_text", where, say("the text holds the character NUL"), why, say("remove that character"))
    if size > LARGEST_BYTES:
        what = say("it has {size:,} bytes, more than {largest:,}", size=size, largest=LARGEST_BYTES)
        return problem("too_large", where, what, why, say("keep less in one document"))
    return None


def _wrong_name(name: str) -> bool:
    return not 0 < len(name) <= LONGEST_NAME or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name)


def stream_documents(connection: sa.Connection) -> Iterator[Document]:
    """Give all documents by name, without holding them all."""
    options = {"stream_results": True, "yield_per": _AT_ONCE}
    with connection.execute(_ALL, execution_options=options) as result:
        for name, content, changed_at in result:
            yield Document(name=name, content=content, changed_at=from_microseconds(changed_at))


def bring_in_documents(connection: sa.Connection, some: Iterable[Document], now: datetime) -> tuple[int, list[Problem]]:
    """Store those documents whose names are free; return how many, and a warning for each whose name is not.

    A document that is here with another content stays as it is. A date that can't be is that of the import.
    """
    new = 0
    problems: list[Problem] = []
    for one in some:
        old = connection.execute(_CONTENT_OF, {"name": one.name}).scalar()
        if old is None:
            changed_at = to_microseconds(one.changed_at if EPOCH <= one.changed_at <= now else now)
            connection.execute(_INSERT, {"name": one.name, "content": one.content, "changed_at": changed_at})
            new += 1
        elif old != one.content:
            problems.append(_name_taken(one.name))
    return new, problems


def _name_taken(name: str) -> Problem:
    return Problem(
        code="name_taken",
        level="warning",
        where=f"documents: {name}",
        what=say("a document of this name with other content is in the diary already"),
        why=say("writing it would lose the other; that one was kept, and the one of the file was left out"),
        fix=say("nothing need be done; the file still has the other one"),
    )
