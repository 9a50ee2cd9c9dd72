"""The endpoints about the site itself: server, projects, fields, types (reference jira §1, §5.8)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_catalog import (
    allowed_json,
    field_json,
    priority_json,
    project_json,
    resolution_json,
    status_json,
    type_json,
)
from connectors.sandbox.jira_schema import PRIORITIES, PROJECT_ID, RESOLUTIONS, STATUS, STATUSES
from connectors.sandbox.jira_setup import Project
from connectors.sandbox.jira_show import field_meta
from connectors.sandbox.jira_state import stamp

JSON = dict[str, Any]
MOST_METADATA = 200
_PERMISSIONS = {
    "BROWSE_PROJECTS": "browse", "CREATE_ISSUES": "create", "EDIT_ISSUES": "edit", "TRANSITION_ISSUES": "transition",
    "ASSIGN_ISSUES": "assign", "DELETE_ISSUES": "delete", "ADD_COMMENTS": "comment",
    "ADMINISTER_PROJECTS": "administer_project", "ADMINISTER": "administer",
}  # fmt: skip


def server_info(call: Call) -> Response:
    """`GET /serverInfo`, open to everybody."""
    numbers = [1001, 0, 0] if call.cloud else [10, 3, 24]
    version = ".".join(map(str, numbers)) + ("-SNAPSHOT" if call.cloud else "")
    shown: JSON = {
        "baseUrl": call.site,
        "version": version,
        "versionNumbers": numbers,
        "deploymentType": "Cloud" if call.cloud else call.state.switches.deployment_type,
        "buildNumber": 100317 if call.cloud else 10030024,
        "buildDate": "2026-10-01T09:00:00.000+0200",
        "serverTime": call.time(stamp(call.now)),
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira",
    }
    if call.cloud:
        shown |= {"displayUrl": call.site, "serverTimeZone": "Europe/Berlin"}
    return JSONResponse(shown)


def fields(call: Call) -> Response:
    """`GET /field`: those that the caller may see."""
    return JSONResponse([field_json(call, f) for f in call.state.setup.fields.values() if call.viewer or not f.custom])


def find_fields(call: Call) -> Response:
    """Cloud's `GET /field/search`, in pages."""
    call.user()
    query, wanted = call.query("query").lower(), call.request.query_params.getlist("id")
    known = call.state.setup.fields.values()
    found = [f for f in known if query in f.name.lower() and (not wanted or f.id in wanted)]
    rows = [{k: v for k, v in field_json(call, f).items() if k in ("id", "key", "name", "schema")} for f in found]
    return JSONResponse(_page(call, "values", rows))


def statuses(call: Call) -> Response:
    """`GET /status`."""
    return JSONResponse([status_json(call, s) for s in STATUSES] if call.viewer else [])


def status(call: Call) -> Response:
    """`GET /status/{id or name}`."""
    wanted = call.request.path_params["id"]
    found = STATUS.get(wanted) or next((s for s in STATUSES if s.name.lower() == wanted.lower()), None)
    if found is None or call.viewer is None:
        raise Refusal(404, f"The status with ID '{wanted}' does not exist")
    return JSONResponse(status_json(call, found))


def priorities(call: Call) -> Response:
    """`GET /priority`."""
    call.user()
    return JSONResponse([priority_json(call, id) for id, _ in PRIORITIES])


def resolutions(call: Call) -> Response:
    """`GET /resolution`."""
    return JSONResponse([resolution_json(call, id) for id, _ in RESOLUTIONS])


def issue_types(call: Call) -> Response:
    """`GET /issuetype`."""
    return JSONResponse([type_json(call, kind) for kind in call.state.setup.types.values()] if call.viewer else [])


def permissions(call: Call) -> Response:
    """`GET /mypermissions`: on Cloud those asked for, on Data Center all."""
    asked = [word for word in call.query("permissions").split(",") if word]
    if call.cloud and (not asked or set(asked) - set(_PERMISSIONS)):
        raise Refusal(400, "The 'permissions' query parameter is required." if not asked else "Unknown permission.")
    place = call.query("projectKey") or call.query("projectId")
    if place and call.project(place) is None:
        raise Refusal(404, f"No project could be found with key '{place}'.")
    shown: dict[str, JSON] = {}
    for number, key in enumerate(asked or _PERMISSIONS, 10):
        name = key.replace("_", " ").capitalize()
        kind = "GLOBAL" if key == "ADMINISTER" else "PROJECT"
        shown[key] = {"id": str(number), "key": key, "name": name, "type": kind, "description": ""}
        shown[key]["havePermission"] = call.may(_PERMISSIONS[key])
    return JSONResponse({"permissions": shown})


def projects(call: Call) -> Response:
    """Cloud's `GET /project/search`, and `GET /project` of both."""
    query = call.query("query").lower()
    seen = [p for p in call.state.setup.projects.values() if call.project(p.id)]
    found = [project_json(call, p) for p in seen if query in f"{p.key} {p.name}".lower()]
    if call.request.url.path.endswith("/project"):
        return JSONResponse(found)
    return JSONResponse({"self": str(call.request.url)} | _page(call, "values", found))


def project(call: Call) -> Response:
    """`GET /project/{id or key}`."""
    own = _project(call)
    types = [type_json(call, kind) for kind in call.state.setup.types.values()]
    lead = next(iter(call.state.accounts.values()))
    extra: JSON = {"description": "", "assigneeType": "UNASSIGNED", "issueTypes": types, "roles": {}}
    for name, member in (("components", "components"), ("versions", "fixVersions")):
        extra[name] = allowed_json(call, call.state.setup.fields[member])
    extra |= {"lead": call.user_json(lead.id)}
    if call.cloud:
        extra |= {"style": "classic", "isPrivate": False, "properties": {}}
    return JSONResponse(project_json(call, own) | extra)


def components(call: Call) -> Response:
    """`GET /project/{}/components`."""
    _project(call)
    return JSONResponse(allowed_json(call, call.state.setup.fields["components"]))


def versions(call: Call) -> Response:
    """`GET /project/{}/versions`."""
    _project(call)
    return JSONResponse(allowed_json(call, call.state.setup.fields["fixVersions"]))


def project_statuses(call: Call) -> Response:
    """`GET /project/{}/statuses`: by issue type."""
    _project(call)
    shown = []
    for kind in call.state.setup.types.values():
        own = [status_json(call, status) for status in call.state.setup.statuses(kind.id)]
        short = {"self": f"{call.base}/issuetype/{kind.id}", "id": kind.id, "name": kind.name}
        shown.append(short | {"subtask": kind.level < 0, "statuses": own})
    return JSONResponse(shown)


def create_types(call: Call) -> Response:
    """`GET /issue/createmeta/{project}/issuetypes`. Data Center calls the list `values`."""
    _project(call, 404 if call.cloud else 400)
    rows = [type_json(call, kind) for kind in call.state.setup.types.values()] if call.may("create") else []
    return JSONResponse(_page(call, "issueTypes" if call.cloud else "values", rows))


def create_fields(call: Call) -> Response:
    """`GET /issue/createmeta/{project}/issuetypes/{type}`: what can be set when an issue is created."""
    _project(call, 404 if call.cloud else 400)
    kind = call.state.setup.types.get(call.request.path_params["type"])
    if kind is None or not call.may("create"):
        text = "The issue type does not exist in this project, or you do not have permission to create it."
        raise Refusal(404 if call.cloud else 400, text)
    own = [f for f in call.state.setup.fields.values() if kind.id in f.screens or f.id in ("issuetype", "project")]
    rows = [field_meta(call, f, kind.id) | {"fieldId": f.id} for f in own]
    return JSONResponse(_page(call, "fields" if call.cloud else "values", rows))


def _project(call: Call, status: int = 404) -> Project:
    """The campaigns' project, if the path names it and the caller sees it."""
    wanted = call.request.path_params["project"]
    found = call.project(wanted)
    if found is None or found.id != PROJECT_ID:
        kind = "id" if wanted.isdigit() else "key"
        raise Refusal(status, f"No project could be found with {kind} '{wanted}'.")
    return found


def _page(call: Call, name: str, rows: list[JSON]) -> JSON:
    """A page of rows. Pages whose rows are called `values` tell whether they are the last."""
    start, most = call.whole("startAt", 0), call.whole("maxResults", 50)
    if most > MOST_METADATA and call.cloud:
        raise Refusal(400, f"Parameter 'maxResults' must not exceed the limit '{MOST_METADATA}'")
    page = rows[start : start + min(most, MOST_METADATA)]
    last = {"isLast": start + len(page) >= len(rows)} if name == "values" else {}
    return {"startAt": start, "maxResults": min(most, MOST_METADATA), "total": len(rows)} | last | {name: page}
