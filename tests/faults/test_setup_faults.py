"""Somebody changes the set-up of a tool: what depends on it waits, in words, and catches up once that is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.findings import Finding, FindingKind
from sync.model import UNSET, Value
from sync.state import Remembered
from tests.faults.company import TOOLS, Crew, Seen
from tests.faults.setup_table import ABSENT, OPERATIONS, TABLE, Outcome
from tests.faults.setups import Fault

pytest_plugins = ["tests.faults.office"]
ROWS = [(name, tool) for name, row in TABLE.items() for tool in row]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What happened: Alpha was edited elsewhere, Beta was left alone, Gamma got a new name, Delta was planned.

    `during` is before the fault was undone, `after` is after it.
    """

    tool: str
    sound: str
    fault: Fault
    outcomes: Mapping[str, Outcome]
    opened: list[Finding]
    during: Seen
    entities: Mapping[str, Remembered]
    written: frozenset[str]
    after: Seen
    agreed: Value
    before: Value
    standing: set[str]

    def about(self, *names: str) -> list[Finding]:
        ids = {self.entities[name].id for name in names if name in self.entities}
        return [finding for finding in self.opened if finding.campaign in ids]

    def out(self, tool: str) -> bool:
        return tool == self.tool and self.outcomes["read"].out


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def evidence(
    request: pytest.FixtureRequest, office: Callable[[Path], Crew], tmp_path_factory: pytest.TempPathFactory
) -> Evidence:
    name, tool = request.param
    fault, outcomes = TABLE[name][tool]
    crew = office(tmp_path_factory.mktemp("faulty") / "workspace")
    sound = next(t for t in ("airtable", "jira") if t != tool)
    alpha, gamma, edit = crew.record("Alpha", fault.edit.stage), crew.record("Gamma"), fault.edit
    start, standing = crew.mark(), crew.standing()
    fault.breaks(crew)
    crew.edit(edit.tool, alpha, **edit.fields)
    crew.edit(sound, gamma, **{{"airtable": "Name", "jira": "Summary"}[sound]: "Gamma two"})
    later = {"airtable": {"Planned send": "2026-04-25T07:00:00.000Z"}, "jira": {"Due date": "2026-04-25"}}[sound]
    crew.plan_campaign(sound, "Delta", **later, **fault.fresh)
    opened, during = crew.settle(), crew.look()
    written = frozenset(native for entry in crew.writes(start) for native in entry["touched"])
    entities = {str(e.agreed["name"]): e for e in crew.state().entities.values() if "name" in e.agreed}
    fault.mends(crew)
    crew.settle()
    agreed = crew.state().entities[alpha.id].agreed.get(edit.field)
    left = {title for fingerprint, title in crew.standing().items() if fingerprint not in standing}
    return Evidence(
        tool, sound, fault, outcomes, opened, during, entities | {"edited": alpha}, written, crew.look(), agreed,
        alpha.agreed.get(edit.field), left,
    )  # fmt: skip


def expect(evidence: Evidence, operation: str, *names: str) -> None:
    """Every finding about these campaigns is one of those in the table, and none of those is lacking."""
    told = evidence.outcomes[operation].told
    own = [f for f in evidence.about(*names) if f.kind is not FindingKind.MISSING_STAGE]
    shared = [f for f in evidence.opened if not f.campaign]
    said = [f"{f.title} | {f.advice}" for f in own]
    everything = [*said, *(f"{f.title} | {f.advice}" for f in shared)]
    assert [text for text in told if not any(text in one for one in everything)] == [], everything
    assert [one for one in said if not any(text in one for text in told)] == [], "nothing else is told"


def test_what_nobody_touches_is_read_as_it_is(evidence: Evidence) -> None:
    expect(evidence, "read", "Beta", "Gamma", "Gamma two")
    others = [tool for tool in TOOLS if not evidence.out(tool)]
    assert [evidence.during.value(t, evidence.entities["Gamma two"], "name") for t in others] == ["Gamma two"] * len(
        others
    ), "other edits go on"
    natives = {link.ref.native for link in evidence.entities["Beta"].links.values()}
    may = {evidence.entities["Beta"].links[t].ref.native for t in evidence.outcomes["read"].reaches.split()}
    assert evidence.written & natives <= may, "nothing is written that nobody meant"


def test_an_edit_elsewhere_reaches_whom_it_can(evidence: Evidence) -> None:
    expect(evidence, "update", "Alpha", "Alpha two")
    edit, entity = evidence.fault.edit, evidence.entities["edited"]
    shown = {t for t in entity.links if t != edit.tool and evidence.during.value(t, entity, edit.field) == edit.value}
    assert shown == set(evidence.outcomes["update"].reaches.split())


def test_a_new_campaign_is_made_where_it_can_be(evidence: Evidence) -> None:
    expect(evidence, "create", "Delta")
    made = {tool for tool in TOOLS if tool != evidence.sound and "Delta" in evidence.during.names(tool)}
    assert made == set(evidence.outcomes["create"].reaches.split())


def test_once_it_is_undone_everything_agrees_and_nothing_is_lost(evidence: Evidence) -> None:
    assert evidence.standing == set(), "everything that was told has closed"
    assert evidence.after.differing == []
    fault = evidence.fault
    assert evidence.agreed == (fault.edit.value if fault.ends is UNSET else fault.ends)
    for tool in TOOLS:
        assert {"Beta", "Gamma two", "Delta"} <= set(evidence.after.names(tool))
        assert len(evidence.after.names(tool)) == len(evidence.entities) - 1, "one record for each campaign"


def test_the_table_is_complete() -> None:
    cells = {(name, tool) for name in TABLE for tool in TOOLS}
    assert {*ROWS, *ABSENT} == cells
    assert not {*ROWS} & {*ABSENT}
    assert all(set(outcomes) == set(OPERATIONS) for row in TABLE.values() for _, outcomes in row.values())
    assert all(reason.endswith(".") for reason in ABSENT.values())
