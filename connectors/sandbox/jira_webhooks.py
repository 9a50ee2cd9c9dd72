"""Registering webhooks: an administrator's, and the dynamic ones of OAuth apps (reference jira §7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_jql import parse
from connectors.sandbox.jira_jql_tokens import Clause, JqlError, Junction, Negation, Node
from connectors.sandbox.jira_names import Names
from connectors.sandbox.jira_query import Asker, matcher
from connectors.sandbox.jira_state import moment, stamp

JSON = dict[str, Any]

LIFE = timedelta(days=30)
MOST_DYNAMIC = 5
ONLY_APPS = "The caller of this operation has to be a Connect or an OAuth 2.0 app."
SECTION = "issue-related-events-section"
ISSUE_EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
EVENTS = (*ISSUE_EVENTS, "comment_created", "comment_updated", "comment_deleted", "issue_property_set",
          "issue_property_deleted")  # fmt: skip
_CLAUSES = ("issuekey", "key", "project", "issuetype", "status", "assignee", "reporter")
_OPERATORS = ("=", "!=", "in", "not in")


def list_admin(call: Call) -> Response:
    """`GET /rest/webhooks/1.0/webhook`."""
    administrator(call)
    _usual(call)
    return JSONResponse([_admin_json(call, hook) for hook in admin_hooks(call)])


def register_admin(call: Call) -> Response:
    """`POST /rest/webhooks/1.0/webhook`; the secret is never given back."""
    administrator(call)
    _usual(call)
    body = call.body()
    call.request.state.private = True
    return JSONResponse(_admin_json(call, new_hook(call, body if isinstance(body, dict) else {})), status_code=201)


def new_hook(call: Call, body: JSON) -> JSON:
    """The webhook that a body describes, from now on among the others. Refusal if it lacks something."""
    missing = [name for name in ("name", "url", "events") if not body.get(name)]
    if missing:
        raise Refusal(400, f"The webhook needs {', '.join(missing)}.")
    hook = {"id": call.state.number("webhook"), "kind": "admin", "owner": call.user().id, "secret": ""}
    hook |= {"filter": "", "fields": None, "properties": None, "enabled": True, "exclude": False}
    call.state.webhooks.append(changed(call, hook, body))
    return hook


def one_admin(call: Call) -> Response:
    """`GET`, `PUT` and `DELETE /rest/webhooks/1.0/webhook/{id}`."""
    administrator(call)
    _usual(call)
    wanted = call.request.path_params["webhook"]
    hook = next((hook for hook in admin_hooks(call) if str(hook["id"]) == wanted), None)
    if hook is None:
        raise Refusal(404, f"There is no webhook with id {wanted}.")
    if call.request.method == "DELETE":
        call.state.webhooks.remove(hook)
        return Response(status_code=204)
    if call.request.method == "PUT":
        call.request.state.private = True
        changed(call, hook, call.body())
    return JSONResponse(_admin_json(call, hook))


def administrator(call: Call) -> None:
    """Refusal for anybody else."""
    call.user()
    call.demand("administer", 403, "You need to be a Jira administrator to manage webhooks.")


def _usual(call: Call) -> None:
    """Refusal on a Data Center of version 10 and later, where webhooks have another address."""
    if not call.cloud and not call.state.switches.webhooks_before_ten:
        raise Refusal(404, "null for uri")


def admin_hooks(call: Call) -> list[JSON]:
    """The webhooks that administrators have made."""
    return [hook for hook in call.state.webhooks if hook["kind"] == "admin"]


def changed(call: Call, hook: JSON, body: JSON) -> JSON:
    """The webhook with what the body gives. Refusal for events and filters that there are not."""
    if unknown := set(body.get("events", ())) - set(EVENTS):
        raise Refusal(400, f"Unknown events: {', '.join(sorted(unknown))}.")
    for name, member in (("name", "name"), ("url", "url"), ("events", "events"), ("secret", "secret"),
                         ("enabled", "enabled"), ("exclude", "excludeBody")):  # fmt: skip
        if member in body:
            hook[name] = body[member]
    if "filters" in body:
        hook["filter"] = body["filters"].get(SECTION, "")
        _checked(call, hook["filter"])
    hook["updated"] = int(call.now.timestamp() * 1000)
    return hook


def _checked(call: Call, jql: str) -> None:
    """Refusal for a filter that cannot be read."""
    try:
        query = parse(jql)
        if query.where is not None:
            matcher(query.where, Names(call.state), Asker(call.user().id, call.zone, call.now))
    except JqlError as error:
        raise Refusal(400, *error.messages) from None


def _admin_json(call: Call, hook: JSON) -> JSON:
    owner = call.state.accounts[hook["owner"]]
    return {
        "name": hook["name"],
        "url": hook["url"],
        "excludeBody": hook["exclude"],
        "filters": {SECTION: hook["filter"]},
        "events": hook["events"],
        "enabled": hook["enabled"],
        "isSigned": bool(hook["secret"]),
        "self": f"{call.site}/rest/webhooks/1.0/webhook/{hook['id']}",
        "lastUpdatedUser": owner.id,
        "lastUpdatedDisplayName": owner.name,
        "lastUpdated": hook["updated"],
    }


def register_dynamic(call: Call) -> Response:
    """`POST /webhook`: each is taken or refused for itself."""
    _app(call)
    given = call.strict_body({"url": str, "webhooks": list})
    if not given.get("url") or not given.get("webhooks"):
        raise Refusal(400, "The URL and the webhooks are required.")
    if any(hook["url"] != given["url"] for hook in _dynamic(call)):
        raise Refusal(400, "Only a single URL per app is allowed to be registered.")
    return JSONResponse(
        {"webhookRegistrationResult": [_registered(call, given["url"], one) for one in given["webhooks"]]}
    )


def _registered(call: Call, url: str, wanted: JSON) -> JSON:
    errors = [f"The event {event} is unsupported" for event in wanted.get("events", []) if event not in EVENTS]
    if not wanted.get("events"):
        errors.append("At least one event is required")
    try:
        query = parse(wanted.get("jqlFilter", ""))
        errors += _unsupported(query.where) if query.where else ["The JQL filter is required"]
        if query.where and not errors:
            matcher(query.where, Names(call.state), Asker(call.user().id, call.zone, call.now))
    except JqlError as error:
        errors += error.messages
    if not errors and len(_dynamic(call)) >= MOST_DYNAMIC:
        errors = [f"The limit of {MOST_DYNAMIC} webhooks for this app and user has been reached"]
    if errors:
        return {"errors": errors}
    id = call.state.number("webhook")
    hook = {"id": id, "kind": "dynamic", "url": url, "name": "", "events": wanted["events"], "enabled": True}
    hook |= {"filter": wanted["jqlFilter"], "fields": wanted.get("fieldIdsFilter"), "owner": call.user().id}
    hook |= {"properties": wanted.get("issuePropertyKeysFilter"), "secret": "", "exclude": False}
    call.state.webhooks.append(hook | {"expires": stamp(call.now + LIFE)})
    return {"createdWebhookId": id}


def _unsupported(node: Node) -> list[str]:
    match node:
        case Clause(field, operator, _):
            known = field.lower() in _CLAUSES or field.lower().startswith(("issue.property", "cf["))
            wrong = [] if known else [f"The clause {field} is unsupported"]
            return wrong + ([] if operator in _OPERATORS else [f"The operator {operator} is unsupported"])
        case Negation(part):
            return _unsupported(part)
        case Junction(_, parts):
            return [message for part in parts for message in _unsupported(part)]


def list_dynamic(call: Call) -> Response:
    """`GET /webhook`: the app's own, in pages."""
    _app(call)
    start, most = call.whole("startAt", 0), min(call.whole("maxResults", 100), 100)
    hooks = _dynamic(call)
    page = hooks[start : start + most]
    last = start + len(page) >= len(hooks)
    total = {"startAt": start, "maxResults": most, "total": len(hooks), "isLast": last}
    return JSONResponse(total | {"values": [_dynamic_json(hook) for hook in page]})


def _dynamic_json(hook: JSON) -> JSON:
    expires = int(moment(hook["expires"]).timestamp() * 1000)
    shown = {"id": hook["id"], "url": hook["url"], "events": hook["events"], "jqlFilter": hook["filter"]}
    filters = {"fieldIdsFilter": hook["fields"], "issuePropertyKeysFilter": hook["properties"]}
    return shown | {"expirationDate": expires} | {name: value for name, value in filters.items() if value is not None}


def refresh_dynamic(call: Call) -> Response:
    """`PUT /webhook/refresh`: thirty more days for those that have not expired; unknown ids are passed over."""
    _app(call)
    ids = _ids(call)
    expires = call.now + LIFE
    for hook in _dynamic(call):
        if hook["id"] in ids:
            hook["expires"] = stamp(expires)
    return JSONResponse({"expirationDate": int(expires.timestamp() * 1000)})


def delete_dynamic(call: Call) -> Response:
    """`DELETE /webhook`: those of these ids; others are passed over."""
    _app(call)
    ids = _ids(call)
    call.state.webhooks = [hook for hook in call.state.webhooks if hook["kind"] == "admin" or hook["id"] not in ids]
    return Response(status_code=202)


def failed(_: Call) -> Response:
    """`GET /webhook/failed`: for Connect apps, which nobody here is."""
    raise Refusal(403, "The caller of this operation has to be a Connect app.")


def _ids(call: Call) -> list[int]:
    ids = call.strict_body({"webhookIds": list}).get("webhookIds")
    if not ids:
        raise Refusal(400, "The list of webhook IDs is required.")
    return list(ids)


def _app(call: Call) -> None:
    if call.login.kind != "oauth":
        raise Refusal(403, ONLY_APPS)


def _dynamic(call: Call) -> list[JSON]:
    """The app's webhooks that have not expired."""
    return [hook for hook in call.state.webhooks if hook["kind"] == "dynamic" and alive(hook, call.now)]


def alive(hook: JSON, now: datetime) -> bool:
    """Whether a webhook has not expired; an administrator's never does."""
    return "expires" not in hook or moment(hook["expires"]) > now
