"""Merges what was read, and plans what is to be written, for the entities that a run is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sync.absence import Absences
from sync.campaign import is_over
from sync.flags import Names
from sync.intake import Intake
from sync.intents import unsettled_creations
from sync.merge import Merged
from sync.model import UNSET, EntityLink, Kind
from sync.plan import Plan, Subject, plan
from sync.reconcile import Rules, agreements, is_overtaken, reconcile, remember, unread_tools, views_of
from sync.report import Action
from sync.state import Edit, Intent, State
from sync.unscheduled import left_to_people, resumable
from sync.workspace import Workspace


class Draft:
    """What a run makes of what it read.

    `merged` are the cells by entity, `overtaken` those (entity, field) that were edited after somebody had decided
    about them, `halfway` the sends (entity, tool) that are off the calendar by our doing, and `given_up` those of them
    that are people's to put back from now on.
    """

    def __init__(
        self, workspace: Workspace, state: State, intake: Intake, absences: Absences, names: Names, started: datetime
    ) -> None:
        self.workspace, self.state, self.intake, self.absences = workspace, state, intake, absences
        self.names, self.started = names, started
        self.halfway: dict[tuple[str, str], Intent] = {}
        self.given_up: Collection[tuple[str, str]] = ()
        self.merged: dict[str, dict[str, Merged]] = {}
        self.overtaken: list[tuple[str, str]] = []

    def merge(self) -> None:
        """Merge the cells of all members."""
        self.merged = self._merge(self.intake.members)
        given_up = left_to_people(self.halfway, self.merged)
        self.halfway.update(given_up)
        self.given_up = given_up.keys()

    def _merge(self, entities: Iterable[str]) -> dict[str, dict[str, Merged]]:
        rules = Rules(self.workspace.policy, self.state.decisions)
        views = {kind: views_of(self.intake.sides, kind) for kind in Kind}
        result: dict[str, dict[str, Merged]] = {}
        for entity in entities:
            known, members = self.state.entities[entity], self.intake.members[entity]
            unread = unread_tools(known, members, self.workspace.tools)
            merged = reconcile(known, members, views[known.kind], unread, self.workspace.schema, rules)
            result[entity] = merged
            for name, cell in merged.items():
                decided = rules.decided(known, name) if cell.conflict else None
                if cell.conflict and decided and is_overtaken(known, name, cell.conflict.claims, decided):
                    self.overtaken.append((entity, name))
        return result

    def plan(self, archived: frozenset[str]) -> Plan:
        """The writes that would make the tools agree; `archived` are entities that are to be deleted."""
        planned = self._planned(archived)
        created = {step.entity for step in planned.steps if step.action is Action.CREATE and step.kind is Kind.CAMPAIGN}
        if woken := self._wake(created):
            self.merged.update(self._merge(woken))
            planned = self._planned(archived)
        return planned

    def _planned(self, archived: frozenset[str]) -> Plan:
        unsettled = unsettled_creations(self.intake, self.state)
        subjects = [self._subject(entity, archived, unsettled) for entity in self.intake.members]
        others = self.state.records_besides(self.intake.members) if self.intake.partial else frozenset()
        return plan(subjects, self.intake.sides, self.workspace.schema, others)

    def _wake(self, created: set[str]) -> list[str]:
        """The stages of a campaign that gets a record, or that is not over any more, may now have theirs: they are
        this run's as well, by what is remembered of them."""
        reopened = {
            id_
            for id_ in self.intake.members
            if self.state.entities[id_].kind is Kind.CAMPAIGN and self.was_over(id_) and not self.is_over(id_)
        }
        campaigns = created | reopened
        self.state.bring_families(campaigns)
        woken = [
            entity.id
            for entity in self.state.entities.values()
            if entity.campaign in campaigns and entity.id not in self.intake.members and not entity.dead
        ]
        self.intake.members.update((id_, {}) for id_ in woken)
        self.intake.woken.update(woken)
        return woken

    def follow(self, moved: Mapping[str, frozenset[str]]) -> tuple[list[Edit], Plan]:
        """What our own writes have changed besides (entity -> fields): the edits that this agrees on, and the plan that
        gives it to the records that the other tools have."""
        merged = self._merge(moved)
        merged = {id_: {n: cell for n, cell in cells.items() if n in moved[id_]} for id_, cells in merged.items()}
        edits = self.remember(merged)
        whole = [self._subject(entity, frozenset(), ()) for entity in moved]
        subjects = [replace(subject, merged=merged[subject.entity], resume=frozenset()) for subject in whole]
        told = plan(subjects, self.intake.sides, self.workspace.schema)
        told.steps = [step for step in told.steps if step.action is Action.UPDATE]  # the rest has been tried
        return edits, told

    def remember(self, cells: Mapping[str, Mapping[str, Merged]]) -> list[Edit]:
        """Move the state to what was merged; the edits that this agreed on."""
        edits = [edit for entity, merged in cells.items() for edit in agreements(self.state.entities[entity], merged)]
        for entity, merged in cells.items():
            remember(self.state.entities[entity], merged, self.intake.members[entity], self.intake.ended)
        return edits

    def is_over(self, campaign: str) -> bool:
        """Whether a campaign is over by what was merged."""
        known = self.state.entities.get(campaign)
        if known is None:
            return False
        cells = {name: m.value for name, m in self.merged.get(campaign, {}).items() if m.value is not UNSET}
        return is_over({**known.agreed, **cells}, self.started, self.workspace.zone)

    def was_over(self, campaign: str) -> bool:
        """The same by what was agreed before this run."""
        known = self.state.entities.get(campaign)
        return known is not None and is_over(known.agreed, self.started, self.workspace.zone)

    def _subject(
        self,
        entity: str,
        archived: frozenset[str],
        unsettled: Iterable[tuple[str, str]],
    ) -> Subject:
        known, merged = self.state.entities[entity], self.merged[entity]
        agreed = {**known.agreed, **{n: m.value for n, m in merged.items() if m.value is not UNSET and not m.conflict}}
        parent = agreed.get("campaign") if known.kind is Kind.STAGE else EntityLink(entity)
        campaign = parent.id if isinstance(parent, EntityLink) else entity
        closed = known.links.keys() | self.workspace.other_calendars(known.shown_in)
        closed -= self.absences.restored_in(entity)
        # What a tool that looks emptied may have of it, nobody can see.
        closed |= self.intake.emptied.keys() | {t for one, t in (*self.intake.blocked, *unsettled) if one == entity}
        name = self.merged.get(campaign, {}).get("name")
        above = self.state.entities.get(campaign)
        known_name = name.value if name is not None else above.agreed.get("name") if above else None
        return Subject(
            entity=entity,
            kind=known.kind,
            campaign=campaign,
            campaign_name=known_name if isinstance(known_name, str) else self.names.campaign(campaign),
            sightings={tool: s for tool, s in self.intake.members[entity].items() if tool in self.intake.sides},
            merged=merged,
            agreed=agreed,
            closed=frozenset(closed),
            resume=resumable(self.halfway, entity, merged, agreed),
            over=self.is_over(campaign),
            archive=entity in archived,
        )
