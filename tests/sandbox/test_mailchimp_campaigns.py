"""The Mailchimp stand-in's campaigns: found, read, created, changed, removed (reference esp §2.1-§2.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sandbox.mailchimp_state import MailchimpState
from tests.sandbox.mailchimp_site import SENDER, Mailchimp, wrong


def test_it_shows_what_the_company_has_there() -> None:
    mailchimp = Mailchimp(campaigns=24)
    rows = {row["id"]: row for row in mailchimp.listed()}
    words = {"sent": "sent", "scheduled": "schedule"}
    for seed in mailchimp.company.campaigns:
        id = mailchimp.server.find(seed.code)
        shown = seed.copy("mailchimp")
        assert (id is None) is (shown is None)
        if id is None or shown is None:
            continue
        row = rows.pop(id)
        assert row["settings"]["title"] == shown["name"]
        assert row["settings"]["subject_line"] == shown["subject"]
        assert row["status"] == words.get(shown["status"], "save")
        when = shown["scheduled"]
        if when is None:
            assert row["send_time"] == ""
        else:
            at = datetime.fromisoformat(row["send_time"])
            assert at == datetime.fromisoformat(when["value"]).replace(tzinfo=UTC)
        assert row["settings"]["timewarp"] is (when is not None and when["type"] == "Recipient local")
    assert rows == {}


def test_nothing_tells_when_a_campaign_was_changed_last() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    before = mailchimp.read(id)
    mailchimp.world.advance(3600)
    mailchimp.human("edit", campaign=id, subject="Another")
    after = mailchimp.read(id)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"settings"}
    assert not [name for name in str(after).replace("'", " ").split() if "updat" in name or "modif" in name]


@pytest.mark.parametrize("status", ["canceled", "canceling", "archived", "draft", ""])
def test_some_statuses_cannot_be_asked_for(status: str) -> None:
    assert wrong(Mailchimp().ask("GET", "/campaigns", {"status": status})) == (400, "status")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"type": "sms"}, "type"), ({"sort_field": "title"}, "sort_field"), ({"sort_dir": "asc"}, "sort_dir"),
        ({"count": "1001"}, "count"), ({"count": "-1"}, "count"), ({"offset": "x"}, "offset"),
        ({"since_send_time": "soon"}, "since_send_time"),
    ],
)  # fmt: skip
def test_a_listing_refuses_what_it_does_not_know(query: dict[str, str], field: str) -> None:
    assert wrong(Mailchimp().ask("GET", "/campaigns", query)) == (400, field)


def test_an_archived_campaign_is_seen_by_an_unfiltered_listing_only() -> None:
    mailchimp = Mailchimp(campaigns=0)
    id = mailchimp.human("create", name="Old one")["id"]
    mailchimp.human("archive", campaign=id)
    assert [row["status"] for row in mailchimp.listed()] == ["archived"]
    assert [mailchimp.listed(status=word) for word in ("save", "sent")] == [[], []]
    mailchimp.switch("lists_archived", False)
    assert mailchimp.listed() == []
    mailchimp.human("unarchive", campaign=id)
    assert [row["status"] for row in mailchimp.listed(status="save")] == ["save"]


def test_a_listing_is_told_ten_at_a_time_and_newest_first() -> None:
    mailchimp = Mailchimp(campaigns=0)
    made = [mailchimp.human("create", name=str(n))["id"] for n in range(12)]
    status, page = mailchimp.ask("GET", "/campaigns")
    assert (status, page["total_items"]) == (200, 12)
    assert [row["id"] for row in page["campaigns"]] == made[:1:-1]
    assert [row["id"] for row in mailchimp.listed(sort_field="create_time", sort_dir="ASC")] == made


def test_a_listing_shifts_while_it_is_paged() -> None:
    mailchimp = Mailchimp(campaigns=0)
    made = [mailchimp.human("create", name=str(n))["id"] for n in range(4)]
    oldest_first = {"sort_field": "create_time", "sort_dir": "ASC", "count": 2}
    first = mailchimp.ask("GET", "/campaigns", oldest_first)[1]
    mailchimp.human("delete", campaign=made[0])
    second = mailchimp.ask("GET", "/campaigns", oldest_first | {"offset": 2})[1]
    seen = [row["id"] for page in (first, second) for row in page["campaigns"]]
    assert made[2] not in seen
    assert (first["total_items"], second["total_items"]) == (4, 3)


def test_filters_by_kind_list_folder_and_time() -> None:
    mailchimp = Mailchimp(campaigns=0)
    other = mailchimp.human("add", audience="Other")["made"]
    folder = mailchimp.ask("POST", "/campaign-folders", body={"name": "Synced"})[1]["id"]
    plain = mailchimp.human("create", name="Plain", type="plaintext", folder="Synced")["id"]
    mailchimp.world.advance(3600)
    late = mailchimp.human("create", name="Late", audience="Other")["id"]

    def found(**query: str) -> list[str]:
        return [row["id"] for row in mailchimp.listed(**query)]

    assert found(type="plaintext") == [plain] == found(folder_id=folder)
    assert found(list_id=other) == [late] == found(since_create_time="2026-10-05T09:30:00Z")
    assert found(before_create_time="2026-10-05T09:30:00Z") == [plain]
    assert found(since_send_time="2020-01-01T00:00:00Z") == [], "a draft has no send time"


def test_only_the_fields_that_are_asked_for() -> None:
    mailchimp = Mailchimp(campaigns=0)
    mailchimp.create()
    wanted = "total_items,campaigns.id,campaigns.settings.title"
    (row,) = mailchimp.listed(fields=wanted)
    assert set(row) == {"id", "settings"}
    assert row["settings"] == {"title": "Teaser"}
    (row,) = mailchimp.listed(exclude_fields="campaigns.settings.title,campaigns.id,_links")
    assert "id" not in row
    assert "title" not in row["settings"]
    assert row["settings"]["subject_line"] == SENDER["subject_line"]


def test_a_draft_needs_nothing_but_a_type() -> None:
    mailchimp = Mailchimp()
    status, made = mailchimp.ask("POST", "/campaigns", body={"type": "regular"})
    assert (status, made["status"], made["send_time"], made["settings"]["title"]) == (200, "save", "", "")
    assert wrong(mailchimp.ask("POST", "/campaigns", body={})) == (400, "type")
    body: dict[str, Any] = {"type": "regular", "recipients": {}}
    assert wrong(mailchimp.ask("POST", "/campaigns", body=body)) == (400, "recipients.list_id")
    body = {"type": "rss", "settings": {}}
    assert wrong(mailchimp.ask("POST", "/campaigns", body=body)) == (400, "rss_opts")
    body = {"type": "regular", "settings": {"folder_id": "nowhere"}}
    assert wrong(mailchimp.ask("POST", "/campaigns", body=body)) == (400, "settings.folder_id")


@pytest.mark.parametrize("missing", list(SENDER))
def test_no_change_without_the_three_required_settings(missing: str) -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    given = {name: value for name, value in SENDER.items() if name != missing}
    answer = mailchimp.ask("PATCH", f"/campaigns/{id}", body={"settings": {"title": "New", **given}})
    assert wrong(answer) == (400, f"settings.{missing}")
    assert mailchimp.read(id)["settings"]["title"] == "Teaser"
    assert wrong(mailchimp.ask("PATCH", f"/campaigns/{id}", body={})) == (400, "settings")


def test_a_change_leaves_the_other_settings() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create(preview_text="Look")
    body = {"settings": {**SENDER, "title": "New"}, "recipients": _segment(mailchimp)}
    status, shown = mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)
    assert (status, shown["settings"]["title"], shown["settings"]["preview_text"]) == (200, "New", "Look")
    recipients = shown["recipients"]
    assert recipients["segment_opts"]["saved_segment_id"] == mailchimp.segment
    assert recipients["recipient_count"] == 48210, "it counts the list"
    assert recipients["segment_text"].startswith("<p")
    body["recipients"] = {"list_id": mailchimp.list}
    assert "segment_opts" not in mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)[1]["recipients"]


def _segment(mailchimp: Mailchimp) -> dict[str, Any]:
    home = mailchimp.server.state.segments[mailchimp.segment].list_id
    return {"list_id": home, "segment_opts": {"saved_segment_id": mailchimp.segment, "match": "any"}}


def test_a_segment_must_be_one_of_the_list() -> None:
    mailchimp = Mailchimp()
    id, other = mailchimp.create(), list(mailchimp.server.state.lists)[1]
    body = {"settings": SENDER, "recipients": _segment(mailchimp) | {"list_id": other}}
    answer = mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)
    assert wrong(answer) == (400, "recipients.segment_opts.saved_segment_id")


def test_only_a_draft_can_be_changed() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.scheduled()
    body = {"settings": SENDER | {"title": "New"}}
    assert mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)[0] == 400
    assert mailchimp.ask("PUT", f"/campaigns/{id}/content", body={"html": "<p>No</p>"})[0] == 400
    mailchimp.switch("strict_edits", False)
    assert mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)[0] == 200


def test_a_deleted_campaign_leaves_no_trace_and_a_scheduled_one_stays() -> None:
    mailchimp = Mailchimp()
    id, kept = mailchimp.create(), mailchimp.scheduled()
    assert mailchimp.ask("DELETE", f"/campaigns/{id}") == (204, None)
    assert mailchimp.ask("GET", f"/campaigns/{id}")[0] == 404
    assert mailchimp.ask("DELETE", f"/campaigns/{kept}")[0] == 400
    assert mailchimp.read(kept)["status"] == "schedule"


def test_a_copy_has_the_title_of_the_first_and_what_was_in_it() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.scheduled()
    status, made = mailchimp.act(id, "replicate")
    assert (status, made["status"], made["send_time"]) == (200, "save", "")
    assert (made["settings"]["title"], made["parent_campaign_id"]) == ("Teaser (copy 01)", id)


def test_a_search_finds_whole_words() -> None:
    mailchimp = Mailchimp(campaigns=0)
    id = mailchimp.create(title="Teaser [cs-1a2b3c4d]")

    def found(query: str) -> list[str]:
        answer = mailchimp.ask("GET", "/search-campaigns", {"query": query})[1]
        return [row["campaign"]["id"] for row in answer["results"]]

    assert found("[cs-1a2b3c4d]") == [id]
    assert found("1a2b") == []
    mailchimp.switch("search_partial", True)
    assert found("1a2b") == [id]
    mailchimp.switch("search_lag_seconds", 60)
    assert found("1a2b") == []
    assert wrong(mailchimp.ask("GET", "/search-campaigns")) == (400, "query")


def test_comments_stand_beside_a_campaign() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.scheduled()
    mailchimp.human("comment", campaign=id, message="Wait for legal")
    said = mailchimp.ask("POST", f"/campaigns/{id}/feedback", body={"message": "task EM-142"})[1]
    assert (said["message"], said["source"], said["created_by"]) == ("task EM-142", "api", "Layla Haddad")
    page = mailchimp.ask("GET", f"/campaigns/{id}/feedback")[1]
    assert [one["source"] for one in page["feedback"]] == ["web", "api"]
    gone = mailchimp.ask("DELETE", f"/campaigns/{id}/feedback/{said['feedback_id']}")
    assert gone == (204, None)
    assert mailchimp.ask("DELETE", f"/campaigns/{id}/feedback/{said['feedback_id']}")[0] == 404


def test_its_state_survives_a_restart() -> None:
    mailchimp = Mailchimp(campaigns=6)
    mailchimp.scheduled(timewarp=True)
    mailchimp.switch("search_partial", True)
    dumped = mailchimp.server.dump()
    restored = MailchimpState.load(dumped)
    assert restored == mailchimp.server.state
    assert restored.dump() == dumped
