"""The one imperative loop: read, merge, plan, guard, write, remember, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sync import report as reports
from sync.absence import Absences
from sync.account import Account
from sync.audiences import Audiences
from sync.campaign import Campaign
from sync.delivery import Delivery, Result
from sync.findings import FindingKind, fingerprint_of
from sync.flags import Flags, Names
from sync.guard import excesses
from sync.intake import Intake, identify, known_positions, rebind
from sync.intents import acknowledge, in_words, settled, unsettled_creations
from sync.merge import Memory, Merged
from sync.metering import measure
from sync.model import UNSET, Entity, EntityLink, Kind
from sync.pending import mark_pending
from sync.plan import Plan, Subject, plan
from sync.reading import Asked, read_tools
from sync.reconcile import Rules, agreements, is_overtaken, reconcile, remember, unread_tools, views_of
from sync.relations import relate
from sync.report import RunReport
from sync.report import State as Progressed
from sync.ripples import ripples
from sync.state import Edit, Intent, Link, Remembered
from sync.store import Store
from sync.unscheduled import hide, resumable, standing
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
        self.full = full or allow_mass or scope.force
        self.id = around.new_id()
        self.started = around.clock()
        self.state = store.load()
        self.open = {known.finding.fingerprint: known.finding for known in store.open_findings()}
        self.names = Names(workspace.wording(), workspace.schema, self.state.entities)
        claims = {fingerprint: finding.claims for fingerprint, finding in self.open.items()}
        self.flags = Flags(workspace, self.names, claims)
        self.merged: dict[str, dict[str, Merged]] = {}
        self.halfway: dict[tuple[str, str], Intent] = {}  # sends that are off the calendar by our doing
        self.overtaken: list[tuple[str, str]] = []  # cells (entity, field) that were edited after somebody decided

    def go(self) -> RunReport:
        asked = Asked(self._decided(), self.full, self.allow_mass, keep=not self.dry)
        intake = read_tools(self.workspace, self.state, self.around, asked)
        bindings = rebind(intake, self.state)
        absences = Absences(self.state, intake, self.started, self.workspace.zone)
        absences.count()
        buried = list(absences.dying())  # before others are recognised, so that nobody is taken for the dead
        identify(intake, self.workspace, self.state, self.around)
        self._admit(intake)
        acknowledge(intake, self.state, self.workspace)
        untold = measure(intake, self.state, self.workspace, self.started)
        self.halfway = standing(self.state, intake)
        hide(intake, self.halfway)
        self.merged = self._merge(intake, intake.members)
        absences.contest(self.merged)
        restored, archived = absences.decided()
        planned = self._plan(intake, absences, archived)
        reasons = [] if self.allow_mass else excesses(planned.steps, self.state.linked(), self.workspace.bounds)
        steps = [step for step in planned.steps if not reasons and self.scope.covers(step.campaign, step.tool)]
        results: list[Result] = []
        halfway, unrelated = {place: intent.sure for place, intent in self.halfway.items()}, {}
        woken = mark_pending(self.state, intake, planned, self.workspace, self._is_over, self._was_over)
        edits = self._remember(intake, self.merged)
        if not self.dry and not reasons:
            self._commit(intake, edits, restored, [*buried, *woken], bindings)
            delivery = Delivery(self.id, self.store, self.state, self.workspace, intake.sides, self.around)
            delivery.unscheduled.update({place: intent.sure for place, intent in self.halfway.items()})
            delivery.deliver(steps)
            self._follow(intake, absences, delivery)
            results = delivery.results
            unrelated = relate(self.workspace, self.store, self.state, intake, self.names)
            intake.errors.update({tool: str(error) for tool, error in delivery.down.items()})
            halfway = delivery.unscheduled
            self._bury(absences, archived)
        if self.dry:
            in_scope = [step for step in planned.steps if self.scope.covers(step.campaign, step.tool)]
            results = [Result(step, Progressed.PLANNED) for step in in_scope]
        audiences = Audiences(self.workspace, self.state, intake, self.started, ask=not self.dry)
        account = Account(
            workspace=self.workspace,
            state=self.state,
            intake=intake,
            absences=absences,
            merged=self.merged,
            flags=self.flags,
            started=self.started,
            audiences=audiences,
            obstacles=planned.obstacles,
            waiting=planned.waiting,
            kept=planned.kept,
            overtaken=self.overtaken,
            unsettled=in_words(unsettled_creations(intake, self.state), intake, self.names.wording),
            results=results,
            unsafe=reasons,
            unscheduled=halfway,
            put_off={**untold, **unrelated},
            untried=not all(self.scope.covers(step.campaign, step.tool) for step in planned.steps),
            before=self.open,
        )
        report = account.report(self.id, self.around.clock(), dry=self.dry)
        if not self.dry:
            self._save(report, audiences)
        return report

    def _decided(self) -> frozenset[str]:
        """The entities that people decided about, a campaign with its stages."""
        subjects = {self.open[fingerprint].subject for fingerprint in self.state.decisions if fingerprint in self.open}
        return frozenset(id_ for id_ in self.state.entities if {id_, self.names.campaign_of(id_)} & subjects)

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

    def _merge(self, intake: Intake, entities: Iterable[str]) -> dict[str, dict[str, Merged]]:
        rules = Rules(self.workspace.policy, self.state.decisions)
        views = {kind: views_of(intake.sides, kind) for kind in Kind}
        result: dict[str, dict[str, Merged]] = {}
        for entity in entities:
            known, members = self.state.entities[entity], intake.members[entity]
            unread = unread_tools(known, members, self.workspace.tools)
            merged = reconcile(known, members, views[known.kind], unread, self.workspace.schema, rules)
            result[entity] = merged
            for name, cell in merged.items():
                decided = rules.decided(known, name) if cell.conflict else None
                if cell.conflict and decided and is_overtaken(known, name, cell.conflict.claims, decided):
                    self.overtaken.append((entity, name))
        return result

    def _plan(self, intake: Intake, absences: Absences, archived: frozenset[str]) -> Plan:
        unsettled = unsettled_creations(intake, self.state)
        subjects = [self._subject(entity, intake, absences, archived, unsettled) for entity in intake.members]
        others = self.state.records_besides(intake.members) if intake.partial else frozenset()
        return plan(subjects, intake.sides, self.workspace.schema, others)

    def _follow(self, intake: Intake, absences: Absences, delivery: Delivery) -> None:
        """Give the other tools what our writes have changed beside what was written."""
        moved = ripples(delivery, intake, self.state, self.workspace, self.started)
        if not moved:
            return
        merged = self._merge(intake, moved)
        merged = {id_: {n: cell for n, cell in cells.items() if n in moved[id_]} for id_, cells in merged.items()}
        edits = self._remember(intake, merged)
        with self.store.transaction() as transaction:
            transaction.remember_edits(self.id, self.started, edits)
            transaction.save(self.state.entities[entity] for entity in moved)
        whole = [self._subject(entity, intake, absences, frozenset(), ()) for entity in moved]
        subjects = [replace(subject, merged=merged[subject.entity], resume=frozenset()) for subject in whole]
        steps = plan(subjects, intake.sides, self.workspace.schema).steps
        delivery.deliver([step for step in steps if self.scope.covers(step.campaign, step.tool)])

    def _subject(
        self,
        entity: str,
        intake: Intake,
        absences: Absences,
        archived: frozenset[str],
        unsettled: Iterable[tuple[str, str]],
    ) -> Subject:
        known, merged = self.state.entities[entity], self.merged[entity]
        agreed = {**known.agreed, **{n: m.value for n, m in merged.items() if m.value is not UNSET and not m.conflict}}
        parent = agreed.get("campaign") if known.kind is Kind.STAGE else EntityLink(entity)
        campaign = parent.id if isinstance(parent, EntityLink) else entity
        closed = {tool for tool in known.links if tool not in absences.restored_in(entity)}
        closed |= {tool for one, tool in (*intake.blocked, *unsettled) if one == entity}
        name = self.merged.get(campaign, {}).get("name")
        above = self.state.entities.get(campaign)
        known_name = name.value if name is not None else above.agreed.get("name") if above else None
        return Subject(
            entity=entity,
            kind=known.kind,
            campaign=campaign,
            campaign_name=known_name if isinstance(known_name, str) else self.names.campaign(campaign),
            sightings={tool: s for tool, s in intake.members[entity].items() if tool in intake.sides},
            merged=merged,
            agreed=agreed,
            closed=frozenset(closed | self.workspace.other_calendars(known.shown_in)),
            resume=resumable(self.halfway, entity, merged),
            over=self._is_over(campaign),
            archive=entity in archived,
        )

    def _is_over(self, campaign: str) -> bool:
        known = self.state.entities.get(campaign)
        if known is None:
            return False
        cells = {name: m.value for name, m in self.merged.get(campaign, {}).items() if m.value is not UNSET}
        entity = Entity(known.id, known.kind, {**known.agreed, **cells})
        return Campaign.of(entity).is_over(self.started, self.workspace.zone)

    def _was_over(self, campaign: str) -> bool:
        """The same by what was agreed before this run."""
        known = self.state.entities.get(campaign)
        return known is not None and Campaign.of(known.entity()).is_over(self.started, self.workspace.zone)

    def _remember(self, intake: Intake, cells: Mapping[str, Mapping[str, Merged]]) -> list[Edit]:
        """Move the state to what was merged; the edits that this agreed on."""
        edits = [edit for entity, merged in cells.items() for edit in agreements(self.state.entities[entity], merged)]
        for entity, merged in cells.items():
            remember(self.state.entities[entity], merged, intake.members[entity])
        return edits

    def _commit(
        self,
        intake: Intake,
        edits: Iterable[Edit],
        restored: Iterable[tuple[str, str]],
        buried: Iterable[Remembered],
        bindings: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Make the merge durable before anything is written anywhere."""
        with self.store.transaction() as transaction:
            transaction.remember_edits(self.id, self.started, edits)
            transaction.save(self.state.entities[entity] for entity in intake.members)
            transaction.save(buried)
            for entity, tool in restored:
                transaction.forget_link(self.state.entities[entity], tool)
            for tool, fields in bindings.items():
                transaction.bind(tool, fields)
            for tool, position in known_positions(intake, self.state).items():
                transaction.place(tool, position)
            transaction.followed(hint for hint in self.state.hints if hint.ref.tool in intake.sides)
            for entity, name in self.overtaken:
                transaction.forget_decision(fingerprint_of(FindingKind.CONFLICT, entity, name))
            for intent in settled(intake, self.state, self.halfway):
                transaction.conclude(intent.id, "done", "settled by a look-up")

    def _bury(self, absences: Absences, archived: frozenset[str]) -> None:
        """Entities whose every record is gone are dead and never come back."""
        dying = list(absences.dying(archived))
        if dying:
            with self.store.transaction() as transaction:
                transaction.save(dying)

    def _save(self, report: RunReport, audiences: Audiences) -> None:
        with self.store.transaction() as transaction:
            audiences.keep(transaction)
            for finding in report.opened:
                transaction.open_finding(finding, report.finished)
            for finding in report.standing:
                if finding != self.open[finding.fingerprint]:
                    transaction.refresh_finding(finding)
            for finding in report.closed:
                transaction.close_finding(finding, report.finished)
            transaction.save_run(self.id, self.started, report.finished, reports.to_json(report))
            transaction.release()
