"""The account of a run: its findings against those that stood before, and the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sync.absence import Absences
from sync.audiences import Audiences
from sync.audit import Board, audit
from sync.audit.schedule import shared_audiences
from sync.campaign import Campaign, Stage, first_moment
from sync.delivery import Result
from sync.findings import Finding, FindingKind
from sync.flags import Flags, Names
from sync.identity import is_marker
from sync.intake import Intake
from sync.merge import Merged
from sync.model import Kind
from sync.outcomes import SHOWN_FOR, Outcome, outcomes
from sync.plan import Obstacle
from sync.report import RecordChange, RunReport, ToolAccount
from sync.report import State as Progressed
from sync.state import SHOWN, Remembered, State
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
# What the rules over the agreed model find, for the campaigns that a run is about.
AUDITED = frozenset(
    {
        FindingKind.UNOWNED_STAGE,
        FindingKind.MISSING_STAGE,
        FindingKind.UNKNOWN_OWNER,
        FindingKind.INACTIVE_OWNER,
        FindingKind.STAGE_AFTER_SEND,
    }
)
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
    # The campaigns that this run is about, them or a stage of theirs; None for all of them.
    concerned: Set[str | None] | None = None
    # Those that this run is about themselves.
    moved: Set[str] = frozenset()
    # Whether the run was to leave some of the plan alone.
    untried: bool = False
    before: Mapping[str, Finding] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        return self.flags.names

    def report(self, run: str, finished: datetime, *, dry: bool) -> RunReport:
        """The report, with what opened, still stands and closed."""
        self.concerned = self._widened()
        now = {finding.fingerprint: finding for finding in self._findings()}
        incomplete = bool(self.intake.errors or self.intake.emptied)
        doubtful = NEEDS_A_COMMIT if self.unsafe else NEEDS_EVERY_TOOL if incomplete else frozenset()
        if self.untried:
            doubtful |= {FindingKind.NOT_WRITTEN}
        kept = {
            fingerprint: finding
            for fingerprint, finding in self.before.items()
            if fingerprint not in now and (finding.kind in doubtful or self._stays(finding))
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
            outcomes=self._outcomes(),
        )

    def _outcomes(self) -> tuple[Outcome, ...]:
        """What became of the sends of the last weeks."""
        sent = {entity.id: entity for entity in self.state.shelf.sent(self.started - SHOWN_FOR - timedelta(days=1))}
        here = ((e.id, e) for e in self.state.entities.values() if e.id in sent or e.sent)
        campaigns = (Campaign.of(entity.entity()) for entity in {**sent, **dict(here)}.values() if not entity.dead)
        return outcomes(campaigns, self.started, self.workspace.zone)[:SHOWN]

    def _stays(self, finding: Finding) -> bool:
        """Whether a finding is about nothing that this run has looked at."""
        if finding.kind is FindingKind.WITHHELD:
            tool = self.workspace.tools.get(finding.subject)
            return bool(tool and tool.connector.capability.withholds) and finding.subject not in self.intake.withheld
        if finding.kind is FindingKind.AUDIENCE_CLASH:
            return self.concerned is not None and not {finding.subject, finding.detail_key} & self.moved
        if finding.kind in AUDITED:
            about = {finding.campaign, finding.subject}
            return self.concerned is not None and not about & (self.concerned | self.moved)
        if not self.intake.partial or finding.kind not in LEFT_ALONE or not is_marker(finding.subject):
            return False
        entity = self.state.entities.get(finding.subject)
        return entity is None or not (entity.dead or entity.id in self.intake.members)

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
        for tool, things in self.intake.withheld.items():
            if things:
                yield self.flags.withheld(tool, things)
        if self.unsafe:
            yield self.flags.unsafe(self.unsafe)

    def _board(self) -> Board:
        """The campaigns that this run is about with their stages, and beside them what reaches the same people."""
        campaigns: dict[str, Campaign] = {}
        stages: dict[str, list[Stage]] = {}
        known = self._concerned()
        for entity in known:
            if entity.kind is Kind.CAMPAIGN:
                campaigns[entity.id] = Campaign.of(entity.entity())
            elif entity.campaign:
                stages.setdefault(entity.campaign, []).append(Stage.of(entity.entity()))
        return Board(
            campaigns=campaigns,
            stages={campaign: tuple(found) for campaign, found in stages.items()},
            people={person.id: person for person in self.workspace.people},
            rules=self.workspace.audit,
            now=self.started,
            wording=self.names.wording,
            disputed=frozenset((entity.id, name) for entity in known for name in entity.disputed),
            inactive=self._inactive(),
            others=self._others(campaigns),
        )

    def _concerned(self) -> list[Remembered]:
        """The living entities of the campaigns that this run is about, as they are agreed to be now."""
        about = None if self.concerned is None else {campaign for campaign in self.concerned if campaign}
        found: dict[str, Remembered] = {}
        if about or (about is None and self.intake.partial):
            found = {entity.id: entity for entity in self.state.shelf.kin(about)}
        found |= {e.id: e for e in self.state.entities.values() if about is None or e.campaign in about}
        entities = (self.state.entities.get(id_, entity) for id_, entity in sorted(found.items()))
        return [entity for entity in entities if not entity.dead and (about is None or entity.campaign in about)]

    def _others(self, campaigns: Mapping[str, Campaign]) -> dict[str, Campaign]:
        """The campaigns besides that reach the same people at about the same time."""
        if self.concerned is None:
            return {}
        gap, zone, near = self.workspace.audit.audience_gap, self.workspace.zone, set[str]()
        for campaign in campaigns.values():
            if (
                campaign.id in self.moved
                and campaign.send
                and campaign.audiences
                and not campaign.is_over(self.started, zone)
            ):
                at = first_moment(campaign.send, zone)
                near |= self.state.shelf.near(campaign.audiences, at - gap, at + gap)
        found = self.state.shelf.kin(near) if (near := near - campaigns.keys()) else ()
        now = (self.state.entities.get(entity.id, entity) for entity in found if entity.kind is Kind.CAMPAIGN)
        return {entity.id: Campaign.of(entity.entity()) for entity in now if not entity.dead}

    def _widened(self) -> Set[str | None] | None:
        """The campaigns that this run is about, with all that belong to somebody who has left or come back."""
        if self.concerned is None:
            return None
        left, back, known = self._told_of_people()
        if left - known.keys():
            return None
        return self.concerned | {campaign for person in back & known.keys() for campaign in known[person]}

    def _inactive(self) -> frozenset[str]:
        """The people whom a tool calls deactivated. Where not every record was read, those of whom that was known."""
        left, back, known = self._told_of_people()
        return frozenset(left | (known.keys() - back if self.intake.partial else set()))

    def _told_of_people(self) -> tuple[set[str], set[str], dict[str, set[str | None]]]:
        """Who is called deactivated, who active, and of whom the first was known, by the campaigns that are flagged."""
        readings = [sighting.reading for shown in self.intake.members.values() for sighting in shown.values()]
        readings += [sighting.reading for _, sighting in self.intake.as_before]
        known: dict[str, set[str | None]] = {}
        for flag in self.before.values():
            if flag.kind is FindingKind.INACTIVE_OWNER:
                known.setdefault(flag.detail_key, set()).add(flag.campaign)
        left = {person for reading in readings for person in reading.inactive}
        return left, {person for reading in readings for person in reading.active}, known

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
