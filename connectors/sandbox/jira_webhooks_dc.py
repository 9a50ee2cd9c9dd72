"""Webhooks of a Data Center since version 10, at an address of their own (developer.atlassian.com, server webhooks)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import Call, Refusal
from connectors.sandbox.jira_webhooks import SECTION, admin_hooks, administrator, changed, new_hook

JSON = dict[str, Any]


def collection(call: Call) -> Response:
    """`GET` and `POST /rest/jira-webhook/1.0/webhooks`."""
    _there(call)
    if call.request.method == "GET":
        return JSONResponse([_json(hook) for hook in admin_hooks(call)])
    call.request.state.private = True
    return JSONResponse(_json(new_hook(call, _body(call))), status_code=201)


def single(call: Call) -> Response:
    """`GET`, `PUT` and `DELETE /rest/jira-webhook/1.0/webhooks/{id}`."""
    _there(call)
    wanted = call.request.path_params["webhook"]
    hook = next((hook for hook in admin_hooks(call) if str(hook["id"]) == wanted), None)
    if hook is None:
        raise Refusal(404, f"There is no webhook with id {wanted}.")
    if call.request.method == "DELETE":
        call.state.webhooks.remove(hook)
        return Response(status_code=204)
    if call.request.method == "PUT":
        call.request.state.private = True
        changed(call, hook, _body(call))
    return JSONResponse(_json(hook))


def _there(call: Call) -> None:
    administrator(call)
    if call.state.switches.webhooks_before_ten:
        raise Refusal(404, "null for uri")


def _body(call: Call) -> JSON:
    """A request in the words of the other address. A `secret` beside the rest is passed over without a word."""
    body = call.body()
    body = dict(body) if isinstance(body, dict) else {}
    configuration = body.pop("configuration", {})
    body.pop("secret", None)
    if "SECRET" in configuration:
        body["secret"] = configuration["SECRET"]
    if "EXCLUDE_BODY" in configuration:
        body["excludeBody"] = configuration["EXCLUDE_BODY"] == "true"
    if "active" in body:
        body["enabled"] = body.pop("active")
    return body


def _json(hook: JSON) -> JSON:
    return {
        "id": hook["id"],
        "name": hook["name"],
        "url": hook["url"],
        "events": hook["events"],
        "active": hook["enabled"],
        "configuration": {"EXCLUDE_BODY": "true" if hook["exclude"] else "false", SECTION: hook["filter"]},
        "scopeType": "global",
        "sslVerificationRequired": True,
        "createdDate": hook["updated"],
        "updatedDate": hook["updated"],
    }
