"""The company's Klaviyo: its lists and segments, its tags, and the campaigns that people have built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.company_model import CampaignSeed, Company, Shown
from connectors.sandbox.klaviyo_state import (
    Audience,
    Campaign,
    KlaviyoState,
    make_id,
    make_short_id,
    moment,
    stamp,
    window,
)

JSON = dict[str, Any]

SENDER = {"from_email": "news@acme.example", "from_label": "Acme"}
STATUSES = {"scheduled": "Scheduled", "sending": "Sending", "sent": "Sent", "cancelled": "Cancelled"}


def make_state(seed: int, company: Company, now: datetime) -> KlaviyoState:
    """The account with everything in it."""
    state = KlaviyoState(seed=seed)
    first = now - timedelta(days=400)
    for index, audience in enumerate(company.audiences):
        at = stamp(first + timedelta(hours=index))
        id = make_short_id(seed, f"audience/{audience.name}")
        state.audiences[id] = Audience(id, audience.kind, audience.name, audience.size, at, at)
    for name in company.tags:
        state.tag(name, first)
    for one in company.campaigns:
        shown = one.copy("klaviyo")
        if shown is not None:
            campaign = _campaign(state, one, shown)
            state.campaigns[campaign.id] = campaign
            state.codes[one.code] = campaign.id
    return state


def _campaign(state: KlaviyoState, seed: CampaignSeed, shown: Shown) -> Campaign:
    created = stamp(seed.created)
    content = {"subject": shown["subject"], "preview_text": "", **SENDER}
    content |= {"reply_to_email": None, "cc_email": None, "bcc_email": None}
    campaign = Campaign(
        id=make_id(state.seed, f"campaign/{seed.code}", seed.created),
        message=make_id(state.seed, f"message/{seed.code}", seed.created),
        name=shown["name"],
        status=STATUSES.get(shown["status"], "Draft"),
        included=[id for id, audience in state.audiences.items() if audience.name in shown["audiences"]],
        excluded=[],
        strategy=_strategy(shown["scheduled"] or shown["planned"]),
        content=content,
        created=created,
        updated=created,
        tags=[id for id, name in state.tags.items() if name in shown["tags"]],
    )
    if campaign.status in ("Scheduled", "Sending", "Sent"):
        _schedule(state, campaign, seed.created + timedelta(days=20))
    return campaign


def _schedule(state: KlaviyoState, campaign: Campaign, pressed: datetime) -> None:
    """Somebody pressed schedule at that moment, and what had to follow has followed."""
    begin, end = window(state, campaign.strategy, pressed)
    goal = campaign.strategy.get("datetime")
    campaign.scheduled_at = stamp(pressed)
    campaign.send_time = goal or stamp(begin)
    campaign.updated = stamp(pressed + timedelta(seconds=1))
    match campaign.status:
        case "Scheduled":
            campaign.job, campaign.next, campaign.due = "queued", "Sending", stamp(begin)
        case "Sending":
            campaign.job, campaign.next, campaign.due = "processing", "Sent", stamp(end)
        case _:
            campaign.job, campaign.updated = "complete", stamp(max(end, moment(campaign.updated)))


def _strategy(when: Shown | None) -> JSON:
    """How people have set the time: an instant, every recipient's own clock, or a day at the best hour of each."""
    if when is None:
        return {"method": "immediate"}
    if when["type"] == "Day":
        return {"method": "smart_send_time", "date": when["value"]}
    at = datetime.fromisoformat(when["value"])
    local = at.tzinfo is None  # the clock time is given as if it were UTC
    options: JSON = {"is_local": True, "send_past_recipients_immediately": False} if local else {"is_local": False}
    return {"method": "static", "datetime": stamp(at.replace(tzinfo=UTC) if local else at), "options": options}
