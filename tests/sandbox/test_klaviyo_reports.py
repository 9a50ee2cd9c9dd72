"""What became of sends, as the Klaviyo stand-in tells it: one report for many, and few reports (reference esp §1.9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.sandbox.desk import Answer
from tests.sandbox.sites import NOW, Klaviyo, static

AT = "2026-10-06T09:00:00+00:00"
COUNTS = ["delivered", "opens_unique", "conversion_uniques", "open_rate"]


def metric(klaviyo: Klaviyo, name: str = "Placed Order") -> str:
    rows = klaviyo.ask("GET", "/metrics", {"fields[metric]": "name"})[1]["data"]
    return next(str(row["id"]) for row in rows if row["attributes"] == {"name": name})


def report(klaviyo: Klaviyo, *ids: str, **changes: Any) -> Answer:
    names = ",".join(f'"{id}"' for id in ids)
    whole = {
        "statistics": COUNTS,
        "timeframe": {"key": "last_365_days"},
        "conversion_metric_id": metric(klaviyo),
        "filter": f"contains-any(campaign_id,[{names}])",
    } | changes
    given = {name: value for name, value in whole.items() if value is not None}
    body = {"data": {"type": "campaign-values-report", "attributes": given}}
    return klaviyo.ask("POST", "/campaign-values-reports", body=body)


def rows(answer: Answer) -> list[dict[str, Any]]:
    status, body = answer
    assert status == 200, body
    return list(body["data"]["attributes"]["results"])


def sent(klaviyo: Klaviyo) -> str:
    id = klaviyo.created(send_strategy=static(AT))
    klaviyo.send(id)
    klaviyo.world.advance(2)
    klaviyo.world.set_clock(NOW + timedelta(hours=26))
    return id


def test_only_what_went_out_has_a_row_and_its_counts_grow() -> None:
    klaviyo = Klaviyo()
    idle = klaviyo.created(send_strategy=static("2026-12-06T09:00:00+00:00"))
    id = sent(klaviyo)
    (first,) = rows(report(klaviyo, id, idle))
    assert first["groupings"]["campaign_id"] == id
    klaviyo.world.advance(24 * 3600)
    (later,) = rows(report(klaviyo, id, idle))
    assert later["statistics"]["delivered"] == first["statistics"]["delivered"]
    assert later["statistics"]["opens_unique"] > first["statistics"]["opens_unique"] > 0
    assert 0 < later["statistics"]["open_rate"] < 1
    assert rows(report(klaviyo, id, timeframe={"start": AT, "end": "2026-10-06T09:00:00.5+00:00"})) == rows(
        report(klaviyo, id)
    )
    assert rows(report(klaviyo, id, timeframe={"key": "today"})) == []


def test_a_report_needs_a_metric_and_another_one_than_orders_has_no_conversions() -> None:
    klaviyo = Klaviyo()
    id = sent(klaviyo)
    klaviyo.world.advance(72 * 3600)
    assert rows(report(klaviyo, id))[0]["statistics"]["conversion_uniques"] > 0
    opened = metric(klaviyo, "Opened Email")
    assert rows(report(klaviyo, id, conversion_metric_id=opened))[0]["statistics"]["conversion_uniques"] == 0
    for wrong in ({"conversion_metric_id": None}, {"conversion_metric_id": "NONE"}, {"statistics": ["luck"]}):
        assert report(klaviyo, id, **wrong)[0] == 400
    assert report(klaviyo, *("x" * 3 for _ in range(101)))[0] == 400
    klaviyo.server.human("switch", {"name": "takes_orders", "value": False})
    names = [row["attributes"]["name"] for row in klaviyo.ask("GET", "/metrics")[1]["data"]]
    assert "Placed Order" not in names


def test_a_timeframe_is_a_key_or_at_most_a_year() -> None:
    klaviyo = Klaviyo()
    for wrong in ({"key": "forever"}, {"start": "2024-01-01T00:00:00Z", "end": AT}, {"start": AT}, {"end": 5}):
        assert report(klaviyo, "x", timeframe=wrong)[0] == 400


def test_reports_are_few_a_minute_and_a_day_and_a_key_that_only_reads_may_ask() -> None:
    klaviyo = Klaviyo(rate_limits=True)
    body = {"data": {"type": "campaign-values-report", "attributes": {}}}
    codes = []
    for _ in range(3):
        codes.append(klaviyo.ask("POST", "/campaign-values-reports", body=body, authorization=klaviyo.read_only)[0])
        klaviyo.world.advance(2)
    assert codes == [400, 400, 429]
    for _ in range(222):
        klaviyo.world.advance(60)
        codes.append(klaviyo.ask("POST", "/campaign-values-reports", body=body)[0])
    klaviyo.world.advance(60)
    assert set(codes[3:]) == {400}
    assert klaviyo.ask("POST", "/campaign-values-reports", body=body)[0] == 429
    klaviyo.world.advance(24 * 3600)
    assert klaviyo.ask("POST", "/campaign-values-reports", body=body)[0] == 400
