"""Wrong set-ups and odd input: a clear finding or a correct write, never a crash, never a record outside the scope."""

# Long because all of it shares one small team and its fixtures.

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.server import Sandbox
from sync.findings import FindingKind
from sync.model import Kind
from sync.report import RunReport, State
from sync.state import Remembered
from tests.e2e.native import create, edit, held_by, raw
from tests.e2e.team import INTERVAL, TODAY, Morning, Team, of_kind
from tests.e2e.test_fields import drafts

MANAGER, DESIGNER = "campaign manager", "designer"
INJECTION = 'CAM" OR project = "SECRET'
FORMULA = '"),TRUE(),OR({Name}!="'


@pytest.fixture(scope="session")
def small_sync(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Morning]]:
    """What a small team's first sync leaves on disk and in the tools; beside its project there is another that the
    account sees.
    """
    folder = tmp_path_factory.mktemp("small")
    with Sandbox(seed=1, campaigns=6, now=TODAY) as box:
        team = Team(box, folder)
        outside(team)
        team.sync()
        yield folder, Morning(box)


@pytest.fixture(scope="class")
def crew(small_sync: tuple[Path, Morning], tmp_path_factory: pytest.TempPathFactory) -> Team:
    """That team, which all tests of a class share: each leaves its set-up as it was, or is the last. Its clock was set
    back, so that it begins by reading every set-up anew.
    """
    first, morning = small_sync
    folder = tmp_path_factory.mktemp("crew") / "workspace"
    shutil.copytree(first, folder)
    return Team.resume(morning.again(TODAY - INTERVAL), folder)


def outside(team: Team) -> str:
    """An epic of another project that the account sees; its id."""
    native = create(team, "jira", "Epic", {"Summary": "Nobody else's business"})
    move = {"as": team.member(DESIGNER), "issue": native, "project": "SECRET", "visible": True}
    team.control("jira/move", move)
    return native


def free(team: Team) -> Remembered:
    """A campaign that all tools hold and whose cells may be edited."""
    return drafts(team)[0]


def sync_within_scope(team: Team) -> RunReport:
    """A run that writes to nothing but the records of the workspace's entities."""
    mark = team.mark()
    report = team.sync()
    ours = {link.ref.native for entity in team.state().entities.values() for link in entity.links.values()}
    for entry in team.writes(mark):
        about = {str(one) for one in entry["touched"]} if entry["tool"] != "klaviyo" else set()
        assert about <= ours or "/webhooks" in entry["path"], entry
    return report


def told(report: RunReport, subject: str, kind: FindingKind = FindingKind.NOT_WRITTEN) -> dict[str | None, str]:
    """The titles of a campaign's findings of a kind, by what they are about."""
    return {finding.detail_key: finding.title for finding in of_kind(report, kind) if finding.subject == subject}


# tool, the line of the configuration as it is, as somebody has it wrong, what the finding names
WRONG: list[tuple[str, str, str, str]] = [
    ("jira", "url = {jira}", "url = {airtable}", "url in [tools.jira]"),
    ("jira", 'project = "CAM"', 'project = "MAC"', "no project 'MAC'"),
    ("jira", 'project = "CAM"', f"project = '{INJECTION}'", "no project"),
    ("jira", 'project = "CAM"', 'project = "CAM/../../issue/10000"', "no project"),
    ("jira", 'project = "CAM"', 'project = "CAM"\nstage_type = "Task, Epic) OR (1=1"', "no issue type"),
    ("airtable", "base = {base}", 'base = "appNobodysBase000"', "base"),
    ("airtable", "base = {base}", "base = {base}\ncampaigns = '" + FORMULA + "'", "no table"),
    ("airtable", "base = {base}", "base = {base}\nmarker_field = '" + FORMULA + "'", "marker_field"),
    ("airtable", "base = {base}", 'base = {base}\ncampaign_link = "Owner"', "must link to"),
    ("klaviyo", "url = {klaviyo}", "url = {airtable}", "Klaviyo"),
]


class TestWrongSetUp:
    """Whatever is wrong about one tool is told by one finding, and the others go on."""

    @pytest.mark.asks_wrongly
    @pytest.mark.parametrize(("tool", "right", "wrong", "words"), WRONG)
    def test_a_wrong_place_is_named_and_nothing_is_written_there(
        self, crew: Team, tool: str, right: str, wrong: str, words: str
    ) -> None:
        old, new = right, wrong
        for name, value in {**crew.box.urls, "base": str(crew.box.company["base"])}.items():
            old, new = old.replace(f"{{{name}}}", f'"{value}"'), new.replace(f"{{{name}}}", f'"{value}"')
        editor, other = ("airtable", "jira") if tool != "airtable" else ("jira", "airtable")
        other = other if tool == "klaviyo" else "klaviyo"
        campaign = drafts(crew)[("jira", "airtable", "klaviyo").index(tool)]  # none that waits for another tool
        subject = f"Edited while {words!r} was wrong {crew.now:%H:%M}"
        edit(crew, editor, campaign, {"Subject line": subject})
        config = crew.config.read_text("utf-8")
        crew.change(old, new)
        mark = crew.mark()

        report = sync_within_scope(crew)

        crew.config.write_text(config, "utf-8")
        (trouble,) = of_kind(report, FindingKind.TOOL_TROUBLE)
        assert trouble.subject == tool
        assert words.lower() in (trouble.title + " ".join(a.error or "" for a in report.tools)).lower()
        assert crew.writes(mark, tool) == []
        assert of_kind(report, FindingKind.DELETION) == []
        shown = raw(crew, other, campaign)
        assert subject in (shown.get("subject"), shown.get("Subject line")), "the other tools go on"

    def test_afterwards_everything_is_caught_up_on(self, crew: Team) -> None:
        report = crew.sync()
        assert not report.troubled
        mark = crew.mark()
        assert crew.sync().changes == ()
        assert crew.writes(mark) == []


SCOPES = ["data.records:read", "data.records:write", "schema.bases:read", "webhook:manage"]


class TestMissingScope:
    """A token that may not do everything loses nothing: what it may not do is told."""

    @pytest.mark.parametrize("lacking", ["data.records:read", "schema.bases:read", "data.records:write"])
    def test_of_airtable(self, crew: Team, lacking: str) -> None:
        campaign = free(crew)
        secret = crew.config.parent / "secrets" / "airtable"
        right = secret.read_text("utf-8")
        scopes = [scope for scope in SCOPES if scope != lacking]
        given = crew.control("airtable/token", {"purpose": f"without {lacking}", "scopes": scopes})
        secret.write_text(given["token"], "utf-8")
        subject = f"Edited without {lacking}"
        edit(crew, "jira", campaign, {"Subject line": subject})

        report = sync_within_scope(crew)

        secret.write_text(right, "utf-8")
        assert [finding.subject for finding in of_kind(report, FindingKind.TOOL_TROUBLE)] == ["airtable"]
        assert given["token"] not in str(report)
        assert raw(crew, "klaviyo", campaign)["subject"] == subject, "the other tools go on"
        crew.sync()
        assert raw(crew, "airtable", campaign)["Subject line"] == subject

    @pytest.mark.parametrize("permission", ["browse", "edit", "transition"])
    def test_of_jira(self, crew: Team, permission: str) -> None:
        campaign = free(crew)
        crew.control("jira/permission", {"permission": permission, "granted": False})
        program = "Event" if campaign.agreed.get("program") != "Event" else "Lifecycle"
        status = "In review" if campaign.agreed.get("status") != "in_review" else "Approved"
        subject = f"Edited without {permission}"
        edit(crew, "airtable", campaign, {"Subject line": subject, "Program": program, "Status": status})

        report = sync_within_scope(crew)

        crew.control("jira/permission", {"permission": permission, "granted": True})
        assert raw(crew, "klaviyo", campaign)["subject"] == subject, "the other tools go on"
        assert of_kind(report, FindingKind.DELETION) == []
        assert {finding.kind for finding in report.findings} & {FindingKind.TOOL_TROUBLE, FindingKind.NOT_WRITTEN}
        crew.sync(full=True)  # which tries at once what was refused
        shown = raw(crew, "jira", campaign)
        assert (shown["Subject line"], shown["Program"], shown["Status"]) == (subject, program, status.title())

    def test_of_klaviyo(self, crew: Team) -> None:
        campaign = free(crew)
        secret = crew.config.parent / "secrets" / "klaviyo"
        right = secret.read_text("utf-8")
        secret.write_text(crew.box.company["credentials"]["klaviyo"]["read_only_token"], "utf-8")
        edit(crew, "airtable", campaign, {"Subject line": "Edited with a key that only reads"})
        report = sync_within_scope(crew)
        secret.write_text(right, "utf-8")
        assert of_kind(report, FindingKind.TOOL_TROUBLE) or told(report, campaign.id)
        assert raw(crew, "jira", campaign)["Subject line"] == "Edited with a key that only reads"
        crew.sync()
        assert raw(crew, "klaviyo", campaign)["subject"] == "Edited with a key that only reads"


HOSTILE = [
    'a" OR project = "SECRET" ORDER BY key --',
    "cs-00000001",
    FORMULA,
    "'),RECORD_ID()!='",
    "{Name}\\",
    "h\u202eright-to-left override\u202c 🎈",
    "=HYPERLINK(A1)\t\u0000"[:-1],
    "\u2028separated\u2029lines",
]


class TestHostileNames:
    """What people type into names reaches no query and no formula as anything but text."""

    def test_campaigns_of_such_names_are_made_once_and_stay_themselves(self, crew: Team) -> None:
        before = len(crew.state().entities)
        made = {name: create(crew, "airtable", "Campaigns", {"Name": name}) for name in HOSTILE}
        report = sync_within_scope(crew)
        for name, native in made.items():
            entity = held_by(crew, "airtable", native)
            assert raw(crew, "airtable", entity)["Name"] == name
            assert "jira" in entity.links, told(report, entity.id)
            assert raw(crew, "jira", entity)["Summary"] == " ".join(name.split())
        assert len(crew.state().entities) == before + len(HOSTILE)
        mark = crew.mark()
        assert crew.sync().changes == ()
        assert crew.writes(mark) == []

    def test_labels_and_markers_that_people_type_take_no_record_over(self, crew: Team) -> None:
        first, *_, last = (e for e in crew.state().entities.values() if e.kind is Kind.CAMPAIGN and not e.disputed)
        fields: dict[str, Any] = {"Summary": "Bears somebody else's marker", "Labels": [first.id, 'a"OR"b']}
        stolen = create(crew, "jira", "Epic", fields)
        forged = create(crew, "airtable", "Campaigns", {"Name": "Forged", "Sync ID": FORMULA})
        copied = create(crew, "airtable", "Campaigns", {"Name": "Copied", "Sync ID": last.id})
        sync_within_scope(crew)
        sync_within_scope(crew)
        state = crew.state().entities
        for entity in (first, last):
            assert {t: k.ref for t, k in state[entity.id].links.items()} == {t: k.ref for t, k in entity.links.items()}
        owners = {link.ref.native: id_ for id_, entity in state.items() for link in entity.links.values()}
        assert owners.get(stolen) != first.id
        assert owners.get(copied) != last.id
        assert owners[forged] != FORMULA

    def test_tables_columns_types_and_the_projects_key_of_such_names_are_used_as_they_are(self, crew: Team) -> None:
        table, column, kind = "Camp\"aigns' {Name} & 1", "Last } modi{fied\\ \"'", 'Task" OR project = "SECRET'
        for change in (
            {"table": "Stages", "name": FORMULA},
            {"table": FORMULA, "field": "Last modified", "name": "',\"),TRUE(),("},
            {"table": "Campaigns", "field": "Last modified", "name": column},
            {"table": "Campaigns", "name": table},
        ):
            crew.control("airtable/rename", change)
        crew.control("jira/rename", {"type": "Task", "name": kind})
        crew.control("jira/rekey", {"key": "ORDER"})
        base = f'base = "{crew.box.company["base"]}"\n'
        quoted = f"campaigns = '''{table}'''\nstages = '''{FORMULA}'''\n"
        crew.change(base, f'{base}{quoted}webhook_log = "off"\n')
        crew.change('project = "CAM"', f"project = \"ORDER\"\nstage_type = '{kind}'")
        for tool, other in (("airtable", "jira"), ("jira", "airtable")):
            crew.sync()
            campaign, subject = free(crew), f"By way of odd names in {tool}"
            native = campaign.links[tool].ref.native
            if tool == "jira":
                edit(crew, tool, campaign, {"Subject line": subject})
            else:
                row = {"table": table, "record": native, "fields": {"Subject line": subject}}
                crew.control("airtable/edit", {"as": crew.member(MANAGER), **row})
            report = sync_within_scope(crew)
            assert not report.troubled
            done = {(c.tool, c.entity) for c in report.changes if c.state is State.DONE}
            assert (other, campaign.id) in done


class TestLongAndOddTexts:
    """Every length is written whole or told; nothing is cut off."""

    def test_a_name_as_long_as_a_page_is_told_and_its_campaign_goes_on(self, crew: Team) -> None:
        campaign = free(crew)
        before = raw(crew, "jira", campaign)["Summary"]
        edit(crew, "airtable", campaign, {"Name": "n" * 16_000, "Program": "Event", "Subject line": "Goes on"})
        report = sync_within_scope(crew)
        assert "at most 255" in told(report, campaign.id)["jira/name"]
        shown = raw(crew, "jira", campaign)
        assert (shown["Summary"], shown["Program"], shown["Subject line"]) == (before, "Event", "Goes on")
        edit(crew, "airtable", campaign, {"Name": before})
        assert told(sync_within_scope(crew), campaign.id) == {}

    def test_a_name_as_long_as_a_page_is_cut_in_what_people_read(self, crew: Team) -> None:
        native = create(crew, "airtable", "Campaigns", {"Name": "m" * 16_000})
        report = sync_within_scope(crew)
        crew.control("airtable/delete", {"as": crew.member(MANAGER), "table": "Campaigns", "record": native})
        assert all(len(finding.title) < 500 for finding in report.findings)

    def test_a_campaign_born_with_too_long_a_name_is_told(self, crew: Team) -> None:
        native = create(crew, "airtable", "Campaigns", {"Name": "n" * 256})
        report = sync_within_scope(crew)
        entity = held_by(crew, "airtable", native)
        assert "jira" not in entity.links
        assert [f for f in report.findings if f.subject == entity.id and "255" in f.title], report.waiting

    @pytest.mark.parametrize(("size", "fits"), [(32_767, True), (32_768, False)])
    def test_a_brief_of_jiras_longest_length(self, crew: Team, size: int, fits: bool) -> None:
        campaign = free(crew)
        before = raw(crew, "jira", campaign).get("Description")
        text = "x" * size
        edit(crew, "airtable", campaign, {"Brief": text})
        report = sync_within_scope(crew)
        after = raw(crew, "jira", campaign).get("Description")
        if fits:
            assert after is not None
            assert after["content"][0]["content"][0]["text"] == text
        else:
            assert after == before
        assert ("jira/brief" in told(report, campaign.id)) is not fits

    @pytest.mark.parametrize("tool", ["jira", "airtable"])
    def test_line_breaks_emoji_and_right_to_left_text_in_a_summary(self, crew: Team, tool: str) -> None:
        campaign = free(crew)
        name = f"🏳️‍🌈 \u05e9\u05dc\u05d5\u05dd and مرحبا {tool} " + "é" * 200
        edit(crew, tool, campaign, {"Summary" if tool == "jira" else "Name": name})
        sync_within_scope(crew)
        shown = {"jira": "Summary", "airtable": "Name", "klaviyo": "name"}
        assert all(name in raw(crew, one, campaign)[field] for one, field in shown.items())
        if tool == "airtable":
            edit(crew, tool, campaign, {"Name": "Two\nlines\r\n\r\nand three"})
            sync_within_scope(crew)
            assert raw(crew, "jira", campaign)["Summary"] == "Two lines and three"
        mark = crew.mark()
        assert crew.sync().changes == ()
        assert crew.writes(mark) == []

    def test_a_question_longer_than_an_address_may_be_is_asked_all_the_same(self, crew: Team) -> None:
        """16,000 characters are the most that an address may have at Airtable."""
        column = "Last modified " + "ü" * 3000
        crew.control("airtable/rename", {"table": "Stages", "field": "Last modified", "name": column})
        crew.change('type = "airtable"\n', 'type = "airtable"\nwebhook_log = "off"\n')
        crew.sync()
        campaign, mark = free(crew), crew.mark()
        crew.now += timedelta(hours=1)  # until then no name of a column is asked for, and none is in the question
        edit(crew, "airtable", campaign, {"Subject line": "Found by a long question"})
        assert not sync_within_scope(crew).troubled
        assert raw(crew, "klaviyo", campaign)["subject"] == "Found by a long question"
        asked = {(e["method"], e["path"].rpartition("/")[2]) for e in crew.box.world.entries[mark:]}
        assert ("POST", "listRecords") in asked


def test_an_option_that_was_added_within_the_hour_is_no_conflict(
    small_sync: tuple[Path, Morning], tmp_path: Path
) -> None:
    """Given what was kept of a set-up, when somebody adds an option and takes it, then the set-up is asked once more,
    and what another tool does not offer is said of that one."""
    first, morning = small_sync
    shutil.copytree(first, tmp_path / "workspace")
    crew = Team.resume(morning.again(), tmp_path / "workspace")
    campaign = free(crew)
    crew.control("jira/add", {"field": "Program", "option": "Webcast"})
    edit(crew, "jira", campaign, {"Program": "Webcast", "Subject line": "Goes on beside the option"})
    report = sync_within_scope(crew)
    assert "Webcast" in told(report, campaign.id)["airtable/program"]
    assert not [finding for finding in report.findings if finding.kind is FindingKind.CONFLICT]


class TestWhatJiraDoesNotOffer:
    """Fields and options that are not there leave out only themselves."""

    def test_an_option_that_does_not_exist(self, crew: Team) -> None:
        campaign = free(crew)
        crew.control("jira/add", {"field": "Program", "option": 'We"bcast'})
        edit(crew, "jira", campaign, {"Program": 'We"bcast', "Subject line": "Goes on beside the option"})
        report = sync_within_scope(crew)
        assert "We" in told(report, campaign.id)["airtable/program"]
        assert raw(crew, "airtable", campaign)["Subject line"] == "Goes on beside the option"

    def test_a_field_that_is_on_no_screen(self, crew: Team) -> None:
        campaign = free(crew)
        edit(crew, "jira", campaign, {"Program": "Event"})
        crew.sync()
        crew.control("jira/remove", {"field": "Program"})
        options = ["Event", "Lifecycle", "Promotion", "Newsletter", "Product launch"]
        crew.control("jira/add", {"field": "Program", "kind": "option", "types": [], "options": options})
        edit(crew, "airtable", campaign, {"Program": "Lifecycle", "Subject line": "Goes on beside the screen"})
        sync_within_scope(crew)  # which finds other fields than it was told of, and writes nothing by them
        report = sync_within_scope(crew)
        assert raw(crew, "jira", campaign)["Subject line"] == "Goes on beside the screen"
        assert raw(crew, "airtable", campaign)["Program"] == "Lifecycle", "no field there is no emptied field"
        assert [f for f in report.findings if "Program" in f.title], [f.title for f in report.findings]
