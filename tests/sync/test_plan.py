"""Merged cells become creations, updates and archives: campaigns first, each tool in its own terms."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from sync.identity import Sighting
from sync.merge import Conflict, Merged
from sync.model import EntityLink, Kind, Record, Ref, Stranger, Value, schema
from sync.plan import Plan, Side, Subject, plan
from sync.ports import Capability, Reading, Refusal, View
from sync.report import Action
from tests.sync.plain import CURSED, FIELDS, AsIs, Only, PlainMapping

BOTH = frozenset(Kind)


def side(
    tool: str,
    *,
    kinds: frozenset[Kind] = BOTH,
    views: Mapping[str, View] | None = None,
    requires: tuple[str, ...] = (),
    **can: Any,
) -> Side:
    shown = {kind: {name: (views or {}).get(name, AsIs()) for name in FIELDS[kind]} for kind in kinds}
    return Side(Capability(kinds, **can), PlainMapping(tool, shown, requires))


def sighted(
    tool: str, kind: Kind = Kind.CAMPAIGN, *, parent: str | None = "p", locked: str | None = None, **values: Value
) -> Sighting:
    return Sighting(Record(Ref(tool, kind, f"{tool}-1"), {}, parent=parent, locked=locked), Reading(values))


def subject(
    *sightings: Sighting,
    entity: str = "c1",
    kind: Kind = Kind.CAMPAIGN,
    merged: Mapping[str, Merged] | None = None,
    agreed: Mapping[str, Value] | None = None,
    **more: Any,
) -> Subject:
    seen = {s.tool: s for s in sightings}
    return Subject(entity, kind, "c1", "Spring", seen, merged or {}, agreed or {}, **more)


def planned(*subjects: Subject, **sides: Side) -> Plan:
    return plan(subjects, sides, schema())


def steps(result: Plan) -> list[tuple[str, str, str]]:
    return [(step.action.value, step.tool, step.entity) for step in result.steps]


def test_a_record_is_created_where_there_is_none_with_everything_that_can_be_shown() -> None:
    result = planned(
        subject(sighted("a"), agreed={"name": "Spring", "subject": None, "tags": frozenset(), "status": "sent"}),
        a=side("a"),
        b=side("b", views={"status": AsIs(writable=False)}),
    )
    (step,) = result.steps
    assert (step.action, step.tool, step.values) == (Action.CREATE, "b", {"name": "Spring"})
    assert [(cell.field, cell.old, cell.new) for cell in step.cells] == [("name", None, "Spring")]


def test_an_update_carries_only_what_is_to_be_written_with_what_was_there_and_who_edited() -> None:
    merged = {
        "subject": Merged("new", {}, {"b": "new"}, editors=frozenset({"a", "b"})),
        "name": Merged("Spring", {}, {}),
    }
    result = planned(subject(sighted("a"), sighted("b", subject="old"), merged=merged), a=side("a"), b=side("b"))
    (step,) = result.steps
    assert (step.action, step.tool, step.native) == (Action.UPDATE, "b", {"subject": "new"})
    assert [(c.label, c.old, c.new, c.sources) for c in step.cells] == [("Subject line", "old", "new", ("a",))]


def test_campaigns_come_before_their_stages_in_any_order_of_subjects() -> None:
    subjects = (
        subject(sighted("a"), agreed={"name": "Spring"}),
        subject(sighted("a", Kind.STAGE), entity="s1", kind=Kind.STAGE, agreed={"kind": "qa"}),
        subject(sighted("a", Kind.STAGE), entity="s2", kind=Kind.STAGE, agreed={"kind": "design"}),
    )
    for order in permutations(subjects):
        result = planned(*order, b=side("b"), a=side("a"))
        assert steps(result) == [("create", "b", "c1"), ("create", "b", "s1"), ("create", "b", "s2")]
        assert [step.moves_to for step in result.steps] == [None, "c1", "c1"]


def test_a_stage_is_not_created_where_its_campaign_is_not() -> None:
    campaign = subject(sighted("a"), agreed={"name": "Spring"}, closed=frozenset({"b"}))
    stage = subject(sighted("a", Kind.STAGE), entity="s1", kind=Kind.STAGE, agreed={"kind": "qa"})
    assert steps(planned(campaign, stage, a=side("a"), b=side("b"))) == []


def test_a_tool_without_stages_is_given_none() -> None:
    stage = subject(sighted("a", Kind.STAGE), entity="s1", kind=Kind.STAGE, agreed={"kind": "qa"})
    campaign = subject(sighted("a"), sighted("b"))
    assert steps(planned(campaign, stage, a=side("a"), b=side("b", kinds=frozenset({Kind.CAMPAIGN})))) == []


@pytest.mark.parametrize("more", [{"closed": frozenset({"b"})}, {"over": True}], ids=str)
def test_nothing_is_created_where_something_stands_in_the_way_or_all_is_over(more: dict[str, Any]) -> None:
    assert steps(planned(subject(sighted("a"), agreed={"name": "x"}, **more), a=side("a"), b=side("b"))) == []


def test_a_tool_that_creates_nothing_is_not_asked_to() -> None:
    assert steps(planned(subject(sighted("a"), agreed={"name": "x"}), a=side("a"), b=side("b", creates=False))) == []


def test_what_a_tool_needs_first_is_said_and_waited_for() -> None:
    result = planned(subject(sighted("a"), agreed={"name": "x"}), a=side("a"), b=side("b", requires=("owner",)))
    assert (result.steps, result.waiting) == ([], [("b", "c1", "owner")])


def test_an_archived_entity_is_archived_where_it_is_shown_and_the_tool_can() -> None:
    gone = subject(sighted("a"), sighted("b"), archive=True, merged={"name": Merged("x", {}, {"a": "x"})})
    result = planned(gone, a=side("a"), b=side("b", archives=False), c=side("c"))
    assert steps(result) == [("archive", "a", "c1")]


def test_a_value_that_cannot_be_shown_or_sent_is_an_obstacle_and_the_rest_goes_on() -> None:
    merged = {
        "status": Merged("odd", {}, {}, {"b": Refusal("no such choice")}),
        "subject": Merged(CURSED, {}, {"b": CURSED}),
        "brief": Merged("long", {}, {"b": "long"}),
    }
    result = planned(subject(sighted("b"), merged=merged), b=side("b"))
    assert [(o.field, o.value, o.reason) for o in result.obstacles] == [
        ("status", "odd", "no such choice"),
        ("subject", CURSED, "it is cursed"),
    ]
    assert [step.values for step in result.steps] == [{"brief": "long"}]


def test_an_update_of_which_nothing_is_left_is_no_step() -> None:
    merged = {"subject": Merged(CURSED, {}, {"b": CURSED})}
    assert steps(planned(subject(sighted("b"), merged=merged), b=side("b"))) == []


def test_a_creation_says_what_it_leaves_out() -> None:
    views: dict[str, View] = {"status": Only(frozenset({"sent"}))}
    agreed = {"name": "Spring", "status": "odd", "subject": CURSED}
    result = planned(subject(sighted("a"), agreed=agreed), a=side("a"), b=side("b", views=views))
    assert [o.field for o in result.obstacles] == ["status", "subject"]
    assert [step.values for step in result.steps] == [{"name": "Spring"}]


def test_a_locked_record_is_not_written_and_says_why() -> None:
    merged = {"subject": Merged("new", {}, {"b": "new"})}
    result = planned(subject(sighted("b", locked="it is being sent"), merged=merged), b=side("b"))
    assert (result.steps, [o.reason for o in result.obstacles]) == ([], ["it is being sent"])


def test_words_of_a_set_that_a_tool_lacks_are_an_obstacle_where_it_is_written_at_all() -> None:
    value = frozenset({"x", "y"})
    for writable in (True, False):
        views: dict[str, View] = {"tags": Only(frozenset({"x"}), writable)}
        on = subject(sighted("b"), merged={"tags": Merged(value, {})}, agreed={"tags": value})
        result = planned(on, b=side("b", views=views))
        assert [o.value for o in result.obstacles] == ([frozenset({"y"})] if writable else [])


def test_a_set_that_a_tool_has_all_words_of_meets_no_obstacle() -> None:
    value = frozenset({"x"})
    on = subject(sighted("b"), merged={"tags": Merged(value, {})}, agreed={"tags": value})
    assert planned(on, b=side("b", views={"tags": Only(frozenset({"x", "y"}))})).obstacles == []


def test_a_creation_is_not_given_a_set_of_which_it_can_show_no_word() -> None:
    agreed: dict[str, Value] = {"name": "Spring", "tags": frozenset({"z"})}
    result = planned(subject(sighted("a"), agreed=agreed), a=side("a"), b=side("b", views={"tags": Only(frozenset())}))
    assert [step.values for step in result.steps] == [{"name": "Spring"}]


def test_a_stranger_and_a_campaign_that_is_over_are_no_obstacles() -> None:
    stranger = Stranger("a", "1", "Cy")
    merged = {"owner": Merged(stranger, {}, {}, {"b": Refusal("unknown")})}
    assert planned(subject(sighted("b"), merged=merged), b=side("b")).obstacles == []
    merged = {"status": Merged("odd", {}, {}, {"b": Refusal("no")})}
    assert planned(subject(sighted("b"), merged=merged, over=True), b=side("b")).obstacles == []


def test_a_refusal_of_what_is_in_conflict_is_no_obstacle() -> None:
    merged = {"status": Merged("odd", {}, {}, {"b": Refusal("no")}, conflict=Conflict({"a": "x", "b": "y"}))}
    assert planned(subject(sighted("b"), merged=merged), b=side("b")).obstacles == []


def test_a_stage_that_moves_says_to_which_campaign() -> None:
    link = EntityLink("c2")
    target = subject(sighted("b"), entity="c2")
    stage = subject(
        sighted("b", Kind.STAGE), entity="s1", kind=Kind.STAGE, merged={"campaign": Merged(link, {}, {"b": link})}
    )
    (step,) = planned(target, stage, b=side("b")).steps
    assert (step.moves_to, step.values, step.native) == ("c2", {"campaign": link}, {})


def test_a_stage_does_not_move_where_its_new_campaign_is_not_and_its_other_cells_go_on() -> None:
    link = EntityLink("c2")
    merged = {"campaign": Merged(link, {}, {"b": link}), "notes": Merged("n", {}, {"b": "n"})}
    stage = subject(sighted("b", Kind.STAGE), entity="s1", kind=Kind.STAGE, merged=merged)
    (step,) = planned(stage, b=side("b")).steps
    assert (step.moves_to, step.values) == (None, {"notes": "n"})


def test_a_stage_that_lost_its_campaigns_record_is_hung_on_the_new_one() -> None:
    stage = subject(
        sighted("b", Kind.STAGE, parent=None),
        entity="s1",
        kind=Kind.STAGE,
        merged={"campaign": Merged(EntityLink("c1"), {})},
    )
    assert steps(planned(stage, b=side("b"))) == []
    result = planned(subject(sighted("a"), agreed={"name": "x"}), stage, b=side("b"))
    assert [step.moves_to for step in result.steps] == [None, "c1"]
