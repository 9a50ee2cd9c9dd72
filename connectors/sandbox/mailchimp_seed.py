"""The company's Mailchimp: its lists and segments, and the campaigns that people have built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.sandbox import mailchimp_clock as clock
from connectors.sandbox.company_model import CampaignSeed, Company, Shown
from connectors.sandbox.mailchimp_state import Audience, Campaign, MailchimpState, Segment, make_id, stamp

SENDER = {"from_name": "Acme", "reply_to": "news@acme.example"}
HTML = "<html><body><h1>Acme</h1><p>Read on.</p></body></html>"
# name, kind, share of the list's members
SEGMENTS = (("Engaged readers", "saved", 0.4), ("Bought this year", "static", 0.12), ("Likely to buy", "fuzzy", 0.07))
STATUSES = {"scheduled": "schedule", "sent": "sent", "cancelled": "canceled"}


def make_state(seed: int, company: Company, now: datetime) -> MailchimpState:
    """The account with everything in it.

    Every audience is a list, which alone has a name of its own in every tool; the first list has some segments, too.
    """
    state = MailchimpState(seed=seed)
    first = now - timedelta(days=400)
    for index, audience in enumerate(company.audiences):
        at = stamp(first + timedelta(hours=index))
        id = make_id(seed, f"list/{audience.name}")
        state.lists[id] = Audience(id, state.next_number(), audience.name, audience.size, at)
    for home in list(state.lists.values())[:1]:
        for number, (name, kind, share) in enumerate(SEGMENTS, 3301):
            size, at = round(home.size * share), home.created
            state.segments[number] = Segment(number, home.id, name, size, at, at, kind)
    for one in sorted(company.campaigns, key=lambda seed: (seed.created, seed.code)):
        shown = one.copy("mailchimp")
        if shown is not None:
            campaign = _campaign(state, one, shown)
            state.campaigns[campaign.id] = campaign
            state.codes[one.code] = campaign.id
    for _ in clock.settle(state, now):
        pass  # what went out went out before anybody looked
    state.events.clear()
    return state


def _campaign(state: MailchimpState, seed: CampaignSeed, shown: Shown) -> Campaign:
    campaign = Campaign(
        id=make_id(state.seed, f"campaign/{seed.code}"),
        number=state.next_number(),
        kind="regular",
        status="save",
        created=stamp(seed.created),
        settings={"title": shown["name"], "subject_line": shown["subject"], **SENDER},
        html=HTML,
    )
    aim(state, campaign, shown["audiences"][0])
    status, when = STATUSES.get(shown["status"], "save"), shown["scheduled"]
    if status != "save" and when is not None:
        at, timewarp = _moment(when)
        clock.schedule(state, campaign, at, timewarp, None)
    if status in ("sent", "canceled"):
        campaign.status, campaign.next, campaign.due = status, None, None
        campaign.recipients = state.reach(campaign) if status == "sent" else 0
    return campaign


def aim(state: MailchimpState, campaign: Campaign, name: str) -> None:
    """The campaign goes to the list or the segment of this name or id. ValueError for none."""
    for segment in state.segments.values():
        if name in (str(segment.id), segment.name):
            campaign.list_id, campaign.segment = segment.list_id, segment.id
            return
    for audience in state.lists.values():
        if name in (audience.id, audience.name) and audience.active:
            campaign.list_id, campaign.segment = audience.id, None
            return
    raise ValueError(f"there is no list or segment {name}")


def _moment(when: Shown) -> tuple[datetime, bool]:
    """The moment to schedule for, and whether it is a clock time, written as if in UTC, for every recipient."""
    at = datetime.fromisoformat(when["value"])
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC), True
    return at, False
