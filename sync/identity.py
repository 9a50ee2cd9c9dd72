"""Decides which record is which entity: links, markers, keys, names and dates, duplicates, ties. Pure.

Records that no link knows are adopted by explicit rules, strongest first: the marker we wrote; a key that one record
names of another; the same name and day (for a stage: the same campaign and kind); a name that is unique in every tool.
A tie is set aside and flagged, never guessed, and nothing is created beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.model import Kind, Record, Ref, Value
from sync.ports import Reading
from sync.state import plain, stage_word

MARKER = re.compile(r"cs-[0-9a-z]{8}")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record as read in this run, with its meaning."""

    record: Record
    reading: Reading

    @property
    def tool(self) -> str:
        return self.record.ref.tool


@dataclass(frozen=True, slots=True)
class Aside:
    """A record that is left alone: a copy of a linked one, or one of several that could be the same entity."""

    sighting: Sighting
    reason: str  # "duplicate", "tie" or "deleted"
    entity: str | None = None
    rivals: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who is who: entity id -> tool -> sighting, the entities that are new, what was set aside, and where no record
    may be created because of a tie (entity id, tool)."""

    members: Mapping[str, Mapping[str, Sighting]]
    new: Mapping[str, Kind]
    aside: tuple[Aside, ...] = ()
    blocked: frozenset[tuple[str, str]] = frozenset()
    adopted: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of one kind: links, each living entity's tools, the words it can be recognised by (as
    `words` gives them for a record), the keys of its records, and the entities whose deletion was confirmed."""

    links: Mapping[Ref, str]
    tools: Mapping[str, frozenset[str]]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)


Words = Callable[[Sighting], tuple[str, ...]]


@dataclass(slots=True, eq=False)
class _Group:
    """Records (one per tool at most) that are one entity, and that entity's id once it has one."""

    sightings: dict[str, Sighting]
    entity: str | None = None
    taken: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    known_keys: frozenset[str] = frozenset()
    loose: int = 0
    barred: set[str] = field(default_factory=set)

    @property
    def tools(self) -> frozenset[str]:
        return frozenset(self.sightings) | self.taken

    @property
    def is_certain(self) -> bool:
        return self.entity is not None or len(self.sightings) > 1

    def keys(self) -> frozenset[str]:
        """The keys it answers to or names."""
        found = {key for s in self.sightings.values() for key in (s.record.key, s.reading.key)}
        return self.known_keys.union(key for key in found if key)

    def words(self, words: Words, level: int) -> frozenset[str]:
        """Its matching words of one level."""
        lists = [self.names, *map(words, self.sightings.values())]
        return frozenset(ws[level] for ws in lists if len(ws) > level and ws[level])

    def fits(self, other: _Group) -> bool:
        return not (self.tools & other.tools) and not (self.entity and other.entity)

    def join(self, other: _Group) -> None:
        """Take in a group that is no known entity: those come first in every order, and one joins no other."""
        self.sightings.update(other.sightings)
        self.loose += other.loose


def is_marker(text: str | None) -> bool:
    """Whether this is an entity id of ours rather than something that people wrote."""
    return text is not None and MARKER.fullmatch(text) is not None


def resolve(
    kind: Kind, sightings: Sequence[Sighting], known: Known, words: Words, new_id: Callable[[], str]
) -> Resolution:
    """Group the sightings of one kind. `words(sighting)` gives its matching words, the strictest first."""
    ordered = sorted(sightings, key=lambda s: (s.tool, s.record.ref.native))
    groups = {
        entity: _Group({}, entity, tools, known.names.get(entity, ()), known.keys.get(entity, frozenset()))
        for entity, tools in known.tools.items()
    }
    aside: list[Aside] = []
    loose: list[Sighting] = []
    for sighting in ordered:
        entity = known.links.get(sighting.record.ref)
        if entity is None:
            loose.append(sighting)
        elif entity in groups:
            groups[entity].sightings[sighting.tool] = sighting
    fresh = _by_marker(loose, groups, known.dead, aside)
    pool = [*fresh, *groups.values()]
    if fresh:  # known entities join no others
        pool = _join_level(pool, _Group.keys, aside, strict=False)
        for level in range(max(len(words(s)) for s in ordered)):
            pool = _join_level(pool, lambda group, at=level: group.words(words, at), aside, strict=level == 0)  # type: ignore[misc]
    return _resolution(kind, pool, known, aside, new_id)


def _by_marker(
    loose: Iterable[Sighting], groups: dict[str, _Group], dead: frozenset[str], aside: list[Aside]
) -> list[_Group]:
    """Give marked records to the entity that their marker names, also one that a lost database forgot; the others
    become groups of their own."""
    fresh: list[_Group] = []
    for sighting in loose:
        marker = sighting.record.marker
        if marker is None or not is_marker(marker):
            fresh.append(_Group({sighting.tool: sighting}, loose=1))
        elif marker in dead:
            aside.append(Aside(sighting, "deleted", marker))
        elif sighting.tool in (group := groups.setdefault(marker, _Group({}, marker))).tools:
            aside.append(Aside(sighting, "duplicate", marker, _refs([group])))
        else:
            group.sightings[sighting.tool] = sighting
            group.loose += 1
    return fresh


def _join_level(
    pool: list[_Group], words_of: Callable[[_Group], frozenset[str]], aside: list[Aside], *, strict: bool
) -> list[_Group]:
    """Join the groups that share a word and have only each other to join; what could be joined in two ways is a tie.

    With `strict`, two records of one tool under one word cannot be told apart and are a tie too.
    """
    by_word: dict[str, list[_Group]] = {}
    for group in pool:
        for word in words_of(group):
            by_word.setdefault(word, []).append(group)
    gone: set[_Group] = set()
    heirs: dict[_Group, _Group] = {}  # a group that has joined another answers to its words through that one
    for word in sorted(by_word):
        living = {_heir(group, heirs) for group in by_word[word]} - gone
        rivals = sorted(living, key=_order)
        if _all_fit(rivals):
            for other in rivals[1:]:
                rivals[0].join(other)
                heirs[other] = rivals[0]
            continue
        undecided = [g for g in rivals if any(_competes(g, other, strict) for other in rivals if other is not g)]
        _set_aside(undecided, aside)
        gone.update(g for g in undecided if not g.is_certain)
    return [g for g in pool if g not in gone and g not in heirs]


def _heir(group: _Group, heirs: Mapping[_Group, _Group]) -> _Group:
    while group in heirs:
        group = heirs[group]
    return group


def _all_fit(groups: Sequence[_Group]) -> bool:
    tools = [tool for group in groups for tool in group.tools]
    return len(tools) == len(set(tools)) and sum(1 for g in groups if g.entity) <= 1


def _competes(one: _Group, other: _Group, strict: bool) -> bool:
    return one.fits(other) or (strict and not (one.is_certain and other.is_certain))


def _set_aside(rivals: Sequence[_Group], aside: list[Aside]) -> None:
    """Leave the single records of a tie alone; certain entities go on but get no new record where a rival stands."""
    for group in rivals:
        if group.is_certain:
            group.barred |= {tool for other in rivals for tool in other.tools} - group.tools
        else:
            others = tuple(ref for ref in _refs(rivals) if ref not in _refs([group]))
            aside.extend(Aside(s, "tie", rivals[0].entity, others) for s in group.sightings.values())


def _refs(groups: Iterable[_Group]) -> tuple[Ref, ...]:
    refs = {s.record.ref for group in groups for s in group.sightings.values()}
    return tuple(sorted(refs))


def _order(group: _Group) -> tuple[str, ...]:
    """Groups by their records, so that nothing depends on the order in which tools were read."""
    return (group.entity,) if group.entity else ("~", *(f"{ref.tool}/{ref.native}" for ref in _refs([group])))


def _resolution(
    kind: Kind, pool: list[_Group], known: Known, aside: list[Aside], new_id: Callable[[], str]
) -> Resolution:
    new: dict[str, Kind] = {}
    members: dict[str, Mapping[str, Sighting]] = {}
    blocked: set[tuple[str, str]] = set()
    adopted = 0
    for group in sorted(pool, key=_order):
        entity = group.entity or new_id()
        if entity not in known.tools:
            new[entity] = kind
        members[entity] = group.sightings
        blocked.update((entity, tool) for tool in group.barred)
        if len(group.sightings) > 1 or entity not in new:
            adopted += group.loose
    return Resolution(members, new, tuple(aside), frozenset(blocked), adopted)


def campaign_words(name: Value, day: str | None) -> tuple[str, ...]:
    """A campaign's matching words: name and day, then the name alone."""
    if not isinstance(name, str) or not name.strip():
        return ()
    word = plain(name)
    return (f"{word}\x1f{day}" if day else "", word)


def stage_words(campaign: str | None, kind: Value) -> tuple[str, ...]:
    """A stage's one matching word: its campaign and kind."""
    return (stage_word(campaign, kind),) if campaign and isinstance(kind, str) else ()
