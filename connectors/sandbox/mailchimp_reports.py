"""Mailchimp's reports of what became of a send (reference esp §2.7)."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from connectors.sandbox import mailchimp_documents as documents
from connectors.sandbox.mailchimp_call import Call, missing
from connectors.sandbox.mailchimp_campaigns import KINDS
from connectors.sandbox.mailchimp_figures import figures
from connectors.sandbox.mailchimp_state import JSON, Campaign, moment

REPORTED = ("sending", "sent", "canceling", "canceled", "archived")


def reports(call: Call) -> Response:
    """`GET /reports`: of all that has been sent, or by `since_send_time` and `before_send_time`; newest first."""
    kind, since, before = call.choice("type", KINDS), call.moment("since_send_time"), call.moment("before_send_time")
    rows = [
        one
        for one in reversed(call.state.ordered())
        if _has(one)
        and kind in (None, one.kind)
        and (since is None or moment(one.send_time) >= since)
        and (before is None or moment(one.send_time) < before)
    ]
    return call.page("reports", rows, partial(_report, call), _links=[])


def report(call: Call) -> Response:
    """`GET /reports/{id}`; there is none before the sending begins."""
    campaign = call.state.campaigns.get(call.place())
    if campaign is None or not _has(campaign):
        raise missing()
    return call.answer(_report(call, campaign))


def _has(campaign: Campaign) -> bool:
    return campaign.status in REPORTED and bool(campaign.send_time)


def _report(call: Call, campaign: Campaign) -> JSON:
    """Its own rates are ratios; those of its list are in percent. Deliveries are not told."""
    found, audience = figures(campaign, call.now), call.state.lists.get(campaign.list_id)
    shown: JSON = {
        "id": campaign.id,
        "campaign_title": campaign.title,
        "type": campaign.kind,
        "list_id": campaign.list_id,
        "list_is_active": audience is not None and audience.active,
        "list_name": audience.name if audience else "",
        "subject_line": campaign.settings.get("subject_line", ""),
        "preview_text": campaign.settings.get("preview_text", ""),
        "emails_sent": found.sent,
        "abuse_reports": found.abuse_reports,
        "unsubscribed": found.unsubscribed,
        "send_time": campaign.send_time,
        "bounces": {"hard_bounces": found.hard_bounces, "soft_bounces": found.soft_bounces, "syntax_errors": 0},
        "forwards": {"forwards_count": 0, "forwards_opens": 0},
        "opens": {
            "opens_total": found.opens,
            "unique_opens": found.unique_opens,
            "open_rate": found.rate(found.unique_opens),
        },
        "clicks": {
            "clicks_total": found.clicks,
            "unique_clicks": found.subscriber_clicks,
            "unique_subscriber_clicks": found.subscriber_clicks,
            "click_rate": found.rate(found.subscriber_clicks),
        },
        "list_stats": {"sub_rate": 12, "unsub_rate": 3, "open_rate": 31.4, "click_rate": 2.9},
        "ecommerce": documents.ecommerce_json(call.state, campaign, call.now) | {"currency_code": "EUR"},
        "delivery_status": documents.delivery_json(campaign),
        "_links": documents.link(call.base, f"/reports/{campaign.id}"),
    }
    if found.last_open:
        shown["opens"]["last_open"] = found.last_open
    return shown
