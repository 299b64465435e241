"""The steps that bring an older diary to the present form, run by Alembic.

A new step is a new file in ``versions``, named after its revision, and its revision at the end of `REVISIONS`; it
spells its columns out and imports none of the present tables, which will have moved on. Alembic itself is imported
only when a diary is not at the newest revision, so that opening one does not wait for it.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

REVISIONS = ("0001", "0002")
NEWEST = REVISIONS[-1]


def migrate(connection: sa.Connection) -> None:
    """Bring the database to the newest revision inside the transaction that the connection is in.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a writing transaction; the caller commits or rolls back all steps together.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(__file__).parent))
    environment = EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs(NEWEST, revision),
        destination_rev=NEWEST,
    )
    with environment:
        environment.configure(connection=connection, render_as_batch=True)  # batch: SQLite alters by copying
        with environment.begin_transaction():
            environment.run_migrations()
