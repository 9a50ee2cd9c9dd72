"""The endpoints of email campaigns (reference esp §3.2-3.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox import brevo_life as life
from connectors.sandbox import brevo_values as values
from connectors.sandbox.brevo_call import Call, Problem, invalid, missing, nothing
from connectors.sandbox.brevo_documents import campaign_json
from connectors.sandbox.brevo_state import Campaign, moment, stamp
from connectors.sandbox.brevo_stats import RECENT

JSON = dict[str, Any]

# The words of the filter on `status`, and what the answer calls it.
FILTERS = {
    "suspended": "suspended", "archive": "archive", "sent": "sent", "queued": "queued", "draft": "draft",
    "inProcess": "in_process", "inReview": "in_review", "cancelling": "cancelling", "cancelled": "cancelled",
}  # fmt: skip
LISTED_STATISTICS = ("globalStats", "linksStats", "statsByDomain")
STATISTICS = (*LISTED_STATISTICS, "statsByDevice", "statsByBrowser")
LONGEST = timedelta(days=731)


def find(call: Call) -> Campaign:
    """The campaign of the path. Raises Problem 404."""
    campaign = call.state.campaigns.get(call.id)
    if campaign is None:
        raise Problem(404, "document_not_found", "Campaign ID does not exist")
    return campaign


def listing(call: Call) -> Response:
    """`GET /emailCampaigns`. Statistics are only those of the last six months' events."""
    call.only(
        "type", "status", "statistics", "startDate", "endDate", "limit", "offset", "sort", "excludeHtmlContent",
        "excludePdfAttachment",
    )  # fmt: skip
    kind, status = call.word("type", ("classic", "trigger")), call.word("status", tuple(FILTERS))
    wanted = call.word("statistics", LISTED_STATISTICS)
    html = call.word("excludeHtmlContent", ("true", "false")) != "true"
    call.word("excludePdfAttachment", ("true", "false"))
    period = _period(call, status)
    rows = [
        campaign
        for campaign in call.state.campaigns.values()
        if kind in (None, campaign.kind)
        and (status is None or campaign.status == FILTERS[status])
        and (period is None or _sent_within(campaign, *period))
    ]
    since = call.now - RECENT
    ordered = sorted(rows, key=lambda campaign: (campaign.created, campaign.id))
    shown = [campaign_json(call, one, wanted, since, html) for one in call.page(ordered, 50, 100)]
    return call.listed("campaigns", shown, len(rows))


def _period(call: Call, status: str | None) -> tuple[datetime, datetime] | None:
    """`startDate` and `endDate`: both or neither, and of sent campaigns only."""
    texts = [call.query("startDate"), call.query("endDate")]
    if texts == [None, None]:
        return None
    if None in texts:
        raise missing("startDate and endDate are mandatory together")
    if status not in (None, "sent"):
        raise invalid("startDate and endDate are only available if status is not passed or is sent")
    try:
        start, end = (datetime.fromisoformat(str(text)) for text in texts)
    except ValueError:
        raise invalid("startDate and endDate must be date-times (YYYY-MM-DDTHH:mm:ss.SSSZ)") from None
    if start.tzinfo is None or end.tzinfo is None:
        raise invalid("startDate and endDate need a time zone offset")
    if end < start or end - start > LONGEST or end > call.now:
        raise Problem(400, "out_of_range", "The dates must span two years at most, and not be in the future")
    return start, end


def _sent_within(campaign: Campaign, start: datetime, end: datetime) -> bool:
    return campaign.status == "sent" and campaign.sent is not None and start <= moment(campaign.sent) <= end


def read(call: Call) -> Response:
    """`GET /emailCampaigns/{id}`: statistics of any age."""
    call.only("statistics", "excludeHtmlContent")
    wanted = call.word("statistics", STATISTICS)
    html = call.word("excludeHtmlContent", ("true", "false")) != "true"
    return JSONResponse(campaign_json(call, find(call), wanted, None, html))


def create(call: Call) -> Response:
    """`POST /emailCampaigns`: a draft, or a scheduled campaign if there is a `scheduledAt`."""
    given = values.members(call, call.body())
    for name in ("name", "sender"):
        if name not in given:
            raise missing(f"{name} is missing")
    if not {"htmlContent", "htmlUrl", "templateId"} & set(given):
        raise missing("htmlContent, htmlUrl or templateId is missing")
    campaign = Campaign(0, "", "draft", stamp(call.now), stamp(call.now))
    _change(call, campaign, given)
    campaign.id = call.state.new_id()
    call.state.campaigns[campaign.id] = campaign
    call.touch(campaign)
    return JSONResponse({"id": campaign.id}, 201)


def edit(call: Call) -> Response:
    """`PUT /emailCampaigns/{id}`: only what is named changes. A `scheduledAt` schedules a draft, and moves what is
    scheduled.
    """
    campaign = find(call)
    given = values.members(call, call.body())
    if not given:
        raise missing("At least one valid field is needed to update the campaign")
    _modifiable(call, campaign)
    _change(call, campaign, given)
    campaign.modified = stamp(call.now)
    call.touch(campaign)
    return nothing()


def _modifiable(call: Call, campaign: Campaign) -> None:
    if campaign.status in ("draft", "queued"):
        return
    if campaign.status == "suspended" and call.state.switches.suspended_editable:
        return
    if campaign.status in ("sent", "archive"):
        raise Problem(400, "campaign_sent", "Campaign has already been sent and cannot be updated")
    if campaign.status in life.PROCESSING:
        raise Problem(400, "campaign_processing", "Campaign is being processed and cannot be updated")
    raise invalid(f"Only draft or scheduled campaigns can be updated; this one is {campaign.status}")


def _change(call: Call, campaign: Campaign, given: JSON) -> None:
    """Write what was given, all of it or nothing."""
    changes = values.written(call, campaign, given)
    at = None
    text = given.get("scheduledAt")
    if text is None and changes.get("best_time", campaign.best_time) is not campaign.best_time:
        # Another way to send a campaign that is scheduled: its time is read anew.
        text = campaign.scheduled if campaign.status == "queued" else None
    if text is not None:
        at = values.send_time(call, text, changes.get("best_time", campaign.best_time))
        after = Campaign(**{name: getattr(campaign, name) for name in Campaign.__dataclass_fields__} | changes)
        life.ready(call.state, after)
    for name, value in changes.items():
        setattr(campaign, name, value)
    if at is not None:
        life.schedule(call.state, campaign, at)


def status(call: Call) -> Response:
    """`PUT /emailCampaigns/{id}/status`. Of the commands, `sent` sends at once, and `queued` may."""
    campaign, body = find(call), call.body()
    word = body.get("status")
    if word not in life.COMMANDS:
        raise invalid(f"status must be one of {', '.join(life.COMMANDS)}")
    if life.command(call.state, campaign, word, call.now) is not None:
        call.sends.append((campaign, f"SENT AT ONCE by the status command '{word}'"))
    call.touch(campaign)
    return nothing()


def delete(call: Call) -> Response:
    """`DELETE /emailCampaigns/{id}`: never once it was scheduled."""
    campaign = find(call)
    if campaign.ever_scheduled:
        raise Problem(403, "permission_denied", "A campaign that has been scheduled cannot be deleted")
    del call.state.campaigns[campaign.id]
    call.touch(campaign)
    return nothing()


def send_now(call: Call) -> Response:
    """`POST /emailCampaigns/{id}/sendNow`: the accident of all accidents."""
    campaign = find(call)
    if campaign.status not in ("draft", "queued", "suspended"):
        _modifiable(call, campaign)
    life.ready(call.state, campaign)
    life.send(call.state, campaign, call.now)
    call.sends.append((campaign, "SENT AT ONCE by sendNow"))
    call.touch(campaign)
    return nothing()
