"""Scheduling, reverting and sending in the Klaviyo stand-in, by the world's clock (reference esp §1.3-1.6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox.klaviyo import KlaviyoServer
from tests.sandbox.sites import Klaviyo, static

AT = "2026-10-07T13:00:00+00:00"


def status(klaviyo: Klaviyo, id: str) -> str:
    return str(klaviyo.attributes(id)["status"])


def scheduled(klaviyo: Klaviyo, strategy: dict[str, Any] | None = None) -> str:
    id = klaviyo.created(send_strategy=strategy or static(AT))
    assert klaviyo.send(id)[0] == 202
    klaviyo.world.advance(2)
    assert status(klaviyo, id) == "Scheduled"
    return id


def sends(klaviyo: Klaviyo) -> list[dict[str, Any]]:
    return [entry for entry in klaviyo.world.entries if entry.get("sent")]


def test_a_job_is_accepted_first_and_the_campaign_scheduled_later() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created(send_strategy=static(AT))
    code, answer = klaviyo.send(id)
    assert (code, answer["data"]["id"], answer["data"]["attributes"]) == (202, id, {"status": "queued"})
    assert status(klaviyo, id) == "Preparing to schedule"
    klaviyo.world.advance(2)
    got = klaviyo.attributes(id)
    assert (got["status"], got["scheduled_at"], got["send_time"]) == ("Scheduled", "2026-10-05T09:00:00+00:00", AT)
    assert sends(klaviyo) == []


def test_a_scheduled_campaign_takes_no_edit_until_it_is_reverted() -> None:
    klaviyo = Klaviyo()
    id = scheduled(klaviyo)
    assert klaviyo.patch(id, name="New")[0] == 400
    assert klaviyo.send(id)[0] == 400
    assert klaviyo.stop(id, "revert") == (204, None)
    assert status(klaviyo, id) == "Scheduled"
    klaviyo.world.advance(2)
    got = klaviyo.attributes(id)
    assert (got["status"], got["scheduled_at"], got["send_time"]) == ("Draft", None, None)
    assert got["send_strategy"] == static(AT)
    assert klaviyo.patch(id, send_strategy=static("2026-10-08T13:00:00Z"))[0] == 200
    assert klaviyo.send(id)[0] == 202


def test_edits_of_a_scheduled_campaign_are_a_switch() -> None:
    klaviyo = Klaviyo()
    id = scheduled(klaviyo)
    klaviyo.server.human("switch", {"name": "strict_edits", "value": False})
    assert klaviyo.patch(id, name="New")[0] == 200


def test_a_scheduled_campaign_is_sent_when_its_time_comes() -> None:
    klaviyo = Klaviyo(campaigns=0)
    id = scheduled(klaviyo)
    klaviyo.world.set_clock(datetime.fromisoformat(AT))
    assert status(klaviyo, id) == "Sending"
    assert [(entry["touched"], entry["method"], entry["write"]) for entry in sends(klaviyo)] == [([id], "SEND", False)]
    assert klaviyo.stop(id, "revert")[0] == 400
    klaviyo.world.advance(60)
    assert status(klaviyo, id) == "Sent"
    assert klaviyo.attributes(id)["updated_at"] == "2026-10-07T13:01:00+00:00"
    assert klaviyo.ask("GET", f"/campaign-send-jobs/{id}")[1]["data"]["attributes"]["status"] == "complete"


def test_a_job_on_a_campaign_without_a_time_sends_it_and_the_log_shouts() -> None:
    klaviyo = Klaviyo(campaigns=0)
    id = klaviyo.created()
    assert klaviyo.send(id)[0] == 202
    assert status(klaviyo, id) in ("Adding Recipients", "Sending")
    assert "SENT AT ONCE" in sends(klaviyo)[0]["why"]
    klaviyo.world.advance(61)
    assert status(klaviyo, id) == "Sent"


@pytest.mark.parametrize(
    ("strategy", "sending", "sent"),
    [
        (static(AT, local=True), datetime(2026, 10, 6, 23, tzinfo=UTC), datetime(2026, 10, 8, 1, tzinfo=UTC)),
        (
            {"method": "throttled", "datetime": AT, "throttle_percentage": 50},
            datetime(2026, 10, 7, 13, tzinfo=UTC),
            datetime(2026, 10, 7, 15, tzinfo=UTC),
        ),
        (
            {"method": "smart_send_time", "date": "2026-10-07"},
            datetime(2026, 10, 6, 22, tzinfo=UTC),
            datetime(2026, 10, 7, 22, tzinfo=UTC),
        ),
    ],
)
def test_a_send_lasts_as_long_as_its_strategy_says(strategy: dict[str, Any], sending: datetime, sent: datetime) -> None:
    klaviyo = Klaviyo()
    id = scheduled(klaviyo, strategy)
    klaviyo.world.set_clock(sending)
    assert status(klaviyo, id) == "Sending"
    klaviyo.world.set_clock(sent)
    assert status(klaviyo, id) == "Sent"


def test_a_cancelled_campaign_stays_so() -> None:
    klaviyo = Klaviyo()
    id = scheduled(klaviyo)
    assert klaviyo.stop(id, "cancel") == (204, None)
    klaviyo.world.set_clock(datetime.fromisoformat(AT))
    assert status(klaviyo, id) == "Cancelled"
    assert klaviyo.stop(id, "revert")[0] == 400


def test_a_past_time_an_unknown_campaign_and_a_strange_action_are_refused() -> None:
    klaviyo = Klaviyo()
    assert klaviyo.send(klaviyo.created(send_strategy=static("2026-10-05T08:59:00Z")))[0] == 400
    assert klaviyo.send("none")[0] == 404
    assert klaviyo.stop(klaviyo.created(), "revert")[0] == 404
    assert klaviyo.stop(scheduled(klaviyo), "explode")[0] == 400


def test_people_work_on_campaigns() -> None:
    klaviyo = Klaviyo()
    made = klaviyo.server.human(
        "create", {"name": "Flash", "subject": "Now", "audiences": ["Newsletter UK"], "tags": ["new"]}
    )
    with pytest.raises(ValueError, match="has no send time"):
        klaviyo.server.human("schedule", {"campaign": "Flash"})
    klaviyo.server.human("edit", {"campaign": "Flash", "send_strategy": static(AT)})
    assert klaviyo.server.human("schedule", {"campaign": "Flash"})["status"] == "Scheduled"
    klaviyo.world.advance(60)
    moved = klaviyo.server.human("edit", {"campaign": "Flash", "send_strategy": static("2026-10-09T13:00:00Z")})
    assert moved["status"] == "Scheduled"
    got = klaviyo.attributes(made["id"])
    assert (got["send_time"], got["scheduled_at"]) == ("2026-10-09T13:00:00+00:00", "2026-10-05T09:01:00+00:00")
    assert klaviyo.server.human("unschedule", {"campaign": made["id"]})["status"] == "Draft"
    assert klaviyo.server.human("delete", {"campaign": "Flash"})["id"] == made["id"]


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("dance", {}, "people cannot dance in klaviyo"),
        ("edit", {}, "klaviyo edit needs campaign"),
        ("edit", {"campaign": "none", "name": "x"}, "no campaigns have the id or name none"),
        ("create", {"name": "x", "audiences": ["Martians"]}, "there is no list or segment Martians"),
        ("create", {"name": "x", "send_strategy": {"method": "fax"}}, "method must be one of"),
        ("switch", {"name": "gravity", "value": 1}, "klaviyo has no switch gravity"),
    ],
)
def test_a_mistake_is_explained(verb: str, payload: dict[str, Any], message: str) -> None:
    klaviyo = Klaviyo(campaigns=0)
    with pytest.raises(ValueError, match=message):
        klaviyo.server.human(verb, payload)
    assert klaviyo.names() == []


def test_tags_hang_on_campaigns() -> None:
    klaviyo = Klaviyo(campaigns=0)
    id = klaviyo.created()
    before = klaviyo.attributes(id)["updated_at"]
    klaviyo.world.advance(60)
    body = {"data": {"type": "tag", "attributes": {"name": "synced"}}}
    code, made = klaviyo.ask("POST", "/tags", body=body)
    assert code == 201
    assert klaviyo.ask("POST", "/tags", body=body)[0] == 409
    tag = made["data"]["id"]
    relation, members = f"/tags/{tag}/relationships/campaigns", {"data": [{"type": "campaign", "id": id}]}
    assert klaviyo.ask("POST", relation, body=members) == (204, None)
    assert klaviyo.ask("POST", relation, body={"data": [{"type": "campaign", "id": "none"}]})[0] == 404
    names = [row["attributes"]["name"] for row in klaviyo.ask("GET", f"/campaigns/{id}/tags")[1]["data"]]
    assert names == ["synced"]
    assert klaviyo.attributes(id)["updated_at"] == before
    assert klaviyo.ask("GET", "/tags", {"filter": "equals(name,'synced')"})[1]["data"][0]["id"] == tag
    assert klaviyo.ask("DELETE", relation, body=members) == (204, None)
    assert klaviyo.ask("GET", relation)[1]["data"] == []


def test_too_many_requests_are_told_to_wait_if_limits_are_on() -> None:
    klaviyo = Klaviyo(rate_limits=True)
    assert [klaviyo.ask("GET", "/tags")[0] for _ in range(4)] == [200, 200, 200, 429]
    klaviyo.world.advance(1)
    assert klaviyo.ask("GET", "/tags")[0] == 200


def test_the_state_survives_a_restart() -> None:
    klaviyo = Klaviyo()
    id = scheduled(klaviyo)
    state = json.loads(json.dumps(klaviyo.server.dump()))
    other = KlaviyoServer(klaviyo.world)
    other.restore(state)
    assert other.dump() == state
    assert other.find("c001") == klaviyo.server.find("c001") is not None
    assert other.state.campaigns[id].status == "Scheduled"


def test_the_seed_is_the_company() -> None:
    klaviyo = Klaviyo(campaigns=24)
    for seed in klaviyo.company.campaigns:
        id = klaviyo.server.find(seed.code)
        assert (id is None) is (seed.esp is None)
        if id is None or seed.esp is None:
            continue
        got = klaviyo.attributes(id)
        assert got["name"] == seed.esp["name"]
        assert got["status"] == {"sent": "Sent", "scheduled": "Scheduled"}.get(seed.esp["status"], "Draft")
        assert (got["send_time"] is None) is (got["status"] == "Draft")
