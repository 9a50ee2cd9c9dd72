"""What becomes of Klaviyo's sends: metrics, and reports of counts that grow by the clock (reference esp §1.9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from starlette.responses import Response

from connectors.sandbox import klaviyo_documents as documents
from connectors.sandbox.klaviyo_call import Call, answer, invalid
from connectors.sandbox.klaviyo_filter import Allowed, conditions, holds
from connectors.sandbox.klaviyo_state import Campaign, KlaviyoState, make_short_id, moment

JSON = dict[str, Any]

METRICS = ("Received Email", "Opened Email", "Clicked Email", "Placed Order")
ORDERS = "Placed Order"
# Out of a thousand delivered, between how many; and in how many hours the half of them has come.
SHARES = {
    "opens_unique": (220, 480, 6.0), "clicks_unique": (12, 60, 8.0), "unsubscribe_uniques": (1, 4, 12.0),
    "conversion_uniques": (2, 11, 20.0), "spam_complaints": (0, 1, 12.0),
}  # fmt: skip
RATES = {
    "open_rate": "opens_unique", "click_rate": "clicks_unique", "unsubscribe_rate": "unsubscribe_uniques",
    "conversion_rate": "conversion_uniques",
}  # fmt: skip
STATISTICS = ("recipients", "delivered", "bounced", "bounce_rate", "conversion_value", *SHARES, *RATES)
DAYS = {
    "today": 1, "yesterday": 2, "last_7_days": 7, "this_week": 7, "last_week": 14, "last_30_days": 30, "this_month": 31,
    "last_month": 62, "last_90_days": 90, "last_3_months": 92, "last_365_days": 365, "last_12_months": 366,
    "this_year": 366, "last_year": 731,
}  # fmt: skip
LISTS = Allowed(("equals", "contains-any"))
FILTERS = {"campaign_id": LISTS, "campaign_message_id": LISTS, "send_channel": LISTS}
GROUPS = ("campaign_id", "campaign_message_id", "send_channel")
AT = "/data/attributes"
MOST = 100  # items of one list in a filter


def metrics(call: Call) -> Response:
    """`GET /api/metrics`. An account without a shop has no orders."""
    names = METRICS if call.state.switches["takes_orders"] else METRICS[:-1]
    rows = []
    for name in names:
        id = make_short_id(call.state.seed, f"metric/{name}")
        attributes = documents.sparse(call, "metric", {"name": name, "created": None, "updated": None})
        links = {"self": f"{call.base}/metrics/{id}/"}
        rows.append({"type": "metric", "id": id, "attributes": attributes, "links": links})
    return answer({"data": rows, "links": {"self": str(call.request.url), "prev": None, "next": None}})


def report(call: Call) -> Response:
    """`POST /api/campaign-values-reports`: one row for each campaign that went out in the time frame."""
    attributes = call.resource("campaign-values-report")["attributes"]
    for name in ("statistics", "timeframe", "conversion_metric_id"):
        if not attributes.get(name):
            raise invalid(f"'{name}' is a required field.", f"{AT}/{name}")
    call.request.state.write = False  # a question, whatever its method
    wanted = attributes["statistics"]
    if unknown := [name for name in wanted if name not in STATISTICS]:
        raise invalid(f"'{unknown[0]}' is not a statistic.", f"{AT}/statistics")
    known = {make_short_id(call.state.seed, f"metric/{name}"): name for name in METRICS}
    if attributes["conversion_metric_id"] not in known:
        raise invalid("The conversion metric does not exist.", f"{AT}/conversion_metric_id")
    text = attributes.get("filter")
    chosen = conditions(text, FILTERS) if text else []
    if any(isinstance(one.value, list) and len(one.value) > MOST for one in chosen):
        raise invalid(f"A list of a filter has at most {MOST} items.", f"{AT}/filter")
    orders = known[attributes["conversion_metric_id"]] == ORDERS
    begin, end = _frame(attributes["timeframe"], call.now)
    rows = []
    for campaign in call.state.sends():
        of = (campaign.parent or campaign.id, campaign.message, campaign.channel)
        groupings = dict(zip(GROUPS, of, strict=True))
        if not all(holds(one, partial(_of, groupings)) for one in chosen) or not _went(campaign, begin, end):
            continue
        found = statistics(call.state, campaign, call.now)
        found |= {} if orders else dict.fromkeys(("conversion_uniques", "conversion_rate", "conversion_value"), 0.0)
        rows.append({"groupings": groupings, "statistics": {name: found[name] for name in wanted}})
    address = f"{call.base}/campaign-values-reports/"
    return answer(
        {"data": {"type": "campaign-values-report", "attributes": {"results": rows}}, "links": {"self": address}}
    )


def statistics(state: KlaviyoState, campaign: Campaign, now: datetime) -> dict[str, float]:
    """What a sent campaign has come to by now; all counts grow fast first and slowly later."""
    recipients = sum(state.audiences[id].size for id in campaign.included if id in state.audiences)
    bounced = recipients * _between(campaign.id, "bounced", 3, 15) // 1000
    delivered = recipients - bounced
    hours = max((now - moment(campaign.send_time or campaign.updated)) / timedelta(hours=1), 0.0)
    found: dict[str, float] = {"recipients": recipients, "delivered": delivered, "bounced": bounced}
    for name, (least, most, half) in SHARES.items():
        found[name] = delivered * _between(campaign.id, name, least, most) // 1000 * (1 - 0.5 ** (hours / half)) // 1
    found |= {rate: round(found[count] / delivered, 4) if delivered else 0.0 for rate, count in RATES.items()}
    found["bounce_rate"] = round(bounced / recipients, 4) if recipients else 0.0
    found["conversion_value"] = found["conversion_uniques"] * 68.4
    return {name: float(value) for name, value in found.items()}


def _between(id: str, purpose: str, least: int, most: int) -> int:
    return least + int.from_bytes(sha256(f"{id}/{purpose}".encode()).digest()[:4]) % (most - least + 1)


def _of(groupings: JSON, name: str) -> Any:
    return groupings[name]


def _went(campaign: Campaign, begin: datetime, end: datetime) -> bool:
    sent = campaign.status in ("Sending", "Sending Segments", "Variations Sent", "Sent")
    return sent and campaign.send_time is not None and begin <= moment(campaign.send_time) <= end


def _frame(given: Any, now: datetime) -> tuple[datetime, datetime]:
    """A time frame by its key; one of moments is at most a year long."""
    if not isinstance(given, dict) or given.get("key") not in (*DAYS, None):
        raise invalid("The timeframe's key is not known.", f"{AT}/timeframe")
    if key := given.get("key"):
        return now - timedelta(days=DAYS[key]), now
    try:
        begin, end = moment(given["start"]), moment(given["end"])
        if not timedelta() < end - begin <= timedelta(days=366):
            raise ValueError
    except (LookupError, TypeError, ValueError):
        raise invalid("A timeframe is a key, or a start and an end at most a year apart.", f"{AT}/timeframe") from None
    return begin, end
