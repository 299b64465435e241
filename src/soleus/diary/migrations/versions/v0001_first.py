"""The first form of the diary: cramps, nights, factors, samples, and the revisions that keep what was changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key(length: int | None = None) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _shared() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", _key(64), primary_key=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    ]


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "episodes",
        *_shared(),
        sa.Column("night_of", _key(10), nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("duration_s", sa.Double),
        sa.Column("leg", sa.Text),
        sa.Column("muscle", sa.Text),
        sa.Column("activity", sa.Text),
        sa.Column("pain", sa.Integer),
        sa.Column("woke", sa.Boolean),
        sa.Column("relieved_by", sa.Text, nullable=False),
        sa.Column("sore_next_day", sa.Boolean),
    )
    op.create_index("episodes_by_night", "episodes", ["night_of", "started_at"])
    op.create_table(
        "nights",
        *_shared(),
        sa.Column("night_of", _key(10), nullable=False),
        sa.Column("cramps", sa.Integer),
        sa.Column("slept_h", sa.Double),
        sa.Column("quality", sa.Integer),
        sa.Column("awakenings", sa.Integer),
    )
    op.create_index("nights_by_night", "nights", ["night_of"])
    op.create_table(
        "factors",
        *_shared(),
        sa.Column("night_of", _key(10), nullable=False),
        sa.Column("name", _key(), nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
    )
    op.create_index("factors_by_night", "factors", ["night_of", "name"])
    op.create_table(
        "samples",
        *_shared(),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("posture", sa.Text),
        sa.Column("leg", sa.Text),
        sa.Column("clock_known", sa.Boolean, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
    )
    op.create_index("samples_by_time", "samples", ["taken_at"])
    op.create_index("samples_by_quantity", "samples", ["quantity", "taken_at"])
    op.create_table(
        "revisions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("id", _key(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("undone", sa.Boolean, nullable=False),
    )
    op.create_index("revisions_by_id", "revisions", ["id", "seq"])
