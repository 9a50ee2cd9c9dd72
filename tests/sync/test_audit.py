"""Each rule of the audit flags what it is for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from sync.audit import AuditRules, Board, audit
from sync.audit.ownership import inactive_owners, missing_stages, unknown_owners, unowned_stages
from sync.audit.schedule import audience_clashes, stages_after_send
from sync.campaign import Campaign, Stage
from sync.findings import Finding
from sync.model import STAGE_KINDS, PersonEntry, Stranger, WallClock, When
from sync.wording import Wording
from tests.sync.plain import ANN, BERLIN, BO, day, instant

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = {"ann": PersonEntry("ann", "Ann Lee", "a@x"), "bo": PersonEntry("bo", "Bo Ek", "b@x", active=False)}
SEND = day("2026-03-20")
CY = Stranger("jira", "5b", "Cy Doe")
FINISHED = [Campaign("s", "Spring", status="sent"), Campaign("s", "Spring", planned_send=day("2026-03-01"))]
Rule = Callable[[Board], Iterator[Finding]]


def board(
    *campaigns: Campaign,
    stages: tuple[Stage, ...] = (),
    rules: AuditRules | None = None,
    disputed: frozenset[tuple[str, str]] = frozenset(),
    inactive: frozenset[str] = frozenset(),
) -> Board:
    """A board on which all stages belong to the first campaign."""
    return Board(
        {c.id: c for c in campaigns},
        {campaigns[0].id: stages} if campaigns else {},
        PEOPLE,
        rules or AuditRules(stages=()),
        NOW,
        Wording(BERLIN, {"ann": "Ann Lee", "bo": "Bo Ek"}),
        disputed,
        inactive,
    )


def titles(rule: Rule, on: Board) -> list[str]:
    return [finding.title for finding in rule(on)]


SPRING = Campaign("s", "Spring", planned_send=SEND)


def test_a_stage_that_belongs_to_nobody_is_flagged_with_its_due_day() -> None:
    stages = (
        Stage("1", kind="design"),
        Stage("2", kind="qa", due=day("2026-03-09")),
        Stage("3", kind="build", owner=ANN),
    )
    assert titles(unowned_stages, board(SPRING, stages=stages)) == [
        "Design of Spring belongs to nobody",
        "QA of Spring belongs to nobody, due Mon 9 Mar 2026",
    ]


@pytest.mark.parametrize("status", ["done", "dropped"])
def test_a_finished_stage_needs_no_owner(status: str) -> None:
    stages = (Stage("1", kind="design", status=status), Stage("2", kind="qa", status=status, owner=CY))
    on = board(SPRING, stages=stages, inactive=frozenset({"5b"}))
    assert [*unowned_stages(on), *unknown_owners(on), *inactive_owners(on)] == []


def test_an_owner_in_dispute_is_not_nobody() -> None:
    on = board(SPRING, stages=(Stage("1", kind="design"),), disputed=frozenset({("1", "owner")}))
    assert titles(unowned_stages, on) == []
    assert titles(unowned_stages, board(SPRING, stages=(Stage("1"),), disputed=frozenset({("1", "due")}))) != []


def test_missing_stages_are_flagged_each_by_itself() -> None:
    rules = AuditRules(stages=("design", "qa", "build"))
    found = list(missing_stages(board(SPRING, stages=(Stage("1", kind="qa", status="dropped"),), rules=rules)))
    assert [f.title for f in found] == ["Spring has no Design stage", "Spring has no Build stage"]
    assert len({f.fingerprint for f in found}) == 2


def test_every_kind_of_stage_must_be_there_unless_the_workspace_says_otherwise() -> None:
    assert len(titles(missing_stages, board(SPRING, rules=AuditRules()))) == len(STAGE_KINDS)
    assert titles(missing_stages, board(SPRING)) == []


def test_owners_whom_only_a_tool_knows_are_flagged_with_their_account() -> None:
    campaign = Campaign("s", "Spring", owner=CY, planned_send=SEND)
    found = list(unknown_owners(board(campaign, stages=(Stage("1", kind="design", owner=CY), Stage("2", owner=ANN)))))
    assert [f.title for f in found] == [
        "Spring belongs to Cy Doe, whom only Jira knows",
        "Design of Spring belongs to Cy Doe, whom only Jira knows",
    ]
    assert "5b" in found[0].advice


def test_owners_who_left_are_flagged_by_the_directory_or_by_a_tool() -> None:
    stages = (Stage("1", kind="design", owner=BO), Stage("2", kind="qa", owner=CY), Stage("3", kind="build", owner=ANN))
    assert titles(inactive_owners, board(SPRING, stages=stages)) == [
        "Design of Spring belongs to Bo Ek, who is not active any more"
    ]
    on = board(SPRING, stages=stages, inactive=frozenset({"ann", "5b"}))
    assert len(titles(inactive_owners, on)) == 3


@pytest.mark.parametrize("over", FINISHED, ids=["sent", "past"])
@pytest.mark.parametrize("rule", [unowned_stages, missing_stages, unknown_owners, inactive_owners, stages_after_send])
def test_a_campaign_that_is_over_is_not_audited(rule: Rule, over: Campaign) -> None:
    stages = (
        Stage("1", kind="design", due=day("2026-04-01")),
        Stage("2", kind="qa", owner=CY),
        Stage("3", kind="build", owner=BO),
    )
    assert titles(rule, board(over, stages=stages, rules=AuditRules())) == []


@pytest.mark.parametrize(
    ("send", "due", "late"),
    [
        (SEND, "2026-03-20", None),
        (SEND, "2026-03-21", "1 day after"),
        (SEND, "2026-03-23", "3 days after"),
        (instant("2026-03-20T22:30"), "2026-03-20", None),
        (instant("2026-03-20T23:30"), "2026-03-21", None),  # the 21st in Berlin
        (instant("2026-03-20T22:30"), "2026-03-21", "1 day after"),
        (instant("2026-03-29T22:30"), "2026-03-30", None),  # summer time has begun
        (WallClock(datetime(2026, 3, 20, 23, 59)), "2026-03-21", "1 day after"),
    ],
    ids=str,
)
def test_a_stage_is_late_when_it_is_due_after_the_day_of_the_send(send: When, due: str, late: str | None) -> None:
    campaign = Campaign("s", "Spring", planned_send=send)
    found = titles(stages_after_send, board(campaign, stages=(Stage("1", kind="design", due=day(due)),)))
    assert (late in found[0]) if late else found == []


def test_what_is_done_after_a_send_by_its_nature_or_done_already_is_not_late() -> None:
    after = day("2026-03-25")
    stages = (
        Stage("1", kind="analysis", due=after),
        Stage("2", kind="qa", due=after, status="done"),
        Stage("3", kind="build"),
    )
    assert titles(stages_after_send, board(SPRING, stages=stages)) == []
    without = Campaign("s", "Spring")
    assert titles(stages_after_send, board(without, stages=(Stage("1", kind="qa", due=after),))) == []


def test_the_scheduled_send_is_the_one_that_counts_for_a_stage() -> None:
    campaign = Campaign("s", "Spring", planned_send=SEND, scheduled_send=day("2026-03-10"))
    assert titles(stages_after_send, board(campaign, stages=(Stage("1", kind="qa", due=day("2026-03-15")),))) != []


def pair(one: When, other: When, *, audiences: tuple[str, str] = ("all", "all")) -> tuple[Campaign, Campaign]:
    first = Campaign("s", "Spring", audiences=frozenset({audiences[0]}), planned_send=one)
    return first, Campaign("t", "Summer", audiences=frozenset({audiences[1]}), planned_send=other)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (SEND, SEND, "on the same day"),
        (SEND, day("2026-03-21"), None),
        (instant("2026-03-20T08:00"), instant("2026-03-20T08:00"), "at the same time"),
        (instant("2026-03-20T08:00"), instant("2026-03-20T08:45"), "45 minutes apart"),
        (instant("2026-03-20T08:00"), instant("2026-03-21T07:59"), "24 hours apart"),
        (instant("2026-03-20T08:00"), instant("2026-03-21T08:00"), None),
        (SEND, instant("2026-03-20T14:00"), "15 hours apart"),
        (instant("2026-03-19T23:00"), SEND, "on the same day"),
        (WallClock(datetime(2026, 3, 20, 9)), instant("2026-03-20T12:00"), "4 hours apart"),
        # summer time begins on the 29th: nine to nine is 23 hours
        (instant("2026-03-28T08:00"), instant("2026-03-29T07:00"), "23 hours apart"),
        (day("2026-03-29"), day("2026-03-30"), None),
    ],
    ids=str,
)
def test_two_sends_to_one_audience_clash_within_the_gap(one: When, other: When, apart: str | None) -> None:
    for campaigns in permutations(pair(one, other)):
        found = titles(audience_clashes, board(*campaigns))
        assert len(found) == (apart is not None)
        assert apart is None or apart in found[0]


def test_sends_to_different_audiences_do_not_clash() -> None:
    assert titles(audience_clashes, board(*pair(SEND, SEND, audiences=("all", "few")))) == []


def test_a_clash_is_one_finding_for_all_the_audiences_of_a_pair_however_it_is_read() -> None:
    both = frozenset({"all", "few"})
    one = Campaign("t", "Summer", audiences=both, planned_send=SEND)
    other = Campaign("s", "Spring", audiences=both, planned_send=day("2026-03-20"))
    (found,) = audience_clashes(board(one, other))
    (turned,) = audience_clashes(board(other, one))
    assert found == turned
    assert "all, few" in found.title
    assert (found.subject, found.detail_key) == ("s", "t")


def test_a_clash_is_the_same_one_when_the_two_change_places() -> None:
    (found,) = audience_clashes(board(*pair(instant("2026-03-20T08:00"), instant("2026-03-20T09:00"))))
    (turned,) = audience_clashes(board(*pair(instant("2026-03-20T09:00"), instant("2026-03-20T08:00"))))
    assert found.fingerprint == turned.fingerprint


def test_three_sends_within_the_gap_are_three_clashes_and_a_fourth_far_off_is_none() -> None:
    times = ("2026-03-20T08:00", "2026-03-20T10:00", "2026-03-20T12:00", "2026-03-25T12:00")
    everybody = frozenset({"all"})
    campaigns = [Campaign(at, at, audiences=everybody, planned_send=instant(at)) for at in times]
    assert len(titles(audience_clashes, board(*campaigns))) == 3


def test_over_and_undated_campaigns_do_not_clash() -> None:
    first, second = pair(SEND, SEND)
    sent = Campaign("t", "Summer", audiences=second.audiences, planned_send=SEND, status="sent")
    undated = Campaign("u", "Autumn", audiences=second.audiences)
    assert titles(audience_clashes, board(first, sent, undated)) == []


def test_the_gap_is_the_workspaces() -> None:
    campaigns = pair(instant("2026-03-20T08:00"), instant("2026-03-20T11:00"))
    assert titles(audience_clashes, board(*campaigns, rules=AuditRules((), timedelta(hours=3)))) == []
    assert titles(audience_clashes, board(*campaigns, rules=AuditRules((), timedelta(hours=3, minutes=1)))) != []
    found = list(audience_clashes(board(*campaigns, rules=AuditRules((), timedelta(days=4)))))
    assert "4 days" in found[0].advice


def test_the_board_lists_the_next_send_first_and_stages_as_they_are_made() -> None:
    late, soon, undated = Campaign("1", "A", planned_send=day("2026-10-01")), SPRING, Campaign("3", "C")
    between = Campaign("2", "B", planned_send=instant("2026-09-01T08:00"))
    on = board(late, soon, undated, between, stages=(Stage("x"), Stage("y", kind="qa"), Stage("z", kind="strategy")))
    assert [c.id for c in on.live()] == ["s", "2", "1", "3"]
    assert [s.id for s in on.stages_of(late)] == ["z", "y", "x"]
    assert on.stages_of(undated) == ()


def test_the_audit_runs_every_rule() -> None:
    campaign = Campaign("s", "Spring", owner=CY, planned_send=SEND, audiences=frozenset({"all"}))
    twin = Campaign("t", "Summer", planned_send=SEND, audiences=frozenset({"all"}))
    stages = (Stage("1", kind="design", due=day("2026-04-01")), Stage("2", kind="qa", owner=BO))
    found = audit(board(campaign, twin, stages=stages, rules=AuditRules(stages=("design",))))
    assert {f.kind.value for f in found} == {
        "unowned_stage",
        "missing_stage",
        "unknown_owner",
        "inactive_owner",
        "stage_after_send",
        "audience_clash",
    }
