"""Every field that a tool can hold, edited there as people do, read raw in every other tool that can hold it."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest

from sync.model import Kind
from sync.report import State
from sync.state import Remembered
from tests.e2e.native import Rich, Who, audience_ids, bare, edit, raw, same_terms
from tests.e2e.team import Team

METRICS = ("Delivered", "Opens", "Clicks", "Conversions", "Unsubscribes", "Bounces", "Machine opens")
COUNTS = {name.lower().replace(" ", "_"): name for name in METRICS}


class Row(NamedTuple):
    """One edit: the field, the tool and what is typed there; what each other tool's API shows (None: nothing)."""

    field: str
    tool: str
    typed: dict[str, Any]
    shows: dict[str, dict[str, Any]]


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words, **({"marks": list(marks)} if marks else {})}


def block(kind: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": kind, **({"attrs": attrs} if attrs else {}), "content": list(content)}


def doc(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, **block("doc", *blocks)}


def para(*content: dict[str, Any]) -> dict[str, Any]:
    return block("paragraph", *content)


def item(words: str) -> dict[str, Any]:
    return block("listItem", para(text(words)))


LINK = {"type": "link", "attrs": {"href": "https://acme.example/a?b=1&c=2"}}
RICH = [
    Rich("One.\n\nTwo.\n", doc(para(text("One.")), para(text("Two."))), "One.\n\nTwo."),
    Rich(
        "A **bold**, *slanted* and ~~gone~~ [word](https://acme.example/a?b=1&c=2)\n",
        doc(
            para(
                text("A "),
                text("bold", {"type": "strong"}),
                text(", "),
                text("slanted", {"type": "em"}),
                text(" and "),
                text("gone", {"type": "strike"}),
                text(" "),
                text("word", LINK),
            )
        ),
        "A *bold*, _slanted_ and -gone- [word|https://acme.example/a?b=1&c=2]",
    ),
    Rich(
        "# Big\n\nText\n\n## Small\n\n- one\n- two\n\n1. first\n2. second\n",
        doc(
            block("heading", text("Big"), level=1),
            para(text("Text")),
            block("heading", text("Small"), level=2),
            block("bulletList", item("one"), item("two")),
            block("orderedList", item("first"), item("second")),
        ),
        "h1. Big\n\nText\n\nh2. Small\n\n* one\n* two\n\n# first\n# second",
    ),
    Rich(
        "> quoted\n\n```\nx = {a}\n```\n\n`code` 2 * 3 ~ 4_5\n",
        doc(
            block("blockquote", para(text("quoted"))),
            block("codeBlock", text("x = {a}")),
            para(text("code", {"type": "code"}), text(" 2 * 3 ~ 4_5")),
        ),
        "{quote}\nquoted\n{quote}\n\n{noformat}\nx = {a}\n{noformat}\n\n{{code}} 2 * 3 ~ 4_5",
    ),
]


def _plain(field: str, name: dict[str, str], value: Any, tools: str = "jira airtable klaviyo") -> list[Row]:
    """The rows of a field that looks alike in several tools. `name`: tool -> native name."""
    return [
        Row(field, tool, {name[tool]: value}, {other: {name[other]: value} for other in name if other != tool})
        for tool in name
        if tool in tools
    ]


NAME = {"jira": "Summary", "airtable": "Name", "klaviyo": "name"}
SUBJECT = {"jira": "Subject line", "airtable": "Subject line", "klaviyo": "subject"}
TAGS = {"jira": "Labels", "airtable": "Tags", "klaviyo": "tags"}
PROGRAM = {"jira": "Program", "airtable": "Program"}


def both(field: str, jira: str, airtable: str, in_jira: Any, in_airtable: Any) -> list[Row]:
    """A field that Klaviyo has not, from Jira and from Airtable."""
    return [
        Row(field, "jira", {jira: in_jira}, {"airtable": {airtable: in_airtable}}),
        Row(field, "airtable", {airtable: in_airtable}, {"jira": {jira: in_jira}}),
    ]


def audiences(*names: str) -> list[Row]:
    """People type names; Klaviyo's API has ids."""
    listed = list(names)
    return [
        Row("audiences", tool, {"audiences" if tool == "klaviyo" else "Audiences": listed},
            {other: {"included" if other == "klaviyo" else "Audiences": listed}
             for other in ("jira", "airtable", "klaviyo") if other != tool})
        for tool in ("jira", "airtable", "klaviyo")
    ]  # fmt: skip


def static(at: str, *, local: bool = False) -> dict[str, Any]:
    return {"method": "static", "datetime": at, "options": {"is_local": local}}


def planned(in_airtable: str, kind: str, strategy: dict[str, Any], day: str) -> list[Row]:
    """A planned send from Airtable and from Klaviyo; Jira shows its day."""
    cells = {"Planned send": in_airtable, "Planned send type": kind}
    return [
        Row("planned_send", "airtable", cells, {"klaviyo": {"send_strategy": strategy}, "jira": {"Due date": day}}),
        Row("planned_send", "klaviyo", {"send_strategy": strategy}, {"airtable": cells, "jira": {"Due date": day}}),
    ]


ROWS = [
    *_plain("name", NAME, "Ein schönerer Name 🎉 für alle"),
    *_plain("subject", SUBJECT, 'Hi {{ first_name|default:"you" }} — "50 %" off'),
    *_plain("subject", SUBJECT, "عرض خاص لك فقط"),
    *_plain("tags", TAGS, ["brand", "retention"]),
    *_plain("program", PROGRAM, "Event"),
    *_plain("program", PROGRAM, None),
    *audiences("Newsletter UK", "Students"),
    *(row for rich in RICH for row in both("brief", "Description", "Brief", rich, rich)),
    *both("brief", "Description", "Brief", None, None),
    *both("status", "Status", "Status", "Approved", "Approved"),
    *both("status", "Status", "Status", "Planned", "Planned"),
    *both("status", "Status", "Status", "In Progress", "In progress"),
    *both("status", "Status", "Status", "In Review", "In review"),
    *both("owner", "Assignee", "Owner", Who("ann"), Who("ann")),
    *both("owner", "Assignee", "Owner", None, None),
    *(row for at, (field, name) in enumerate(COUNTS.items(), 1000) for row in both(field, name, name, at, at)),
    *planned("2026-05-04T07:00:00.000Z", "Exact time", static("2026-05-04T07:00:00+00:00"), "2026-05-04"),
    *planned(
        "2026-05-05T07:00:00.000Z", "Recipient local", static("2026-05-05T09:00:00+00:00", local=True), "2026-05-05"
    ),
    *planned("2026-05-05T22:00:00.000Z", "Day", {"method": "smart_send_time", "date": "2026-05-06"}, "2026-05-06"),
    # Before, in and behind the hour that the spring skips; a night that is still the day before in London.
    *planned("2026-03-28T23:30:00.000Z", "Exact time", static("2026-03-28T23:30:00+00:00"), "2026-03-29"),
    *planned("2026-10-25T23:30:00.000Z", "Exact time", static("2026-10-25T23:30:00+00:00"), "2026-10-26"),
    *planned("2026-10-24T22:00:00.000Z", "Day", {"method": "smart_send_time", "date": "2026-10-25"}, "2026-10-25"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("flavour", "tool"),
    [("cloud", "jira"), ("cloud", "airtable"), ("cloud", "klaviyo"), ("dc", "jira"), ("dc", "airtable")],
)
def test_every_field_edited_in_one_tool_is_shown_by_every_other(synced: Team, tool: str) -> None:
    play(synced, [row for row in ROWS if row.tool == tool])


def drafts(team: Team) -> list[Remembered]:
    """Campaigns that all tools hold and agree on, and that nobody has scheduled."""
    return [
        entity
        for entity in sorted(team.state().entities.values(), key=lambda e: e.id)
        if entity.kind is Kind.CAMPAIGN and len(entity.links) == 3 and not entity.disputed
        if entity.agreed.get("status") in ("planned", "in_progress", "in_review", "approved")
    ]


def play(team: Team, rows: list[Row], on: list[Remembered] | None = None) -> None:
    """Make these edits, each of one field in a campaign of its own; sync; look at the tools; sync again."""
    turn: Counter[str] = Counter()
    campaigns = on or drafts(team)
    plays: list[tuple[Row, Remembered]] = []
    for row in rows:
        plays.append((row, campaigns[turn[row.field]]))
        turn[row.field] += 1
    before = {e.id: {tool: raw(team, tool, e) for tool in e.links} for _, e in plays}
    for row, entity in plays:
        edit(team, row.tool, entity, row.typed)
    mark = team.mark()

    report = team.sync()

    for row, entity in plays:
        for tool, expected in row.shows.items():
            shown = raw(team, tool, entity)
            for name, value in expected.items():
                wanted = _kept(same_terms(team, tool, value), name, before[entity.id][tool])
                if name == "included":
                    wanted = audience_ids(team, *value)
                assert _timeless(shown.get(name)) == (_timeless(wanted) or None), (row, entity.id, tool)
    expected_writes = sorted((tool, e.id, row.field) for row, e in plays for tool in row.shows)
    done = [c for c in report.changes if c.state is State.DONE]
    assert sorted((c.tool, c.entity, cell.field) for c in done for cell in c.cells) == expected_writes
    touched = {(w["tool"], native) for w in team.writes(mark) for native in w["touched"]}
    assert touched == {(tool, e.links[tool].ref.native) for row, e in plays for tool in row.shows}
    assert_quiet(team)


def assert_quiet(team: Team) -> None:
    mark = team.mark()
    report = team.sync()
    assert team.writes(mark) == []
    assert report.changes == ()


def _kept(value: Any, name: str, before: dict[str, Any]) -> Any:
    """What people see stays around a value: the key of a Jira issue behind a name, our marker among labels."""
    if name == "name" and "[" in before["name"]:
        return f"{value} {before['name'][before['name'].index('[') :]}"
    if name == "Labels":
        return sorted([*value, *(label for label in before.get("Labels", []) if label.startswith("cs-"))])
    return value


def _timeless(value: Any) -> Any:
    """A send strategy without the option that only a recipient-local send has, and that is nobody's edit."""
    if isinstance(value, dict) and "options" in value:
        return {**value, "options": {"is_local": value["options"]["is_local"]}}
    return bare(value) if isinstance(value, dict) else value


CLEARED = [
    Row("subject", "jira", {"Subject line": None}, {"airtable": {"Subject line": None}, "klaviyo": {"subject": "TBD"}}),
    Row("subject", "airtable", {"Subject line": ""}, {"jira": {"Subject line": None}, "klaviyo": {"subject": "TBD"}}),
    Row("subject", "klaviyo", {"subject": ""}, {"airtable": {"Subject line": None}, "jira": {"Subject line": None}}),
    *_plain("tags", TAGS, []),
    *(row for field, name in COUNTS.items() for row in both(field, name, name, None, None)),
]


def test_what_is_emptied_in_one_tool_is_emptied_in_the_others(synced: Team) -> None:
    filled = [row for row in ROWS if row.field in COUNTS and row.tool == "jira"]
    play(synced, filled)
    edit(synced, "airtable", drafts(synced)[1], dict.fromkeys(METRICS, 7))
    synced.sync()
    play(synced, CLEARED)


def test_a_day_moved_in_jira_moves_each_kind_of_send_time(synced: Team) -> None:
    play(synced, [row for row in ROWS if row.field == "planned_send" and row.tool == "airtable"][:3])
    night = planned("2026-03-31T00:30:00.000Z", "Exact time", static("2026-03-31T00:30:00+00:00"), "2026-03-31")
    play(synced, night[:1], drafts(synced)[3:])

    def moved(day: str, at: str, strategy: dict[str, Any]) -> Row:
        shown: dict[str, dict[str, Any]] = {"airtable": {"Planned send": at}, "klaviyo": {"send_strategy": strategy}}
        return Row("planned_send", "jira", {"Due date": day}, shown)

    rows = [
        # Nine o'clock stays nine o'clock when the clocks have changed.
        moved("2026-11-04", "2026-11-04T08:00:00.000Z", static("2026-11-04T08:00:00+00:00")),
        moved("2026-11-05", "2026-11-05T08:00:00.000Z", static("2026-11-05T09:00:00+00:00", local=True)),
        moved("2026-11-06", "2026-11-05T23:00:00.000Z", {"method": "smart_send_time", "date": "2026-11-06"}),
        # Half past two, which that night skips, is taken by the offset before.
        moved("2026-03-29", "2026-03-29T01:30:00.000Z", static("2026-03-29T01:30:00+00:00")),
    ]
    play(synced, rows)
