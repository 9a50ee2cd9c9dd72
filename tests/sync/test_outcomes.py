"""What became of the sends: which are told, what the rates are of, and that JSON keeps all of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sync.campaign import Campaign, Metrics
from sync.model import Day, Instant, WallClock, When
from sync.outcomes import Outcome, of_report, outcomes, to_json
from sync.report import to_json as report_json
from tests.sync.calendar_tool import LATER, scheduled
from tests.sync.plain import BERLIN, day, instant

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=BERLIN)
TOLD = Metrics(delivered=1000, opens=400, machine_opens=100, clicks=50, conversions=5, unsubscribes=2, bounces=250)


def wall(text: str) -> WallClock:
    return WallClock(datetime.fromisoformat(text))


def send(sent: When | None, counts: Metrics = TOLD, ident: str = "cs-1", name: str | None = "Spring") -> Campaign:
    return Campaign(ident, name, scheduled_send=sent, metrics=counts)


def outcome(counts: Metrics) -> Outcome:
    return Outcome("cs-1", "Spring", instant("2026-03-20T09:00"), counts)


def test_rates_are_of_what_was_delivered_and_bounces_of_what_was_sent() -> None:
    found = outcome(TOLD)

    assert (found.click_rate, found.conversion_rate, found.unsubscribe_rate) == (0.05, 0.005, 0.002)
    assert found.bounce_rate == 250 / 1250


def test_opens_of_machines_are_told_apart_where_the_esp_tells_them() -> None:
    apart, among = outcome(TOLD), outcome(Metrics(delivered=1000, opens=400))

    assert (apart.opens, apart.open_rate, apart.machine_open_rate) == (300, 0.3, 0.1)
    assert (among.opens, among.open_rate, among.machine_open_rate) == (400, 0.4, None)


def test_more_machines_than_openings_leave_nobody_who_opened_it() -> None:
    assert outcome(Metrics(delivered=10, opens=4, machine_opens=6)).opens == 0


@pytest.mark.parametrize("counts", [Metrics(opens=5, bounces=1), Metrics(delivered=0, opens=0, bounces=0)])
def test_without_anything_delivered_there_is_no_rate(counts: Metrics) -> None:
    found = outcome(counts)

    assert (found.open_rate, found.click_rate, found.bounce_rate) == (None, None, None)


def test_where_everything_bounced_the_bounce_rate_is_whole() -> None:
    assert outcome(Metrics(delivered=0, bounces=7)).bounce_rate == 1.0


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (Instant(NOW - timedelta(days=30)), True),
        (Instant(NOW - timedelta(days=30, seconds=1)), False),
        (Instant(NOW), True),
        (Instant(NOW + timedelta(seconds=1)), False),
        (day("2026-03-31"), True),
        (day("2026-03-01"), True),
        (day("2026-02-28"), False),
        (day("2026-04-01"), False),
        (wall("2026-03-31T12:00"), True),
        (wall("2026-03-31T12:01"), False),
        (None, False),
    ],
    ids=str,
)
def test_the_sends_of_the_last_thirty_days_are_told(sent: When | None, *, told: bool) -> None:
    assert bool(outcomes([send(sent)], NOW, BERLIN)) is told


def test_a_send_of_which_nothing_is_known_yet_is_left_out() -> None:
    known = send(instant("2026-03-20T09:00"), Metrics(bounces=0))
    unknown = send(instant("2026-03-20T09:00"), Metrics())

    assert [found.counts for found in outcomes([unknown, known], NOW, BERLIN)] == [Metrics(bounces=0)]


def test_a_send_is_when_it_went_out_and_else_when_it_was_planned() -> None:
    moved = Campaign("a", "A", planned_send=day("2026-03-02"), scheduled_send=instant("2026-03-04T09:00"), metrics=TOLD)
    planned = Campaign("b", "B", planned_send=day("2026-03-02"), metrics=TOLD)

    assert [found.sent for found in outcomes([planned, moved], NOW, BERLIN)] == [
        instant("2026-03-04T09:00"), day("2026-03-02"),
    ]  # fmt: skip


def test_the_newest_come_first_and_those_of_one_moment_by_name() -> None:
    same = instant("2026-03-20T09:00")
    sends = [
        send(same, ident="1", name="beta"),
        send(day("2026-03-21"), ident="2", name="zeta"),
        send(same, ident="3", name="Alpha"),
    ]

    found = [one.name for one in outcomes(sends, NOW, BERLIN)]

    assert found == [one.name for one in outcomes(reversed(sends), NOW, BERLIN)] == ["zeta", "Alpha", "beta"]


def test_a_send_without_a_name_has_a_stand_in() -> None:
    (found,) = outcomes([send(day("2026-03-21"), name=None)], NOW, BERLIN)

    assert found.name == "the campaign without a name (cs-1)"


def test_json_has_counts_and_rates_and_what_is_not_told_is_null() -> None:
    told = to_json(outcome(Metrics(delivered=1000, opens=400)))

    assert told["sent"] == {"instant": "2026-03-20T09:00:00Z"}
    assert told["counts"]["opens"] == 400
    assert told["rates"] == {
        "open": 0.4, "machine_open": None, "click": None, "conversion": None, "unsubscribe": None, "bounce": None,
    }  # fmt: skip


@pytest.mark.parametrize("sent", [instant("2026-03-20T09:00"), wall("2026-03-20T09:00"), day("2026-03-20")], ids=str)
def test_what_a_report_keeps_is_read_again_as_it_was(sent: When) -> None:
    kept = Outcome("cs-1", "Spring", sent, TOLD)
    report = json.loads(json.dumps({"outcomes": [to_json(kept)]}))

    assert of_report(report, NOW, BERLIN) == (kept,)


def test_a_report_that_has_grown_old_and_one_from_before_outcomes_tell_nothing() -> None:
    report = {"outcomes": [to_json(Outcome("cs-1", "Spring", Day(NOW.date()), TOLD))]}

    assert of_report(report, NOW + timedelta(days=32), BERLIN) == ()
    assert of_report({}, NOW, BERLIN) == ()


def test_something_else_than_a_time_is_no_send() -> None:
    told = to_json(outcome(TOLD)) | {"sent": "soon"}

    with pytest.raises(TypeError, match="soon"):
        of_report({"outcomes": [told]}, NOW, BERLIN)


def test_a_run_tells_the_outcome_that_it_looked_up(tmp_path: Path) -> None:
    world, esp = scheduled(tmp_path)
    world.now = LATER.at
    esp.send("esp-1")
    assert world.run().outcomes == ()
    esp.counts["esp-1"] = {"delivered": 200, "opens": 50}
    world.now = LATER.at + timedelta(hours=1)

    looked, later = world.run(), world.run()

    (found,) = looked.outcomes
    assert (found.name, found.sent, found.open_rate) == ("Spring", LATER, 0.25)
    assert later.outcomes == looked.outcomes
    assert report_json(later)["outcomes"] == [to_json(found)]
