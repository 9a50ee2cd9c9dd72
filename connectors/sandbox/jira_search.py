"""Reading many issues at once: JQL search by token pages, and the fetch by ids (reference jira §4.1-4.4)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import BAD_PAYLOAD, Call, Refusal
from connectors.sandbox.jira_jql import parse
from connectors.sandbox.jira_jql_tokens import JqlError, Query
from connectors.sandbox.jira_names import Names
from connectors.sandbox.jira_query import Asker, before, directions, matcher, sorter
from connectors.sandbox.jira_show import issue_json
from connectors.sandbox.jira_state import Issue, moment, stamp

JSON = dict[str, Any]

RETIRED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline"
    " is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
BAD_TOKEN = "The provided next page token is invalid or expired."
MOST = 5000
MOST_WITH_FIELDS = 100
TOKEN_LIFE = timedelta(days=7)
SEARCH_BODY: dict[str, type | tuple[type, ...]] = {
    "jql": str, "fields": list, "maxResults": int, "nextPageToken": str, "reconcileIssues": list, "expand": str,
    "properties": list, "fieldsByKeys": bool, "failFast": bool,
}  # fmt: skip
FETCH_BODY: dict[str, type | tuple[type, ...]] = {
    "issueIdsOrKeys": list, "fields": list, "expand": list, "properties": list, "fieldsByKeys": bool,
}  # fmt: skip


def retired(_: Call) -> Response:
    """`/search`, which is gone on Cloud."""
    raise Refusal(410, RETIRED)


def search_by_body(call: Call) -> Response:
    """`POST /search/jql`."""
    call.request.state.write = False
    return _search(call, call.strict_body(SEARCH_BODY))


def search_by_query(call: Call) -> Response:
    """`GET /search/jql`: lists are repeated or separated by commas."""
    params = call.request.query_params
    given: JSON = {name: params[name] for name in ("jql", "nextPageToken", "expand") if name in params}
    for name in ("fields", "properties", "reconcileIssues"):
        if name in params:
            given[name] = [part for text in params.getlist(name) for part in text.split(",") if part]
    if "maxResults" in params:
        given["maxResults"] = call.whole("maxResults", 50)
    return _search(call, given)


def _search(call: Call, given: JSON) -> Response:
    asked = given.get("maxResults", 50)
    if not 1 <= asked <= MOST:
        raise Refusal(400, "The max results parameter has to be between 1 and 5,000.")
    fresh = _reconciled(given.get("reconcileIssues", []))
    if len(given.get("properties", [])) > 5:
        raise Refusal(400, "The maximum number of issue property keys is 5.")
    text = given.get("jql", "")
    if call.viewer is None:
        return JSONResponse({"issues": [], "isLast": True})
    try:
        issues, order = found(call, text, fresh)
    except JqlError as error:
        raise Refusal(400, *error.messages) from None
    rows, descending = ordered(call, issues, order), [down for _, down in order]
    if token := given.get("nextPageToken"):
        last = _last_seen(call, token, text)
        rows = [row for row in rows if before(row[0], last, descending) > 0]
    fields = given.get("fields") or ["id"]
    page = rows[: _page_size(call, asked, fields)]
    expand = set(given.get("expand", "").split(","))
    shown = [_row(call, issue, fields, given.get("properties", []), expand) for _, issue in page]
    call.request.state.objects = len(shown)
    answer: JSON = {"issues": shown, "isLast": len(page) == len(rows)}
    if len(page) < len(rows):
        answer["nextPageToken"] = _token(call, text, page[-1][0])
    return JSONResponse(answer)


def found(
    call: Call, text: str, fresh: frozenset[str] = frozenset(), bounded: bool = True
) -> tuple[list[Issue], tuple[tuple[str, bool], ...]]:
    """The issues that the query means, in no order, and the order it asks for. Raises JqlError."""
    query: Query = parse(text)
    if query.where is None and bounded:
        raise JqlError(UNBOUNDED)
    names = Names(call.state)
    asker = Asker(call.user().id, call.zone, call.now)
    test = matcher(query.where, names, asker) if query.where is not None else lambda _: True
    sorter(query.order, names)
    seen = (issue for issue in call.state.indexed(call.now, fresh) if call.sees(issue) and not issue.archived)
    return [issue for issue in seen if test(issue)], query.order or (("created", True),)


def ordered(call: Call, issues: list[Issue], order: tuple[tuple[str, bool], ...]) -> list[tuple[list[Any], Issue]]:
    """The issues with their sort keys, in the order asked for."""
    key = sorter(order, Names(call.state))
    rows: list[tuple[list[Any], Issue]] = [(key(issue), issue) for issue in issues]
    descending = [down for _, down in order]
    for place, down in reversed([*enumerate(directions(descending))]):  # from the last part on: sorting is stable
        rows.sort(key=lambda row, place=place: row[0][place], reverse=down)  # type: ignore[misc]
    return rows


def _reconciled(ids: list[Any]) -> frozenset[str]:
    if len(ids) > 50:
        raise Refusal(400, "The maximum number of issues to reconcile is 50.")
    if not all(isinstance(id, int) or (isinstance(id, str) and id.isdigit()) for id in ids):
        raise Refusal(400, BAD_PAYLOAD)
    return frozenset(str(id) for id in ids)


def _page_size(call: Call, asked: int, fields: list[str]) -> int:
    """Pages with more than ids are capped; with the switch on they are shorter still, though they are not the last."""
    size = asked if set(fields) <= {"id", "key"} else min(asked, MOST_WITH_FIELDS)
    return max(1, size * 2 // 3) if call.state.switches.short_pages else size


def _row(call: Call, issue: Issue, fields: list[str], properties: list[str], expand: set[str]) -> JSON:
    shown = issue_json(call, issue, fields, properties, expand)
    if set(fields) <= {"id", "key"}:
        del shown["fields"]
        if "key" not in fields:
            return {name: value for name, value in shown.items() if name in ("id", "properties", "changelog")}
    return shown


def _token(call: Call, text: str, last: list[Any]) -> str:
    payload = {"at": stamp(call.now), "query": _digest(text), "last": last}
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode()


def _last_seen(call: Call, token: str, text: str) -> list[Any]:
    """The sort key of the last issue of the page before. Refusal for a token that is old, foreign or broken."""
    try:
        payload = json.loads(base64.urlsafe_b64decode(token.encode()))
        fits = payload["query"] == _digest(text) and call.now - moment(payload["at"]) <= TOKEN_LIFE
        last: list[Any] = payload["last"]
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, BAD_TOKEN) from None
    if not fits:
        raise Refusal(400, BAD_TOKEN)
    return last


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def count(call: Call) -> Response:
    """`POST /search/approximate-count`."""
    call.request.state.write = False
    given = call.strict_body({"jql": str})
    if call.viewer is None:
        return JSONResponse({"count": 0})
    try:
        return JSONResponse({"count": len(found(call, given.get("jql", ""))[0])})
    except JqlError as error:
        raise Refusal(400, *error.messages) from None


def bulk_fetch(call: Call) -> Response:
    """`POST /issue/bulkfetch`: never through the index; issues that are not there are in neither list."""
    call.request.state.write = False
    given = call.strict_body(FETCH_BODY)
    wanted = given.get("issueIdsOrKeys", [])
    if not 1 <= len(wanted) <= 100:
        raise Refusal(400, "The number of issues to fetch has to be between 1 and 100.")
    if len(given.get("properties", [])) > 5:
        raise Refusal(400, "The maximum number of issue property keys is 5.")
    seen = {i.id: i for one in wanted if (i := call.state.find(str(one))) and call.sees(i) and not i.archived}
    fields = given.get("fields") or ["*navigable"]
    expand = set(given.get("expand", []))
    rows = sorted(seen.values(), key=lambda issue: int(issue.id))
    issues = [issue_json(call, issue, fields, given.get("properties", []), expand) for issue in rows]
    call.request.state.objects = len(issues)
    return JSONResponse({"issues": issues, "issueErrors": []})
