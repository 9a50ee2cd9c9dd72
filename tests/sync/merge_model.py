"""What merging one cell means, said a second time from the law of merging and from decision 0001, for checking only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sync.model import UNSET, Unset, Value
from sync.ports import Refusal, View

EMPTY: tuple[Value, ...] = (None, "", False)
Known = Value | Unset


@dataclass(frozen=True)  # without slots, so that what follows from a tool is worked out once
class Tool:
    """One tool's part of a cell: `now` is UNSET where it could not be read, `canonical` are all values there are."""

    seen: Known
    now: Known
    view: View | None  # None where it is not known
    wrote: Known = UNSET
    canonical: tuple[Value, ...] = ()

    @cached_property
    def edited(self) -> bool:
        """At first sight an empty field is no edit, nor is one whose word the tool has lost; a clearing is one."""
        unsaid = self.seen is UNSET or isinstance(self.made_of(self.seen), Refusal)
        return self.now is not UNSET and self.now != self.seen and not (unsaid and self.now in EMPTY)

    @cached_property
    def fixed(self) -> bool:
        """It cannot be written."""
        return self.now is not UNSET and self.view is not None and not self.view.writable

    @cached_property
    def shown(self) -> Known:
        """What it shows, or last showed."""
        return self.seen if self.now is UNSET else self.now

    @cached_property
    def knew(self) -> frozenset[Known]:
        """The values that it had been shown."""
        return frozenset(value for value in self.canonical if self.made_of(value) in (self.seen, self.wrote))

    @cached_property
    def says(self) -> frozenset[Known]:
        """The values that it shows: exactly, or where it can be written as what it made of one that it was given."""
        as_is = {self.shown} if self.fixed or self.shown != self.seen else {self.shown, self.wrote}
        return frozenset(value for value in self.canonical if self.made_of(value) in as_is)

    def made_of(self, value: Value) -> Value | Refusal:
        return self.view.project(value) if self.view else value


@dataclass(frozen=True, slots=True)
class Outcome:  # `memory` is (seen, wrote); `claims` are None where there is no conflict
    value: Known
    memory: Mapping[str, tuple[Known, Known]]
    editors: frozenset[str]
    writes: Mapping[str, Value] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    claims: Mapping[str, Known] | None = None
    read_only: frozenset[str] = frozenset()


def model(agreed: Known, tools: Mapping[str, Tool]) -> Outcome:
    """Merge by looking for a value among all that there are."""
    editors = frozenset(name for name, tool in tools.items() if tool.edited)
    aware = {tools[name].now for name in editors if agreed in tools[name].knew}
    unaware = [tools[name] for name in editors if agreed not in tools[name].knew and tools[name].now not in aware]
    # Whoever was shown the agreed value and shows it defends it; but a record just linked may fill what is empty.
    defended = not editors or any(tool.seen is not UNSET or agreed not in EMPTY for tool in unaware)
    parties = {n: t for n, t in tools.items() if t.edited or t.fixed or (defended and agreed in t.knew & t.says)}
    if not editors and (agreed is UNSET or all(agreed in tool.says for tool in parties.values())):
        return agreement(agreed, tools, editors)
    fitting = frozenset.intersection(*(tool.says for tool in parties.values())) if editors else frozenset()
    if fitting:
        base = None if agreed is UNSET else agreed
        nearest = (tool.view.lift(base, tool.shown) for tool in parties.values() if tool.view)  # type: ignore[arg-type]
        return agreement(agreed if agreed in fitting else next(v for v in nearest if v in fitting), tools, editors)
    # Whoever goes with every other party is left out of the flag, unless that leaves nobody.
    named = [name for name, one in parties.items() if not all(one.says & other.says for other in parties.values())]
    claims = {name: tools[name].shown for name in named or parties}
    kept = {name: (tool.seen, tool.wrote) for name, tool in tools.items() if tool.now is not UNSET}
    return Outcome(agreed, kept, editors, {}, {}, claims, frozenset(name for name in claims if tools[name].fixed))


def agreement(value: Known, tools: Mapping[str, Tool], editors: frozenset[str]) -> Outcome:
    """Give the value to all who do not show it, and remember what they show."""
    read = {name: tool for name, tool in tools.items() if tool.now is not UNSET}
    wanted = {} if value is UNSET else {name: tool.made_of(value) for name, tool in read.items()}
    kept = {name for name, tool in read.items() if tool.now == tool.seen and tool.now != wanted.get(name, UNSET)}
    memory = {name: (tool.now, tool.wrote if name in kept else UNSET) for name, tool in read.items()}
    refusals = {name: made for name, made in wanted.items() if isinstance(made, Refusal)}
    pending = [name for name, tool in read.items() if not tool.fixed and value not in tool.says | {UNSET}]
    writes = {name: made for name in pending if not isinstance(made := wanted[name], Refusal)}
    return Outcome(value, memory, editors, writes, refusals)
