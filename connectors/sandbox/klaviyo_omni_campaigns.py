"""The endpoints of campaigns in revision 2026-10-15: no channel filter, no status, no time (reference esp §1.7)."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from connectors.sandbox import klaviyo_omni_documents as documents
from connectors.sandbox import klaviyo_omni_values as values
from connectors.sandbox.klaviyo_call import Call, answer, invalid
from connectors.sandbox.klaviyo_campaigns import find
from connectors.sandbox.klaviyo_documents import included, page
from connectors.sandbox.klaviyo_filter import RANGE, Allowed, conditions, holds
from connectors.sandbox.klaviyo_state import Campaign, moment, stamp
from connectors.sandbox.klaviyo_values import CONTENT

JSON = dict[str, Any]

FILTERS = {
    "id": Allowed(("any",)),
    "name": Allowed(("contains",)),
    "archived": Allowed(("equals",), "boolean"),
    "builder": Allowed(("equals",), words=("canvas", "wizard")),
    "created_at": Allowed(RANGE, "moment"),
    "updated_at": Allowed(RANGE, "moment"),
}
SORTS = ("created_at", "id", "name", "updated_at")
RELATED = ("campaign-audiences", "campaign-messages", "tags")


def listing(call: Call) -> Response:
    """`GET /api/campaigns`: of every channel; archived campaigns are a partition of their own."""
    include = included(call, RELATED)
    text = call.query("filter")
    wanted = conditions(text, FILTERS) if text else []
    everything = any(one.field in ("archived", "id") for one in wanted)
    everything = everything or call.state.switches["unfiltered_shows_archived"]
    rows = [
        campaign
        for campaign in call.state.campaigns.values()
        if (everything or not campaign.archived) and all(holds(one, partial(_read, call, campaign)) for one in wanted)
    ]
    shown, links = page(call, rows, partial(_sorted_by, call), SORTS, 100)
    document: JSON = {"data": [documents.campaign_json(call, one, include) for one in shown], "links": links}
    if include:
        document["included"] = documents.sideloaded(call, shown, include)
    return answer(document)


def _read(call: Call, campaign: Campaign, name: str) -> Any:
    if name in ("created_at", "updated_at"):
        return moment(_sorted_by(call, campaign, name))
    if name == "builder":
        return documents.campaign_json(call, campaign)["attributes"]["definition"]["builder"]
    return getattr(campaign, name)


def _sorted_by(call: Call, campaign: Campaign, name: str) -> Any:
    if name == "updated_at":
        moves = call.state.switches["message_moves_campaign"]
        return campaign.updated if moves else campaign.own_updated or campaign.created
    return campaign.created if name == "created_at" else getattr(campaign, name)


def read(call: Call) -> Response:
    """`GET /api/campaigns/{id}`."""
    return _one(call, find(call), included(call, RELATED))


def _one(call: Call, campaign: Campaign, include: list[str], status: int = 200) -> Response:
    data = documents.campaign_json(call, campaign, include)
    document: JSON = {"data": data, "links": {"self": data["links"]["self"]}}
    if include:
        document["included"] = documents.sideloaded(call, [campaign], include)
    return answer(document, status)


def create(call: Call) -> Response:
    """`POST /api/campaigns`: a draft with its audiences and messages, which name each other by temporary ids."""
    attributes = call.resource("campaign")["attributes"]
    if unknown := set(attributes) - {"definition", "audiences", "messages"}:
        raise invalid(f"'{sorted(unknown)[0]}' is not a valid field for the resource 'campaign'.", values.AT)
    own = values.described(attributes)
    if "name" not in own:
        raise invalid("A campaign needs a name.", f"{values.AT}definition/name")
    audiences = _audiences(call, attributes.get("audiences"))
    messages = attributes.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("At least one message is needed.", f"{values.AT}messages")
    made = [_message(call, one, audiences, f"{values.AT}messages/{at}") for at, one in enumerate(messages)]
    first, *more = made
    first.id = call.state.new_id("campaign", call.now)
    for name, value in own.items():
        setattr(first, name, value)
    call.state.campaigns[first.id] = first
    owners: dict[str, str] = {}
    for one, given in zip(made, messages, strict=True):
        owner = owners.setdefault(given["audience_temporary_id"], one.message)
        one.shares = None if owner == one.message else owner
    for one in more:
        one.parent = first.id
        call.state.further[one.id] = one
    call.touch(first.id)
    return _one(call, first, [], 201)


def _audiences(call: Call, given: Any) -> dict[str, JSON]:
    place = f"{values.AT}audiences"
    if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("temporary_id") for one in given):
        raise invalid("Every audience needs a 'temporary_id'.", place)
    return {one["temporary_id"]: values.targeted(call.state, one, None, place) for one in given}


def _message(call: Call, given: Any, audiences: dict[str, JSON], place: str) -> Campaign:
    if not isinstance(given, dict) or given.get("audience_temporary_id") not in audiences:
        raise invalid("'audience_temporary_id' must be the 'temporary_id' of an audience.", place)
    at, id = stamp(call.now), call.state.new_id("message", call.now)
    target: JSON = {"included": [], "excluded": []} | audiences[given["audience_temporary_id"]]
    label = given.get("name") or "Email #1"
    contents = [dict.fromkeys(CONTENT)]
    rows = given.get("variations") or []
    channel = _channel(rows)
    if rows:
        blank: JSON = dict.fromkeys(CONTENT) if channel == "email" else {}
        contents = [
            values.details((row or {}).get("definition"), blank, channel, f"{place}/variations/{number}/definition")
            for number, row in enumerate(rows)
        ]
    plain = {"method": "immediate"}
    sides = (target["included"], target["excluded"])
    made = Campaign(id, id, label, "Draft", *sides, plain, contents[0], at, at, label=label, channel=channel)
    made.variants = contents[1:]
    return made


def _channel(variations: list[Any]) -> str:
    for one in variations:
        told = ((one or {}).get("definition") or {}).get("details") or {}
        if told.get("channel"):
            return str(told["channel"])
    return "email"


def edit(call: Call) -> Response:
    """`PATCH /api/campaigns/{id}`: its own members; strictly, only while all its messages are drafts (?)."""
    campaign = find(call)
    changes = values.described(call.resource("campaign", campaign.id)["attributes"])
    bound = [one for one in call.state.sends(campaign.id) if one.status != "Draft" or one.next is not None]
    loose = call.state.switches["edits_beside_scheduled"] or not call.state.switches["strict_edits"]
    if bound and not loose:
        raise invalid("A campaign can only be updated while none of its messages is scheduled or sent.")
    for name, value in changes.items():
        setattr(campaign, name, campaign.settings | value if name == "settings" else value)
    campaign.changed(stamp(call.now), "campaign")
    call.touch(campaign.id)
    return _one(call, campaign, [])


def messages(call: Call) -> Response:
    """`GET /api/campaigns/{id}/campaign-messages`."""
    return listed(call, [documents.message_json(call, one) for one in call.state.sends(find(call).id)])


def message_ids(call: Call) -> Response:
    """`GET /api/campaigns/{id}/relationships/campaign-messages`."""
    sends = call.state.sends(find(call).id)
    return listed(call, [{"type": "campaign-message", "id": one.message} for one in sends])


def audiences(call: Call) -> Response:
    """`GET /api/campaigns/{id}/campaign-audiences`."""
    sends = call.state.sends(find(call).id)
    rows = {documents.audience_id(call.state, one): documents.audience_json(call, one) for one in sends}
    return listed(call, list(rows.values()))


def listed(call: Call, rows: list[JSON]) -> Response:
    """A whole collection on one page."""
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})
