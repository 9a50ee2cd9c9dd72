"""The endpoints about the site itself: server, project, fields, types, users (reference jira §1, §5.8, §5.13)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_schema import (
    PRIORITIES,
    PROJECT_ID,
    PROJECT_KEY,
    STATUS,
    STATUSES,
    field_json,
    priority_json,
    project_json,
    status_json,
    type_json,
)
from connectors.sandbox.jira_show import field_meta
from connectors.sandbox.jira_state import Account, stamp

JSON = dict[str, Any]
MOST_METADATA = 200


def server_info(call: Call) -> Response:
    """`GET /serverInfo`, open to everybody."""
    base = str(call.request.base_url).rstrip("/")
    return JSONResponse(
        {
            "baseUrl": base,
            "displayUrl": base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100317,
            "buildDate": "2026-10-01T09:00:00.000+0200",
            "serverTime": call.time(stamp(call.now)),
            "serverTimeZone": "Europe/Berlin",
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Jira",
        }
    )


def myself(call: Call) -> Response:
    """`GET /myself`: the one endpoint that tells an anonymous caller so."""
    shown = call.user_json(call.user().id)
    lists = {"groups": {"size": 1, "items": []}, "applicationRoles": {"size": 1, "items": []}}
    return JSONResponse(shown | lists | {"locale": "en_US", "expand": "groups,applicationRoles"})


def fields(call: Call) -> Response:
    """`GET /field`: those that the caller may see."""
    return JSONResponse([field_json(f) for f in call.state.setup.fields.values() if call.viewer or not f.custom])


def statuses(call: Call) -> Response:
    """`GET /status`."""
    return JSONResponse([status_json(s, call.base) for s in STATUSES] if call.viewer else [])


def status(call: Call) -> Response:
    """`GET /status/{id or name}`."""
    wanted = call.request.path_params["id"]
    found = STATUS.get(wanted) or next((s for s in STATUSES if s.name.lower() == wanted.lower()), None)
    if found is None or call.viewer is None:
        raise Refusal(404, f"The status with ID '{wanted}' does not exist")
    return JSONResponse(status_json(found, call.base))


def priorities(call: Call) -> Response:
    """`GET /priority`."""
    call.user()
    return JSONResponse([priority_json(id, call.base) for id, _ in PRIORITIES])


def issue_types(call: Call) -> Response:
    """`GET /issuetype`."""
    return JSONResponse([type_json(kind, call.base) for kind in call.state.setup.types.values()] if call.viewer else [])


def project(call: Call) -> Response:
    """`GET /project/{id or key}`."""
    _project(call)
    types = [type_json(kind, call.base) for kind in call.state.setup.types.values()]
    extra: JSON = {"description": "", "assigneeType": "UNASSIGNED", "components": [], "versions": [], "roles": {}}
    lead = next(iter(call.state.accounts.values()))
    extra |= {"issueTypes": types, "lead": call.user_json(lead.id), "style": "classic", "isPrivate": False}
    return JSONResponse(project_json(call.base) | extra | {"properties": {}})


def projects(call: Call) -> Response:
    """`GET /project/search`."""
    query = call.query("query").lower()
    shown = project_json(call.base)
    found = [shown] if call.viewer and query in f"{shown['key']} {shown['name']}".lower() else []
    page = {"startAt": 0, "maxResults": 50, "total": len(found), "isLast": True, "values": found}
    return JSONResponse({"self": str(call.request.url)} | page)


def project_statuses(call: Call) -> Response:
    """`GET /project/{}/statuses`: by issue type."""
    _project(call)
    shown = []
    for kind in call.state.setup.types.values():
        own = [status_json(s, call.base) for s in STATUSES if s.type == kind.id]
        short = {"self": f"{call.base}/issuetype/{kind.id}", "id": kind.id, "name": kind.name, "subtask": False}
        shown.append(short | {"statuses": own})
    return JSONResponse(shown)


def create_types(call: Call) -> Response:
    """`GET /issue/createmeta/{project}/issuetypes`."""
    _project(call)
    return JSONResponse(
        _page(call, "issueTypes", [type_json(kind, call.base) for kind in call.state.setup.types.values()])
    )


def create_fields(call: Call) -> Response:
    """`GET /issue/createmeta/{project}/issuetypes/{type}`: what can be set when an issue is created."""
    _project(call)
    kind = call.state.setup.types.get(call.request.path_params["type"])
    if kind is None:
        raise Refusal(404, "The issue type does not exist in this project, or you do not have permission to create it.")
    own = [f for f in call.state.setup.fields.values() if kind.id in f.screens or f.id in ("issuetype", "project")]
    return JSONResponse(_page(call, "fields", [field_meta(call, f, kind.id) | {"fieldId": f.id} for f in own]))


def user(call: Call) -> Response:
    """`GET /user?accountId=`."""
    call.user()
    found = call.state.accounts.get(call.query("accountId"))
    if found is None:
        raise Refusal(404, "Specified user does not exist or you do not have required permissions")
    return JSONResponse(call.user_json(found.id))


def user_search(call: Call) -> Response:
    """`GET /user/search`: active users by a part of their name or address, or by id."""
    call.user()
    if not call.query("query") and not call.query("accountId"):
        raise Refusal(400, "The 'query' or 'accountId' query parameter must be provided.")
    return JSONResponse([call.user_json(a.id) for a in _users(call) if a.active])


def assignable_search(call: Call) -> Response:
    """`GET /user/assignable/search`: who an issue can be given to."""
    call.user()
    named = call.query("project") or call.query("issueKey") or call.query("issueId")
    if not named:
        raise Refusal(400, "Either the 'project', 'issueKey' or 'issueId' query parameter must be provided.")
    if call.query("project") not in ("", PROJECT_KEY, PROJECT_ID):
        raise Refusal(404, f"No project could be found with key '{named}'.")
    return JSONResponse([call.user_json(a.id) for a in _users(call) if a.active and a.assignable])


def _users(call: Call) -> list[Account]:
    query, id = call.query("query").lower(), call.query("accountId")
    found = [
        account
        for account in call.state.accounts.values()
        if (not id or account.id == id) and (query in account.name.lower() or query in account.email.lower())
    ]
    start = call.whole("startAt", 0)
    return sorted(found, key=lambda a: a.name)[start : start + call.whole("maxResults", 50)]


def _project(call: Call) -> None:
    wanted = call.request.path_params["project"]
    if call.viewer is None or wanted.upper() not in (PROJECT_ID, PROJECT_KEY):
        kind = "id" if wanted.isdigit() else "key"
        raise Refusal(404, f"No project could be found with {kind} '{wanted}'.")


def _page(call: Call, name: str, rows: list[JSON]) -> JSON:
    start, most = call.whole("startAt", 0), call.whole("maxResults", 50)
    if most > MOST_METADATA:
        raise Refusal(400, f"Parameter 'maxResults' must not exceed the limit '{MOST_METADATA}'")
    return {"startAt": start, "maxResults": most, "total": len(rows), name: rows[start : start + most]}
