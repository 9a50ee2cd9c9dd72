"""Who may do what at Airtable, how often, and what the schema and the comments show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of

DENIED = (403, "INVALID_PERMISSIONS")
NOT_FOUND = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
RATE, QUOTA = (429, "RATE_LIMIT_REACHED"), (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")
DAY = 86_400


@pytest.fixture
def desk() -> Desk:
    return Desk()


def meta(desk: Desk, more: str = "") -> str:
    return f"/v0/meta/bases/{desk.server.base.id}/tables{more}"


def token(desk: Desk, *scopes: str, bases: Any = None) -> None:
    """From now on the desk asks with a token of these scopes."""
    order = {"purpose": "test", "scopes": list(scopes), "bases": bases}
    desk.token = desk.server.human("token", order)["token"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "Campaigns", "data.records:read"),
        ("POST", "Campaigns", "data.records:write"),
        ("GET", "Campaigns/{}/comments", "data.recordComments:read"),
        ("POST", "Campaigns/{}/comments", "data.recordComments:write"),
        ("GET", "/v0/meta/bases", "schema.bases:read"),
        ("GET", "/v0/meta/bases/<>/tables", "schema.bases:read"),
        ("PATCH", "/v0/meta/bases/<>/tables/Campaigns", "schema.bases:write"),
        ("GET", "/v0/bases/<>/webhooks", "webhook:manage"),
    ],
)
def test_each_call_needs_its_own_scope(desk: Desk, method: str, path: str, scope: str) -> None:
    whole = path.replace("<>", desk.server.base.id).format(desk.listed()[0]["id"])
    body = {"GET": None, "POST": {"fields": {}, "text": "x"}, "PATCH": {"name": "Plan"}}[method]
    others = set(desk.ask("GET", "/v0/meta/whoami")[1]["scopes"]) - {scope}

    token(desk, scope)
    assert desk.ask(method, whole, body=body)[0] == 200
    token(desk, *others)
    assert kind_of(desk.ask(method, whole, body=body)) == DENIED


def test_a_token_tells_its_scopes_and_the_address_only_if_it_may(desk: Desk) -> None:
    token(desk, "data.records:read")

    assert desk.ask("GET", "/v0/meta/whoami") == (200, {"id": desk.server.user, "scopes": ["data.records:read"]})


def test_a_base_that_a_token_was_not_given_is_403_and_not_listed(desk: Desk) -> None:
    other = desk.server.human("base", {"name": "Finance"})["base"]
    token(desk, "data.records:read", "schema.bases:read", bases=[other])

    assert kind_of(desk.ask("GET", "Campaigns")) == NOT_FOUND
    assert kind_of(desk.ask("GET", meta(desk))) == NOT_FOUND
    assert [base["id"] for base in desk.ask("GET", "/v0/meta/bases")[1]["bases"]] == [other]
    assert desk.ask("GET", f"/v0/meta/bases/{other}/tables") == (200, {"tables": []})
    assert kind_of(desk.ask("GET", "/v0/appAAAAAAAAAAAAAA/Campaigns")) == (404, "NOT_FOUND")


def test_a_revoked_token_is_401(desk: Desk) -> None:
    token(desk, "data.records:read")
    desk.server.human("revoke", {"purpose": "test"})

    assert desk.ask("GET", "Campaigns")[0] == 401


@pytest.mark.parametrize(
    ("level", "may"), [("read", "GET"), ("comment", "GET comment"), ("edit", "GET comment POST"),
                       ("create", "GET comment POST PATCH")]
)  # fmt: skip
def test_a_role_bounds_what_every_token_may(desk: Desk, level: str, may: str) -> None:
    record = desk.listed()[0]["id"]
    desk.server.human("role", {"level": level})
    answers = {
        "GET": desk.ask("GET", "Campaigns"),
        "comment": desk.ask("POST", f"Campaigns/{record}/comments", body={"text": "Please check"}),
        "POST": desk.ask("POST", "Campaigns", body={"fields": {"Name": "x"}}),
        "PATCH": desk.ask("PATCH", meta(desk, "/Campaigns"), body={"description": "Ours"}),
    }

    assert [name for name, (status, _) in answers.items() if status == 200] == may.split()
    assert desk.ask("GET", "/v0/meta/bases")[1]["bases"][0]["permissionLevel"] == level


def test_bases_come_page_by_page(desk: Desk) -> None:
    desk.server.human("rules", {"bases_per_page": 2})
    made = [desk.server.human("base", {"name": f"Base {n}"})["base"] for n in range(4)]
    ids: list[str] = []
    page: dict[str, Any] = {"offset": None}
    while "offset" in page:
        query = {"offset": page["offset"]} if page["offset"] else {}
        page = desk.ask("GET", "/v0/meta/bases", query)[1]
        assert len(page["bases"]) <= 2
        ids += [base["id"] for base in page["bases"]]

    assert ids == [desk.server.base.id, *made]


def test_the_schema_shows_visible_fields_if_asked_and_takes_names_and_descriptions(desk: Desk) -> None:
    desk.server.human("view", {"table": "Campaigns", "name": "Short", "hidden": ["Brief"], "sort": [["Name", False]]})
    brief = desk.server.base.table("Campaigns").column("Brief").id
    plain = desk.ask("GET", meta(desk))[1]["tables"][0]["views"]
    _, more = desk.ask("GET", meta(desk), {"include": "visibleFieldIds"})

    assert plain[1] == {"id": plain[1]["id"], "name": "Short", "type": "grid"}
    assert brief not in more["tables"][0]["views"][1]["visibleFieldIds"]
    assert (
        desk.ask("PATCH", meta(desk, f"/Campaigns/fields/{brief}"), body={"name": "Briefing"})[1]["name"] == "Briefing"
    )
    assert desk.ask("PATCH", meta(desk, "/Campaigns"), body={"name": "Plan", "description": "Ours"})[0] == 200
    table = desk.ask("GET", meta(desk))[1]["tables"][0]
    assert (table["name"], table["description"]) == ("Plan", "Ours")
    assert any(
        "Briefing" in row["fields"] for row in desk.listed("Plan", view="Short")
    )  # hidden, and shown all the same
    names = [row["fields"]["Name"] for row in desk.listed("Plan", view="Short")]
    assert names == sorted(names, key=str.casefold)
    for wrong in ({}, {"name": ""}, {"name": "Stages"}, {"type": "number"}, {"name": 3}):
        assert desk.ask("PATCH", meta(desk, "/Plan"), body=wrong)[0] == 422


def test_programs_add_fields_and_tables_but_no_computed_ones(desk: Desk) -> None:
    choices = {"choices": [{"name": "High"}, {"name": "Low"}]}
    new = {"name": "Priority", "type": "singleSelect", "options": choices}

    made = desk.ask("POST", meta(desk, "/Campaigns/fields"), body=new)[1]
    assert [choice["name"] for choice in made["options"]["choices"]] == ["High", "Low"]
    assert desk.create(Priority="High")["fields"]["Priority"] == "High"
    assert desk.ask("POST", meta(desk, "/Campaigns/fields"), body=new)[0] == 422
    computed = {"name": "Sum", "type": "formula", "options": {"formula": "1"}}
    assert desk.ask("POST", meta(desk, "/Campaigns/fields"), body=computed)[0] == 422
    table = {"name": "Ideas", "fields": [{"name": "Idea", "type": "singleLineText"}]}
    assert desk.ask("POST", meta(desk), body=table)[0] == 200
    assert desk.create("Ideas", Idea="A video")["fields"] == {"Idea": "A video"}


def test_a_user_has_fifty_requests_a_second_over_all_tokens() -> None:
    desk = Desk(rate_limits=True)
    full, other = desk.token, desk.server.credentials()["read_only_token"]
    answers = []
    for n in range(51):
        desk.token = (full, other)[n % 2]
        answers.append(desk.ask("GET", "/v0/meta/whoami"))

    assert [status for status, _ in answers] == [200] * 50 + [429]
    desk.world.advance(30)
    assert desk.ask("GET", "/v0/meta/whoami")[0] == 200


def test_webhook_and_comment_calls_count_to_the_bases_five() -> None:
    desk = Desk(rate_limits=True)
    path = f"/v0/bases/{desk.server.base.id}/webhooks"
    record = next(iter(desk.server.base.table("Campaigns").rows))

    mixed = [path, f"Campaigns/{record}/comments", meta(desk), "Campaigns", path]
    assert [desk.ask("GET", one)[0] for one in mixed] == [200] * 5
    assert kind_of(desk.ask("GET", "Campaigns")) == RATE


def test_the_free_plan_has_one_grace_and_then_no_data_until_the_month_turns(desk: Desk) -> None:
    desk.server.human("plan", {"plan": "free", "used": 999})
    assert desk.ask("GET", "Campaigns")[0] == 200  # the thousandth
    assert desk.ask("GET", "Campaigns")[0] == 200  # the grace begins
    desk.world.advance(30 * DAY)  # and is over: November the fourth
    assert desk.ask("GET", "Campaigns")[0] == 200  # a new month counts from nothing
    desk.server.human("plan", {"plan": "free", "used": 1_000})

    assert kind_of(desk.ask("GET", "Campaigns")) == QUOTA
    assert kind_of(desk.ask("POST", "Campaigns", body={"fields": {}})) == QUOTA
    assert desk.ask("GET", "/v0/meta/whoami")[0] == desk.ask("GET", meta(desk))[0] == 200
    desk.world.advance(60)
    assert kind_of(desk.ask("GET", "Campaigns")) == QUOTA
    desk.world.advance(27 * DAY)  # December the first
    assert desk.ask("GET", "Campaigns")[0] == 200


def test_a_team_that_used_up_its_month_is_slowed_to_two_a_second(desk: Desk) -> None:
    desk.server.human("plan", {"plan": "team", "used": 100_000})
    desk.ask("GET", "Campaigns")
    desk.world.advance(1)

    assert [desk.ask("GET", "Campaigns")[0] for _ in range(3)] == [200, 200, 429]


def test_comments_are_shown_newest_first_and_are_ones_own_to_change(desk: Desk) -> None:
    record = desk.create(Name="Spring")["id"]
    path = f"Campaigns/{record}/comments"
    ann = next(id for id, person in desk.server.base.people.items() if person["email"] == "ann@acme.example")
    first = desk.ask("POST", path, body={"text": f"@[{ann}] please check"})[1]
    assert first["mentioned"][ann]["displayName"] == "Ann Lee"
    desk.world.advance(60)
    order = {"as": "ann@acme.example", "table": "Campaigns", "record": record, "text": "Done"}
    theirs = desk.server.human("comment", order)
    assert first["author"]["id"] == desk.server.user != theirs["author"]["id"]

    _, page = desk.ask("GET", path, {"pageSize": 1})
    assert [comment["id"] for comment in page["comments"]] == [theirs["id"]]
    _, rest = desk.ask("GET", path, {"pageSize": 1, "offset": page["offset"]})
    assert ([comment["id"] for comment in rest["comments"]], "offset" in rest) == ([first["id"]], False)
    edited = desk.ask("PATCH", f"{path}/{first['id']}", body={"text": "Never mind"})[1]
    assert (edited["text"], edited["lastUpdatedTime"]) == ("Never mind", "2026-10-05T09:01:00.000Z")
    assert kind_of(desk.ask("DELETE", f"{path}/{theirs['id']}")) == DENIED
    assert desk.get(record)["Last modified"] == "2026-10-05T09:00:00.000Z"
    (row,) = desk.listed(filterByFormula="{Name} = 'Spring'", **{"recordMetadata[]": "commentCount"})
    assert row["commentCount"] == 2
    assert desk.ask("DELETE", f"{path}/{first['id']}")[1] == {"id": first["id"], "deleted": True}
    for wrong in ({}, {"text": ""}, {"text": 3}):
        assert desk.ask("POST", path, body=wrong)[0] == 422
