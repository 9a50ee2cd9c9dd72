"""Our own description of Airtable's API in the form of the others: Airtable publishes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract import airtable_schemas as schemas
from tests.contract.specification import Specification

NAME = "airtable"


def described() -> Specification:
    """What `airtable_schemas` says, as a description."""
    paths: dict[str, dict[str, Any]] = {}
    for method, template in schemas.OPERATIONS:
        paths.setdefault(template, {})[method.lower()] = _operation(method, template)
    document = {"paths": paths, "components": {"schemas": {}}}
    return Specification(NAME, document, query_faults=schemas.query_faults)


def _operation(method: str, template: str) -> Mapping[str, Any]:
    sent = schemas.request_schema(method, template)
    answers = {"200": _content(schemas.answer_schema(method, template, 200))}
    answers |= {status: _content(schemas.answer_schema(method, template, 400)) for status in ("4XX", "5XX")}
    return {"responses": answers} | ({} if sent is None else {"requestBody": _content(sent) | {"required": True}})


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {} if schema == schemas.NOTHING else {"content": {"application/json": {"schema": schema}}}
