"""Laws of failure: an error is named by what recovers from it, nothing is taken for gone, no secret is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.conformance.workbench import Workbench
from sync.errors import Ambiguous, ConfigError, SyncError, Unavailable
from sync.model import Kind, Ref
from sync.ports import Change, Connector, Failed, Update, Written

LOOKS: dict[str, Callable[[Connector, Ref], object]] = {
    "schema": lambda tool, _: tool.schema(),
    "fetch": lambda tool, _: list(tool.fetch()),
    "census": lambda tool, _: list(tool.census()),
    "read": lambda tool, ref: tool.read([ref]),
}


class FailingLaws(Workbench):
    """What every call promises about the ways in which it fails."""

    @pytest.mark.parametrize("look", LOOKS)
    def test_a_wrong_credential_is_a_matter_of_configuration(self, tool: Connector, look: str) -> None:
        """Whoever is not let in has not found anything missing: a person has to repair the credential."""
        ref = self.made(tool, self.kinds[0]).ref
        stranger = self.connect_wrongly()
        self.fails(stranger, look, ref, ConfigError)
        stranger.close()

    def test_a_wrong_credential_writes_nothing(self, tool: Connector) -> None:
        """A write with it is refused for the same reason."""
        kind = self.kinds[-1]
        record, stranger = self.made(tool, kind), self.connect_wrongly()
        error = self.failed(stranger, Update(record, self.fields(tool, kind, 1)))
        assert isinstance(error, ConfigError), error
        assert self.held(tool, record.ref) == record
        stranger.close()

    @pytest.mark.parametrize("look", LOOKS)
    def test_a_tool_that_is_down_is_unavailable(self, tool: Connector, look: str) -> None:
        """What passes by itself is Unavailable, and afterwards the same connector goes on."""
        ref = self.made(tool, self.kinds[0]).ref
        fresh = self.connect()
        with self.outage():
            self.fails(fresh, look, ref, Unavailable)
        assert self.held(fresh, ref) == self.held(tool, ref)
        fresh.close()

    def test_a_write_to_a_tool_that_is_down_is_unavailable(self, tool: Connector) -> None:
        """It is for a later run, and nothing has been changed by halves."""
        kind = self.kinds[-1]
        record = self.made(tool, kind)
        change = Update(record, self.fields(tool, kind, 1))
        with self.outage():
            error = self.failed(tool, change)
        assert isinstance(error, Unavailable), error
        assert self.rest(tool, self.held(tool, record.ref)) == self.rest(tool, record)
        self.applied(tool, change)

    def test_a_listing_that_breaks_off_is_not_complete(self, tool: Connector) -> None:
        """A tool that fails in the middle of a listing ends it with an exception, or everything had been shown."""
        for number in (0, 1):
            for kind in self.kinds:
                self.made(tool, kind, number)
        everything = self.listing(tool).keys()
        listing = tool.fetch()
        seen = {next(listing).ref}
        with self.outage():
            try:
                seen |= {record.ref for record in listing}
            except Unavailable as error:
                self.discreet(error)
            else:
                assert seen == everything

    def test_a_creation_without_an_answer_makes_one_record(self, tool: Connector, kind: Kind) -> None:
        """Unless the connector found it again, the outcome is Ambiguous: the record may be there and is looked up."""
        change = self.creation(tool, kind)
        with self.lost_answer():
            outcome = self.outcome(tool, change)
        marked = [record for record in self.listing(tool).values() if record.marker == change.marker]
        assert len(marked) <= 1, "it was made twice"
        if isinstance(outcome, Written):
            assert outcome.record == marked[0]
        elif marked:
            assert isinstance(outcome.error, Ambiguous), f"a record that is there was reported as {outcome.error!r}"

    def test_after_a_lost_answer_the_next_creation_goes_well(self, tool: Connector) -> None:
        """One answer that was lost does not spoil the connector."""
        kind = self.kinds[-1]
        change = self.creation(tool, kind)
        with self.lost_answer():
            self.outcome(tool, change)
        again = replace(change, marker=self.marker())
        assert self.applied(tool, again).marker == again.marker

    def test_no_text_of_the_connector_tells_a_secret(self, tool: Connector, caplog: pytest.LogCaptureFixture) -> None:
        """Neither how it prints nor what it logs, down to the last detail, while it reads and writes."""
        if not self.secrets:
            self.untold("what the credentials are (secrets)")
        caplog.set_level(logging.DEBUG)
        kind = self.kinds[0]
        record = self.made(tool, kind)
        self.outcome(tool, Update(record, self.fields(tool, kind, 1)))
        self.listing(tool)
        self.keeps_secrets(f"{tool!r} {tool} {tool.capability} {tool.schema()} {record!r} {tool.position()}")
        self.keeps_secrets(caplog.text)

    def fails(self, tool: Connector, look: str, ref: Ref, expected: type[SyncError]) -> None:
        """A look fails as expected; but for the fields of a tool whose fields never change."""
        found: object = None
        failure: SyncError | None = None
        try:
            found = LOOKS[look](tool, ref)
        except SyncError as error:
            self.discreet(error)
            failure = error
        if failure is None:
            assert look == "schema", f"{look} should fail and gave {found!r}"
            assert found == self.schema(), "fields that cannot be known were given"
        else:
            assert isinstance(failure, expected), f"{look} should fail with {expected.__name__}, not with {failure!r}"

    def failed(self, tool: Connector, change: Change) -> SyncError:
        """How a write failed: by its outcome, or as a whole."""
        try:
            (outcome,) = tool.write([change])
        except SyncError as error:
            self.discreet(error)
            return error
        assert isinstance(outcome, Failed), "a write that cannot have been applied was acknowledged"
        self.discreet(outcome.error)
        return outcome.error
