"""The database's tables. Every row belongs to a workspace; values are the JSON of `sync.codec`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text, text

METADATA = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"},
)

_DUE, _SENT = text("due IS NOT NULL"), text("sent IS NOT NULL")

# One run at a time per workspace; without `until` nobody holds it. `token` grows with every hold and the row stays, so
# that a run that lost its hold can tell. `renewed` is the last sign of life. Times are ISO 8601 in UTC (sort as text).
LEASE = Table(
    "lease",
    METADATA,
    Column("workspace", String, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("holder", String, nullable=False),
    Column("since", String, nullable=False),
    Column("renewed", String, nullable=False),
    Column("until", String),
)

# A campaign or a stage: `agreed` is {field: value}, `disputed` {field: {tool: value}} for cells in conflict. `pending`:
# the next run has to look at it, whatever the tools tell. `due` is when time alone makes it worth a look, `sent`
# when a campaign with an outcome was sent. A run finds the stages of a campaign by `campaign` (its own id for a
# campaign) and what a new record may be by `word`.
ENTITY = Table(
    "entity",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("dead", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("agreed", Text, nullable=False),
    Column("disputed", Text, nullable=False),
    Column("campaign", String),
    Column("word", String),
    Column("due", String),
    Column("sent", String),
    PrimaryKeyConstraint("workspace", "id"),
    Index("ix_entity_campaign", "workspace", "campaign"),
    Index("ix_entity_word", "workspace", "word"),
    Index("ix_entity_pending", "workspace", sqlite_where=text("pending"), postgresql_where=text("pending")),
    Index("ix_entity_due", "workspace", "due", sqlite_where=_DUE, postgresql_where=_DUE),
    Index("ix_entity_sent", "workspace", "sent", sqlite_where=_SENT, postgresql_where=_SENT),
)

# Which record of a tool is which entity, with what the tool was last seen to show: {field: [seen]},
# {field: [seen, wrote]}, and under "" the fields that show what is agreed. `fingerprint` is a digest of the record when
# it last was as it is remembered here. `missed` counts the confirmed absences in a row; `gone` is a deletion that was
# accepted.
# `related` are the links to other tools' records that it carries, {tool: [title, url]}; `measured` is when the outcome
# of its send was last looked up; `learned` is when the memory last changed.
LINK = Table(
    "link",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("native", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("key", String),
    Column("url", String),
    Column("missed", Integer, nullable=False),
    Column("contested", Boolean, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("memory", Text, nullable=False),
    Column("related", Text, nullable=False),
    Column("measured", String),
    Column("fingerprint", String),
    Column("learned", String),
    PrimaryKeyConstraint("workspace", "entity", "tool"),
    Index("ix_link_record", "workspace", "tool", "native", "kind", unique=True),
    Index("ix_link_there", "workspace", "tool", "gone"),
    Index("ix_link_key", "workspace", "key"),
)

# The audiences that a campaign reaches and when: to find what else reaches them near that time.
REACH = Table(
    "reach",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("campaign", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("workspace", "campaign", "audience"),
    Index("ix_reach_audience", "workspace", "audience", "at"),
)

# By which rules and people the campaigns of a workspace were last looked at: a digest.
AUDITED = Table(
    "audited",
    METADATA,
    Column("workspace", String, primary_key=True),
    Column("rules", String, nullable=False),
)

# What a tool's connector need not ask again for a while, and since when.
SETUP = Table(
    "setup",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("workspace", "tool"),
)

# Which field of a tool each canonical field was last read from: {"campaign/program": native id}.
BINDING = Table(
    "binding",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("fields", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "tool"),
)

# Up to where each tool was read: the connector's word, a digest of what its records meant, when all of it was last
# listed and counted.
POSITION = Table(
    "position",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("meaning", String, nullable=False),
    Column("listed", String, nullable=False),
    Column("counted", String, nullable=False),
    PrimaryKeyConstraint("workspace", "tool"),
)

# A full listing of a tool that broke off: how far it came, the position and our time at its beginning, and a digest of
# what its records meant.
LISTING = Table(
    "listing",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("reached", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("meaning", String, nullable=False),
    Column("began", String, nullable=False),
    PrimaryKeyConstraint("workspace", "tool"),
)

# What it had read; no record where that is as it was.
LISTED = Table(
    "listed",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("native", String, nullable=False),
    Column("record", Text),
    PrimaryKeyConstraint("workspace", "tool", "kind", "native"),
)

# Records of which a tool told on its own that something happened to them, until a run has looked at them.
HINT = Table(
    "hint",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("native", String, nullable=False),
    Index("ix_hint_workspace", "workspace"),
)

# About how many people an audience of an ESP has, none where it does not tell, and when that was asked.
AUDIENCE = Table(
    "audience",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("name", String, nullable=False),
    Column("size", Integer),
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("workspace", "tool", "name"),
)

# The writes of which nobody knows the end: committed before the call, and gone when it is known how that ended.
# `cells` is {field: [old, new]}. `unscheduled`: it has taken a scheduled send off the calendar, to put it back
# elsewhere; 1 while that is not sure, 2.
JOURNAL = Table(
    "journal",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("id", Integer, nullable=False),
    Column("run", String, nullable=False),
    Column("at", String, nullable=False),
    Column("tool", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("action", String, nullable=False),
    Column("cells", Text, nullable=False),
    Column("unscheduled", Integer, nullable=False),
    PrimaryKeyConstraint("workspace", "id"),
)

# Every agreement that changed a value, with the values that lost by a rule or a decision: nothing is ever forgotten.
HISTORY = Table(
    "history",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("workspace", String, nullable=False),
    Column("run", String, nullable=False),
    Column("at", String, nullable=False),
    Column("entity", String, nullable=False),
    Column("field", String, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("editors", Text, nullable=False),
    Column("lost", Text, nullable=False),
    Index("ix_history_entity", "workspace", "entity"),
)

FINDING = Table(
    "finding",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("opened", String, nullable=False),
    Column("closed", String),
    Column("emailed", String),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "fingerprint"),
)

# What somebody decided by command about a finding, until a run has carried it out.
DECISION = Table(
    "decision",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("choice", String, nullable=False),
    Column("at", String, nullable=False),
    PrimaryKeyConstraint("workspace", "fingerprint"),
)

RUN = Table(
    "run",
    METADATA,
    Column("workspace", String, nullable=False),
    Column("id", String, nullable=False),
    Column("started", String, nullable=False),
    Column("finished", String, nullable=False),
    Column("report", Text, nullable=False),
    PrimaryKeyConstraint("workspace", "id"),
    Index("ix_run_started", "workspace", "started"),
)
