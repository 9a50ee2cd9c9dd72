"""What hangs on an issue: entity properties and remote links (reference jira §5.10-5.11)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

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
    """`PUT /issue/{}/properties/{}`: 201 for a new one."""
    issue, key = call.writable(), call.request.path_params["key"]
    if len(key) > LONGEST_KEY:
        raise Refusal(400, f"The property key cannot be longer than {LONGEST_KEY} characters.")
    if not call.raw.strip():
        raise Refusal(400, "The property value cannot be empty.")
    value = call.body()
    if len(json.dumps(value)) > LONGEST_PROPERTY:
        raise Refusal(400, f"The property value cannot be longer than {LONGEST_PROPERTY} characters.")
    status = 200 if key in issue.properties else 201
    _written(call, issue, "issue_property_set", {"key": key, "value": value})
    if not call.cloud:
        return Response(status_code=status)
    return JSONResponse({"self": f"{call.base}/issue/{issue.key}/properties/{key}"}, status_code=status)


def delete_property(call: Call) -> Response:
    """`DELETE /issue/{}/properties/{}`."""
    issue, key = call.writable(), call.request.path_params["key"]
    if key not in issue.properties:
        raise Refusal(404, f"The property with key '{key}' does not exist.")
    _written(call, issue, "issue_property_deleted", {"key": key})
    return Response(status_code=204)


def _written(call: Call, issue: Issue, event: str, property: JSON) -> None:
    """Put a property in, or take it out. Neither history nor, unless switched so, the time of the last change tell."""
    call.state.remember(issue.id, call.now)
    if "value" in property:
        issue.properties[property["key"]] = property["value"]
    else:
        del issue.properties[property["key"]]
    if call.state.switches.property_moves_updated:
        issue.updated = stamp(call.now)
    call.state.emit(event, issue, call.user().id, call.now, property=property)
    call.touch(issue.id)


def remote_links(call: Call) -> Response:
    """`GET /issue/{}/remotelink`; with `globalId` the one of that name."""
    issue, wanted = call.issue(), call.query("globalId")
    if not wanted:
        return JSONResponse([_link_json(call, issue, link) for link in issue.links])
    return JSONResponse(_link_json(call, issue, _link(issue, "globalId", wanted)))


def remote_link(call: Call) -> Response:
    """`GET /issue/{}/remotelink/{}`."""
    issue, id = call.issue(), call.request.path_params["link"]
    return JSONResponse(_link_json(call, issue, _link(issue, "id", id)))


def write_remote_link(call: Call) -> Response:
    """`POST /issue/{}/remotelink`: updates the link of the same globalId; members left out become null."""
    issue, body = call.writable(), call.body()
    target = body.get("object") if isinstance(body, dict) else None
    errors = {name: f"'{name}' is required." for name in ("url", "title") if not (target or {}).get(name)}
    if not isinstance(target, dict) or errors:
        raise Refusal(400, errors=errors)
    name = body.get("globalId")
    if name is not None and len(str(name)) > LONGEST_KEY:
        raise Refusal(400, errors={"globalId": f"'globalId' cannot be longer than {LONGEST_KEY} characters."})
    link = {member: body.get(member) for member in ("globalId", "application", "relationship", "object")}
    _linked(call, issue)
    known = next((old for old in issue.links if name is not None and old["globalId"] == name), None)
    if known is None:
        link["id"] = call.state.number("other")
        issue.links.append(link)
    else:
        known.update(link)
        link = known
    answer = {"id": link["id"], "self": f"{call.base}/issue/{issue.key}/remotelink/{link['id']}"}
    return JSONResponse(answer, status_code=201 if known is None and call.cloud else 200)


def delete_remote_link(call: Call) -> Response:
    """`DELETE /issue/{}/remotelink?globalId=` and `…/remotelink/{id}`."""
    issue = call.writable()
    id = call.request.path_params.get("link")
    link = _link(issue, "id", id) if id else _link(issue, "globalId", call.query("globalId"))
    _linked(call, issue)
    issue.links.remove(link)
    return Response(status_code=204)


def _linked(call: Call, issue: Issue) -> None:
    """To be called before an issue's links are written."""
    if call.state.switches.link_moves_updated:
        call.state.remember(issue.id, call.now)
        issue.updated = stamp(call.now)
    call.touch(issue.id)


def _link(issue: Issue, member: str, value: str) -> JSON:
    for link in issue.links:
        if str(link[member]) == value:
            return link
    raise Refusal(404, f"No remote issue link with {member} '{value}' exists.")


def _link_json(call: Call, issue: Issue, link: JSON) -> JSON:
    shown = {member: value for member, value in link.items() if value is not None}
    return shown | {"self": f"{call.base}/issue/{issue.key}/remotelink/{link['id']}"}
