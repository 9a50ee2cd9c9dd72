"""What hangs on an issue: entity properties, remote links, comments (reference jira §5.10-5.11)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox import jira_adf, jira_edit
from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_state import Issue, stamp

JSON = dict[str, Any]
LONGEST_KEY = 255
LONGEST_PROPERTY = 32768


def properties(call: Call) -> Response:
    """`GET /issue/{}/properties`: the keys."""
    issue = call.issue()
    address = f"{call.base}/issue/{issue.key}/properties"
    return JSONResponse({"keys": [{"self": f"{address}/{key}", "key": key} for key in issue.properties]})


def read_property(call: Call) -> Response:
    """`GET /issue/{}/properties/{}`."""
    issue, key = call.issue(), call.request.path_params["key"]
    if key not in issue.properties:
        raise Refusal(404, f"The property with key '{key}' does not exist.")
    return JSONResponse({"key": key, "value": issue.properties[key]})


def write_property(call: Call) -> Response:
    """`PUT /issue/{}/properties/{}`: 201 for a new one. Neither history nor the time of the last change tell of it."""
    issue, key = call.issue(), call.request.path_params["key"]
    if len(key) > LONGEST_KEY:
        raise Refusal(400, f"The property key cannot be longer than {LONGEST_KEY} characters.")
    if not call.raw.strip():
        raise Refusal(400, "The property value cannot be empty.")
    value = call.body()
    if len(json.dumps(value)) > LONGEST_PROPERTY:
        raise Refusal(400, f"The property value cannot be longer than {LONGEST_PROPERTY} characters.")
    status = 200 if key in issue.properties else 201
    call.state.remember(issue.id, call.now)
    issue.properties[key] = value
    call.touch(issue.id)
    return JSONResponse({"self": f"{call.base}/issue/{issue.key}/properties/{key}"}, status_code=status)


def delete_property(call: Call) -> Response:
    """`DELETE /issue/{}/properties/{}`."""
    issue, key = call.issue(), call.request.path_params["key"]
    if key not in issue.properties:
        raise Refusal(404, f"The property with key '{key}' does not exist.")
    call.state.remember(issue.id, call.now)
    del issue.properties[key]
    call.touch(issue.id)
    return Response(status_code=204)


def remote_links(call: Call) -> Response:
    """`GET /issue/{}/remotelink`; with `globalId` the one of that name."""
    issue, wanted = call.issue(), call.query("globalId")
    if not wanted:
        return JSONResponse([_link_json(call, issue, link) for link in issue.links])
    return JSONResponse(_link_json(call, issue, _link(issue, "globalId", wanted)))


def write_remote_link(call: Call) -> Response:
    """`POST /issue/{}/remotelink`: updates the link of the same globalId; members left out become null."""
    issue, body = call.issue(), call.body()
    target = body.get("object") if isinstance(body, dict) else None
    errors = {name: f"'{name}' is required." for name in ("url", "title") if not (target or {}).get(name)}
    if not isinstance(target, dict) or errors:
        raise Refusal(400, errors=errors)
    name = body.get("globalId")
    if name is not None and len(str(name)) > LONGEST_KEY:
        raise Refusal(400, errors={"globalId": f"'globalId' cannot be longer than {LONGEST_KEY} characters."})
    link = {member: body.get(member) for member in ("globalId", "application", "relationship", "object")}
    known = next((old for old in issue.links if name is not None and old["globalId"] == name), None)
    if known is None:
        link["id"] = call.state.number("other")
        issue.links.append(link)
    else:
        known.update(link)
        link = known
    call.touch(issue.id)
    answer = {"id": link["id"], "self": f"{call.base}/issue/{issue.key}/remotelink/{link['id']}"}
    return JSONResponse(answer, status_code=200 if known else 201)


def delete_remote_link(call: Call) -> Response:
    """`DELETE /issue/{}/remotelink?globalId=` and `…/remotelink/{id}`."""
    issue = call.issue()
    id = call.request.path_params.get("link")
    link = _link(issue, "id", int(id)) if id else _link(issue, "globalId", call.query("globalId"))
    issue.links.remove(link)
    call.touch(issue.id)
    return Response(status_code=204)


def _link(issue: Issue, member: str, value: Any) -> JSON:
    for link in issue.links:
        if link[member] == value:
            return link
    raise Refusal(404, f"No remote issue link with {member} '{value}' exists.")


def _link_json(call: Call, issue: Issue, link: JSON) -> JSON:
    shown = {member: value for member, value in link.items() if value is not None}
    return shown | {"self": f"{call.base}/issue/{issue.key}/remotelink/{link['id']}"}


def comments(call: Call) -> Response:
    """`GET /issue/{}/comment`."""
    issue = call.issue()
    order = call.query("orderBy", "created")
    if order.lstrip("+-") != "created":
        raise Refusal(400, "The field to order by should be one of [created]")
    start, most = call.whole("startAt", 0), call.whole("maxResults", 100)
    rows = issue.comments[::-1] if order.startswith("-") else issue.comments
    shown = [_comment_json(call, issue, row) for row in rows[start : start + most]]
    return JSONResponse({"startAt": start, "maxResults": most, "total": len(rows), "comments": shown})


def write_comment(call: Call) -> Response:
    """`POST /issue/{}/comment`, and `PUT …/comment/{}`."""
    issue, body = call.issue(), call.body()
    text = body.get("body") if isinstance(body, dict) else None
    id = call.request.path_params.get("comment")
    document = comment_document(call, text)
    if id is None:
        comment = jira_edit.comment(call.state, call.user().id, call.now, issue, document)
    else:
        comment = _comment(issue, id)
        comment |= {"body": document, "updated": stamp(call.now), "updateAuthor": call.user().id}
    call.touch(issue.id)
    return JSONResponse(_comment_json(call, issue, comment), status_code=201 if id is None else 200)


def delete_comment(call: Call) -> Response:
    """`DELETE /issue/{}/comment/{}`."""
    issue = call.issue()
    issue.comments.remove(_comment(issue, call.request.path_params["comment"]))
    call.touch(issue.id)
    return Response(status_code=204)


def comment_document(call: Call, text: Any) -> JSON:
    """The body of a comment as it is stored. Refusal if it is none."""
    document = text if call.rich else jira_adf.from_plain(text) if isinstance(text, str) else None
    if not jira_adf.is_comment(document):
        raise Refusal(400, errors={"comment": "Comment body is not valid!"})
    return dict(document or {})


def _comment(issue: Issue, id: str) -> JSON:
    for comment in issue.comments:
        if comment["id"] == id:
            return comment
    raise Refusal(404, f"Can not find a comment for the id: {id}.")


def _comment_json(call: Call, issue: Issue, comment: JSON) -> JSON:
    return {
        "self": f"{call.base}/issue/{issue.id}/comment/{comment['id']}",
        "id": comment["id"],
        "author": call.user_json(comment["author"]),
        "updateAuthor": call.user_json(comment["updateAuthor"]),
        "body": comment["body"] if call.rich else jira_adf.wiki(comment["body"]),
        "created": call.time(comment["created"]),
        "updated": call.time(comment["updated"]),
        "jsdPublic": True,
    }
