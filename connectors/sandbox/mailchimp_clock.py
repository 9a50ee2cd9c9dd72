"""How Mailchimp's campaigns go their way by the clock: scheduled, sending, sent (reference esp §2.3, §2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.mailchimp_state import JSON, Campaign, MailchimpState, moment, stamp

GRID = 15  # minutes
EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=12)  # the zones of the world around UTC
CANCELLING = timedelta(seconds=30)


def on_grid(at: datetime) -> bool:
    """Whether a moment is a quarter of an hour."""
    return at.minute % GRID == 0 and at.second == 0 and at.microsecond == 0


def rounded(at: datetime) -> datetime:
    """The quarter of an hour at or after a moment."""
    start = at.replace(minute=0, second=0, microsecond=0)
    return start + timedelta(minutes=GRID) * -(-(at - start) // timedelta(minutes=GRID))


def schedule(state: MailchimpState, campaign: Campaign, at: datetime, timewarp: bool, batch: JSON | None) -> None:
    """A draft goes out at a moment; with `timewarp` at that clock time in every recipient's zone."""
    campaign.status, campaign.send_time = "schedule", stamp(at)
    campaign.timewarp, campaign.batch = timewarp, batch
    campaign.next, campaign.due = "sending", stamp(begins(state, at, timewarp))


def unschedule(campaign: Campaign) -> None:
    """A draft again. It no longer knows when it was to go."""
    campaign.status, campaign.send_time, campaign.timewarp, campaign.batch = "save", "", False, None
    campaign.next = campaign.due = None


def send(campaign: Campaign, now: datetime) -> None:
    """It begins to go out at once."""
    campaign.send_time = stamp(now)
    campaign.next, campaign.due = "sending", stamp(now)


def cancel(campaign: Campaign, now: datetime) -> None:
    """Stop a send; what has gone out is gone."""
    campaign.status = "canceling"
    campaign.next, campaign.due = "canceled", stamp(now + CANCELLING)


def settle(state: MailchimpState, now: datetime) -> Iterator[Campaign]:
    """Let everything happen that the clock has brought. Gives the campaigns that have begun to send."""
    for campaign in state.campaigns.values():
        while campaign.next is not None and campaign.due is not None and moment(campaign.due) <= now:
            _step(state, campaign, moment(campaign.due))
            if campaign.status == "sending":
                yield campaign
        campaign.sent = _gone_out(state, campaign, now)


def _step(state: MailchimpState, campaign: Campaign, at: datetime) -> None:
    """Let the campaign's pending status come, and say which one is next."""
    campaign.status = str(campaign.next)
    campaign.next = campaign.due = None
    match campaign.status:
        case "sending":
            campaign.recipients = state.reach(campaign)
            end = window(state, campaign, moment(campaign.send_time))[1]
            if campaign.kind != "rss":  # which goes on by its own schedule
                campaign.next, campaign.due = "sent", stamp(max(end, at))
        case "sent" | "canceled":
            state.events.append({"campaign": campaign.id, "status": campaign.status, "at": stamp(at)})


def begins(state: MailchimpState, at: datetime, timewarp: bool) -> datetime:
    """When a send for that moment begins; by every recipient's own clock, where it is that time of day first."""
    if not timewarp:
        return at
    zone = ZoneInfo(state.zone) if state.switches.timewarp_by_account else UTC
    return at.astimezone(zone).replace(tzinfo=UTC) - EARLIEST


def window(state: MailchimpState, campaign: Campaign, at: datetime) -> tuple[datetime, datetime]:
    """When sending begins and ends."""
    if campaign.timewarp:
        begin = begins(state, at, timewarp=True)
        return begin, begin + EARLIEST + LATEST
    lasts = timedelta(seconds=state.switches.sending_seconds)
    if campaign.batch:
        lasts += timedelta(minutes=campaign.batch["batch_delay"] * (campaign.batch["batch_count"] - 1))
    return at, at + lasts


def _gone_out(state: MailchimpState, campaign: Campaign, now: datetime) -> int:
    """How many have been sent: all in the end, evenly until then; a stopped send stays where it was."""
    if campaign.status == "sent":
        return campaign.recipients
    if campaign.status != "sending":
        return campaign.sent
    begin, end = window(state, campaign, moment(campaign.send_time))
    share = (now - begin) / (end - begin) if end > begin else 1.0
    return round(campaign.recipients * min(max(share, 0.0), 1.0))
