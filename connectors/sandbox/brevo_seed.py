"""The company's Brevo: its lists, segments, senders and users, and the campaigns that people have built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.brevo_life import DAY, begin, schedule
from connectors.sandbox.brevo_state import FIRST_LIST, FIRST_SEGMENT, Audience, BrevoState, Campaign, stamp
from connectors.sandbox.company_model import CampaignSeed, Company, Shown

JSON = dict[str, Any]

HTML = "<html><body><h1>{subject}</h1><p>Acme, Hauptstr. 1, Berlin</p></body></html>"
SENDERS = {1: {"name": "Acme", "email": "news@acme.example"}, 43: {"name": "Acme Shop", "email": "shop@acme.example"}}
SENDER = 1


def make_state(seed: int, company: Company, now: datetime) -> BrevoState:
    """The account with everything in it."""
    state = BrevoState(seed=seed, senders=dict(SENDERS))
    first = now - timedelta(days=400)
    for index, audience in enumerate(company.audiences):
        add_audience(state, audience.kind, audience.name, audience.size, first + timedelta(hours=index))
    state.users = [_user(person.email, person.id == "ann") for person in company.people if person.active]
    for one in company.campaigns:
        shown = one.copy("brevo")
        if shown is not None:
            campaign = _campaign(state, one, shown, now)
            state.campaigns[campaign.id] = campaign
            state.codes[one.code] = campaign.id
    return state


def add_audience(state: BrevoState, kind: str, name: str, size: int, at: datetime, id: int | None = None) -> Audience:
    """A new list or segment; the two kinds are numbered apart."""
    known, first = (state.lists, FIRST_LIST) if kind == "list" else (state.segments, FIRST_SEGMENT)
    made = Audience(id or max(known, default=first - 1) + 1, kind, name, size, stamp(at))
    known[made.id] = made
    return made


def _user(email: str, owner: bool) -> JSON:
    access = {"marketing": "full", "conversations": "none", "crm": "none"}
    return {"email": email, "is_owner": str(owner).lower(), "status": "active", "feature_access": access}


def _campaign(state: BrevoState, seed: CampaignSeed, shown: Shown, now: datetime) -> Campaign:
    at = stamp(seed.created)
    campaign = Campaign(
        state.new_id(), shown["name"], "draft", at, at, subject=shown["subject"], sender=SENDER,
        html=HTML.format(subject=shown["subject"]), designed=True,
        lists=[id for id, one in state.lists.items() if one.name in shown["audiences"]],
        segments=[id for id, one in state.segments.items() if one.name in shown["audiences"]],
    )  # fmt: skip
    if shown["status"] in ("scheduled", "sending", "sent") and shown["scheduled"]:
        _schedule(state, campaign, shown["scheduled"], now)
    elif shown["status"] == "cancelled":
        campaign.status = "cancelled"
    return campaign


def _schedule(state: BrevoState, campaign: Campaign, when: Shown, now: datetime) -> None:
    """Somebody has scheduled it in time, and what had to follow has followed."""
    due, campaign.best_time = _moment(state, when)
    schedule(state, campaign, due)
    campaign.modified = stamp(min(due, now) - DAY)
    if due <= now:
        begin(state, campaign, due)


def _moment(state: BrevoState, when: Shown) -> tuple[datetime, bool]:
    """When it goes, and whether only the day is fixed. Brevo knows no recipient's clock: its own zone's, then."""
    zone = ZoneInfo(state.zone)
    at = datetime.fromisoformat(when["value"])
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC), when["type"] == "Day"
