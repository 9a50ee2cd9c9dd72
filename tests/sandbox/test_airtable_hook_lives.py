"""The life of Airtable's webhooks: who may have one, for how long it lasts, and how its pings are sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of
from tests.sandbox.test_airtable_hooks import hook, hooks, payloads, shown, told

DAY = 86_400


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_after_seven_days_it_is_gone_unless_refreshed_or_read(desk: Desk) -> None:
    read, refreshed, left = (hook(desk)["id"] for _ in range(3))
    desk.world.advance(4 * DAY)
    told(desk, read)
    answer = desk.ask("POST", hooks(desk, f"/{refreshed}/refresh"))
    assert answer == (200, {"expirationTime": "2026-10-16T09:00:00.000Z"})
    desk.world.advance(3 * DAY)

    assert {one["id"] for one in desk.ask("GET", hooks(desk))[1]["webhooks"]} == {read, refreshed}
    assert desk.ask("GET", hooks(desk, f"/{left}/payloads")) == (404, {"error": "NOT_FOUND"})
    assert desk.ask("POST", hooks(desk, f"/{left}/refresh"))[0] == 404


def test_an_expired_one_may_also_stay_disabled(desk: Desk) -> None:
    desk.server.human("rules", {"expired_hook": "disabled"})
    id = hook(desk)["id"]
    desk.world.advance(6 * DAY)
    desk.create(Name="In time")
    desk.world.advance(DAY)
    desk.create(Name="Too late")

    assert len(told(desk, id)) == 1
    assert shown(desk, id)["isHookEnabled"] is False
    assert desk.ask("POST", hooks(desk, f"/{id}/refresh"))[0] == 422
    desk.world.advance(7 * DAY)
    assert desk.ask("GET", hooks(desk))[1]["webhooks"] == []


def test_payloads_older_than_seven_days_leave_a_gap_before_the_cursor(desk: Desk) -> None:
    id = hook(desk)["id"]
    desk.create(Name="Old")
    desk.world.advance(4 * DAY)
    desk.create(Name="Newer")
    told(desk, id)
    desk.world.advance(4 * DAY)

    answer = payloads(desk, id, cursor=1)
    assert (answer["cursor"], len(answer["payloads"])) == (3, 1)
    assert answer["payloads"][0]["timestamp"] == "2026-10-09T09:00:00.000Z"


@pytest.mark.parametrize("level", ["read", "comment", "edit"])
def test_only_creators_with_the_scope_have_webhooks(desk: Desk, level: str) -> None:
    full, desk.token = desk.token, desk.server.credentials()["no_webhooks_token"]
    assert kind_of(desk.ask("GET", hooks(desk))) == (403, "INVALID_PERMISSIONS")
    desk.token = full
    assert desk.ask("GET", hooks(desk))[0] == 200
    desk.server.human("role", {"level": level})
    assert kind_of(desk.ask("GET", hooks(desk))) == (403, "INVALID_PERMISSIONS")


def test_a_base_has_ten_webhooks_at_most_and_they_can_be_deleted(desk: Desk) -> None:
    ids = [hook(desk)["id"] for _ in range(10)]
    eleventh = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}

    assert desk.ask("POST", hooks(desk), body=eleventh)[0] == 422
    assert desk.ask("DELETE", hooks(desk, f"/{ids[0]}"))[0] == 200
    assert desk.ask("DELETE", hooks(desk, f"/{ids[0]}"))[0] == 404
    assert desk.ask("POST", hooks(desk), body=eleventh)[0] == 200


@pytest.mark.parametrize(
    "filters",
    [
        {}, {"dataTypes": []}, {"dataTypes": ["rows"]}, {"dataTypes": ["tableData"], "changeTypes": ["edit"]},
        {"dataTypes": ["tableData"], "recordChangeScope": "tblAAAAAAAAAAAAAA"},
        {"dataTypes": ["tableData"], "watchDataInFieldIds": ["Name"]},
    ],
)  # fmt: skip
def test_a_specification_that_makes_no_sense_is_refused(desk: Desk, filters: Any) -> None:
    body = {"specification": {"options": {"filters": filters}}}

    assert desk.ask("POST", hooks(desk), body=body)[0] == 422
    assert desk.ask("POST", hooks(desk), body={"notificationUrl": "nowhere", **body})[0] == 422


def test_a_payload_that_could_not_be_made_says_so(desk: Desk) -> None:
    id = hook(desk)["id"]
    desk.server.human("break", {"hook": id})

    assert told(desk, id)[0]["error"] is True
    assert told(desk, id)[0]["code"]


def test_the_secret_is_told_once_and_everything_survives_a_restart(desk: Desk) -> None:
    made = hook(desk, url="http://127.0.0.1:9/at")
    desk.create(Name="Before")
    copy = Desk()
    copy.server.restore(json.loads(json.dumps(desk.server.dump())))
    copy.create(Name="After")

    assert len(told(copy, made["id"])) == 2
    assert made["macSecretBase64"] not in json.dumps(copy.ask("GET", hooks(copy)))
    assert shown(copy, made["id"])["specification"]["options"]["filters"] == {"dataTypes": ["tableData"]}


def test_pings_are_merged_retried_ever_later_and_given_up_after_a_day(desk: Desk) -> None:
    id = hook(desk, url="http://127.0.0.1:9/at")["id"]  # where nobody listens
    desk.create(Name="One")
    desk.create(Name="Two")

    assert desk.server.human("deliver", {}) == {"delivered": 0, "failed": 1}
    assert desk.server.human("deliver", {}) == {"delivered": 0, "failed": 0}
    result = shown(desk, id)["lastNotificationResult"]
    assert (result["success"], result["willBeRetried"], result["retryNumber"]) == (False, True, 0)
    wait, waited = 10, 0
    for retry in range(1, 14):
        desk.world.advance(wait - 1)
        assert desk.server.human("deliver", {})["failed"] == 0
        desk.world.advance(1)
        assert desk.server.human("deliver", {})["failed"] == 1
        assert shown(desk, id)["lastNotificationResult"]["retryNumber"] == retry
        wait, waited = wait * 2, waited + wait
    assert 0.9 * DAY < waited < DAY
    assert shown(desk, id)["areNotificationsEnabled"] is False
    desk.create(Name="Three")
    assert desk.server.human("deliver", {})["failed"] == 0
    assert len(told(desk, id)) == 3
    desk.ask("POST", hooks(desk, f"/{id}/enableNotifications"), body={"enable": True})
    assert desk.server.human("deliver", {})["failed"] == 1


def test_nobody_but_this_machine_is_notified(desk: Desk) -> None:
    id = hook(desk, url="https://hook.example/at")["id"]
    desk.create(Name="One")

    assert desk.server.human("deliver", {})["failed"] == 1
    assert "this machine" in shown(desk, id)["lastNotificationResult"]["error"]["message"]


def test_a_ping_says_where_and_is_signed_but_tells_nothing_of_the_data(desk: Desk) -> None:
    made = hook(desk, url="http://127.0.0.1:9/at")
    desk.create(Name="Secret plan")
    (ping,) = desk.server.site.hooks[desk.server.base.id].due()

    secret = base64.b64decode(made["macSecretBase64"])
    mac = hmac.new(secret, ping.body, hashlib.sha256).hexdigest()
    assert ping.headers["x-airtable-content-mac"] == f"hmac-sha256={mac}"
    assert json.loads(ping.body) == {
        "base": {"id": desk.server.base.id},
        "webhook": {"id": made["id"]},
        "timestamp": "2026-10-05T09:00:00.000Z",
    }
