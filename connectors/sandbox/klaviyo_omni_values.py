"""What Klaviyo takes in revision 2026-10-15 for campaigns, messages, audiences and schedules (reference esp §1.7)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from connectors.sandbox.klaviyo_call import Call, invalid
from connectors.sandbox.klaviyo_omni_documents import CONTENT, STRATEGIES
from connectors.sandbox.klaviyo_state import Campaign, KlaviyoState, moment, stamp
from connectors.sandbox.klaviyo_values import THROTTLES

JSON = dict[str, Any]

DEFINITION = ("name", "builder", "archived", "color", "description", "send_settings")
AT = "/data/attributes/"


def described(attributes: JSON) -> JSON:
    """Attribute of Campaign -> value, for a campaign's definition; what it does not name stays."""
    given = _object(attributes.get("definition"), f"{AT}definition")
    if unknown := set(given) - set(DEFINITION):
        raise invalid(f"'{sorted(unknown)[0]}' is not a valid field of a campaign's definition.", f"{AT}definition")
    values: JSON = {}
    if given.get("name") is not None:
        if not isinstance(given["name"], str) or not given["name"].strip():
            raise invalid("A campaign needs a name.", f"{AT}definition/name")
        values["name"] = given["name"]
    for name in ("description", "color"):
        if name in given:
            values[name] = given[name]
    if given.get("send_settings") is not None:
        values["settings"] = _object(given["send_settings"], f"{AT}definition/send_settings")
    if given.get("archived") is not None:
        values["archived"] = bool(given["archived"])
    return values


def targeted(state: KlaviyoState, given: JSON, held: Campaign | None, place: str) -> JSON:
    """`included` and `excluded` of an audience, as far as they are given."""
    found: JSON = {}
    for side in ("included", "excluded"):
        ids = given.get(side)
        if ids is None:
            continue
        if not isinstance(ids, list) or any(id not in state.audiences for id in ids):
            raise invalid(f"'{side}' must be a list of ids of lists and segments that exist.", f"{place}/{side}")
        found[side] = list(dict.fromkeys(ids))
    included = found.get("included", held.included if held else [])
    if not included and not state.switches["empty_audience_allowed"]:
        raise invalid("An audience needs at least one list or segment.", f"{place}/included")
    if set(included) & set(found.get("excluded", held.excluded if held else [])):
        raise invalid("An audience cannot be both included and excluded.", place)
    return found


def details(given: Any, held: JSON, channel: str, place: str) -> JSON:
    """The content of a variation; what is not named stays."""
    found = _object(_object(given, place).get("details") or {}, f"{place}/details")
    if found.get("channel", channel) != channel:
        raise invalid(f"This message's channel is '{channel}'.", f"{place}/details/channel")
    if unknown := set(found) - set(CONTENT):
        raise invalid(f"'{sorted(unknown)[0]}' is not a valid field of a variation's details.", f"{place}/details")
    return held | {name: value for name, value in found.items() if name not in ("channel", "template_id")}


def planned(call: Call, message: Campaign, given: Any, place: str) -> JSON:
    """The strategy that a draft message is given by its send options: a plan, which schedules nothing."""
    options = _object(given, place)
    word, at = options.get("send_strategy"), options.get("send_time")
    if word is None and at is None:
        return {}
    if not call.state.switches["drafts_hold_times"]:
        raise invalid("The send options are read-only; schedule the message.", place)
    known = {shown: method for method, shown in STRATEGIES.items()} | {"local_timezone": "static"}
    if word not in known or word == "throttled":
        raise invalid(f"The send strategy {word!r} cannot be written.", f"{place}/send_strategy")
    when = _moment(at, f"{place}/send_time")
    if word == "send_time_optimization":
        return {"strategy": {"method": "smart_send_time", "date": when[:10]}}
    return {"strategy": _static(when, word == "local_timezone", message.strategy)}


def schedule(call: Call, attributes: JSON, place: str) -> JSON:
    """The strategy of a schedule: one of four words, and an explicit time that is not past."""
    word = attributes.get("strategy")
    if word == "smart_send_time":
        day = _day(attributes.get("send_date"), f"{place}/send_date")
        if day < call.now.date() - timedelta(days=1):
            raise invalid("The send date is in the past.", f"{place}/send_date")
        return {"method": word, "date": day.isoformat()}
    if word not in ("static", "local_timezone", "throttled"):
        raise invalid("The strategy is static, local_timezone, throttled or smart_send_time.", f"{place}/strategy")
    at = _moment(attributes.get("send_time"), f"{place}/send_time")
    if moment(at) <= call.now:
        raise invalid("The send time must be in the future.", f"{place}/send_time")
    if word == "throttled":
        share = (attributes.get("throttled_options") or {}).get("throttling_percentage")
        if share not in THROTTLES:
            raise invalid(f"The percentage must be one of {THROTTLES}.", f"{place}/throttled_options")
        return {"method": word, "datetime": at, "throttle_percentage": share}
    made = _static(at, word == "local_timezone", {})
    if word == "local_timezone":
        tomorrow = bool((attributes.get("timezone_options") or {}).get("send_past_timezones_tomorrow"))
        made["options"]["send_past_recipients_immediately"] = not tomorrow
    return made


def scheduled(strategy: JSON) -> JSON:
    """The same as an answer shows it."""
    word = "local_timezone" if (strategy.get("options") or {}).get("is_local") else strategy["method"]
    shown: JSON = {"strategy": word, "send_time": strategy.get("datetime"), "send_date": strategy.get("date")}
    if word == "throttled":
        shown |= {"throttling_percentage": strategy["throttle_percentage"], "throttle_unit": "hour"}
    return shown


def _static(at: str, local: bool, held: JSON) -> JSON:
    past = bool((held.get("options") or {}).get("send_past_recipients_immediately"))
    options: JSON = {"is_local": True, "send_past_recipients_immediately": past} if local else {"is_local": False}
    return {"method": "static", "datetime": at, "options": options}


def _object(value: Any, place: str) -> JSON:
    if not isinstance(value, dict):
        raise invalid("An object is needed.", place)
    return value


def _moment(value: Any, place: str) -> str:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError
    except (TypeError, ValueError):
        raise invalid("A date-time with its offset is needed, such as 2026-11-27T13:00:00+00:00.", place) from None
    return stamp(at)


def _day(value: Any, place: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid("A date is needed, such as 2026-11-27.", place) from None
