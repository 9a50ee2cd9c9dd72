"""The company's calendar of sends: an event for each campaign that is planned there, and one that recurs."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.company_model import CampaignSeed, Company, Shown
from connectors.sandbox.ics_state import Event, FeedState, Start, stamp

STATUSES = {"scheduled": "CONFIRMED", "sending": "CONFIRMED", "sent": "CONFIRMED", "cancelled": "CANCELLED"}
RECURRING_FROM = 6  # so many campaigns make a company busy enough for a weekly send
WEEKLY = "Weekly digest"


def make_state(seed: int, company: Company, now: datetime) -> FeedState:
    """The calendar with everything in it."""
    state = FeedState(seed=seed, changed=stamp(now))
    for one in company.campaigns:
        shown = one.copy("ics")
        when = shown and (shown["scheduled"] or shown["planned"])
        if shown and when:
            event = _event(state, one, shown, _start(when, len(state.events), state.zone))
            state.events[event.uid] = event
            state.codes[one.code] = event.uid
    if len(company.campaigns) >= RECURRING_FROM:
        weekly = _weekly(state, now)
        state.events[weekly.uid] = weekly
    return state


def _event(state: FeedState, seed: CampaignSeed, shown: Shown, start: Start) -> Event:
    at = stamp(seed.created)
    uid = state.new_uid()
    return Event(
        uid, shown["name"], start, at, at,
        status=STATUSES.get(shown["status"], "TENTATIVE"), categories=list(shown["tags"]),
        description=f"{shown['brief']}\n\nAudience: {', '.join(shown['audiences'])}; subject: {shown['subject']}",
        url=f"https://calendar.acme.example/sends/{state.number}",
    )  # fmt: skip


def _start(when: Shown, number: int, zone: str) -> Start:
    """Exact times are written in UTC or in the company's zone, as whoever entered them liked it."""
    match when["type"]:
        case "Day":
            return Start("day", when["value"])
        case "Recipient local":
            return Start("floating", when["value"])
    at = datetime.fromisoformat(when["value"])
    if number % 2:
        return Start("utc", stamp(at))
    return Start("zoned", at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(), zone)


def _weekly(state: FeedState, now: datetime) -> Event:
    """Every Tuesday at nine, over every change of the clocks; one week is left out, another moved to Thursday."""
    today = now.astimezone(ZoneInfo(state.zone)).date()
    first = today - timedelta(days=(today.weekday() - 1) % 7 + 28)
    starts = [datetime.combine(first + timedelta(weeks=week), time(9)).isoformat() for week in range(10)]
    at = stamp(now - timedelta(days=60))
    moved = {"start": {"at": (datetime.fromisoformat(starts[7]) + timedelta(days=2, hours=5)).isoformat()}}
    return Event(
        state.new_uid(), WEEKLY, Start("zoned", starts[0], state.zone), at, at, status="CONFIRMED",
        rule="FREQ=WEEKLY;BYDAY=TU", excluded=[starts[6]], moved={starts[7]: moved},
        categories=["evergreen", "a, b; and c"], description="Goes out by itself: the \\ editors fill it.",
    )  # fmt: skip
