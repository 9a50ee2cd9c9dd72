"""Who is who, case by case: what a tie leaves alone, who goes on beside it, and what joins first."""

from __future__ import annotations

from sync.identity import Known, Resolution, campaign_words
from sync.model import Kind, Ref
from tests.sync.test_identity import MARK, aside, groups, identify, linked, seen


def namesakes(day: str | None) -> Known:
    """Two entities of one name: e1 is known in Jira, e2 in Airtable."""
    return Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1", Ref("airtable", Kind.CAMPAIGN, "1"): "e2"},
        {"e1": frozenset({"jira"}), "e2": frozenset({"airtable"})},
        {entity: campaign_words("Spring", day) for entity in ("e1", "e2")},
    )


def test_nothing_resolved_is_nothing_adopted() -> None:
    assert Resolution({}, {}).adopted == 0


def test_records_that_belong_together_for_certain_go_on_beside_a_tie() -> None:
    # given two of one name and day, and two more of that name that could be each other's or theirs
    result = identify(
        seen("jira", "1", day="2026-03-01"),
        seen("airtable", day="2026-03-01"),
        seen("jira", "2", day="2026-04-01"),
        seen("klaviyo", day="2026-05-01"),
    )
    assert groups(result) == ["airtable/1 jira/1"]
    assert aside(result) == [("jira/2", "tie"), ("klaviyo/1", "tie")]
    assert {tool for _, tool in result.blocked} == {"klaviyo"}


def test_two_entities_that_are_known_by_one_name_bar_each_other_from_nothing() -> None:
    result = identify(seen("jira"), seen("airtable"), known=namesakes("2026-03-01"))
    assert (groups(result), result.aside, result.blocked) == (["airtable/1", "jira/1"], (), frozenset())


def test_an_entity_that_a_key_found_is_still_recognised_by_its_agreed_name() -> None:
    known = linked(keys=("CAM-1",), jira="1")
    result = identify(seen("airtable", name="Else", names="CAM-1"), seen("klaviyo"), known=known)
    assert groups(result) == ["airtable/1 klaviyo/1"]
    assert set(result.members) == {"e1"}


def test_the_place_of_a_record_that_cannot_be_read_is_taken_also_after_others_have_joined() -> None:
    known = linked(keys=("CAM-1",), jira="1")
    result = identify(seen("airtable", name="Else", names="CAM-1"), seen("jira", "2"), known=known)
    assert groups(result) == ["airtable/1", "jira/2"]


def test_two_records_of_one_tool_that_name_a_key_which_nobody_bears_are_two_campaigns() -> None:
    result = identify(seen("airtable", "1", name="A", names="CAM-1"), seen("airtable", "2", name="B", names="CAM-1"))
    assert (groups(result), result.aside) == (["airtable/1", "airtable/2"], ())


def test_a_record_without_a_name_keeps_no_others_from_being_matched() -> None:
    result = identify(seen("jira"), seen("airtable"), seen("klaviyo", name=None))
    assert groups(result) == ["airtable/1 jira/1", "klaviyo/1"]


def test_a_mark_of_what_was_deleted_says_of_what() -> None:
    result = identify(seen("jira", marker=MARK), known=Known({}, {}, dead=frozenset({MARK})))
    assert [a.entity for a in result.aside] == [MARK]


def test_which_of_two_keys_joins_first_depends_on_the_keys_alone() -> None:
    result = identify(
        seen("airtable", "1", name="A", key="K-2"),
        seen("airtable", "2", name="B", names="K-1"),
        seen("jira", name="C", key="K-1", names="K-2"),
    )
    assert groups(result) == ["airtable/1", "airtable/2 jira/1"]


def test_a_record_in_a_tie_is_told_of_with_its_rivals_in_order_and_whose_place_it_claims() -> None:
    # given a linked record, and three unmarked copies of it
    known = Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1"},
        {"e1": frozenset({"jira"})},
        {"e1": campaign_words("Spring", "2026-03-01")},
    )
    result = identify(*(seen("jira", native, day="2026-03-01") for native in "4321"), known=known)
    # then
    told = {a.sighting.record.ref.native: "".join(ref.native for ref in a.rivals) for a in result.aside}
    assert told == {"2": "134", "3": "124", "4": "123"}
    assert {a.entity for a in result.aside} == {"e1"}


def test_entities_that_are_known_come_before_new_ones() -> None:
    result = identify(seen("airtable", name="Summer"), seen("jira"), known=linked(jira="1"))
    assert list(result.members) == ["e1", "new-1"]


def test_a_record_alone_is_adopted_by_an_entity_that_is_known_and_by_nobody_else() -> None:
    assert identify(seen("airtable"), known=linked(jira="1")).adopted == 1
    assert identify(seen("airtable")).adopted == 0


def test_records_of_one_day_without_a_name_match_nothing() -> None:
    result = identify(seen("jira", name=" ", day="2026-03-01"), seen("airtable", name=" ", day="2026-03-01"))
    assert groups(result) == ["airtable/1", "jira/1"]


def test_a_record_between_two_entities_that_are_known_by_its_name_makes_them_no_one() -> None:
    result = identify(seen("jira"), seen("airtable"), seen("klaviyo"), known=namesakes(None))
    assert (groups(result), aside(result)) == (["airtable/1", "jira/1"], [("klaviyo/1", "tie")])
    assert result.blocked == {("e1", "airtable"), ("e1", "klaviyo"), ("e2", "jira"), ("e2", "klaviyo")}


def test_a_copy_of_one_known_entity_keeps_it_from_no_tool_where_another_of_its_name_stands() -> None:
    result = identify(seen("jira"), seen("airtable"), seen("jira", "2"), known=namesakes(None))
    assert aside(result) == [("jira/2", "tie")]
    assert result.blocked == {("e2", "jira")}


def test_an_entity_without_words_of_its_own_is_matched_with_nobody() -> None:
    known = Known({Ref("jira", Kind.CAMPAIGN, "1"): "e1"}, {"e1": frozenset({"jira"})})
    assert groups(identify(seen("airtable"), known=known)) == ["airtable/1"]
