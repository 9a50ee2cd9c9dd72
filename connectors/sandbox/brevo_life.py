"""How a Brevo campaign goes its way: scheduling, status commands, what the clock brings (reference esp §3.3-3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.sandbox.brevo_call import Problem
from connectors.sandbox.brevo_state import BrevoState, Campaign, moment, stamp
from connectors.sandbox.brevo_stats import stopped

COMMANDS = ("suspended", "archive", "darchive", "sent", "queued", "replicate", "replicateTemplate", "cancel", "draft")
PROCESSING = ("in_process", "in_review", "cancelling")
DAY = timedelta(days=1)

# Command -> the states from which it is legal. The vendor publishes no such table; this is the strict reading.
_STRICT = {
    "draft": {"queued", "suspended"},
    "suspended": {"queued", "in_process"},
    "queued": {"draft", "suspended"},
    "sent": {"draft", "queued", "suspended"},
    "cancel": {"in_process", "suspended"},
    "archive": {"draft", "suspended", "sent", "cancelled"},
    "darchive": {"archive"},
}
_LENIENT = {
    "draft": {"in_review", "cancelled", "draft"},
    "suspended": {"in_review", "draft", "suspended"},
    "queued": {"queued", "cancelled"},
    "cancel": {"queued", "in_review", "draft"},
    "archive": {"queued", "archive"},
    "darchive": {"draft", "sent"},
}


def schedule(state: BrevoState, campaign: Campaign, at: datetime) -> None:
    """Queue a campaign for a moment; one that goes at the best time goes on that day."""
    campaign.status, campaign.scheduled, campaign.ever_scheduled = "queued", stamp(at), True
    campaign.next = "in_review" if state.switches.review_seconds > 0 else "in_process"
    campaign.due = stamp(at)


def stop(campaign: Campaign, status: str) -> None:
    """Nothing more comes of itself."""
    campaign.status, campaign.next, campaign.due = status, None, None


def begin(state: BrevoState, campaign: Campaign, at: datetime) -> None:
    """Sending begins."""
    lasts = timedelta(seconds=state.switches.sending_seconds)
    if campaign.best_time:
        lasts = DAY
    elif campaign.test.get("splitRule", 50) < 50:  # the rest hears of the winner only
        lasts += timedelta(hours=campaign.test.get("winnerDelay", 0))
    campaign.status, campaign.ever_scheduled = "in_process", True
    campaign.began, campaign.size = stamp(at), state.recipients(campaign)
    campaign.scheduled = campaign.scheduled or stamp(at)
    campaign.lasts = lasts.total_seconds()
    campaign.next, campaign.due = "sent", stamp(at + lasts)


def settle(state: BrevoState, now: datetime) -> Iterator[Campaign]:
    """Let everything happen that the clock has brought. Gives the campaigns that have begun to send."""
    for campaign in state.campaigns.values():
        while campaign.next is not None and campaign.due is not None and moment(campaign.due) <= now:
            _step(state, campaign, moment(campaign.due))
            if campaign.status == "in_process":
                yield campaign


def _step(state: BrevoState, campaign: Campaign, at: datetime) -> None:
    if state.switches.status_moves_modified:
        campaign.modified = stamp(at)
    match campaign.next:
        case "in_process" if state.switches.out_of_credits:
            stop(campaign, "suspended")
        case "in_process":
            begin(state, campaign, at)
        case "in_review":
            held = timedelta(seconds=state.switches.review_seconds)
            campaign.status, campaign.next, campaign.due = "in_review", "in_process", stamp(at + held)
        case status:
            campaign.sent = stamp(at) if status == "sent" else campaign.sent
            stop(campaign, str(status))


def command(state: BrevoState, campaign: Campaign, word: str, now: datetime) -> Campaign | None:
    """Carry out a status command. Gives the campaign if it has begun to send by it: `sent` sends at once, `queued`
    does without a time to come.

    Raises Problem for what is not legal from this state.
    """
    if word == "replicate":
        _replicate(state, campaign, now)
        return None
    if word == "replicateTemplate":
        raise Problem(400, "invalid_parameter", "Only a template can be replicated as a template.")
    _check(state, campaign, word)
    if word in ("draft", "suspended") and campaign.status == "queued":
        how = state.switches.draft_command if word == "draft" else state.switches.suspended_command
        if how == "refused":
            raise Problem(400, "invalid_parameter", f"The status of this campaign cannot be set to {word}.")
        if how == "ignored":
            return None
    if state.switches.status_moves_modified:
        campaign.modified = stamp(now)
    return _obey(state, campaign, word, now)


def _check(state: BrevoState, campaign: Campaign, word: str) -> None:
    legal = _STRICT[word] | (_LENIENT.get(word, set()) if state.switches.transitions == "lenient" else set())
    if campaign.status in legal:
        return
    if campaign.status in PROCESSING:
        raise Problem(400, "campaign_processing", "Campaign is being processed and cannot be changed.")
    if campaign.status == "sent":
        raise Problem(400, "campaign_sent", "Campaign has already been sent.")
    raise Problem(400, "invalid_parameter", f"A campaign that is {campaign.status} cannot be set to {word}.")


def _obey(state: BrevoState, campaign: Campaign, word: str, now: datetime) -> Campaign | None:
    if campaign.status == "in_process":
        stopped(campaign, now)
    match word:
        case "draft":
            stop(campaign, "draft")
            if not state.switches.draft_keeps_time:
                campaign.scheduled = None
        case "suspended":
            stop(campaign, "suspended")
        case "archive":
            campaign.before = campaign.status if campaign.status != "archive" else campaign.before
            stop(campaign, "archive")
        case "darchive":
            campaign.status, campaign.before = campaign.before or campaign.status, None
        case "cancel" if campaign.status == "in_process":
            due = now + timedelta(seconds=state.switches.cancelling_seconds)
            campaign.status, campaign.next, campaign.due = "cancelling", "cancelled", stamp(due)
        case "cancel":
            stop(campaign, "cancelled")
        case _:
            return _go(state, campaign, word, now)
    return None


def _go(state: BrevoState, campaign: Campaign, word: str, now: datetime) -> Campaign | None:
    ready(state, campaign)
    if word == "queued" and campaign.scheduled is not None and moment(campaign.scheduled) > now:
        schedule(state, campaign, moment(campaign.scheduled))
        return None
    send(state, campaign, now, 400)
    return campaign


def send(state: BrevoState, campaign: Campaign, now: datetime, refusal: int = 402) -> None:
    """Send now. Raises Problem where the account has no credits; only `sendNow` is known to say 402."""
    if state.switches.out_of_credits:
        raise Problem(refusal, "not_enough_credits", "You do not have enough credit to send your campaign.")
    campaign.scheduled = stamp(now)
    begin(state, campaign, now)


def ready(state: BrevoState, campaign: Campaign) -> None:
    """Raises Problem for a campaign that cannot go out."""
    if state.switches.under_validation:
        raise Problem(400, "account_under_validation", "Your account is under validation.")
    if not campaign.kinds:
        raise Problem(400, "missing_parameter", "recipients is missing: the campaign needs a list or a segment.")
    if not campaign.html or not (campaign.subject or campaign.subjects):
        raise Problem(400, "missing_parameter", "The campaign has no subject or no content.")


def _replicate(state: BrevoState, campaign: Campaign, now: datetime) -> None:
    """A copy as a new draft; everything that marks the first one marks it too."""
    made = Campaign(
        state.new_id(), f"{campaign.name} (copy)", "draft", stamp(now), stamp(now), kind=campaign.kind,
        subject=campaign.subject, subjects=list(campaign.subjects), test=dict(campaign.test), sender=campaign.sender,
        sender_name=campaign.sender_name, reply_to=campaign.reply_to, html=campaign.html, designed=campaign.designed,
        tag=campaign.tag, more=dict(campaign.more), lists=list(campaign.lists),
        exclusion_lists=list(campaign.exclusion_lists), segments=list(campaign.segments),
        excluded_segments=list(campaign.excluded_segments), best_time=campaign.best_time,
    )  # fmt: skip
    state.campaigns[made.id] = made
