"""Mailchimp's account, and what its campaigns are ordered and talked about by: folders, lists, segments, comments."""

from __future__ import annotations

from functools import partial
from hashlib import sha256

from starlette.responses import Response

from connectors.sandbox import mailchimp_documents as documents
from connectors.sandbox.mailchimp_call import Call, Problem, invalid, missing
from connectors.sandbox.mailchimp_campaigns import find
from connectors.sandbox.mailchimp_state import JSON, Audience, stamp


def root(call: Call) -> Response:
    """`GET /`: whose key this is, and the account's zone."""
    digest = sha256(f"mailchimp/account/{call.state.seed}".encode()).hexdigest()
    return call.answer(
        {
            "account_id": digest[:25],
            "login_id": "4711001",
            "account_name": "Acme",
            "email": "marketing@acme.example",
            "first_name": "Layla",
            "last_name": "Haddad",
            "username": "acme",
            "role": call.request.state.role,
            "pricing_plan_type": "monthly",
            "account_timezone": call.state.zone,
            "total_subscribers": sum(one.size for one in call.state.lists.values() if one.active),
            "industry_stats": {"open_rate": 0.3145, "bounce_rate": 0.0081, "click_rate": 0.0204},
            "_links": documents.link(call.base, "/"),
        }
    )


def ping(call: Call) -> Response:
    """`GET /ping`."""
    return call.answer({"health_status": "Everything's Chimpy!"})


def folders(call: Call) -> Response:
    """`GET /campaign-folders`."""
    return call.page("folders", list(call.state.folders), partial(_folder, call), _links=[])


def folder(call: Call) -> Response:
    """`GET /campaign-folders/{id}`."""
    return call.answer(_folder(call, _known_folder(call)))


def create_folder(call: Call) -> Response:
    """`POST /campaign-folders`."""
    name = _name(call)
    id = call.state.new_id("folder")
    call.state.folders[id] = name
    call.touch(id)
    return call.answer(_folder(call, id))


def rename_folder(call: Call) -> Response:
    """`PATCH /campaign-folders/{id}`."""
    id = _known_folder(call)
    call.state.folders[id] = _name(call)
    call.touch(id)
    return call.answer(_folder(call, id))


def delete_folder(call: Call) -> Response:
    """`DELETE /campaign-folders/{id}`: its campaigns are in none then."""
    id = _known_folder(call)
    del call.state.folders[id]
    for campaign in call.state.campaigns.values():
        if campaign.settings.get("folder_id") == id:
            campaign.settings["folder_id"] = ""
    call.touch(id)
    return Response(status_code=204)


def _folder(call: Call, id: str) -> JSON:
    inside = sum(one.settings.get("folder_id") == id for one in call.state.campaigns.values())
    links = documents.link(call.base, f"/campaign-folders/{id}")
    return {"id": id, "name": call.state.folders[id], "count": inside, "_links": links}


def _known_folder(call: Call) -> str:
    if call.place() not in call.state.folders:
        raise missing()
    return call.place()


def _name(call: Call) -> str:
    name = call.body().get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid("name", "Required fields were not provided: name")
    return name


def lists(call: Call) -> Response:
    """`GET /lists`: those that are gone are not told. One store sells to all of them, or none does."""
    rows = [one for one in call.state.lists.values() if one.active]
    constraints = {"may_create": True, "max_instances": 1000, "current_total_instances": len(rows)}
    store = call.choice("has_ecommerce_store", ("true", "false"))
    if store is not None and (store == "true") is not call.state.switches.store_connected:
        rows = []

    def show(one: Audience) -> JSON:
        return documents.list_json(call.state, one, call.base)

    return call.page("lists", rows, show, constraints=constraints, _links=[])


def list_(call: Call) -> Response:
    """`GET /lists/{id}`."""
    return call.answer(documents.list_json(call.state, known_list(call), call.base))


def known_list(call: Call) -> Audience:
    """The list of the path. Raises Problem 404."""
    audience = call.state.lists.get(call.place())
    if audience is None or not audience.active:
        raise missing()
    return audience


def segments(call: Call) -> Response:
    """`GET /lists/{id}/segments`."""
    audience, kind = known_list(call), call.query("type")
    found = [one for one in call.state.segments.values() if one.list_id == audience.id and kind in (None, one.kind)]
    show = partial(documents.segment_json, base=call.base)
    return call.page("segments", found, show, list_id=audience.id, _links=[])


def segment(call: Call) -> Response:
    """`GET /lists/{id}/segments/{segment}`."""
    audience, number = known_list(call), call.place("segment")
    found = call.state.segments.get(int(number) if number.isdecimal() else 0)
    if found is None or found.list_id != audience.id:
        raise missing()
    return call.answer(documents.segment_json(found, call.base))


def comments(call: Call) -> Response:
    """`GET /campaigns/{id}/feedback`."""
    campaign = find(call)
    rows = [_comment(call, campaign.id, one) for one in campaign.comments]
    return call.answer({"feedback": rows, "campaign_id": campaign.id, "total_items": len(rows), "_links": []})


def comment(call: Call) -> Response:
    """`POST /campaigns/{id}/feedback`: also where the campaign itself can no longer be changed."""
    campaign, message = find(call), call.body().get("message")
    if not isinstance(message, str) or not message:
        raise invalid("message", "Required fields were not provided: message")
    made: JSON = {"feedback_id": call.state.next_number(), "message": message, "at": stamp(call.now), "source": "api"}
    campaign.comments.append(made)
    call.touch(campaign.id)
    return call.answer(_comment(call, campaign.id, made))


def delete_comment(call: Call) -> Response:
    """`DELETE /campaigns/{id}/feedback/{comment}`."""
    campaign = find(call)
    kept = [one for one in campaign.comments if str(one["feedback_id"]) != call.place("comment")]
    if len(kept) == len(campaign.comments):
        raise missing()
    campaign.comments = kept
    call.touch(campaign.id)
    return Response(status_code=204)


def _comment(call: Call, campaign: str, one: JSON) -> JSON:
    path = f"/campaigns/{campaign}/feedback/{one['feedback_id']}"
    return {
        "feedback_id": one["feedback_id"],
        "parent_id": 0,
        "block_id": 0,
        "message": one["message"],
        "is_complete": False,
        "created_by": "Layla Haddad",
        "created_at": one["at"],
        "updated_at": one["at"],
        "source": one["source"],
        "campaign_id": campaign,
        "_links": documents.link(call.base, path),
    }


def metadata(call: Call) -> Response:
    """`GET /oauth2/metadata` of the login server: where the account behind a token lives."""
    scheme, _, _ = call.request.headers.get("authorization", "").partition(" ")
    if scheme != "OAuth":
        raise Problem(401, "Unauthorized", "invalid_token")
    return call.answer(
        {"dc": call.dc, "role": "owner", "accountname": "Acme", "user_id": 4711001, "api_endpoint": call.base[:-4]}
    )
