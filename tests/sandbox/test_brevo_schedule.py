"""Scheduling, moving, stopping and sending in the Brevo stand-in (reference esp §3.3-3.4, §6.6)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from connectors.sandbox.brevo import BrevoServer
from tests.sandbox.brevo_account import AT, Brevo, refusal

LATER = "2026-10-10T15:00:00+02:00"
TO_AT = 4 * 86400 + 4 * 3600  # seconds from NOW to AT


def when(brevo: Brevo, id: int) -> tuple[str, datetime | None]:
    got = brevo.get(id)
    return got["status"], datetime.fromisoformat(got["scheduledAt"]) if "scheduledAt" in got else None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_time_on_a_draft_schedules_it_and_another_moves_it_at_once() -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]})
    assert brevo.put(id, scheduledAt=AT) == (204, None)
    assert when(brevo, id) == ("queued", moment(AT))
    assert brevo.put(id, scheduledAt=LATER) == (204, None)
    assert when(brevo, id) == ("queued", moment(LATER))
    assert brevo.sends() == []


def test_a_time_on_creation_schedules() -> None:
    brevo = Brevo()
    assert when(brevo, brevo.scheduled()) == ("queued", moment(AT))


def test_a_scheduled_campaign_can_be_edited_and_stays_scheduled() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    assert brevo.put(id, name="Renamed", recipients={"listIds": [brevo.other_list]})[0] == 204
    assert when(brevo, id) == ("queued", moment(AT))


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"scheduledAt": AT}, "missing_parameter"),  # nobody to send it to
        ({"scheduledAt": "2026-10-05T08:59:59Z", "recipients": {"listIds": [2]}}, "invalid_parameter"),
        ({"scheduledAt": "2026-10-09", "recipients": {"listIds": [2]}}, "invalid_parameter"),
        ({"scheduledAt": "", "recipients": {"listIds": [2]}}, "invalid_parameter"),
    ],
)
def test_what_cannot_be_scheduled_stays_as_it_was(members: dict[str, Any], code: str) -> None:
    brevo = Brevo()
    id = brevo.created()
    before = brevo.get(id)
    assert refusal(brevo.put(id, name="New", **members)) == (400, code)
    assert brevo.get(id) == before


@pytest.mark.parametrize(("reading", "hour"), [("utc", 13), ("account", 11)])
def test_a_time_without_an_offset_is_a_switch(reading: str, hour: int) -> None:
    brevo = Brevo(naive_times=reading)
    expected = moment(AT).replace(hour=hour)
    assert when(brevo, brevo.scheduled("2026-10-09T13:00:00")) == ("queued", expected)


def test_the_best_time_is_a_day_on_which_it_is_sent() -> None:
    brevo = Brevo(dates="account")
    id = brevo.scheduled(LATER, sendAtBestTime=True)
    got = brevo.get(id)
    assert (got["sendAtBestTime"], got["scheduledAt"]) == (True, "2026-10-10T00:00:00.000+02:00")
    brevo.world.set_clock(moment("2026-10-10T21:59:00Z"))
    assert brevo.get(id)["status"] == "in_process"
    brevo.world.set_clock(moment("2026-10-10T22:01:00Z"))
    assert brevo.get(id)["status"] == "sent"


def test_the_best_time_may_not_be_in_the_plan() -> None:
    assert refusal(Brevo(best_time=False).create(sendAtBestTime=True)) == (400, "invalid_parameter")


def test_sending_begins_at_its_time_and_ends() -> None:
    brevo = Brevo(campaigns=0, dates="utc")
    id = brevo.scheduled()
    brevo.world.advance(TO_AT - 1)
    assert brevo.get(id)["status"] == "queued"
    brevo.world.advance(1)
    assert brevo.get(id)["status"] == "in_process"
    (entry,) = brevo.sends()
    assert (entry["touched"], entry["method"], entry["write"], entry["why"]) == (
        [str(id)], "SEND", False, "its time has come",
    )  # fmt: skip
    brevo.world.advance(60)
    got = brevo.get(id)
    assert (got["status"], got["sentDate"]) == ("sent", "2026-10-09T13:01:00.000Z")


def test_sending_needs_credits() -> None:
    brevo = Brevo()
    id, draft = brevo.scheduled(), brevo.created(recipients={"listIds": [brevo.list]})
    brevo.turn("out_of_credits", True)
    assert refusal(brevo.ask("POST", f"/emailCampaigns/{draft}/sendNow")) == (402, "not_enough_credits")
    brevo.world.advance(TO_AT)
    assert brevo.get(id)["status"] == "suspended"
    assert brevo.sends() == []


def test_an_account_under_validation_schedules_nothing() -> None:
    brevo = Brevo(under_validation=True)
    id = brevo.created(recipients={"listIds": [brevo.list]})
    assert refusal(brevo.put(id, scheduledAt=AT)) == (400, "account_under_validation")
    assert brevo.get(id)["status"] == "draft"


@pytest.mark.parametrize("word", ["draft", "suspended"])
def test_two_commands_stop_what_is_scheduled_and_its_old_time_stays_visible(word: str) -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    assert brevo.command(id, word) == (204, None)
    assert when(brevo, id) == (word, moment(AT))
    brevo.world.advance(TO_AT)
    assert brevo.get(id)["status"] == word


def test_a_draft_that_was_scheduled_may_have_lost_its_time() -> None:
    brevo = Brevo(draft_keeps_time=False)
    id = brevo.scheduled()
    brevo.command(id, "draft")
    assert when(brevo, id) == ("draft", None)


@pytest.mark.parametrize("word", ["draft", "suspended"])
def test_either_command_may_be_refused_or_do_nothing(word: str) -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.turn(f"{word}_command", "ignored")
    assert brevo.command(id, word) == (204, None)
    assert brevo.get(id)["status"] == "queued"
    brevo.turn(f"{word}_command", "refused")
    assert refusal(brevo.command(id, word)) == (400, "invalid_parameter")
    assert brevo.get(id)["status"] == "queued"


def test_a_suspended_campaign_cannot_be_modified_unless_the_switch_says_so() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.command(id, "suspended")
    assert refusal(brevo.put(id, scheduledAt=LATER)) == (400, "invalid_parameter")
    brevo.turn("suspended_editable", True)
    assert brevo.put(id, scheduledAt=LATER)[0] == 204
    assert when(brevo, id) == ("queued", moment(LATER))


def test_what_is_on_its_way_or_gone_is_locked() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.world.advance(TO_AT)
    assert refusal(brevo.put(id, name="Late")) == (400, "campaign_processing")
    assert refusal(brevo.command(id, "draft")) == (400, "campaign_processing")
    brevo.world.advance(60)
    assert refusal(brevo.put(id, name="Late")) == (400, "campaign_sent")
    assert refusal(brevo.command(id, "draft")) == (400, "campaign_sent")
    assert refusal(brevo.ask("POST", f"/emailCampaigns/{id}/sendNow")) == (400, "campaign_sent")


def test_sending_can_be_cancelled_and_the_rest_is_not_reached() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.world.advance(TO_AT + 30)
    assert brevo.command(id, "cancel")[0] == 204
    assert brevo.get(id)["status"] == "cancelling"
    brevo.world.advance(5)
    got = brevo.get(id, statistics="globalStats")
    assert got["status"] == "cancelled"
    size = brevo.server.state.lists[brevo.list].size
    assert 0.4 * size < got["statistics"]["globalStats"]["sent"] < 0.6 * size


def test_only_what_was_never_scheduled_can_be_deleted() -> None:
    brevo = Brevo()
    draft, once = brevo.created(), brevo.scheduled()
    brevo.command(once, "draft")
    assert refusal(brevo.ask("DELETE", f"/emailCampaigns/{once}")) == (403, "permission_denied")
    assert brevo.ask("DELETE", f"/emailCampaigns/{draft}") == (204, None)
    assert brevo.ask("GET", f"/emailCampaigns/{draft}")[0] == 404


@pytest.mark.parametrize(
    ("state", "word", "result"),
    [
        ("draft", "archive", "archive"),
        ("draft", "suspended", None),
        ("draft", "cancel", None),
        ("draft", "darchive", None),
        ("queued", "archive", None),
        ("queued", "cancel", None),
        ("queued", "queued", None),
        ("suspended", "draft", "draft"),
        ("suspended", "queued", "queued"),
        ("suspended", "archive", "archive"),
        ("suspended", "cancel", "cancelled"),
        ("in_review", "draft", None),
        ("cancelled", "draft", None),
        ("cancelled", "archive", "archive"),
    ],
)
def test_which_command_is_legal_from_which_state(state: str, word: str, result: str | None) -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]}) if state == "draft" else brevo.scheduled()
    if state == "suspended":
        brevo.command(id, "suspended")
    elif state not in ("draft", "queued"):
        brevo.human("mark", campaign=str(id), status=state)
    status, _ = brevo.command(id, word)
    assert (status, brevo.get(id)["status"]) == ((204, result) if result else (400, state))
    assert brevo.sends() == []


def test_a_lenient_table_is_a_switch() -> None:
    brevo = Brevo(transitions="lenient")
    id = brevo.scheduled()
    assert brevo.command(id, "cancel")[0] == 204
    assert brevo.command(id, "draft")[0] == 204
    assert brevo.get(id)["status"] == "draft"


def test_the_archive_gives_back_what_it_took() -> None:
    brevo = Brevo()
    id = brevo.scheduled()
    brevo.world.advance(TO_AT + 60)
    assert brevo.command(id, "archive")[0] == 204
    assert [row["id"] for row in brevo.listed(status="archive")] == [id]
    assert id in [row["id"] for row in brevo.listed()]
    assert refusal(brevo.put(id, name="New")) == (400, "campaign_sent")
    assert brevo.command(id, "darchive")[0] == 204
    assert brevo.get(id)["status"] == "sent"


def test_a_copy_carries_the_tag_of_the_first() -> None:
    brevo = Brevo()
    id = brevo.scheduled(tag="EM-142")
    assert brevo.command(id, "replicate") == (204, None)
    copy = brevo.listed()[0]
    assert (copy["name"], copy["tag"], copy["status"]) == ("Teaser (copy)", "EM-142", "draft")
    assert copy["id"] != id
    assert "scheduledAt" not in copy
    assert refusal(brevo.command(id, "replicateTemplate")) == (400, "invalid_parameter")


def test_send_now_sends_now_and_the_log_shouts() -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]})
    assert brevo.ask("POST", f"/emailCampaigns/{id}/sendNow") == (204, None)
    assert brevo.get(id)["status"] == "in_process"
    assert [(entry["touched"], entry["why"]) for entry in brevo.sends()] == [([str(id)], "SENT AT ONCE by sendNow")]


@pytest.mark.parametrize("word", ["sent", "queued"])
def test_two_commands_may_send_at_once_too(word: str) -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]})
    assert brevo.command(id, word)[0] == 204
    assert brevo.get(id)["status"] == "in_process"
    assert "SENT AT ONCE" in brevo.sends()[0]["why"]


def test_a_suspended_campaign_whose_time_has_passed_goes_at_once_when_it_is_queued_again() -> None:
    brevo = Brevo(campaigns=0)
    id = brevo.scheduled()
    brevo.command(id, "suspended")
    brevo.world.advance(TO_AT)
    assert brevo.command(id, "queued")[0] == 204
    assert "SENT AT ONCE" in brevo.sends()[0]["why"]


def test_a_campaign_for_nobody_is_not_sent() -> None:
    brevo = Brevo()
    id = brevo.created()
    assert refusal(brevo.ask("POST", f"/emailCampaigns/{id}/sendNow")) == (400, "missing_parameter")
    assert refusal(brevo.command(id, "sent")) == (400, "missing_parameter")


def test_the_state_survives_a_restart() -> None:
    brevo = Brevo()
    brevo.scheduled()
    brevo.turn("sending_seconds", 5)
    state = json.loads(json.dumps(brevo.server.dump()))
    other = BrevoServer(brevo.world)
    other.restore(state)
    assert other.dump() == state
    assert other.find("c001") == brevo.server.find("c001") is not None
    brevo.world.advance(TO_AT + 6)
    brevo.server = other
    assert brevo.listed()[0]["status"] == "sent"
