"""The judge of sends itself: each way to let a campaign go out is told, with what and where; nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.exchanges import Exchange
from tests.contract.sends import Sends

HOST = "127.0.0.1:4711"
NOON = "2026-10-08T12:00:00+00:00"
LATER = "2026-10-20T09:00:00+00:00"
SOON = "2026-10-08T12:01:00+00:00"  # the margin itself
PAST = "2026-10-08T11:00:00+00:00"
STATIC = {"method": "static", "datetime": LATER, "options": {"is_local": False}}
IMMEDIATE = {"method": "immediate"}
C1 = "/api/campaigns/C1"
JOB = {"data": {"type": "campaign-send-job", "id": "C1"}}


def asked(tool: str, method: str, path: str, body: Any = None, **more: Any) -> Exchange:
    """A request to a stand-in on HOST, at noon of its clock."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return replace(Exchange(tool, method, path, "", {"host": HOST}, text, 200, {}, "", at=NOON), **more)


def klaviyo(method: str, path: str, **attributes: Any) -> Exchange:
    return asked("klaviyo", method, f"/api/{path}", {"data": {"attributes": attributes}})


def newer(method: str, path: str, **attributes: Any) -> Exchange:
    """The same in revision 2026-10-15."""
    return replace(klaviyo(method, path, **attributes), headers={"host": HOST, "revision": "2026-10-15"})


def shown(strategy: Any, **more: Any) -> Exchange:
    """A campaign is read, and its strategy is this."""
    answer = json.dumps({"data": {"id": "C1", "attributes": {"send_strategy": strategy}}})
    return replace(asked("klaviyo", "GET", C1, answer=answer), **more)


def job(**more: Any) -> Exchange:
    return asked("klaviyo", "POST", "/api/campaign-send-jobs", JOB, **{"status": 202, **more})


def mailchimp(action: str, body: Any = None) -> Exchange:
    return asked("mailchimp", "POST", f"/3.0/campaigns/c1/actions/{action}", body)


def brevo(method: str, path: str, **body: Any) -> Exchange:
    return asked("brevo", method, f"/v3/emailCampaigns{path}", body)


def judged(*exchanges: Exchange) -> tuple[list[str], int]:
    """What is told of them in turn, and how many were schedulings."""
    sends = Sends()
    for one in exchanges:
        sends.hear(one)
    found = sends.drain()
    assert all(one.operation == f"{exchanges[-1].method} {exchanges[-1].path}" for one in found)
    assert all(HOST in str(one) for one in found)
    assert sends.counts["could send"] == len(found)
    return [one.message for one in found], sends.counts["schedulings"]


def schedule(strategy: str = "static", **attributes: Any) -> dict[str, Any]:
    return {"strategy": strategy, **attributes}


@pytest.mark.parametrize(
    ("exchange", "words"),
    [
        # Klaviyo
        (klaviyo("POST", "campaigns", name="Spring"), "without a send strategy"),
        (klaviyo("POST", "campaigns", name="Spring", send_strategy=None), "without a send strategy"),
        (klaviyo("POST", "campaigns", send_strategy=IMMEDIATE), "'immediate'"),
        (klaviyo("PATCH", "campaigns/C1", send_strategy=IMMEDIATE), "'immediate'"),
        (klaviyo("PATCH", "campaigns/C1", send_strategy=None), "None, which holds no time"),
        (klaviyo("PATCH", "campaigns/C1", send_strategy={"method": "static"}), "None is no time"),
        (klaviyo("PATCH", "campaigns/C1", send_strategy={**STATIC, "datetime": "2026-10-20T09:00"}), "which zone"),
        (klaviyo("PATCH", "campaign-send-jobs/C1", action="cancel"), "'cancel', not 'revert'"),
        (klaviyo("PATCH", "campaign-send-jobs/C1"), "None, not 'revert'"),
        (asked("klaviyo", "PATCH", C1, "{"), "cannot be understood"),
        (asked("klaviyo", "PATCH", C1, {"data": []}), "cannot be understood"),
        (klaviyo("POST", "campaign-message-schedule", **schedule("immediate", send_time=LATER)), "'immediate'"),
        (klaviyo("POST", "campaign-message-schedule", **schedule()), "None is no time"),
        (klaviyo("POST", "campaign-message-schedule", **schedule("smart_send_time")), "None is no day"),
        (klaviyo("POST", "campaign-message-schedule", **schedule(send_time=SOON)), "it schedules for 2026-10-08T12:01"),
        (klaviyo("PATCH", "campaign-message-schedule/M1", action="cancel"), "'cancel', not 'revert'"),
        (klaviyo("POST", "campaign-schedule"), "without a time for each message"),
        (
            klaviyo("POST", "campaign-schedule", message_schedules=[schedule(send_time=LATER), schedule()]),
            "None is no time",
        ),
        (newer("POST", "campaigns"), "nobody can tell"),
        (newer("PATCH", "campaigns/C1", definition={"send_settings": {"send_strategy": "immediate"}}), "nobody can"),
        (newer("PATCH", "campaign-messages/M1", definition={"status": "sending"}), "of a message to 'sending'"),
        (newer("PATCH", "campaign-message-schedule/M1", action="cancel"), "'cancel', not 'revert'"),
        (klaviyo("POST", "events"), "known not to send"),
        # Mailchimp
        *(
            (mailchimp(word), "known not to send")
            for word in ("send", "resume", "create-resend", "cancel-send", "test")
        ),
        (asked("mailchimp", "POST", "/3.0/campaigns/c1/actions%2Fsend"), "known not to send"),
        (asked("mailchimp", "POST", "/3.0/batches", {"operations": []}), "known not to send"),
        (mailchimp("schedule", {}), "None is no time"),
        (mailchimp("schedule", {"schedule_time": PAST}), f"it schedules for {PAST}, and it is {NOON}"),
        (mailchimp("schedule", {"schedule_time": SOON}), "it schedules for"),
        (mailchimp("schedule", {"schedule_time": "2026-10-08T20:00:00+00:00", "timewarp": True}), "it schedules for"),
        # Brevo
        (brevo("POST", "/7/sendNow"), "known not to send"),
        (brevo("POST", "/7/sendTest"), "known not to send"),
        *(
            (brevo("PUT", "/7/status", status=word), f"'{word}', not 'draft'")
            for word in ("sent", "queued", "cancel", "replicate")
        ),
        (brevo("PUT", "/7%2Fstatus", status="sent"), "'sent', not 'draft'"),
        (brevo("PUT", "/7", scheduledAt=SOON), "it schedules for"),
        (brevo("PUT", "/7", scheduledAt=None), "None is no time"),
        (brevo("PUT", "/7", scheduledAt="now"), "'now' is no time"),
        (brevo("PUT", "/7", scheduledAt="2026-10-08T20:00:00+02:00", sendAtBestTime=True), "it schedules for"),
        (brevo("PUT", "/7", sendAtBestTime=False), "does not say when"),
        (brevo("POST", "", name="Spring", scheduledAt=PAST), "it schedules for"),
        # Any of them
        (asked("ics", "PUT", "/calendar.ics", "{}"), "known not to send"),
        (asked("brevo", "DELETE", "/v3/contacts/lists/7"), "known not to send"),
        (asked("mailchimp", "PATCH", "/3.0/campaigns/c1", "{}", sent=True), "made a campaign go out at once"),
        (
            asked("mailchimp", "GET", "/3.0/campaigns", headers={"host": HOST, "x-http-method-override": "POST"}),
            "another method",
        ),
    ],
)
def test_what_could_send_is_told_whatever_it_is_answered(exchange: Exchange, words: str) -> None:
    for status in (200, 400, 0):
        (told,), _ = judged(replace(exchange, status=status))
        assert words in told
    if "it schedules for" not in words:  # nobody tells the time of a canned answer
        (told,), _ = judged(replace(exchange, status=0, at=""))
        assert words in told


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ([], "nobody looked at the strategy of the campaign 'C1' before"),
        ([shown(STATIC, status=404)], "nobody looked"),
        ([shown(STATIC, headers={"host": "127.0.0.1:4712"})], "nobody looked"),
        ([shown(STATIC), shown(IMMEDIATE)], "'immediate'"),
        ([shown(None)], "None, which holds no time"),
        ([shown({**STATIC, "datetime": SOON})], "it schedules for"),
        ([shown({**STATIC, "datetime": "2026-10-08T23:00:00+00:00", "options": {"is_local": True}})], "it schedules"),
        ([shown({"method": "smart_send_time", "date": "2026-10-09"})], "it schedules for 2026-10-08T10:00"),
        ([shown({"method": "throttled", "datetime": PAST, "throttle_percentage": 10})], "it schedules for"),
        ([shown(STATIC), klaviyo("PATCH", "campaigns/C1", send_strategy={**STATIC, "datetime": PAST})], "it schedules"),
    ],
)
def test_a_send_job_is_judged_by_the_strategy_that_was_last_seen(before: list[Exchange], words: str) -> None:
    (told,), _ = judged(*before, job())
    assert words in told


def test_a_change_of_a_strategy_that_was_not_carried_out_counts_for_nothing() -> None:
    past = klaviyo("PATCH", "campaigns/C1", send_strategy={**STATIC, "datetime": PAST})
    for status in (0, 400):
        assert judged(shown(STATIC), replace(past, status=status), job()) == ([], 1)


@pytest.mark.parametrize(
    ("exchanges", "schedulings"),
    [
        ([klaviyo("POST", "campaigns", name="Spring", send_strategy=STATIC)], 0),
        ([klaviyo("PATCH", "campaigns/C1", name="Spring")], 0),
        ([klaviyo("PATCH", "campaigns/C1", send_strategy={**STATIC, "datetime": PAST})], 0),  # a draft stays a draft
        ([klaviyo("PATCH", "campaign-send-jobs/C1", action="revert")], 0),
        ([klaviyo("POST", "campaign-clone", new_name="Spring")], 0),
        ([shown(STATIC), job()], 1),
        ([klaviyo("PATCH", "campaigns/C1", send_strategy=STATIC), job()], 1),
        ([shown({"method": "smart_send_time", "date": "2026-10-20"}), job()], 1),
        ([job(status=0, at="")], 0),  # of a canned answer, the request is all there is
        ([newer("POST", "campaigns", definition={"name": "Spring"})], 0),
        ([newer("PATCH", "campaign-messages/M1", definition={"send_options": {"send_time": PAST}})], 0),
        ([newer("PATCH", "campaign-variations/V1"), newer("PATCH", "campaign-audiences/A1")], 0),
        ([klaviyo("POST", "campaign-message-schedule", **schedule("local_timezone", send_time=LATER))], 1),
        ([klaviyo("POST", "campaign-schedule", message_schedules=[schedule(send_time=LATER)])], 1),
        ([mailchimp("schedule", {"schedule_time": LATER, "timewarp": True})], 1),
        ([mailchimp("unschedule")], 0),
        ([mailchimp("replicate")], 0),
        ([brevo("POST", "", name="Spring")], 0),
        ([brevo("PUT", "/7", scheduledAt=LATER)], 1),
        ([brevo("PUT", "/7", scheduledAt="2026-10-20T12:00:00+02:00", sendAtBestTime=True)], 1),
        ([brevo("PUT", "/7/status", status="draft"), brevo("PUT", "/7/status", status="suspended")], 0),
        ([asked("jira", "POST", "/rest/api/3/issue/1/notify"), asked("airtable", "POST", "/v0/appA/tblB")], 0),
        ([asked("brevo", "GET", "/v3/emailCampaigns/7", answer='{"sendAtBestTime": false}')], 0),
    ],
)
def test_what_cannot_send_is_let_pass_and_counted(exchanges: list[Exchange], schedulings: int) -> None:
    assert judged(*exchanges) == ([], schedulings)


def test_a_best_time_that_was_read_makes_a_day_of_the_time() -> None:
    read = asked("brevo", "GET", "/v3/emailCampaigns/7", answer=json.dumps({"id": 7, "sendAtBestTime": True}))
    assert judged(read, brevo("PUT", "/7", scheduledAt="2026-10-20T12:00:00+02:00")) == ([], 1)
    (told,), _ = judged(read, brevo("PUT", "/7", scheduledAt="2026-10-08T20:00:00+02:00"))
    assert "it schedules for 2026-10-08T00:00:00+02:00" in told


def test_of_a_stand_ins_own_tests_our_connectors_alone_are_judged() -> None:
    sends = Sends(everybody=False)
    for agent in ("", "python-requests/2.32", "campaign-sync"):
        sends.hear(replace(mailchimp("send"), headers={"host": HOST, "user-agent": agent}))
    assert len(sends.drain()) == 1
    assert sends.counts["requests"] == 1


def test_what_one_test_has_seen_of_a_campaign_says_nothing_in_the_next() -> None:
    sends = Sends()
    sends.hear(shown(STATIC))
    assert sends.drain() == []
    sends.hear(job())
    (found,) = sends.drain()
    assert f"POST {HOST}/api/campaign-send-jobs -> 202" in str(found)
