"""A description in Swagger 2.0 is read as if it were OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

from tests.contract.specification import Specification
from tests.contract.swagger import as_openapi

NAME = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
PROBLEM = {"type": "object", "properties": {"title": {"type": "string"}}}
DOCUMENT: dict[str, Any] = {
    "swagger": "2.0",
    "produces": ["application/json", "application/problem+json"],
    "paths": {
        "/folders": {
            "post": {
                "parameters": [
                    {"name": "count", "in": "query", "required": False, "type": "integer", "maximum": 10},
                    {"name": "body", "in": "body", "required": True, "schema": NAME},
                ],
                "responses": {"200": {"schema": NAME}, "204": {"schema": {}}, "default": {"schema": PROBLEM}},
            }
        }
    },
}


def test_bodies_answers_and_parameters_are_where_openapi_has_them() -> None:
    read = Specification("made", as_openapi(DOCUMENT), before="/3.0")
    operation = read.operation("POST", "/3.0/folders")
    assert operation
    (count,) = operation.parameters
    assert [one.message for one in read.complaints(count.schema, 11)] == ["11 is greater than the maximum of 10"]
    body = read.request_body(operation)
    assert body["required"]
    assert [one.place for one in read.complaints(body["content"]["application/json"]["schema"], {"nmae": "x"})]
    good, empty, bad = (read.answer(operation, status) for status in (200, 204, 429))
    assert good
    assert empty is not None
    assert bad
    assert (set(good["content"]), "content" in empty) == ({"application/json"}, False)
    assert "application/problem+json" in bad["content"]


def test_what_is_openapi_already_stays_as_it_is() -> None:
    document = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": {}}}
    assert as_openapi(document) == document
