"""Merges one cell: what is remembered and what every tool shows now become one agreed value, or a conflict. Pure.

An edit is a tool showing something else than it last showed or acknowledged. Concurrent edits agree when one
canonical value shows every party exactly what that party shows; that value is then agreed and the others are
written. The result depends on no order of tools and on no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.codec import order_key
from sync.model import UNSET, Unset, Value
from sync.ports import Refusal, View


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one tool's cell.

    `seen` is what the tool last showed or acknowledged. `wrote` is the projection that the tool was given when it
    acknowledged `seen`, kept where a tool normalises what it is given: it is neither an edit nor written again.
    """

    seen: Value | Unset = UNSET
    wrote: Value | Unset = UNSET


FIRST_SIGHT = Memory()


@dataclass(frozen=True, slots=True)
class Past:
    """A cell as it was left: the last value that everybody accepted, and each tool's memory."""

    agreed: Value | Unset = UNSET
    tools: Mapping[str, Memory] = field(default_factory=dict)

    def of(self, tool: str) -> Memory:
        return self.tools.get(tool, FIRST_SIGHT)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Parties that no single value satisfies: tool -> what it shows. `elements` are the disputed ones of a set."""

    claims: Mapping[str, Value]
    read_only: frozenset[str] = frozenset()
    elements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome for one cell.

    `memory` holds the new memory of the tools that were shown, `writes` the projections to send, `refusals` why a
    tool cannot be given the value. With a conflict the disputed value is written nowhere and no memory of it moves.
    `lost` are the claims (tool -> value) that a rule or a decision overruled.
    """

    value: Value | Unset
    memory: Mapping[str, Memory]
    writes: Mapping[str, Value] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    editors: frozenset[str] = frozenset()
    conflict: Conflict | None = None
    lost: Mapping[str, Value] = field(default_factory=dict)


def merge(past: Past, now: Mapping[str, Value], views: Mapping[str, View]) -> Merged:
    """Merge a cell. `now` holds what each tool that could be read shows; an absent tool keeps its memory.

    Sets (any party shows or remembers a frozenset) merge element by element.
    """
    shown = {tool: now[tool] for tool in sorted(now) if tool in views}
    if _is_set(past, shown):
        return _merge_set(past, shown, views)
    editors = frozenset(tool for tool, value in shown.items() if _is_edit(past.of(tool), value, views[tool]))
    if not editors and not _is_contradicted(past, shown, views):
        return settle(past, shown, views, past.agreed)
    claims = _claims(past, shown, views, editors)
    everybody = {**dict.fromkeys(claims, _AS_IS), **views}
    value = _satisfying(past, claims, everybody) if editors else UNSET
    if value is UNSET:
        disputed = _disputed(past, claims, everybody)
        read_only = frozenset(tool for tool in disputed if not everybody[tool].writable)
        memory = {tool: past.of(tool) for tool in shown}
        return Merged(past.agreed, memory, editors=editors, conflict=Conflict(disputed, read_only))
    return settle(past, shown, views, value, editors)


def settle(
    past: Past,
    shown: Mapping[str, Value],
    views: Mapping[str, View],
    value: Value | Unset,
    editors: frozenset[str] = frozenset(),
) -> Merged:
    """Make `value` the agreed one: remember what the tools show and list what they have to be given."""
    memory: dict[str, Memory] = {}
    writes: dict[str, Value] = {}
    refusals: dict[str, Refusal] = {}
    for tool, is_shown in shown.items():
        before = past.of(tool)
        memory[tool] = Memory(is_shown, before.wrote if is_shown == before.seen else UNSET)
        if value is UNSET:
            continue
        desired = views[tool].project(value)
        if isinstance(desired, Refusal):
            refusals[tool] = desired
        elif desired == is_shown:
            memory[tool] = Memory(is_shown)
        elif views[tool].writable and not (is_shown == before.seen and before.wrote == desired):
            writes[tool] = desired
    return Merged(value, memory, writes, refusals, editors)


def is_empty(value: Value) -> bool:
    """Whether a value says nothing. At first sight that is no edit: nobody has cleared anything."""
    return value is None or value is False or value == "" or value == frozenset()


def _is_edit(memory: Memory, value: Value, view: View) -> bool:
    if memory.seen is UNSET:
        return not is_empty(value)
    if is_empty(value) and isinstance(view.project(memory.seen), Refusal):
        return False  # the tool has lost the word for what it showed, such as a deleted choice; nobody cleared it
    return value != memory.seen


def _is_contradicted(past: Past, shown: Mapping[str, Value], views: Mapping[str, View]) -> bool:
    """Whether a tool that cannot be written says otherwise than what was agreed while it could not be read."""
    fixed = [tool for tool in shown if not views[tool].writable]
    return past.agreed is not UNSET and any(views[tool].project(past.agreed) != shown[tool] for tool in fixed)


def _shows(memory: Memory, view: View, value: Value, shown: Value) -> bool:
    """Whether `shown` is how the tool shows `value`, or what it made of it when it was given it."""
    desired = view.project(value)
    return desired == shown or (view.writable and shown == memory.seen and desired == memory.wrote)


def _claims(
    past: Past, shown: Mapping[str, Value], views: Mapping[str, View], editors: frozenset[str]
) -> dict[str, Value]:
    """Everybody whom the value must satisfy: the editors, tools that cannot be written, and whoever holds the agreed
    value that some editor had not been shown yet (its edit is then concurrent with the one that was agreed), also where
    the holder cannot be read now."""
    parties = set(editors)
    parties.update(tool for tool in shown if not views[tool].writable)
    aware = {tool for tool in editors if _is_current(past, tool, views)}
    vouched = [shown[tool] for tool in aware]  # what somebody wrote who had been shown the agreed value
    unaware = [tool for tool in editors - aware if shown[tool] not in vouched]
    known_before = any(past.of(tool).seen is not UNSET for tool in unaware) or not editors
    if known_before or (unaware and past.agreed is not UNSET and not is_empty(past.agreed)):
        parties.update(tool for tool in {**shown, **past.tools} if _is_current(past, tool, views))
    held = {tool: memory.seen for tool, memory in past.tools.items() if memory.seen is not UNSET}
    return {tool: value for tool, value in {**held, **shown}.items() if tool in parties}


def _is_current(past: Past, tool: str, views: Mapping[str, View]) -> bool:
    """Whether the tool had been shown the agreed value, so that its edit supersedes it."""
    if past.agreed is UNSET:
        return False
    memory, desired = past.of(tool), views.get(tool, _AS_IS).project(past.agreed)
    return desired in (memory.seen, memory.wrote)


def _satisfying(past: Past, claims: Mapping[str, Value], views: Mapping[str, View]) -> Value | Unset:
    """A canonical value that shows every party what it shows, the agreed one first; UNSET where there is none."""
    candidates = sorted(set(_lifted(past, claims, views).values()), key=order_key)
    if past.agreed is not UNSET:
        candidates.insert(0, past.agreed)
    for candidate in candidates:
        if all(_shows(past.of(tool), views[tool], candidate, value) for tool, value in claims.items()):
            return candidate
    return UNSET


def _lifted(past: Past, claims: Mapping[str, Value], views: Mapping[str, View]) -> dict[str, Value]:
    """By party, the canonical value nearest to the agreed one that it shows as it does."""
    agreed = None if past.agreed is UNSET else past.agreed
    return {tool: views[tool].lift(agreed, value) for tool, value in claims.items()}


def _disputed(past: Past, claims: Mapping[str, Value], views: Mapping[str, View]) -> dict[str, Value]:
    """The claims without those that go with every other one, such as a day that both of two disputed times fall on."""
    lifted = _lifted(past, claims, views)

    def shows(tool: str, value: Value) -> bool:
        return _shows(past.of(tool), views[tool], value, claims[tool])

    def goes_with(one: str, other: str) -> bool:
        return any(shows(one, value) and shows(other, value) for value in (lifted[one], lifted[other]))

    disputed = {tool: value for tool, value in claims.items() if not all(goes_with(tool, other) for other in claims)}
    return disputed or dict(claims)


@dataclass(frozen=True, slots=True)
class Whole:
    """The view of a tool that shows every value as it is, such as a stage's campaign or an element being in a set."""

    writable: bool = True

    def project(self, value: Value) -> Value | Refusal:
        return value

    def lift(self, agreed: Value, shown: Value) -> Value:  # noqa: ARG002 (the contract of View)
        return shown


# The view of a tool that cannot be read now: what is remembered of it.
_AS_IS = Whole()


def _is_set(past: Past, shown: Mapping[str, Value]) -> bool:
    return isinstance(past.agreed, frozenset) or any(isinstance(value, frozenset) for value in shown.values())


def _merge_set(past: Past, shown: Mapping[str, Value], views: Mapping[str, View]) -> Merged:
    universe = _members(past.agreed).union(*(_members(v) for v in shown.values()))
    universe = universe.union(*(_members(past.of(tool).seen) for tool in shown))
    agreed: set[str] = set()
    seen: dict[str, set[str]] = {tool: set() for tool in shown}
    writes: dict[str, set[str]] = {tool: set(_members(value)) for tool, value in shown.items()}
    editors: set[str] = set()
    claims: dict[str, Value] = {}
    disputed: set[str] = set()
    for element in sorted(universe):
        if _is_forgotten(element, past, shown, views):
            continue
        merged = _merge_element(element, past, shown, views)
        editors |= merged.editors
        if merged.value is True:
            agreed.add(element)
        for tool in shown:
            if merged.memory.get(tool, FIRST_SIGHT).seen is True:
                seen[tool].add(element)
        for tool, is_in in merged.writes.items():
            (writes[tool].add if is_in else writes[tool].discard)(element)
        if merged.conflict:
            disputed.add(element)
            claims.update({tool: shown[tool] for tool in merged.conflict.claims})
    memory = {
        tool: Memory(frozenset(seen[tool]), before.wrote if is_shown == _members(before.seen) else UNSET)
        for tool, is_shown in shown.items()
        for before in (past.of(tool),)
    }
    changed = {tool: frozenset(members) for tool, members in writes.items() if members != _members(shown[tool])}
    read_only = frozenset(tool for tool in claims if not views[tool].writable)
    conflict = Conflict(dict(sorted(claims.items())), read_only, frozenset(disputed)) if disputed else None
    return Merged(frozenset(agreed), memory, changed, {}, frozenset(editors), conflict)


def _is_forgotten(element: str, past: Past, shown: Mapping[str, Value], views: Mapping[str, View]) -> bool:
    """Whether no tool has a word for the element any more, so that nobody could ever take it out."""
    if not shown or past.tools.keys() - shown.keys():
        return False
    only = frozenset({element})
    return all(views[tool].project(only) != only and element not in _members(shown[tool]) for tool in shown)


def _merge_element(element: str, past: Past, shown: Mapping[str, Value], views: Mapping[str, View]) -> Merged:
    """Merge one element's membership among the tools that can show it."""
    only = frozenset({element})
    tools = [tool for tool in shown if views[tool].project(only) == only]
    members = {tool: Whole(views[tool].writable) for tool in tools}
    memory = {tool: Memory(_has(past.of(tool).seen, element), _has(past.of(tool).wrote, element)) for tool in tools}
    inner = Past(_has(past.agreed, element), memory)
    return merge(inner, {tool: element in _members(shown[tool]) for tool in tools}, members)


def _has(value: Value | Unset, element: str) -> bool | Unset:
    return UNSET if value is UNSET else element in _members(value)


def _members(value: Value | Unset) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()
