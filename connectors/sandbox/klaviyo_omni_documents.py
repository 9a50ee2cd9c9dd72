"""Klaviyo's documents of revision 2026-10-15: campaigns, messages, variations, audiences (reference esp §1.7, K2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.klaviyo_call import Call
from connectors.sandbox.klaviyo_documents import related, sparse, tag_json
from connectors.sandbox.klaviyo_state import LOCKED, Campaign, KlaviyoState, make_id, moment

JSON = dict[str, Any]

_SETTINGS = (
    "send_timezone", "send_strategy", "send_passed_rltz_immediately", "exit_condition_enabled",
    "exit_condition_conversion_metric_id",
)  # fmt: skip
_OPTIONS = (
    "send_time", "send_times", "send_strategy", "recipient_percentage", "throttling_type", "throttle_unit",
    "is_ignoring_unsubscribes",
)  # fmt: skip
_TRACKING = ("is_add_utm", "is_tracking_clicks", "is_tracking_opens")
CONTENT = (
    "channel", "template_id", "from_label", "from_email", "reply_to_email", "cc_email", "bcc_email", "subject",
    "preview_text", "body",
)  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "campaign": (
        "id", "created_at", "updated_at", "definition",
        *(f"definition.{name}" for name in ("name", "builder", "archived", "color", "description", "send_settings")),
        *(f"definition.send_settings.{name}" for name in _SETTINGS),
    ),
    "campaign-message": (
        "id", "created", "updated", "definition", "definition.name", "definition.status", "definition.ab_test",
        "definition.tracking_options", *(f"definition.tracking_options.{name}" for name in _TRACKING),
        "definition.send_options", *(f"definition.send_options.{name}" for name in _OPTIONS),
    ),
    "campaign-variation": (
        "id", "created", "updated", "definition", "definition.name", "definition.details",
        *(f"definition.details.{name}" for name in CONTENT),
    ),
    "campaign-audience": (
        "id", "created", "updated", "definition",
        *(f"definition.{name}" for name in ("name", "included", "excluded", "priority")),
    ),
}  # fmt: skip
STRATEGIES = {"static": "static", "throttled": "throttled", "smart_send_time": "send_time_optimization"}


def audience_id(state: KlaviyoState, message: Campaign) -> str:
    """The id of the audience that a message has, by itself or with another one."""
    owner = _owner(state, message)
    return make_id(state.seed, f"audience/{owner.message}", moment(owner.created))


def _owner(state: KlaviyoState, message: Campaign) -> Campaign:
    return (state.by_message(message.shares) if message.shares else None) or message


def variation_ids(state: KlaviyoState, message: Campaign) -> list[str]:
    at = moment(message.created)
    return [make_id(state.seed, f"variation/{message.message}/{n}", at) for n in range(1 + len(message.variants))]


def campaign_json(call: Call, campaign: Campaign, include: Iterable[str] = ()) -> JSON:
    """A campaign, which has neither a status nor a time. Relationships name their members only where included."""
    sends = call.state.sends(campaign.id)
    moves = call.state.switches["message_moves_campaign"]
    definition: JSON = {
        "name": campaign.name,
        "builder": "wizard" if len(sends) == 1 else "canvas",
        "archived": campaign.archived,
        "color": campaign.color,
        "description": campaign.description,
        "send_settings": dict.fromkeys(_SETTINGS) | {"exit_condition_enabled": False} | campaign.settings,
    }
    attributes: JSON = {
        "created_at": campaign.created,
        "updated_at": campaign.updated if moves else campaign.own_updated or campaign.created,
        "definition": definition,
    }
    members: dict[str, list[JSON]] = {
        "campaign-messages": [_ref("campaign-message", one.message) for one in sends],
        "campaign-audiences": [
            _ref("campaign-audience", id) for id in dict.fromkeys(audience_id(call.state, one) for one in sends)
        ],
        "tags": [_ref("tag", id) for id in campaign.tags],
    }
    shown: dict[str, JSON] = {name: {"data": rows} if name in include else {} for name, rows in members.items()}
    return _resource(call, "campaign", campaign.id, attributes, shown)


def message_json(call: Call, message: Campaign, include: Iterable[str] = ()) -> JSON:
    """A message, with its status and its time."""
    attributes: JSON = {
        "created": message.created,
        "updated": message.message_updated or message.updated,
        "definition": {
            "name": message.label,
            "status": status(message),
            "tracking_options": dict.fromkeys(_TRACKING, True) | {"is_add_utm": False},
            "send_options": send_options(message),
            "ab_test": None,
        },
    }
    variations = [_ref("campaign-variation", id) for id in variation_ids(call.state, message)]
    shown: dict[str, JSON] = {
        "campaign": {"data": _ref("campaign", message.parent or message.id)},
        "campaign-audience": {"data": _ref("campaign-audience", audience_id(call.state, message))},
        "campaign-variations": {"data": variations} if "campaign-variations" in include else {},
    }
    return _resource(call, "campaign-message", message.message, attributes, shown)


def status(message: Campaign) -> str | None:
    """One of the five words; what is on its way to be scheduled is none of the others yet."""
    if message.status in LOCKED:
        return "sending"
    word = message.status.partition(":")[0].lower()
    return {"preparing to schedule": "draft", "unknown": None}.get(word, word)


def send_options(message: Campaign) -> JSON:
    """How and when it goes out. The share of a throttled send is not told, nor is the day of a smart one but as a
    moment (?)."""
    method, strategy = message.strategy["method"], message.strategy
    word, at = STRATEGIES.get(method), strategy.get("datetime")
    local = bool((strategy.get("options") or {}).get("is_local"))
    if method == "static" and local:
        word = "local_timezone"
    if method == "smart_send_time":
        at = f"{strategy['date']}T00:00:00+00:00"
    if method == "immediate" and message.send_time:
        word, at = "static", message.send_time
    if message.variants and word in ("static", "local_timezone"):
        word = "content_variation_local_timezone" if local else "content_variation"
    return {
        "send_time": at, "send_times": None, "send_strategy": word, "recipient_percentage": None,
        "throttling_type": "throttle-for-campaigns", "throttle_unit": "hour" if method == "throttled" else None,
        "is_ignoring_unsubscribes": False,
    }  # fmt: skip


def variations_json(call: Call, message: Campaign) -> list[JSON]:
    """The message's variations, which have the subjects; one, unless it is a test."""
    rows = []
    for number, id in enumerate(variation_ids(call.state, message)):
        content = message.content if number == 0 else message.variants[number - 1]
        details = {"channel": message.channel, "template_id": None}
        details |= {name: value for name, value in content.items() if value is not None}
        attributes: JSON = {
            "created": message.created,
            "updated": message.message_updated or message.updated,
            "definition": {"name": f"Variation {number + 1}", "details": details},
        }
        shown = {"campaign-message": {"data": _ref("campaign-message", message.message)}}
        rows.append(_resource(call, "campaign-variation", id, attributes, shown))
    return rows


def audience_json(call: Call, message: Campaign) -> JSON:
    """The audience resource of a message."""
    id, message = audience_id(call.state, message), _owner(call.state, message)
    definition = {"name": None, "included": list(message.included), "excluded": list(message.excluded), "priority": 0}
    updated = message.message_updated or message.updated
    attributes: JSON = {"created": message.created, "updated": updated, "definition": definition}
    shown: dict[str, JSON] = {"campaign": {"data": _ref("campaign", message.parent or message.id)}}
    return _resource(call, "campaign-audience", id, attributes, shown | {"campaign-messages": {}})


def sideloaded(call: Call, campaigns: Iterable[Campaign], include: Iterable[str]) -> list[JSON]:
    """The `included` member of a document about campaigns."""
    sends = [one for campaign in campaigns for one in call.state.sends(campaign.id)]
    rows: list[JSON] = []
    if "campaign-messages" in include:
        rows += [message_json(call, one) for one in sends]
    if "campaign-audiences" in include:
        rows += {audience_id(call.state, one): audience_json(call, one) for one in sends}.values()
    if "tags" in include:
        rows += [tag_json(call, id) for id in dict.fromkeys(id for campaign in campaigns for id in campaign.tags)]
    return rows


def _ref(type_: str, id: str) -> JSON:
    return {"type": type_, "id": id}


def _resource(call: Call, type_: str, id: str, attributes: JSON, relations: dict[str, JSON]) -> JSON:
    address = f"{call.base}/{type_}s/{id}"
    return {
        "type": type_,
        "id": id,
        "attributes": sparse(call, type_, attributes, FIELDS[type_]),
        "relationships": {name: shown | {"links": related(address, name)} for name, shown in relations.items()},
        "links": {"self": f"{address}/"},
    }
