"""Klaviyo's JSON:API documents: resources, sparse fields, inclusion, cursor pages (reference esp §1.2-1.3)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.klaviyo_call import Call, invalid
from connectors.sandbox.klaviyo_state import Audience, Campaign

JSON = dict[str, Any]

_STRATEGY = ("method", "datetime", "date", "throttle_percentage", "options")
_CONTENT = ("subject", "preview_text", "from_email", "from_label", "reply_to_email", "cc_email", "bcc_email")
FIELDS: dict[str, tuple[str, ...]] = {
    "campaign": (
        "id", "name", "status", "archived", "audiences", "audiences.included", "audiences.excluded", "send_options",
        "send_options.use_smart_sending", "tracking_options", "tracking_options.add_tracking_params",
        "tracking_options.custom_tracking_params", "tracking_options.is_tracking_clicks",
        "tracking_options.is_tracking_opens", "send_strategy", *(f"send_strategy.{name}" for name in _STRATEGY),
        "send_strategy.options.is_local", "send_strategy.options.send_past_recipients_immediately", "created_at",
        "scheduled_at", "updated_at", "send_time",
    ),
    "campaign-message": (
        "id", "definition", "definition.channel", "definition.label", "definition.content",
        *(f"definition.content.{name}" for name in _CONTENT), "send_times", "created_at", "updated_at",
    ),
    "tag": ("id", "name"),
    "list": ("id", "name", "created", "updated", "opt_in_process", "profile_count"),
    "segment": (
        "id", "name", "definition", "created", "updated", "is_active", "is_processing", "is_starred", "profile_count",
    ),
    "campaign-send-job": ("id", "status"),
    "metric": ("id", "name", "created", "updated", "integration"),
}  # fmt: skip


def campaign_json(call: Call, campaign: Campaign, include: Iterable[str] = ()) -> JSON:
    """A campaign. Its relationships name their members only where these are included."""
    address = f"{call.base}/campaigns/{campaign.id}"
    attributes: JSON = {
        "name": campaign.name,
        "status": campaign.status,
        "archived": campaign.archived,
        "audiences": {"included": list(campaign.included), "excluded": list(campaign.excluded)},
        "send_options": dict(campaign.send_options),
        "tracking_options": dict(campaign.tracking),
        "send_strategy": {"method": "ab_test_campaign"} if campaign.variants else dict(campaign.strategy),
        "created_at": campaign.created,
        "scheduled_at": campaign.scheduled_at,
        "updated_at": campaign.updated,
        "send_time": campaign.send_time,
    }
    members = {
        "campaign-messages": [{"type": "campaign-message", "id": one.message} for one in call.state.sends(campaign.id)],
        "tags": [{"type": "tag", "id": id} for id in campaign.tags],
    }
    relationships = {
        name: ({"data": rows} if name in include else {}) | {"links": related(address, name)}
        for name, rows in members.items()
    }
    resource = _resource(call, "campaign", campaign.id, attributes, f"{address}/")
    return resource | {"relationships": relationships}


def message_json(call: Call, campaign: Campaign) -> JSON:
    """The campaign's message."""
    times = None
    if "datetime" in campaign.strategy:
        local = bool((campaign.strategy.get("options") or {}).get("is_local"))
        times = [{"datetime": campaign.strategy["datetime"], "is_local": local}]
    attributes: JSON = {
        "definition": {"channel": campaign.channel, "label": campaign.label, "content": dict(campaign.content)},
        "send_times": times,
        "created_at": campaign.created,
        "updated_at": campaign.updated,
    }
    address = f"{call.base}/campaign-messages/{campaign.message}"
    resource = _resource(call, "campaign-message", campaign.message, attributes, f"{address}/")
    return resource | {
        "relationships": {
            "campaign": {
                "data": {"type": "campaign", "id": campaign.parent or campaign.id},
                "links": related(address, "campaign"),
            }
        }
    }


def tag_json(call: Call, id: str) -> JSON:
    address = f"{call.base}/tags/{id}"
    resource = _resource(call, "tag", id, {"name": call.state.tags[id]}, f"{address}/")
    return resource | {"relationships": {"campaigns": {"links": related(address, "campaigns")}}}


def audience_json(call: Call, audience: Audience, counted: bool = False) -> JSON:
    """A list or a segment; with `counted` the number of its profiles."""
    attributes: JSON = {"name": audience.name, "created": audience.created, "updated": audience.updated}
    if audience.kind == "list":
        attributes["opt_in_process"] = "double_opt_in"
    else:
        attributes |= {"definition": None, "is_active": True, "is_processing": False, "is_starred": False}
    attributes |= {"profile_count": audience.size} if counted else {}
    return _resource(call, audience.kind, audience.id, attributes, f"{call.base}/{audience.kind}s/{audience.id}/")


def job_json(call: Call, campaign: Campaign) -> JSON:
    """A send job; it has its campaign's id."""
    address = f"{call.base}/campaign-send-jobs/{campaign.id}/"
    return _resource(call, "campaign-send-job", campaign.id, {"status": campaign.job}, address)


def _resource(call: Call, type_: str, id: str, attributes: JSON, address: str) -> JSON:
    return {"type": type_, "id": id, "attributes": sparse(call, type_, attributes), "links": {"self": address}}


def related(address: str, name: str) -> JSON:
    return {"self": f"{address}/relationships/{name}/", "related": f"{address}/{name}/"}


def sparse(call: Call, type_: str, attributes: JSON, known: tuple[str, ...] | None = None) -> JSON:
    """The attributes that `fields[type]` asks for; all without it. Raises Problem for a name that the type has not.

    `known` are its names where they are not those of the classic revisions.
    """
    name = f"fields[{type_}]"
    if call.query(name) is None:
        return attributes
    chosen: JSON = {}
    for path in call.words(name):
        if path not in (known or FIELDS[type_]):
            raise invalid(f"'{path}' is not a valid field for the resource '{type_}'.", parameter=name)
        _copy(attributes, chosen, path.split("."))
    return chosen


def _copy(source: JSON, target: JSON, path: list[str]) -> None:
    head, *rest = path
    if head not in source:
        return
    if not rest or not isinstance(source[head], dict):
        target[head] = source[head]
        return
    inner = target.setdefault(head, {})
    _copy(source[head], inner, rest)


def included(call: Call, allowed: tuple[str, ...]) -> list[str]:
    """The names of `include`. Raises Problem for a relationship that cannot be included."""
    names = call.words("include")
    for name in names:
        if name not in allowed:
            raise invalid(f"'{name}' is not a valid relationship to include.", parameter="include")
    return names


def sideloaded(call: Call, campaigns: list[Campaign], include: list[str]) -> list[JSON]:
    """The `included` member of a document about campaigns."""
    rows: list[JSON] = []
    if "campaign-messages" in include:
        rows += [message_json(call, message) for campaign in campaigns for message in call.state.sends(campaign.id)]
    if "tags" in include:
        rows += [tag_json(call, id) for id in dict.fromkeys(id for campaign in campaigns for id in campaign.tags)]
    return rows


def page(
    call: Call, rows: list[Any], read: Callable[[Any, str], Any], sorts: tuple[str, ...], most: int
) -> tuple[list[Any], JSON]:
    """One page of the rows, and its links. The cursor names the last row, so rows that move between pages stay whole.

    `read(row, field)` gives a value to sort by; `most` is the largest page and the default.
    """
    order = call.query("sort") or sorts[0]
    if order not in [sign + name for name in sorts for sign in ("", "-")]:
        raise invalid(f"'{order}' is not a valid sort field.", parameter="sort")
    name, down = order.removeprefix("-"), order.startswith("-")

    def key(row: Any) -> tuple[str, str]:
        return str(read(row, name) or ""), str(read(row, "id"))

    ordered = sorted(rows, key=key, reverse=down)
    cursor = call.query("page[cursor]")
    if cursor:
        last = _position(cursor, order)
        ordered = [row for row in ordered if (key(row) < last if down else key(row) > last)]
    size = _size(call, most)
    shown = ordered[:size]
    links: JSON = {"self": str(call.request.url), "prev": None, "next": None}
    if len(ordered) > size:
        value, id = key(shown[-1])
        token = base64.urlsafe_b64encode(f"next::{order}::{value}::{id}".encode()).decode()
        links["next"] = _with(call, {"page[cursor]": token})
    return shown, links


def _size(call: Call, most: int) -> int:
    text = call.query("page[size]") or str(most)
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"Page size must be an integer between 1 and {most}.", parameter="page[size]")
    return int(text)


def _position(cursor: str, order: str) -> tuple[str, str]:
    try:
        word, sorted_by, rest = base64.urlsafe_b64decode(cursor.encode()).decode().split("::", 2)
        value, id = rest.rsplit("::", 1)
    except (binascii.Error, ValueError):
        word, sorted_by, value, id = "", "", "", ""
    if (word, sorted_by) != ("next", order):
        raise invalid("The cursor is invalid.", parameter="page[cursor]")
    return value, id


def _with(call: Call, changed: dict[str, str]) -> str:
    """The request's own address with some parameters changed."""
    params = {**dict(call.request.query_params), **changed}
    return f"{call.request.url.replace(query='')}?{urlencode(params)}"
