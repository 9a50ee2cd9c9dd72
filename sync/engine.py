"""The one imperative loop: read, merge, plan, guard, write, remember, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sync import report as reports
from sync.absence import Absences
from sync.account import Account
from sync.campaign import Campaign
from sync.delivery import Delivery, Result
from sync.findings import FindingKind, fingerprint_of
from sync.flags import Flags, Names
from sync.guard import excesses
from sync.intake import Intake, identify, rebind
from sync.intents import acknowledge, in_words, settled, unsettled_creations
from sync.merge import Memory, Merged
from sync.model import UNSET, Entity, EntityLink, Kind
from sync.pending import mark_pending
from sync.plan import Plan, Subject, plan
from sync.reading import Asked, read_tools
from sync.reconcile import Rules, is_overtaken, reconcile, remember, views_of
from sync.report import RunReport
from sync.report import State as Progressed
from sync.state import Edit, Link, Position, Remembered
from sync.store import Store
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
        self._merge(intake)
        absences.contest(self.merged)
        restored, archived = absences.decided()
        planned = self._plan(intake, absences, archived)
        reasons = [] if self.allow_mass else excesses(planned.steps, self._linked(), self.workspace.bounds)
        steps = [step for step in planned.steps if not reasons and self.scope.covers(step.campaign, step.tool)]
        results: list[Result] = []
        woken = mark_pending(self.state, intake, planned, self.workspace, self._is_over, self._was_over)
        edits = self._remember(intake)
        if not self.dry and not reasons:
            self._commit(intake, edits, restored, [*buried, *woken], bindings)
            delivery = self._delivery(intake)
            results = delivery.deliver(steps)
            intake.errors.update({tool: str(error) for tool, error in delivery.down.items()})
            self._bury(absences, archived)
        if self.dry:
            in_scope = [step for step in planned.steps if self.scope.covers(step.campaign, step.tool)]
            results = [Result(step, Progressed.PLANNED) for step in in_scope]
        account = Account(
            workspace=self.workspace,
            state=self.state,
            intake=intake,
            absences=absences,
            merged=self.merged,
            flags=self.flags,
            started=self.started,
            obstacles=planned.obstacles,
            waiting=planned.waiting,
            kept=planned.kept,
            overtaken=self.overtaken,
            unsettled=in_words(unsettled_creations(intake, self.state), intake, self.names.wording),
            results=results,
            unsafe=reasons,
            untried=not all(self.scope.covers(step.campaign, step.tool) for step in planned.steps),
            before=self.open,
        )
        finished = self.around.clock()
        report = account.report(self.id, finished, dry=self.dry)
        if not self.dry:
            self._save(report, finished)
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

    def _merge(self, intake: Intake) -> None:
        rules = Rules(self.workspace.policy, self.state.decisions)
        views = {kind: views_of(intake.sides, kind) for kind in Kind}
        for entity, members in intake.members.items():
            known = self.state.entities[entity]
            unread = frozenset(
                tool
                for tool, link in known.links.items()
                if tool in self.workspace.tools and tool not in members and not link.gone
            )
            quarantined = frozenset(tool for tool in unread if known.links[tool].missed > 1)
            merged = self.merged[entity] = reconcile(
                known, members, views[known.kind], unread - quarantined, self.workspace.schema, rules
            )
            for name, cell in merged.items():
                decided = rules.decided(known, name) if cell.conflict else None
                if cell.conflict and decided and is_overtaken(known, name, cell.conflict.claims, decided):
                    self.overtaken.append((entity, name))

    def _plan(self, intake: Intake, absences: Absences, archived: frozenset[str]) -> Plan:
        unsettled = unsettled_creations(intake, self.state)
        subjects = [self._subject(entity, intake, absences, archived, unsettled) for entity in intake.members]
        others = [entity for entity in self.state.entities.values() if entity.id not in intake.members]
        reachable = {(e.id, tool) for e in others for tool, link in e.links.items() if not (link.gone or link.missed)}
        return plan(subjects, intake.sides, self.workspace.schema, reachable if intake.partial else set())

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
            closed=frozenset(closed),
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

    def _remember(self, intake: Intake) -> list[Edit]:
        """Move the state to what was merged; the edits that this agreed on."""
        edits = []
        for entity in intake.members:
            known, merged = self.state.entities[entity], self.merged[entity]
            for name, cell in merged.items():
                old = known.agreed.get(name)
                if cell.conflict or cell.value is UNSET:
                    continue
                if cell.value != old or cell.lost:
                    lost = {**known.disputed.get(name, {}), **cell.lost}
                    edits.append(Edit(entity, name, old, cell.value, cell.editors, lost))
            remember(known, merged, intake.members[entity])
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
            for tool, position in self._positions(intake).items():
                transaction.place(tool, position)
            transaction.followed(hint for hint in self.state.hints if hint.ref.tool in intake.sides)
            for entity, name in self.overtaken:
                transaction.forget_decision(fingerprint_of(FindingKind.CONFLICT, entity, name))
            for intent in settled(intake, self.state):
                transaction.conclude(intent.id, "done", "settled by a look-up")

    def _positions(self, intake: Intake) -> Mapping[str, Position | None]:
        """Up to where the tools have been read. Where records could not be told apart, or too many were missing, all of
        them are to be looked at again."""
        aside = (*intake.campaigns.aside, *intake.stages.aside)
        if any(one.reason != "deleted" for one in aside):
            return dict.fromkeys(self.state.positions)
        lost = intake.emptied.keys() & self.state.positions.keys()
        known = {tool: position for tool, position in intake.positions.items() if tool not in intake.emptied}
        return {**known, **dict.fromkeys(lost)}

    def _delivery(self, intake: Intake) -> Delivery:
        connectors = {name: tool.connector for name, tool in self.workspace.tools.items()}
        return Delivery(self.id, self.store, self.state, connectors, intake.sides, self.workspace.schema, self.around)

    def _bury(self, absences: Absences, archived: frozenset[str]) -> None:
        """Entities whose every record is gone are dead and never come back."""
        dying = list(absences.dying(archived))
        if dying:
            with self.store.transaction() as transaction:
                transaction.save(dying)

    def _linked(self) -> dict[str, int]:
        counts = dict.fromkeys(self.workspace.tools, 0)
        for entity in self.state.entities.values():
            for tool, link in entity.links.items():
                counts[tool] = counts.get(tool, 0) + (not link.gone)
        return counts

    def _save(self, report: RunReport, finished: datetime) -> None:
        with self.store.transaction() as transaction:
            for finding in report.opened:
                transaction.open_finding(finding, finished)
            for finding in report.standing:
                if finding != self.open[finding.fingerprint]:
                    transaction.refresh_finding(finding)
            for finding in report.closed:
                transaction.close_finding(finding, finished)
            transaction.save_run(self.id, self.started, finished, reports.to_json(report))
            transaction.release()
