"""Findings about the copies themselves: conflicts, deletions, what could not be read, told apart or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sync.campaign import Campaign, kind_title
from sync.delivery import Result
from sync.errors import SyncError
from sync.findings import Claim, Finding, FindingKind, Severity, fingerprint_of
from sync.identity import Aside, Sighting
from sync.intake import Intake
from sync.merge import Conflict
from sync.model import EntityLink, Kind, Schema, Value
from sync.plan import Obstacle
from sync.ports import Withheld
from sync.report import Action
from sync.state import Remembered
from sync.wording import Wording, listed, one_line, span, tool_title
from sync.workspace import Workspace

ONE_BY_ONE = 3  # records that are named when the same is wrong with each


@dataclass(slots=True)
class Names:
    """What entities are called in front of people."""

    wording: Wording
    schema: Schema
    entities: Mapping[str, Remembered]

    def campaign_of(self, entity: str) -> str:
        """The campaign (entity id) that an entity belongs to, itself for a campaign."""
        known = self.entities.get(entity)
        parent = known.agreed.get("campaign") if known and known.kind is Kind.STAGE else None
        return parent.id if isinstance(parent, EntityLink) else entity

    def campaign(self, entity: str) -> str:
        known = self.entities.get(self.campaign_of(entity))
        if known is None:
            return "an unknown campaign"
        claims = known.disputed.get("name", {})
        name = known.agreed.get("name") or next((claims[tool] for tool in sorted(claims)), None)
        return one_line(str(name)) if name else Campaign(known.id).title

    def where(self, entity: str) -> str:
        """The campaign's name, or "Design of <campaign>"."""
        known = self.entities.get(entity)
        if known is None or known.kind is Kind.CAMPAIGN:
            return self.campaign(entity)
        kind = known.agreed.get("kind")
        return f"{kind_title(kind if isinstance(kind, str) else None)} of {self.campaign(entity)}"

    def label(self, kind: Kind, name: str) -> str:
        return self.schema.of(kind)[name].label


@dataclass(slots=True)
class Flags:
    """Makes the findings of one run about the copies."""

    workspace: Workspace
    names: Names
    # Claims of standing conflicts by fingerprint: who wrote them has been asked already.
    known: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)

    def conflict(
        self, entity: Remembered, name: str, conflict: Conflict, sightings: Mapping[str, Sighting], intake: Intake
    ) -> Finding:
        """A cell on which tools disagree."""
        parties = sorted(conflict.claims)
        what = f"{self.names.label(entity.kind, name)} of {self.names.where(entity.id)}"
        title = f"{what} differs in {listed([tool_title(tool) for tool in parties])}"
        advice = "Make the tools say the same, in whichever you like, or take one tool's value."
        decisive = parties
        if conflict.read_only:
            # A tool that we cannot write decides by itself; a decision against it would not change what it does.
            decisive = sorted(conflict.read_only) if len(conflict.read_only) == 1 else []
            fixed = listed([tool_title(tool) for tool in sorted(conflict.read_only)])
            advice = f"{fixed} takes no {name.replace('_', ' ')} from us: change it there, or follow what {fixed} says."
        options = tuple(f"--take {tool}" for tool in decisive)
        fingerprint = fingerprint_of(FindingKind.CONFLICT, entity.id, name)
        known = {(claim.tool, claim.value): claim for claim in self.known.get(fingerprint, ())}
        claims = tuple(
            self._claim(tool, entity, name, conflict.claims[tool], sightings.get(tool), intake, known)
            for tool in parties
        )
        return self._finding(FindingKind.CONFLICT, entity.id, title, advice, name, claims, options=options)

    def _claim(
        self,
        tool: str,
        entity: Remembered,
        name: str,
        value: Value,
        sighting: Sighting | None,
        intake: Intake,
        known: Mapping[tuple[str, str], Claim],
    ) -> Claim:
        words = self.names.wording.value(value)
        if (tool, words) in known:
            return known[tool, words]
        if sighting is None or tool not in intake.sides:
            return Claim(tool, words)
        native = intake.sides[tool].mapping.native_field(entity.kind, name)
        record = sighting.record
        who, at = record.changed_by, record.changed_at
        try:
            told = self.workspace.tools[tool].connector.attribution(record, native) if native else None
        except SyncError:
            told = None  # who wrote it is worth a question, not a failed run
        if told is not None:
            who, at = told.who, told.at
        return Claim(tool, words, who, at, record.url)

    def deletion(self, entity: Remembered, tool: str) -> Finding:
        """A record that somebody deleted in one tool; nothing is deleted elsewhere before a person says so."""
        where, there = self.names.where(entity.id), tool_title(tool)
        link = entity.links[tool]
        others = sorted(name for name, other in entity.links.items() if name != tool and not other.missed)
        kept = listed([tool_title(name) for name in others]) or "no other tool"
        kind = FindingKind.DELETION_CONFLICT if link.contested else FindingKind.DELETION
        title = f"{where} was deleted in {there}; it is kept in {kept}"
        if link.contested:
            title = f"{where} was deleted in {there}, but edited in {kept} since"
        advice = f"Delete it everywhere, or bring it back in {there}. Until somebody decides, nothing more is deleted."
        source = self.workspace.tools.get(tool)
        if source is not None and not source.connector.capability.creates:
            advice = (
                f"{there} is only read: put it back there yourself, and all is as it was. Or decide: --delete deletes "
                f"it in {kept} too, --restore goes on without it in {there}. Until then nothing more is deleted."
            )
        return self._finding(kind, entity.id, title, advice, tool, options=("--restore", "--delete"))

    def aside(self, aside: Aside) -> Finding | None:
        """A record that could not be told apart from others."""
        ref = aside.sighting.record.ref
        name = one_line(str(aside.sighting.reading.values.get("name") or aside.sighting.record.key or ref.native))
        where = self.names.where(aside.entity) if aside.entity and ref.kind is Kind.STAGE else name
        subject = f"{ref.tool}/{ref.native}"
        record = aside.sighting.record.key or ref.native
        if aside.reason == "deleted":
            return None
        if aside.reason == "duplicate":
            title = f"{record} in {tool_title(ref.tool)} is a copy of {where} that still carries its mark"
            advice = "Delete the copy, or clear its sync id to make it a campaign of its own."
            return Finding(FindingKind.DUPLICATE, Severity.WARNING, subject, title, advice)
        rivals = ", ".join(f"{rival.native} in {tool_title(rival.tool)}" for rival in aside.rivals)
        title = f"{where} ({record} in {tool_title(ref.tool)}) cannot be told apart from {rivals}, so it is left alone"
        advice = "Give them different names or dates, name the Jira key in the record, or delete the copy."
        return Finding(FindingKind.AMBIGUOUS, Severity.WARNING, subject, title, advice)

    def unreadable(self, members: Iterable[tuple[str, Sighting]]) -> Iterator[Finding]:
        """Values in records (entity, sighting) that mean nothing here; a whole field is told once."""
        alike: dict[tuple[str, Kind, str, str], list[str]] = {}
        for entity, sighting in members:
            for name, reason in sighting.reading.troubles.items():
                alike.setdefault((sighting.tool, sighting.record.ref.kind, name, reason), []).append(entity)
        for (tool, kind, name, reason), entities in sorted(alike.items()):
            label, there = self.names.label(kind, name), tool_title(tool)
            advice = f"Change it in {there}, or correct the mapping file of {there}. Everything else goes on."
            if len(entities) > ONE_BY_ONE:
                title = f"{label} of {len(entities)} {kind}s in {there} cannot be understood: {reason}"
                yield Finding(
                    FindingKind.UNREADABLE, Severity.WARNING, tool, title, advice, detail_key=f"{kind}/{name}"
                )
                continue
            for entity in entities:
                title = f"{label} of {self.names.where(entity)} in {there} cannot be understood: {reason}"
                yield self._finding(FindingKind.UNREADABLE, entity, title, advice, f"{tool}/{name}")

    def obstacle(self, obstacle: Obstacle) -> Finding:
        """A value that one tool cannot be given."""
        label = self.names.label(obstacle.kind, obstacle.field)
        value = self.names.wording.value(obstacle.value)
        where = self.names.where(obstacle.entity)
        title = f"{label} of {where} ({value}) could not be given to {tool_title(obstacle.tool)}: {obstacle.reason}"
        advice = f"Change it in {tool_title(obstacle.tool)} by hand, or change the value. Everything else goes on."
        return self._finding(
            FindingKind.NOT_WRITTEN, obstacle.entity, title, advice, f"{obstacle.tool}/{obstacle.field}",
            severity=Severity.INFO,
        )  # fmt: skip

    def kept(self, entity: str, tool: str) -> Finding:
        """A record that is to be deleted, in a tool from which we can delete nothing."""
        title = f"{self.names.where(entity)} is still in {tool_title(tool)}, which takes no deletion from us"
        advice = f"Delete it in {tool_title(tool)} by hand; then it is gone everywhere, as somebody decided."
        return self._finding(FindingKind.NOT_WRITTEN, entity, title, advice, f"{tool}/deletion")

    def failed(self, result: Result) -> Finding:
        """A write that the tool refused."""
        step, tool = result.step, tool_title(result.step.tool)
        where, key = self.names.where(step.entity), step.tool
        reason = str(result.error).removeprefix(f"{step.tool}: ").removeprefix(f"{tool}: ")
        title = f"{tool} refused to {step.action.value} {where}: {reason}"
        if step.action is Action.UPDATE and len(step.cells) == 1:
            (cell,) = step.cells
            key = f"{step.tool}/{cell.field}"
            value = self.names.wording.value(cell.new)
            title = f"{cell.label} of {where} ({value}) could not be given to {tool}: {reason}"
        advice = (
            "Correct it in the tool or in the mapping. It is tried again when it changes and every "
            f"{span(self.workspace.count_every)}, and at once with: campaign-sync sync --full"
        )
        return self._finding(FindingKind.NOT_WRITTEN, step.entity, title, advice, key)

    def unscheduled(self, entity: str, tool: str, *, sure: bool) -> Finding:
        """A send that is off the calendar because moving it stopped halfway, surely or by all that is known."""
        where, there = self.names.where(entity), tool_title(tool)
        planned = self.names.entities[entity].agreed.get("planned_send")
        title = f"{where} is no longer scheduled in {there}: moving its send stopped halfway"
        who = (
            "Every run tries to do so as well, unless somebody sets another time there."
            if sure
            else "No run does so by itself: one of you may have taken it off as well while we were cut off, or has set "
            "another time there since."
        )
        advice = (
            f"Schedule it in {there} for {self.names.wording.value(planned)}. {who} If it is to stay unscheduled, "
            "say so with this option."
        )
        return self._finding(
            FindingKind.UNSCHEDULED, entity, title, advice, tool, severity=Severity.URGENT, options=(f"--take {tool}",)
        )

    def trouble(self, tool: str, reason: str) -> Finding:
        """A tool that could not be read or written."""
        title = f"{tool_title(tool)} was left out: {reason}"
        advice = "Nothing is lost: what it missed is caught up as soon as it can be read again."
        return Finding(FindingKind.TOOL_TROUBLE, Severity.URGENT, tool, title, advice)

    def withheld(self, tool: str, things: Sequence[Withheld]) -> Finding:
        """What an account keeps from us. It stands in nobody's way."""
        what = "; ".join(one_line(thing.what) for thing in things)
        remedies = [f"{thing.remedy[:1].upper()}{thing.remedy[1:]}." for thing in things]
        title = f"{tool_title(tool)} does not tell everything: {what}"
        advice = " ".join((*remedies, "Everything else goes on."))
        return Finding(FindingKind.WITHHELD, Severity.INFO, tool, title, advice)

    def emptied(self, tool: str, reason: str) -> Finding:
        """A tool in which too much is missing at once."""
        title = f"{tool_title(tool)} looks emptied: {reason}. Nothing was taken for deleted, and nothing is made there"
        advice = "Check the tool. If people really deleted these, run: campaign-sync sync --allow-mass-change"
        return Finding(FindingKind.UNSAFE_PLAN, Severity.URGENT, tool, title, advice, detail_key="emptied")

    def unsafe(self, reasons: Sequence[str]) -> Finding:
        """A plan that changes too much at once."""
        title = f"Nothing was written, because this run would change too much: {'; '.join(reasons)}"
        advice = "Look at it with: campaign-sync plan. If it is meant, run: campaign-sync sync --allow-mass-change"
        return Finding(FindingKind.UNSAFE_PLAN, Severity.URGENT, self.workspace.name, title, advice)

    def _finding(
        self, kind: FindingKind, entity: str, title: str, advice: str, key: str = "", claims: tuple[Claim, ...] = (),
        severity: Severity = Severity.WARNING,
        options: tuple[str, ...] = (),
    ) -> Finding:  # fmt: skip
        campaign = self.names.campaign_of(entity)
        return Finding(
            kind, severity, entity, title, advice, campaign, self.names.campaign(entity), key, claims, options
        )  # fmt: skip
