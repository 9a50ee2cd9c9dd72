"""The endpoints of tags, lists, segments, and the account itself (reference esp §1.2, §1.8, specification K1)."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from connectors.sandbox import klaviyo_documents as documents
from connectors.sandbox.klaviyo_call import Call, Problem, answer, invalid, missing
from connectors.sandbox.klaviyo_campaigns import find
from connectors.sandbox.klaviyo_filter import Allowed, conditions, holds
from connectors.sandbox.klaviyo_state import Audience, Campaign, moment, stamp

JSON = dict[str, Any]

MOST_TAGS, MOST_TAGS_OF_A_CAMPAIGN = 500, 100
TAG_FILTERS = {"name": Allowed(("contains", "ends-with", "equals", "starts-with"))}
AUDIENCE_FILTERS = {
    "name": Allowed(("any", "equals")),
    "id": Allowed(("any", "equals")),
    "created": Allowed(("greater-than",), "moment"),
    "updated": Allowed(("greater-than",), "moment"),
}
SEGMENT_FILTERS = AUDIENCE_FILTERS | {
    "is_active": Allowed(("any", "equals"), "boolean"),
    "is_starred": Allowed(("equals",), "boolean"),
}


def account(call: Call) -> Response:
    """`GET /api/accounts`: the one that the key belongs to."""
    id = "AcMe42"
    street = dict.fromkeys(("address1", "address2", "city", "region", "country", "zip"))
    contact = {
        "default_sender_name": "Acme", "default_sender_email": "news@acme.example",
        "website_url": "https://www.acme.example", "organization_name": "Acme",
        "street_address": street | {"city": "Berlin", "country": "Germany"},
    }  # fmt: skip
    attributes: JSON = {
        "test_account": False, "contact_information": contact, "industry": "Ecommerce",
        "timezone": call.state.zone, "preferred_currency": "EUR", "public_api_key": id, "locale": "en-US",
    }  # fmt: skip
    row = {"type": "account", "id": id, "attributes": attributes, "links": {"self": f"{call.base}/accounts/{id}/"}}
    return answer({"data": [row], "links": {"self": str(call.request.url), "prev": None, "next": None}})


def audiences(call: Call) -> Response:
    """`GET /api/lists` and `GET /api/segments`: ten at most on a page."""
    kind = _kind(call)
    allowed = SEGMENT_FILTERS if kind == "segment" else AUDIENCE_FILTERS
    text = call.query("filter")
    wanted = conditions(text, allowed) if text else []
    rows = [
        audience
        for audience in call.state.audiences.values()
        if audience.kind == kind and all(holds(c, partial(_read, audience)) for c in wanted)
    ]
    shown, links = documents.page(call, rows, getattr, ("created", "id", "name", "updated"), 10)
    return answer({"data": [documents.audience_json(call, audience) for audience in shown], "links": links})


def _read(audience: Audience, name: str) -> Any:
    if name in ("created", "updated"):
        return moment(getattr(audience, name))
    return {"is_active": True, "is_starred": False}.get(name, getattr(audience, name, None))


def audience(call: Call) -> Response:
    """`GET /api/lists/{id}` and `GET /api/segments/{id}`: a list is not found among the segments."""
    kind = _kind(call)
    found = call.state.audiences.get(call.id)
    if found is None or found.kind != kind:
        raise missing(kind, call.id)
    counted = "profile_count" in call.words(f"additional-fields[{kind}]")
    data = documents.audience_json(call, found, counted)
    return answer({"data": data, "links": {"self": data["links"]["self"]}})


def _kind(call: Call) -> str:
    return "segment" if call.request.url.path.startswith("/api/segments") else "list"


def tags(call: Call) -> Response:
    """`GET /api/tags`: fifty at most on a page."""
    text = call.query("filter")
    wanted = conditions(text, TAG_FILTERS) if text else []
    rows = [
        {"id": id, "name": name}
        for id, name in call.state.tags.items()
        if all(holds(condition, {"name": name}.get) for condition in wanted)
    ]
    shown, links = documents.page(call, rows, lambda row, name: row[name], ("id", "name"), 50)
    return answer({"data": [documents.tag_json(call, row["id"]) for row in shown], "links": links})


def tag(call: Call) -> Response:
    """`GET /api/tags/{id}`."""
    return _tag(call, _known(call))


def _tag(call: Call, id: str, status: int = 200) -> Response:
    data = documents.tag_json(call, id)
    return answer({"data": data, "links": {"self": data["links"]["self"]}}, status)


def _known(call: Call) -> str:
    if call.id not in call.state.tags:
        raise missing("tag", call.id)
    return call.id


def create_tag(call: Call) -> Response:
    """`POST /api/tags`: names are unique, five hundred at most."""
    name = _name(call, call.resource("tag")["attributes"])
    if len(call.state.tags) >= MOST_TAGS:
        raise invalid(f"An account cannot have more than {MOST_TAGS} tags.")
    id = call.state.tag(name, call.now)
    call.touch(id)
    return _tag(call, id, 201)


def rename_tag(call: Call) -> Response:
    """`PATCH /api/tags/{id}`."""
    id = _known(call)
    call.state.tags[id] = _name(call, call.resource("tag", id)["attributes"])
    call.touch(id)
    return answer(None, 204)


def _name(call: Call, attributes: JSON) -> str:
    name, place = attributes.get("name"), {"pointer": "/data/attributes/name"}
    if not isinstance(name, str) or not name.strip():
        raise invalid("A tag needs a name.", place["pointer"])
    if name in call.state.tags.values():
        raise Problem(409, "conflict", "Conflict.", f"A tag with the name {name} already exists.", place)
    return name


def delete_tag(call: Call) -> Response:
    """`DELETE /api/tags/{id}`: no campaign has it any more."""
    id = _known(call)
    del call.state.tags[id]
    for campaign in call.state.campaigns.values():
        campaign.tags = [known for known in campaign.tags if known != id]
    call.touch(id)
    return answer(None, 204)


def tags_of(call: Call) -> Response:
    """`GET /api/campaigns/{id}/tags`."""
    rows = [documents.tag_json(call, id) for id in find(call).tags]
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def tag_ids_of(call: Call) -> Response:
    """`GET /api/campaigns/{id}/relationships/tags`."""
    rows = [{"type": "tag", "id": id} for id in find(call).tags]
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def tagged(call: Call) -> Response:
    """`GET /api/tags/{id}/relationships/campaigns`."""
    id = _known(call)
    rows = [{"type": "campaign", "id": c.id} for c in call.state.campaigns.values() if id in c.tags]
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def tag_campaigns(call: Call) -> Response:
    """`POST /api/tags/{id}/relationships/campaigns`: all or none; one that has the tag keeps it."""
    id, campaigns = _known(call), _named(call)
    for campaign in campaigns:
        if id not in campaign.tags and len(campaign.tags) >= MOST_TAGS_OF_A_CAMPAIGN:
            raise invalid(f"A campaign cannot have more than {MOST_TAGS_OF_A_CAMPAIGN} tags.")
    for campaign in campaigns:
        _set(call, campaign, [*(known for known in campaign.tags if known != id), id])
    return answer(None, 204)


def untag_campaigns(call: Call) -> Response:
    """`DELETE /api/tags/{id}/relationships/campaigns`."""
    id = _known(call)
    for campaign in _named(call):
        _set(call, campaign, [known for known in campaign.tags if known != id])
    return answer(None, 204)


def _named(call: Call) -> list[Campaign]:
    data = call.document()
    if not isinstance(data, list) or not all(isinstance(r, dict) and r.get("type") == "campaign" for r in data):
        raise invalid("'data' must be a list of campaigns by type and id.")
    for row in data:
        if row.get("id") not in call.state.campaigns:
            raise missing("campaign", str(row.get("id")))
    return [call.state.campaigns[row["id"]] for row in data]


def _set(call: Call, campaign: Campaign, ids: list[str]) -> None:
    if set(ids) != set(campaign.tags) and call.state.switches["tagging_moves_updated"]:
        campaign.changed(stamp(call.now), "campaign")
    campaign.tags = ids if set(ids) != set(campaign.tags) else campaign.tags
    call.touch(campaign.id)
