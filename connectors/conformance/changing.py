"""Laws of deltas: nothing that happened since a position is missed, and a position is only a text to keep."""

from __future__ import annotations

from itertools import islice

import pytest

from connectors.conformance.workbench import Workbench
from sync.errors import Outdated
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Connector, Relation, Update

LONGEST = 2000  # characters of a position
UNREADABLE = ("", "yesterday", "{}", '{"v": 99}', "-1", "9" * 400, "null", "\x00")
PLAN = Relation("plan", "rec1", "Spring sale in the plan", "https://plan.example/rec1")
TASKS = Relation("tasks", "17", 'O\'Hara & "Söhne" <17>', "https://tasks.example/17?a=1&b=2")

MOVED = Relation("plan", "rec2", "Spring sale in the new plan", "https://plan.example/rec2")
RELATIONS: tuple[tuple[list[Relation], list[str]], ...] = (
    ([PLAN, TASKS], []), ([TASKS, PLAN], []), ([MOVED], []), ([], ["plan"]), ([], ["plan", "elsewhere"]),
    ([TASKS], []), ([], ["tasks"]),
)  # fmt: skip


class ChangingLaws(Workbench):
    """What `changes`, `position` and `relate` promise."""

    def begin(self, tool: Connector) -> str:
        """The position after a listing of everything that there is."""
        if not tool.capability.changes:
            pytest.skip(f"{tool.tool} does not tell what changed")
        self.listing(tool)
        position = tool.position()
        assert position is not None, "a tool that tells changes has a position after a listing"
        return position

    def told(self, tool: Connector, since: str) -> dict[Ref, Record | None]:
        """What is told since a position once listings have caught up; None is a record that is gone."""
        self.settle(tool)
        return {one if isinstance(one, Ref) else one.ref: None if isinstance(one, Ref) else one
                for one in tool.changes(since)}  # fmt: skip

    def test_a_tool_without_changes_has_no_position(self, tool: Connector) -> None:
        """Nobody keeps a position that nobody can use."""
        if tool.capability.changes:
            pytest.skip(f"{tool.tool} tells what changed")
        list(tool.fetch())
        assert tool.position() is None

    def test_a_position_is_a_short_text_without_secrets(self, tool: Connector) -> None:
        """It is stored as it is, after a listing and after changes alike."""
        kind = self.kinds[-1]
        since = self.begin(tool)
        self.made(tool, kind)
        self.told(tool, since)
        then = tool.position()
        assert then is not None
        for position in (since, then):
            assert isinstance(position, str)
            assert 0 < len(position) <= LONGEST
            self.keeps_secrets(position)

    def test_before_it_has_read_anything_a_connector_has_no_position(self, tool: Connector) -> None:
        """A position is where reading got to, so nothing read is no position."""
        assert tool.position() is None

    def test_nothing_new_is_told_when_nothing_happened(self, tool: Connector) -> None:
        """What is told all the same is a record as it was listed, again and again."""
        kind = self.kinds[-1]
        self.made(tool, kind)
        since = self.begin(tool)
        listed = self.listing(tool)
        for _ in range(2):
            assert self.told(tool, since).items() <= listed.items()
            since = tool.position() or ""

    def test_what_we_write_is_told(self, tool: Connector, kind: Kind) -> None:
        """A creation and an update since the position are told, each as the record that is read."""
        old = self.made(tool, kind)
        since = self.begin(tool)
        new = self.made(tool, kind, 1)
        self.applied(tool, Update(old, self.fields(tool, kind, 1)))
        told = self.told(tool, since)
        assert {old.ref, new.ref} <= told.keys()
        assert told == dict(tool.read(list(told)))

    def test_what_people_do_is_told(self, tool: Connector, kind: Kind) -> None:
        """So are the records that somebody makes or edits in the tool."""
        old = self.made(tool, kind)
        parent = self.campaign(tool) if kind is Kind.STAGE else None
        since = self.begin(tool)
        new = Ref(tool.tool, kind, self.person_creates(kind, "Made by hand", parent))
        self.person_renames(old.ref, "Renamed by hand")
        told = self.told(tool, since)
        assert {old.ref, new} <= told.keys()
        assert told == dict(tool.read(list(told)))
        record = told[old.ref]
        assert record is not None
        assert record.fields[self.title(tool, kind)] == "Renamed by hand"

    def test_a_move_is_told(self, tool: Connector) -> None:
        """A stage that hangs on another campaign has changed, though none of its fields has."""
        self.both(tool)
        stage, other = self.made(tool, Kind.STAGE), self.made(tool, Kind.CAMPAIGN, 1)
        since = self.begin(tool)
        self.applied(tool, Update(stage, {}, other.ref.native))
        assert stage.ref in self.told(tool, since)

    def test_a_deletion_is_told_or_missing_from_the_census(self, tool: Connector, kind: Kind) -> None:
        """Either the changes bring its bare ref, or a census lacks it; it is never told as if it were there."""
        record = self.made(tool, kind)
        since = self.begin(tool)
        self.person_deletes(record.ref)
        told = self.told(tool, since)
        assert told.get(record.ref) is None
        assert record.ref not in set(tool.census())

    def test_an_archive_is_told_or_missing_from_the_census(self, tool: Connector, kind: Kind) -> None:
        """What we took out of sight is out of sight for the next delta as well."""
        if not tool.capability.archives:
            pytest.skip(f"{tool.tool} lets nothing be archived")
        record = self.made(tool, kind)
        since = self.begin(tool)
        self.outcome(tool, Archive(record))
        now, told = tool.read([record.ref])[record.ref], self.told(tool, since)
        assert record.ref in told or record.ref not in set(tool.census())
        assert told.get(record.ref) == now

    def test_a_change_that_shows_late_is_not_missed(self, tool: Connector, kind: Kind) -> None:
        """A position that is taken before a listing has caught up does not step over what is still to come."""
        old = self.made(tool, kind)
        since = self.begin(tool)
        self.applied(tool, Update(old, self.fields(tool, kind, 1)))
        new = self.made(tool, kind, 1)
        at_once = {one if isinstance(one, Ref) else one.ref for one in tool.changes(since)}
        later = tool.position()
        assert later is not None
        assert {old.ref, new.ref} <= at_once | self.told(tool, later).keys()

    def test_changes_that_were_left_halfway_are_told_again(self, tool: Connector) -> None:
        """A position goes as far as the changes were read, so breaking off costs nothing but another call."""
        kind = self.kinds[-1]
        records = [self.made(tool, kind, number) for number in (0, 1)]
        since = self.begin(tool)
        for record, number in zip(records, (1, 0), strict=True):
            self.applied(tool, Update(record, self.fields(tool, kind, number)))
        self.settle(tool)
        first = next(iter(tool.changes(since)))
        begun = {first if isinstance(first, Ref) else first.ref}
        later = tool.position()
        assert {record.ref for record in records} <= begun | self.told(tool, since if later is None else later).keys()

    def test_a_position_serves_another_connector(self, tool: Connector) -> None:
        """It is all that the next run, in another process, knows; and it can be used twice."""
        kind = self.kinds[-1]
        since = self.begin(tool)
        new = self.made(tool, kind)
        for _ in range(2):
            other = self.connect()
            assert new.ref in self.told(other, since)
            assert other.position() is not None
            other.close()

    def test_a_listing_that_was_left_halfway_is_no_position_by_itself(self, tool: Connector) -> None:
        """What a listing had still to show is not taken for seen: it is told, or shown where the listing goes on."""
        kind = self.kinds[-1]
        for number in (0, 1):
            self.made(tool, kind, number)
        self.begin(tool)
        everything = self.listing(tool).keys()
        other = self.connect()
        listing = other.fetch()
        seen = {record.ref for record in islice(listing, 2)}
        position, reached = other.position(), other.reached() if tool.capability.resumes else None
        if reached is not None:
            assert position is not None, "what changes before the listing goes on has to be asked for"
            seen |= {record.ref for record in other.fetch(reached)}
        assert position is None or everything <= seen | self.told(other, position).keys()
        other.close()

    @pytest.mark.parametrize("position", UNREADABLE, ids=lambda text: ascii(text[:9]))
    def test_a_position_that_means_nothing_is_outdated(self, tool: Connector, position: str) -> None:
        """Whoever cannot tell since when says so, or tells everything; nothing is passed over in silence."""
        self.campaign(tool)
        self.begin(tool)
        everything = self.listing(tool).keys()
        try:
            assert everything <= self.told(tool, position).keys()
        except Outdated as error:
            self.discreet(error)

    def test_relations_are_safe_to_repeat(self, tool: Connector, kind: Kind) -> None:
        """Linking a record again and again, or to nothing, changes none of its fields."""
        if not tool.capability.relates:
            pytest.skip(f"{tool.tool} links nothing")
        record = self.made(tool, kind)
        for relations, dropped in RELATIONS:
            tool.relate(record, relations, dropped)
            assert self.rest(tool, self.held(tool, record.ref)) == self.rest(tool, record)

    def test_a_record_shows_the_relations_it_was_given_last(self, tool: Connector, kind: Kind) -> None:
        """Each once, however often it was given; what is not given any more is taken away."""
        if not tool.capability.relates:
            pytest.skip(f"{tool.tool} links nothing")
        record = self.made(tool, kind)
        before = sorted(self.links(record.ref))
        shown: dict[str, str] = {}
        for relations, dropped in RELATIONS:
            tool.relate(record, relations, dropped)
            shown = {name: url for name, url in shown.items() if name not in dropped}
            shown |= {relation.tool: relation.url for relation in relations}
            assert sorted(self.links(record.ref)) == sorted([*before, *shown.values()])
