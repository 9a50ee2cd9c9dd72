"""Airtable's endpoints: what each path and method does, and the scope and role that it needs (reference airtable)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox import airtable_access as access
from connectors.sandbox import airtable_comments as comments
from connectors.sandbox import airtable_meta as meta
from connectors.sandbox.airtable_base import Row
from connectors.sandbox.airtable_hooks import Hooks
from connectors.sandbox.airtable_listing import from_members, from_query
from connectors.sandbox.airtable_shown import record
from connectors.sandbox.airtable_site import Call
from connectors.sandbox.airtable_writes import create, delete, update


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path with its methods. `data` False: a call about the schema, which the month's quota never blocks."""

    path: str
    methods: tuple[str, ...]
    answer: Callable[[Call], Any]
    scope: str | None
    role: str = "read"
    data: bool = True


# Records


def _list(call: Call) -> Any:
    if call.request.method == "POST":
        call.request.state.write = False
        query = call.request.query_params
        beside = {name: query[name] for name in ("timeZone", "userLocale") if name in query}
        asked = from_members(beside | call.members())
    else:
        asked = from_query(call.request.query_params)
    return call.site.pager.page(call.base, call.table, asked, call.base.now)


def _row(call: Call) -> Row:
    return call.base.row(call.table, call.request.path_params["record"])


def _get(call: Call) -> Any:
    row = _row(call)
    by_id = call.request.query_params.get("returnFieldsByFieldId") in ("true", "1")
    table = next(table for table in call.base.tables if row.id in table.rows)
    return record(call.base, table, row, None, by_id)


def _create(call: Call) -> Any:
    members = call.members()
    answer, touched = create(call.change(members), members)
    call.touches(touched)
    return answer


def _update(call: Call) -> Any:
    members = call.members()
    answer, touched = update(call.change(members), members, replace=call.request.method == "PUT")
    call.touches(touched)
    return answer


def _update_one(call: Call) -> Any:
    members = call.members()
    whole = {**members, "records": [{"id": _row(call).id, "fields": members.get("fields", {})}]}
    answer, touched = update(call.change(members), whole, replace=call.request.method == "PUT")
    call.touches(touched)
    return answer["records"][0]


def _delete(call: Call) -> Any:
    query = call.request.query_params
    ids = query.getlist("records[]") or query.getlist("records")
    call.touches(delete(call.change({}), ids))
    return {"records": [{"id": id, "deleted": True} for id in ids]}


def _delete_one(call: Call) -> Any:
    row = _row(call)
    call.touches(delete(call.change({}), [row.id]))
    return {"id": row.id, "deleted": True}


# Comments


def _comments(call: Call) -> Any:
    return comments.listed(call.base, _row(call), call.request.query_params)


def _comment(call: Call) -> Any:
    return comments.add(call.base, call.table, _row(call), call.site.user, call.members())


def _edit_comment(call: Call) -> Any:
    return comments.edit(
        call.base, _row(call), call.request.path_params["comment"], call.site.user, call.members()
    )  # fmt: skip


def _delete_comment(call: Call) -> Any:
    return comments.delete(call.base, _row(call), call.request.path_params["comment"], call.site.user)


# The schema


def _whoami(call: Call) -> Any:
    email = {"email": call.site.email} if access.EMAIL in call.token.scopes else {}
    return {"id": call.site.user, "scopes": list(call.token.scopes)} | email


def _bases(call: Call) -> Any:
    given = [b for b in call.site.bases.values() if call.token.bases is None or b.id in call.token.bases]
    return meta.listed(given, call.request.query_params.get("offset"), call.site.rules.bases_per_page)


def _tables(call: Call) -> Any:
    query = call.request.query_params
    return meta.tables(call.base, query.getlist("include") or query.getlist("include[]"))


def _add_table(call: Call) -> Any:
    return meta.add_table(call.base, call.members())


def _rename_table(call: Call) -> Any:
    return meta.rename_table(call.base, call.table, call.members())


def _add_field(call: Call) -> Any:
    return meta.add_field(call.base, call.table, call.members())


def _rename_field(call: Call) -> Any:
    column = call.table.column(call.request.path_params["field"])
    return meta.rename_field(call.base, call.table, column, call.members())


# Webhooks


def _hooks(call: Call) -> Hooks:
    return call.site.hooks[call.base.id]


def _list_hooks(call: Call) -> Any:
    return {"webhooks": [hook.json() for hook in _hooks(call).alive()]}


def _create_hook(call: Call) -> Any:
    return _hooks(call).create(call.members())


def _delete_hook(call: Call) -> Any:
    hooks = _hooks(call)
    del hooks.hooks[hooks.hook(call.request.path_params["hook"]).id]


def _refresh(call: Call) -> Any:
    return _hooks(call).refresh(call.request.path_params["hook"])


def _switch(call: Call) -> Any:
    _hooks(call).switch(call.request.path_params["hook"], call.members().get("enable"))


def _payloads(call: Call) -> Any:
    query = call.request.query_params
    return _hooks(call).listed(call.request.path_params["hook"], query.get("cursor"), query.get("limit"))


ROWS, ROW = "/v0/{base}/{table}", "/v0/{base}/{table}/{record}"
META, HOOKS = "/v0/meta/bases/{base}/tables", "/v0/bases/{base}/webhooks"
HOOK = HOOKS + "/{hook}"
ENDPOINTS = (
    Endpoint("/v0/meta/whoami", ("GET",), _whoami, None, data=False),
    Endpoint("/v0/meta/bases", ("GET",), _bases, access.SCHEMA, data=False),
    Endpoint(META, ("GET",), _tables, access.SCHEMA, data=False),
    Endpoint(META, ("POST",), _add_table, access.BUILD, "create", data=False),
    Endpoint(META + "/{table}", ("PATCH",), _rename_table, access.BUILD, "create", data=False),
    Endpoint(META + "/{table}/fields", ("POST",), _add_field, access.BUILD, "create", data=False),
    Endpoint(META + "/{table}/fields/{field}", ("PATCH",), _rename_field, access.BUILD, "create", data=False),
    Endpoint(HOOKS, ("GET",), _list_hooks, access.HOOKS, "create"),
    Endpoint(HOOKS, ("POST",), _create_hook, access.HOOKS, "create"),
    Endpoint(HOOK, ("DELETE",), _delete_hook, access.HOOKS, "create"),
    Endpoint(HOOK + "/refresh", ("POST",), _refresh, access.HOOKS, "create"),
    Endpoint(HOOK + "/enableNotifications", ("POST",), _switch, access.HOOKS, "create"),
    Endpoint(HOOK + "/payloads", ("GET",), _payloads, access.HOOKS, "create"),
    Endpoint(ROWS + "/listRecords", ("POST",), _list, access.READ),
    Endpoint(ROWS, ("GET",), _list, access.READ),
    Endpoint(ROWS, ("POST",), _create, access.WRITE, "edit"),
    Endpoint(ROWS, ("PATCH", "PUT"), _update, access.WRITE, "edit"),
    Endpoint(ROWS, ("DELETE",), _delete, access.WRITE, "edit"),
    Endpoint(ROW, ("GET",), _get, access.READ),
    Endpoint(ROW, ("PATCH", "PUT"), _update_one, access.WRITE, "edit"),
    Endpoint(ROW, ("DELETE",), _delete_one, access.WRITE, "edit"),
    Endpoint(ROW + "/comments", ("GET",), _comments, access.COMMENTS, "comment"),
    Endpoint(ROW + "/comments", ("POST",), _comment, access.COMMENT, "comment"),
    Endpoint(ROW + "/comments/{comment}", ("PATCH",), _edit_comment, access.COMMENT, "comment"),
    Endpoint(ROW + "/comments/{comment}", ("DELETE",), _delete_comment, access.COMMENT, "comment"),
)
