"""People at work in Airtable's own interface, and its vendor at work on the account: what the control API plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox import airtable_comments as comments
from connectors.sandbox.airtable_access import ROLES
from connectors.sandbox.airtable_base import Base, make_id
from connectors.sandbox.airtable_errors import AirtableError
from connectors.sandbox.airtable_setup import shape, staff
from connectors.sandbox.airtable_site import Site
from connectors.sandbox.airtable_writes import Change, bulk, create, delete, restore, update

Payload = Mapping[str, Any]
NEEDS = {
    "edit": ("as", "table", "record", "fields"),
    "create": ("as", "table", "fields"),
    "delete": ("as", "table", "record"),
    "bulk": ("as", "table", "records"),
    "comment": ("as", "table", "record", "text"),
}
# What only creators of the base do.
SETUP_NEEDS = {
    "rename": ("table", "name"),
    "remove": ("table",),
    "restore": ("table",),
    "add": ("table", "field"),
    "retype": ("table", "field", "type"),
    "view": ("table", "name"),
    "join": ("email", "name"),
    "leave": ("person",),
    "return": ("person",),
}
# What happens to the account and its API.
SITE_NEEDS = {
    "rules": (),
    "role": ("level",),
    "plan": ("plan",),
    "token": ("purpose", "scopes"),
    "revoke": ("purpose",),
    "base": ("name",),
    "expire": (),
    "break": ("hook",),
}
LATER = ("deliver", "notify")  # what the server itself does


def perform(site: Site, verb: str, payload: Payload) -> dict[str, Any]:
    """Edit, create or delete: `as` (email), `table`, `record`, `fields` by column name in Airtable's own values.

    `bulk` edits many `records` ({"id", "fields"}, without an id a new one) at once; `restore` puts a deleted `record`
    back; `comment` adds a `text`. `source` says where people do it: client, the default, or formSubmission, sync, …

    A creator renames or removes a `table`, a `field` of it or an `option` of that; restores a removed table or field
    with its cells; adds an option or a field (of a `type`); gives a field another type, which converts its cells; adds
    a `view`; lets a `person` join, leave and return.

    To the account: `rules` turns the switches of `airtable_rules` by name; `role` gives the tokens' owner another
    `level`; `plan` sets the `plan`, the calls `used` and when the `grace` began; `token` makes one for a `purpose` with
    `scopes` and maybe `bases`, `revoke` ends it; `base` adds an empty one of a `name`; `expire` ends every listing
    under way; `break` adds a payload to a `hook` that could not be made.

    Gives the record as the API would show it, {"id", "deleted"}, or what was made. ValueError says what is wrong.
    """
    needs = NEEDS | SETUP_NEEDS | SITE_NEEDS
    if verb not in needs:
        raise ValueError(f"people cannot {verb} in airtable; they can {', '.join((*needs, *LATER))}")
    missing = [name for name in needs[verb] if name not in payload]
    if missing:
        raise ValueError(f"airtable {verb} needs {', '.join(missing)}")
    if verb in SITE_NEEDS:
        return _SITE[verb](site, payload)
    base = next(iter(site.bases.values()))
    who = None
    try:
        if verb in ("join", "leave", "return"):
            return staff(base, verb, payload)
        who = _who(base, str(payload.get("as", site.email)))
        if verb in SETUP_NEEDS and "record" not in payload:
            return _shaped(base, verb, payload)
        return _write(base, who, verb, payload)
    except AirtableError as error:
        raise ValueError(error.reason) from error
    finally:
        site.collect(str(payload.get("source", "client")), who)


def _shaped(base: Base, verb: str, payload: Payload) -> dict[str, Any]:
    try:
        shape(base, verb, payload)
    except AirtableError as error:
        raise ValueError(f"there is no such table or field: {payload}") from error
    return {}


def _who(base: Base, email: str) -> str:
    who = next((id for id, person in base.people.items() if person["email"] == email), None)
    if who is None:
        raise ValueError(f"nobody with the address {email} works in this base")
    return who


def _write(base: Base, who: str, verb: str, payload: Payload) -> dict[str, Any]:
    change = Change(base, base.table(payload["table"]), who, base.now, typecast=payload.get("typecast") is True)
    match verb:
        case "create":
            return create(change, {"fields": payload["fields"]})[0]
        case "delete":
            delete(change, [payload["record"]])
            return {"id": payload["record"], "deleted": True}
        case "restore":
            return restore(change, payload["record"])
        case "bulk":
            records = bulk(change, payload["records"])
            return {"records": records, "touched": [record["id"] for record in records]}
        case "comment":
            row = base.row(change.table, payload["record"])
            return comments.add(base, change.table, row, who, {"text": payload["text"]})
    answer, _ = update(change, {"records": [{"id": payload["record"], "fields": payload["fields"]}]}, replace=False)
    return dict(answer["records"][0])


def _rules(site: Site, payload: Payload) -> dict[str, Any]:
    site.rules.turn({name: value for name, value in payload.items() if name != "as"})
    return {}


def _role(site: Site, payload: Payload) -> dict[str, Any]:
    if payload["level"] not in ROLES:
        raise ValueError(f"airtable has no role {payload['level']}; it has {', '.join(ROLES)}")
    next(iter(site.bases.values())).role = payload["level"]
    return {}


def _plan(site: Site, payload: Payload) -> dict[str, Any]:
    site.access.subscribe(payload["plan"], payload.get("used"), payload.get("grace"), site.world.now())
    return {}


def _token(site: Site, payload: Payload) -> dict[str, Any]:
    return {"token": site.access.grant(payload["purpose"], payload["scopes"], payload.get("bases"))}


def _revoke(site: Site, payload: Payload) -> dict[str, Any]:
    site.access.revoke(payload["purpose"])
    return {}


def _base(site: Site, payload: Payload) -> dict[str, Any]:
    id = make_id("app", site.world.seed, "base", len(site.bases))
    people = {site.user: {"email": site.email, "name": "Campaign sync"}}
    site.take(Base(id, str(payload["name"]), people))
    return {"base": id}


def _expire(site: Site, _: Payload) -> dict[str, Any]:
    site.pager.expire()
    return {}


def _break(site: Site, payload: Payload) -> dict[str, Any]:
    for hooks in site.hooks.values():
        if payload["hook"] in hooks.hooks:
            hooks.fail(payload["hook"])
            return {}
    raise ValueError(f"there is no webhook {payload['hook']}")


_SITE: dict[str, Callable[[Site, Payload], dict[str, Any]]] = {
    "rules": _rules,
    "role": _role,
    "plan": _plan,
    "token": _token,
    "revoke": _revoke,
    "base": _base,
    "expire": _expire,
    "break": _break,
}
