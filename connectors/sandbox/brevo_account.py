"""The endpoints of the Brevo account: plan, users, senders, lists, segments, orders (reference esp §3.1-3.2,
§3.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.brevo_call import Call, Problem, invalid, missing
from connectors.sandbox.brevo_documents import list_json, segment_json
from connectors.sandbox.brevo_state import Audience, Campaign, moment, written
from connectors.sandbox.brevo_stats import BASKET, orders

JSON = dict[str, Any]


def account(call: Call) -> Response:
    """`GET /account`: it tells no time zone."""
    call.only()
    return JSONResponse(
        {
            "organization_id": f"acme-{call.state.seed}", "user_id": 1, "enterprise": call.state.switches.enterprise,
            "email": "ann@acme.example", "firstName": "Ann", "lastName": "Lee", "companyName": "Acme",
            "address": {"street": "Hauptstr. 1", "city": "Berlin", "zipCode": "10115", "country": "Germany"},
            "plan": [{"type": "subscription", "credits": 0 if call.state.switches.out_of_credits else 500000,
                      "creditsType": "sendLimit"}],
            "relay": {"enabled": False,
                      "data": {"userName": "ann@acme.example", "relay": "relay.acme.example", "port": 587}},
        }
    )  # fmt: skip


def users(call: Call) -> Response:
    """`GET /organization/invited/users`."""
    call.only()
    return JSONResponse({"users": call.state.users})


def activities(call: Call) -> Response:
    """`GET /organization/activities`: only on the Enterprise plan; a month at most."""
    call.only("startDate", "endDate", "limit", "offset")
    if not call.state.switches.enterprise:
        raise Problem(403, "permission_denied", "This feature is not available on your plan")
    start, end = call.query("startDate"), call.query("endDate")
    if (start is None) is not (end is None):
        raise missing("startDate and endDate are mandatory together")
    limit, offset = call.number("limit", 10, 1, 100), call.number("offset", 0, 0)
    rows = call.state.activities
    if start is not None and end is not None:
        first, last = _day(start), _day(end)
        if not timedelta(0) <= last - first <= timedelta(days=31):
            raise Problem(400, "out_of_range", "The period is one month at most")
        rows = [row for row in rows if first.date() <= moment(row["date"]).date() <= last.date()]
    return JSONResponse({"logs": rows[::-1][offset : offset + limit]})


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 a day in UTC
    except ValueError:
        raise invalid("The dates must be days (YYYY-MM-DD)") from None


def senders(call: Call) -> Response:
    """`GET /senders`."""
    call.only("ip", "domain")
    rows = [{"id": id, **sender, "active": True, "ips": []} for id, sender in call.state.senders.items()]
    return JSONResponse({"senders": rows})


def lists(call: Call) -> Response:
    """`GET /contacts/lists`: ten on a page, fifty at most."""
    call.only("limit", "offset", "sort")
    rows = list(call.state.lists.values())
    return call.listed("lists", [list_json(one) for one in call.page(rows, 10, 50)], len(rows))


def one_list(call: Call) -> Response:
    """`GET /contacts/lists/{id}`."""
    call.only("startDate", "endDate")
    found = call.state.lists.get(call.id)
    if found is None:
        raise Problem(404, "document_not_found", "List ID does not exist")
    made = written(found.created, call.state.zone, call.state.switches.dates, found.id)
    return JSONResponse(list_json(found) | {"createdAt": made, "campaignStats": [], "dynamicList": False})


def segments(call: Call) -> Response:
    """`GET /contacts/segments`: ten on a page, fifty at most; there is no way to read one alone."""
    call.only("limit", "offset", "sort")
    rows: list[Audience] = list(call.state.segments.values())
    return call.listed("segments", [segment_json(call, one) for one in call.page(rows, 10, 50)], len(rows))


def attribution(call: Call) -> Response:
    """`GET /ecommerce/attribution/metrics`: orders after a campaign, with the commerce add-on."""
    call.only("periodFrom", "periodTo", "emailCampaignId[]")
    if call.state.switches.commerce != "works":
        status = int(call.state.switches.commerce)
        code = "permission_denied" if status == 403 else "not_enough_credits"
        raise Problem(status, code, "The eCommerce app is not activated for your account")
    since, until = _moment(call, "periodFrom"), _moment(call, "periodTo") or call.now
    asked = call.request.query_params.getlist("emailCampaignId[]")
    if not all(text.isdigit() for text in asked):
        raise invalid("emailCampaignId must be numbers")
    chosen = [call.state.campaigns[int(text)] for text in asked if int(text) in call.state.campaigns]
    rows = [_bought(campaign, since, min(until, call.now)) for campaign in chosen]
    count = sum(row["ordersCount"] for row in rows)
    return JSONResponse({"results": rows, "totals": _basket(count)})


def _bought(campaign: Campaign, since: datetime | None, until: datetime) -> JSON:
    return {"id": campaign.id, "conversionSource": "email_campaign", **_basket(orders(campaign, since, until))}


def _basket(count: int) -> JSON:
    return {"ordersCount": count, "revenue": round(count * BASKET, 2), "averageBasket": BASKET if count else 0}


def _moment(call: Call, name: str) -> datetime | None:
    text = call.query(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} must be an RFC 3339 date-time") from None
    if at.tzinfo is None:
        raise invalid(f"{name} needs a time zone offset")
    return at
