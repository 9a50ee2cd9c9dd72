"""Laws of going on: with a listing where it broke off, and by what an earlier run has told of the set-up."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from itertools import islice

import pytest

from connectors.conformance.changing import LONGEST, UNREADABLE
from connectors.conformance.workbench import Workbench
from sync.errors import Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Connector, Update

LONGEST_SETUP = 200_000  # characters


class ResumingLaws(Workbench):
    """What `fetch(after, known)`, `reached`, `setup` and `recall` promise."""

    def shelf(self, tool: Connector) -> dict[Ref, Record]:
        """Everything that is listed, two records of each kind at the least; for a tool whose listings go on."""
        if not tool.capability.resumes:
            pytest.skip(f"{tool.tool} begins every listing anew")
        for kind in self.kinds:
            for number in (0, 1):
                self.made(tool, kind, number)
        return self.listing(tool)

    def part(
        self, place: int, after: str | None = None, known: Collection[Ref] = ()
    ) -> tuple[dict[Ref, Record], str | None]:
        """So many records of a listing, and how far it has come."""
        tool = self.connect()
        seen = {record.ref: record for record in islice(tool.fetch(after, known), place)}
        reached = tool.reached()
        tool.close()
        return seen, reached

    def remainder(self, after: str | None, known: Collection[Ref] = ()) -> dict[Ref, Record]:
        """What a listing of another process shows that goes on from there."""
        tool = self.connect()
        found = list(tool.fetch(after, known))
        tool.close()
        rest = {record.ref: record for record in found}
        assert len(rest) == len(found), "a listing that goes on shows every record once"
        return rest

    def test_what_broke_off_anywhere_and_goes_on_shows_every_record(self, tool: Connector) -> None:
        """Both parts together are the whole, at whichever record the first one ended."""
        everything = self.shelf(tool)
        for place in range(len(everything) + 1):
            seen, after = self.part(place)
            assert seen | self.remainder(after) == everything, f"after {place} records, going on from {after}"

    def test_what_goes_on_with_what_is_known_shows_every_other_record(self, tool: Connector) -> None:
        """So are they where the second one is told what the first has shown."""
        everything = self.shelf(tool)
        for place in range(len(everything) + 1):
            seen, after = self.part(place)
            assert seen | self.remainder(after, seen) == everything, f"after {place} records, going on from {after}"

    def test_what_goes_on_with_what_is_known_asks_for_no_page_of_it_again(self, tool: Connector) -> None:
        """Where it leaves that out, two parts cost the requests of the whole, one more set-up and a page that both
        begin."""
        everything = self.shelf(tool)
        whole, first = (self.cost(place)[1] for place in (len(everything) + 1, 1))
        for place in range(1, len(everything), 2):
            (seen, after), begun = self.cost(place)
            if after is not None:
                (rest, _), gone_on = self.cost(len(everything) + 1, after, seen)
                assert seen | rest == everything
                if seen.keys().isdisjoint(rest):
                    assert begun + gone_on <= whole + first, f"after {place} records, going on from {after}"

    def cost(
        self, place: int, after: str | None = None, known: Collection[Ref] = ()
    ) -> tuple[tuple[dict[Ref, Record], str | None], int]:
        """So many records of a listing, how far it has come, and by how many requests."""
        before = self.requests()
        return self.part(place, after, known), self.requests() - before

    def test_what_an_outage_broke_off_goes_on_and_shows_every_record(self, tool: Connector) -> None:
        """So does a listing that ended with an exception."""
        everything = self.shelf(tool)
        for place in range(len(everything)):
            broken = self.connect()
            listing = broken.fetch()
            seen = {record.ref: record for record in islice(listing, place)}
            with self.outage(), suppress(Unavailable):
                for record in listing:
                    seen[record.ref] = record
            after = broken.reached()
            broken.close()
            assert seen | self.remainder(after) == everything, f"after {place} records, going on from {after}"

    def test_what_breaks_off_again_and_again_shows_every_record(self, tool: Connector) -> None:
        """A part that goes on has come as far as the one before it, and further."""
        everything = self.shelf(tool)
        for telling in (False, True):
            seen: dict[Ref, Record] = {}
            after = None
            for place in (2, 2, len(everything) // 2, 2):
                more, after = self.part(place, after, seen if telling else ())
                seen = seen | more
                if len(more) < place:
                    break  # it has ended, so that is all
            else:
                seen = seen | self.remainder(after, seen if telling else ())
            assert seen == everything, "told what is known" if telling else "untold"

    def test_campaigns_that_were_all_shown_are_not_listed_again(self, tool: Connector) -> None:
        """Going on is less than beginning anew."""
        self.both(tool)
        everything = self.shelf(tool)
        campaigns = {ref for ref in everything if ref.kind is Kind.CAMPAIGN}
        _, after = self.part(len(campaigns) + 1)
        assert after is not None, "stages are listed, so the campaigns are through"
        assert campaigns.isdisjoint(self.remainder(after))

    def test_how_far_a_listing_came_is_kept_as_it_is(self, tool: Connector) -> None:
        """A short text without a secret; none before anything was read."""
        assert tool.reached() is None
        for place in range(len(self.shelf(tool)) + 1):
            _, after = self.part(place)
            assert after is None or 0 < len(after) <= LONGEST
            self.keeps_secrets(after or "")

    @pytest.mark.parametrize("after", UNREADABLE, ids=lambda text: ascii(text[:9]))
    def test_a_listing_from_where_nothing_is_meant_begins_anew(self, tool: Connector, after: str) -> None:
        """What an older version told, or another tool, spares nothing."""
        everything = self.shelf(tool)
        assert self.remainder(after) == everything
        assert self.remainder(after, everything) == everything, "nor does it leave out what is known"

    def test_what_changes_before_a_listing_goes_on_is_told_since_its_beginning(self, tool: Connector) -> None:
        """The first part's position is where everything has to be asked for that changed after it was read."""
        if not tool.capability.changes:
            pytest.skip(f"{tool.tool} does not tell what changed")
        before = self.shelf(tool)
        first = self.connect()
        listing = first.fetch()
        seen = {record.ref: record for record in islice(listing, len(before) - 1)}
        after, begun = first.reached(), first.position()
        first.close()
        assert after is None or begun is not None, "a listing that another may go on from has a position"
        kind = self.kinds[0]
        self.applied(tool, Update(self.made(tool, kind), self.fields(tool, kind, 1)))
        old = next(record for record in before.values() if record.ref.kind is kind and not record.locked)
        self.outcome(tool, Update(old, self.fields(tool, kind, 1)))
        self.settle(tool)
        seen |= self.remainder(after)
        now = self.connect()
        told = {one if isinstance(one, Ref) else one.ref: one for one in now.changes(begun)} if begun else {}
        now.close()
        seen |= {ref: one for ref, one in told.items() if isinstance(one, Record)}
        assert seen == self.listing(tool)

    def setup(self, tool: Connector) -> str:
        """What a connector that knows its fields tells of the set-up."""
        if not tool.capability.remembers:
            pytest.skip(f"{tool.tool} is asked for its set-up in every run")
        tool.schema()
        setup = tool.setup()
        assert setup is not None, "whoever knows the fields can tell them"
        return setup

    def test_a_setup_is_json_without_secrets(self, tool: Connector) -> None:
        """It is stored as it is."""
        setup = self.setup(tool)
        assert json.loads(setup)
        assert len(setup) <= LONGEST_SETUP
        self.keeps_secrets(setup)

    def test_a_recalled_setup_is_asked_for_no_more(self, tool: Connector) -> None:
        """Another process knows the same fields without one request, and can hand them on."""
        setup = self.setup(tool)
        schema, other = tool.schema(), self.connect()
        before = self.requests()
        other.recall(setup)
        assert other.schema() == schema
        assert self.requests() == before
        handed = other.setup()
        other.recall(None)
        other.recall(handed)
        assert other.schema() == schema
        assert self.requests() == before
        other.close()

    def test_a_forgotten_setup_is_asked_for_again(self, tool: Connector) -> None:
        """`recall(None)` forgets what was told and what was asked."""
        setup = self.setup(tool)
        schema, other = tool.schema(), self.connect()
        other.recall(setup)
        for _ in range(2):
            other.recall(None)
            before = self.requests()
            assert other.schema() == schema
            assert self.requests() > before
        other.close()

    @pytest.mark.parametrize("setup", UNREADABLE, ids=lambda text: ascii(text[:9]))
    def test_a_setup_that_means_nothing_is_passed_over(self, tool: Connector, setup: str) -> None:
        """Then the tool is asked."""
        self.setup(tool)
        schema, other = tool.schema(), self.connect()
        other.recall(None)
        other.recall(setup)
        assert other.schema() == schema
        other.close()

    def test_records_are_the_same_by_a_recalled_setup(self, tool: Connector) -> None:
        """What is read, counted and told by it is what anybody reads."""
        setup = self.setup(tool)
        for kind in self.kinds:
            self.made(tool, kind)
        everything, position = self.listing(tool), tool.position()
        record = self.made(tool, self.kinds[-1], 1)
        self.settle(tool)
        other = self.connect()
        other.recall(setup)
        if position is not None:
            assert record in list(other.changes(position))
            assert other.position() is not None
        assert dict(other.read(list(everything))) == everything
        assert set(other.census()) == everything.keys() | {record.ref} | set(self.listing(tool))
        other.close()
