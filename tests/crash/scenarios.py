"""What people had done before the run that is killed: each scenario prepares a world up to right before that run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sync.errors import Ambiguous, Unavailable
from sync.findings import FindingKind
from sync.guard import Bounds
from sync.model import Kind
from tests.crash.world import CrashWorld, Desk
from tests.sync.plain import ANN, DayOnly, instant

CAMPAIGNS = frozenset({Kind.CAMPAIGN})
LATE = 1200.0  # seconds that a listing lags: longer than it takes until the next run
RELAXED = Bounds(archive_count=1000, archive_share=1.0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A way to prepare a world. `rich`: one of those that are killed twice. `disputes` says why it
    may end in conflicts that an unharmed run does not end in; empty where it must end in the same."""

    name: str
    prepare: Callable[[CrashWorld], None]
    rich: bool
    disputes: str
    desks: tuple[Desk, ...]
    blank: bool

    def world(self, folder: Path, url: str | None = None) -> CrashWorld:
        """The world right before the run that is killed."""
        world = CrashWorld(folder, *self.desks, url=url, bounds=RELAXED, count_every=timedelta())
        if not self.blank:
            _synced(world)
        self.prepare(world)
        return world


SCENARIOS: dict[str, Scenario] = {}

AIRTABLE = Desk("airtable", batch=3, atomic=True, changes=True)
JIRA = Desk("jira", {"planned_send": DayOnly()}, batch=2, settle=LATE)
ESP = Desk("esp", kinds=CAMPAIGNS, batch=1, read_only=frozenset({"status"}), settle=LATE)
TEAM = (AIRTABLE, ESP, JIRA)
PAIR = (AIRTABLE, JIRA)


def scenario(
    *, rich: bool = False, disputes: str = "", desks: tuple[Desk, ...] = TEAM, blank: bool = False
) -> Callable[[Callable[[CrashWorld], None]], Callable[[CrashWorld], None]]:
    """Register a scenario. It begins with a team that is in sync, or with `blank` tools and no state at all."""

    def register(prepare: Callable[[CrashWorld], None]) -> Callable[[CrashWorld], None]:
        SCENARIOS[prepare.__name__] = Scenario(prepare.__name__, prepare, rich, disputes, desks, blank)
        return prepare

    return register


def _synced(world: CrashWorld) -> None:
    """Spring with a design stage, Summer with a content stage, in every tool that can have them."""
    _made(world)
    settle(world)


def _made(world: CrashWorld) -> None:
    spring = world.campaign(
        "airtable", name="Spring", subject="one", brief="warm", tags=frozenset({"a"}), owner=ANN,
        planned_send=instant("2026-03-20T09:00"),
    )  # fmt: skip
    world.stage("airtable", spring, kind="design", notes="blue", owner=ANN)
    summer = world.campaign("jira", name="Summer", subject="hot")
    world.stage("jira", summer, kind="content", notes="long", owner=ANN)


def settle(world: CrashWorld, runs: int = 3) -> None:
    for _ in range(runs):
        world.sync()


def _choose(world: CrashWorld, kind: FindingKind, choice: str) -> None:
    world.restored += choice == "restore"
    world.decide(kind, choice)


@scenario(blank=True, desks=(AIRTABLE, JIRA))
def new_database(world: CrashWorld) -> None:
    """The very first run makes the database too."""
    world.campaign("airtable", name="Spring", subject="one")


@scenario(blank=True, rich=True)
def first_sync(world: CrashWorld) -> None:
    with world.store():
        pass  # the database is there, and empty
    _made(world)
    world.campaign("esp", name="Autumn", subject="leaves")


@scenario(blank=True)
def adoption(world: CrashWorld) -> None:
    """Every tool has the campaign already, and each knows something that the others do not."""
    with world.store():
        pass
    _made(world)
    world.stage("jira", world.campaign("jira", name="Spring", brief="warm"), kind="design", due=None, status="todo")
    world.campaign("esp", name="Spring", subject="one")


@scenario(rich=True)
def edit_fan_out(world: CrashWorld) -> None:
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two", brief="warmer")
    world.edit("jira", world.native("jira", Kind.STAGE, kind="design"), notes="green")


@scenario(rich=True)
def edits_in_two_tools(world: CrashWorld) -> None:
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two", tags=frozenset({"a", "b"}))
    world.edit("jira", world.native("jira", name="Spring"), brief="hotter", tags=frozenset({"c"}))
    world.edit("esp", world.native("esp", name="Summer"), subject="very hot")


@scenario(rich=True)
def conflict(world: CrashWorld) -> None:
    """One field is edited on two sides; another one goes on."""
    world.edit("airtable", world.native("airtable", name="Spring"), subject="mine", brief="warmer")
    world.edit("esp", world.native("esp", name="Spring"), subject="yours")


@scenario()
def conflict_settled_by_people(world: CrashWorld) -> None:
    conflict(world)
    settle(world, 1)
    world.edit("esp", world.native("esp", name="Spring"), subject="mine")


@scenario(rich=True)
def decision_take(world: CrashWorld) -> None:
    conflict(world)
    settle(world, 1)
    world.decide(FindingKind.CONFLICT, "esp")


@scenario(desks=PAIR)
def clear(world: CrashWorld) -> None:
    world.tools["jira"].clear(world.native("jira", name="Spring"), "owner", "brief")
    world.tools["airtable"].clear(world.native("airtable", Kind.STAGE, kind="content"), "notes")


@scenario(rich=True)
def move(world: CrashWorld) -> None:
    """A stage goes to another campaign, and is told something on the way."""
    stage = world.native("jira", Kind.STAGE, kind="design")
    world.tools["jira"].move(stage, world.native("jira", name="Summer"))
    world.edit("jira", stage, notes="for Summer")


@scenario(desks=PAIR)
def rename(world: CrashWorld) -> None:
    world.edit("jira", world.native("jira", name="Spring"), name="Spring again")


@scenario(rich=True)
def new_beside_old(world: CrashWorld) -> None:
    autumn = world.campaign("jira", name="Autumn", subject="leaves")
    world.stage("jira", autumn, kind="qa", notes="twice")
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two")


@scenario(desks=PAIR)
def deletion_first_absence(world: CrashWorld) -> None:
    world.tools["jira"].delete(world.native("jira", name="Summer"))


@scenario(desks=PAIR)
def deletion_second_absence(world: CrashWorld) -> None:
    deletion_first_absence(world)
    settle(world, 1)


@scenario()
def deletion_against_edit(world: CrashWorld) -> None:
    deletion_first_absence(world)
    settle(world, 1)
    world.edit("airtable", world.native("airtable", name="Summer"), subject="cold")


@scenario(rich=True)
def decision_delete(world: CrashWorld) -> None:
    """Everything of a campaign is archived, its stages first."""
    deletion_first_absence(world)
    settle(world, 2)
    _choose(world, FindingKind.DELETION, "delete")


@scenario(rich=True)
def decision_restore(world: CrashWorld) -> None:
    """A campaign that somebody deleted with its stage is made anew."""
    for native in (world.native("jira", Kind.STAGE, kind="design"), world.native("jira", name="Spring")):
        world.tools["jira"].delete(native)
    settle(world, 2)
    _choose(world, FindingKind.DELETION, "restore")


@scenario(desks=PAIR)
def stage_hung_again(world: CrashWorld) -> None:
    """A campaign was made anew, and its stage, which had stayed behind, is hung on it."""
    world.tools["jira"].delete(world.native("jira", name="Spring"))
    settle(world, 2)
    _choose(world, FindingKind.DELETION, "restore")
    settle(world, 1)


@scenario(desks=(AIRTABLE, Desk("jira", batch=2, refuses=frozenset({("brief", "cursed brief")}))))
def refused_creation(world: CrashWorld) -> None:
    """The tool takes a record only without one of its values."""
    world.campaign("airtable", name="Autumn", subject="leaves", brief="cursed brief")


@scenario(desks=(AIRTABLE, Desk("jira", batch=2, refuses=frozenset({("brief", "cursed brief")}))))
def refused_update(world: CrashWorld) -> None:
    """The tool takes a change only cell by cell, and one of them never."""
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two", brief="cursed brief", name="Lent")


@scenario(rich=True)
def unanswered_creation_applied(world: CrashWorld) -> None:
    _unanswered(world, applied=True)


@scenario(desks=PAIR)
def unanswered_creation_not_applied(world: CrashWorld) -> None:
    _unanswered(world, applied=False)
    settle(world, 1)  # which waits; the next run makes it


def _unanswered(world: CrashWorld, *, applied: bool) -> None:
    world.campaign("airtable", name="Autumn", subject="leaves")
    world.tools["jira"].fail_next(Ambiguous("no answer"), after=applied)
    settle(world, 1)


@scenario(desks=PAIR)
def down_midway(world: CrashWorld) -> None:
    """A tool fails between two writes of one run, and is back for the next."""
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two")
    world.edit("airtable", world.native("airtable", name="Summer"), subject="hotter")
    world.edit("airtable", world.native("airtable", Kind.STAGE, kind="design"), notes="green")
    world.tools["jira"].fail_next(Unavailable("busy"), after=False)


@scenario(
    desks=(AIRTABLE, Desk("esp", kinds=CAMPAIGNS, tidies=True), JIRA),
    disputes="what the tool made of a value whose acknowledgement was lost looks like a person's edit",
)
def normalised(world: CrashWorld) -> None:
    """A tool makes something else of what it is given."""
    world.edit("airtable", world.native("airtable", name="Spring"), subject="two  spaces", brief="and   three")


@scenario(desks=(AIRTABLE, Desk("jira", batch=2, settle=LATE, defaults=(("status", "planned"),))))
def default_of_a_new_record(world: CrashWorld) -> None:
    """What a tool adds by itself to a record that we make is no edit, also when its answer is lost."""
    world.campaign("airtable", name="Autumn", subject="leaves")
