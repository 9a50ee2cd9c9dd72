"""What may be written to Mailchimp's campaigns: their settings and their recipients (reference esp §2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.sandbox.mailchimp_call import Call, invalid
from connectors.sandbox.mailchimp_state import JSON, Campaign

TEXTS = ("subject_line", "preview_text", "title", "from_name", "reply_to", "to_name", "folder_id")
FLAGS = ("use_conversation", "authenticate", "auto_footer", "inline_css", "auto_tweet", "fb_comments")
REQUIRED = ("subject_line", "from_name", "reply_to")


def settings(call: Call, given: Any, required: Sequence[str] = ()) -> JSON:
    """The settings of a request, of the right types. What cannot be written, such as `timewarp`, is passed over."""
    if not isinstance(given, dict):
        raise invalid("settings", "Schema describes object, another type found instead")
    for name in required:
        if name not in given:
            raise invalid(f"settings.{name}", f"Required fields were not provided: {name}")
    found: JSON = {}
    for name, kind in (*((one, str) for one in TEXTS), *((one, bool) for one in FLAGS), ("template_id", int)):
        if name in given:
            if not isinstance(given[name], kind):
                words = {str: "string", bool: "boolean", int: "integer"}
                raise invalid(f"settings.{name}", f"Schema describes {words[kind]}, another type found instead")
            found[name] = given[name]
    if found.get("folder_id") and found["folder_id"] not in call.state.folders:
        raise invalid("settings.folder_id", "The folder does not exist.")
    return found


def set_recipients(call: Call, campaign: Campaign, given: Any) -> None:
    """The campaign goes to this list, and to no segment of it unless one is named. All or nothing."""
    if not isinstance(given, dict):
        raise invalid("recipients", "Schema describes object, another type found instead")
    if "list_id" not in given:
        raise invalid("recipients.list_id", "Required fields were not provided: list_id")
    audience = call.state.lists.get(given["list_id"]) if isinstance(given["list_id"], str) else None
    if audience is None or not audience.active:
        raise invalid("recipients.list_id", "The list does not exist.")
    chosen = given.get("segment_opts") or {}
    segment = chosen.get("saved_segment_id")
    if segment is not None:
        known = call.state.segments.get(segment) if isinstance(segment, int) else None
        if known is None or known.list_id != audience.id:
            raise invalid("recipients.segment_opts.saved_segment_id", "The segment does not exist in this list.")
    match = chosen.get("match", "any")
    if match not in ("any", "all"):
        raise invalid("recipients.segment_opts.match", "Value must be one of: any, all")
    campaign.list_id, campaign.segment, campaign.match = audience.id, segment, match
    campaign.conditions = list(chosen.get("conditions") or [])
