"""What the laws need of the tool under test: the hooks that a test class fills in, and the steps that laws share."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NoReturn

import pytest

from sync.errors import SyncError
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Change, Connector, Create, Failed, NativeField, NativeSchema, Outcome, Written

_numbers = itertools.count(1)


class Workbench:
    """The hooks. Only `connect` and `sample` are needed; each other one that you fill in lets more laws be tried.

    Every test has a `self` of its own: an autouse fixture is the place to set the tool up. Fields go by the id or by
    the name that the connector's schema gives them.
    """

    kinds: ClassVar[Sequence[Kind]] = (Kind.CAMPAIGN, Kind.STAGE)
    """What the tool holds."""

    titles: ClassVar[Collection[str]] = ()
    """The text fields that people know a record by, one for each kind. None named: the first text of the sample."""

    needed: ClassVar[Collection[str]] = ()
    """Fields that the tool lets nobody empty."""

    secrets: Collection[str] = ()
    """The credentials of `connect` and `connect_wrongly`, which must show nowhere."""

    _schema: NativeSchema | None = None

    def connect(self) -> Connector:
        """A connector to the tool under test that knows nothing yet. All of them reach the same records."""
        raise NotImplementedError("say how your tool is reached: override connect()")

    def sample(self, kind: Kind, number: int) -> Mapping[str, Any]:
        """The fields of a record as `Create` takes them. Numbers 0 and 1 differ in every field that can be updated."""
        raise NotImplementedError("say what a record of your tool holds: override sample()")

    def connect_wrongly(self) -> Connector:
        """A connector with a credential that the tool refuses."""
        self.untold("how a wrong credential is given (connect_wrongly)")

    def wait(self, seconds: float) -> None:
        """Let that much time pass for the tool, so that its listings catch up. Move its clock; do not sleep."""
        self.untold(f"how {seconds:g} seconds pass for the tool (wait)")

    def person_creates(self, kind: Kind, title: str, parent: str | None) -> str:
        """Somebody makes a record in the tool itself; its native id."""
        self.untold("how a person makes a record (person_creates)")

    def person_renames(self, ref: Ref, title: str) -> None:
        """Somebody changes the field of `titles` in the tool itself."""
        self.untold("how a person edits a record (person_renames)")

    def person_deletes(self, ref: Ref) -> None:
        """Somebody deletes the record in the tool itself."""
        self.untold("how a person deletes a record (person_deletes)")

    def outage(self) -> AbstractContextManager[object]:
        """While it is entered, the tool answers nothing but failures that pass; let them quote the secrets."""
        self.untold("how the tool is made to fail (outage)")

    def lost_answer(self) -> AbstractContextManager[object]:
        """While it is entered, the tool carries out the next creation, and its answer never arrives."""
        self.untold("how an answer gets lost (lost_answer)")

    def writes(self) -> int:
        """How many writes of any connector have reached the tool so far."""
        self.untold("how often the tool was written to (writes)")

    def requests(self) -> int:
        """How many requests of any connector, reading or writing, have reached the tool so far."""
        self.untold("how often the tool was asked (requests)")

    def links(self, ref: Ref) -> Collection[str]:
        """The addresses that the record links to, as people see them in the tool."""
        self.untold("which links a record shows (links)")

    def same(self, sent: Any, held: Any) -> bool:
        """Whether the tool, which now shows `held`, has taken over what was `sent`.

        An object may have gained members, a list another order, a text other blanks around it; and what is empty may
        be empty in another way.
        """
        if _empty(sent) or _empty(held):
            return _empty(sent) and _empty(held)
        if isinstance(sent, Mapping) and isinstance(held, Mapping):
            return all(self.same(value, held.get(name)) for name, value in sent.items())
        if isinstance(sent, list | tuple) and isinstance(held, list | tuple):
            return len(sent) == len(held) and all(any(self.same(one, other) for other in held) for one in sent)
        if isinstance(sent, str) and isinstance(held, str):
            return sent.strip() == held.strip()
        return bool(sent == held)

    # What the laws are made of.

    @pytest.fixture
    def tool(self) -> Iterator[Connector]:
        """The connector under test."""
        made = self.connect()
        yield made
        made.close()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A law with a `kind` holds for each kind of record."""
        if "kind" in metafunc.fixturenames:
            metafunc.parametrize("kind", self.kinds, ids=str)

    def untold(self, what: str) -> NoReturn:
        """Skip a law because a hook is missing."""
        pytest.skip(f"{type(self).__name__} does not say {what}")

    def schema(self, tool: Connector | None = None) -> NativeSchema:
        """The tool's fields, asked for once a test."""
        if self._schema is None:
            asked = tool or self.connect()
            self._schema = asked.schema()
            if tool is None:
                asked.close()
        return self._schema

    def field(self, tool: Connector | None, kind: Kind, named: str) -> NativeField:
        """The field of this id, or else of this name."""
        fields = self.schema(tool)[kind]
        found = [one for one in fields if one.id == named] or [one for one in fields if one.name == named]
        assert len(found) == 1, f"the schema of a {kind} has {len(found)} fields {named!r}, and the sample names one"
        return found[0]

    def fields(self, tool: Connector, kind: Kind, number: int) -> dict[str, Any]:
        """A sample by the ids of its fields, without those that are read-only."""
        sample = {self.field(tool, kind, name): value for name, value in self.sample(kind, number).items()}
        found = {field.id: value for field, value in sample.items() if not field.read_only}
        if not found:
            pytest.skip(f"{tool.tool} lets no field of a {kind} be written")
        return found

    def title(self, tool: Connector, kind: Kind) -> str:
        """The id of the field that people know a record by."""
        texts = [id_ for id_, value in self.fields(tool, kind, 0).items() if isinstance(value, str)]
        named = [id_ for id_ in texts if self.is_among(tool, kind, id_, self.titles)]
        if not texts:
            pytest.skip(f"the sample of a {kind} has no text")
        return (named or texts)[0]

    def is_among(self, tool: Connector, kind: Kind, id_: str, named: Collection[str]) -> bool:
        """Whether a field is one of those named by id or name."""
        return not {id_, self.field(tool, kind, id_).name}.isdisjoint(named)

    def option(self, kind: Kind, named: str, number: int) -> tuple[str, str]:
        """Id and name of one of the choices that the tool offers for a field, for the samples of a tool that has it."""
        options = self.field(None, kind, named).options
        return options[number % len(options)]

    def marker(self) -> str:
        """One that no other record of this run has."""
        return f"cs-t{next(_numbers):07d}"

    def creation(self, tool: Connector, kind: Kind, number: int = 0, parent: str | None = None) -> Create:
        """The order to create a sample; a stage without a parent gets a campaign."""
        if not tool.capability.creates:
            pytest.skip(f"{tool.tool} lets nothing be created")
        if kind is Kind.STAGE and parent is None:
            parent = self.campaign(tool)
        return Create(self.marker(), kind, self.fields(tool, kind, number), parent)

    def made(self, tool: Connector, kind: Kind, number: int = 0, parent: str | None = None) -> Record:
        """A record that we made; or, in a tool that lets us make none, one that a person made."""
        if tool.capability.creates:
            return self.applied(tool, self.creation(tool, kind, number, parent))
        if kind is Kind.STAGE and parent is None:
            parent = self.campaign(tool)
        return self.held(tool, Ref(tool.tool, kind, self.person_creates(kind, f"Made by hand {number}", parent)))

    def campaign(self, tool: Connector) -> str | None:
        """The native id of a new campaign; None where the tool holds stages only."""
        return self.made(tool, Kind.CAMPAIGN).ref.native if Kind.CAMPAIGN in self.kinds else None

    def both(self, tool: Connector) -> None:
        """Skip a law about campaigns and their stages where the tool does not hold both."""
        if len(self.kinds) < len(Kind):
            pytest.skip(f"{tool.tool} holds {self.kinds[0]}s only")

    def gone(self, tool: Connector, kind: Kind) -> Record:
        """A record as it was before it ceased to be."""
        record = self.made(tool, kind)
        if tool.capability.archives:
            self.outcome(tool, Archive(record))
            if tool.read([record.ref])[record.ref] is None:
                return record
        self.person_deletes(record.ref)
        return record

    def settle(self, tool: Connector) -> None:
        """Let listings catch up with what was written."""
        if tool.capability.settle:
            self.wait(tool.capability.settle + 1)

    def listing(self, tool: Connector) -> dict[Ref, Record]:
        """Everything that is listed once listings have caught up."""
        self.settle(tool)
        found = list(tool.fetch())
        listed = {record.ref: record for record in found}
        assert len(listed) == len(found), "a listing shows every record once"
        return listed

    def held(self, tool: Connector, ref: Ref) -> Record:
        """The record as the tool holds it now."""
        record = tool.read([ref])[ref]
        assert record is not None, f"{ref.native} is there and was not found"
        return record

    def outcome(self, tool: Connector, change: Change) -> Outcome:
        outcomes = tool.write([change])
        assert len(outcomes) == 1, "one change has one outcome"
        assert outcomes[0].change == change, "an outcome says which change it is of"
        if isinstance(outcomes[0], Failed):
            self.discreet(outcomes[0].error)
        return outcomes[0]

    def applied(self, tool: Connector, change: Change) -> Record:
        """The record after a creation or update that has to succeed."""
        outcome = self.outcome(tool, change)
        assert isinstance(outcome, Written), f"a write that had to succeed failed: {outcome.error!r}"
        assert outcome.record is not None, "an acknowledged write comes with the record as the tool now holds it"
        return outcome.record

    def refusal(self, tool: Connector, change: Change, *expected: type[SyncError]) -> SyncError:
        """Why a change failed that had to fail so."""
        outcome = self.outcome(tool, change)
        assert isinstance(outcome, Failed), "a change that the tool cannot have applied was acknowledged"
        names = " or ".join(error.__name__ for error in expected)
        assert isinstance(outcome.error, expected), f"it should fail with {names}, not with {outcome.error!r}"
        return outcome.error

    def discreet(self, error: BaseException) -> None:
        """An error says what happened, in words, and tells no secret; nor does what caused it."""
        assert str(error).strip(), f"{type(error).__name__} says nothing"
        cause: BaseException | None = error
        while cause is not None:
            self.keeps_secrets(f"{cause} {cause!r}")
            cause = cause.__cause__ or cause.__context__

    def keeps_secrets(self, text: str) -> None:
        told = [index for index, secret in enumerate(self.secrets) if secret and secret in text]
        assert not told, f"the secret number {told} of `secrets` can be read in a text"

    def rest(self, tool: Connector, record: Record, *but: str) -> dict[str, Any]:
        """What a record holds in fields that can be written, but for some."""
        fixed = {field.id for field in self.schema(tool)[record.ref.kind] if field.read_only}
        return {id_: value for id_, value in record.fields.items() if id_ not in fixed and id_ not in but}


def _empty(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str | list | tuple | dict) and not value)
