"""The plan, case by case: orders, what a tool does not have, what is left to people, what is told to templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from sync.merge import Conflict, Merged
from sync.model import EntityLink, Kind, Record, Ref, Value
from sync.plan import NAME_OF_CAMPAIGN, Side, Step
from sync.ports import Calendar, Capability, Native, Refusal, TimeKind, View
from sync.report import Action
from tests.sync.plain import FIELDS, AsIs, Only, PlainMapping, instant
from tests.sync.test_plan import BOTH, planned, side, sighted, steps, subject


def narrow(tool: str, *fields: str) -> Side:
    """A tool that has these fields of a campaign only."""
    return Side(Capability(BOTH), PlainMapping(tool, {Kind.CAMPAIGN: {name: AsIs() for name in fields}}))


def test_the_tools_come_in_the_order_of_their_names() -> None:
    result = planned(subject(sighted("a"), agreed={"name": "x"}), c=side("c"), b=side("b"), a=side("a"))
    assert steps(result) == [("create", "b", "c1"), ("create", "c", "c1")]


def test_a_tool_without_stages_keeps_them_from_no_other_tool() -> None:
    stage = subject(sighted("a", Kind.STAGE), entity="s1", kind=Kind.STAGE, agreed={"kind": "qa"})
    campaign = subject(*(sighted(tool) for tool in "abc"))
    result = planned(campaign, stage, a=side("a"), b=side("b", kinds=frozenset({Kind.CAMPAIGN})), c=side("c"))
    assert steps(result) == [("create", "c", "s1")]


def test_an_archive_names_the_record_and_what_a_tool_cannot_archive_is_left_to_people() -> None:
    shown = sighted("a")
    result = planned(subject(shown, sighted("b"), archive=True), a=side("a"), b=side("b", archives=False), c=side("c"))
    assert [step.sighting for step in result.steps] == [shown]
    assert result.kept == [("c1", "b")]


def test_words_of_a_set_in_conflict_are_no_obstacle() -> None:
    value = frozenset({"x", "y"})
    disputed = Conflict({"a": value, "b": frozenset()}, elements=frozenset({"x"}))
    on = subject(sighted("b"), merged={"tags": Merged(value, {}, conflict=disputed)}, agreed={"tags": value})
    assert planned(on, b=side("b", views={"tags": Only(frozenset({"x"}))})).obstacles == []


def test_a_set_that_a_tool_does_not_have_at_all_is_no_obstacle() -> None:
    value = frozenset({"x"})
    on = subject(sighted("b"), merged={"tags": Merged(value, {})}, agreed={"tags": value})
    assert planned(on, b=narrow("b", "name")).obstacles == []


def test_a_value_for_which_a_tool_has_no_words_of_its_own_is_no_step() -> None:
    merged = {"subject": Merged("new", {}, {"b": "new"})}
    result = planned(subject(sighted("b"), merged=merged), b=narrow("b", "name"))
    assert (result.steps, result.obstacles) == ([], [])


def test_a_stage_of_which_no_campaign_is_known_is_hung_on_nothing() -> None:
    alone = subject(sighted("b", Kind.STAGE, parent=None), entity="s1", kind=Kind.STAGE)
    assert steps(planned(replace(alone, campaign="s1"), b=side("b"))) == []


class Unasked(PlainMapping):
    """A mapping that is not to be asked for native values."""

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        raise AssertionError("there is nothing to write")


def test_where_nothing_is_to_be_written_nothing_is_put_into_a_tools_words() -> None:
    mapping = Unasked("b", {Kind.CAMPAIGN: {"name": AsIs()}})
    merged = {"name": Merged("Spring", {})}
    assert steps(planned(subject(sighted("b"), merged=merged), b=Side(Capability(BOTH), mapping))) == []


@dataclass
class Asked(PlainMapping):
    """A mapping that keeps what it was asked to put."""

    asked: list[Mapping[str, Value]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__("b", {kind: {name: AsIs() for name in FIELDS[kind]} for kind in Kind})

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        self.asked.append(dict(values))
        return super().put(kind, values, record)


def test_a_creation_is_told_the_name_of_its_campaign_for_templates() -> None:
    mapping = Asked()
    on = subject(sighted("a"), agreed={"subject": "Hello"})
    (step,) = planned(on, a=side("a"), b=Side(Capability(BOTH), mapping)).steps
    assert mapping.asked == [{"subject": "Hello", NAME_OF_CAMPAIGN: "Spring"}]
    assert step.campaign_name == "Spring"


def test_an_empty_value_is_neither_given_to_a_creation_nor_an_obstacle_to_it() -> None:
    agreed: dict[str, Value] = {"name": "Spring", "status": ""}
    views: dict[str, View] = {"status": Only(frozenset({"sent"}))}
    result = planned(subject(sighted("a"), agreed=agreed), a=side("a"), b=side("b", views=views))
    assert ([step.values for step in result.steps], result.obstacles) == ([{"name": "Spring"}], [])


def test_a_new_stage_is_hung_on_its_campaign_and_not_told_of_it_in_a_field() -> None:
    stages = {"kind": AsIs(), "campaign": AsIs()}
    tool = Side(Capability(BOTH), PlainMapping("b", {Kind.CAMPAIGN: {"name": AsIs()}, Kind.STAGE: stages}))
    agreed: dict[str, Value] = {"kind": "qa", "campaign": EntityLink("c1")}
    stage = subject(sighted("a", Kind.STAGE), entity="s1", kind=Kind.STAGE, agreed=agreed)
    (step,) = planned(subject(sighted("a"), sighted("b")), stage, a=side("a"), b=tool).steps
    assert (step.values, step.moves_to) == ({"kind": "qa"}, "c1")


@dataclass(frozen=True, slots=True)
class NoSets:
    """Has no way to show a set at all."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return Refusal("it holds one choice only") if isinstance(value, frozenset) else value

    def lift(self, agreed: Value, shown: Value) -> Value:
        return shown


def test_a_set_that_a_tool_refuses_as_a_whole_has_lost_no_single_words() -> None:
    value = frozenset({"x"})
    on = subject(sighted("b"), merged={"tags": Merged(value, {})}, agreed={"tags": value})
    assert planned(on, b=side("b", views={"tags": NoSets()})).obstacles == []


def test_the_people_behind_a_change_are_told_in_the_order_of_their_tools() -> None:
    merged = {"subject": Merged("new", {}, {"b": "new"}, editors=frozenset("hgfedcba"))}
    (step,) = planned(subject(sighted("b"), merged=merged), b=side("b")).steps
    assert step.cells[0].sources == tuple("acdefgh")


def test_a_stage_is_never_taken_off_its_campaign() -> None:
    merged = {"campaign": Merged(None, {}, {"b": None})}
    stage = subject(sighted("b", Kind.STAGE), entity="s1", kind=Kind.STAGE, merged=merged)
    assert steps(planned(subject(sighted("b")), stage, b=side("b"))) == []


SEND, OTHER = instant("2026-06-01T09:00"), instant("2026-06-02T09:00")
DISPUTED = Merged(SEND, {}, conflict=Conflict({"a": SEND, "b": OTHER}))


@pytest.mark.parametrize(
    ("plans_drafts", "status", "time", "written"),
    [
        (False, "scheduled", None, SEND),
        (False, "scheduled", Merged(SEND, {}), SEND),
        (False, "scheduled", Merged(OTHER, {}, {"b": OTHER}), OTHER),
        (False, "scheduled", DISPUTED, None),
        (False, "planned", Merged(SEND, {}), None),
        (True, "scheduled", Merged(SEND, {}), None),
    ],
)
def test_a_draft_that_holds_no_time_is_told_it_when_it_is_to_be_scheduled(
    plans_drafts: bool, status: str, time: Merged | None, written: Value
) -> None:
    esp = side("b", calendar=Calendar(frozenset({TimeKind.INSTANT}), plans_drafts=plans_drafts))
    merged = {"status": Merged(status, {}, {"b": status}), **({"planned_send": time} if time else {})}
    (step,) = planned(subject(sighted("b"), merged=merged, agreed={"planned_send": SEND}), b=esp).steps
    assert step.values == {"status": status, **({"planned_send": written} if written else {})}


def test_a_tool_that_is_no_calendar_is_told_no_time_with_a_status() -> None:
    merged = {"status": Merged("scheduled", {}, {"b": "scheduled"}), "planned_send": Merged(SEND, {})}
    (step,) = planned(subject(sighted("b"), merged=merged, agreed={"planned_send": SEND}), b=side("b")).steps
    assert step.values == {"status": "scheduled"}


@pytest.mark.parametrize(
    ("views", "agreed"),
    [
        ({"planned_send": Only(frozenset())}, SEND),  # a time that it cannot show
        ({"planned_send": AsIs()}, None),
        ({}, SEND),
    ],
)
def test_a_draft_is_told_no_time_that_it_cannot_hold(views: Mapping[str, View], agreed: Value) -> None:
    calendar = Calendar(frozenset({TimeKind.INSTANT}))
    mapping = PlainMapping("b", {Kind.CAMPAIGN: {"status": AsIs(), **views}})
    merged = {"status": Merged("scheduled", {}, {"b": "scheduled"}), "planned_send": Merged(agreed, {})}
    on = subject(sighted("b"), merged=merged, agreed={"planned_send": agreed})
    result = planned(on, b=Side(Capability(BOTH, calendar=calendar), mapping))
    assert ([step.values for step in result.steps], result.obstacles) == ([{"status": "scheduled"}], [])


SHOWN = {"name": "Spring", "subject": "Hello"}
MOVED: dict[str, Value] = {"campaign": EntityLink("c1")}


@pytest.mark.parametrize(
    ("values", "now", "parent", "differs"),
    [
        ({"subject": "x"}, {}, "p", False),
        ({"subject": "x"}, {"name": "Summer"}, "p", False),  # another cell than what is written
        ({"subject": "x"}, {}, "q", False),  # nor does it say whose it is
        ({"subject": "x", "name": "y"}, {"name": "Summer"}, "p", True),
        (MOVED, {}, "p", False),
        (MOVED, {}, "q", True),
        (MOVED, {"name": "Summer"}, "p", True),  # what only moves is taken as it is, or not at all
        ({}, {"name": "Summer"}, "p", True),  # so is what is archived
    ],
)
def test_a_record_is_another_one_if_what_a_step_is_about_has_changed(
    values: dict[str, Value], now: dict[str, Value], parent: str, differs: bool
) -> None:
    seen = sighted("a", Kind.STAGE, name=SHOWN["name"], subject=SHOWN["subject"])
    mapping = PlainMapping("a", {Kind.STAGE: {name: AsIs() for name in SHOWN}})
    step = Step(Action.UPDATE, "a", Kind.STAGE, "s1", "c1", values, {}, (), seen)
    assert step.differs(Record(Ref("a", Kind.STAGE, "a-1"), {**SHOWN, **now}, parent), mapping) is differs


def test_what_is_to_be_made_differs_from_nothing_and_goes_on_with_nothing() -> None:
    (step,) = planned(subject(sighted("a"), agreed={"name": "x"}), a=side("a"), b=side("b")).steps
    assert not step.resumed
    assert not step.differs(Record(Ref("b", Kind.CAMPAIGN, "b-1"), {}), PlainMapping("b", {}))


def test_a_send_that_is_put_back_takes_nothing_else_along_and_needs_no_other_change() -> None:
    at = instant("2026-03-20T09:00")
    merged = {"subject": Merged("new", {}, {"b": "new"}), "planned_send": Merged(at, {})}
    on = subject(sighted("b"), merged=merged, agreed={"planned_send": at}, resume=frozenset({"b"}))
    (step,) = planned(on, b=side("b")).steps
    assert (step.values, step.resumed) == ({"planned_send": at}, True)
    (step,) = planned(on, b=Side(Capability(BOTH), Silent("b", {Kind.CAMPAIGN: {"planned_send": AsIs()}}))).steps
    assert (step.native, step.resumed) == ({}, True)


class Silent(PlainMapping):
    """A tool in whose words there is nothing to say."""

    def put(self, kind: Kind, values: Mapping[str, Value], record: Record | None) -> Native:
        return Native({})
