"""The first tables: lease, entities, links, what was read of the tools, journal, history, findings, decisions, runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "tool", "name", name=op.f("pk_audience")),
    )
    op.create_table(
        "audited",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", name=op.f("pk_audited")),
    )
    op.create_table(
        "binding",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "tool", name=op.f("pk_binding")),
    )
    op.create_table(
        "decision",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "fingerprint", name=op.f("pk_decision")),
    )
    op.create_table(
        "entity",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("agreed", sa.Text(), nullable=False),
        sa.Column("disputed", sa.Text(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=True),
        sa.Column("word", sa.String(), nullable=True),
        sa.Column("due", sa.String(), nullable=True),
        sa.Column("sent", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_entity")),
    )
    op.create_index("ix_entity_campaign", "entity", ["workspace", "campaign"], unique=False)
    op.create_index("ix_entity_word", "entity", ["workspace", "word"], unique=False)
    pending, due, sent = sa.text("pending"), sa.text("due IS NOT NULL"), sa.text("sent IS NOT NULL")
    op.create_index("ix_entity_pending", "entity", ["workspace"], sqlite_where=pending, postgresql_where=pending)
    op.create_index("ix_entity_due", "entity", ["workspace", "due"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_entity_sent", "entity", ["workspace", "sent"], sqlite_where=sent, postgresql_where=sent)
    op.create_table(
        "finding",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("opened", sa.String(), nullable=False),
        sa.Column("closed", sa.String(), nullable=True),
        sa.Column("emailed", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "fingerprint", name=op.f("pk_finding")),
    )
    op.create_table(
        "hint",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("native", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hint")),
    )
    op.create_index("ix_hint_workspace", "hint", ["workspace"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("editors", sa.Text(), nullable=False),
        sa.Column("lost", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    op.create_index("ix_history_entity", "history", ["workspace", "entity"], unique=False)
    op.create_table(
        "journal",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("unscheduled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_journal")),
    )
    op.create_table(
        "lease",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("since", sa.String(), nullable=False),
        sa.Column("renewed", sa.String(), nullable=False),
        sa.Column("until", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", name=op.f("pk_lease")),
    )
    op.create_table(
        "link",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("native", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("contested", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.Column("related", sa.Text(), nullable=False),
        sa.Column("measured", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("learned", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "entity", "tool", name=op.f("pk_link")),
    )
    op.create_index("ix_link_record", "link", ["workspace", "tool", "native", "kind"], unique=True)
    op.create_index("ix_link_there", "link", ["workspace", "tool", "gone"], unique=False)
    op.create_index("ix_link_key", "link", ["workspace", "key"], unique=False)
    op.create_table(
        "listed",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("native", sa.String(), nullable=False),
        sa.Column("record", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "tool", "kind", "native", name=op.f("pk_listed")),
    )
    op.create_table(
        "listing",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("began", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "tool", name=op.f("pk_listing")),
    )
    op.create_table(
        "position",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=False),
        sa.Column("listed", sa.String(), nullable=False),
        sa.Column("counted", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "tool", name=op.f("pk_position")),
    )
    op.create_table(
        "reach",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "campaign", "audience", name=op.f("pk_reach")),
    )
    op.create_index("ix_reach_audience", "reach", ["workspace", "audience", "at"], unique=False)
    op.create_table(
        "run",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("started", sa.String(), nullable=False),
        sa.Column("finished", sa.String(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_started", "run", ["workspace", "started"], unique=False)
    op.create_table(
        "setup",
        sa.Column("workspace", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "tool", name=op.f("pk_setup")),
    )


def downgrade() -> None:
    op.drop_table("setup")
    op.drop_index("ix_run_started", table_name="run")
    op.drop_table("run")
    op.drop_index("ix_reach_audience", table_name="reach")
    op.drop_table("reach")
    op.drop_table("position")
    op.drop_table("listing")
    op.drop_table("listed")
    op.drop_index("ix_link_key", table_name="link")
    op.drop_index("ix_link_there", table_name="link")
    op.drop_index("ix_link_record", table_name="link")
    op.drop_table("link")
    op.drop_table("lease")
    op.drop_table("journal")
    op.drop_index("ix_history_entity", table_name="history")
    op.drop_table("history")
    op.drop_index("ix_hint_workspace", table_name="hint")
    op.drop_table("hint")
    op.drop_table("finding")
    op.drop_index("ix_entity_sent", table_name="entity")
    op.drop_index("ix_entity_due", table_name="entity")
    op.drop_index("ix_entity_pending", table_name="entity")
    op.drop_index("ix_entity_word", table_name="entity")
    op.drop_index("ix_entity_campaign", table_name="entity")
    op.drop_table("entity")
    op.drop_table("decision")
    op.drop_table("audited")
    op.drop_table("audience")
