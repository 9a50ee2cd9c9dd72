"""Mailchimp's campaigns, lists and their parts as its API shows them (reference esp §2.2)."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Any

from connectors.sandbox.mailchimp_figures import figures
from connectors.sandbox.mailchimp_state import JSON, Audience, Campaign, MailchimpState, Segment

STORE = {"total_orders": 0, "total_spent": 0.0, "total_revenue": 0.0}


def link(base: str, path: str) -> list[JSON]:
    """The `_links` of a thing: itself."""
    return [{"rel": "self", "href": f"{base}{path}", "method": "GET"}]


def campaign_json(state: MailchimpState, campaign: Campaign, now: datetime, base: str) -> JSON:
    """A campaign. It has no time of its last change, and shows nothing of a send in batches."""
    shown: JSON = {
        "id": campaign.id,
        "web_id": campaign.number,
        "parent_campaign_id": campaign.parent,
        "type": campaign.kind,
        "create_time": campaign.created,
        "archive_url": f"https://mailchi.mp/acme/{campaign.id}",
        "long_archive_url": f"https://mailchi.mp/acme/{campaign.id}?e=preview",
        "status": campaign.status,
        "emails_sent": campaign.sent,
        "send_time": _send_time(state, campaign),
        "content_type": "html" if campaign.html else "template",
        "needs_block_refresh": False,
        "resendable": campaign.status == "sent" and campaign.kind == "regular",
        "recipients": _recipients(state, campaign),
        "settings": _settings(campaign),
        "tracking": dict(campaign.tracking),
    }
    if shown["send_time"] is _ABSENT:
        del shown["send_time"]
    for name, value in (
        ("variate_settings", campaign.variate), ("rss_opts", campaign.rss), ("ab_split_opts", campaign.split)
    ):  # fmt: skip
        if value is not None:
            shown[name] = value
    if campaign.status in ("sending", "sent", "canceling", "canceled"):
        shown["report_summary"] = _summary(state, campaign, now)
    return shown | {"delivery_status": delivery_json(campaign), "_links": link(base, f"/campaigns/{campaign.id}")}


_ABSENT = object()


def _send_time(state: MailchimpState, campaign: Campaign) -> Any:
    hidden = campaign.status == "schedule" and not state.switches.shows_scheduled_time
    if campaign.send_time and not hidden:
        return campaign.send_time
    return {"null": None, "absent": _ABSENT}.get(state.switches.draft_send_time, "")


def _recipients(state: MailchimpState, campaign: Campaign) -> JSON:
    """`recipient_count` counts the list, whatever segment of it the campaign goes to."""
    audience = state.lists.get(campaign.list_id)
    active = audience is not None and audience.active
    shown: JSON = {
        "list_id": campaign.list_id,
        "list_is_active": active,
        "list_name": audience.name if audience else "",
        "segment_text": "",
        "recipient_count": audience.size if audience and active else 0,
    }
    segment = state.segments.get(campaign.segment or 0)
    if segment is not None or campaign.conditions:
        shown["segment_text"] = _segment_text(campaign, segment)
        shown["segment_opts"] = {"match": campaign.match, "conditions": campaign.conditions}
        if campaign.segment is not None:
            shown["segment_opts"]["saved_segment_id"] = campaign.segment
    return shown


def _segment_text(campaign: Campaign, segment: Segment | None) -> str:
    name = f" <strong>{html.escape(segment.name)}</strong>" if segment else ""
    count = max(len(campaign.conditions), 1)
    return (
        f'<p class="!margin--lv0">Contacts that match <strong>{campaign.match}</strong> of the following{name} '
        f'conditions:</p><ol id="conditions" class="conditions"><li>{count} condition(s)</li></ol>'
    )


def _settings(campaign: Campaign) -> JSON:
    written = {name: value for name, value in campaign.settings.items() if value is not None}
    defaults: JSON = {
        "subject_line": "", "preview_text": "", "title": "", "from_name": "", "reply_to": "", "to_name": "",
        "folder_id": "", "use_conversation": False, "authenticate": True, "auto_footer": False, "inline_css": False,
        "auto_tweet": False, "fb_comments": False, "template_id": 0,
    }  # fmt: skip
    return defaults | written | {"timewarp": campaign.timewarp, "drag_and_drop": False}


def _summary(state: MailchimpState, campaign: Campaign, now: datetime) -> JSON:
    found = figures(campaign, now)
    return {
        "opens": found.opens,
        "unique_opens": found.unique_opens,
        "open_rate": found.rate(found.unique_opens),
        "clicks": found.clicks,
        "subscriber_clicks": found.subscriber_clicks,
        "click_rate": found.rate(found.subscriber_clicks),
        "ecommerce": ecommerce_json(state, campaign, now),
    }


def ecommerce_json(state: MailchimpState, campaign: Campaign, now: datetime) -> JSON:
    """Orders; none without a connected store."""
    if not state.switches.store_connected:
        return dict(STORE)
    found = figures(campaign, now)
    return {"total_orders": found.orders, "total_spent": found.revenue, "total_revenue": found.revenue}


def delivery_json(campaign: Campaign) -> JSON:
    """What refines `sending`."""
    word = {"sending": "delivering", "canceling": "canceling", "canceled": "canceled"}.get(campaign.status)
    if word is None:
        return {"enabled": False}
    shown = {"enabled": True, "can_cancel": word == "delivering" and campaign.kind in ("regular", "plaintext")}
    left = campaign.recipients - campaign.sent
    return shown | {"status": word, "emails_sent": campaign.sent, "emails_canceled": left if word == "canceled" else 0}


def list_json(state: MailchimpState, audience: Audience, base: str) -> JSON:
    """A list, with the numbers of its members."""
    campaigns = [one for one in state.campaigns.values() if one.list_id == audience.id]
    stats = {"member_count": audience.size, "total_contacts": audience.size, "campaign_count": len(campaigns)}
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "permission_reminder": "You wanted to hear from us.",
        "campaign_defaults": {"from_name": "Acme", "from_email": "news@acme.example", "subject": "", "language": "en"},
        "date_created": audience.created,
        "visibility": "prv",
        "stats": stats | {"unsubscribe_count": 0, "cleaned_count": 0, "open_rate": 31.4, "click_rate": 2.9},
        "_links": link(base, f"/lists/{audience.id}"),
    }


def segment_json(segment: Segment, base: str) -> JSON:
    """A saved segment."""
    condition = {"condition_type": "EmailActivity", "field": "opened", "op": "open", "value": "any"}
    return {
        "id": segment.id,
        "name": segment.name,
        "member_count": segment.size,
        "type": segment.kind,
        "created_at": segment.created,
        "updated_at": segment.updated,
        "options": {"match": "any", "conditions": [] if segment.kind == "static" else [condition]},
        "list_id": segment.list_id,
        "_links": link(base, f"/lists/{segment.list_id}/segments/{segment.id}"),
    }
