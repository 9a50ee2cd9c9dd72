"""The one imperative loop: read, merge, plan, guard, write, remember, report."""

from __future__ import annotations

from functools import partial

from sync.absence import Absences
from sync.account import LEFT_ALONE, Account
from sync.audiences import Audiences, are_old
from sync.commits import Commits
from sync.delivery import Delivery, Result
from sync.drafting import Draft
from sync.errors import Stale
from sync.findings import FindingKind
from sync.flags import Flags, Names
from sync.guard import excesses
from sync.intake import Intake, identify, rebind
from sync.intents import acknowledge, in_words, unsettled_creations
from sync.listed import Asked
from sync.merge import Memory
from sync.metering import measure
from sync.moves import Moves
from sync.pending import Left, done_with, mark_pending
from sync.plan import Plan, Step
from sync.reading import read_tools
from sync.relations import Relations
from sync.report import RunReport
from sync.report import State as Progressed
from sync.ripples import ripples
from sync.state import Link, Remembered, Setup
from sync.store import Store
from sync.unscheduled import hide, standing
from sync.upkeep import keep_fingerprints
from sync.workspace import LEASE, Scope, Surroundings, Workspace


def run(
    workspace: Workspace,
    store: Store,
    around: Surroundings,
    *,
    dry: bool = False,
    scope: Scope | None = None,
    allow_mass: bool = False,
    full: bool = False,
) -> RunReport:
    """One run. A dry one plans and writes nothing, neither into tools nor into the database. A full one reads all of
    every tool, also where a tool could tell what changed.

    A tool's failure is in the report. Raises Busy when another run holds the workspace, Unavailable or ConfigError
    when the database fails.
    """
    scope = scope or Scope()
    if dry:
        return _Run(workspace, store, around, scope, allow_mass, dry, full).go()
    with store.lease(around.holder, around.clock, LEASE, around.is_gone):
        return _Run(workspace, store, around, scope, allow_mass, dry, full).go()


class _Run:
    """The state of one run while it goes on."""

    def __init__(
        self, workspace: Workspace, store: Store, around: Surroundings, scope: Scope, allow_mass: bool, dry: bool,
        full: bool,
    ) -> None:  # fmt: skip
        self.workspace, self.store, self.around = workspace, store, around
        self.scope, self.allow_mass, self.dry = scope, allow_mass, dry
        self.full = full
        self.id = around.new_id()
        self.started = around.clock()
        # With a full one everything that was put off for a while is tried at once.
        until = self.started + workspace.count_every if full else self.started
        # Who only looks holds no lease, and must see one moment of the database.
        self.state = store.load() if dry else store.begin(until, workspace.count_every)
        until = self.state.due_by(until, workspace.count_every)
        self.open = {known.finding.fingerprint: known.finding for known in store.open_findings()}
        self.names = Names(workspace.wording(), workspace.schema, self.state.entities)
        claims = {fingerprint: finding.claims for fingerprint, finding in self.open.items()}
        self.flags = Flags(workspace, self.names, claims)
        self.commits = Commits(self.id, store, self.state, workspace, self.started, until)
        if self.commits.has_other_rules:
            self.state.bring(self.state.shelf.everybody())
        if are_old(self.state, self.started):
            clashes = [finding for finding in self.open.values() if finding.kind is FindingKind.AUDIENCE_CLASH]
            self.commits.moved |= {finding.subject for finding in clashes}
            self.commits.concerned |= self.commits.moved

    def go(self) -> RunReport:
        intake = read_tools(self.workspace, self.state, self.around, self._asked())
        bindings = rebind(intake, self.state)
        self.state.bring_campaigns()
        absences = Absences(self.state, intake)
        absences.count()
        buried = list(absences.dying())  # before others are recognised, so that nobody is taken for the dead
        identify(intake, self.workspace, self.state, self.around)
        self._admit(intake)
        self.commits.concern(intake.members)
        acknowledge(intake, self.state, self.workspace)
        untold = measure(intake, self.state, self.workspace, self.started)
        draft = Draft(self.workspace, self.state, intake, absences, self.names, self.started)
        draft.halfway = standing(self.state, intake)
        hide(intake, draft.halfway)
        draft.merge()
        absences.contest(draft.merged)
        restored, archived = absences.decided(draft.merged)
        absences.let_go(draft.is_over, archived)
        planned = draft.plan(archived)
        reasons = [] if self.allow_mass else excesses(planned.steps, self.state.shelf.linked, self.workspace.bounds)
        left = mark_pending(self.state, intake, planned, self.workspace, draft.is_over)
        edits = draft.remember(draft.merged)
        noted = keep_fingerprints(intake, self.state)
        self.commits.concern([*intake.members, *(entity.id for entity in buried)])
        results = [Result(step, Progressed.PLANNED) for step in planned.steps if self.dry and self._covers(step)]
        halfway = {place: intent.sure for place, intent in draft.halfway.items()}
        relations = Relations(self.workspace, self.store, self.state, intake, self.names)
        if not self.dry and not reasons:
            self.commits.merge(draft, edits, restored, buried, noted, bindings, left)
            delivery = self._deliver(draft, planned, relations, left)
            results, halfway = delivery.results, delivery.moves.off
            self.commits.times(done_with(results, planned, intake, self.state, left), left.hindered)
            self.around.side_by_side([relations.rest(tool) for tool in relations.able()])
            # Entities whose every record is gone are dead and never come back.
            self.commits.times(absences.dying(archived))
        audiences = Audiences(self.workspace, self.state, intake, self.started, ask=not self.dry)
        account = Account(
            workspace=self.workspace,
            state=self.state,
            intake=intake,
            absences=absences,
            merged=draft.merged,
            flags=self.flags,
            started=self.started,
            audiences=audiences,
            obstacles=planned.obstacles,
            waiting=planned.waiting,
            kept=planned.kept,
            overtaken=draft.overtaken,
            unsettled=in_words(unsettled_creations(intake, self.state), intake, self.names.wording),
            results=results,
            unsafe=reasons,
            unscheduled=halfway,
            put_off={**untold, **relations.troubles},
            concerned=None if self.commits.has_other_rules or not intake.partial else self.commits.concerned,
            moved=self.commits.moved,
            untried=not all(map(self._covers, planned.steps)),
            before=self.open,
        )
        report = account.report(self.id, self.around.clock(), dry=self.dry)
        if not self.dry:
            self.commits.account(report, audiences, intake, self.open)
        return report

    def _asked(self) -> Asked:
        """What this run is to look at besides what changed: what came due, and what people decided about, a campaign
        with its stages."""
        subjects = {self.open[fingerprint].subject for fingerprint in self.state.decisions if fingerprint in self.open}
        self.state.bring(subjects)
        self.state.bring_families(subjects)
        untold: set[str] = set()
        if self.commits.has_other_rules:  # what a run that ended too early found or settled, it may not have told
            untold = {finding.subject for finding in self.open.values() if finding.kind in LEFT_ALONE}
            untold = {e.id for e in self.state.entities.values() if e.disputed or e.id in untold}
        decided = {id_ for id_ in self.state.entities if {id_, self.names.campaign_of(id_)} & subjects}
        return Asked(
            frozenset(decided | untold | {entity.id for entity in self.commits.late if not entity.dead}),
            full=self.full or self.allow_mass,
            anew=self.allow_mass or self.scope.force,
            believe_absence=self.allow_mass,
            keep=not self.dry,
        )

    def _covers(self, step: Step) -> bool:
        return self.scope.covers(step.campaign, step.tool)

    def _admit(self, intake: Intake) -> None:
        """Give every record that was recognised its place among the entities."""
        new = {**intake.campaigns.new, **intake.stages.new}
        for entity, members in intake.members.items():
            known = self.state.entities.get(entity)
            if known is None:
                known = self.state.entities[entity] = Remembered(entity, new[entity])
            for tool, sighting in members.items():
                link = known.links.setdefault(tool, Link(sighting.record.ref))
                link.ref, link.key, link.url = sighting.record.ref, sighting.record.key, sighting.record.url
        if self.scope.force:
            self._forget_acknowledgements()

    def _forget_acknowledgements(self) -> None:
        for entity in self.state.entities.values():
            for tool, link in entity.links.items():
                if self.scope.covers(self.names.campaign_of(entity.id), tool):
                    link.memory = {name: Memory(cell.seen) for name, cell in link.memory.items()}
                    link.fingerprint = None

    def _deliver(self, draft: Draft, planned: Plan, relations: Relations, left: Left) -> Delivery:
        """Write the plan, and give the other tools what that has changed besides."""
        intake = draft.intake
        moves = Moves(self.store, self.state, {place: intent.sure for place, intent in draft.halfway.items()})
        delivery = Delivery(self.id, self.store, self.state, self.workspace, intake.sides, self.around, moves)
        delivery.meanwhile = {tool: partial(relations.while_made, tool) for tool in relations.able()}
        delivery.recalled = {tool: intake.natives[tool] for tool in intake.recalled}
        delivery.deliver([step for step in planned.steps if self._covers(step)])
        if moved := ripples(delivery, intake, self.state, self.workspace, self.started):
            edits, further = draft.follow(moved)
            self.commits.ripples(edits, moved)
            delivery.deliver([step for step in further.steps if self._covers(step)])
            left.lasting.update(step.entity for step in further.steps if not self._covers(step))  # for the next run
            left.hindered.update(obstacle.entity for obstacle in further.obstacles)
            planned.obstacles.extend(further.obstacles)
        for tool in intake.setups.keys() - delivery.recalled.keys():  # all that were asked anew, to read or to write
            told = self.workspace.tools[tool].connector.setup()  # with what the run itself has taught it
            # To write, not all is asked that is to begin an hour, so that one does not last any longer.
            intake.setups.update({tool: Setup(told, intake.setups[tool].at)} if told else {})
        for tool, error in delivery.down.items():
            intake.setups.pop(tool, None)
            if not isinstance(error, Stale):  # its fields have changed: the next run goes by what they are now
                intake.failures[tool] = error
        return delivery
