"""Stages and statuses, each way: every word, every field, and a stage that changes its campaign."""

from __future__ import annotations

from typing import Any

import pytest

from sync.model import EntityLink, Kind
from sync.state import Remembered
from tests.e2e.native import Who, create, edit, held_by, raw
from tests.e2e.team import Team, on_both
from tests.e2e.test_fields import RICH, Row, assert_quiet, both, drafts, play

# As Jira and as Airtable spell them.
STATUSES = [
    ("Planned", "Planned"), ("In Progress", "In progress"), ("In Review", "In review"), ("Approved", "Approved"),
    ("Scheduled", "Scheduled"), ("Sending", "Sending"), ("Sent", "Sent"), ("Cancelled", "Cancelled"),
]  # fmt: skip
STAGE_STATUSES = [
    ("Blocked", "Blocked"), ("In Progress", "In progress"), ("Done", "Done"), ("Dropped", "Dropped"),
    ("To Do", "To do"),
]  # fmt: skip


def stages(team: Team) -> list[Remembered]:
    """Stages of campaigns that all agree on, held by both tools."""
    campaigns = {EntityLink(c.id) for c in drafts(team)}
    return [
        e
        for e in sorted(team.state().entities.values(), key=lambda e: e.id)
        if e.kind is Kind.STAGE and len(e.links) == 2 and not e.disputed and e.agreed.get("campaign") in campaigns
    ]


def stage_rows() -> list[Row]:
    return [
        *both("due", "Due date", "Due", "2026-03-29", "2026-03-29"),
        *both("due", "Due date", "Due", None, None),
        *both("owner", "Assignee", "Owner", Who("ben"), Who("ben")),
        *both("owner", "Assignee", "Owner", None, None),
        *(row for rich in RICH for row in both("notes", "Description", "Notes", rich, rich)),
    ]


@on_both
def test_every_field_of_a_stage_edited_in_one_tool_is_shown_by_the_other(synced: Team) -> None:
    owned = [s for s in stages(synced) if s.agreed.get("owner") and s.agreed.get("due")]
    play(synced, stage_rows(), owned)
    play(synced, both("notes", "Description", "Notes", None, None), owned)


@on_both
def test_every_status_of_a_stage_is_mirrored(synced: Team) -> None:
    rows = [row for jira, airtable in STAGE_STATUSES for row in both("status", "Status", "Status", jira, airtable)]
    free = [(stage, raw(synced, "jira", stage)["Status"]) for stage in stages(synced)[: 3 * len(rows)]]
    taken: list[Remembered] = []
    for row in rows:
        words = [*row.typed.values(), *row.shows.get("jira", {}).values()]
        other = next(one for one in free if one[1] not in words)
        free.remove(other)
        taken.append(other[0])
    play(synced, rows, taken)


@on_both
def test_a_stage_becomes_another_kind_and_moves_to_another_campaign(synced: Team) -> None:
    moving = [s for s in stages(synced) if s.agreed["kind"] == "strategy"]
    homes = {stage.agreed["campaign"] for stage in moving[:2]}
    there = [c for c in drafts(synced) if EntityLink(c.id) not in homes and "qa" not in _kinds(synced, c)]
    moves = list(zip(("jira", "airtable"), moving, there, strict=False))
    assert len(moves) == 2
    mark = synced.mark()
    for tool, stage, target in moves:
        edit(synced, tool, stage, {"Stage": "QA", PARENT[tool]: _parent(target, tool)})

    synced.sync()

    for tool, stage, target in moves:
        other = OTHER[tool]
        shown = raw(synced, other, stage)
        assert shown["Stage"] == "QA"
        parent = shown["Epic Link" if other == "jira" and synced.data_center else PARENT[other]]
        assert parent in (target.links[other].key, [target.links[other].ref.native])
    written = {(w["tool"], *w["touched"]) for w in synced.writes(mark)}
    assert written == {(OTHER[tool], stage.links[OTHER[tool]].ref.native) for tool, stage, _ in moves}
    assert_quiet(synced)


PARENT = {"jira": "Parent", "airtable": "Campaign"}
OTHER = {"jira": "airtable", "airtable": "jira"}


def _parent(campaign: Remembered, tool: str) -> Any:
    return campaign.links[tool].key if tool == "jira" else [campaign.links[tool].ref.native]


def _kinds(team: Team, campaign: Remembered) -> set[object]:
    here = EntityLink(campaign.id)
    return {e.agreed["kind"] for e in team.state().entities.values() if e.agreed.get("campaign") == here}


@pytest.mark.parametrize("tool", ["jira", "airtable"])
def test_every_status_of_a_campaign_is_mirrored_from_its_creation_on(synced: Team, tool: str) -> None:
    """Without a send time there is no campaign in Klaviyo, which would have a word in what is scheduled or sent."""
    other, table, name = ("airtable", "Epic", "Summary") if tool == "jira" else ("jira", "Campaigns", "Name")
    words = [dict(zip(("jira", "airtable"), pair, strict=True)) for pair in STATUSES]
    made = [create(synced, tool, table, {name: f"Number {n}", "Status": word[tool]}) for n, word in enumerate(words)]
    synced.sync()
    over = {"Sent", "Cancelled"}
    entities = [held_by(synced, tool, native) for native in made]
    for entity, word in zip(entities, words, strict=True):
        assert (other in entity.links) == (word[tool] not in over)
    open_ = [(e, w) for e, w in zip(entities, words, strict=True) if other in e.links]
    assert [raw(synced, other, e)["Status"] for e, _ in open_] == [w[other] for _, w in open_]
    assert_quiet(synced)

    backwards = words[::-1][: len(open_)]
    rows = [Row("status", tool, {"Status": w[tool]}, {other: {"Status": w[other]}}) for w in backwards]
    play(synced, rows, [e for e, _ in open_])
