"""The histories of issues, one by one and many at once; on Cloud only (reference jira §5.12)."""

from __future__ import annotations

import base64
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import BAD_PAYLOAD, Call, Refusal
from connectors.sandbox.jira_show import history_json
from connectors.sandbox.jira_state import Issue

JSON = dict[str, Any]

MOST_ISSUES, MOST_FIELDS, MOST_CHANGES = 1000, 10, 10000
FETCH_BODY: dict[str, type | tuple[type, ...]] = {
    "issueIdsOrKeys": list, "fieldIds": list, "maxResults": int, "nextPageToken": str,
}  # fmt: skip


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


def bulk_fetch(call: Call) -> Response:
    """`POST /changelog/bulkfetch`: by date, then by issue; pages by token."""
    call.request.state.write = False
    given = call.strict_body(FETCH_BODY)
    wanted, fields = given.get("issueIdsOrKeys", []), set(given.get("fieldIds", []))
    most = given.get("maxResults", 1000)
    if not 1 <= len(wanted) <= MOST_ISSUES or len(fields) > MOST_FIELDS or not 1 <= most <= MOST_CHANGES:
        raise Refusal(400, BAD_PAYLOAD)
    found = {i.id: i for one in wanted if (i := call.state.find(str(one))) and call.sees(i)}
    entries = [
        (entry["created"], int(issue.id), entry)
        for issue in found.values()
        for entry in issue.histories
        if not fields or fields & {item["fieldId"] for item in entry["items"]}
    ]
    entries.sort(key=lambda one: (one[0], one[1], int(one[2]["id"])))
    start = _start(given.get("nextPageToken"))
    page = entries[start : start + most]
    logs: dict[int, list[JSON]] = {}
    for _, id, entry in page:
        logs.setdefault(id, []).append(history_json(call, entry))
    shown = [{"issueId": str(id), "changeHistories": histories} for id, histories in logs.items()]
    more = start + most < len(entries)
    token = {"nextPageToken": base64.urlsafe_b64encode(str(start + most).encode()).decode()} if more else {}
    return JSONResponse({"issueChangeLogs": shown} | token)


def _start(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode())) if token else 0
    except ValueError:
        raise Refusal(400, "The provided next page token is invalid or expired.") from None
