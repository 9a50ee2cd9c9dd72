"""Plays a schedule from its first step to the quiet at its end, and says what law it broke, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sync.errors import Unavailable
from sync.findings import FindingKind
from sync.model import Kind
from sync.report import Action, RunReport
from sync.workspace import Scope
from tests.simulation.database import Database
from tests.simulation.esp import SimulatedEsp
from tests.simulation.laws import Laws
from tests.simulation.people import People
from tests.simulation.schedule import PEOPLE, Schedule, Step
from tests.simulation.team import TEAMS, UNBOUNDED
from tests.simulation.violation import Violation
from tests.simulation.world import Mishap, World

INTERVAL = timedelta(minutes=15)
SOON = timedelta(seconds=20)
WAITS = tuple(timedelta(hours=h) for h in (2, 6, 13, 25))
JUMPS = tuple(timedelta(hours=h) for h in (-24, -1, 1, 24))
ONE_RUN = ("run", "soon", "scoped", "full", "broken")
CUTS = ("crash", "fail")  # mishaps in which nobody else does anything meanwhile
Promised = tuple[Action, str, str, str, tuple[str, ...]]  # what is done to a cell of a record, and who had changed it
HALFWAY = ("crash", "fail", "interrupt")
LISTINGS = ("empty", "short", "twice")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a schedule went: the hash of its history, what is wrong, after which step, and how much was done."""

    digest: str
    violation: str | None = None
    step: int | None = None
    runs: int = 0
    boundaries: int = 0


def play(schedule: Schedule, database: Database, tell: Callable[[str], None] | None = None) -> Verdict:
    """Play it, and tell every event if asked to. Any other exception is as much a defect as a broken law."""
    game = _Game(begin(schedule.team % len(TEAMS), database))
    game.world.begin(schedule.order, tell)
    step: int | None = None
    try:
        for step, one in enumerate(schedule.steps):  # noqa: B007
            game.do(one)
        step = None
        game.settle()
    except Violation as violation:
        return game.verdict(str(violation), step)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding of the simulation)
        return game.verdict(f"{type(error).__name__}: {error}", step)
    return game.verdict(None, None)


def begin(team: int, database: Database) -> World:
    """A world in which everybody knows one campaign with one stage."""
    world = World(TEAMS[team], database)
    image = database.images.get(team)
    if image is not None:
        world.resume(image)
        return world
    database.empty()
    people = People(world)
    people.campaign(0, 0, 1)
    people.stage(0, 0, 0)
    world.true_time += INTERVAL
    world.run()
    if any(isinstance(tool, SimulatedEsp) for tool in world.tools.values()):
        people.schedule(0, 2, 1)  # and where there is an ESP it is on its calendar
        world.true_time += INTERVAL
        world.run()
    if (image := world.image()) is not None:
        database.images[team] = image
    return world


class _Game:
    def __init__(self, world: World) -> None:
        self.world = world
        self.people = People(world)
        self.laws = Laws(world)
        self.runs = 0

    def verdict(self, violation: str | None, step: int | None) -> Verdict:
        base = self.world.database.base()
        self.world.note(base.entities, base.links)
        return Verdict(self.world.digest(), violation, step, self.runs, self.world.boundaries)

    def do(self, step: Step) -> None:
        """One step, and the laws after it."""
        self.world.note(step)
        if step.kind in PEOPLE:
            getattr(self.people, step.kind)(step.a, step.b, step.c)
        else:
            alone = step.kind in ONE_RUN and all(m.kind in CUTS for m in self.world.mishaps.values())
            getattr(self, f"_{step.kind}")(step)
            self.laws.after_step(one_run=alone)

    def run(
        self, after: timedelta, scope: Scope | None = None, *, full: bool = False, allow_mass: bool = False
    ) -> RunReport | None:
        self.world.true_time += after
        self.runs += 1
        report = self.world.run(scope=scope, full=full, allow_mass=allow_mass)
        if report is not None:
            self.laws.nobody_is_left_in_the_dark()
        return report

    # Runs.

    def _run(self, step: Step) -> None:
        self.run(INTERVAL)

    def _soon(self, step: Step) -> None:
        """A webhook calls for a run at once, while indexes still lag."""
        self.run(SOON)

    def _full(self, step: Step) -> None:
        """A run that reads all of every tool, as one does every day."""
        self.run(INTERVAL, full=True)

    def _broken(self, step: Step) -> None:
        """A full listing breaks off halfway; where the tool can, the next one goes on."""
        tool = list(self.world.tools.values())[step.a % len(self.world.tools)]
        tool.fate.listing = "broken"
        self.run(INTERVAL, full=True)

    def _scoped(self, step: Step) -> None:
        """A webhook tells of one campaign, somebody resyncs one tool."""
        entities = [id_ for id_, kind, *_ in self.world.database.base().entities if kind == Kind.CAMPAIGN]
        tools = list(self.world.tools)
        if step.a % 2 and entities:
            self.run(SOON, Scope(campaigns=frozenset({entities[step.b % len(entities)]})))
        else:
            self.run(SOON, Scope(tools=frozenset({tools[step.b % len(tools)]}), force=bool(step.c % 2)))

    def _shift(self, step: Step) -> None:
        """Somebody moves the plan of a campaign, and while an ESP is asked to follow something goes wrong; at times
        somebody takes the send off its calendar right after that."""
        self.people.plan(step.a, step.a // 32, 0)
        kind = HALFWAY[step.c % len(HALFWAY)]
        self.world.halfway[step.b % 24] = Mishap(kind, step.b // 24, step.c // len(HALFWAY))
        self.run(INTERVAL)
        if step.c // len(HALFWAY) % 4 == 0:
            self.people.schedule(step.a, 0, 0)

    def _twice(self, step: Step) -> None:
        """The same webhook comes twice."""
        self.run(SOON)
        self.run(timedelta())

    def _dry(self, step: Step) -> None:
        """A dry run writes nothing, and the run after it does what it said."""
        world = self.world
        world.mishaps = {}
        for tool in world.tools.values():
            tool.fate.listing = ""
        world.true_time += INTERVAL
        before, ids = (world.written(), world.shown(), world.database.base()), world.ids
        planned = world.run(dry=True)
        if (world.written(), world.shown(), world.database.base()) != before:
            raise Violation("a dry run writes")
        world.ids = ids
        done = self.run(timedelta())
        said, did = _promised(planned), _promised(done)
        if said - did or not all(map(self._is_ripple, did - said)):
            raise Violation(f"the plan said {said}, the run did {did}")

    def _is_ripple(self, change: Promised) -> bool:
        """Whether an ESP has changed that by itself, with what was planned: nobody knows it before."""
        esps = {name for name, tool in self.world.tools.items() if isinstance(tool, SimulatedEsp)}
        return all(source in esps for source in change[4]) and bool(change[4])

    # What goes wrong.

    def _mishap(self, kind: str, step: Step) -> None:
        self.world.mishaps.setdefault(step.a % 48, Mishap(kind, step.b, step.c))

    def _crash(self, step: Step) -> None:
        self._mishap("crash", step)

    def _fail(self, step: Step) -> None:
        self._mishap("fail", step)

    def _interrupt(self, step: Step) -> None:
        self._mishap("interrupt", step)

    def _pause(self, step: Step) -> None:
        self._mishap("pause", step)

    def _down(self, step: Step) -> None:
        tool = list(self.world.tools.values())[step.a % len(self.world.tools)]
        tool.fate.down = None if tool.fate.down else Unavailable("no answer")

    def _lag(self, step: Step) -> None:
        """The index of a tool falls behind, by no more than the tool admits, or catches up."""
        tool = list(self.world.tools.values())[step.a % len(self.world.tools)]
        tool.index.lag = timedelta(seconds=tool.make.lags * (step.b % 4) / 4)

    def _list(self, step: Step) -> None:
        tool = list(self.world.tools.values())[step.a % len(self.world.tools)]
        tool.fate.listing = LISTINGS[step.b % len(LISTINGS)]

    def _jump(self, step: Step) -> None:
        """The clock of the machine, or of a tool, is set."""
        by = JUMPS[step.b % len(JUMPS)]
        tools = list(self.world.tools.values())
        if step.a % 2:
            self.world.offset = by if not self.world.offset else timedelta()
        else:
            tools[step.c % len(tools)].fate.skew = by

    def _wait(self, step: Step) -> None:
        """Hours go by in which nobody does anything and nothing runs."""
        self.world.true_time += WAITS[step.a % len(WAITS)]

    def _lock(self, step: Step) -> None:
        """Somebody closes a record to edits, or opens it again."""
        if record := self.people.pick(step.a):
            locked = None if record.locked else "it is sent"
            self.world.tools[record.ref.tool].lock(record.ref.native, locked)

    # The end.

    def settle(self) -> None:
        """Nothing goes wrong any more: two runs agree on everything, and the third does nothing."""
        world = self.world
        world.mishaps = {}
        world.true_time += timedelta(minutes=20)
        for tool in world.tools.values():
            tool.fate.down, tool.index.lag, tool.fate.listing = None, timedelta(), ""
            for native in list(tool.records):
                tool.lock(native, None)
        # What went missing after it was read by a listing that broke off is missed a run later, by the next count.
        late = any(tool.reached() for tool in world.tools.values())
        planned = world.run(dry=True) if world.team.bounds is not UNBOUNDED else None
        if planned and any(flag.kind is FindingKind.UNSAFE_PLAN for flag in planned.findings):
            self.run(INTERVAL, allow_mass=True)  # what the guard would stop, a person lets pass
        for attempt in range(3 + late):
            # The third at once: what comes due with time is no work left over. What time alone changes in an ESP (it
            # sends) is none of the run's.
            world.true_time += INTERVAL if attempt < 2 + late else timedelta()
            before, written, base = world.shown(), world.written(), world.database.base()
            report = self.run(timedelta())
            self.laws.after_step()
            idle = world.written() == written and world.database.base() == base
            if report and idle and not (report.opened or report.closed):
                break  # this was the run that has nothing to do; the next would be the same
        self.laws.quiet(before, written, base, report)
        self.laws.agreement()


def _promised(report: RunReport | None) -> Counter[Promised]:
    """By cell, for what is refused is tried again cell by cell."""
    return Counter(
        (change.action, change.tool, change.entity, str(cell or ""), cell.sources if cell else ())
        for change in (report.changes if report else ())
        for cell in (change.cells or (None,))
    )
