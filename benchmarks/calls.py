"""Requests by run and tool, beside the fewest that the tool's page and batch sizes allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks import bounds
from benchmarks.bounds import Listing, Work
from benchmarks.kinds import Use, counted
from benchmarks.team import INTERVAL, Measured, Team, team_of
from sync.model import Kind
from sync.report import Action, State
from sync.state import Remembered

FIRST, EMPTY = "first sync", "first sync, nothing there"
CLOUD, DC, LOG, POLLING, KLAVIYO = "Jira Cloud", "Jira Data Center", "Airtable, log", "Airtable, polling", "Klaviyo"
COUNT_EVERY, FULL_EVERY = timedelta(hours=1), timedelta(hours=24)
CHANGES = (1, 10)
SHARE = 100  # one of so many is changed as well


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of run in one tool: its requests by use, how much was written, and the bound."""

    campaigns: int
    records: int
    tool: str
    run: str
    uses: dict[Use, int]
    written: int
    bound: int
    looks: int = 0  # on top of the bound: one look at each record that is changed

    @property
    def requests(self) -> int:
        return sum(self.uses.values())

    def to_json(self) -> dict[str, Any]:
        """The row as JSON; `records` is what the tool held after the run, `ratio` of the requests to the bound."""
        return {
            "campaigns": self.campaigns, "records": self.records, "tool": self.tool, "run": self.run,
            "requests": self.requests, **{use.value: count for use, count in self.uses.items()},
            "records_written": self.written, "bound": self.bound, "ratio": round(self.requests / self.bound, 2),
            "bound_with_a_look": self.bound + self.looks,
            "ratio_with_a_look": round(self.requests / (self.bound + self.looks), 2),
        }  # fmt: skip


def measure(campaigns: int, *, say: Callable[[str], object]) -> Iterator[Row]:
    """Every kind of run in every tool. The first syncs fill one tool from another; the others go on from there."""
    for company, polling in _companies(campaigns, say):
        yield from company.runs(polling)
        yield from company.into_airtable(polling)
        yield from company.changes(polling)


def measure_changes(campaigns: int, *, say: Callable[[str], object]) -> Iterator[Row]:
    """Only the runs after 1 % was edited. They begin with tools that are full, which many campaigns are sooner."""
    for company, polling in _companies(campaigns, say):
        yield from company.changes(polling)


def _companies(campaigns: int, say: Callable[[str], object]) -> Iterator[tuple[_Company, bool]]:
    for jira, polling in (("cloud", False), ("dc", True)):
        names = {"jira": CLOUD, "airtable": LOG, "klaviyo": KLAVIYO}
        if jira == "dc":
            names = {"jira": DC, "airtable": POLLING}
        yield _Company(campaigns, jira, names, say), polling


class _Company:
    """One team's measured runs. `names` are the tools whose rows are wanted."""

    def __init__(self, campaigns: int, jira: str, names: dict[str, str], say: Callable[[str], object]) -> None:
        self.campaigns, self.jira, self.names, self.say = campaigns, jira, names, say

    def into_airtable(self, polling: bool) -> Iterator[Row]:
        """The first sync of an empty base beside tools that are full."""
        with team_of(self.campaigns, jira=self.jira, polling=polling) as team:
            team.empty("airtable")
            titles = {"jira": FIRST, "airtable": EMPTY, "klaviyo": FIRST}
            yield from self._rows(team, titles, Listing.FULL)

    def runs(self, polling: bool) -> Iterator[Row]:
        """The first sync of an empty project and an empty account beside a full base, then every later kind of run."""
        with team_of(self.campaigns, jira=self.jira, polling=polling) as team:
            team.empty("jira")
            team.empty("klaviyo")
            yield from self._rows(team, {"jira": EMPTY, "airtable": FIRST, "klaviyo": EMPTY}, Listing.FULL)
            team.sync()  # sees once more what the first one wrote
            yield from self._rows(team, "no change", Listing.CHANGES)
            for count in sorted({*CHANGES, max(1, self.campaigns // SHARE)}):
                yield from self._edited(team, count)
            team.sync(after=COUNT_EVERY)
            yield from self._rows(team, "count", Listing.COUNT, after=COUNT_EVERY)
            yield from self._rows(team, "daily full run", Listing.FULL, after=FULL_EVERY)

    def changes(self, polling: bool) -> Iterator[Row]:
        """1 % of the campaigns edited with all their stages, beside tools that were full from the beginning."""
        with team_of(self.campaigns, jira=self.jira, polling=polling) as team:
            team.sync()
            yield from self._edited(team, max(1, self.campaigns // SHARE), stages=True)

    def _edited(self, team: Team, count: int, *, stages: bool = False) -> Iterator[Row]:
        """Somebody edits so many campaigns, first in Airtable, then others in Jira."""
        free = team.editable()
        for tool, other in (("airtable", "jira"), ("jira", "airtable")):
            team.sync(after=COUNT_EVERY if stages else INTERVAL)  # so that nothing is counted in the measured run
            team.sync()
            chosen, free = free[:count], free[count:]
            team.edit(tool, chosen, f"One of {count} from {tool} for")
            with_them = team.edit_stages(tool, chosen) if stages else 0
            share = f"{1 if stages else len(chosen)}{' %' if stages else ''} changed"
            here, there = f"{share} here", f"{share} elsewhere"
            titles = {tool: here, other: there} | ({"klaviyo": there} if tool == "airtable" else {})
            yield from self._rows(team, titles, Listing.CHANGES, edited={tool: (len(chosen), with_them)})
            team.sync()  # sees once more what this one wrote
            free = free if len(free) >= count else team.editable()

    def _rows(
        self,
        team: Team,
        titles: dict[str, str] | str,
        listing: Listing,
        after: timedelta = INTERVAL,
        edited: dict[str, tuple[int, int]] | None = None,
    ) -> Iterator[Row]:
        titles = dict.fromkeys(self.names, titles) if isinstance(titles, str) else titles
        self.say(f"{self.campaigns} campaigns, {self.names['jira']}: {', '.join(sorted(set(titles.values())))}")
        done = team.sync(after=after)
        insist(done)
        entities = {entity.id: entity for entity in team.entities()}
        for tool, title in titles.items():
            if tool in self.names:
                uses = counted(done.asked, tool)
                changed = (edited or {}).get(tool, (0, 0))
                work = work_of(done, tool, entities, listing, changed)
                written = sum(c.tool == tool and c.state is State.DONE for c in done.report.changes)
                held = sum(_pair(entities, entities, tool))
                name = self.names[tool]
                bound, looks = bound_of(name, work), bounds.looks(work, tool=tool, cloud=name == CLOUD)
                yield Row(self.campaigns, held, name, title, uses, written, bound, looks)


def insist(done: Measured) -> None:
    """A run that failed would look cheap."""
    errors = [tool.error for tool in done.report.tools if tool.error]
    if errors:
        raise RuntimeError(f"the measured run failed: {errors}")


def bound_of(name: str, work: Work) -> int:
    """The fewest requests of a tool, by the name that its rows have."""
    if name in (CLOUD, DC):
        return bounds.jira(work, cloud=name == CLOUD)
    return bounds.klaviyo(work) if name == KLAVIYO else bounds.airtable(work, log=name == LOG)


def work_of(
    done: Measured, tool: str, entities: dict[str, Remembered], listing: Listing, changed: tuple[int, int]
) -> Work:
    """What the run had to do in a tool, by its report; which statuses moved and which tags were given, by the log."""
    mine = [change for change in done.report.changes if change.tool == tool and change.state is State.DONE]
    new = {change.entity for change in mine if change.action is Action.CREATE}
    other = [change for change in mine if change.action is Action.UPDATE]
    apart = {"jira": {"status"}, "klaviyo": {"subject", "tags"}}.get(tool, set())  # written by requests of their own
    edited = {change.entity for change in other if {cell.field for cell in change.cells} - apart}
    created = _pair(new, entities, tool)
    held = _pair(entities, entities, tool)
    moved = _named(done, tool, r"/issue/(\w+)/transitions$")
    return Work(
        listing,
        (held[0] - created[0], held[1] - created[1]),
        changed,
        created,
        _pair(edited, entities, tool),
        _pair({change.entity for change in other}, entities, tool),
        moved=len(moved),
        begun=len(moved & {entities[id_].links[tool].ref.native for id_ in new if tool in entities[id_].links}),
        links=len({(e["path"], str(e.get("body"))) for e in done.asked if e["path"].endswith("/remotelink")})
        if tool == "jira"
        else 0,
        subjects=sum(cell.field == "subject" for change in other for cell in change.cells) if tool == "klaviyo" else 0,
        tags=len(_named(done, tool, r"/tags/([\w-]+)/relationships/campaigns$")),
    )


def _pair(ids: Any, entities: dict[str, Remembered], tool: str) -> tuple[int, int]:
    """How many campaigns and how many stages of these the tool holds."""
    held = [entities[id_] for id_ in ids if tool in entities[id_].links and not entities[id_].links[tool].gone]
    campaigns = sum(entity.kind is Kind.CAMPAIGN for entity in held)
    return campaigns, len(held) - campaigns


def _named(done: Measured, tool: str, pattern: str) -> set[str]:
    """What the paths of the writes to a tool name at the pattern's group."""
    writes = (entry["path"] for entry in done.asked if entry["tool"] == tool and entry["write"])
    return {found[1] for path in writes if (found := re.search(pattern, path))}
