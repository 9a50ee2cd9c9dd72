"""The endpoints of campaigns, their messages, and their send jobs, classic revision (reference esp §1.3, §1.6)."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from connectors.sandbox import klaviyo_documents as documents
from connectors.sandbox import klaviyo_values as values
from connectors.sandbox.klaviyo_call import Call, Problem, answer, invalid, missing
from connectors.sandbox.klaviyo_filter import RANGE, Allowed, conditions, holds
from connectors.sandbox.klaviyo_state import Campaign, cancel_job, moment, post_job, revert_job, stamp

JSON = dict[str, Any]

STATUSES = (
    "Adding Recipients", "Cancelled", "Cancelled: Account Disabled", "Cancelled: Billing Limit",
    "Cancelled: Internal Error", "Cancelled: Misconfigured", "Cancelled: No Recipients", "Cancelled: Smart Sending",
    "Draft", "Preparing to schedule", "Preparing to send", "Queued without Recipients", "Scheduled", "Sending",
    "Sending Segments", "Sent", "Unknown", "Variations Sent",
)  # fmt: skip
FILTERS = {
    "messages.channel": Allowed(("equals",), words=("email", "sms", "mobile_push")),
    "id": Allowed(("any",)),
    "name": Allowed(("contains",)),
    "status": Allowed(("any", "equals"), words=STATUSES),
    "archived": Allowed(("equals",), "boolean"),
    "created_at": Allowed(RANGE, "moment"),
    "scheduled_at": Allowed(RANGE, "moment"),
    "updated_at": Allowed(RANGE, "moment"),
}
SORTS = ("created_at", "id", "name", "scheduled_at", "updated_at")
RELATED = ("campaign-messages", "tags")
DEFAULT_STRATEGY = {"method": "immediate"}


def find(call: Call) -> Campaign:
    """The campaign of the path. Raises Problem 404."""
    campaign = call.state.campaigns.get(call.id)
    if campaign is None:
        raise missing("campaign", call.id)
    return campaign


def listing(call: Call) -> Response:
    """`GET /api/campaigns`: the channel must be named; archived campaigns are a partition of their own."""
    include = documents.included(call, RELATED)
    text = call.query("filter")
    if not text:
        raise invalid(
            "A channel filter is required to list campaigns, e.g. equals(messages.channel,'email').", "", "filter"
        )
    wanted = conditions(text, FILTERS)
    if not any(condition.field == "messages.channel" for condition in wanted):
        raise invalid(
            "A channel filter is required to list campaigns, e.g. equals(messages.channel,'email').", "", "filter"
        )
    partition = any(condition.field == "archived" for condition in wanted)
    everything = partition or call.state.switches["unfiltered_shows_archived"]
    rows = [
        campaign
        for campaign in call.state.campaigns.values()
        if (everything or not campaign.archived) and all(holds(c, partial(_read, campaign)) for c in wanted)
    ]
    shown, links = documents.page(call, rows, _sorted_by, SORTS, 100)
    document: JSON = {"data": [documents.campaign_json(call, campaign, include) for campaign in shown], "links": links}
    if include:
        document["included"] = documents.sideloaded(call, shown, include)
    return answer(document)


def _read(campaign: Campaign, name: str) -> Any:
    match name:
        case "messages.channel":
            return campaign.channel
        case "created_at" | "updated_at" | "scheduled_at":
            text = _sorted_by(campaign, name)
            return moment(text) if text else None
    return getattr(campaign, name)


def _sorted_by(campaign: Campaign, name: str) -> Any:
    return getattr(campaign, {"created_at": "created", "updated_at": "updated"}.get(name, name))


def read(call: Call) -> Response:
    """`GET /api/campaigns/{id}`."""
    return _one(call, find(call), documents.included(call, RELATED))


def _one(call: Call, campaign: Campaign, include: list[str]) -> Response:
    data = documents.campaign_json(call, campaign, include)
    document: JSON = {"data": data, "links": {"self": data["links"]["self"]}}
    if include:
        document["included"] = documents.sideloaded(call, [campaign], include)
    return answer(document)


def create(call: Call) -> Response:
    """`POST /api/campaigns`. Without a send strategy the campaign is one that a send job sends at once."""
    attributes = call.resource("campaign")["attributes"]
    for name in ("name", "audiences", "campaign-messages"):
        if attributes.get(name) is None:
            raise invalid(f"'{name}' is a required field for the resource 'campaign'.", f"/data/attributes/{name}")
    if "included" not in attributes["audiences"]:
        raise invalid("'included' is required in 'audiences'.", "/data/attributes/audiences/included")
    at = stamp(call.now)
    draft = Campaign("", "", "", "Draft", [], [], dict(DEFAULT_STRATEGY), dict.fromkeys(values.CONTENT), at, at)
    changes = values.written(call, draft, attributes, ("campaign-messages",))
    changes |= _first_message(draft, attributes["campaign-messages"])
    draft.id, draft.message = call.state.new_id("campaign", call.now), call.state.new_id("message", call.now)
    _assign(draft, changes)
    call.state.campaigns[draft.id] = draft
    call.touch(draft.id)
    data = documents.campaign_json(call, draft, list(RELATED[:1]))
    return answer({"data": data, "links": {"self": data["links"]["self"]}}, 201)


def _first_message(draft: Campaign, given: Any) -> JSON:
    place = "/data/attributes/campaign-messages"
    rows = given.get("data") if isinstance(given, dict) else None
    if not isinstance(rows, list) or len(rows) != 1:
        raise invalid("Exactly one message is needed for an email campaign.", place)
    row = rows[0]
    if not isinstance(row, dict) or row.get("type") != "campaign-message":
        raise invalid("A message is a resource of the type 'campaign-message'.", f"{place}/data/0")
    return values.message(
        draft, (row.get("attributes") or {}).get("definition"), f"{place}/data/0/attributes/definition"
    )


def edit(call: Call) -> Response:
    """`PATCH /api/campaigns/{id}`."""
    campaign = find(call)
    attributes = call.resource("campaign", campaign.id)["attributes"]
    changes = values.written(call, campaign, attributes)
    _editable(call, campaign)
    _assign(campaign, changes)
    campaign.changed(stamp(call.now), *(("campaign",) if "name" in changes else ()), *_timed(changes))
    call.touch(campaign.id)
    return _one(call, campaign, [])


def _timed(changes: JSON) -> tuple[str, ...]:
    """In revision 2026-10-15 everything but the name hangs on the message."""
    return ("message",) if set(changes) - {"name"} else ()


def _editable(call: Call, campaign: Campaign) -> None:
    if call.state.switches["strict_edits"] and (campaign.status != "Draft" or campaign.next is not None):
        raise invalid(f"A campaign can only be updated while it is a draft; this one is '{campaign.status}'.")


def _assign(campaign: Campaign, changes: JSON) -> None:
    for name, value in changes.items():
        setattr(campaign, name, value)


def delete(call: Call) -> Response:
    """`DELETE /api/campaigns/{id}`: no trace is left."""
    campaign = find(call)
    for message in call.state.sends(campaign.id)[1:]:
        del call.state.further[message.id]
    del call.state.campaigns[campaign.id]
    call.touch(campaign.id)
    return answer(None, 204)


def messages(call: Call) -> Response:
    """`GET /api/campaigns/{id}/campaign-messages`."""
    rows = [documents.message_json(call, message) for message in call.state.sends(find(call).id)]
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def message_ids(call: Call) -> Response:
    """`GET /api/campaigns/{id}/relationships/campaign-messages`."""
    rows = [{"type": "campaign-message", "id": message.message} for message in call.state.sends(find(call).id)]
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def read_message(call: Call) -> Response:
    """`GET /api/campaign-messages/{id}`."""
    campaign = _by_message(call)
    include = documents.included(call, ("campaign", "template", "image"))
    data = documents.message_json(call, campaign)
    document: JSON = {"data": data, "links": {"self": data["links"]["self"]}}
    if include:
        of = call.state.campaigns[campaign.parent or campaign.id]
        document["included"] = [documents.campaign_json(call, of)] if "campaign" in include else []
    return answer(document)


def edit_message(call: Call) -> Response:
    """`PATCH /api/campaign-messages/{id}`."""
    campaign = _by_message(call)
    attributes = call.resource("campaign-message", campaign.message)["attributes"]
    place = "/data/attributes"
    if set(attributes) - {"definition"}:
        raise invalid("Only 'definition' can be updated on a message.", place)
    changes = values.message(campaign, attributes.get("definition"), f"{place}/definition")
    _editable(call, campaign)
    _assign(campaign, changes)
    campaign.changed(stamp(call.now), "message")
    call.touch(campaign.id)
    data = documents.message_json(call, campaign)
    return answer({"data": data, "links": {"self": data["links"]["self"]}})


def _by_message(call: Call) -> Campaign:
    campaign = call.state.by_message(call.id)
    if campaign is None:
        raise missing("campaign-message", call.id)
    return campaign


def send(call: Call) -> Response:
    """`POST /api/campaign-send-jobs`: schedules, or sends at once if that is the campaign's strategy."""
    id = call.resource("campaign-send-job").get("id")
    campaign = call.state.campaigns.get(str(id))
    if campaign is None:
        raise missing("campaign", str(id))
    if campaign.status != "Draft" or campaign.next is not None:
        raise invalid(f"Only a draft can be scheduled or sent; this campaign is '{campaign.status}'.", "/data/id")
    if not campaign.included or not campaign.content.get("subject") or not campaign.content.get("from_email"):
        raise invalid("A campaign needs an audience, a subject and a sender before it can be scheduled.", "/data/id")
    if campaign.strategy["method"] in ("static", "throttled") and moment(campaign.strategy["datetime"]) <= call.now:
        raise invalid("The campaign's send time is in the past.", "/data/id")
    post_job(call.state, campaign, call.now)
    call.touch(campaign.id)
    data = documents.job_json(call, campaign)
    return answer({"data": data, "links": {"self": data["links"]["self"]}}, 202)


def read_job(call: Call) -> Response:
    """`GET /api/campaign-send-jobs/{id}`."""
    campaign = _with_job(call)
    data = documents.job_json(call, campaign)
    return answer({"data": data, "links": {"self": data["links"]["self"]}})


def stop_job(call: Call) -> Response:
    """`PATCH /api/campaign-send-jobs/{id}`: `revert` makes a draft again, `cancel` is for good."""
    campaign = _with_job(call)
    action = call.resource("campaign-send-job", campaign.id)["attributes"].get("action")
    if action not in ("cancel", "revert"):
        raise invalid("The action must be 'cancel' or 'revert'.", "/data/attributes/action")
    if campaign.status not in ("Scheduled", "Preparing to schedule") and (action == "revert" or campaign.next is None):
        detail = (
            f"A campaign that is '{campaign.status}' cannot be {'reverted' if action == 'revert' else 'cancelled'}."
        )
        raise Problem(400, "invalid", "Invalid input.", detail, {"pointer": "/data/attributes/action"})
    if action == "revert":
        revert_job(call.state, campaign, call.now)
    else:
        cancel_job(campaign, call.now)
    call.touch(campaign.id)
    return answer(None, 204)


def _with_job(call: Call) -> Campaign:
    campaign = call.state.campaigns.get(call.id)
    if campaign is None or campaign.job is None:
        raise missing("campaign-send-job", call.id)
    return campaign
