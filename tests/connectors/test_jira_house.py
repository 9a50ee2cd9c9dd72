"""Jira Data Center: another version, pages by position, people by name, epics by key, rich text as wiki text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import ConfigError, Rejected, Stale
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Create, Member, Update, Written
from tests.connectors.jira_wire import (
    HOUSE,
    NO_ISSUE,
    House,
    epic_record,
    error_of,
    house_connector,
    issue,
    one,
    task,
    transitions,
)

MARKER = "cs-00000001"


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        yield made


def page(*issues: dict[str, Any], start: int = 0, total: int | None = None) -> dict[str, Any]:
    return {"startAt": start, "maxResults": 1000, "total": len(issues) if total is None else total, "issues": issues}


def story(native: str, epic: str | None, **fields: Any) -> dict[str, Any]:
    return task(native, customfield_10008=epic, **fields)


def natives(records: Iterator[Any]) -> list[str]:
    return [record.ref.native for record in records]


# What it is


def test_it_is_told_by_its_own_word_and_spoken_to_in_version_2(house: House) -> None:
    fields = {field.id: field for field in house_connector().schema()[Kind.CAMPAIGN]}
    assert fields["description"].type == fields["customfield_10036"].type == "wiki"
    assert fields["assignee"].type == "username"
    assert not fields["customfield_10031"].read_only, "the second page of createmeta is read as well"
    assert all("/rest/api/2/" in str(call.request.url) for call in house.calls)


def test_every_answer_has_to_be_for_the_user_whom_the_token_is_of(house: House) -> None:
    house.on("POST", "search", page(), headers={"X-AUSERNAME": "anonymous"})
    with pytest.raises(ConfigError, match="as if anonymous had asked, not sync"):
        list(house_connector().fetch())


def test_a_name_with_letters_of_other_alphabets_is_the_same_one(house: House) -> None:
    house.replace("GET", f"{house.api}/myself", json={"name": "jürgen ß"})
    house.on("POST", "search", page(), headers={"X-AUSERNAME": "j%C3%BCrgen+%C3%9F".replace("+", "%20")})
    house.replace("GET", f"{house.api}/project/CAM", json={"id": "10000", "key": "CAM"})
    assert list(house_connector().fetch()) == []


# Listings


def test_pages_go_on_by_what_came_and_overlap_by_one(house: House) -> None:
    house.on("POST", "search", page(issue("10451"), issue("10452"), total=3))
    house.on("POST", "search", page(issue("10452"), issue("10453"), start=1, total=3))
    house.on("POST", "search", page())
    assert natives(house_connector().fetch()) == ["10451", "10452", "10453"]
    first, second, third = house.sent("POST", "search")
    assert first["jql"] == "project = 10000 AND issuetype = 10001 ORDER BY created ASC, id ASC"
    assert (first["startAt"], second["startAt"], third["startAt"]) == (0, 1, 0)
    assert first.keys() == {"jql", "fields", "startAt", "maxResults"}


def test_an_issue_that_slips_to_the_page_before_is_not_missed(house: House) -> None:
    house.on("POST", "search", page(issue("10451"), issue("10452"), total=4))
    # Somebody deletes the first; the third now stands where the second stood.
    house.on("POST", "search", page(issue("10453"), issue("10454"), start=1, total=3))
    house.on("POST", "search", page(issue("10452"), issue("10453"), issue("10454"), total=3))
    house.on("POST", "search", page())
    assert natives(house_connector().fetch()) == ["10451", "10452", "10453", "10454"]
    assert [body["startAt"] for body in house.sent("POST", "search")] == [0, 1, 0, 0]


def test_what_changed_is_asked_for_in_the_same_words_as_on_cloud(house: House) -> None:
    house.on("POST", "search", page(issue("10451")))
    found = list(house_connector().changes("1790000000000 10000 10001 10002"))
    assert len(found) == 1
    assert house.sent("POST", "search")[0]["jql"] == (
        "project = 10000 AND issuetype in (10001, 10002) AND updated >= 1790000000000 ORDER BY updated ASC, id ASC"
    )


def test_a_census_asks_for_ids_alone(house: House) -> None:
    house.on("POST", "search", page({"id": "10451"}))
    house.on("POST", "search", page({"id": "10460"}))
    assert [ref.native for ref in house_connector().census()] == ["10451", "10460"]
    assert house.sent("POST", "search")[0]["fields"] == ["id"]


def test_issues_are_read_one_by_one_past_the_index_and_absent_after_a_404(house: House) -> None:
    here, gone = Ref("jira", Kind.CAMPAIGN, "10451"), Ref("jira", Kind.CAMPAIGN, "10452")
    house.on("GET", "issue/10451", issue(properties={"campaign-sync": {"entity": MARKER}}))
    house.on("GET", "issue/10452", NO_ISSUE, status=404)
    found = house_connector().read([here, gone])
    record = found[here]
    assert record is not None
    assert record.marker == MARKER
    assert record.url == f"{HOUSE}/browse/CAM-17"
    assert found[gone] is None
    assert len(house.sent("GET", "myself")) == 2, "an absence is told to somebody who is signed in"


# Epics


def test_a_stage_hangs_on_the_epic_whose_key_it_names(house: House) -> None:
    house.on("POST", "search", page(issue("10451")))
    house.on("POST", "search", page(story("10460", "CAM-17"), story("10461", None)))
    records = list(house_connector().fetch())
    assert [record.parent for record in records] == [None, "10451", None]
    assert "customfield_10008" in house.sent("POST", "search")[1]["fields"]
    assert not [call for call in house.calls if "/issue/CAM" in str(call.request.url)], "the listing told the key"


def test_an_epic_that_the_listing_did_not_tell_is_looked_up_once(house: House) -> None:
    house.on("POST", "search", page(story("10460", "OLD-9"), story("10461", "OLD-9"), story("10462", "HID-1")))
    house.on("GET", "issue/OLD-9", {"id": "10451", "key": "CAM-17"})  # it was moved; the old key still finds it
    house.on("GET", "issue/HID-1", NO_ISSUE, status=404)
    found = list(house_connector().changes("1790000000000 10000 10001 10002"))
    assert [one.parent for one in found if isinstance(one, Record)] == ["10451", "10451", "HID-1"]
    assert len(house.sent("GET", "issue/OLD-9")) == 1


def test_a_stage_is_created_under_its_epic_by_key_and_an_epic_with_the_name_it_needs(house: House) -> None:
    house.on("GET", "issue/10451", issue())
    house.on("POST", "issue/bulk", {"issues": [{"id": "10500"}, {"id": "10501"}], "errors": []}, status=201)
    house.on("GET", "issue/10500", issue("10500", labels=[MARKER]))
    house.on("GET", "issue/10501", story("10501", "CAM-17", labels=["cs-00000002"]))
    campaign = Create(MARKER, Kind.CAMPAIGN, {"summary": "Spring launch"})
    stage = Create("cs-00000002", Kind.STAGE, {"summary": "Design"}, parent="10451")
    made = house_connector().write([campaign, stage])
    assert [type(outcome) for outcome in made] == [Written, Written]
    first, second = house.sent("POST", "issue/bulk")[0]["issueUpdates"]
    assert first["fields"]["customfield_10009"] == "Spring launch"
    assert second["fields"]["customfield_10008"] == "CAM-17"
    assert "parent" not in second["fields"]
    assert "customfield_10009" not in second["fields"]


def test_a_stage_whose_epic_went_away_is_not_created_but_the_others_are(house: House) -> None:
    house.on("GET", "issue/10451", NO_ISSUE, status=404)
    house.on("POST", "issue/bulk", {"issues": [{"id": "10500"}], "errors": []}, status=201)
    house.on("GET", "issue/10500", issue("10500", labels=[MARKER]))
    stage = Create("cs-00000002", Kind.STAGE, {"summary": "Design"}, parent="10451")
    orphan, made = house_connector().write([stage, Create(MARKER, Kind.CAMPAIGN, {"summary": "Spring launch"})])
    assert isinstance(error_of(orphan), Stale)
    assert isinstance(made, Written)


def test_a_stage_moves_to_another_epic_by_its_key(house: House) -> None:
    house.on("GET", "issue/10452", issue("10452"))
    house.on("PUT", "issue/10460", None, status=204)
    house.on("GET", "issue/10460", story("10460", "CAM-18"))
    stage = Record(Ref("jira", Kind.STAGE, "10460"), {"summary": "Design"}, parent="10451", key="CAM-26")
    outcome = one(house_connector(), Update(stage, {}, parent="10452"))
    assert isinstance(outcome, Written)
    assert outcome.record is not None
    assert outcome.record.parent == "10452"
    assert house.sent("PUT", "issue/10460") == [{"fields": {"customfield_10008": "CAM-18"}}]


def test_a_sub_task_hangs_on_its_parent(house: House) -> None:
    under = task("10460", parent="10451", issuetype={"id": "10003", "name": "Sub-task"})
    house.on("POST", "search", page())
    house.on("POST", "search", page(under))
    (record,) = house_connector(stage_type="Sub-task").fetch()
    assert record.parent == "10451"
    assert record.locked is None


def test_without_an_epic_link_stages_have_to_be_sub_tasks(house: House) -> None:
    house.replace("GET", f"{house.api}/field", json=[])
    with pytest.raises(ConfigError, match="no field Epic Link"):
        house_connector().schema()
    house_connector(stage_type="Sub-task").schema()


# Everything else


def test_who_changed_a_field_is_told_by_the_fields_name_in_the_issues_own_changelog(house: House) -> None:
    def entry(day: int, field: str, who: str) -> dict[str, Any]:
        created = f"2026-10-{day:02}T07:00:00.000+0200"
        return {
            "id": str(day),
            "author": {"name": who, "displayName": who},
            "created": created,
            "items": [{"field": field}],
        }

    histories = [
        entry(1, "Program", "Ann"),
        entry(3, "Program", "Bo"),
        entry(2, "Program", "Cy"),
        entry(4, "summary", "Di"),
    ]
    house.on("GET", "issue/10451", {"id": "10451", "changelog": {"histories": histories, "total": 4}})
    made = house_connector()
    assert made.attribution(epic_record(), "customfield_10031") == Attribution(
        "Bo", datetime(2026, 10, 3, 5, tzinfo=UTC)
    )
    assert made.attribution(epic_record(), "summary") == Attribution("Di", datetime(2026, 10, 4, 5, tzinfo=UTC))


def test_a_change_of_ours_is_known_by_the_mark_that_it_was_sent_with(house: House) -> None:
    house.on("GET", "issue/10451/transitions", transitions("10106"))
    house.on("POST", "issue/10451/transitions", None, status=204)
    house.on("GET", "issue/10451", issue(status={"id": "10106", "name": "Sent"}))
    made = house_connector()
    one(made, Update(epic_record(), {"status": {"name": "Sent"}}))
    (sent,) = house.bodies("POST", "issue/10451/transitions")
    entry = {"id": "1", "created": "2026-10-04T07:00:00.000+0200", "items": [{"field": "status"}]}
    entry |= {"historyMetadata": sent["historyMetadata"]}
    changelog = {"histories": [entry], "total": 1}
    house.replace("GET", f"{house.api}/issue/10451", json={"id": "10451", "changelog": changelog})
    found = made.attribution(epic_record(), "status")
    assert found is not None
    assert found.ours


def test_a_status_is_reached_though_transitions_say_less_about_themselves(house: House) -> None:
    house.on("GET", "issue/10451/transitions", transitions("10106"))
    house.on("POST", "issue/10451/transitions", None, status=204)
    house.on("GET", "issue/10451", issue(status={"id": "10106", "name": "Sent"}))
    assert isinstance(one(house_connector(), Update(epic_record(), {"status": {"name": "Sent"}})), Written)


def test_everybody_is_listed_by_user_name_also_who_left(house: House) -> None:
    ann = {
        "name": "ann",
        "key": "JIRAUSER1",
        "displayName": "Ann Lee",
        "emailAddress": "ann@acme.example",
        "active": True,
    }
    house.on("GET", "user/search", [ann])
    house.on("GET", "user/search", [{"name": "bob", "displayName": "Bob", "active": False}])
    house.on("GET", "user/search", [])
    assert house_connector().members() == [
        Member("ann", "Ann Lee", "ann@acme.example"),
        Member("bob", "Bob", active=False),
    ]
    assert house.asked("user/search", "startAt") == ["0", "1", "2"]
    assert house.asked("user/search", "username") == ["."] * 3


def test_a_wait_without_end_is_cut(house: House) -> None:
    waits: list[float] = []
    house.on("PUT", "issue/10451", {}, status=429, headers={"Retry-After": "9223372036854775807"})
    error = error_of(one(house_connector(sleep=waits.append), Update(epic_record(), {"summary": "x"})))
    assert getattr(error, "retry_after", None) == 3600
    assert waits == [], "a later run is better than to wait for an hour"


def test_a_refused_edit_is_told_as_on_cloud(house: House) -> None:
    house.on(
        "PUT", "issue/10451", {"errorMessages": [], "errors": {"duedate": "Error parsing date string"}}, status=400
    )
    error = error_of(one(house_connector(), Update(epic_record(), {"duedate": "soon"})))
    assert isinstance(error, Rejected)
    assert "Due date: Error parsing date string" in str(error)
