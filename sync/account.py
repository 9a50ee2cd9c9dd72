"""The account of a run: its findings against those that stood before, and the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.absence import Absences
from sync.audiences import Audiences
from sync.audit import Board, audit
from sync.audit.schedule import shared_audiences
from sync.campaign import Campaign, Stage
from sync.delivery import Result
from sync.findings import Finding, FindingKind
from sync.flags import Flags, Names
from sync.intake import Intake
from sync.merge import Merged
from sync.model import Kind
from sync.plan import Obstacle
from sync.report import RecordChange, RunReport, ToolAccount
from sync.report import State as Progressed
from sync.state import State
from sync.wording import tool_title
from sync.workspace import Workspace

# Findings that only a full look at every tool can take back.
NEEDS_EVERY_TOOL = frozenset(
    {
        FindingKind.AMBIGUOUS,
        FindingKind.DUPLICATE,
        FindingKind.DELETION,
        FindingKind.DELETION_CONFLICT,
        FindingKind.NOT_WRITTEN,
        FindingKind.UNREADABLE,
        FindingKind.INACTIVE_OWNER,
    }
)
# What stands as it is while nobody looks at the entity again.
LEFT_ALONE = frozenset({FindingKind.CONFLICT, FindingKind.NOT_WRITTEN, FindingKind.UNREADABLE})
# What a plan that was not carried out has not settled yet, whatever it meant to do.
NEEDS_A_COMMIT = NEEDS_EVERY_TOOL | {FindingKind.CONFLICT}


@dataclass(slots=True)
class Account:
    """What happened in one run, as far as it got."""

    workspace: Workspace
    state: State
    intake: Intake
    absences: Absences
    merged: Mapping[str, Mapping[str, Merged]]
    flags: Flags
    started: datetime
    audiences: Audiences
    obstacles: Sequence[Obstacle] = ()
    waiting: Sequence[tuple[str, str, str]] = ()
    kept: Sequence[tuple[str, str]] = ()
    overtaken: Sequence[tuple[str, str]] = ()
    unsettled: Sequence[str] = ()
    results: Sequence[Result] = ()
    unsafe: Sequence[str] = ()
    # Sends (entity, tool) that are off the calendar by our doing, and whether that is sure; and by tool why a lesser
    # thing was not done.
    unscheduled: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    put_off: Mapping[str, str] = field(default_factory=dict)
    # Whether the run was to leave some of the plan alone.
    untried: bool = False
    before: Mapping[str, Finding] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        return self.flags.names

    def report(self, run: str, finished: datetime, *, dry: bool) -> RunReport:
        """The report, with what opened, still stands and closed."""
        now = {finding.fingerprint: finding for finding in self._findings()}
        incomplete = bool(self.intake.errors or self.intake.emptied)
        doubtful = NEEDS_A_COMMIT if self.unsafe else NEEDS_EVERY_TOOL if incomplete else frozenset()
        if self.untried:
            doubtful |= {FindingKind.NOT_WRITTEN}
        kept = {
            fingerprint: finding
            for fingerprint, finding in self.before.items()
            if fingerprint not in now and (finding.kind in doubtful or self._is_left_alone(finding))
        }
        standing = [finding for fingerprint, finding in now.items() if fingerprint in self.before]
        closed = [f for fingerprint, f in self.before.items() if fingerprint not in now and fingerprint not in kept]
        read, errors = self.intake.counts, self.intake.errors
        return RunReport(
            workspace=self.workspace.name,
            run=run,
            started=self.started,
            finished=finished,
            dry=dry,
            tools=tuple(ToolAccount(name, read.get(name, 0), errors.get(name)) for name in self.workspace.tools),
            changes=tuple(self._change(result) for result in self.results),
            adopted=self.intake.campaigns.adopted + self.intake.stages.adopted,
            opened=tuple(finding for fingerprint, finding in now.items() if fingerprint not in self.before),
            standing=(*standing, *kept.values()),
            closed=tuple(closed),
            unsettled=tuple(self.unsettled),
            waiting=tuple(self._waiting()),
        )

    def _is_left_alone(self, finding: Finding) -> bool:
        entity = self.state.entities.get(finding.subject)
        untouched = entity is not None and not entity.dead and entity.id not in self.intake.members
        return self.intake.partial and untouched and finding.kind in LEFT_ALONE

    def _waiting(self) -> Iterator[str]:
        for tool, entity, words in self.waiting:
            yield f"{self.names.where(entity)} waits to be made in {tool_title(tool)}: it needs {words}"
        for tool, reason in self.put_off.items():
            yield f"{tool_title(tool)} has something to catch up: {reason}"
        for entity, name in self.overtaken:
            label = self.names.label(self.state.entities[entity].kind, name)
            yield f"{label} of {self.names.where(entity)} waits for a new decision: somebody edited it since the last"

    def _findings(self) -> Iterator[Finding]:
        yield from self._troubles()
        for entity, merged in self.merged.items():
            members = self.intake.members[entity]
            for name, cell in merged.items():
                if cell.conflict:
                    known = self.state.entities[entity]
                    yield self.flags.conflict(known, name, cell.conflict, members, self.intake)
        sightings = ((e, s) for e, members in self.intake.members.items() for s in members.values())
        yield from self.flags.unreadable(sightings)
        yield from (self.flags.kept(entity, tool) for entity, tool in self.kept)
        yield from (
            self.flags.unscheduled(entity, tool, sure=sure) for (entity, tool), sure in self.unscheduled.items()
        )
        for known, tool in self.absences.quarantined():
            yield self.flags.deletion(known, tool)
        for aside in (*self.intake.campaigns.aside, *self.intake.stages.aside):
            if (flag := self.flags.aside(aside)) is not None:
                yield flag
        yield from map(self.flags.obstacle, self.obstacles)
        yield from (self.flags.failed(result) for result in self.results if result.state is Progressed.FAILED)
        # Without a commit nothing keeps a new record's id, under which it would be flagged anew in every run.
        fresh = {*self.intake.campaigns.new, *self.intake.stages.new} if self.unsafe else set()
        board = self._board()
        for flag in audit(replace(board, sizes=self.audiences.sizes(shared_audiences(board)))):
            if not fresh & {flag.subject, flag.campaign} and not any(id_ in flag.detail_key for id_ in fresh):
                yield flag

    def _troubles(self) -> Iterator[Finding]:
        for tool, error in self.intake.errors.items():
            yield self.flags.trouble(tool, error)
        for tool, reason in self.intake.emptied.items():
            yield self.flags.emptied(tool, reason)
        if self.unsafe:
            yield self.flags.unsafe(self.unsafe)

    def _board(self) -> Board:
        campaigns: dict[str, Campaign] = {}
        stages: dict[str, list[Stage]] = {}
        for known in self.state.entities.values():
            if known.dead:
                continue
            if known.kind is Kind.CAMPAIGN:
                campaigns[known.id] = Campaign.of(known.entity())
            elif (stage := Stage.of(known.entity())).campaign:
                stages.setdefault(stage.campaign, []).append(stage)
        return Board(
            campaigns=campaigns,
            stages={campaign: tuple(found) for campaign, found in stages.items()},
            people={person.id: person for person in self.workspace.people},
            rules=self.workspace.audit,
            now=self.started,
            wording=self.names.wording,
            disputed=frozenset((e.id, n) for e in self.state.entities.values() if not e.dead for n in e.disputed),
            inactive=self._inactive(),
        )

    def _inactive(self) -> frozenset[str]:
        """The people whom a tool calls deactivated. Where not every record was read, those of whom that was known."""
        readings = [sighting.reading for shown in self.intake.members.values() for sighting in shown.values()]
        told = {person for reading in readings for person in reading.inactive}
        if self.intake.partial:
            known = {flag.detail_key for flag in self.before.values() if flag.kind is FindingKind.INACTIVE_OWNER}
            told |= known.difference(*(reading.active for reading in readings))
        return frozenset(told)

    def _change(self, result: Result) -> RecordChange:
        step = result.step
        link = self.state.entities[step.entity].links.get(step.tool)
        return RecordChange(
            action=step.action,
            tool=step.tool,
            entity=step.entity,
            campaign=step.campaign,
            campaign_name=self.names.campaign(step.campaign),
            where=self.names.where(step.entity),
            cells=step.cells,
            state=result.state,
            reason=str(result.error) if result.error else None,
            key=link.key if link else None,
        )
