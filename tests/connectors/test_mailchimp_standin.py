"""Mailchimp over real HTTP: a calendar that people and we change in turns, and that never sends at our word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.calendar import Schedule, Sending
from connectors.calendar_connector import CalendarConnector
from connectors.mailchimp import MailchimpEsp
from connectors.sandbox.server import Sandbox
from connectors.sandbox.world import Fault
from sync.errors import Rejected, Unavailable
from sync.model import Kind, Record, Ref
from sync.ports import Create, Failed, Update, Written
from tests.connectors.sandboxed import NOW, RETRY

SENDER = {"from_name": "Acme", "reply_to": "news@acme.example"}
MONDAY = datetime.fromisoformat("2026-03-09T10:00:00+00:00")


class Desk:
    """An account, people who work in it, and us."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.login = box.company["credentials"]["mailchimp"]
        self.people("add", audience="Friends", size=4000)

    def people(self, verb: str, **order: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.box.control}/control/mailchimp/{verb}", json=order, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def scheduled(self, **order: Any) -> Ref:
        """A campaign that somebody has made and scheduled for Monday."""
        made = self.people("create", name="Spring", subject="Hello", audience="Friends", **order)
        self.people("schedule", campaign=made["id"], at=MONDAY.isoformat(), timewarp=order.get("timewarp", False))
        return Ref("mailchimp", Kind.CAMPAIGN, made["id"])

    def connector(self, schedule: Schedule = Schedule.MOVE, **options: Any) -> CalendarConnector:
        options = {"token": self.login["token"], **SENDER, **options}
        esp = MailchimpEsp("mailchimp", url=self.box.urls["mailchimp"], retry=RETRY, **options)
        return CalendarConnector("mailchimp", esp, Sending(schedule, now=lambda: NOW))

    def sends(self) -> list[Any]:
        """What has begun to send for any reason but that its time had come."""
        entries = self.box.world.entries
        return [one for one in entries if one.get("sent") and one.get("why") != "its time has come"]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=4, campaigns=3, now=NOW, frozen=True, esps=("mailchimp",)) as made:
        yield made


@pytest.fixture
def desk(box: Sandbox) -> Iterator[Desk]:
    """As the account was, for every test; and nothing of ours has sent in any."""
    start = box.world.snapshot()
    made = Desk(box)
    yield made
    assert made.sends() == []
    box.world.faults.clear()
    box.world.rewind(start)
    box.world.set_clock(NOW)


def held(connector: CalendarConnector, ref: Ref) -> Record:
    record = connector.read([ref])[ref]
    assert record
    return record


def at(moment: datetime, kind: str = "instant") -> Mapping[str, str]:
    return {"kind": kind, "at": moment.isoformat(timespec="seconds")}


def test_what_a_person_scheduled_is_moved_by_unscheduling_and_scheduling(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    heard: list[bool] = []
    goal = at(MONDAY + timedelta(minutes=45))
    change = Update(held(connector, ref), {"planned": goal}, step=heard.append)
    (outcome,) = connector.write([change])
    assert isinstance(outcome, Written), outcome
    assert outcome.record
    assert (outcome.record.fields["scheduled"], outcome.record.fields["status"]) == (goal, "scheduled")
    assert heard == [False, True, False], "whoever is killed from then on cannot know whose doing it is"


def test_a_recipient_local_send_stays_one_when_it_is_moved(desk: Desk) -> None:
    ref, connector = desk.scheduled(timewarp=True), desk.connector()
    before = held(connector, ref)
    assert before.fields["scheduled"]["kind"] == "recipient_local"
    goal = at(datetime.fromisoformat(before.fields["scheduled"]["at"]) + timedelta(hours=2), "recipient_local")
    (outcome,) = connector.write([Update(before, {"planned": goal})])
    assert isinstance(outcome, Written), outcome
    assert held(connector, ref).fields["scheduled"] == goal


def test_a_time_between_the_quarter_hours_is_refused_and_the_campaign_stays_scheduled(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    before = held(connector, ref)
    (outcome,) = connector.write([Update(before, {"planned": at(MONDAY + timedelta(minutes=7))})])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert "10:15" in str(outcome.error)
    assert held(connector, ref) == before


def test_what_hinders_scheduling_is_told_from_the_checklist(desk: Desk) -> None:
    connector = desk.connector(Schedule.FULL)
    fields = {"name": "Summer", "audiences": {"included": [_friends(connector)], "excluded": []}}
    (made,) = connector.write([Create("cs-7k2m9x4q", Kind.CAMPAIGN, fields)])
    assert isinstance(made, Written), made
    assert made.record
    assert made.record.marker == "cs-7k2m9x4q"
    (outcome,) = connector.write([Update(made.record, {"planned": at(MONDAY), "status": "scheduled"})])
    assert isinstance(outcome, Failed)
    assert "Its checklist says: Content: You've got to design some content." in str(outcome.error)


def test_a_move_that_stops_halfway_is_finished_by_whoever_resumes_it(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    before, goal = held(connector, ref), at(MONDAY + timedelta(hours=1))
    desk.box.world.faults.append(Fault("mailchimp", 503, "POST", r"/actions/schedule$", times=1))
    (outcome,) = connector.write([Update(before, {"planned": goal})])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Unavailable)
    assert outcome.record
    assert outcome.record.fields["status"] == "draft"
    (resumed,) = connector.write([Update(outcome.record, {"planned": goal}, resumed=True)])
    assert isinstance(resumed, Written), resumed
    assert held(connector, ref).fields["scheduled"] == goal


def test_an_answer_that_is_lost_after_scheduling_is_found_again(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    goal = at(MONDAY + timedelta(hours=1))
    desk.box.world.faults.append(Fault("mailchimp", 0, "POST", r"/actions/schedule$", after=True))
    (outcome,) = connector.write([Update(held(connector, ref), {"planned": goal})])
    assert isinstance(outcome, Written), outcome


def test_what_archived_and_cancelled_campaigns_are_is_seen_in_the_one_listing(desk: Desk) -> None:
    made = desk.people("create", name="Old")
    desk.people("archive", campaign=made["id"])
    before = len(desk.box.world.entries)
    records = {record.ref.native: record for record in desk.connector().fetch()}
    assert records[made["id"]].locked == "archived in Mailchimp"
    listings = [one for one in desk.box.world.entries[before:] if one["path"] == "/3.0/campaigns"]
    assert len(listings) == 1


def test_counts_flow_after_the_send(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    desk.box.world.set_clock(MONDAY + timedelta(days=2))
    assert held(connector, ref).locked == "already sent by Mailchimp"
    told = connector.measure([ref])[ref]
    assert told["delivered"] + told["bounces"] == 4000
    assert told["delivered"] > told["opens"] > told["clicks"] > 0


def test_a_removed_audience_has_no_name_and_hinders_nobody(desk: Desk) -> None:
    made = desk.people("create", name="Spring", audience="Friends")
    desk.people("remove", audience="Friends")
    record = held(desk.connector(), Ref("mailchimp", Kind.CAMPAIGN, made["id"]))
    (audience,) = record.fields["audiences"]["included"]
    assert audience["id"] == audience["name"]


def test_a_viewer_reads_all_and_is_told_that_it_may_change_nothing(desk: Desk) -> None:
    ref, connector = desk.scheduled(), desk.connector(token=desk.login["read_only_token"])
    (outcome,) = connector.write([Update(held(connector, ref), {"planned": at(MONDAY + timedelta(hours=1))})])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Rejected)
    assert "permission" in str(outcome.error)
    assert held(connector, ref).fields["status"] == "scheduled"


def test_an_oauth_token_opens_the_same_account(desk: Desk) -> None:
    ref = desk.scheduled()
    assert held(desk.connector(token=desk.login["oauth_token"]), ref).fields["name"] == "Spring"


def _friends(connector: CalendarConnector) -> dict[str, str]:
    fields = {field.id: field for field in connector.schema()[Kind.CAMPAIGN]}
    ((id_, name),) = [option for option in fields["audiences"].options if option[1] == "Friends"]
    return {"id": id_, "name": name}


def test_a_subject_is_written_and_taken_away_and_never_two(desk: Desk) -> None:
    made, connector = desk.people("create", name="Spring", audience="Friends"), desk.connector()
    ref = Ref("mailchimp", Kind.CAMPAIGN, made["id"])
    for subject in (["Hello"], [], ["Good day"]):
        (outcome,) = connector.write([Update(held(connector, ref), {"subject": subject})])
        assert isinstance(outcome, Written), outcome
        assert held(connector, ref).fields["subject"] == subject
    (outcome,) = connector.write([Update(held(connector, ref), {"subject": ["One", "Two"]})])
    assert isinstance(outcome, Failed)
    assert held(connector, ref).fields["subject"] == ["Good day"]


@pytest.mark.parametrize("connected", [True, False])
def test_conversions_are_told_where_a_shop_is_connected(desk: Desk, connected: bool) -> None:
    ref, connector = desk.scheduled(), desk.connector()
    desk.people("switch", name="store_connected", value=connected)
    desk.box.world.set_clock(MONDAY + timedelta(days=2))
    assert ("conversions" in connector.measure([ref])[ref]) is connected
