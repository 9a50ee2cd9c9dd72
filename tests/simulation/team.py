"""The teams of the simulation: which tools, what each can show, what the workspace's rules are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from sync.audit import AuditRules
from sync.guard import Bounds
from sync.model import Kind, Person, PersonEntry, schema
from sync.policy import Policy
from sync.ports import Calendar, Metering
from sync.workspace import Tool, Workspace
from tests.simulation.esp import INSTANTS, EspMake
from tests.simulation.played import Played
from tests.simulation.tool import Make
from tests.sync.plain import AsIs, DayOnly, Only, instant

BERLIN = ZoneInfo("Europe/Berlin")
PEOPLE = (
    PersonEntry("ann", "Ann Lee", "ann@acme.example"),
    PersonEntry("bo", "Bo Ek", "bo@acme.example", active=False),
)
OWNERS = (Person("ann"), Person("bo"), None)
STATUSES = ("planned", "in_progress", "approved", None)
TAGS = ("x", "y", "z")
NAMES = ("Spring", "Summer", "Autumn")
STAGES = ("design", "content")
# Times on both sides of a midnight and of both changes of the clocks.
TIMES = tuple(
    instant(text) for text in ("2026-03-28T23:30", "2026-03-29T01:30", "2026-03-29T08:00", "2026-10-25T00:30",
                               "2026-10-25T01:30")
)  # fmt: skip

CAMPAIGNS = frozenset({Kind.CAMPAIGN})
AIRTABLE = Make("airtable", batch=2, log=True, resumes=True)
JIRA = Make("jira", {"planned_send": DayOnly()}, lags=300.0, resumes=True)
KLAVIYO = Make("klaviyo", {"status": AsIs(writable=False), "owner": AsIs(writable=False)}, CAMPAIGNS, deltas=False)
TRIMMING = Make("trimming", {"tags": Only(frozenset({"x", "y"}))}, trims=True, resumes=True)
KEEPING = Make("keeping", archives=False, lags=60.0)

# A plan, and how ESPs move them: in three calls where a draft holds its time, in two where it does not, at once.
SENDS = Make("airtable", batch=2, log=True, resumes=True, more=("scheduled_send", "delivered"))
STEPWISE = EspMake(
    "stepwise", kinds=CAMPAIGNS, batch=2, lags=60.0, calendar=Calendar(
        INSTANTS, INSTANTS, plans_drafts=True, schedules=True, unschedules=True, tells_changed_at=True,
        lists_changed=True, metering=Metering.REPORT,
    ),
)  # fmt: skip
BLANK = EspMake(
    "blank",
    kinds=CAMPAIGNS,
    calendar=Calendar(INSTANTS, INSTANTS, schedules=True, unschedules=True, grid=15),
    full=True,
)
ATONCE = EspMake(
    "atonce", kinds=CAMPAIGNS, calendar=Calendar(
        INSTANTS, INSTANTS, schedules=True, unschedules=True, moves_at_once=True, edits_scheduled=True,
        tells_changed_at=True, metering=Metering.ROW,
    ),
)  # fmt: skip

UNBOUNDED = Bounds(archive_count=1000, archive_share=1.0)


@dataclass(frozen=True)
class Team:
    """The tools of one workspace and its rules."""

    makes: tuple[Make, ...]
    bounds: Bounds = UNBOUNDED
    prefer: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def workspace(self, tools: Mapping[str, Played]) -> Workspace:
        """The workspace over these tools."""
        connected: dict[str, Tool] = {}
        for make in self.makes:
            connected[make.name] = Tool(tools[make.name], make.bind)
        return Workspace(
            "sim", BERLIN, schema(), PEOPLE, connected, policy=Policy(self.prefer), bounds=self.bounds,
            audit=AuditRules(stages=()), count_every=timedelta(),
        )  # fmt: skip


TEAMS = (
    Team((AIRTABLE, JIRA)),
    Team((AIRTABLE, JIRA, KLAVIYO)),
    Team((AIRTABLE, TRIMMING)),
    Team((JIRA, KLAVIYO, TRIMMING)),
    Team((AIRTABLE, KEEPING)),
    Team((AIRTABLE, JIRA), bounds=Bounds()),
    Team((AIRTABLE, JIRA), prefer={(Kind.CAMPAIGN, "subject"): "prefer:airtable"}),
    Team((AIRTABLE, JIRA, KLAVIYO, TRIMMING)),
    Team((SENDS, STEPWISE)),
    Team((SENDS, JIRA, STEPWISE)),
    Team((SENDS, BLANK)),
    Team((SENDS, JIRA, ATONCE)),
)
