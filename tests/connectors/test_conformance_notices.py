"""The laws notice: each planted fault of a connector breaks the law that is about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.memory import MemoryConnector
from sync.errors import Rejected, SyncError
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Archive, Change, Create, Failed, NativeSchema, Outcome, Update, Written
from tests.connectors.test_conformance_memory import SCHEMA
from tests.connectors.test_conformance_memory import TestMemory as Laws

Law = Callable[..., None]
ABLE: dict[str, Any] = {"batch": 5, "changes": True, "resumes": True, "remembers": True}
GIVEN = {"texts": ("a text of Ours", "b"), "after": "yesterday", "setup": "yesterday"}


class Faulty(MemoryConnector):
    """The tool in memory with one fault, by the name of the call that has it."""

    def __init__(self, **faults: Any) -> None:
        super().__init__("plan", SCHEMA, **ABLE)
        self.faults = faults

    def _spoil(self, call: str, given: Any) -> Any:
        return self.faults[call](self, given) if call in self.faults else given

    def schema(self) -> NativeSchema:
        return dict(self._spoil("schema", super().schema()))

    def setup(self) -> str | None:
        return self._spoil("setup", super().setup())  # type: ignore[no-any-return]

    def recall(self, setup: str | None) -> None:
        super().recall(self._spoil("recall", setup))

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        if "known" in self.faults:
            listed = super().fetch(after)
            return iter(self._spoil("known", [one for one in listed if one.ref not in known])) if known else listed
        if "resumed" in self.faults or "reached" in self.faults or "position" in self.faults:
            listed = super().fetch(after)
            return listed if after is None else iter(self._spoil("resumed", list(listed)))
        return iter(self._spoil("fetch", list(super().fetch())))

    def reached(self) -> str | None:
        return self._spoil("reached", super().reached())  # type: ignore[no-any-return]

    def changes(self, since: str) -> Iterator[Record | Ref]:
        return iter(self._spoil("changes", list(super().changes(since))))

    def census(self) -> Iterator[Ref]:
        return iter(self._spoil("census", [record.ref for record in super().fetch()]))

    def position(self) -> str | None:
        return self._spoil("position", super().position())  # type: ignore[no-any-return]

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        return dict(self._spoil("read", super().read(refs)))

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        return list(self._spoil("write", super().write(self._spoil("sent", changes))))

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        return self._spoil("attribution", super().attribution(record, field_id))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault, and the law that it breaks."""

    law: str
    call: str
    fault: Callable[[Faulty, Any], Any]


def unmarked(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [
        replace(one, record=one.record._replace(marker=None)) if isinstance(one, Written) and one.record else one
        for one in outcomes
    ]


def spill(tool: Faulty, changes: Sequence[Change]) -> list[Change]:
    """An update takes a field along that it was not given."""
    return [replace(c, fields={**c.fields, "tags": ["spilt"]}) if isinstance(c, Update) else c for c in changes]


def give_up(tool: Faulty, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """After one failure nothing is reported as done."""
    failed = [one for one in outcomes if isinstance(one, Failed)]
    return [Failed(one.change, failed[0].error) for one in outcomes] if failed else list(outcomes)


def shout(tool: Faulty, changes: Sequence[Change]) -> list[Change]:
    """Texts are tidied."""
    return [
        replace(c, fields={n: v.title() if isinstance(v, str) else v for n, v in c.fields.items()})
        if isinstance(c, Create | Update)
        else c
        for c in changes
    ]


def linger(tool: Faulty, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What was archived is still there."""
    for one in outcomes:
        if isinstance(one.change, Archive):
            tool.records[one.change.record.ref.native] = one.change.record
    return list(outcomes)


def remake(tool: Faulty, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What is gone is made anew and acknowledged."""
    return [Written(o.change, o.change.record) if isinstance(o.change, Update) else o for o in outcomes]


def count_by_writing(tool: Faulty, refs: Sequence[Ref]) -> Sequence[Ref]:
    """A census touches a record."""
    tool.log.append(Update(tool.records[refs[0].native], {}))
    return refs


def smudge(tool: Faulty, found: Mapping[Ref, Record | None]) -> dict[Ref, Record | None]:
    """Records have a field that the schema does not know."""
    return {ref: one and one._replace(fields={"x": 1}) for ref, one in found.items()}


def lag(tool: Faulty, told: list[Record | Ref]) -> list[Record | Ref]:
    """What has just changed is not told yet, and the position goes on all the same."""
    seen = tool.faults.setdefault("seen", [])
    seen.append(told)
    return told if len(seen) > 1 else []


def ask_twice(tool: Faulty, listed: list[Record]) -> list[Record]:
    """More is asked for than is shown."""
    tool.requests += 2
    return listed


PLANTED = (
    Planted("schema_is_stable", "schema", lambda _, fields: fields | {Kind.CAMPAIGN: fields[Kind.CAMPAIGN] * 2}),
    Planted("listing_is_complete", "fetch", lambda _, listed: listed[:-1]),
    Planted("listing_is_complete", "fetch", lambda _, listed: listed[::-1]),
    Planted("listing_is_complete", "fetch", lambda _, listed: listed * 2),
    Planted("listed_record_is", "fetch", lambda _, listed: [one._replace(fields={}) for one in listed]),
    Planted("plain_json", "read", smudge),
    Planted("stage_names_its", "fetch", lambda _, listed: [one._replace(parent=None) for one in listed]),
    Planted("read_as_none", "read", lambda _, found: {ref: one for ref, one in found.items() if one}),
    Planted("read_as_none", "read", lambda _, found: found if all(found.values()) else dict.fromkeys(found)),
    Planted("id_that_is_none", "read", lambda t, f: {r: one or next(iter(t.records.values())) for r, one in f.items()}),
    Planted("census_counts", "census", lambda _, refs: refs[1:]),
    Planted("looking_sends", "census", count_by_writing),
    Planted("carries_its_marker", "write", lambda _, outcomes: unmarked(outcomes)),
    Planted("changes_what_it_is_given", "sent", spill),
    Planted("no_outcomes", "write", lambda _, outcomes: outcomes or [None]),
    Planted("written_in_order", "write", lambda _, outcomes: outcomes[::-1]),
    Planted("hold_up_its_neighbours", "write", give_up),
    Planted("what_is_gone_is_stale", "write", remake),
    Planted("out_of_sight", "write", linger),
    Planted("odd_text", "sent", shout),
    Planted("short_text", "position", lambda _, text: text and text + " " * 2000),
    Planted("what_we_write_is_told", "changes", lambda _, told: told[:-1]),
    Planted("what_people_do_is_told", "changes", lambda _, told: [one for one in told if one.changed_by == "sync"]),
    Planted(
        "deletion_is_told",
        "census",
        lambda _, refs: [*refs, *(Ref("plan", k, f"plan-{n}") for k in Kind for n in (1, 2))],
    ),
    Planted("shows_late", "changes", lag),
    Planted("broke_off_anywhere", "reached", lambda _, text: text and json.dumps(["stage", "plan-9999"])),
    Planted("broke_off_anywhere", "resumed", lambda _, listed: listed[2:]),
    Planted("again_and_again", "reached", lambda _, text: text and json.dumps(["stage", "plan-9999"])),
    Planted("an_outage_broke_off", "resumed", lambda _, listed: listed[:-1]),
    Planted("are_not_listed_again", "reached", lambda _, text: text and json.dumps(["campaign", ""])),
    Planted("came_is_kept", "reached", lambda _, text: text and text + " " * 2000),
    Planted("where_nothing_is_meant", "resumed", lambda _, listed: []),
    Planted("told_since_its_beginning", "position", lambda tool, text: None if tool.reached() else text),
    Planted("is_no_position_by_itself", "position", lambda tool, text: None if tool.reached() else text),
    Planted("known_shows_every_other", "known", lambda _, listed: listed[:-1]),
    Planted("no_page_of_it_again", "known", ask_twice),
    Planted("where_nothing_is_meant", "known", lambda _, listed: []),
    Planted("a_setup_is_json", "setup", lambda _, text: text + " " * 200_000),
    Planted("asked_for_no_more", "recall", lambda _, setup: None),
    Planted("asked_for_again", "recall", lambda tool, setup: setup or tool.setup()),
    Planted("is_passed_over", "recall", lambda _, setup: setup and json.dumps({"setup": {"campaign": []}})),
    Planted("by_a_recalled_setup", "read", smudge),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.call}-{one.law}")
def test_a_planted_fault_breaks_its_law(planted: Planted) -> None:
    (law,) = {name for name in dir(Laws) if planted.law in name}

    assert not _noticed(law, MemoryConnector("plan", SCHEMA, **ABLE)), "the law stands without the fault"
    assert _noticed(law, Faulty(**{planted.call: planted.fault}))


def test_an_error_of_the_wrong_name_is_noticed() -> None:
    assert _noticed("test_a_tool_that_is_down_is_unavailable", _Refusing(), look="fetch")


def test_a_write_that_only_says_that_it_looks_is_noticed() -> None:
    tool = MemoryConnector("plan", SCHEMA, **ABLE)
    tool.capability = replace(tool.capability, compares=True)
    assert _noticed("test_what_a_person_changes_in_the_same_field_is_not_overwritten", tool)


class _Refusing(MemoryConnector):
    """Says Rejected where Unavailable is meant."""

    def __init__(self) -> None:
        super().__init__("plan", SCHEMA)

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:
        if self.down:
            raise Rejected("down")
        return super().fetch()


def _noticed(law: str, tool: MemoryConnector, **given: Any) -> bool:
    """Whether a law fails for a tool, with some kind of record."""
    method: Law = getattr(Laws, law)
    names = method.__code__.co_varnames[: method.__code__.co_argcount]
    choices: list[dict[str, Any]] = [{"kind": kind} for kind in Kind] if "kind" in names else [{}]
    choices = [{**one, **{name: value for name, value in GIVEN.items() if name in names}} for one in choices]
    for choice in choices:
        laws = Laws()
        laws.one = tool
        try:
            method(laws, tool, **choice, **given)
        except (AssertionError, SyncError, StopIteration, KeyError, TypeError, AttributeError):
            return True
    return False
