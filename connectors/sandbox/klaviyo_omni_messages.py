"""The endpoints of messages, their variations, audiences and schedules in revision 2026-10-15 (reference esp §1.7)."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from connectors.sandbox import klaviyo_omni_documents as documents
from connectors.sandbox import klaviyo_omni_values as values
from connectors.sandbox.klaviyo_call import Call, Problem, answer, invalid, missing
from connectors.sandbox.klaviyo_documents import included, page, tag_json
from connectors.sandbox.klaviyo_filter import RANGE, Allowed, conditions, holds
from connectors.sandbox.klaviyo_omni_campaigns import listed
from connectors.sandbox.klaviyo_state import Campaign, cancel_job, moment, post_job, revert_job, stamp

JSON = dict[str, Any]

STATUSES = ("cancelled", "draft", "scheduled", "sending", "sent")
FILTERS = {
    "id": Allowed(("any", "equals")),
    "campaign_id": Allowed(("equals",)),
    "name": Allowed(("contains",)),
    "status": Allowed(("equals",), words=STATUSES),
    "created": Allowed(RANGE, "moment"),
    "updated": Allowed(RANGE, "moment"),
}
SORTS = ("created", "id", "name", "status", "updated")
AT = values.AT


def listing(call: Call) -> Response:
    """`GET /api/campaign-messages`: its attributes are `created` and `updated`; variations cannot be included."""
    include = included(call, ("campaign",))
    text = call.query("filter")
    wanted = conditions(text, FILTERS) if text else []
    rows = [one for one in call.state.sends() if all(holds(each, partial(_read, one)) for each in wanted)]
    shown, links = page(call, rows, _sorted_by, SORTS, 100)
    document: JSON = {"data": [documents.message_json(call, one) for one in shown], "links": links}
    if include:
        campaigns = {one.parent or one.id: call.state.campaigns[one.parent or one.id] for one in shown}
        document["included"] = [documents.campaign_json(call, one) for one in campaigns.values()]
    return answer(document)


def _read(message: Campaign, name: str) -> Any:
    found = _sorted_by(message, name)
    return moment(found) if name in ("created", "updated") else found


def _sorted_by(message: Campaign, name: str) -> Any:
    match name:
        case "id":
            return message.message
        case "campaign_id":
            return message.parent or message.id
        case "name":
            return message.label
        case "status":
            return documents.status(message)
        case "updated":
            return message.message_updated or message.updated
    return message.created


def named(call: Call) -> Campaign:
    """The message of the path. Raises Problem 404."""
    message = call.state.by_message(call.id)
    if message is None:
        raise missing("campaign-message", call.id)
    return message


def read(call: Call) -> Response:
    """`GET /api/campaign-messages/{id}`."""
    message, include = named(call), included(call, ("campaign", "campaign-variations"))
    document = _document(documents.message_json(call, message, include))
    if include:
        rows = documents.variations_json(call, message) if "campaign-variations" in include else []
        of = call.state.campaigns[message.parent or message.id]
        document["included"] = [*rows, *([documents.campaign_json(call, of)] if "campaign" in include else [])]
    return answer(document)


def _document(data: JSON) -> JSON:
    return {"data": data, "links": {"self": data["links"]["self"]}}


def edit(call: Call) -> Response:
    """`PATCH /api/campaign-messages/{id}`: its name and, on a draft, the time that it is planned for."""
    message = named(call)
    definition = call.resource("campaign-message", message.message)["attributes"].get("definition") or {}
    if definition.get("status") is not None:
        raise invalid("The status is read-only.", f"{AT}definition/status")
    changes = values.planned(call, message, definition.get("send_options") or {}, f"{AT}definition/send_options")
    if definition.get("name") is not None:
        changes["label"] = str(definition["name"])
    _editable(call, message)
    _change(call, message, changes)
    return answer(_document(documents.message_json(call, message)))


def _editable(call: Call, message: Campaign) -> None:
    if call.state.switches["strict_edits"] and (message.status != "Draft" or message.next is not None):
        raise invalid(f"A message can only be updated while it is a draft; this one is '{documents.status(message)}'.")


def _change(call: Call, message: Campaign, changes: JSON) -> None:
    for name, value in changes.items():
        setattr(message, name, value)
    message.changed(stamp(call.now), "message")
    call.touch(message.id)


def delete(call: Call) -> Response:
    """`DELETE /api/campaign-messages/{id}`: but not the only one of its campaign (?)."""
    message = named(call)
    _editable(call, message)
    try:
        call.state.drop_message(message)
    except ValueError as error:
        raise invalid(str(error)) from None
    call.touch(message.message)
    return answer(None, 204)


def campaign_id(call: Call) -> Response:
    """`GET /api/campaign-messages/{id}/relationships/campaign`."""
    message = named(call)
    row = {"type": "campaign", "id": message.parent or message.id}
    return answer({"data": row, "links": {"self": str(call.request.url)}})


def tags(call: Call) -> Response:
    """`GET /api/campaign-messages/{id}/tags`: those of its campaign."""
    message = named(call)
    ids = call.state.campaigns[message.parent or message.id].tags
    return listed(call, [tag_json(call, id) for id in ids])


def variations(call: Call) -> Response:
    """`GET /api/campaign-messages/{id}/campaign-variations`."""
    return listed(call, documents.variations_json(call, named(call)))


def read_variation(call: Call) -> Response:
    """`GET /api/campaign-variations/{id}`."""
    message, number = _of_variation(call)
    return answer(_document(documents.variations_json(call, message)[number]))


def edit_variation(call: Call) -> Response:
    """`PATCH /api/campaign-variations/{id}`: what of its details is named."""
    message, number = _of_variation(call)
    definition = call.resource("campaign-variation", call.id)["attributes"].get("definition")
    held = message.content if number == 0 else message.variants[number - 1]
    content = values.details(definition, held, message.channel, f"{AT}definition")
    _editable(call, message)
    if number == 0:
        message.content = content
    else:
        message.variants[number - 1] = content
    message.changed(stamp(call.now), *(("message",) if call.state.switches["variation_moves_message"] else ()))
    call.touch(message.id)
    return answer(_document(documents.variations_json(call, message)[number]))


def _of_variation(call: Call) -> tuple[Campaign, int]:
    for message in call.state.sends():
        ids = documents.variation_ids(call.state, message)
        if call.id in ids:
            return message, ids.index(call.id)
    raise missing("campaign-variation", call.id)


def read_audience(call: Call) -> Response:
    """`GET /api/campaign-audiences/{id}`."""
    return answer(_document(documents.audience_json(call, _with_audience(call)[0])))


def edit_audience(call: Call) -> Response:
    """`PATCH /api/campaign-audiences/{id}`: of every message that has it."""
    messages = _with_audience(call)
    definition = call.resource("campaign-audience", call.id)["attributes"].get("definition") or {}
    changes = values.targeted(call.state, definition, messages[0], f"{AT}definition")
    for message in messages:
        _editable(call, message)
    for message in messages:
        _change(call, message, changes)
    return answer(_document(documents.audience_json(call, messages[0])))


def _with_audience(call: Call) -> list[Campaign]:
    found = [one for one in call.state.sends() if documents.audience_id(call.state, one) == call.id]
    if not found:
        raise missing("campaign-audience", call.id)
    return found


def schedule(call: Call) -> Response:
    """`POST /api/campaign-message-schedule`: one draft message, for an explicit time."""
    data = call.resource("campaign-message-schedule")
    id = _related(data, "campaign-message")
    message = call.state.by_message(id)
    if message is None:
        raise missing("campaign-message", id)
    strategy = values.schedule(call, data["attributes"], AT.rstrip("/"))
    _ready(message)
    _go(call, message, strategy)
    resource = {
        "type": "campaign-message-schedule", "id": message.message, "attributes": values.scheduled(strategy),
        "relationships": {"campaign-message": {"data": {"type": "campaign-message", "id": message.message}}},
        "links": {"self": f"{call.base}/campaign-message-schedule/{message.message}/"},
    }  # fmt: skip
    return answer(_document(resource), 201)


def schedule_all(call: Call) -> Response:
    """`POST /api/campaign-schedule`: the messages of one campaign, all or none."""
    data = call.resource("campaign-schedule")
    id = _related(data, "campaign")
    if id not in call.state.campaigns:
        raise missing("campaign", id)
    sends = {one.message: one for one in call.state.sends(id)}
    place, orders = f"{AT}message_schedules", data["attributes"].get("message_schedules")
    if not isinstance(orders, list) or {one.get("message_id") for one in orders} != set(sends):
        raise invalid("Every message of the campaign needs its schedule.", place)
    found = [(sends[one["message_id"]], values.schedule(call, one, f"{place}/{at}")) for at, one in enumerate(orders)]
    for message, _ in found:
        _ready(message)
    for message, strategy in found:
        _go(call, message, strategy)
    shown = [{"id": message.message, **values.scheduled(strategy)} for message, strategy in found]
    resource = {
        "type": "campaign-schedule", "id": id, "attributes": {"messages": shown},
        "links": {"self": f"{call.base}/campaign-schedule/{id}/"},
    }  # fmt: skip
    return answer(_document(resource), 201)


def _related(data: JSON, name: str) -> str:
    relation = (data.get("relationships") or {}).get(name) or {}
    return str((relation.get("data") or {}).get("id"))


def _ready(message: Campaign) -> None:
    if message.status != "Draft" or message.next is not None:
        raise invalid(f"Only a draft can be scheduled; this message is '{documents.status(message)}'.")
    if not message.included or (message.channel == "email" and not message.content.get("subject")):
        raise invalid("A message needs an audience and a subject before it can be scheduled.")


def _go(call: Call, message: Campaign, strategy: JSON) -> None:
    message.strategy = strategy
    post_job(call.state, message, call.now)
    call.touch(message.id)


def unschedule(call: Call) -> Response:
    """`PATCH /api/campaign-message-schedule/{id}`: `revert` makes a draft again, `cancel` is for good."""
    message = named(call)
    action = call.resource("campaign-message-schedule", message.message)["attributes"].get("action")
    if action not in ("cancel", "revert"):
        raise invalid("The action must be 'cancel' or 'revert'.", f"{AT}action")
    if message.status not in ("Scheduled", "Preparing to schedule"):
        detail = f"A message that is '{documents.status(message)}' cannot be made to {action}."
        raise Problem(400, "invalid", "Invalid input.", detail, {"pointer": f"{AT}action"})
    if action == "revert":
        revert_job(call.state, message, call.now)
    else:
        cancel_job(message, call.now)
    call.touch(message.id)
    return answer(None, 204)
