"""Brevo's JSON of a campaign, of lists and segments (reference esp §3.2, specification B2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox.brevo_call import Call
from connectors.sandbox.brevo_state import Audience, Campaign, written
from connectors.sandbox.brevo_stats import statistics

JSON = dict[str, Any]


def campaign_json(call: Call, campaign: Campaign, wanted: str | None, since: datetime | None, html: bool) -> JSON:
    """A campaign. `wanted` statistics are of the events after `since` (None: of all); without `html` it has none."""
    state = call.state
    sender = state.senders.get(campaign.sender, {})
    shown: JSON = {"id": campaign.id, "name": campaign.name, "type": campaign.kind, "status": campaign.status}
    shown |= _subject(campaign) | {"previewText": campaign.more.get("previewText", "")}
    shown |= {"sendAtBestTime": campaign.best_time, "testSent": False}
    shown |= {name: campaign.more.get(name, "") for name in ("header", "footer", "toField")}
    shown |= {name: campaign.more.get(name, False) for name in ("inlineImageActivation", "mirrorActive")}
    shown |= {
        "sender": {"name": campaign.sender_name or sender.get("name", ""), "email": sender.get("email", ""),
                   "id": campaign.sender},
        "replyTo": campaign.reply_to or sender.get("email", ""),
        "htmlContent": campaign.html if html else "",
        "shareLink": _link(campaign),
        "tag": campaign.tag,
        "recipients": {"lists": list(campaign.lists), "exclusionLists": list(campaign.exclusion_lists),
                       "segments": list(campaign.segments), "excludedSegments": list(campaign.excluded_segments)},
        "statistics": _statistics(call, campaign, wanted, since),
    }  # fmt: skip
    shown |= {"tags": [campaign.tag]} if campaign.tag else {}
    shown |= {"recurring": False} if campaign.kind == "trigger" else {}
    moments = {"createdAt": campaign.created, "modifiedAt": campaign.modified, "scheduledAt": campaign.scheduled}
    moments |= {"sentDate": campaign.sent if campaign.status == "sent" else None}
    for place, (name, text) in enumerate(moments.items()):
        if text is not None:
            shown[name] = written(text, state.zone, state.switches.dates, campaign.id + place)
    return shown


def _subject(campaign: Campaign) -> JSON:
    if not campaign.subjects:
        return {"abTesting": False, "subject": campaign.subject}
    first, second = campaign.subjects
    test = {
        name: campaign.test[name] for name in ("splitRule", "winnerCriteria", "winnerDelay") if name in campaign.test
    }
    return {"abTesting": True, "subjectA": first, "subjectB": second} | test


def _link(campaign: Campaign) -> str:
    """For what has not been sent, a sentence in place of a link (B2)."""
    if campaign.kind == "trigger":
        return "Share link is not available for trigger campaigns"
    if campaign.sent is None:
        return "Share link is available only for sent campaigns"
    return f"https://acme.example/share/{campaign.id}.html"


def _statistics(call: Call, campaign: Campaign, wanted: str | None, since: datetime | None) -> JSON:
    """Only what was asked for is filled in."""
    counts = statistics(campaign, since, call.now, call.state.switches.opens_rate_with_mpp)
    shown: JSON = {"globalStats": {}, "campaignStats": [], "mirrorClick": 0, "remaining": 0, "linksStats": {}}
    match wanted:
        case "statsByDomain":
            shown["statsByDomain"] = {"acme.example": counts}
        case "globalStats":
            shown["globalStats"] = counts
            shown["remaining"] = campaign.size - counts["sent"] if since is None else 0
        case "linksStats":
            shown["linksStats"] = {"https://www.acme.example/": counts["uniqueClicks"]}
        case "statsByDevice":
            shown["statsByDevice"] = {"desktop": {"unknown": _looks(counts)}}
        case "statsByBrowser":
            shown["statsByBrowser"] = {"unknown": _looks(counts)}
    return shown


def _looks(counts: JSON) -> JSON:
    return {name: counts[name] for name in ("clickers", "uniqueClicks", "viewed", "uniqueViews")}


def list_json(audience: Audience) -> JSON:
    """A list. Two of its counts are no longer filled in (B2)."""
    return {
        "id": audience.id, "name": audience.name, "folderId": 1, "uniqueSubscribers": audience.size,
        "totalSubscribers": 0, "totalBlacklisted": 0,
    }  # fmt: skip


def segment_json(call: Call, audience: Audience) -> JSON:
    """A segment. It tells no number of contacts."""
    at = written(audience.created, call.state.zone, call.state.switches.dates, audience.id)
    return {"id": audience.id, "segmentName": audience.name, "categoryName": "", "updatedAt": at}
