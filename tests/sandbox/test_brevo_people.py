"""The Brevo stand-in's people, account and statistics, and the company in it (reference esp §3.1-3.2, §3.5-3.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox.brevo_account import AT, Brevo, refusal

DAY = 86400.0
TO_AT = 4 * DAY + 4 * 3600


def counts(brevo: Brevo, id: int, **query: str) -> dict[str, Any]:
    return dict(brevo.get(id, statistics="globalStats", **query)["statistics"]["globalStats"])


def test_counts_grow_ever_slower_and_machine_opens_are_apart() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    assert set(counts(brevo, id).values()) == {0}
    brevo.world.advance(TO_AT + 60)
    opens, machine = [0], [0]
    for _ in range(4):
        brevo.world.advance(6 * 3600)
        got = counts(brevo, id)
        opens.append(got["uniqueViews"])
        machine.append(got["appleMppOpens"])
    gains = [after - before for before, after in pairwise(opens)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    assert machine[1] > machine[0]
    assert got["sent"] == got["delivered"] + got["hardBounces"] + got["softBounces"]
    assert got["sent"] == brevo.server.state.lists[brevo.list].size
    assert got["opensRate"] == round(100 * opens[-1] / got["delivered"], 2)
    people = opens[-1] - machine[-1]
    assert 0 < got["trackableViews"] < people, "machine opens are among the unique ones"
    brevo.turn("opens_rate_with_mpp", False)
    assert counts(brevo, id)["opensRate"] == round(100 * people / got["delivered"], 2)


def test_statistics_come_only_when_they_are_asked_for_and_in_a_listing_only_the_last_six_months() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.world.advance(TO_AT + 2 * DAY)
    assert brevo.listed(status="sent")[0]["statistics"]["globalStats"] == {}
    (row,) = [row for row in brevo.listed(status="sent", statistics="globalStats") if row["id"] == id]
    assert row["statistics"]["globalStats"] == counts(brevo, id)
    brevo.world.advance(182 * DAY)
    (row,) = [row for row in brevo.listed(status="sent", statistics="globalStats") if row["id"] == id]
    assert row["statistics"]["globalStats"]["delivered"] == 0
    assert counts(brevo, id)["delivered"] > 0


def test_orders_need_the_add_on() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.world.advance(TO_AT + 10 * DAY)
    query = [("emailCampaignId[]", str(id)), ("emailCampaignId[]", "99")]
    path = "/ecommerce/attribution/metrics"
    assert refusal(brevo.ask("GET", path, query)) == (403, "permission_denied")
    brevo.turn("commerce", "402")
    assert refusal(brevo.ask("GET", path, query)) == (402, "not_enough_credits")
    brevo.turn("commerce", "works")
    status, answer = brevo.ask("GET", path, query)
    (row,) = answer["results"]
    assert (status, row["id"], row["ordersCount"] > 0) == (200, id, True)
    assert answer["totals"]["ordersCount"] == row["ordersCount"]
    before = brevo.ask("GET", path, [*query, ("periodTo", AT)])[1]
    assert before["totals"]["ordersCount"] == 0
    assert refusal(brevo.ask("GET", path, {"periodFrom": "2026-01-01"})) == (400, "invalid_parameter")
    assert refusal(brevo.ask("GET", path, {"emailCampaignId[]": "x"})) == (400, "invalid_parameter")


def test_lists_and_segments_are_numbered_apart_and_only_lists_tell_their_size() -> None:
    brevo = Brevo()
    status, lists = brevo.ask("GET", "/contacts/lists", {"limit": 50})
    segments = brevo.ask("GET", "/contacts/segments", {"limit": 50})[1]
    assert status == 200
    assert {row["id"] for row in lists["lists"]} & {row["id"] for row in segments["segments"]}
    named = {row["name"]: row for row in lists["lists"]}
    assert named["Newsletter DACH"]["uniqueSubscribers"] == 48210
    assert named["Newsletter DACH"]["totalSubscribers"] == 0
    assert {"id", "segmentName", "categoryName", "updatedAt"} == set(segments["segments"][0])
    assert len(brevo.ask("GET", "/contacts/segments", {"limit": 2})[1]["segments"]) == 2
    assert refusal(brevo.ask("GET", "/contacts/lists", {"limit": 51})) == (400, "out_of_range")


def test_the_audit_log_is_for_enterprises_and_knows_who_did_what() -> None:
    brevo = Brevo()
    brevo.human("create", name="By hand", **{"as": "ben@acme.example"})
    assert refusal(brevo.ask("GET", "/organization/activities")) == (403, "permission_denied")
    brevo.turn("enterprise", True)
    (row,) = brevo.ask("GET", "/organization/activities")[1]["logs"]
    assert (row["user_email"], row["action"]) == ("ben@acme.example", "campaign-create")
    period = {"startDate": "2026-08-01", "endDate": "2026-10-05"}
    assert refusal(brevo.ask("GET", "/organization/activities", period)) == (400, "out_of_range")
    assert refusal(brevo.ask("GET", "/organization/activities", {"endDate": "2026-10-05"})) == (
        400, "missing_parameter",
    )  # fmt: skip
    period = {"startDate": "2026-10-06", "endDate": "2026-10-07"}
    assert brevo.ask("GET", "/organization/activities", period)[1] == {"logs": []}


def test_the_account_and_its_users() -> None:
    brevo = Brevo()
    assert brevo.ask("GET", "/account")[1]["companyName"] == "Acme"
    users = brevo.ask("GET", "/organization/invited/users")[1]["users"]
    assert [user["email"] for user in users if user["is_owner"] == "true"] == ["ann@acme.example"]
    assert [row["id"] for row in brevo.ask("GET", "/senders")[1]["senders"]] == [1, 43]


def test_the_hourly_budget_is_on_every_answer_and_its_refusal_tells_no_other_wait() -> None:
    brevo = Brevo(rate_limits=True, hourly_budget=3)
    left = [brevo.whole("GET", "/account")[1]["x-sib-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    brevo.world.advance(600)
    status, headers, answer = brevo.whole("GET", "/emailCampaigns")
    assert (status, answer["code"]) == (429, "too_many_requests")
    assert {name: headers[f"x-sib-ratelimit-{name}"] for name in ("limit", "remaining", "reset")} == {
        "limit": "3", "remaining": "0", "reset": "3000",
    }  # fmt: skip
    assert "retry-after" not in headers
    assert brevo.whole("GET", "/contacts/lists")[0] == 200
    brevo.world.advance(3000)
    assert brevo.whole("GET", "/account")[1]["x-sib-ratelimit-remaining"] == "2"


def test_contacts_have_ten_requests_a_second() -> None:
    brevo = Brevo(rate_limits=True)
    assert [brevo.whole("GET", "/contacts/lists")[0] for _ in range(11)] == [200] * 10 + [429]
    brevo.world.advance(1)
    assert brevo.whole("GET", "/contacts/lists")[0] == 200


def test_without_limits_the_budget_stays_whole() -> None:
    brevo = Brevo()
    assert {brevo.whole("GET", "/account")[1]["x-sib-ratelimit-remaining"] for _ in range(3)} == {"99"}


def test_a_person_makes_schedules_moves_stops_and_sends_a_campaign() -> None:
    brevo = Brevo(dates="utc")
    made = brevo.human("create", name="Flash", subject="Now", audiences=["Newsletter DACH"], excluded=["VIP customers"])
    assert (made["status"], made["name"]) == ("draft", "Flash")
    with pytest.raises(ValueError, match="needs at"):
        brevo.human("schedule", campaign="Flash")
    assert brevo.human("schedule", campaign="Flash", at=AT)["status"] == "queued"
    assert brevo.human("move", campaign="Flash", at="2026-10-10T13:00:00Z")["status"] == "queued"
    assert brevo.get(made["id"])["scheduledAt"] == "2026-10-10T13:00:00.000Z"
    assert brevo.human("unschedule", campaign="Flash")["status"] == "suspended"
    assert brevo.human("resume", campaign="Flash")["status"] == "queued"
    assert brevo.human("unschedule", campaign="Flash", to="draft")["status"] == "draft"
    assert brevo.human("rename", campaign="Flash", name="Lightning")["name"] == "Lightning"
    assert brevo.human("send", campaign="Lightning")["status"] == "in_process"
    assert [entry["why"] for entry in brevo.sends()] == ["a person has pressed send"]


def test_a_person_edits_archives_copies_and_deletes() -> None:
    brevo = Brevo()
    id = brevo.human("create", name="Flash", subjects=["A", "B"], audiences=["Newsletter DACH"], tag="sale")["id"]
    got = brevo.get(id)
    assert (got["subjectA"], got["subjectB"], got["tag"]) == ("A", "B", "sale")
    brevo.human("edit", campaign=id, subject="One", audiences=["VIP customers"])
    got = brevo.get(id)
    assert (got["subject"], got["recipients"]["lists"], len(got["recipients"]["segments"])) == ("One", [], 1)
    assert brevo.human("archive", campaign=id)["status"] == "archive"
    assert brevo.human("unarchive", campaign=id)["status"] == "draft"
    brevo.human("copy", campaign=id)
    assert brevo.human("delete", campaign="Flash (copy)")["name"] == "Flash (copy)"
    assert brevo.human("schedule", campaign=id, day="2026-10-10")["status"] == "queued"
    assert brevo.get(id)["sendAtBestTime"] is True
    assert brevo.human("mark", campaign=id, status="held_by_moon")["status"] == "held_by_moon"
    assert brevo.human("edit", campaign=id, name="")["name"] == ""


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("dance", {}, "people cannot dance in brevo"),
        ("edit", {}, "brevo edit needs campaign"),
        ("edit", {"campaign": "none", "name": "x"}, "no campaigns have the id or name none"),
        ("create", {"name": "x", "audiences": ["Martians"]}, "there is no list or segment Martians"),
        ("switch", {"name": "gravity", "value": 1}, "brevo has no switch gravity"),
        ("switch", {"name": "transitions", "value": "none"}, "takes strict, lenient"),
        ("switch", {"name": "best_time", "value": 1}, "takes true or false"),
        ("switch", {"name": "sending_seconds", "value": True}, "takes a number"),
        ("send", {"audience": "Newsletter DACH", "campaign": "x"}, "people cannot send an audience"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(verb: str, payload: dict[str, Any], message: str) -> None:
    brevo = Brevo(campaigns=0)
    before = brevo.server.dump()["campaigns"]
    with pytest.raises(ValueError, match=message):
        brevo.human(verb, **payload)
    assert brevo.server.dump()["campaigns"] == before


def test_audiences_come_and_go_under_a_campaign() -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]})
    brevo.human("rename", audience="Newsletter DACH", name="Newsletter D-A-CH")
    assert brevo.ask("GET", f"/contacts/lists/{brevo.list}")[1]["name"] == "Newsletter D-A-CH"
    brevo.human("remove", audience="Newsletter D-A-CH")
    assert brevo.get(id)["recipients"]["lists"] == [brevo.list]
    assert brevo.ask("GET", f"/contacts/lists/{brevo.list}")[0] == 404
    assert brevo.human("add", audience="Newsletter", kind="segment", size=5)["made"]


def test_the_seed_is_the_company() -> None:
    brevo = Brevo(campaigns=24)
    found = 0
    for seed in brevo.company.campaigns:
        id = brevo.server.find(seed.code)
        assert (id is None) is (seed.copy("brevo") is None)
        if id is None or seed.esp is None:
            continue
        found += 1
        got = brevo.get(id)
        assert (got["name"], got["subject"]) == (seed.esp["name"], seed.esp["subject"])
        expected = {"sent": "sent", "scheduled": "queued"}.get(seed.esp["status"], "draft")
        if seed.esp["planned"]["type"] == "Exact time" or expected == "draft":
            assert got["status"] == expected
        if expected == "queued" and not got["sendAtBestTime"]:
            at = datetime.fromisoformat(seed.esp["scheduled"]["value"])
            assert datetime.fromisoformat(got["scheduledAt"]) - at == timedelta(0)
        assert ("scheduledAt" in got) is (expected != "draft")
    assert found > 12
