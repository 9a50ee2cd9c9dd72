"""The comments of an issue (reference jira §5.11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox import jira_adf, jira_wiki
from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_state import Issue, JiraState, stamp

JSON = dict[str, Any]


def comments(call: Call) -> Response:
    """`GET /issue/{}/comment`."""
    issue = call.issue()
    order = call.query("orderBy", "created")
    if order.lstrip("+-") != "created":
        raise Refusal(400, "The field to order by should be one of [created]")
    start, most = call.whole("startAt", 0), call.whole("maxResults", 100)
    rows = issue.comments[::-1] if order.startswith("-") else issue.comments
    shown = [comment_json(call, issue, row) for row in rows[start : start + most]]
    return JSONResponse({"startAt": start, "maxResults": most, "total": len(rows), "comments": shown})


def comment(call: Call) -> Response:
    """`GET /issue/{}/comment/{}`."""
    issue = call.issue()
    return JSONResponse(comment_json(call, issue, _comment(issue, call.request.path_params["comment"])))


def write_comment(call: Call) -> Response:
    """`POST /issue/{}/comment`, and `PUT …/comment/{}`."""
    issue, body = call.writable("comment"), call.body()
    text = body.get("body") if isinstance(body, dict) else None
    id = call.request.path_params.get("comment")
    document = comment_document(call, text)
    if id is None:
        written = add(call.state, call.user().id, call.now, issue, document)
    else:
        written = _comment(issue, id)
        written |= {"body": document, "updated": stamp(call.now), "updateAuthor": call.user().id}
        call.state.emit("comment_updated", issue, call.user().id, call.now, comment=written)
    call.touch(issue.id)
    return JSONResponse(comment_json(call, issue, written), status_code=201 if id is None else 200)


def delete_comment(call: Call) -> Response:
    """`DELETE /issue/{}/comment/{}`."""
    issue = call.writable("comment")
    gone = _comment(issue, call.request.path_params["comment"])
    issue.comments.remove(gone)
    call.state.emit("comment_deleted", issue, call.user().id, call.now, comment=gone)
    call.touch(issue.id)
    return Response(status_code=204)


def comment_document(call: Call, text: Any) -> Any:
    """The body of a comment as it is stored: a document, on Data Center wiki text. Refusal if it is none."""
    if not call.cloud and isinstance(text, str) and text.strip():
        return text
    document = text if call.rich else jira_wiki.document(text) if isinstance(text, str) else None
    if not call.cloud or not jira_adf.is_comment(document):
        raise Refusal(400, errors={"comment": "Comment body is not valid!"})
    return document


def add(state: JiraState, author: str, now: datetime, issue: Issue, document: Any) -> JSON:
    """A new comment of a stored body."""
    state.remember(issue.id, now)
    if state.switches.comment_moves_updated:
        issue.updated = stamp(now)
    written: JSON = {"id": str(state.number("other")), "author": author, "updateAuthor": author}
    written |= {"body": document, "created": stamp(now), "updated": stamp(now)}
    issue.comments.append(written)
    state.emit("comment_created", issue, author, now, comment=written)
    return written


def _comment(issue: Issue, id: str) -> JSON:
    for comment in issue.comments:
        if comment["id"] == id:
            return comment
    raise Refusal(404, f"Can not find a comment for the id: {id}.")


def comment_json(call: Call, issue: Issue, comment: JSON) -> JSON:
    return {
        "self": f"{call.base}/issue/{issue.id}/comment/{comment['id']}",
        "id": comment["id"],
        "author": call.user_json(comment["author"]),
        "updateAuthor": call.user_json(comment["updateAuthor"]),
        "body": body(call, comment["body"]),
        "created": call.time(comment["created"]),
        "updated": call.time(comment["updated"]),
    } | ({"jsdPublic": True} if call.cloud else {})


def body(call: Call, text: Any) -> Any:
    """A comment's text as this version of the API shows it."""
    return text if call.rich or isinstance(text, str) else jira_adf.wiki(text)
