"""The laws of the whole loop over random histories of three tools: people, failures, crashes, decisions."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sync.absence import DELETE, RESTORE
from sync.codec import decode
from sync.errors import Ambiguous, ConfigError, Rejected, Stale, Unavailable
from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import Kind, Value
from sync.ports import Create, Refusal
from sync.report import State
from sync.store import open_store
from tests.sync.plain import FIELDS, AsIs, Box, DayOnly, World, instant

TOOLS = ("airtable", "esp", "jira")
TIMES = tuple(instant(f"2026-05-{number:02}T{hour}:30") for number in (4, 6) for hour in ("08", "15"))
STATUSES = ("planned", "in_progress", "approved")
ERRORS = (Unavailable("busy"), Ambiguous("no answer"), Rejected("no"), Stale("it changed"), ConfigError("no access"))
TRACKED = {Kind.CAMPAIGN: "subject", Kind.STAGE: "notes"}  # texts in which every value is written once only


class Crashed(Exception):
    """The process dies."""


def _template() -> Path:
    """An empty migrated database, to copy."""
    file = Path(tempfile.mkdtemp(prefix="sync-laws-")) / "state.db"
    with open_store(str(file), "test"):
        return file


class History(RuleBasedStateMachine):
    """What people and fate do between the runs; the runs are checked as they come, and the end is when all is quiet."""

    template: Path | None = None

    @initialize()
    def begin(self) -> None:
        History.template = History.template or _template()
        self.folder = Path(tempfile.mkdtemp(prefix="sync-laws-"))
        self.world = World(
            self.folder,
            Box("airtable", batch=2),
            Box("esp", {"status": AsIs(writable=False)}, frozenset({"status"}), frozenset({Kind.CAMPAIGN})),
            Box("jira", {"planned_send": DayOnly()}),
            bounds=Bounds(archive_count=1000, archive_share=1.0),
        )
        shutil.copy(History.template, self.world.file)
        self.count = 0
        self.seen: dict[Value, set[Value]] = {}  # by text: the texts that its writers had been shown
        self.last: dict[tuple[str, str], str] = {}  # by record: the last text that a person wrote

    def fresh(self) -> str:
        self.count += 1
        return f"text {self.count}"

    def natives(self, kind: Kind, tools: tuple[str, ...] = TOOLS) -> list[tuple[str, str]]:
        records = [(tool, r) for tool in tools for r in self.world.tools[tool].records.values()]
        return [(tool, record.ref.native) for tool, record in records if record.ref.kind is kind]

    def pick(self, number: int, kind: Kind, tools: tuple[str, ...] = TOOLS) -> tuple[str, str] | None:
        found = self.natives(kind, tools)
        return found[number % len(found)] if found else None

    def write(self, tool: str, native: str, field: str, value: str) -> None:
        """A person writes a text, having been shown what stands there."""
        before = decode(self.world.tools[tool].records[native].fields.get(field))
        seen = self.seen.setdefault(value, set())
        seen |= {before, *self.seen.get(before, set())}
        self.world.edit(tool, native, **{field: value})
        self.last[tool, native] = value

    # What people do.

    @rule(tool=st.sampled_from(TOOLS), name=st.sampled_from(["Spring", "Summer", "Autumn"]), tells=st.booleans())
    def make_campaign(self, tool: str, name: str, tells: bool) -> None:
        native = self.world.campaign(tool, name=name)
        if tells:
            self.write(tool, native, "subject", self.fresh())

    @rule(number=st.integers(0, 20), kind=st.sampled_from(["design", "content"]))
    def make_stage(self, number: int, kind: str) -> None:
        if picked := self.pick(number, Kind.CAMPAIGN, ("airtable", "jira")):
            tool, campaign = picked
            self.write(tool, self.world.stage(tool, campaign, kind=kind), "notes", self.fresh())

    @rule(number=st.integers(0, 20), kind=st.sampled_from(Kind))
    def edit(self, number: int, kind: Kind) -> None:
        if picked := self.pick(number, kind):
            self.write(*picked, TRACKED[kind], self.fresh())

    @rule(number=st.integers(0, 20), other=st.integers(0, 20))
    def agree(self, number: int, other: int) -> None:
        """A person copies the text of some tool into another, as one does to end a conflict."""
        picked, source = self.pick(number, Kind.CAMPAIGN), self.pick(other, Kind.CAMPAIGN)
        if picked and source:
            text = decode(self.world.tools[source[0]].records[source[1]].fields.get("subject"))
            if isinstance(text, str):
                self.write(*picked, "subject", text)

    @rule(number=st.integers(0, 20), status=st.sampled_from(STATUSES))
    def set_status(self, number: int, status: str) -> None:
        if picked := self.pick(number, Kind.CAMPAIGN):
            self.world.edit(*picked, status=status)

    @rule(number=st.integers(0, 20), at=st.sampled_from(TIMES))
    def plan(self, number: int, at: Value) -> None:
        if picked := self.pick(number, Kind.CAMPAIGN):
            shown = DayOnly().project(at) if picked[0] == "jira" else at
            assert not isinstance(shown, Refusal)
            self.world.edit(*picked, planned_send=shown)

    @rule(number=st.integers(0, 20), words=st.frozensets(st.sampled_from(["x", "y", "z"])))
    def tag(self, number: int, words: frozenset[str]) -> None:
        if picked := self.pick(number, Kind.CAMPAIGN):
            self.world.edit(*picked, tags=words)

    @rule(number=st.integers(0, 20), kind=st.sampled_from(Kind))
    def clear(self, number: int, kind: Kind) -> None:
        if picked := self.pick(number, kind):
            self.world.edit(*picked, owner=None, status=None)

    @rule(number=st.integers(0, 20), to=st.integers(0, 20))
    def move(self, number: int, to: int) -> None:
        picked = self.pick(number, Kind.STAGE)
        if picked and (target := self.pick(to, Kind.CAMPAIGN, (picked[0],))):
            self.world.tools[picked[0]].move(picked[1], target[1])

    @rule(number=st.integers(0, 20), kind=st.sampled_from(Kind))
    def delete(self, number: int, kind: Kind) -> None:
        if picked := self.pick(number, kind):
            self.world.tools[picked[0]].delete(picked[1])

    @rule(number=st.integers(0, 20), choice=st.integers(0, 5))
    def decide(self, number: int, choice: int) -> None:
        with self.world.store() as store:
            standing = [known.finding for known in store.open_findings() if known.finding.options]
            if standing:
                finding = standing[number % len(standing)]
                option = finding.options[choice % len(finding.options)].removeprefix("--")
                store.decide(finding.fingerprint, option.removeprefix("take "), self.world.now)
                assert option in (DELETE, RESTORE) or finding.kind is FindingKind.CONFLICT

    # What fate does.

    @rule(tool=st.sampled_from(TOOLS), error=st.sampled_from(ERRORS), after=st.booleans())
    def fail(self, tool: str, error: Exception, after: bool) -> None:
        # Whatever is applied and not acknowledged is unanswered by definition.
        self.world.tools[tool].fail_next(Ambiguous("no answer") if after else error, after=after)

    @rule(tool=st.sampled_from(TOOLS), call=st.sampled_from(["fetch", "read", "schema"]))
    def fail_to_read(self, tool: str, call: str) -> None:
        self.world.tools[tool].fail_next(Unavailable("busy"), call=call)

    @rule(tool=st.sampled_from(TOOLS), after=st.booleans())
    def crash(self, tool: str, after: bool) -> None:
        self.world.tools[tool].fail_next(Crashed(), after=after)

    @rule(tool=st.sampled_from(TOOLS), down=st.booleans())
    def go_down(self, tool: str, down: bool) -> None:
        self.world.tools[tool].down = Unavailable("no answer") if down else None

    # The runs.

    @rule()
    def run(self) -> None:
        self.foresee_decisions()
        before = self.shown()
        written = {name: len(tool.log) for name, tool in self.world.tools.items()}
        with contextlib.suppress(Crashed):
            self.world.run()
        self.world.now += timedelta(hours=1)
        self.check_writes(before, written)

    @rule()
    def run_dry(self) -> None:
        before, written = self.shown(), self.world.writes()
        self.world.run(dry=True)
        assert (self.shown(), self.world.writes()) == (before, written)

    def foresee_decisions(self) -> None:
        """Whoever takes one tool's text has been shown the other ones."""
        state = self.world.state()
        for finding in self.world.open().get(FindingKind.CONFLICT, []):
            entity, choice = state.entities[finding.subject], state.decisions.get(finding.fingerprint)
            if choice is None or finding.detail_key != TRACKED[entity.kind]:
                continue
            records = {t: self.world.tools[t].records.get(link.ref.native) for t, link in entity.links.items()}
            texts = {tool: decode(r.fields.get(finding.detail_key)) for tool, r in records.items() if r}
            shown = self.seen.setdefault(texts.get(choice), set())
            for text in texts.values():
                shown |= {text, *self.seen.get(text, set())}

    def shown(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(tool, n): dict(r.fields) for tool in TOOLS for n, r in self.world.tools[tool].records.items()}

    def check_writes(self, before: dict[tuple[str, str], dict[str, Any]], written: dict[str, int]) -> None:
        after, state = self.shown(), self.world.state()
        # No two records of one entity in one tool.
        for made_in in self.world.tools.values():
            markers = [record.marker for record in made_in.records.values() if record.marker]
            assert len(markers) == len(set(markers))
        links = [link.ref for entity in state.entities.values() for link in entity.links.values()]
        assert len(links) == len(set(links))
        # A field that cannot be written never is.
        for change in self.world.tools["esp"].log[written["esp"] :]:
            assert "status" not in getattr(change, "fields", {})
        # A cell in conflict is written nowhere.
        for entity in state.entities.values():
            for name in set(entity.disputed) & set(FIELDS[entity.kind]) - {"tags"}:
                for link in entity.links.values():
                    ref = (link.ref.tool, link.ref.native)
                    if ref in before and ref in after:
                        assert before[ref].get(name) == after[ref].get(name)
        # Nobody's text gives way to one whose writer had not been shown it.
        for ref in set(before) & set(after):
            for name in TRACKED.values():
                old, new = decode(before[ref].get(name)), decode(after[ref].get(name))
                if old != new and old is not None:
                    assert old in self.seen.get(new, set()), f"{ref}: {old} gave way to {new}"
        # A record that somebody deleted is not made again beside a decision to the contrary: the dead stay dead.
        dead = {entity.id for entity in state.entities.values() if entity.dead}
        for name, connector in sorted(self.world.tools.items()):
            made = {change.marker for change in connector.log[written[name] :] if isinstance(change, Create)}
            assert not made & dead

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for tool in self.world.tools.values():
            tool.down = None
            tool._failures.clear()
        for _ in range(3):
            self.run()
        before, written = self.shown(), self.world.writes()
        report = self.world.run()
        assert (self.world.writes(), self.shown()) == (written, before)
        assert not [change for change in report.changes if change.state is not State.DEFERRED]
        self.check_agreement()
        self.check_nothing_lost()
        shutil.rmtree(self.folder)

    def check_agreement(self) -> None:
        """Every living record shows what was agreed, apart from cells in conflict."""
        for entity in self.world.state().entities.values():
            for tool, link in entity.links.items():
                record = self.world.tools[tool].records.get(link.ref.native)
                if record is None or entity.dead:
                    continue
                mapping = next(box.mapping() for box in self.world.boxes if box.name == tool)
                shown = mapping.get(record).values
                for name, view in mapping.views(entity.kind).items():
                    if name in entity.agreed and name not in entity.disputed:
                        assert shown[name] == view.project(entity.agreed[name]), f"{tool} {name}"

    def check_nothing_lost(self) -> None:
        """What a person wrote last into a record is shown somewhere, claimed, or in the history."""
        kept: set[Value] = {decode(fields.get(n)) for fields in self.shown().values() for n in TRACKED.values()}
        for entity in self.world.state().entities.values():
            kept |= {claim for claims in entity.disputed.values() for claim in claims.values()}
        for row in self.world.history():
            kept |= {decode(json.loads(row.old)), decode(json.loads(row.new))}
            kept |= {decode(value) for value in json.loads(row.lost).values()}
        for (tool, native), text in self.last.items():
            assert text in kept or native not in self.world.tools[tool].records, f"{text} in {native} is lost"


def _sized(machine: Callable[[], Any]) -> Any:
    case = machine.TestCase  # type: ignore[attr-defined]
    usual = settings().max_examples
    case.settings = settings(max_examples=max(40, usual // 3), stateful_step_count=25)
    return case


TestHistory = _sized(History)
