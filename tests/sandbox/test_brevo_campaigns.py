"""Campaigns in the Brevo stand-in: listing, creation, partial updates (reference esp §3.1-3.4, §3.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.brevo_account import HTML, Brevo, refusal


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/account", {"api_key": ""}, (401, "unauthorized")),
        ("GET", "/account", {"api_key": "xkeysib-wrong"}, (401, "unauthorized")),
        ("GET", "/account", {"accept": "text/html"}, (406, "not_acceptable")),
        ("GET", "/campaigns", {}, (404, "document_not_found")),
        ("POST", "/account", {}, (405, "method_not_allowed")),
        ("GET", "/emailCampaigns/99", {}, (404, "document_not_found")),
        ("GET", "/emailCampaigns/first", {}, (400, "invalid_parameter")),
        ("GET", "/contacts/lists/99", {}, (404, "document_not_found")),
    ],
)
def test_a_refusal_has_a_code_and_a_message(
    method: str, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(Brevo().ask(method, path, **headers)) == expected


def test_a_created_campaign_is_a_draft_without_any_time() -> None:
    brevo = Brevo()
    got = brevo.get(brevo.created(tag="EM-142"))
    assert (got["status"], got["type"], got["subject"]) == ("draft", "classic", "It starts Friday")
    assert (got["tag"], got["tags"]) == ("EM-142", ["EM-142"])
    assert (got["sender"]["id"], got["replyTo"], got["htmlContent"]) == (1, "news@acme.example", HTML)
    assert not {"scheduledAt", "sentDate"} & set(got)
    assert got["statistics"]["globalStats"] == {}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"name": None}, "missing_parameter"),
        ({"sender": None}, "missing_parameter"),
        ({"subject": None}, "missing_parameter"),
        ({"htmlContent": None}, "missing_parameter"),
        ({"htmlContent": "<p>short"}, "invalid_parameter"),
        ({"templateId": 7}, "invalid_parameter"),
        ({"name": 7}, "invalid_parameter"),
        ({"sender": {"id": 1, "email": "news@acme.example"}}, "invalid_parameter"),
        ({"sender": {"id": 99}}, "invalid_parameter"),
        ({"colour": "red"}, "invalid_parameter"),
        ({"recipients": {"listIds": [99]}}, "invalid_parameter"),
        ({"recipients": {"listIds": []}}, "invalid_parameter"),
        ({"recipients": {"listIds": [2], "segmentIds": [1]}}, "invalid_parameter"),
        ({"abTesting": True, "subjectA": "A"}, "missing_parameter"),
        ({"abTesting": True, "subjectA": "A", "subjectB": "A"}, "invalid_parameter"),
        ({"abTesting": True, "subjectA": "A", "subjectB": "B", "splitRule": 20}, "missing_parameter"),
        ({"abTesting": True, "subjectA": "A", "subjectB": "B", "sendAtBestTime": True}, "invalid_parameter"),
        ({"scheduledAt": "2026-11-27T13:00:00Z"}, "missing_parameter"),
        ({"scheduledAt": "2026-10-05T09:00:00Z", "recipients": {"listIds": [2]}}, "invalid_parameter"),
        ({"scheduledAt": "2026-11-27T13:00:00", "recipients": {"listIds": [2]}}, "invalid_parameter"),
        ({"scheduledAt": "soon", "recipients": {"listIds": [2]}}, "invalid_parameter"),
    ],
)
def test_a_bad_creation_makes_nothing(members: dict[str, Any], code: str) -> None:
    brevo = Brevo()
    before = brevo.server.dump()["campaigns"]
    assert refusal(brevo.create(**members)) == (400, code)
    assert brevo.server.dump()["campaigns"] == before


@pytest.mark.parametrize("members", [{"htmlUrl": "https://acme.example/mail"}, {"templateId": 7}])
def test_content_may_come_from_elsewhere(members: dict[str, Any]) -> None:
    brevo = Brevo()
    assert brevo.get(brevo.created(htmlContent=None, **members))["htmlContent"]


def test_a_body_must_be_a_json_object() -> None:
    brevo = Brevo()
    assert refusal(brevo.ask("POST", "/emailCampaigns", body=[])) == (400, "bad_request")
    assert refusal(brevo.ask("POST", "/emailCampaigns", body={}, content_type="text/plain")) == (400, "bad_request")


def test_an_update_changes_what_it_names_and_moves_the_time_of_change() -> None:
    brevo = Brevo(dates="utc")
    id = brevo.created(tag="EM-142", recipients={"listIds": [brevo.list]})
    brevo.world.advance(60)
    assert brevo.put(id, name="New") == (204, None)
    got = brevo.get(id)
    assert (got["name"], got["subject"], got["tag"]) == ("New", "It starts Friday", "EM-142")
    assert got["recipients"]["lists"] == [brevo.list]
    assert (got["createdAt"], got["modifiedAt"]) == ("2026-10-05T09:00:00.000Z", "2026-10-05T09:01:00.000Z")
    assert refusal(brevo.put(id)) == (400, "missing_parameter")
    assert refusal(brevo.put(id, name="  ")) == (400, "invalid_parameter")


def test_recipients_cannot_change_their_kind() -> None:
    brevo = Brevo()
    id = brevo.created(recipients={"listIds": [brevo.list]})
    assert refusal(brevo.put(id, recipients={"segmentIds": [brevo.segment]})) == (400, "invalid_parameter")
    assert brevo.put(id, recipients={"listIds": [brevo.other_list]})[0] == 204
    assert brevo.get(id)["recipients"]["lists"] == [brevo.other_list]
    blank = brevo.created()
    assert brevo.put(blank, recipients={"segmentIds": [brevo.segment]})[0] == 204


@pytest.mark.parametrize("kept", [False, True])
def test_recipients_without_exclusions_clear_them_unless_the_switch_says_otherwise(kept: bool) -> None:
    brevo = Brevo(exclusions_kept=kept)
    id = brevo.created(recipients={"listIds": [brevo.list], "exclusionListIds": [brevo.other_list]})
    assert brevo.put(id, recipients={"listIds": [brevo.list]})[0] == 204
    assert brevo.get(id)["recipients"]["exclusionLists"] == ([brevo.other_list] if kept else [])


def test_with_a_test_of_two_subjects_there_is_no_subject_and_none_is_taken() -> None:
    brevo = Brevo()
    id = brevo.created(abTesting=True, subjectA="A", subjectB="B", subject=None)
    assert brevo.put(id, subject="C")[0] == 204
    got = brevo.get(id)
    assert (got["abTesting"], got["subjectA"], got["subjectB"]) == (True, "A", "B")
    assert "subject" not in got
    assert brevo.put(id, abTesting=False, subject="C")[0] == 204
    assert brevo.get(id)["subject"] == "C"


def test_content_that_is_written_is_no_longer_that_of_the_editor() -> None:
    brevo = Brevo()
    made = int(brevo.human("create", name="By hand")["id"])
    assert brevo.server.state.campaigns[made].designed
    assert brevo.put(made, subject="Renamed", name="Renamed")[0] == 204
    assert brevo.server.state.campaigns[made].designed
    assert brevo.put(made, htmlContent=HTML)[0] == 204
    assert not brevo.server.state.campaigns[made].designed


def test_pages_go_from_the_last_created_and_shift_when_one_is_added() -> None:
    brevo = Brevo(campaigns=0)
    ids = [brevo.created(name=f"N{n}") for n in range(5)]
    assert [row["id"] for row in brevo.listed()] == ids[::-1]
    assert [row["id"] for row in brevo.listed(sort="asc", limit=2, offset=2)] == ids[2:4]
    first = brevo.listed(limit=2)
    brevo.human("create", name="Meanwhile")
    assert brevo.listed(limit=2, offset=2)[0]["id"] == first[1]["id"]
    status, answer = brevo.ask("GET", "/emailCampaigns", {"limit": 1})
    assert (status, answer["count"], len(answer["campaigns"])) == (200, 6, 1)
    assert answer["campaigns"][0]["htmlContent"]
    assert brevo.listed(limit=1)[0]["htmlContent"] == ""


def test_fifty_on_a_page_unless_more_are_asked_for() -> None:
    brevo = Brevo(campaigns=0)
    for n in range(101):
        brevo.human("create", name=f"N{n}")
    assert [len(brevo.listed(**query)) for query in ({}, {"limit": 100}, {"limit": 100, "offset": 100})] == [50, 100, 1]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": 101}, "out_of_range"),
        ({"limit": "all"}, "invalid_parameter"),
        ({"offset": -1}, "invalid_parameter"),
        ({"sort": "name"}, "invalid_parameter"),
        ({"type": "sms"}, "invalid_parameter"),
        ({"status": "in_process"}, "invalid_parameter"),
        ({"status": "in_review"}, "invalid_parameter"),
        ({"statistics": "statsByDevice"}, "invalid_parameter"),
        ({"excludeHtmlContent": "yes"}, "invalid_parameter"),
        ({"updatedSince": "2026-01-01"}, "invalid_parameter"),
        ({"startDate": "2026-09-01T00:00:00Z"}, "missing_parameter"),
        ({"endDate": "2026-09-01T00:00:00Z"}, "missing_parameter"),
        ({"startDate": "soon", "endDate": "later"}, "invalid_parameter"),
        ({"startDate": "2026-09-01T00:00:00", "endDate": "2026-09-02T00:00:00"}, "invalid_parameter"),
        ({"startDate": "2024-09-01T00:00:00Z", "endDate": "2026-10-01T00:00:00Z"}, "out_of_range"),
        ({"startDate": "2026-09-01T00:00:00Z", "endDate": "2026-10-06T00:00:00Z"}, "out_of_range"),
        (
            {"status": "draft", "startDate": "2026-09-01T00:00:00Z", "endDate": "2026-10-01T00:00:00Z"},
            "invalid_parameter",
        ),
    ],
)
def test_a_bad_parameter_of_the_listing_is_refused(query: dict[str, Any], code: str) -> None:
    assert refusal(Brevo().ask("GET", "/emailCampaigns", query)) == (400, code)


def test_the_filter_spells_states_another_way_than_the_answer() -> None:
    brevo = Brevo(campaigns=0, review_seconds=600)
    id = brevo.scheduled()
    brevo.world.advance(timedelta(days=4, hours=4).total_seconds())
    (row,) = brevo.listed(status="inReview")
    assert (row["id"], row["status"]) == (id, "in_review")
    brevo.world.advance(600)
    (row,) = brevo.listed(status="inProcess")
    assert (row["id"], row["status"]) == (id, "in_process")
    assert brevo.listed(status="queued") == []


def test_dates_choose_among_sent_campaigns() -> None:
    brevo = Brevo(campaigns=24)
    sent = brevo.listed(status="sent")
    whole = brevo.listed(startDate="2026-09-01T00:00:00.000Z", endDate="2026-10-05T00:00:00.000Z")
    assert [row["id"] for row in whole] == [row["id"] for row in sent] != []
    assert brevo.listed(startDate="2026-01-01T00:00:00Z", endDate="2026-02-01T00:00:00Z") == []


def test_moments_come_with_any_offset_and_with_milliseconds_or_without() -> None:
    brevo = Brevo(campaigns=12)
    rows = brevo.listed()
    texts = {row["createdAt"] for row in rows} | {row["modifiedAt"] for row in rows}
    forms = {re.sub(r"\d", "9", text) for text in texts}
    assert forms == {"9999-99-99T99:99:99.999Z", "9999-99-99T99:99:99.999+99:99", "9999-99-99T99:99:99+99:99"}
    seeds = [one for one in brevo.company.campaigns if brevo.server.find(one.code)]
    for seed in seeds:
        assert datetime.fromisoformat(brevo.get(str(brevo.server.find(seed.code)))["createdAt"]) == seed.created


def test_a_listing_without_rows_may_lack_the_list() -> None:
    brevo = Brevo(campaigns=0)
    assert brevo.ask("GET", "/emailCampaigns") == (200, {"count": 0, "campaigns": []})
    brevo.turn("empty_lists_absent", True)
    assert brevo.ask("GET", "/emailCampaigns") == (200, {"count": 0})


def test_text_messages_are_no_email_campaigns() -> None:
    brevo = Brevo(campaigns=0)
    id = brevo.human("create", name="By text", channel="sms")["id"]
    assert brevo.listed() == []
    assert brevo.ask("GET", f"/emailCampaigns/{id}")[0] == 404
    assert [campaign["name"] for campaign in brevo.server.dump()["sms"].values()] == ["By text"]


def test_triggers_are_listed_unless_filtered() -> None:
    brevo = Brevo(campaigns=0)
    brevo.human("create", name="Welcome", type="trigger")
    brevo.human("create", name="Sale")
    assert [row["name"] for row in brevo.listed(type="classic")] == ["Sale"]
    assert [row["type"] for row in brevo.listed(sort="asc")] == ["trigger", "classic"]
