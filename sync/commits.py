"""The commits of a run: the merge before the first write, what was written, the dead, and the account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sync import report as reports
from sync.audiences import Audiences
from sync.drafting import Draft
from sync.findings import Finding, FindingKind, fingerprint_of
from sync.intake import Intake, known_positions
from sync.intents import settled
from sync.model import Kind
from sync.pending import Left
from sync.report import RunReport
from sync.state import Edit, Remembered, State
from sync.store import Store
from sync.upkeep import LookedAt, Reach, keep_times, looked_at, reach_of, rules_of
from sync.workspace import Workspace

NOBODY_KNOWS = ""


class Commits:
    """Writes one run into the store.

    `concerned` are the campaigns that the run is about, them or a stage of theirs, and `moved` the entities themselves:
    those in which it makes a difference to the rules.
    `late` came due by `until`.
    """

    def __init__(
        self, run: str, store: Store, state: State, workspace: Workspace, started: datetime, until: datetime
    ) -> None:
        self.run, self.store, self.state = run, store, state
        self.workspace, self.started = workspace, started
        self.rules = rules_of(workspace)
        self.late = [e for e in state.entities.values() if e.due and e.due <= until]
        self.concerned = {entity.campaign for entity in self.late}
        self.moved = {campaign for campaign in self.concerned if campaign}
        self._looked: dict[str, LookedAt] = {}
        self._reach: dict[str, Reach] = {}
        self._merged = self._unaudited = False

    @property
    def has_other_rules(self) -> bool:
        """Whether the campaigns were last looked at by other rules or for other people, or a run ended too early."""
        return self.state.rules != self.rules

    def concern(self, entities: Iterable[str]) -> None:
        """Note those of these entities in which the rules may find something else than they did, with the campaigns
        that they were and are agreed to belong to. To be called before anything is remembered, and after."""
        self.state.bring_campaigns()
        for id_ in entities:
            entity = self.state.entities[id_]
            now = looked_at(entity)
            before = self._looked.setdefault(id_, now)
            if now != before or entity.dead or not entity.agreed:
                self.concerned |= {before[0], now[0]}
                self.moved.add(id_)
            if id_ not in self._reach and entity.kind is Kind.CAMPAIGN:
                self._reach[id_] = reach_of(entity, self.workspace.zone)

    def merge(
        self,
        draft: Draft,
        edits: Iterable[Edit],
        restored: Iterable[tuple[str, str]],
        buried: Iterable[Remembered],
        noted: Iterable[Remembered],
        bindings: Mapping[str, Mapping[str, str]],
        left: Left,
    ) -> None:
        """Make the merge durable before anything is written anywhere."""
        intake, state = draft.intake, self.state
        changed = [*(state.entities[entity] for entity in intake.members), *buried]
        keep_times([*changed, *self.late], left.hindered, self.workspace, self.started)
        aside, hinted = intake.refs_aside(), {hint.ref for hint in state.hints}
        with self.store.transaction() as transaction:
            transaction.remember_edits(self.run, self.started, edits)
            transaction.save([*changed, *self.late, *noted])
            transaction.reaches(self._reaches(changed))
            for entity, tool in restored:
                transaction.forget_link(state.entities[entity], tool)
            for tool, fields in bindings.items():
                transaction.bind(tool, fields)
            for tool, position in known_positions(intake, state).items():
                transaction.place(tool, position)
            transaction.followed(h for h in state.hints if h.ref.tool in intake.sides and h.ref not in aside)
            transaction.hint(sorted(aside - hinted, key=repr))
            for entity, name in draft.overtaken:
                transaction.forget_decision(fingerprint_of(FindingKind.CONFLICT, entity, name))
            transaction.conclude(intent.id for intent in settled(intake, state, draft.halfway))
            for intent in state.intents:
                if intent.sure and (intent.entity, intent.tool) in draft.given_up:
                    transaction.unscheduled(intent.id, sure=False)
            if changed or self.late:
                # Until the account says what this has led to, nobody knows: a run that is killed before is made up for.
                transaction.audited(NOBODY_KNOWS)
                self._unaudited = True
        self._merged = True

    def _reaches(self, entities: Iterable[Remembered]) -> dict[str, Reach]:
        """Whom these campaigns reach and when, where that is not as it was."""
        now = {e.id: reach_of(e, self.workspace.zone) for e in entities if e.kind is Kind.CAMPAIGN}
        return {id_: reach for id_, reach in now.items() if self.has_other_rules or reach != self._reach.get(id_)}

    def ripples(self, edits: Iterable[Edit], entities: Collection[str]) -> None:
        """What our own writes have changed besides."""
        self.concern(entities)
        found = [self.state.entities[entity] for entity in entities]
        with self.store.transaction() as transaction:
            transaction.remember_edits(self.run, self.started, edits)
            transaction.save(found)

    def times(self, entities: Iterable[Remembered], hindered: Iterable[str] = ()) -> None:
        """Save entities as they are, with when they are to be looked at next."""
        if found := list(entities):
            self.concern(entity.id for entity in found)
            keep_times(found, frozenset(hindered), self.workspace, self.started)
            with self.store.transaction() as transaction:
                transaction.save(found)

    def account(self, report: RunReport, audiences: Audiences, intake: Intake, before: Mapping[str, Finding]) -> None:
        """The end of the run, and with it of its hold."""
        with self.store.transaction() as transaction:
            audiences.keep(transaction)
            for tool in self.workspace.tools:
                setup = None if tool in intake.failures else intake.setups.get(tool)
                if setup != self.state.setups.get(tool):
                    transaction.set_up(tool, setup)
            for tool in self.state.listings.keys() & intake.sides.keys():
                transaction.break_off(tool, None, {})
            for tool, (listing, seen) in intake.broken_off.items():
                transaction.break_off(tool, listing, seen)
            if self._unaudited or (self._merged and self.has_other_rules):
                transaction.audited(self.rules)
            for finding in report.opened:
                transaction.open_finding(finding, report.finished)
            for finding in report.standing:
                if finding != before[finding.fingerprint]:
                    transaction.refresh_finding(finding)
            for finding in report.closed:
                transaction.close_finding(finding, report.finished)
            transaction.save_run(self.run, self.started, report.finished, reports.to_json(report))
            transaction.release()
