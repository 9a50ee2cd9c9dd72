"""The endpoints of single issues: read, create, edit, move, delete, history (reference jira §5.1-5.6, §5.12)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox import jira_edit
from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_extras import comment_document
from connectors.sandbox.jira_show import edit_meta, history_json, issue_json, transitions_json
from connectors.sandbox.jira_state import Issue

JSON = dict[str, Any]
MOST_IN_BULK = 50


def read(call: Call) -> Response:
    """`GET /issue/{}`."""
    issue = call.issue()
    fields = call.request.query_params.getlist("fields") or ["*all"]
    properties = [p for text in call.request.query_params.getlist("properties") for p in text.split(",") if p]
    return JSONResponse(issue_json(call, issue, fields, properties, set(call.query("expand").split(","))))


def create(call: Call) -> Response:
    """`POST /issue`."""
    created = _created(call, call.body())
    return JSONResponse(created, status_code=201)


def create_many(call: Call) -> Response:
    """`POST /issue/bulk`: 201 if any was created; failures are named by their index in the request."""
    body = call.body()
    updates = body.get("issueUpdates") if isinstance(body, dict) else None
    if not isinstance(updates, list) or not updates:
        raise Refusal(400, "No Issue Create payload supplied")
    if len(updates) > MOST_IN_BULK:
        raise Refusal(400, f"The maximum number of issues that can be created at once is {MOST_IN_BULK}.")
    issues, errors = [], []
    for index, payload in enumerate(updates):
        try:
            issues.append(_created(call, payload))
        except Refusal as refusal:
            elements = {"errorMessages": refusal.messages, "errors": refusal.errors}
            errors.append({"status": refusal.status, "elementErrors": elements, "failedElementNumber": index})
    return JSONResponse({"issues": issues, "errors": errors}, status_code=201 if issues else 400)


def _created(call: Call, payload: Any) -> JSON:
    if call.viewer is None:
        raise Refusal(400, errors={"project": "Specify a valid project ID or key"})
    issue = jira_edit.create(call.state, call.viewer.id, call.now, payload, call.rich)
    call.touch(issue.id)
    answer: JSON = {"id": issue.id, "key": issue.key, "self": f"{call.base}/issue/{issue.id}"}
    if payload.get("transition"):
        try:
            jira_edit.transit(call.state, call.viewer.id, call.now, issue, {"transition": payload["transition"]})
            answer["transition"] = {"status": 200, "errorCollection": {"errorMessages": [], "errors": {}}}
        except Refusal as refusal:
            collection = {"errorMessages": refusal.messages, "errors": refusal.errors}
            answer["transition"] = {"status": refusal.status, "errorCollection": collection}
    return answer


def edit(call: Call) -> Response:
    """`PUT /issue/{}`: all or nothing; a transition in the body is ignored."""
    issue, body = call.issue(), call.body()
    author, comments = call.user().id, _comments(call, body)
    jira_edit.edit(call.state, author, call.now, issue, body, call.rich)
    for document in comments:
        jira_edit.comment(call.state, author, call.now, issue, document)
    call.touch(issue.id)
    if not call.flag("returnIssue"):
        return Response(status_code=204)
    return JSONResponse(issue_json(call, issue, ["*all"], [], set(call.query("expand").split(","))))


def assign(call: Call) -> Response:
    """`PUT /issue/{}/assignee`: null is nobody, "-1" the project's default, which is nobody here."""
    issue, body = call.issue(), call.body()
    given = [name for name in ("accountId", "name", "key") if isinstance(body, dict) and name in body]
    if given != ["accountId"]:
        raise Refusal(400, "'accountId' must be the only user identifying query parameter in GDPR strict mode.")
    id = None if body["accountId"] == "-1" else body["accountId"]
    assignee = None if id is None else {"accountId": id}
    jira_edit.edit(call.state, call.user().id, call.now, issue, {"fields": {"assignee": assignee}})
    call.touch(issue.id)
    return Response(status_code=204)


def delete(call: Call) -> Response:
    """`DELETE /issue/{}`. Children of an epic are no subtasks: they stay and lose their parent."""
    issue = call.issue()
    call.touch(*jira_edit.delete(call.state, call.user().id, call.now, issue))
    return Response(status_code=204)


def edit_metadata(call: Call) -> Response:
    """`GET /issue/{}/editmeta`."""
    return JSONResponse({"fields": edit_meta(call, call.issue())})


def transitions(call: Call) -> Response:
    """`GET /issue/{}/transitions`; an id that is not possible gives an empty list."""
    wanted = call.query("transitionId")
    found = [t for t in transitions_json(call, call.issue()) if wanted in ("", t["id"])]
    if "transitions.fields" in call.query("expand").split(","):
        found = [transition | {"fields": {}} for transition in found]
    return JSONResponse({"expand": "transitions", "transitions": found})


def transit(call: Call) -> Response:
    """`POST /issue/{}/transitions`; a comment may come along."""
    issue, body = call.issue(), call.body()
    author, comments = call.user().id, _comments(call, body)
    jira_edit.transit(call.state, author, call.now, issue, body)
    for document in comments:
        jira_edit.comment(call.state, author, call.now, issue, document)
    call.touch(issue.id)
    return Response(status_code=204)


def _comments(call: Call, body: Any) -> list[JSON]:
    """The documents of the comments that come along with an edit or a transition."""
    update = body.get("update") if isinstance(body, dict) else None
    operations = update.get("comment", []) if isinstance(update, dict) else []
    added = [one.get("add") if isinstance(one, dict) else None for one in operations]
    return [comment_document(call, one.get("body") if isinstance(one, dict) else None) for one in added]


def changelog(call: Call) -> Response:
    """`GET /issue/{}/changelog`: oldest first."""
    issue: Issue = call.issue()
    start, most = call.whole("startAt", 0), min(max(call.whole("maxResults", 100), 1), 100)
    page, total = issue.histories[start : start + most], len(issue.histories)
    address = f"{call.base}/issue/{issue.key}/changelog"
    body: JSON = {
        "self": f"{address}?startAt={start}&maxResults={most}",
        "maxResults": most,
        "startAt": start,
        "total": total,
        "isLast": start + len(page) >= total,
        "values": [history_json(call, entry) for entry in page],
    }
    if not body["isLast"]:
        body["nextPage"] = f"{address}?startAt={start + len(page)}&maxResults={most}"
    return JSONResponse(body)
