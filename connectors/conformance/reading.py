"""Laws of reading: a schema that can be relied on, listings that are complete, look-ups that never guess."""

from __future__ import annotations

import json
from datetime import timedelta

from connectors.conformance.workbench import Workbench
from sync.errors import SyncError
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Connector

TO_THE_SECOND = timedelta(seconds=2)  # a tool that tells whole seconds may seem to step back by one
SOME = 3  # of many records
HOSTILE = (
    "' OR 1=1 --",
    "), TRUE()",
    "../..",
    '" OR project is not EMPTY',
    "*",
    "%",
    "0",
    "-1",
    "no such id",
    "é😀",
    "",
)


class ReadingLaws(Workbench):
    """What `schema`, `fetch`, `read`, `census`, `members`, `attribution`, `time` and `close` promise."""

    def test_the_tool_says_what_it_can_do(self, tool: Connector) -> None:
        """A capability is plain data that does not change, and a tool has a name and holds something."""
        can = tool.capability
        assert tool.tool
        assert can.kinds == frozenset(self.kinds), "say which kinds the tool holds: kinds = (Kind.…,)"
        assert can.batch >= 1
        assert can.settle >= 0
        tool.schema()
        assert tool.capability == can

    def test_the_schema_is_stable_and_every_field_has_an_id(self, tool: Connector) -> None:
        """Mappings are bound to ids, so each field has one of its own, and asking again tells the same."""
        schema = tool.schema()
        assert schema.keys() == tool.capability.kinds
        for fields in schema.values():
            assert all(field.id and field.name and field.type for field in fields)
            assert len({field.id for field in fields}) == len(fields), "two fields have one id"
            for field in fields:
                assert len({id_ for id_, _ in field.options}) == len(field.options), "two options have one id"
        assert tool.schema() == schema
        other = self.connect()
        assert other.schema() == schema
        other.close()

    def test_a_listing_is_complete_with_campaigns_before_stages(self, tool: Connector) -> None:
        """What ends without an exception has shown every record once, a campaign before any stage."""
        made = [self.made(tool, kind, number) for kind in self.kinds for number in (0, 1)]
        listed = self.listing(tool)
        assert {record.ref for record in made} <= listed.keys()
        assert {ref.tool for ref in listed} == {tool.tool}
        kinds = [ref.kind for ref in listed]
        assert kinds == sorted(kinds, key=list(Kind).index), "a stage was listed before a campaign"

    def test_a_listed_record_is_the_record_that_is_read(self, tool: Connector, kind: Kind) -> None:
        """Both ways to a record show the same, so that nothing looks edited because it was looked at otherwise."""
        made = self.made(tool, kind)
        listed = self.listing(tool)
        assert made.ref in listed
        assert dict(tool.read(list(listed))) == listed

    def test_a_record_is_plain_json_within_the_schema(self, tool: Connector, kind: Kind) -> None:
        """A record is kept as JSON and seen through the schema, so it holds nothing else; times have a zone."""
        record = self.held(tool, self.made(tool, kind).ref)
        assert json.loads(json.dumps(dict(record.fields))) == dict(record.fields)
        assert record.fields.keys() <= {field.id for field in tool.schema()[kind]}
        assert record.ref == Ref(tool.tool, kind, record.ref.native)
        assert record.ref.native
        assert record.changed_at is None or record.changed_at.tzinfo is not None

    def test_a_stage_names_its_campaign(self, tool: Connector) -> None:
        """A stage's parent is the native id of a campaign that is listed."""
        self.both(tool)
        campaign = self.made(tool, Kind.CAMPAIGN)
        stage = self.made(tool, Kind.STAGE, 0, campaign.ref.native)
        assert self.listing(tool)[stage.ref].parent == campaign.ref.native
        assert self.held(tool, campaign.ref).parent is None

    def test_what_is_not_there_is_read_as_none_beside_what_is(self, tool: Connector, kind: Kind) -> None:
        """None is the tool's own word that there is no such record, and it does not hide the others."""
        missing, there = self.gone(tool, kind).ref, self.made(tool, kind, 1)
        found = tool.read([missing, there.ref])
        assert found.keys() == {missing, there.ref}
        assert found[missing] is None
        assert found[there.ref] == self.held(tool, there.ref)

    def test_nothing_is_read_when_nothing_is_asked_for(self, tool: Connector) -> None:
        """No refs have no records."""
        assert dict(tool.read([])) == {}

    def test_an_id_that_is_none_brings_no_record(self, tool: Connector, kind: Kind) -> None:
        """An id goes into a query or an address as itself: it widens nothing, whatever it spells."""
        self.made(tool, kind)
        for ref in (Ref(tool.tool, kind, native) for native in HOSTILE):
            try:
                assert dict(tool.read([ref])) == {ref: None}
            except SyncError as error:
                self.discreet(error)

    def test_a_census_counts_what_a_listing_shows(self, tool: Connector) -> None:
        """Deletions are found by what a census lacks, so it lacks nothing that a listing has."""
        made = [self.made(tool, kind) for kind in self.kinds]
        listed = self.listing(tool)
        counted = list(tool.census())
        assert len(set(counted)) == len(counted), "a census counts every record once"
        assert set(counted) == listed.keys()
        assert {record.ref for record in made} <= set(counted)

    def test_members_have_an_account_and_a_name(self, tool: Connector) -> None:
        """Whom records may name is known by an account of their own."""
        members = list(tool.members())
        assert all(member.native and member.name for member in members)
        assert len({member.native for member in members}) == len(members)
        assert list(tool.members()) == members

    def test_attribution_tells_who_and_when_or_nothing(self, tool: Connector, kind: Kind) -> None:
        """Who changed a field is told with a time that has a zone, or not at all; never by an exception."""
        record = self.made(tool, kind)
        for field in tool.schema()[kind]:
            told = tool.attribution(record, field.id)
            assert told is None or isinstance(told, Attribution)
            assert told is None or told.at is None or told.at.tzinfo is not None

    def test_the_tools_time_has_a_zone_and_does_not_run_back(self, tool: Connector) -> None:
        """How long a listing may lag is counted by the tool's clock."""
        list(tool.fetch())
        first = tool.time()
        list(tool.fetch())
        then = tool.time()
        assert (first is None) == (then is None)
        if first is not None and then is not None:
            assert first.tzinfo is not None
            assert then >= first - TO_THE_SECOND

    def test_looking_changes_nothing(self, tool: Connector) -> None:
        """A dry run is everything that reads; after it every record is as it was."""
        for kind in self.kinds:
            self.made(tool, kind)
        before = self.listing(tool)
        self.look(tool, before)
        assert self.listing(tool) == before

    def test_looking_sends_no_write(self, tool: Connector) -> None:
        """Nor does it ask the tool for a write that happens to change nothing."""
        self.campaign(tool)
        before = self.writes()
        records = self.listing(tool)
        assert self.writes() == before
        tool.position()  # may prepare what the next `changes` will read
        before = self.writes()
        self.look(tool, records)
        assert self.writes() == before

    def look(self, tool: Connector, records: dict[Ref, Record]) -> None:
        """Every call that reads."""
        tool.schema()
        list(tool.fetch())
        list(tool.census())
        tool.read(list(records))
        tool.members()
        tool.time()
        if (position := tool.position()) is not None:
            list(tool.changes(position))
        for record in list(records.values())[-SOME:]:
            tool.attribution(record, self.title(tool, record.ref.kind))

    def test_a_connector_may_be_closed_twice(self) -> None:
        """Closing is safe whatever came before it, even nothing."""
        unused, used = self.connect(), self.connect()
        list(used.fetch())
        for each in (unused, used):
            each.close()
            each.close()
