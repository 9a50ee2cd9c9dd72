"""The endpoints about people: oneself, one user, and who can be found or assigned (reference jira §5.13)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_state import Account

JSON = dict[str, Any]

UNKNOWN = "Specified user does not exist or you do not have required permissions"
MOST_LOOKED_AT = 1000


def myself(call: Call) -> Response:
    """`GET /myself`: the one endpoint that tells an anonymous caller so."""
    shown = call.user_json(call.user().id)
    lists = {"groups": {"size": 1, "items": []}, "applicationRoles": {"size": 1, "items": []}}
    return JSONResponse(shown | lists | {"locale": "en_US", "expand": "groups,applicationRoles"})


def user(call: Call) -> Response:
    """`GET /user?accountId=`, on Data Center `?username=` or `?key=`."""
    call.user()
    if call.cloud:
        found = call.state.user(call.query("accountId"))
    else:
        by_name = call.query("username")
        found = call.state.user(by_name) if by_name else call.state.user(call.query("key"), "key")
    if found is None:
        raise Refusal(404, UNKNOWN if call.cloud else f"The user named '{call.query('username')}' does not exist")
    return JSONResponse(call.user_json(found.id))


def bulk(call: Call) -> Response:
    """`GET /user/bulk?accountId=a&accountId=b`: pages of ten."""
    call.user()
    wanted = call.request.query_params.getlist("accountId")
    if not wanted:
        raise Refusal(400, "The 'accountId' query parameter must be provided.")
    start, most = call.whole("startAt", 0), min(call.whole("maxResults", 10), 200)
    found = [a for id in wanted if (a := call.state.user(id))]
    page = found[start : start + most]
    values = [call.user_json(account.id) for account in page]
    last = start + len(page) >= len(found)
    total = {"startAt": start, "maxResults": most, "total": len(found), "isLast": last}
    return JSONResponse(total | {"values": values, "self": str(call.request.url)})


def search(call: Call) -> Response:
    """`GET /user/search`: users by a part of their name or address; on Cloud active ones only."""
    call.user()
    if not any(call.query(name) for name in (("query", "accountId") if call.cloud else ("username",))):
        raise Refusal(400, f"The '{'query' if call.cloud else 'username'}' query parameter must be provided.")
    actives = call.cloud or call.flag("includeActive", default=True)
    inactives = not call.cloud and call.flag("includeInactive")
    found = [a for a in _matching(call)[:MOST_LOOKED_AT] if (actives if a.active else inactives)]
    return JSONResponse([call.user_json(a.id) for a in _page(call, found)])


def everybody(call: Call) -> Response:
    """Cloud's `GET /users/search`: also those who have left."""
    call.user()
    return JSONResponse([call.user_json(a.id) for a in _page(call, list(call.state.accounts.values()))])


def assignable(call: Call) -> Response:
    """`GET /user/assignable/search`: who an issue can be given to."""
    call.user()
    call.demand("assign", 403 if call.cloud else 401, "You do not have permission to assign issues.")
    named = call.query("project") or call.query("issueKey") or call.query("issueId")
    if not named:
        raise Refusal(400, "Either the 'project', 'issueKey' or 'issueId' query parameter must be provided.")
    if call.query("project") and call.project(call.query("project")) is None:
        raise Refusal(404, f"No project could be found with key '{named}'.")
    found = [a for a in _matching(call) if a.active and a.assignable]
    return JSONResponse([call.user_json(a.id) for a in _page(call, found)])


def _matching(call: Call) -> list[Account]:
    """By a part of the name, the address, or Data Center's user name; an address that is private is not searched."""
    query, id = call.query("query" if call.cloud else "username").lower(), call.query("accountId")
    private = call.cloud and call.state.switches.hide_emails

    def fits(account: Account) -> bool:
        words = [account.name, *([] if private else [account.email]), *([] if call.cloud else [account.id])]
        return any(query in word.lower() for word in words)

    found = [a for a in call.state.accounts.values() if (not id or a.id == id) and fits(a)]
    return sorted(found, key=lambda account: account.name)


def _page(call: Call, found: list[Account]) -> list[Account]:
    start = call.whole("startAt", 0)
    return found[start : start + min(call.whole("maxResults", 50), MOST_LOOKED_AT)]
