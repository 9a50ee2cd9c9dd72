"""Airtable's listing: pages, order, chosen fields, and formulas that choose records."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.airtable_rates import RateLimiter
from tests.sandbox.desk import NOW, Desk, kind_of

GONE = (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


@pytest.fixture
def desk() -> Desk:
    return Desk(campaigns=12)


def names(desk: Desk, formula: str) -> set[str]:
    return {record["fields"].get("Name", "") for record in desk.listed(filterByFormula=formula)}


def test_pages_together_hold_every_record_once(desk: Desk) -> None:
    everything = {record["id"] for record in desk.listed("Stages")}

    for size in (1, 7, 100):
        ids = [record["id"] for record in desk.listed("Stages", pageSize=size)]
        assert len(ids) == len(set(ids))
        assert set(ids) == everything
    assert [record["id"] for record in desk.listed("Stages", maxRecords=5, pageSize=2)] == [
        record["id"] for record in desk.listed("Stages")
    ][:5]


@pytest.mark.parametrize("query", [{"pageSize": 101}, {"pageSize": 0}, {"pageSize": "x"}, {"maxRecords": -1}])
def test_a_page_size_beyond_the_limit_is_refused(desk: Desk, query: dict[str, Any]) -> None:
    assert kind_of(desk.ask("GET", "Stages", query)) == (422, "INVALID_REQUEST_UNKNOWN")


def test_a_cursor_expires_and_is_good_for_its_own_listing_only(desk: Desk) -> None:
    offset = desk.ask("GET", "Stages", {"pageSize": 5})[1]["offset"]

    assert desk.ask("GET", "Stages", {"pageSize": 5, "offset": offset})[0] == 200
    assert kind_of(desk.ask("GET", "Stages", {"offset": offset, "filterByFormula": "TRUE()"})) == GONE
    assert kind_of(desk.ask("GET", "Stages", {"offset": "itrAAAAAAAAAAAAAA/rec"})) == GONE
    desk.world.advance(301)
    assert kind_of(desk.ask("GET", "Stages", {"pageSize": 5, "offset": offset})) == GONE


def test_a_cursor_is_gone_when_its_record_is(desk: Desk) -> None:
    page = desk.ask("GET", "Stages", {"pageSize": 5})[1]
    desk.ask("DELETE", f"Stages/{page['records'][-1]['id']}")

    assert kind_of(desk.ask("GET", "Stages", {"pageSize": 5, "offset": page["offset"]})) == GONE


def test_the_order_is_by_no_column_unless_asked(desk: Desk) -> None:
    listed = [record["fields"]["Name"] for record in desk.listed()]
    ascending = [record["fields"]["Name"] for record in desk.listed(**{"sort[0][field]": "Name"})]

    assert listed != ascending == sorted(listed, key=str.casefold)
    by_date = desk.listed(**{"sort[0][field]": "Planned send", "sort[0][direction]": "desc"})
    times = [record["fields"]["Planned send"] for record in by_date]
    assert times == sorted(times, reverse=True)
    entered = [record["fields"]["Name"] for record in desk.listed(view="Grid view")]
    assert entered == [c.truth["name"] for c in desk.company.campaigns if c.airtable]


def test_a_choice_sorts_in_the_order_of_its_options_and_nothing_first(desk: Desk) -> None:
    desk.create(Name="No status")
    sort = {"sort[0][field]": "Status", "fields[]": "Status"}

    statuses = [record["fields"].get("Status") for record in desk.listed(**sort)]
    assert statuses[0] is None
    assert statuses[1] == "Planned"
    assert statuses[-1] == "Sent"


def test_a_post_lists_like_a_get(desk: Desk) -> None:
    body = {
        "fields": ["Name", "Status"],
        "sort": [{"field": "Name", "direction": "desc"}],
        "filterByFormula": "NOT({Status} = 'Sent')",
        "maxRecords": 3,
    }
    query = [
        ("fields[]", "Name"), ("fields[]", "Status"), ("sort[0][field]", "Name"), ("sort[0][direction]", "desc"),
        ("filterByFormula", "NOT({Status} = 'Sent')"), ("maxRecords", "3"),
    ]  # fmt: skip

    posted = desk.ask("POST", "Campaigns/listRecords", body=body)
    assert posted == desk.ask("GET", "Campaigns", query)
    assert len(posted[1]["records"]) == 3
    assert all(set(record["fields"]) == {"Name", "Status"} for record in posted[1]["records"])


def test_an_address_of_16000_characters_is_too_long_for_a_get(desk: Desk) -> None:
    formula = "OR(" + ",".join(f"{{Name}}='{n:08}'" for n in range(900)) + ")"

    assert kind_of(desk.ask("GET", "Campaigns", {"filterByFormula": formula})) == (422, "INVALID_REQUEST_UNKNOWN")
    assert desk.ask("POST", "Campaigns/listRecords", body={"filterByFormula": formula})[0] == 200


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"sort[0][field]": "Nothing"}, "UNKNOWN_FIELD_NAME"),
        ({"sort[0][field]": "Name", "sort[0][direction]": "up"}, "INVALID_REQUEST_UNKNOWN"),
        ({"fields[]": "Nothing"}, "UNKNOWN_FIELD_NAME"),
        ({"view": "Nothing"}, "VIEW_NAME_NOT_FOUND"),
    ],
)
def test_what_does_not_exist_is_named(desk: Desk, query: dict[str, str], error: str) -> None:
    assert kind_of(desk.ask("GET", "Campaigns", query)) == (422, error)


@pytest.mark.parametrize(
    ("formula", "kept"),
    [
        ("{Name} = 'Alpha'", {"Alpha"}),
        ('Name = "Alpha"', {"Alpha"}),
        ("{Name} != 'Alpha'", {"Beta's {one}"}),
        (r"{Name} = 'Beta\'s {one}'", {"Beta's {one}"}),
        ("AND({Program} = 'Event', {Delivered} >= 10)", {"Alpha"}),
        ("OR({Delivered} < 5, {Delivered} = 10)", {"Alpha", "Beta's {one}"}),
        ("NOT({Delivered})", {"Beta's {one}"}),
        ("{Delivered} + 2 * 3 = 16", {"Alpha"}),
        ("-{Delivered} / 5 = -2", {"Alpha"}),
        ("{Delivered} / 0", set()),
        ("{Tags} = 'brand, launch'", {"Alpha"}),
        ("FIND('launch', ARRAYJOIN({Tags}))", {"Alpha"}),
        ("SEARCH('BETA', {Name})", {"Beta's {one}"}),
        ("LOWER({Name}) & '!' = 'alpha!'", {"Alpha"}),
        ("REGEX_MATCH({Name}, '^B')", {"Beta's {one}"}),
        ("IF({Delivered} = BLANK(), 1, 0)", {"Beta's {one}"}),
        ("{Owner} = 'Ann Lee'", {"Alpha"}),
        ("LEN(TRIM(' ' & {Name})) = 5", {"Alpha"}),
        ("IS_AFTER({Planned send}, '2026-11-01T00:00:00.000Z')", {"Alpha"}),
        ("IS_BEFORE({Planned send}, DATETIME_PARSE('2026-11-03'))", {"Alpha"}),
        ("{Planned send} > DATETIME_PARSE('2026-11-02T08:00:00.000Z')", set()),
        ("IS_SAME({Planned send}, '2026-11-02', 'day')", {"Alpha"}),
        ("DATETIME_DIFF({Planned send}, NOW(), 'days') = 27", {"Alpha"}),
        ("IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('2026-10-05T08:59:59.999Z'))", {"Alpha", "Beta's {one}"}),
        ("IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('2026-10-05T09:00:00.000Z'))", set()),
        ("IS_AFTER(LAST_MODIFIED_TIME({Delivered}), DATETIME_PARSE('2026-10-05T08:00:00.000Z'))", {"Alpha"}),
        ("IS_SAME(CREATED_TIME(), NOW())", {"Alpha", "Beta's {one}"}),
        ("IS_AFTER({Last modified}, DATEADD(NOW(), -1, 'hours'))", {"Alpha", "Beta's {one}"}),
    ],
)
def test_a_formula_keeps_what_it_is_true_for(formula: str, kept: set[str]) -> None:
    desk = Desk(campaigns=0)
    desk.create(
        Name="Alpha", Program="Event", Delivered=10, Tags=["brand", "launch"], Owner={"email": "ann@acme.example"},
        **{"Planned send": "2026-11-02T08:00:00Z"},
    )  # fmt: skip
    desk.create(Name="Beta's {one}")

    assert names(desk, formula) == kept


def test_records_can_be_chosen_by_their_own_ids(desk: Desk) -> None:
    some = [record["id"] for record in desk.listed()][:3]
    formula = "OR(" + ",".join(f"RECORD_ID()='{id}'" for id in some) + ")"

    assert {record["id"] for record in desk.listed(filterByFormula=formula)} == set(some)


def test_links_read_as_the_primary_values_of_what_they_link_to(desk: Desk) -> None:
    campaign = desk.listed()[0]
    name = campaign["fields"]["Name"].replace("'", r"\'")

    found = desk.listed("Stages", filterByFormula=f"{{Campaign}} = '{name}'")
    assert {record["id"] for record in found} == set(campaign["fields"]["Stages"])


@pytest.mark.parametrize(
    "formula",
    ["(", "AND(", "NOT()", "{Name} =", "= 1", "NOSUCH({Name})", "'open", "1 2", "{Name", "FIND('a')", "%", ")"],
)
def test_a_formula_that_is_none_is_refused(desk: Desk, formula: str) -> None:
    answer = desk.ask("GET", "Campaigns", {"filterByFormula": formula})

    assert kind_of(answer) == (422, "INVALID_FILTER_BY_FORMULA")


def test_an_unknown_name_in_a_formula_is_told_in_lower_case(desk: Desk) -> None:
    _, body = desk.ask("GET", "Campaigns", {"filterByFormula": "AND({Zip}, {Name}, {City})"})

    assert body["error"]["message"] == "The formula for filtering records is invalid: Unknown field names: zip, city"


def test_the_sixth_request_of_a_second_locks_the_base_for_thirty() -> None:
    desk = Desk(rate_limits=True)

    assert [desk.ask("GET", "Campaigns")[0] for _ in range(6)] == [200] * 5 + [429]
    assert kind_of(desk.ask("GET", "Campaigns")) == (429, "RATE_LIMIT_REACHED")
    assert desk.ask("GET", "/v0/meta/whoami")[0] == 200
    desk.world.advance(29)
    assert desk.ask("GET", "Campaigns")[0] == 429
    desk.world.advance(1)
    assert desk.ask("GET", "Campaigns")[0] == 200


def test_five_requests_a_second_are_never_too_many() -> None:
    rates = RateLimiter()
    desk = Desk()
    for _ in range(100):
        assert not rates.refuses("base", 5, desk.world.now())
        desk.world.advance(0.2)
    assert desk.world.now() > NOW
