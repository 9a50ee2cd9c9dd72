"""What people read on the terminal: plans, runs and flags, wide and narrow, without depending on colour."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from jobs.terminal import one_line, show_plan, show_run, unfinished
from jobs.terminal_findings import show_findings
from sync.findings import Claim, Finding, FindingKind, Severity
from sync.model import Day
from sync.report import Action, CellChange, RecordChange, RunReport, State, ToolAccount
from sync.wording import Wording

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
WORDS = Wording(ZoneInfo("Europe/Berlin"))
TOOLS = tuple(ToolAccount(tool, 9) for tool in ("airtable", "jira", "klaviyo"))
DUE = CellChange("due", "Due", Day(date(2026, 11, 27)), Day(date(2026, 11, 30)), ("airtable",))
SUBJECT = CellChange("subject", "Subject line", "Hello", "Hello there", ("jira", "klaviyo"))


def change(action: Action, tool: str, where: str, *cells: CellChange, state: State = State.PLANNED) -> RecordChange:
    entity = "cs-friday00" if where == "Black Friday" else f"cs-{where[:6].lower():0<8}"
    return RecordChange(action, tool, entity, "cs-friday00", "Black Friday", where, cells, state)


CHANGES = (
    change(Action.UPDATE, "jira", "Design of Black Friday", DUE),
    change(Action.UPDATE, "airtable", "Black Friday", SUBJECT),
    change(Action.CREATE, "klaviyo", "Black Friday", replace(SUBJECT, old=None), replace(DUE, old=None)),
    change(Action.CREATE, "jira", "Black Friday", replace(SUBJECT, old=None)),
    change(Action.CREATE, "jira", "QA of Black Friday", replace(DUE, old=None)),
    change(Action.ARCHIVE, "airtable", "Build of Black Friday"),
)
CONFLICT = Finding(
    FindingKind.CONFLICT, Severity.WARNING, "cs-friday00", "Subject line of Black Friday differs", "Make them agree.",
    "cs-friday00", "Black Friday", "subject",
    (Claim("airtable", "Hello", "Ann Lee", NOON, "https://x.example"), Claim("jira", "Hello there")),
    ("--take airtable", "--take jira"),
)  # fmt: skip


def unowned(stage: str, campaign: str = "Black Friday", kind: FindingKind = FindingKind.UNOWNED_STAGE) -> Finding:
    return Finding(
        kind, Severity.WARNING, f"cs-{stage}", f"{stage} of {campaign} has no owner", "Name an owner.",
        campaign, campaign, stage.lower(),
    )  # fmt: skip


def report(*changes: RecordChange, **parts: object) -> RunReport:
    return replace(RunReport("Acme email", "cs-run00000", NOON, NOON, True, TOOLS, changes), **parts)  # type: ignore[arg-type]


def shown(show: Callable[[Console], None], width: int = 100, **options: object) -> str:
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False, markup=False, emoji=False, **options))  # type: ignore[arg-type]
    return file.getvalue()


def test_a_plan_goes_by_campaign_then_stage_then_field() -> None:
    assert shown(lambda console: show_plan(console, report(*CHANGES), WORDS)).splitlines() == [
        "Plan for Acme email. Nothing has been written.",
        "",
        "Black Friday",
        "  + Jira      create the campaign and QA (2 records, 2 fields)",
        "  + Klaviyo   create the campaign (2 fields)",
        "  Campaign",
        "    ~ Subject line   Airtable   Hello → Hello there   (edited in Jira and Klaviyo)",
        "  Build",
        "    - Airtable   archive",
        "  Design",
        "    ~ Due   Jira   Fri 27 Nov 2026 → Mon 30 Nov 2026   (edited in Airtable)",
        "",
        "6 changes in 3 tools: 3 create, 2 update, 1 archive.",
        "To write it: campaign-sync sync",
    ]


def test_a_narrow_terminal_gets_each_value_on_its_own_line() -> None:
    lines = shown(lambda console: show_plan(console, report(CHANGES[0]), WORDS), width=60).splitlines()

    assert lines[2:8] == [
        "Black Friday",
        "  Design",
        "    ~ Due (Jira)",
        "        from  Fri 27 Nov 2026",
        "        to    Mon 30 Nov 2026",
        "        (edited in Airtable)",
    ]


def test_values_that_do_not_fit_beside_their_field_go_below_it() -> None:
    long = replace(SUBJECT, old="o" * 60, new="n" * 60)

    text = shown(lambda console: show_plan(console, report(change(Action.UPDATE, "jira", "Black Friday", long)), WORDS))

    assert "    ~ Subject line   Jira   (edited in Jira and Klaviyo)\n        from  " + "o" * 60 in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_two_long_texts_are_shown_from_where_they_differ() -> None:
    brief = CellChange("brief", "Brief", "same " * 40 + "old end", "same " * 40 + "new end", ("jira",))

    text = shown(
        lambda console: show_plan(console, report(change(Action.UPDATE, "jira", "Black Friday", brief)), WORDS)
    )

    assert "from  …same same same same same same old end" in text
    assert "to    …same same same same same same new end" in text


def test_advice_that_all_flags_of_a_section_give_is_given_once() -> None:
    other = replace(CONFLICT, detail_key="name", title="Name of Black Friday differs")

    text = shown(lambda console: show_findings(console, [CONFLICT, other], WORDS))

    assert text.count("Make them agree.") == 1
    assert text.count("campaign-sync resolve") == 2


def test_verbose_shows_every_field_of_what_is_created() -> None:
    text = shown(lambda console: show_plan(console, report(CHANGES[2]), WORDS, verbose=True))

    assert (
        "    + Klaviyo   create (2 fields)\n        Subject line   Hello there\n        Due            Mon 30" in text
    )


def test_a_run_says_what_was_written_and_what_was_not() -> None:
    done = [replace(each, state=State.DONE) for each in CHANGES[:2]]
    failed = replace(CHANGES[5], state=State.FAILED, reason="Airtable refused it: locked.")
    waits = replace(CHANGES[3], state=State.DEFERRED, reason="Jira has not answered yet.")

    text = shown(lambda console: show_run(console, report(*done, failed, waits, dry=False), WORDS))

    assert "2 changes written in 2 tools: 2 updated. 1 change could not be written. 1 change will follow" in text
    assert "! not written in Airtable: Airtable refused it: locked." in text
    assert ". waits in Jira: Jira has not answered yet." in text


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "Nothing to do: all 3 tools agree."),
        ({"tools": TOOLS[:2]}, "Nothing to do: both tools agree."),
        ({"standing": (unowned("QA"),)}, "Nothing to do: all 3 tools agree."),
        ({"standing": (CONFLICT,)}, "Nothing to do until people settle what is flagged."),
        (
            {"standing": (CONFLICT,), "unsettled": ("2 records wait to be made in Jira.",)},
            "Nothing more to do now. What waits is looked at again by a later run.",
        ),
        (
            {"tools": (*TOOLS[:2], ToolAccount("klaviyo", 0, "It is down."))},
            "Nothing to do in the other tools: Klaviyo could not be read.",
        ),
        ({"tools": (ToolAccount("jira", 0, "It is down."),)}, "Nothing could be done: Jira could not be read."),
        ({"opened": (replace(CONFLICT, kind=FindingKind.UNSAFE_PLAN),)}, "the plan changes too much"),
    ],
)
def test_a_quiet_run_says_so_without_claiming_too_much(parts: dict[str, object], said: str) -> None:
    text = shown(lambda console: show_run(console, report(dry=False, **parts), WORDS))

    assert said in text
    assert said in one_line(report(dry=False, **parts))


def test_a_conflict_shows_both_values_with_who_and_when_and_how_to_settle_it() -> None:
    assert shown(lambda console: show_findings(console, [CONFLICT], WORDS)).splitlines() == [
        "Conflicts to decide (1)",
        "  ! Subject line of Black Friday differs",
        "    Airtable   Hello         Ann Lee, Mon 23 Nov 2026, 12:00",
        "    Jira       Hello there   the tool does not tell who and when",
        "    Make them agree.",
        f"    campaign-sync resolve {CONFLICT.fingerprint} --take airtable or --take jira",
        "",
    ]


def test_unowned_stages_are_one_line_per_campaign() -> None:
    missing = unowned("Build", kind=FindingKind.MISSING_STAGE)
    found = [unowned("QA"), unowned("Design"), missing, unowned("Design", "Spring")]

    lines = shown(lambda console: show_findings(console, found, WORDS)).splitlines()

    assert lines[:4] == [
        "Stages with nobody (4)",
        "  ! Black Friday: nobody owns: Design, QA; not planned: Build",
        "  ! Spring: nobody owns: Design",
        "  Name an owner.",
    ]


def test_flags_that_stood_before_are_counted_and_new_ones_shown() -> None:
    text = shown(
        lambda console: show_run(
            console, report(dry=False, opened=(unowned("QA"),), standing=(CONFLICT,), closed=(unowned("Build"),)), WORDS
        )
    )

    assert "Black Friday: nobody owns: QA" in text
    assert "Settled: Build of Black Friday has no owner" in text
    assert "New: 1 flag: 1 unowned stage." in text
    assert "Open before: 1 flag: 1 conflict. See: campaign-sync report" in text
    assert "differs" not in text


def test_a_tool_that_is_back_is_told_without_the_advice_of_yesterday() -> None:
    title = "Jira was left out: jira refused signing in (401). Check that the token is right."
    trouble = Finding(FindingKind.TOOL_TROUBLE, Severity.URGENT, "jira", title, "Nothing is lost.")

    text = shown(lambda console: show_run(console, report(dry=False, closed=(trouble,)), WORDS))

    assert "Settled: Jira is no longer left out" in text
    assert "token" not in text


def test_an_account_that_keeps_something_to_itself_is_told_of_and_all_agree_nevertheless() -> None:
    title = "Brevo does not tell everything: the account has no commerce add-on, so conversions stay empty"
    kept = Finding(FindingKind.WITHHELD, Severity.INFO, "brevo", title, "Get it there.")

    new = shown(lambda console: show_run(console, report(dry=False, opened=(kept,)), WORDS))
    granted = shown(lambda console: show_run(console, report(dry=False, closed=(kept,)), WORDS))

    for words in ("What accounts keep to themselves (1)", title, "Get it there.", "Nothing to do: ", "tells less"):
        assert words in " ".join(new.split())
    assert not unfinished(report(dry=False, standing=(kept,)))
    assert "Settled: Brevo tells everything now" in granted
    assert "commerce" not in granted


def test_a_send_that_is_off_the_calendar_comes_first_and_is_never_all_agreed() -> None:
    off = Finding(
        FindingKind.UNSCHEDULED, Severity.URGENT, "e1", "Spring is no longer scheduled in Klaviyo", "Schedule it."
    )

    new = shown(lambda console: show_run(console, report(dry=False, opened=(CONFLICT, off)), WORDS))
    standing = shown(lambda console: show_run(console, report(dry=False, standing=(off,)), WORDS))

    assert new.index("Sends off the calendar (1)") < new.index("Spring is no longer scheduled") < new.index("Conflicts")
    assert "New: 2 flags: 1 send unscheduled, 1 conflict." in new
    assert "Nothing to do until people settle what is flagged." in standing


def test_a_plan_only_promises_to_settle() -> None:
    text = shown(lambda console: show_plan(console, report(CHANGES[0], closed=(CONFLICT,)), WORDS))

    assert "Would be settled: Subject line of Black Friday differs" in text


def test_colour_carries_no_meaning_of_its_own() -> None:
    def show(console: Console) -> None:
        show_plan(console, report(*CHANGES, opened=(CONFLICT,)), WORDS)

    plain = shown(show)
    coloured = shown(show, force_terminal=True, color_system="standard")
    bare = shown(show, force_terminal=True, no_color=True, color_system=None)

    assert "\x1b" in coloured
    assert "\x1b" not in plain + bare
    assert bare == plain


def test_nothing_that_a_tool_holds_can_steer_the_terminal() -> None:
    nasty = "\x1b[31m[bold]red[/bold]\x07\u202e:warning:\r\n"
    hostile = replace(CONFLICT, title=f"Subject {nasty}", claims=(Claim("jira", nasty, nasty),), campaign_name=nasty)
    cell = replace(SUBJECT, old=nasty, new=nasty)

    text = shown(
        lambda console: show_run(
            console, report(change(Action.UPDATE, "jira", "Black Friday", cell), opened=(hostile,)), WORDS
        )
    )

    assert not {char for char in text if ord(char) < 32} - {"\n"}
    assert "\u202e" not in text
    assert "[bold]red[/bold]" in text
    assert ":warning:" in text
