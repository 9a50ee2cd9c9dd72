"""Fields that a workspace adds by configuration, and native fields that nobody mapped."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from tests.e2e.native import Who, ask, create, edit, held_by, raw
from tests.e2e.team import Team, on_both
from tests.e2e.test_field_stages import stages
from tests.e2e.test_fields import RICH, Row, both, drafts, play

CONFIG = """
[custom.campaign]
region = { type = "choice", label = "Region" }
budget = { type = "number" }
embargo = { type = "day" }
approver = { type = "person" }
legal_check = { type = "flag" }
channels = { type = "set" }
learnings = { type = "rich_text" }
utm = { type = "text" }
goes_live = { type = "when" }

[custom.stage]
effort = { type = "number" }
"""
CAMPAIGN = """
region = { field = "Region" }
budget = { field = "Budget" }
embargo = { field = "Embargo" }
approver = { field = "Approver" }
channels = { field = "Channels" }
learnings = { field = "Learnings" }
utm = { field = "UTM campaign" }
goes_live = { field = "Goes live" }
"""
LEGAL = {
    "jira": 'legal_check = { field = "Legal check", values = { true = "Yes", false = "No" } }\n',
    "airtable": 'legal_check = { field = "Legal check" }\n',
}
ALIKE = {
    "Region": ("region", "APAC"), "Budget": ("budget", 12.5), "Embargo": ("embargo", "2026-03-29"),
    "Approver": ("approver", Who("yuki")), "Channels": ("channels", ["Email", "Push"]),
    "UTM campaign": ("utm", "spring_26"),
}  # fmt: skip
DIFFERENT = [
    *both("legal_check", "Legal check", "Legal check", "Yes", True),
    *both("learnings", "Learnings", "Learnings", RICH[1], RICH[1]),
    *both("goes_live", "Goes live", "Goes live", "2026-05-04T07:00:00.000+0000", "2026-05-04T07:00:00.000Z"),
]
FILLED = [*(row for name, (field, value) in ALIKE.items() for row in both(field, name, name, value, value)), *DIFFERENT]
EMPTIED = [
    Row(row.field, row.tool, dict.fromkeys(row.typed), {o: dict.fromkeys(s) for o, s in row.shows.items()})
    for row in FILLED
    if row.field != "legal_check"
]

# A box that is unticked is a no.
UNTICKED = [
    Row("legal_check", "jira", {"Legal check": "No"}, {"airtable": {"Legal check": None}}),
    Row("legal_check", "airtable", {"Legal check": None}, {"jira": {"Legal check": "No"}}),
]


@pytest.fixture
def extended(synced: Team) -> Team:
    """The workspace with its own fields, mapped by copies of the packaged files."""
    synced.config.write_text(synced.config.read_text("utf-8") + CONFIG, "utf-8")
    for tool in ("jira", "airtable"):
        text = (files("mappings") / f"{tool}.toml").read_text("utf-8")
        text = text.replace("[campaign.fields]\n", f"[campaign.fields]{CAMPAIGN}{LEGAL[tool]}", 1)
        text = text.replace("[stage.fields]\n", '[stage.fields]\neffort = { field = "Effort" }\n', 1)
        (synced.config.parent / f"{tool}.toml").write_text(text, "utf-8")
        synced.change(f'type = "{tool}"\n', f'type = "{tool}"\nmapping = "{tool}.toml"\n')
    return synced


@on_both
def test_a_field_of_every_kind_that_the_workspace_adds_is_mirrored(extended: Team) -> None:
    play(extended, FILLED)
    play(extended, [*EMPTIED, *UNTICKED])


def test_a_stage_has_fields_of_its_own_too(extended: Team) -> None:
    play(extended, both("effort", "Effort", "Effort", 2.5, 2.5), stages(extended))


def test_a_campaign_made_in_one_tool_brings_the_workspaces_own_fields(extended: Team) -> None:
    made, last = {}, []
    for tool, table, name in (("jira", "Epic", "Summary"), ("airtable", "Campaigns", "Name")):
        rows = [row for row in FILLED if row.tool == tool]
        own = {k: v for row in rows for k, v in row.typed.items()}
        made[tool] = create(extended, tool, table, {name: f"Own fields of {tool}", **own})
        last.append(Row("utm", tool, {"UTM campaign": "y"}, dict(_all(rows))))
    extended.sync()
    campaigns = [held_by(extended, tool, native) for tool, native in made.items()]
    extended.sync()
    play(extended, last, campaigns)


def _all(rows: list[Row]) -> list[tuple[str, dict[str, Any]]]:
    other = next(iter(rows[0].shows))
    return [(other, {k: v for row in rows for k, v in row.shows[other].items()} | {"UTM campaign": "y"})]


def test_native_fields_that_nobody_mapped_stay_as_they_are(synced: Team) -> None:
    campaign, stage = drafts(synced)[1], stages(synced)[0]
    ours = {"Priority": "Highest", "Reporter": Who("yuki"), "Region": "APAC", "Labels": ["brand"]}
    edit(synced, "jira", campaign, ours)
    edit(synced, "airtable", campaign, {"Region": "EMEA", "Budget": 7, "Tags": ["brand"]})
    edit(synced, "klaviyo", campaign, {"excluded": ["Wholesale partners"], "tags": ["brand"]})
    synced.sync()
    native = campaign.links["klaviyo"].ref.native
    options = {"tracking_options": {"is_tracking_clicks": False}, "send_options": {"use_smart_sending": False}}
    body = {"data": {"type": "campaign", "id": native, "attributes": options}}
    ask(synced, "klaviyo", "PATCH", f"campaigns/{native}", body)
    kept = {
        "jira": ("Priority", "Reporter", "Region", "Creator", "Created", "Issue Type", "Project"),
        "airtable": ("Region", "Budget", "Jira key", "Stages"),
        "klaviyo": ("excluded", "tracking_options", "send_options", "content"),
    }
    before = {tool: raw(synced, tool, campaign) for tool in kept}
    title = raw(synced, "airtable", stage)["Title"], raw(synced, "jira", stage)["Summary"]
    mark = synced.mark()
    edit(synced, "airtable", campaign, {"Name": "New name", "Audiences": ["Students"], "Tags": ["launch"]})
    edit(synced, "klaviyo", campaign, {"send_strategy": {"method": "smart_send_time", "date": "2026-05-06"}})
    edit(synced, "airtable", stage, {"Due": "2026-03-29"})

    synced.sync()

    assert len(synced.writes(mark, "jira")) == 2
    for tool, names in kept.items():
        shown = raw(synced, tool, campaign)
        for name in names:
            assert shown.get(name) == before[tool].get(name), (tool, name)
    assert before["klaviyo"]["send_options"] == {"use_smart_sending": False}
    assert (raw(synced, "airtable", stage)["Title"], raw(synced, "jira", stage)["Summary"]) == title
    assert raw(synced, "klaviyo", campaign)["name"].startswith("New name")
