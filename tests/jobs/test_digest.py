"""What the conflict report shows: order, counts, groups, ages, caps, and the words for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.digest import LIMIT, Digest, Section, digest
from jobs.digest_words import SORTS, sort_of
from sync.findings import Claim, Finding, FindingKind, Severity

NOW = datetime(2026, 10, 12, 7, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
RECORD = "https://airtable.com/appX/recA"


def finding(
    kind: FindingKind,
    title: str = "Something is wrong",
    *,
    advice: str = "Do this.",
    campaign: str = "Black Friday",
    severity: Severity = Severity.WARNING,
    key: str = "",
    claims: tuple[Claim, ...] = (),
) -> Finding:
    options = tuple(f"--take {claim.tool}" for claim in claims) if kind is FindingKind.CONFLICT else ()
    if kind in (FindingKind.DELETION, FindingKind.DELETION_CONFLICT):
        options = ("--restore", "--delete")
    return Finding(kind, severity, title, title, advice, f"id of {campaign}", campaign, key, claims, options)


def conflict(campaign: str = "Black Friday", *claims: Claim) -> Finding:
    sides = claims or (
        Claim("airtable", "Hello", "Ann Lee", NOW - timedelta(hours=3), RECORD),
        Claim("klaviyo", "HELLO"),
    )
    return finding(
        FindingKind.CONFLICT, f"Subject line of {campaign}: the tools disagree", campaign=campaign, claims=sides
    )


def unowned(stage: str, campaign: str = "Black Friday") -> Finding:
    return finding(FindingKind.UNOWNED_STAGE, f"{stage} of {campaign} belongs to nobody", campaign=campaign)


def missing(kind: str, campaign: str = "Black Friday") -> Finding:
    return finding(FindingKind.MISSING_STAGE, f"{campaign} has no {kind} stage", campaign=campaign, key=kind)


def told(
    *findings: Finding,
    new: Sequence[Finding] = (),
    closed: Sequence[Finding] = (),
    age: timedelta = timedelta(0),
    troubles: Sequence[str] = (),
) -> Digest:
    return digest(
        "Acme email",
        [(f, NOW - age) for f in findings],
        new={f.fingerprint for f in new},
        closed=closed,
        mirrored=12,
        now=NOW,
        zone=BERLIN,
        troubles=troubles,
    )


def section(shown: Digest, key: str) -> Section:
    return next(s for s in shown.sections if s.key == key)


def test_the_first_line_says_the_state() -> None:
    flags = [conflict(), conflict("Spring"), *(unowned(s) for s in ("Design", "Build", "QA", "Content", "Strategy"))]

    shown = told(*flags, new=flags[:3])

    assert shown.headline == "2 conflicts need a decision, 5 stages have nobody"
    assert shown.subject == "Acme email: 2 conflicts, 5 unowned stages (3 new)"
    assert shown.mirrored == "The last run mirrored 12 changes."


def test_nothing_open_is_said_as_plainly() -> None:
    shown = told(closed=[conflict()])

    assert shown.sections == ()
    assert shown.headline == "All tools agree. Nothing needs you."
    assert shown.subject == "Acme email: all tools agree"
    assert shown.resolved == ("Subject line of Black Friday: the tools disagree",)


@pytest.mark.parametrize("kind", FindingKind)
def test_every_kind_of_finding_is_shown(kind: FindingKind) -> None:
    shown = told(finding(kind, "Design of Black Friday went wrong"))

    assert [s.key for s in shown.sections] == [sort_of(kind, Severity.WARNING).key]
    assert shown.sections[0].count == 1


def test_urgent_things_come_first_whatever_they_are() -> None:
    urgent = finding(FindingKind.NOT_WRITTEN, "Autumn sale was refused", severity=Severity.URGENT)
    everything = [finding(kind, f"Number {n}") for n, kind in enumerate(FindingKind)]

    shown = told(*everything, urgent)

    assert [s.key for s in shown.sections] == [sort.key for sort in SORTS]
    assert section(shown, "urgent").items[0].heading == "Autumn sale was refused"
    assert shown.headline.startswith("1 send is off the calendar, 1 thing is urgent, 2 conflicts need a decision")
    assert [s.key for s in shown.sections if s.alarm] == ["unscheduled", "urgent"]


def test_a_send_that_is_off_the_calendar_is_what_the_subject_says_first() -> None:
    off = [finding(FindingKind.UNSCHEDULED, f"Sale {n}", severity=Severity.URGENT) for n in range(2)]

    shown = told(conflict(), finding(FindingKind.TOOL_TROUBLE, severity=Severity.URGENT), *off, new=off)

    assert shown.subject == "Acme email: 2 sends unscheduled, 1 urgent, 1 conflict (2 new)"


def test_what_an_account_keeps_to_itself_is_said_first_once_and_then_only_shown() -> None:
    kept = finding(FindingKind.WITHHELD, "Brevo does not tell everything: no orders", severity=Severity.INFO)

    news, later, beside = told(kept, new=[kept]), told(kept), told(kept, conflict())

    assert news.subject == "Acme email: 1 account tells less (1 new)"
    assert news.headline == "1 account does not tell everything"
    assert (later.subject, later.headline) == (
        "Acme email: all tools agree", "All tools agree. Nothing needs you."
    )  # fmt: skip
    assert [item.heading for item in section(later, "withheld").items] == [kept.title]
    assert (beside.subject, beside.sections[-1].key) == ("Acme email: 1 conflict", "withheld")


def test_a_conflict_shows_each_tools_value_its_author_and_how_to_settle_it() -> None:
    flag = conflict()

    item = section(told(flag), "conflicts").items[0]

    assert [(s.tool, s.value, s.source, s.url) for s in item.sides] == [
        ("Airtable", "Hello", "Ann Lee, Mon 12 Oct 2026, 06:15", RECORD),
        ("Klaviyo", "HELLO", "the tool does not tell who wrote it", None),
    ]
    assert item.command == f"campaign-sync resolve {flag.fingerprint} --take airtable"
    assert item.or_options == ("--take klaviyo",)


def test_a_conflict_without_advice_still_says_what_to_do() -> None:
    flag = finding(FindingKind.CONFLICT, advice="", claims=(Claim("jira", ""), Claim("airtable", "x")))

    shown = section(told(flag), "conflicts")

    assert "Change either tool to the value you want" in shown.advice
    assert shown.items[0].sides[0].value == "empty"


@pytest.mark.parametrize("kind", [FindingKind.DELETION, FindingKind.DELETION_CONFLICT])
def test_a_deletion_can_be_taken_back_or_confirmed(kind: FindingKind) -> None:
    flag = finding(kind, claims=(Claim("jira", "deleted"),))

    item = told(flag).sections[0].items[0]

    assert item.command == f"campaign-sync resolve {flag.fingerprint} --restore"
    assert item.or_options == ("--delete",)


def test_those_who_wrote_the_conflicting_values_are_named_at_the_top() -> None:
    flag = conflict("Spring", Claim("jira", "a", "Ben Okafor"), Claim("airtable", "b", "Ann Lee"))

    assert section(told(flag), "conflicts").people == "Ben Okafor, Ann Lee"


@pytest.mark.parametrize(
    ("age", "note"),
    [
        (timedelta(hours=1), "open since today"),
        (timedelta(hours=10), "open since yesterday"),
        (timedelta(days=3), "open for 3 days"),
        (timedelta(days=-1), "open since today"),
    ],
)
def test_ages_are_counted_in_the_readers_days(age: timedelta, note: str) -> None:
    assert told(conflict(), age=age).sections[0].items[0].note == note


def test_new_flags_are_marked_and_come_before_older_ones() -> None:
    old, fresh = conflict("Autumn"), conflict("Winter")

    items = section(told(old, fresh, new=[fresh]), "conflicts").items

    assert [(i.heading.split(":")[0], i.note) for i in items] == [
        ("Subject line of Winter", "new"),
        ("Subject line of Autumn", "open since today"),
    ]


def test_stages_are_grouped_by_campaign() -> None:
    design, qa = unowned("Design"), unowned("QA", "Spring")

    shown = section(told(design, missing("compliance"), qa, new=[design]), "stages")

    assert [
        (i.heading, [(line.label, [(p.text, p.note) for p in line.points]) for line in i.lines]) for i in shown.items
    ] == [
        ("Black Friday", [("Nobody owns", [("Design", "new")]), ("Not planned", [("Compliance", "today")])]),
        ("Spring", [("Nobody owns", [("QA", "today")])]),
    ]
    assert shown.count == 3


def test_two_campaigns_of_one_name_stay_apart() -> None:
    first = Finding(FindingKind.UNOWNED_STAGE, Severity.WARNING, "s1", "Design of News", "", "c1", "News")
    second = Finding(FindingKind.UNOWNED_STAGE, Severity.WARNING, "s2", "Design of News", "", "c2", "News")

    assert [i.heading for i in section(told(first, second), "stages").items] == ["News", "News"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([unowned("Design")], "1 unowned stage"),
        ([missing("qa")], "1 missing stage"),
        ([unowned("Design"), missing("qa")], "2 unowned or missing stages"),
    ],
)
def test_the_subject_tells_missing_from_unowned(flags: list[Finding], said: str) -> None:
    assert told(*flags).subject == f"Acme email: {said}"


def test_owners_are_grouped_by_person() -> None:
    advice = "Add Zoe to people.toml."
    flags = [
        finding(FindingKind.UNKNOWN_OWNER, f"{what} belongs to Zoe, whom only jira knows", advice=advice, key="jira/1")
        for what in ("Design of Black Friday", "Build of Spring")
    ]

    shown = section(told(*flags), "owners")

    assert shown.phrase == "1 owner is unknown or inactive"
    assert shown.items[0].heading == shown.names == "Zoe"
    assert [p.text for p in shown.items[0].lines[0].points] == ["Build of Spring", "Design of Black Friday"]
    assert shown.items[0].advice == advice


def test_advice_that_all_share_is_given_once() -> None:
    shown = section(told(conflict(), conflict("Spring")), "conflicts")

    assert shown.advice == "Do this."
    assert [i.advice for i in shown.items] == ["", ""]


def test_long_lists_are_capped_and_say_by_how_much() -> None:
    many = [conflict(f"Campaign {n:02}") for n in range(42)]

    shown = section(told(*many), "conflicts")

    assert (len(shown.items), shown.more, shown.count) == (LIMIT, 30, 42)
    assert shown.names == "Campaign 00, Campaign 01, Campaign 02 and 39 more"


def test_groups_are_capped_and_count_the_flags_within() -> None:
    many = [unowned(stage, f"Campaign {n:02}") for n in range(14) for stage in ("Design", "Build")]

    shown = section(told(*many), "stages")

    assert (len(shown.items), shown.more, shown.count) == (LIMIT, 4, 28)


def test_one_person_with_many_stages_is_capped_too() -> None:
    many = [
        finding(FindingKind.INACTIVE_OWNER, f"Stage {n:02} belongs to Dora, who is not active any more", key="dora")
        for n in range(20)
    ]

    line = section(told(*many), "owners").items[0].lines[0]

    assert (len(line.points), line.more) == (LIMIT, 8)


def test_troubles_without_a_finding_are_told_and_others_not_twice() -> None:
    known = finding(FindingKind.TOOL_TROUBLE, "Klaviyo was not read")

    shown = section(told(known, troubles=["Klaviyo was not read", "Jira is slow", "Jira is slow"]), "trouble")

    assert [i.heading for i in shown.items] == ["Klaviyo was not read", "Jira is slow"]
    assert shown.count == 2


def test_the_campaign_is_named_where_the_title_does_not() -> None:
    flag = finding(FindingKind.NOT_WRITTEN, "The brief could not be written", campaign="Loyalty")

    assert section(told(flag), "trouble").items[0].campaign == "Loyalty"
