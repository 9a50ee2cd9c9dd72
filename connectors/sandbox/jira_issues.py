"""The endpoints of single issues: read, create, edit, move, delete, archive (reference jira §5.1-5.6)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox import jira_comments, jira_edit
from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_show import edit_meta, issue_json, transitions_json
from connectors.sandbox.jira_state import Issue

JSON = dict[str, Any]
MOST_IN_BULK = 50
NO_CREATING = "You do not have permission to create issues in this project."
NO_ASSIGNING = "You do not have permission to assign issues."


def read(call: Call) -> Response:
    """`GET /issue/{}`."""
    issue = call.issue()
    fields = call.request.query_params.getlist("fields") or ["*all"]
    properties = [p for text in call.request.query_params.getlist("properties") for p in text.split(",") if p]
    call.request.state.objects = 1
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
    if call.state.switches.bulk_create_shuffled:
        issues.reverse()
    return JSONResponse({"issues": issues, "errors": errors}, status_code=201 if issues else 400)


def _created(call: Call, payload: Any) -> JSON:
    if call.viewer is None or not call.may("browse"):
        raise Refusal(400, errors={"project": "Specify a valid project ID or key"})
    fields = payload.get("fields") if isinstance(payload, dict) else None
    if isinstance(fields, dict) and fields.get("project"):
        call.demand("create", 403 if call.cloud else 400, NO_CREATING)
        _may_assign(call, fields)
    issue = jira_edit.create(call.state, call.viewer.id, call.now, payload, call.rich)
    call.touch(issue.id)
    answer: JSON = {"id": issue.id, "key": issue.key, "self": f"{call.base}/issue/{issue.id}"}
    if call.cloud and payload.get("transition"):
        try:
            step = {name: payload[name] for name in ("transition", "historyMetadata") if name in payload}
            jira_edit.transit(call.state, call.viewer.id, call.now, issue, step)
            answer["transition"] = {"status": 200, "errorCollection": {"errorMessages": [], "errors": {}}}
        except Refusal as refusal:
            collection = {"errorMessages": refusal.messages, "errors": refusal.errors}
            answer["transition"] = {"status": refusal.status, "errorCollection": collection}
    return answer


def _may_assign(call: Call, written: JSON) -> None:
    if written.get("assignee") is not None:
        call.demand("assign", 400, errors={"assignee": NO_ASSIGNING})


def edit(call: Call) -> Response:
    """`PUT /issue/{}`: all or nothing; a transition in the body is ignored."""
    issue, body = call.unarchived(call.issue()), call.body()
    author, comments = call.user().id, _comments(call, body)
    given: set[str] = set()
    for part in ("fields", "update"):
        named = body.get(part) if isinstance(body, dict) else None
        given |= set(named) if isinstance(named, dict) else set()
    call.demand("edit", 400, errors={id: jira_edit.NOT_ON_SCREEN.format(id) for id in sorted(given)})
    if "assignee" in given:
        call.demand("assign", 400, errors={"assignee": NO_ASSIGNING})
    if call.cloud and (call.flag("overrideScreenSecurity") or call.flag("overrideEditableFlag")):
        raise Refusal(403, "Only apps may override the security of screens and fields.")
    if not call.flag("notifyUsers", default=True):
        call.demand("administer_project", 403, "To discard the user notification you need administration rights.")
    jira_edit.edit(call.state, author, call.now, issue, body, call.rich)
    for document in comments:
        jira_comments.add(call.state, author, call.now, issue, document)
    call.touch(issue.id)
    if not (call.cloud and call.flag("returnIssue")):
        return Response(status_code=204)
    return JSONResponse(issue_json(call, issue, ["*all"], [], set(call.query("expand").split(","))))


def assign(call: Call) -> Response:
    """`PUT /issue/{}/assignee`: null is nobody, "-1" the project's default, which is nobody here."""
    issue, body = call.unarchived(call.issue()), call.body()
    author = call.user().id
    given = [name for name in ("accountId", "name", "key") if isinstance(body, dict) and name in body]
    if call.cloud and given != ["accountId"]:
        raise Refusal(400, "'accountId' must be the only user identifying query parameter in GDPR strict mode.")
    if not call.cloud and not set(given) & {"name", "key"}:
        raise Refusal(400, "The user to assign is missing: give their 'name'.")
    call.demand("assign", 403 if call.cloud else 401, NO_ASSIGNING)
    name = given[0] if call.cloud else "name" if "name" in given else "key"
    assignee = None if body[name] in (None, "-1") else {name: body[name]}
    jira_edit.edit(call.state, author, call.now, issue, {"fields": {"assignee": assignee}})
    call.touch(issue.id)
    return Response(status_code=204)


def delete(call: Call) -> Response:
    """`DELETE /issue/{}`. Children of an epic are no sub-tasks: they stay and lose their parent."""
    issue = call.writable("delete")
    subtasks = call.flag("deleteSubtasks")
    call.touch(*jira_edit.delete(call.state, call.user().id, call.now, issue, subtasks))
    return Response(status_code=204)


def archive(call: Call) -> Response:
    """Data Center's `PUT /issue/{}/archive` and `…/restore`: search does not show what is archived."""
    issue = call.issue()
    call.user()
    call.demand("administer_project", 403, "You do not have permission to archive or restore issues.")
    call.state.remember(issue.id, call.now)
    issue.archived = call.request.url.path.endswith("/archive")
    call.touch(issue.id)
    return Response(status_code=204)


def edit_metadata(call: Call) -> Response:
    """`GET /issue/{}/editmeta`."""
    return JSONResponse({"fields": edit_meta(call, call.issue())})


def transitions(call: Call) -> Response:
    """`GET /issue/{}/transitions`; an id that is not possible gives an empty list."""
    wanted, with_fields = call.query("transitionId"), "transitions.fields" in call.query("expand").split(",")
    everything = call.cloud and call.flag("includeUnavailableTransitions")
    found = [t for t in transitions_json(call, call.issue(), everything, with_fields) if wanted in ("", t["id"])]
    return JSONResponse({"expand": "transitions", "transitions": found})


def transit(call: Call) -> Response:
    """`POST /issue/{}/transitions`; a comment may come along."""
    issue, body = call.unarchived(call.issue()), call.body()
    author, comments = call.user().id, _comments(call, body)
    if isinstance(body, dict) and isinstance(update := body.get("update"), dict):
        body = body | {"update": {name: value for name, value in update.items() if name != "comment"}}
    jira_edit.transit(call.state, author, call.now, issue, body, call.rich)
    for document in comments:
        jira_comments.add(call.state, author, call.now, issue, document)
    call.touch(issue.id)
    return Response(status_code=204)


def subtasks(call: Call) -> Response:
    """Data Center's `GET /issue/{}/subtask`."""
    issue: Issue = call.issue()
    return JSONResponse(issue_json(call, issue, ["subtasks"], [], set())["fields"]["subtasks"])


def _comments(call: Call, body: Any) -> list[Any]:
    """The bodies of the comments that come along with an edit or a transition."""
    update = body.get("update") if isinstance(body, dict) else None
    operations = update.get("comment", []) if isinstance(update, dict) else []
    added = [one.get("add") if isinstance(one, dict) else None for one in operations]
    return [jira_comments.comment_document(call, one.get("body") if isinstance(one, dict) else None) for one in added]
