"""What Brevo takes for a campaign, on creation and on update (reference esp §3.4, specifications B1 and B2)."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.brevo_call import Call, invalid, missing
from connectors.sandbox.brevo_state import BrevoState, Campaign

JSON = dict[str, Any]

TEMPLATE = 7  # the one active template of the account
_TEXTS = (
    "attachmentUrl", "footer", "header", "htmlContent", "htmlUrl", "name", "previewText", "replyTo", "scheduledAt",
    "subject", "subjectA", "subjectB", "tag", "toField", "unsubscriptionPageId", "updateFormId", "utmCampaign",
    "utmContent", "utmId", "utmMedium", "utmSource", "utmTerm", "winnerCriteria",
)  # fmt: skip
_FLAGS = ("abTesting", "inlineImageActivation", "ipWarmupEnable", "mirrorActive", "recurring", "sendAtBestTime")
_NUMBERS = ("increaseRate", "initialQuota", "splitRule", "templateId", "winnerDelay")
_OBJECTS = ("emailExpirationDate", "params", "recipients", "sender")
_KINDS: tuple[tuple[tuple[str, ...], type, str], ...] = (
    (_TEXTS, str, "a string"),
    (_FLAGS, bool, "a boolean"),
    (_NUMBERS, int, "an integer"),
    (_OBJECTS, dict, "an object"),
)
_TEST = {"abTesting", "subject", "subjectA", "subjectB", "splitRule", "winnerCriteria", "winnerDelay"}
_SHOWN = ("previewText", "header", "footer", "toField", "inlineImageActivation", "mirrorActive")
# member of `recipients` -> attribute of Campaign
RECIPIENTS = {
    "listIds": "lists", "exclusionListIds": "exclusion_lists",
    "segmentIds": "segments", "exclusionSegmentIds": "excluded_segments",
}  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")


def members(call: Call, body: JSON) -> JSON:
    """The members that the vendor knows, each of its type. Raises Problem."""
    types = {name: (type_, word) for names, type_, word in _KINDS for name in names}
    known: JSON = {}
    for name, value in body.items():
        if name not in types:
            if call.state.switches.unknown_refused:
                raise invalid(f"{name} is not a valid parameter")
            continue
        type_, word = types[name]
        if not isinstance(value, type_) or isinstance(value, bool) is not (type_ is bool):
            raise invalid(f"{name} must be {word}")
        known[name] = value
    return known


def written(call: Call, campaign: Campaign, given: JSON) -> JSON:
    """Attribute of Campaign -> value for what was given; the time apart. Raises Problem, before anything is written."""
    state, changes = call.state, {}
    if "name" in given:
        if not given["name"].strip():
            raise invalid("name is empty")
        changes["name"] = given["name"]
    if "sender" in given:
        changes |= _sender(state, given["sender"])
    if "recipients" in given:
        changes |= _recipients(state, campaign, given["recipients"])
    for name, attribute in (("tag", "tag"), ("replyTo", "reply_to")):
        changes |= {attribute: given[name]} if name in given else {}
    changes |= _subjects(campaign, given) | _content(given)
    if "sendAtBestTime" in given:
        changes["best_time"] = given["sendAtBestTime"]
        if given["sendAtBestTime"] and not state.switches.best_time:
            raise invalid("sendAtBestTime is not part of your plan")
    if changes.get("best_time", campaign.best_time) and changes.get("subjects", campaign.subjects):
        raise invalid("sendAtBestTime cannot be used with abTesting")
    more = {name: given[name] for name in _SHOWN if name in given}
    return changes | ({"more": campaign.more | more} if more else {})


def _sender(state: BrevoState, given: JSON) -> JSON:
    if ("id" in given) is ("email" in given):
        raise invalid("Only one of either sender email or sender id shall be passed")
    for id, sender in state.senders.items():
        if given.get("id") == id or given.get("email") == sender["email"]:
            return {"sender": id, "sender_name": given.get("name", "")}
    raise invalid("Sender is invalid / inactive")


def _subjects(campaign: Campaign, given: JSON) -> JSON:
    """The subject, or the two of a test; with a test, `subject` is ignored (B1)."""
    if campaign.id and not _TEST & set(given):
        return {}
    testing = given.get("abTesting", bool(campaign.subjects))
    if not testing:
        subject = given.get("subject", campaign.subject or None)
        if subject is None or not subject.strip():
            raise missing("subject is missing")
        return {"subject": subject, "subjects": [], "test": {}}
    known: list[Any] = [*campaign.subjects] or [None, None]
    pair = [given.get("subjectA", known[0]), given.get("subjectB", known[1])]
    if not all(pair):
        raise missing("subjectA and subjectB are mandatory if abTesting is true")
    if pair[0] == pair[1]:
        raise invalid("subjectA and subjectB should have unique values")
    test = campaign.test | {
        name: given[name] for name in ("splitRule", "winnerCriteria", "winnerDelay") if name in given
    }
    if not 1 <= test.get("splitRule", 50) <= 50:
        raise invalid("splitRule must be between 1 and 50")
    if test.get("splitRule", 50) < 50 and not {"winnerCriteria", "winnerDelay"} <= set(test):
        raise missing("winnerCriteria and winnerDelay are mandatory if splitRule is below 50")
    return {"subject": "", "subjects": pair, "test": test}


def _content(given: JSON) -> JSON:
    """Content that is written is no longer that of the drag-and-drop editor (§3.4)."""
    ways = [name for name in ("htmlContent", "htmlUrl", "templateId") if name in given]
    if not ways:
        return {}
    if len(ways) > 1:
        raise invalid(f"{' and '.join(ways)} cannot be used together")
    value = given[ways[0]]
    if ways == ["htmlContent"] and len(value) <= 10:
        raise invalid("htmlContent must have more than 10 characters")
    if ways == ["templateId"] and value != TEMPLATE:
        raise invalid("Template ID does not exist or is inactive")
    html = value if ways == ["htmlContent"] else f"<html><body><p>{value}</p></body></html>"
    return {"html": html, "designed": False}


def _recipients(state: BrevoState, campaign: Campaign, given: JSON) -> JSON:
    """A campaign that was made with lists takes lists, one with segments takes segments."""
    changes: JSON = {}
    for name, ids in given.items():
        if name not in RECIPIENTS:
            raise invalid(f"{name} is not a valid parameter")
        if not isinstance(ids, list) or not all(isinstance(id, int) and not isinstance(id, bool) for id in ids):
            raise invalid(f"{name} must be an array of integers")
        known = state.lists if "List" in name or name == "listIds" else state.segments
        unknown = [id for id in ids if id not in known]
        if unknown:
            raise invalid(f"{name} not found: {', '.join(map(str, unknown))}")
        if not ids and name in ("listIds", "segmentIds"):
            raise invalid(f"{name} is empty")
        changes[RECIPIENTS[name]] = list(dict.fromkeys(ids))
    chosen = {kind for kind in ("lists", "segments") if kind in changes}
    if campaign.kinds and chosen - campaign.kinds:
        used = " and ".join(sorted(campaign.kinds))
        raise invalid(f"The campaign was created with {used} and can only be updated with {used}")
    if not campaign.kinds and len(chosen) > 1 and not state.switches.mixed_kinds:
        raise invalid("Only one of either listIds or segmentIds shall be passed")
    if not state.switches.exclusions_kept:
        changes = {"exclusion_lists": [], "excluded_segments": []} | changes
    return changes


def send_time(call: Call, text: str, best_time: bool) -> datetime:
    """The moment of a `scheduledAt`; at the best time, the first of its day. Raises Problem for what is past."""
    zone = ZoneInfo(call.state.zone)
    try:
        at = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        at = None
    if at is None:
        raise invalid("scheduledAt is not a valid date-time (YYYY-MM-DDTHH:mm:ss.SSSZ)")
    if at.tzinfo is None:
        reading = call.state.switches.naive_times
        if reading == "refused":
            raise invalid("scheduledAt needs a time zone offset")
        at = at.replace(tzinfo=zone if reading == "account" else ZoneInfo("UTC"))
    if best_time:
        if at.date() <= call.now.astimezone(zone).date():
            raise invalid("scheduledAt must be a coming day")
        return datetime.combine(at.date(), time(), zone)
    if at <= call.now:
        raise invalid("scheduledAt must be in the future")
    return at
