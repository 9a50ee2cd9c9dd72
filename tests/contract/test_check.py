"""The contract check itself: each way to break a description is seen, named and told; nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

import pytest

from connectors.sandbox.exchanges import Exchange
from tests.contract.catalogue import FOLDER, SOURCES, at_hand
from tests.contract.exceptions import Exempt, Repair, exceptions, repairs
from tests.contract.ledger import Ledger, on_site, specification_of
from tests.contract.specification import Specification

JSON = {"content-type": "application/json"}
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "size": {"type": "integer", "nullable": True},
        "made": {"type": "string", "format": "date-time"},
        "shape": {"oneOf": [{"$ref": "#/components/schemas/Round"}, {"$ref": "#/components/schemas/Square"}]},
        "fields": {"type": "object"},
        "owner": {"allOf": [{"$ref": "#/components/schemas/Person"}, {"properties": {"since": {"type": "string"}}}]},
    },
}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/api/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "put": {
                "parameters": [
                    {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                    {"name": "page[size]", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                    {"name": "dry", "in": "query", "required": True, "schema": {"type": "boolean"}},
                    {"name": "revision", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "204": {"content": {"application/json": {"schema": {}}}},
                    "4XX": {},
                },
            },
        },
        "/api/things/mine": {"get": {"responses": {"200": {}}}},
    },
    "components": {
        "schemas": {
            "Thing": THING,
            "Person": {"type": "object", "properties": {"name": {"type": "string"}}},
            "Round": {"type": "object", "required": ["radius"], "properties": {"radius": {"type": "number"}}},
            "Square": {"type": "object", "required": ["side"], "properties": {"side": {"type": "number"}}},
        }
    },
}
GOOD = Exchange(
    tool="klaviyo",
    method="PUT",
    path="/api/things/7",
    query="fields=a,b&fields=a&page%5Bsize%5D=100&dry=true",
    headers={**JSON, "revision": "2026"},
    body='{"name": "x", "size": null, "fields": {"free": 1}, "owner": {"name": "A", "since": "B"}}',
    status=200,
    answer_headers={"content-type": "application/json; charset=utf-8"},
    answer='{"name": "x", "made": "2026-10-08T07:08:33.123+0000", "shape": {"side": 1}}',
)


def made() -> Specification:
    return Specification("klaviyo", json.loads(json.dumps(DOCUMENT)))


def complaints(exchange: Exchange, *excepted: Exempt, requests: bool = True) -> list[tuple[str, str]]:
    """What is said against an exchange: where, and what."""
    ledger = Ledger({"klaviyo": made()}, excepted)
    ledger.requests = requests
    ledger.hear(exchange)
    return [(violation.place, violation.message) for violation in ledger.drain()]


def test_a_good_exchange_is_as_described() -> None:
    assert complaints(GOOD) == []
    assert complaints(replace(GOOD, status=204, answer="", answer_headers={})) == []
    assert complaints(replace(GOOD, status=404, answer="gone", answer_headers={})) == []


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"method": "DELETE"}, "request path", "no such operation"),
        ({"path": "/api/thing/7"}, "request path", "no such operation"),
        ({"path": "/api/things/seven"}, "request path /id", "integer"),
        ({"query": "dry=true&max=5"}, "request query /max", "no such parameter"),
        ({"query": "dry=true&page%5Bsize%5D=many"}, "request query /page[size]", "integer"),
        ({"query": "dry=true&page%5Bsize%5D=101"}, "request query /page[size]", "100"),
        ({"query": "dry=true&fields=a,c"}, "request query /fields/1", "c"),
        ({"query": "dry=true&dry=true"}, "request query /dry", "more than once"),
        ({"query": ""}, "request query /dry", "requires it"),
        ({"headers": JSON}, "request header /revision", "requires it"),
        ({"headers": {"content-type": "text/plain", "revision": "2026"}}, "request body type", "text/plain"),
        ({"body": ""}, "request body", "requires a body"),
        ({"body": "{"}, "request body", "not JSON"),
        ({"body": '{"name": 1}'}, "request body /name", "string"),
        ({"body": '{"name": null}'}, "request body /name", "string"),
        ({"body": '{"size": 1}'}, "request body", "name"),
        ({"body": '{"name": "x", "nome": "x"}'}, "request body /nome", "no such member"),
        ({"body": '{"name": "x", "owner": {"nome": 1}}'}, "request body /owner/nome", "no such member"),
        ({"status": 201}, "answer 201", "no such status"),
        ({"status": 204}, "answer 204 body", "no body"),
        ({"answer": ""}, "answer 200 body", "describes a body"),
        ({"answer_headers": {}}, "answer 200 body type", "application/json"),
        ({"answer": '{"name": "x", "nome": 1}'}, "answer 200 body /nome", "no such member"),
        ({"answer": '{"name": "x", "made": "yesterday"}'}, "answer 200 body /made", "date-time"),
        ({"answer": '{"name": "x", "shape": {"side": "long"}}'}, "answer 200 body /shape/side", "number"),
    ],
)
def test_what_is_not_as_described_is_named(change: dict[str, Any], place: str, message: str) -> None:
    found = complaints(replace(GOOD, **change))
    assert [where for where, _ in found] == [place]
    assert message in found[0][1]


def test_the_template_with_the_fewest_parameters_is_the_operation() -> None:
    assert complaints(Exchange("klaviyo", "GET", "/api/things/mine/", "", {}, "", 200, {}, "")) == []


def test_a_body_that_nobody_describes_is_told() -> None:
    exchange = Exchange("klaviyo", "GET", "/api/things/mine", "", JSON, "{}", 200, JSON, "{}")
    assert [place for place, _ in complaints(exchange)] == ["request body", "answer 200 body"]


def test_of_a_stand_ins_own_tests_the_answers_alone_are_judged() -> None:
    wrong = replace(GOOD, body="{}", answer='{"name": 1}')
    assert [place for place, _ in complaints(wrong, requests=False)] == ["answer 200 body /name"]
    lost = replace(GOOD, path="/api/nowhere", status=404)
    assert complaints(lost, requests=False) == []
    assert [place for place, _ in complaints(replace(lost, status=200), requests=False)] == ["request path"]


def test_an_exception_covers_what_it_names_and_no_more() -> None:
    exempt = Exempt("klaviyo", "PUT *", "answer 200 body /na*", "1 is not*", "*page[size]*", "why", "whence")
    wrong = replace(GOOD, answer='{"name": 1, "size": "big"}')
    ledger = Ledger({"klaviyo": made()}, [exempt])
    ledger.hear(wrong)
    assert [violation.place for violation in ledger.drain()] == ["answer 200 body /size"]
    assert ledger.account.exempt == {str(exempt): 1}


def test_what_was_told_in_one_test_is_told_in_the_next_as_well() -> None:
    ledger = Ledger({"klaviyo": made()}, [])
    for _ in range(2):
        ledger.hear(replace(GOOD, answer="[]"))
        (violation,) = ledger.drain()
        assert "klaviyo: PUT /api/things/{id}" in str(violation)
        assert "PUT /api/things/7?fields=a" in str(violation)
        assert "[]" in str(violation)
    assert ledger.account.exchanges == {"klaviyo": 2}


def test_what_nobody_describes_is_left_alone() -> None:
    ledger = Ledger({"klaviyo": made()}, [])
    ledger.hear(replace(GOOD, path="/oauth/token", answer="?"))
    assert (ledger.drain(), ledger.account.exchanges) == ([], {})


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"path": "/rest/api/3/myself"}, "jira-cloud"),
        ({"path": "/ex/jira/abc-123/rest/api/3/myself"}, "jira-cloud"),
        ({"path": "/rest/api/2/myself", "answer_headers": {"x-ausername": "sync"}}, "jira-dc"),
        ({"path": "/rest/api/latest/myself", "status": 0}, "jira-dc"),
        ({"path": "/rest/api/2/myself"}, ""),
        ({"path": "/rest/api/3/myself", "status": 404, "answer": '{"status-code": 404}'}, "jira-dc"),
        ({"tool": "airtable", "path": "/v0/appB/tblC"}, "airtable"),
        ({"tool": "klaviyo", "path": "/api/campaigns"}, "klaviyo"),
        ({"tool": "klaviyo", "path": "/api/tags", "headers": {"revision": "2026-10-15"}}, "klaviyo-2026-10-15"),
        ({"tool": "klaviyo", "path": "/api/lists/L1", "headers": {"revision": "2026-10-15"}}, "klaviyo"),
        ({"tool": "mailchimp", "path": "/3.0/"}, "mailchimp"),
        ({"tool": "mailchimp", "path": "/oauth2/metadata"}, ""),
        ({"tool": "brevo", "path": "/v3/emailCampaigns"}, "brevo"),
        ({"tool": "brevo", "path": "/v3/ecommerce/attribution/metrics"}, "brevo-2024"),
    ],
)
def test_the_vendor_is_known_by_the_exchange(change: dict[str, Any], name: str) -> None:
    given = replace(GOOD, **{"tool": "jira", **change})
    assert specification_of(on_site(given)) == name


def test_every_exception_says_why_and_whence() -> None:
    every: list[Exempt | Repair] = [*exceptions(), *repairs()]
    for one in every:
        assert any(fnmatch(name, one.specification) for name in (*SOURCES, "airtable")), one
        assert len(one.reason) > 20, one
        assert len(one.source) > 5, one
    told = [str(one) for one in every]
    assert len(set(told)) == len(told)


def test_every_repair_finds_what_it_repairs() -> None:
    if not FOLDER.exists():
        pytest.skip(f"the vendors' descriptions are not in {FOLDER}: what goes over the wire is not held against them")
    for name in SOURCES:
        description = at_hand(name)
        assert description is not None
        assert description.operations > 50
