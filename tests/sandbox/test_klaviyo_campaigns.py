"""Campaigns and their messages in the Klaviyo stand-in (reference esp §1.2-1.6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.sandbox.desk import Answer
from tests.sandbox.sites import Klaviyo, static

PLANNED = static("2026-11-27T13:00:00+00:00")


def reason(answer: Answer) -> tuple[int, str]:
    """A refusal's status and its one error's code."""
    status, body = answer
    (error,) = body["errors"]
    assert set(error) >= {"id", "status", "code", "title", "detail", "source"}
    assert error["status"] == status
    return status, error["code"]


def message_of(klaviyo: Klaviyo, id: str) -> dict[str, Any]:
    return dict(klaviyo.ask("GET", f"/campaigns/{id}/campaign-messages")[1]["data"][0])


def patch_message(klaviyo: Klaviyo, id: str, definition: Any) -> Answer:
    body = {"data": {"type": "campaign-message", "id": id, "attributes": {"definition": definition}}}
    return klaviyo.ask("PATCH", f"/campaign-messages/{id}", body=body)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": ""}, (401, "not_authenticated")),
        ({"authorization": "Bearer x"}, (401, "not_authenticated")),
        ({"authorization": "Klaviyo-API-Key wrong"}, (401, "authentication_failed")),
        ({"revision": ""}, (400, "invalid")),
        ({"revision": "2019-01-01"}, (410, "gone")),
        ({"revision": "2027-01-15"}, (410, "gone")),
        ({"accept": "text/html"}, (406, "not_acceptable")),
    ],
)
def test_a_request_without_the_right_headers_is_refused(headers: dict[str, str], expected: tuple[int, str]) -> None:
    assert reason(Klaviyo().ask("GET", "/accounts", **headers)) == expected


def test_an_unknown_revision_falls_forward_unless_one_opts_out() -> None:
    klaviyo = Klaviyo()
    del klaviyo.headers["x-klaviyo-revision-fall-forward-opt-out"]
    assert klaviyo.ask("GET", "/accounts", revision="2019-01-01")[0] == 200


def test_a_body_needs_the_media_type_and_a_key_its_scope() -> None:
    klaviyo = Klaviyo()
    assert reason(klaviyo.ask("POST", "/tags", body={}, content_type="application/json")) == (
        415,
        "unsupported_media_type",
    )
    read_only = klaviyo.ask("POST", "/tags", body={}, authorization=klaviyo.read_only)
    assert reason(read_only) == (403, "permission_denied")
    assert klaviyo.ask("GET", "/tags", authorization=klaviyo.read_only)[0] == 200


def test_a_campaign_without_a_strategy_is_one_that_goes_at_once() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created()
    got = klaviyo.attributes(id)
    assert (got["status"], got["send_strategy"]) == ("Draft", {"method": "immediate"})
    assert (got["send_time"], got["scheduled_at"]) == (None, None)


def test_a_planned_time_is_not_a_send_time() -> None:
    klaviyo = Klaviyo()
    got = klaviyo.attributes(klaviyo.created(send_strategy=PLANNED))
    assert got["send_strategy"] == PLANNED
    assert got["send_time"] is None


@pytest.mark.parametrize("left_out", ["name", "audiences", "campaign-messages"])
def test_creation_needs_its_parts(left_out: str) -> None:
    answer = Klaviyo().create(**{left_out: None})
    assert reason(answer) == (400, "invalid")
    assert answer[1]["errors"][0]["source"] == {"pointer": f"/data/attributes/{left_out}"}


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"audiences": {"included": []}}, "/data/attributes/audiences/included"),
        ({"audiences": {"included": ["NOPE"]}}, "/data/attributes/audiences/included"),
        ({"status": "Sent"}, "/data/attributes/status"),
        ({"name": "  "}, "/data/attributes/name"),
        ({"send_strategy": {"method": "ab_test_campaign"}}, "/data/attributes/send_strategy/method"),
        ({"send_strategy": static("2026-11-27 13:00")}, "/data/attributes/send_strategy/datetime"),
        ({"send_strategy": static("2026-11-27T13:00:00")}, "/data/attributes/send_strategy/datetime"),
        ({"send_strategy": {"method": "smart_send_time", "date": "soon"}}, "/data/attributes/send_strategy/date"),
        (
            {"send_strategy": {"method": "throttled", "datetime": "2026-11-27T13:00:00Z", "throttle_percentage": 7}},
            "/data/attributes/send_strategy/throttle_percentage",
        ),
        ({"campaign-messages": {"data": []}}, "/data/attributes/campaign-messages"),
    ],
)
def test_a_bad_attribute_is_pointed_at(attributes: dict[str, Any], pointer: str) -> None:
    klaviyo = Klaviyo()
    before = klaviyo.names()
    status, answer = klaviyo.create(**attributes)
    assert (status, answer["errors"][0]["source"]["pointer"]) == (400, pointer)
    assert klaviyo.names() == before


def test_an_empty_audience_is_a_switch() -> None:
    klaviyo = Klaviyo()
    klaviyo.server.human("switch", {"name": "empty_audience_allowed", "value": True})
    assert klaviyo.create(audiences={"included": []})[0] == 201


def test_a_patch_changes_what_it_names() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created(send_strategy=PLANNED)
    klaviyo.world.advance(60)
    status, answer = klaviyo.patch(id, name="New", audiences={"excluded": [klaviyo.other_list]}, send_strategy=None)
    assert status == 200
    got = answer["data"]["attributes"]
    assert (got["name"], got["send_strategy"]) == ("New", PLANNED)
    assert got["audiences"] == {"included": [klaviyo.list], "excluded": [klaviyo.other_list]}
    assert got["updated_at"] == "2026-10-05T09:01:00+00:00"
    assert klaviyo.patch(id, audiences={"excluded": [klaviyo.list]})[0] == 400


def test_a_patch_of_another_resource_is_a_conflict() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created()
    body = {"data": {"type": "campaign", "id": "other", "attributes": {}}}
    assert reason(klaviyo.ask("PATCH", f"/campaigns/{id}", body=body)) == (409, "conflict")
    assert reason(klaviyo.ask("PATCH", "/campaigns/none", body=body)) == (404, "not_found")


def test_the_subject_is_on_the_message_and_moves_the_campaign() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created(send_strategy=PLANNED)
    message = message_of(klaviyo, id)
    klaviyo.world.advance(60)
    assert reason(patch_message(klaviyo, message["id"], {"content": {"subject": "New"}})) == (400, "invalid")
    status, answer = patch_message(klaviyo, message["id"], {"channel": "email", "content": {"subject": "New"}})
    assert status == 200
    content = answer["data"]["attributes"]["definition"]["content"]
    assert (content["subject"], content["from_email"]) == ("New", "news@acme.example")
    assert klaviyo.attributes(id)["updated_at"] == "2026-10-05T09:01:00+00:00"
    assert klaviyo.ask("GET", f"/campaign-messages/{message['id']}")[1]["data"]["attributes"]["send_times"] == [
        {"datetime": "2026-11-27T13:00:00+00:00", "is_local": False}
    ]


def test_a_deleted_campaign_leaves_no_trace() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created()
    assert klaviyo.ask("DELETE", f"/campaigns/{id}") == (204, None)
    assert reason(klaviyo.ask("GET", f"/campaigns/{id}")) == (404, "not_found")


def test_fields_are_sparse_and_relations_included_on_demand() -> None:
    klaviyo = Klaviyo()
    query = {
        "include": "campaign-messages,tags",
        "fields[campaign]": "name,audiences.included",
        "fields[campaign-message]": "definition.content.subject",
        "fields[tag]": "name",
    }
    _, answer = klaviyo.list_campaigns(**query)
    row = answer["data"][0]
    assert set(row["attributes"]) == {"name", "audiences"}
    assert set(row["attributes"]["audiences"]) == {"included"}
    message = next(r for r in answer["included"] if r["type"] == "campaign-message")
    assert list(message["attributes"]["definition"]["content"]) == ["subject"]
    plain = klaviyo.list_campaigns()[1]
    assert "included" not in plain
    assert "data" not in plain["data"][0]["relationships"]["campaign-messages"]
    assert klaviyo.list_campaigns(**{"fields[campaign]": "colour"})[0] == 400
    assert klaviyo.list_campaigns(include="lists")[0] == 400


def test_the_archive_is_a_partition_of_its_own() -> None:
    klaviyo = Klaviyo()
    id = klaviyo.created(name="Old")
    klaviyo.server.human("archive", {"campaign": "Old"})
    assert "Old" not in klaviyo.names("equals(archived,false)")
    assert klaviyo.names("equals(archived,true)") == ["Old"]
    assert "Old" not in klaviyo.names()
    klaviyo.server.human("switch", {"name": "unfiltered_shows_archived", "value": True})
    assert "Old" in klaviyo.names()
    assert klaviyo.attributes(id)["archived"] is True


def test_pages_follow_by_whole_addresses_and_lose_nothing_that_moves() -> None:
    klaviyo = Klaviyo(campaigns=6)
    everything = set(klaviyo.names())
    status, page = klaviyo.list_campaigns(sort="updated_at", **{"page[size]": "2"})
    assert status == 200
    seen = [row["attributes"]["name"] for row in page["data"]]
    klaviyo.world.advance(60)
    klaviyo.server.human("edit", {"campaign": page["data"][0]["id"], "name": "Touched"})
    while page["links"]["next"]:
        _, _, query = page["links"]["next"].partition("?")
        status, page = klaviyo.ask("GET", "/campaigns", parse_qsl(query))
        assert status == 200
        assert len(page["data"]) <= 2
        seen += [row["attributes"]["name"] for row in page["data"]]
    assert set(seen) == everything | {"Touched"}


@pytest.mark.parametrize(
    "query",
    [{"page[size]": "0"}, {"page[size]": "101"}, {"sort": "colour"}, {"page[cursor]": "bm9uc2Vuc2U="}],
)
def test_a_bad_page_is_refused(query: dict[str, str]) -> None:
    assert reason(Klaviyo().list_campaigns(**query)) == (400, "invalid")


def test_an_unknown_path_is_not_found() -> None:
    assert reason(Klaviyo().ask("GET", "/nonsense")) == (404, "not_found")
