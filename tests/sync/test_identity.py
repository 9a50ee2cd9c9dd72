"""Who is who: marks, keys, names and days; ties are set aside, and no order of records decides anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.identity import Known, Resolution, Sighting, campaign_words, is_marker, resolve, stage_words
from sync.model import Kind, Record, Ref
from sync.ports import Reading

MARK = "cs-0000000a"
NOBODY = Known({}, {})


def seen(
    tool: str,
    native: str = "1",
    name: str | None = "Spring",
    day: str | None = None,
    *,
    marker: str | None = None,
    key: str | None = None,
    names: str | None = None,
) -> Sighting:
    """A campaign's record; `key` is its own, `names` another record's that it names."""
    record = Record(Ref(tool, Kind.CAMPAIGN, native), {}, marker=marker, key=key)
    return Sighting(record, Reading({"name": name, "day": day}, key=names))


def words(sighting: Sighting) -> tuple[str, ...]:
    day = sighting.reading.values["day"]
    return campaign_words(sighting.reading.values["name"], day if isinstance(day, str) else None)


def ids() -> Iterator[str]:
    return (f"new-{number}" for number in count(1))


def identify(*sightings: Sighting, known: Known = NOBODY) -> Resolution:
    made = ids()
    return resolve(Kind.CAMPAIGN, sightings, known, words, lambda: next(made))


def groups(resolution: Resolution) -> list[str]:
    """Each entity's records in words, such as "airtable/1 jira/2"."""
    found = [sorted(f"{s.tool}/{s.record.ref.native}" for s in m.values()) for m in resolution.members.values()]
    return sorted(" ".join(names) for names in found if names)


def aside(resolution: Resolution) -> list[tuple[str, str]]:
    return sorted((f"{a.sighting.tool}/{a.sighting.record.ref.native}", a.reason) for a in resolution.aside)


def linked(entity: str = "e1", keys: tuple[str, ...] = (), **natives: str) -> Known:
    """One entity whose records are linked in these tools."""
    links = {Ref(tool, Kind.CAMPAIGN, native): entity for tool, native in natives.items()}
    names = {entity: campaign_words("Spring", None)}
    return Known(links, {entity: frozenset(natives)}, names, keys={entity: frozenset(keys)})


@pytest.mark.parametrize(
    ("text", "ours"),
    [("cs-7k2m9x4q", True), ("cs-7k2m9x4", False), ("cs-7K2m9x4q", False), ("xcs-7k2m9x4q", False), (None, False)],
)
def test_only_the_ids_we_make_are_marks(text: str | None, ours: bool) -> None:
    assert is_marker(text) == ours


def test_a_link_is_stronger_than_any_name() -> None:
    result = identify(
        seen("jira", name="Renamed"), seen("airtable", name="Other"), known=linked(jira="1", airtable="1")
    )
    assert groups(result) == ["airtable/1 jira/1"]
    assert (result.new, result.adopted) == ({}, 0)


def test_a_mark_finds_its_entity_under_any_name() -> None:
    result = identify(seen("jira"), seen("airtable", name="X", marker=MARK), known=linked(MARK, jira="1"))
    assert groups(result) == ["airtable/1 jira/1"]
    assert result.adopted == 1


def test_marks_alone_bring_an_entity_back_that_a_lost_database_forgot() -> None:
    result = identify(seen("jira", name="A", marker=MARK), seen("airtable", name="B", marker=MARK))
    assert set(result.members) == {MARK}
    assert result.new == {MARK: Kind.CAMPAIGN}
    assert groups(result) == ["airtable/1 jira/1"]


def test_a_lost_databases_unmarked_original_is_adopted_by_name() -> None:
    result = identify(seen("jira"), seen("airtable", marker=MARK), seen("klaviyo", marker=MARK))
    assert set(result.members) == {MARK}
    assert groups(result) == ["airtable/1 jira/1 klaviyo/1"]


def test_a_copy_with_the_mark_of_a_linked_record_is_set_aside() -> None:
    result = identify(seen("jira"), seen("jira", "2", marker=MARK), known=linked(MARK, jira="1"))
    assert (groups(result), aside(result)) == (["jira/1"], [("jira/2", "duplicate")])
    assert result.aside[0].rivals == (Ref("jira", Kind.CAMPAIGN, "1"),)


def test_the_mark_of_what_was_deleted_for_good_brings_nothing_back() -> None:
    result = identify(seen("jira", marker=MARK), known=Known({}, {}, dead=frozenset({MARK})))
    assert (groups(result), aside(result), result.new) == ([], [("jira/1", "deleted")], {})


def test_the_linked_record_of_what_was_deleted_for_good_is_nobodys() -> None:
    known = Known({Ref("jira", Kind.CAMPAIGN, "1"): MARK}, {}, dead=frozenset({MARK}))
    assert identify(seen("jira"), known=known).members == {}


def test_a_text_that_only_looks_like_a_mark_is_none() -> None:
    result = identify(seen("jira", marker="cs-mine"), seen("airtable"))
    assert groups(result) == ["airtable/1 jira/1"]
    assert set(result.members) == {"new-1"}


def test_a_named_key_joins_what_names_do_not() -> None:
    result = identify(seen("jira", name="A", key="CAM-1"), seen("airtable", name="B", names="CAM-1"))
    assert groups(result) == ["airtable/1 jira/1"]
    assert result.adopted == 2


def test_keys_join_in_a_chain() -> None:
    result = identify(
        seen("airtable", name="A", names="K-9"),
        seen("jira", name="B", key="CAM-1"),
        seen("klaviyo", name="C", key="K-9", names="CAM-1"),
    )
    assert groups(result) == ["airtable/1 jira/1 klaviyo/1"]


def test_a_key_joins_also_while_the_record_that_bears_it_cannot_be_read() -> None:
    known = linked(keys=("CAM-1",), jira="1")
    result = identify(seen("klaviyo", name="Else", names="CAM-1"), known=known)
    assert groups(result) == ["klaviyo/1"]
    assert set(result.members) == {"e1"}


def test_a_key_is_stronger_than_a_name() -> None:
    result = identify(
        seen("jira", "1", name="Spring", key="CAM-1"),
        seen("jira", "2", name="Summer", key="CAM-2"),
        seen("airtable", name="Spring", names="CAM-2"),
    )
    assert groups(result) == ["airtable/1 jira/2", "jira/1"]


def test_two_records_of_one_tool_that_name_one_key_are_a_tie() -> None:
    result = identify(
        seen("jira", name="A", key="CAM-1"),
        seen("airtable", "1", name="B", names="CAM-1"),
        seen("airtable", "2", name="C", names="CAM-1"),
    )
    assert groups(result) == []
    assert aside(result) == [("airtable/1", "tie"), ("airtable/2", "tie"), ("jira/1", "tie")]


def test_the_same_name_and_day_are_the_same_campaign() -> None:
    result = identify(
        seen("jira", "1", "Newsletter", "2026-03-01"),
        seen("jira", "2", "Newsletter", "2026-04-01"),
        seen("airtable", "1", "newsletter ", "2026-04-01"),
        seen("airtable", "2", "Newsletter", "2026-03-01"),
    )
    assert groups(result) == ["airtable/1 jira/2", "airtable/2 jira/1"]


def test_a_name_that_is_unique_in_every_tool_is_the_same_campaign_on_other_days_too() -> None:
    assert groups(identify(seen("jira", day="2026-03-01"), seen("airtable", day="2026-03-02"))) == ["airtable/1 jira/1"]


def test_a_name_that_repeats_in_one_tool_alone_makes_campaigns_of_their_own() -> None:
    result = identify(seen("jira", "1", day="2026-03-01"), seen("jira", "2", day="2026-04-01"))
    assert (groups(result), aside(result)) == (["jira/1", "jira/2"], [])


def test_a_name_that_could_be_two_campaigns_is_a_tie() -> None:
    result = identify(
        seen("jira", "1", day="2026-03-01"), seen("jira", "2", day="2026-04-01"), seen("airtable", day="2026-05-01")
    )
    assert (groups(result), len(result.aside)) == ([], 3)


def test_the_same_name_and_day_twice_in_one_tool_is_a_tie() -> None:
    result = identify(seen("jira", "1", day="2026-03-01"), seen("jira", "2", day="2026-03-01"))
    assert aside(result) == [("jira/1", "tie"), ("jira/2", "tie")]
    assert result.members == {}


def test_a_copy_without_a_mark_beside_a_linked_record_is_set_aside_and_the_entity_goes_on() -> None:
    known = Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1"},
        {"e1": frozenset({"jira"})},
        {"e1": campaign_words("Spring", "2026-03-01")},
    )
    result = identify(seen("jira", "1", day="2026-03-01"), seen("jira", "2", day="2026-03-01"), known=known)
    assert (groups(result), aside(result)) == (["jira/1"], [("jira/2", "tie")])


def test_nothing_is_created_beside_a_tie() -> None:
    result = identify(seen("airtable", "1"), seen("airtable", "2"), seen("jira"), known=linked(jira="1"))
    assert aside(result) == [("airtable/1", "tie"), ("airtable/2", "tie")]
    assert result.blocked == {("e1", "airtable")}
    assert {a.entity for a in result.aside} == {"e1"}


def test_a_record_that_two_entities_could_claim_is_a_tie_and_is_made_for_neither() -> None:
    known = Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1", Ref("jira", Kind.CAMPAIGN, "2"): "e2"},
        {"e1": frozenset({"jira"}), "e2": frozenset({"jira"})},
        {"e1": campaign_words("Spring", None), "e2": campaign_words("Spring", None)},
    )
    result = identify(seen("jira", "1"), seen("jira", "2"), seen("airtable"), known=known)
    assert aside(result) == [("airtable/1", "tie")]
    assert result.blocked == {("e1", "airtable"), ("e2", "airtable")}


def test_an_entity_is_recognised_by_its_agreed_name_while_its_tool_is_away() -> None:
    result = identify(seen("airtable"), known=linked(jira="1"))
    assert set(result.members) == {"e1"}
    assert groups(result) == ["airtable/1"]


def test_two_entities_that_are_known_never_become_one() -> None:
    known = Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1", Ref("airtable", Kind.CAMPAIGN, "1"): "e2"},
        {"e1": frozenset({"jira"}), "e2": frozenset({"airtable"})},
    )
    result = identify(seen("jira"), seen("airtable"), known=known)
    assert groups(result) == ["airtable/1", "jira/1"]
    assert result.aside == ()


def test_a_record_made_by_hand_in_place_of_a_deleted_one_does_not_take_its_place_unasked() -> None:
    known = Known(
        {Ref("jira", Kind.CAMPAIGN, "1"): "e1", Ref("airtable", Kind.CAMPAIGN, "1"): "e1"},
        {"e1": frozenset({"jira", "airtable"})},
        {"e1": campaign_words("Spring", "2026-03-01")},
    )
    result = identify(seen("jira", day="2026-03-01"), seen("airtable", "2", day="2026-03-01"), known=known)
    assert (groups(result), aside(result)) == (["jira/1"], [("airtable/2", "tie")])


@pytest.mark.parametrize("name", [None, "", "  "])
def test_records_without_a_name_match_nothing(name: str | None) -> None:
    assert groups(identify(seen("jira", name=name), seen("airtable", name=name))) == ["airtable/1", "jira/1"]


def test_a_stage_is_recognised_by_its_campaign_and_kind() -> None:
    assert stage_words("e1", "design") == stage_words("e1", "design") != stage_words("e2", "design")
    assert stage_words(None, "design") == stage_words("e1", None) == ()


records = st.builds(
    seen,
    st.sampled_from(["airtable", "jira", "klaviyo"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["Spring", "Summer"]),
    st.sampled_from([None, "2026-03-01", "2026-04-01"]),
    marker=st.sampled_from([None, None, MARK, "cs-0000000b"]),
    key=st.sampled_from([None, "CAM-1", "CAM-2"]),
    names=st.sampled_from([None, None, "CAM-1", "CAM-2"]),
)
companies = st.lists(records, unique_by=lambda s: s.record.ref, max_size=8)
knowledge = st.sampled_from([NOBODY, linked(jira="1"), linked(MARK, ("CAM-2",), jira="1", airtable="2")])


@given(companies, knowledge, st.integers())
def test_the_order_in_which_records_are_read_decides_nothing(
    sightings: list[Sighting], known: Known, seed: int
) -> None:
    shuffled = list(sightings)
    Random(seed).shuffle(shuffled)
    assert identify(*shuffled, known=known) == identify(*sightings, known=known)


@given(companies, knowledge)
def test_every_record_is_one_entity_or_set_aside_and_no_entity_has_two_of_one_tool(
    sightings: list[Sighting], known: Known
) -> None:
    result = identify(*sightings, known=known)
    placed = [s.record.ref for members in result.members.values() for s in members.values()]
    left = [a.sighting.record.ref for a in result.aside]
    assert sorted(placed + left, key=str) == sorted((s.record.ref for s in sightings), key=str)
    for members in result.members.values():
        assert all(tool == sighting.tool for tool, sighting in members.items())
    assert set(result.new) == set(result.members) - set(known.tools)
