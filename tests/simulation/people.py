"""What people do in the tools and decide by command. Every act takes numbers that choose among what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sync.absence import DELETE
from sync.findings import FindingKind
from sync.model import Kind, Record, Value
from sync.ports import Refusal
from sync.store import Store
from tests.simulation.esp import SimulatedEsp
from tests.simulation.oracle import TRACKED
from tests.simulation.team import NAMES, OWNERS, STAGES, STATUSES, TAGS, TIMES
from tests.simulation.world import World

TEXT = {Kind.CAMPAIGN: "subject", Kind.STAGE: "notes"}


class People:
    """The people of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.act = self.meanwhile

    def records(self, kind: Kind | None = None, tool: str | None = None) -> list[Record]:
        """What there is, in the order in which it was made."""
        return [
            record
            for name, one in self.world.tools.items()
            if tool is None or name == tool
            for record in one.records.values()
            if kind is None or record.ref.kind is kind
        ]

    def pick(self, number: int, kind: Kind | None = None, tool: str | None = None) -> Record | None:
        found = self.records(kind, tool)
        return found[number % len(found)] if found else None

    def write(self, record: Record, name: str, value: Value) -> None:
        """Set a field, if the tool has it, to what it can show of the value."""
        tool = self.world.tools[record.ref.tool]
        view = tool.make.views.get(name)
        shown = view.project(value) if view else value
        if name in tool.make.fields(record.ref.kind) and not isinstance(shown, Refusal):
            tool.edit(record.ref.native, **{name: shown})

    def meanwhile(self, a: int, b: int) -> None:
        """What somebody does in the middle of a run."""
        (self.edit, self._plan, self.edit, self.schedule)[b % 4](a, b // 4, b // 64)

    def edit(self, a: int, b: int, c: int) -> None:
        """Write a text that nobody has written before; some end in a blank, which one tool takes away."""
        if record := self.pick(a):
            self.write(record, TEXT[record.ref.kind], self.world.oracle.fresh() + (" " if b % 8 == 0 else ""))

    def agree(self, a: int, b: int, c: int) -> None:
        """Copy the text of some record into another of its kind, as one does to end a conflict."""
        source = self.pick(a)
        target = self.pick(b, source.ref.kind) if source else None
        if source and target:
            self.write(target, TEXT[source.ref.kind], source.fields.get(TEXT[source.ref.kind]))

    def clear(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a):
            self.write(record, TEXT[record.ref.kind] if b % 2 else "status", None)

    def rename(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a, Kind.CAMPAIGN):
            self.write(record, "name", NAMES[b % len(NAMES)])

    def status(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a):
            self.write(record, "status", STATUSES[b % len(STATUSES)])

    def plan(self, a: int, b: int, c: int) -> None:
        """Between two runs: the next one sees it before it writes."""
        sends, tools, at = self.world.oracle.sends, self.world.tools, TIMES[b % len(TIMES)]
        if sends.off:
            refs = [record.ref for record in self.records(Kind.CAMPAIGN)]
            sends.times.update(tools[ref.tool].shows(ref.native).get("planned_send") for ref in refs)
        if record := self._plan(a, b, c):
            if sends.off and tools[record.ref.tool].shows(record.ref.native).get("planned_send") == at:
                sends.timed(record.ref.tool, record.ref.native, at)
            sends.times.add(at)

    def _plan(self, a: int, b: int, c: int) -> Record | None:
        if record := self.pick(a, Kind.CAMPAIGN):
            self.write(record, "planned_send", TIMES[b % len(TIMES)])
        return record

    def tag(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a, Kind.CAMPAIGN):
            self.write(record, "tags", frozenset(t for at, t in enumerate(TAGS) if b >> at & 1))

    def own(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a, Kind.CAMPAIGN):
            self.write(record, "owner", OWNERS[b % len(OWNERS)])

    def campaign(self, a: int, b: int, c: int) -> None:
        tools = list(self.world.tools.values())
        tool = tools[a % len(tools)]
        fields: dict[str, Any] = {"name": NAMES[b % len(NAMES)]}
        if c % 2:
            fields["subject"] = self.world.oracle.fresh()
        tool.put(Kind.CAMPAIGN, fields)

    def stage(self, a: int, b: int, c: int) -> None:
        campaign = self.pick(a, Kind.CAMPAIGN)
        if campaign and Kind.STAGE in self.world.tools[campaign.ref.tool].capability.kinds:
            fields = {"kind": STAGES[b % len(STAGES)], "notes": self.world.oracle.fresh()}
            self.world.tools[campaign.ref.tool].put(Kind.STAGE, fields, parent=campaign.ref.native)

    def move(self, a: int, b: int, c: int) -> None:
        stage = self.pick(a, Kind.STAGE)
        campaign = self.pick(b, Kind.CAMPAIGN, stage.ref.tool) if stage else None
        if stage and campaign:
            self.world.tools[stage.ref.tool].move(stage.ref.native, campaign.ref.native)

    def schedule(self, a: int, b: int, c: int) -> None:
        """Put a send on the calendar of an ESP, elsewhere on it, or take it off."""
        tools: Iterable[object] = self.world.tools.values()
        esps = [tool for tool in tools if isinstance(tool, SimulatedEsp)]
        sends = [(esp, native) for esp in esps for native in esp.records]
        if sends:
            esp, native = sends[a % len(sends)]
            if c % 4:
                esp.schedule(native, TIMES[b % len(TIMES)])
            else:
                esp.unschedule(native)

    def call(self, a: int, b: int, c: int) -> None:
        """Say in a tool that a campaign is to be scheduled, which counts where the workspace lets the sync do it."""
        if record := self.pick(a, Kind.CAMPAIGN):
            self.world.oracle.sends.asked = True
            self.write(record, "status", "scheduled")

    def delete(self, a: int, b: int, c: int) -> None:
        if record := self.pick(a):
            self.world.tools[record.ref.tool].delete(record.ref.native)

    def restore(self, a: int, b: int, c: int) -> None:
        gone = [(tool, native) for tool in self.world.tools.values() for native in tool.bin]
        if gone:
            tool, native = gone[a % len(gone)]
            tool.restore(native)

    def bulk(self, a: int, b: int, c: int) -> None:
        """Somebody changes, or deletes, everything in one tool at once."""
        names = list(self.world.tools)
        for record in self.records(tool=names[a % len(names)]):
            if c % 4 == 0:
                self.world.tools[record.ref.tool].delete(record.ref.native)
            else:
                self.write(record, "status", STATUSES[b % len(STATUSES)])

    def decide(self, a: int, b: int, c: int) -> None:
        """Somebody resolves a finding by command, having been shown what it is about."""
        store = Store(self.world.database.engine, "sim")
        standing = [known.finding for known in store.open_findings() if known.finding.options]
        if not standing:
            return
        finding = standing[a % len(standing)]
        choice = finding.options[b % len(finding.options)].removeprefix("--").removeprefix("take ")
        store.decide(finding.fingerprint, choice, self.world.clock())
        self.world.note("decided", finding.fingerprint, choice)
        if finding.kind is FindingKind.UNSCHEDULED:
            self._leave_off(store, finding.subject, choice)
        if choice == DELETE:
            self.world.decisions.add(finding.subject)
        if finding.kind is FindingKind.CONFLICT and finding.detail_key in TRACKED:
            self._choose(store, finding.subject, finding.detail_key, choice)

    def _leave_off(self, store: Store, subject: str, tool: str) -> None:
        link = store.load().entities[subject].links.get(tool)
        if link is not None:
            self.world.oracle.sends.by_people(tool, link.ref.native)

    def _choose(self, store: Store, subject: str, name: str, choice: str) -> None:
        entity = store.load().entities[subject]
        texts = {tool: self._text(tool, link.ref.native, name) for tool, link in entity.links.items()}
        texts.update(entity.disputed.get(name, {}))
        if choice in entity.links:
            native = entity.links[choice].ref.native
            self.world.oracle.choose((choice, native, name), self._text(choice, native, name), list(texts.values()))

    def _text(self, tool: str, native: str, name: str) -> Any:
        record = self.world.tools[tool].records.get(native)
        return record.fields.get(name) if record else None
