"""What Klaviyo takes for a campaign's attributes (reference esp §1.5-1.6, specification K1)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from connectors.sandbox.klaviyo_call import Call, invalid
from connectors.sandbox.klaviyo_state import Campaign, KlaviyoState, stamp

JSON = dict[str, Any]

THROTTLES = (1, 2, 5, 10, 11, 13, 14, 17, 20, 25, 33, 50)
METHODS = {
    "static": {"method", "datetime", "options"},
    "throttled": {"method", "datetime", "throttle_percentage"},
    "smart_send_time": {"method", "date"},
    "immediate": {"method"},
}
CONTENT = ("subject", "preview_text", "from_email", "from_label", "reply_to_email", "cc_email", "bcc_email")
WRITABLE = ("name", "audiences", "send_strategy", "send_options", "tracking_options")
_AT = "/data/attributes/"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def written(call: Call, campaign: Campaign, attributes: JSON, extra: tuple[str, ...] = ()) -> JSON:
    """Attribute of Campaign -> value, for the attributes of a POST or PATCH; null leaves a thing as it is.

    Raises Problem, before anything is written.
    """
    for name in attributes:
        if name not in (*WRITABLE, *extra):
            raise invalid(f"'{name}' is not a valid field for the resource 'campaign'.", _AT + name)
    given = {name: value for name, value in attributes.items() if value is not None and name not in extra}
    values: JSON = {}
    if "name" in given:
        values["name"] = _name(given["name"])
    if "audiences" in given:
        values |= _audiences(call.state, campaign, given["audiences"])
    if "send_strategy" in given:
        values["strategy"] = strategy(given["send_strategy"])
    for name, attribute in (("send_options", "send_options"), ("tracking_options", "tracking")):
        if name in given:
            if not isinstance(given[name], dict):
                raise invalid(f"'{name}' must be an object.", _AT + name)
            values[attribute] = getattr(campaign, attribute) | given[name]
    return values


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise invalid("A campaign needs a name.", f"{_AT}name")
    return value


def _audiences(state: KlaviyoState, campaign: Campaign, value: Any) -> JSON:
    place = f"{_AT}audiences"
    if not isinstance(value, dict) or set(value) - {"included", "excluded"}:
        raise invalid("'audiences' must be an object with 'included' and 'excluded'.", place)
    found: JSON = {}
    for side in ("included", "excluded"):
        ids = value.get(side)
        if ids is None:
            continue
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise invalid(f"'{side}' must be a list of ids of lists and segments.", f"{place}/{side}")
        for id in ids:
            if id not in state.audiences:
                raise invalid(f"No list or segment with the id {id} exists.", f"{place}/{side}")
        found[side] = list(dict.fromkeys(ids))
    both = set(found.get("included", campaign.included)) & set(found.get("excluded", campaign.excluded))
    if both:
        raise invalid(f"An audience cannot be both included and excluded: {', '.join(sorted(both))}.", place)
    if not found.get("included", campaign.included) and not state.switches["empty_audience_allowed"]:
        raise invalid("A campaign needs at least one included audience.", f"{place}/included")
    return found


def strategy(value: Any) -> JSON:
    """A send strategy as it is stored. Raises Problem for one that cannot be written."""
    place = f"{_AT}send_strategy"
    method = value.get("method") if isinstance(value, dict) else None
    if method not in METHODS:
        raise invalid(f"The send strategy's method must be one of {', '.join(METHODS)}.", f"{place}/method")
    if extra := set(value) - METHODS[method]:
        raise invalid(f"A send strategy '{method}' has no '{sorted(extra)[0]}'.", place)
    kept: JSON = {"method": method}
    if "datetime" in METHODS[method]:
        kept["datetime"] = _moment(value.get("datetime"), f"{place}/datetime")
    if method == "static":
        kept["options"] = _options(value.get("options"), f"{place}/options")
    if method == "throttled":
        kept["throttle_percentage"] = value.get("throttle_percentage")
        if kept["throttle_percentage"] not in THROTTLES:
            raise invalid(f"The percentage must be one of {THROTTLES}.", f"{place}/throttle_percentage")
    if method == "smart_send_time":
        kept["date"] = _date(value.get("date"), f"{place}/date")
    return kept


def _moment(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise invalid("A date-time with its offset is needed, such as 2026-11-27T13:00:00+00:00.", place)
    try:
        return stamp(datetime.fromisoformat(value))
    except ValueError:
        raise invalid(f"'{value}' is no date-time.", place) from None


def _date(value: Any, place: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise invalid("A date is needed, such as 2026-11-27.", place) from None


def _options(value: Any, place: str) -> JSON:
    given = {"is_local": False} if value is None else value
    local = given.get("is_local") if isinstance(given, dict) else None
    allowed = {"is_local", "send_past_recipients_immediately"} if local else {"is_local"}
    if not isinstance(local, bool) or set(given) - allowed:
        raise invalid(
            "The options of a static send are 'is_local' and, for a local one, what to do where it is past.", place
        )
    return {"is_local": False} if not local else {"send_past_recipients_immediately": False, **given}


def message(campaign: Campaign, definition: Any, place: str) -> JSON:
    """Attribute of Campaign -> value for a message's definition; content that is not named stays."""
    if not isinstance(definition, dict) or definition.get("channel") != "email":
        raise invalid("The definition needs its channel, which is 'email' for this campaign.", f"{place}/channel")
    for name in definition:
        if name not in ("channel", "label", "content"):
            raise invalid(f"'{name}' is not a valid field for an email message.", f"{place}/{name}")
    content = definition.get("content") or {}
    for name, value in content.items():
        if name not in CONTENT or not isinstance(value, str | None):
            raise invalid(f"'{name}' is not a valid field for the content of an email.", f"{place}/content/{name}")
    values: JSON = {"content": campaign.content | content}
    return values | ({"label": definition["label"]} if "label" in definition else {})
