"""Laws of writing: what is acknowledged is what the tool holds, and a change touches nothing but what it names."""

from __future__ import annotations

import pytest

from connectors.conformance.workbench import Workbench
from sync.errors import Rejected, Stale
from sync.model import Kind
from sync.ports import Archive, Change, Connector, Create, Failed, Update, Written

MOST = 20  # how many changes of one batch are tried
UNKNOWN = "no such field"


class WritingLaws(Workbench):
    """What `write` and `relate` promise."""

    def test_a_created_record_holds_what_it_was_given(self, tool: Connector, kind: Kind) -> None:
        """A creation is acknowledged with the record, which is then found by read, by listing and by others."""
        change = self.creation(tool, kind)
        record = self.applied(tool, change)
        assert (record.ref.tool, record.ref.kind, record.parent) == (tool.tool, kind, change.parent)
        for name, value in change.fields.items():
            assert self.same(value, record.fields.get(name)), f"{name} was created as {value!r}"
        assert self.held(tool, record.ref) == record
        assert self.listing(tool)[record.ref] == record
        other = self.connect()
        assert self.held(other, record.ref) == record
        other.close()

    def test_a_created_record_carries_its_marker(self, tool: Connector, kind: Kind) -> None:
        """The marker is written in the creation itself and finds the record again, for whoever looks."""
        change = self.creation(tool, kind)
        record = self.applied(tool, change)
        assert record.marker == change.marker
        other = self.connect()
        marked = [one.ref for one in self.listing(other).values() if one.marker == change.marker]
        other.close()
        assert marked == [record.ref]

    def test_a_marker_outlives_an_update(self, tool: Connector) -> None:
        """Whatever fields are written later, the record stays the one that we made."""
        kind = self.kinds[-1]
        change = self.creation(tool, kind)
        record = self.applied(tool, change)
        after = self.applied(tool, Update(record, self.fields(tool, kind, 1)))
        assert after.marker == self.held(tool, record.ref).marker == change.marker

    def test_a_stage_of_a_campaign_that_is_gone_is_refused(self, tool: Connector) -> None:
        """It is the record's fault and nobody's configuration: the next run plans anew."""
        self.both(tool)
        campaign = self.gone(tool, Kind.CAMPAIGN).ref.native
        self.refusal(tool, self.creation(tool, Kind.STAGE, 0, campaign), Rejected, Stale)

    def test_an_update_changes_what_it_is_given_and_nothing_else(self, tool: Connector, kind: Kind) -> None:
        """Field by field: the new value is shown, and everything that can be written besides is as it was."""
        record = self.made(tool, kind, 0)
        for name, value in self.fields(tool, kind, 1).items():
            after = self.applied(tool, Update(record, {name: value}))
            assert self.same(value, after.fields.get(name)), f"{name} was updated to {value!r}"
            assert self.rest(tool, after, name) == self.rest(tool, record, name), f"updating {name} changed others"
            assert (after.ref, after.parent, after.marker) == (record.ref, record.parent, record.marker)
            assert self.held(tool, record.ref) == after
            record = after

    def test_an_update_of_many_fields_is_one_change(self, tool: Connector) -> None:
        """All fields of an update are taken over together, and repeating it changes nothing more."""
        kind = self.kinds[-1]
        record, wanted = self.made(tool, kind, 0), self.fields(tool, kind, 1)
        first = self.applied(tool, Update(record, wanted))
        again = self.applied(tool, Update(first, wanted))
        for after in (first, again):
            assert all(self.same(value, after.fields.get(name)) for name, value in wanted.items())
        assert self.rest(tool, again) == self.rest(tool, first)

    def test_a_field_can_be_emptied(self, tool: Connector, kind: Kind) -> None:
        """None empties a field; one that the tool cannot do without is refused, or shown to have stayed."""
        record = self.made(tool, kind, 0)
        for name in self.fields(tool, kind, 0):
            change = Update(record, {name: None})
            if self.is_among(tool, kind, name, self.needed):
                outcome = self.outcome(tool, change)
                assert isinstance(outcome, Written) or isinstance(outcome.error, Rejected), outcome
                assert self.rest(tool, self.held(tool, record.ref)) == self.rest(tool, record), f"{name} did not stay"
                continue
            after = self.applied(tool, change)
            assert self.same(None, after.fields.get(name)), f"{name} was emptied and shows {after.fields[name]!r}"
            assert self.rest(tool, after, name) == self.rest(tool, record, name), f"emptying {name} changed others"
            record = after

    def test_a_stage_moves_to_another_campaign(self, tool: Connector) -> None:
        """`parent` moves a stage and leaves its fields; the campaigns stay as they are."""
        self.both(tool)
        old, new = self.made(tool, Kind.CAMPAIGN, 0), self.made(tool, Kind.CAMPAIGN, 1)
        stage = self.made(tool, Kind.STAGE, 0, old.ref.native)
        moved = self.applied(tool, Update(stage, {}, new.ref.native))
        assert moved.parent == self.held(tool, stage.ref).parent == new.ref.native
        assert self.rest(tool, moved) == self.rest(tool, stage)
        assert [self.rest(tool, self.held(tool, one.ref)) for one in (old, new)] == [
            self.rest(tool, one) for one in (old, new)
        ]

    def test_a_set_grows_and_shrinks_whatever_its_order(self, tool: Connector, kind: Kind) -> None:
        """A list of words is a set: elements come and go, and the order that they are written in means nothing."""
        record, others = self.made(tool, kind, 0), self.fields(tool, kind, 1)
        types = {field.id: field.type for field in tool.schema()[kind]}
        lists = {name: value for name, value in self.fields(tool, kind, 0).items() if isinstance(value, list)}
        sets = {name: value for name, value in lists.items() if types.get(name) != "subjects"}  # one, or a test
        if not sets:
            pytest.skip(f"the sample of a {kind} has no list")
        for name, first in sets.items():
            both = [*first, *(one for one in others.get(name, []) if one not in first)]
            for wanted in (both, both[::-1], both[1:], both[:1]):
                record = self.applied(tool, Update(record, {name: wanted}))
                assert self.same(wanted, record.fields.get(name)), f"{name} was written as {wanted!r}"

    def test_what_a_person_changes_meanwhile_stays(self, tool: Connector, kind: Kind) -> None:
        """An update of a record that was read before somebody edited another field of it overwrites nothing."""
        record = self.made(tool, kind, 0)
        title = self.title(tool, kind)
        name, value = next((i, v) for i, v in self.fields(tool, kind, 1).items() if i != title)
        self.person_renames(record.ref, "Renamed meanwhile")
        outcome = self.outcome(tool, Update(record, {name: value}))
        now = self.held(tool, record.ref)
        assert now.fields[title] == "Renamed meanwhile"
        if isinstance(outcome, Failed):
            assert isinstance(outcome.error, Stale)
        else:
            assert self.same(value, now.fields.get(name))

    def test_what_a_person_changes_in_the_same_field_is_not_overwritten(self, tool: Connector, kind: Kind) -> None:
        """Where a write looks by itself: nobody else does right before it."""
        if not tool.capability.compares:
            pytest.skip(f"{tool.tool} leaves the last look to the engine")
        record, title = self.made(tool, kind, 0), self.title(tool, kind)
        self.person_renames(record.ref, "Renamed meanwhile")
        self.refusal(tool, Update(record, {title: "Renamed by us"}), Stale)
        assert self.held(tool, record.ref).fields[title] == "Renamed meanwhile"

    def test_no_changes_have_no_outcomes(self, tool: Connector) -> None:
        """An empty batch is written without a word."""
        assert list(tool.write([])) == []

    def test_a_full_batch_is_written_in_order(self, tool: Connector) -> None:
        """As many changes as a batch takes, of every kind and verb, have their outcomes in the order of the changes."""
        kind = self.kinds[0]
        old = self.made(tool, kind, 0)
        size = min(tool.capability.batch, MOST)
        changes: list[Change] = [Update(old, self.fields(tool, kind, 1))] * (size > 1)
        changes += [self.creation(tool, kind, number % 2) for number in range(size - len(changes))]
        outcomes = list(tool.write(changes))
        assert [outcome.change for outcome in outcomes] == changes
        assert [type(outcome) for outcome in outcomes] == [Written] * size
        made = [(o.record, o.change) for o in outcomes if isinstance(o, Written) and isinstance(o.change, Create)]
        assert [record.marker if record else None for record, _ in made] == [change.marker for _, change in made]
        listed = self.listing(tool)
        assert all(record is not None and listed[record.ref] == record for record, _ in made)

    def test_one_bad_change_does_not_hold_up_its_neighbours(self, tool: Connector, kind: Kind) -> None:
        """What the tool refuses is told with a reason; what stands before and after it is done."""
        if tool.capability.batch < len(("before", "bad", "after")):
            pytest.skip(f"{tool.tool} takes {tool.capability.batch} change at a time")
        wanted = self.fields(tool, kind, 1)
        bad = self.creation(tool, kind)
        creations = [self.creation(tool, kind), Create(bad.marker, kind, {UNKNOWN: "x"}, bad.parent)]
        creations.append(self.creation(tool, kind, 1))
        first, second, third = (self.made(tool, kind, 0) for _ in range(3))
        updates = [Update(first, wanted), Update(second, {UNKNOWN: "x"}), Update(third, wanted)]
        for changes in (creations, updates):
            before, failed, after = tool.write(changes)
            assert isinstance(before, Written)
            assert isinstance(after, Written)
            assert isinstance(failed, Failed)
            assert isinstance(failed.error, Rejected | Stale), f"the bad change failed with {failed.error!r}"
            self.discreet(failed.error)
        assert self.rest(tool, self.held(tool, second.ref)) == self.rest(tool, second)
        assert not [one for one in self.listing(tool).values() if one.marker == bad.marker]

    def test_a_field_that_does_not_exist_is_refused(self, tool: Connector, kind: Kind) -> None:
        """Rejected, or Stale since the field may have gone meanwhile; with a reason, and the record is as it was."""
        record = self.made(tool, kind)
        self.refusal(tool, Update(record, {UNKNOWN: "x"}), Rejected, Stale)
        assert self.rest(tool, self.held(tool, record.ref)) == self.rest(tool, record)

    def test_an_update_of_what_is_gone_is_stale(self, tool: Connector, kind: Kind) -> None:
        """The record went away after it was planned: the next run sees that, and nothing is created instead."""
        record = self.gone(tool, kind)
        before = self.listing(tool).keys()
        self.refusal(tool, Update(record, self.fields(tool, kind, 1)), Stale)
        assert self.listing(tool).keys() == before

    def test_an_archived_record_is_out_of_sight_or_locked(self, tool: Connector, kind: Kind) -> None:
        """After an archive a record is gone, or it says why it takes no edit; a second archive does no harm."""
        if not tool.capability.archives:
            pytest.skip(f"{tool.tool} lets nothing be archived")
        record, other = self.made(tool, kind, 0), self.made(tool, kind, 1)
        outcome = self.outcome(tool, Archive(record))
        assert isinstance(outcome, Written), outcome
        assert outcome.record is None
        for _ in range(2):
            now, listed = tool.read([record.ref])[record.ref], self.listing(tool)
            assert now is None or now.locked
            assert listed.get(record.ref) == now, "a listing and a look-up disagree on what was archived"
            again = self.outcome(tool, Archive(record))
            assert isinstance(again, Written) or isinstance(again.error, Stale | Rejected)
        assert self.held(tool, other.ref) == other

    def test_what_a_tool_cannot_do_is_rejected(self, tool: Connector, kind: Kind) -> None:
        """A tool without creations or archives says so when it is asked for one all the same."""
        if tool.capability.creates and tool.capability.archives:
            pytest.skip(f"{tool.tool} creates and archives")
        before = self.listing(tool)
        if not tool.capability.creates:
            self.refusal(tool, Create(self.marker(), kind, self.fields(tool, kind, 0)), Rejected)
        if not tool.capability.archives and (record := next(iter(before.values()), None)):
            self.refusal(tool, Archive(record), Rejected)
        assert self.listing(tool) == before
