"""One exchange against a vendor's description: the request as it may be made, the answer as it may be given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from connectors.sandbox.exchanges import Exchange
from tests.contract.exceptions import Violation
from tests.contract.specification import Complaint, Operation, Parameter, Specification

LONGEST = 300
_CREDENTIALS = frozenset(("authorization",))
_ABSENT = object()


def request_violations(specification: Specification, operation: Operation, exchange: Exchange) -> list[Violation]:
    """What the vendor's description says against the request."""
    found = [
        *_query(specification, operation, exchange.query),
        *_segments(specification, operation, exchange.path),
        *_headers(specification, operation, exchange.headers),
        *_request_body(specification, operation, exchange),
    ]
    return [_violation(specification, str(operation), f"request {part}", one, exchange) for part, one in found]


def answer_violations(specification: Specification, operation: Operation, exchange: Exchange) -> list[Violation]:
    """What the vendor's description says against the answer."""
    found = [(f"answer {exchange.status}{part}", one) for part, one in _answer(specification, operation, exchange)]
    return [_violation(specification, str(operation), part, one, exchange) for part, one in found]


def unknown(specification: Specification, exchange: Exchange) -> Violation:
    """There is no such operation."""
    complaint = Complaint("", "the vendor describes no such operation")
    return _violation(specification, f"{exchange.method} {exchange.path}", "request path", complaint, exchange)


Found = Iterator[tuple[str, Complaint]]


def _query(specification: Specification, operation: Operation, query: str) -> Found:
    pairs = parse_qsl(query, keep_blank_values=True)
    if specification.query_faults is not None:
        for fault in specification.query_faults(operation.method, operation.template, pairs):
            name, _, value = fault.partition("=")
            yield "query", Complaint(f"/{name}", f"there is no such parameter, or not with the value {value!r}")
        return
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    described = {one.name: one for one in operation.parameters if one.place == "query"}
    for name, values in given.items():
        if name not in described:
            yield "query", Complaint(f"/{name}", "the vendor describes no such parameter")
        else:
            yield from _parameter(specification, described[name], values)
    yield from _missing(described, given)


def _segments(specification: Specification, operation: Operation, path: str) -> Found:
    given = specification.segments(operation, path)
    for one in operation.parameters:
        if one.place == "path" and one.name in given:
            yield from _parameter(specification, one, [given[one.name]])


def _headers(specification: Specification, operation: Operation, headers: Mapping[str, str]) -> Found:
    described = {one.name: one for one in operation.parameters if one.place == "header"}
    for name, one in described.items():
        if name in headers:
            yield from _parameter(specification, one, [headers[name]])
    yield from _missing({name: one for name, one in described.items() if name not in _CREDENTIALS}, headers)


def _missing(described: Mapping[str, Parameter], given: Mapping[str, Any]) -> Found:
    for name, one in described.items():
        if one.required and name not in given:
            yield one.place, Complaint(f"/{name}", "the vendor requires it")


def _parameter(specification: Specification, parameter: Parameter, values: list[str]) -> Found:
    """A list is given as a comma list, by repetition, or both; anything else once."""
    schema = parameter.schema
    if schema.get("type") == "array":
        items = schema.get("items", {})
        read: Any = [_read(items, item) for value in values for item in value.split(",")]
    elif len(values) > 1:
        yield parameter.place, Complaint(f"/{parameter.name}", "it is given more than once")
        return
    else:
        read = _read(schema, values[0])
    for complaint in specification.complaints(schema, read):
        yield parameter.place, Complaint(f"/{parameter.name}{complaint.place}", complaint.message)


def _read(schema: Mapping[str, Any], text: str) -> Any:
    """The text of a parameter as the type that it should have, as far as it can be read so."""
    kind = schema.get("type")
    try:
        if kind in ("integer", "number"):
            return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _request_body(specification: Specification, operation: Operation, exchange: Exchange) -> Found:
    body = specification.request_body(operation)
    if not exchange.body:
        if body.get("required"):
            yield "body", Complaint("", "the vendor requires a body")
        return
    if not body:
        yield "body", Complaint("", "the vendor describes no body")
        return
    yield from (
        (f"body{part}", one) for part, one in _content(specification, body["content"], exchange.headers, exchange.body)
    )


def _answer(specification: Specification, operation: Operation, exchange: Exchange) -> Found:
    described = specification.answer(operation, exchange.status)
    if described is None:
        yield "", Complaint("", "the vendor describes no such status")
        return
    # 204 has no body by its meaning, though Jira's description gives it a type.
    content = described.get("content") if exchange.status != 204 else None
    if exchange.answer and not content:
        # What a refusal says is seldom described; reference jira §3 has what is said.
        if exchange.status < 400:
            yield " body", Complaint("", "the vendor describes no body")
    elif content and not exchange.answer:
        yield " body", Complaint("", "the vendor describes a body")
    elif content:
        yield from (
            (f" body{part}", one)
            for part, one in _content(specification, content, exchange.answer_headers, exchange.answer)
        )


def _content(specification: Specification, content: Mapping[str, Any], headers: Mapping[str, str], text: str) -> Found:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    described = content.get(kind) or content.get("*/*")
    if described is None:
        yield " type", Complaint("", f"{kind!r} is none of {', '.join(content)}")
        return
    read = _json(text)
    if read is _ABSENT:
        yield "", Complaint("", "it is not JSON")
        return
    yield from (("", complaint) for complaint in specification.complaints(described.get("schema", {}), read))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _ABSENT


def _violation(
    specification: Specification, operation: str, part: str, complaint: Complaint, exchange: Exchange
) -> Violation:
    query = f"?{exchange.query}" if exchange.query else ""
    body = exchange.answer if part.startswith("answer") else exchange.body
    shown = f"{exchange.method} {exchange.path}{query} -> {exchange.status}"
    shown += f": {body[:LONGEST]}{' …' if len(body) > LONGEST else ''}" if body else ""
    message = complaint.message
    short = message if len(message) <= LONGEST else f"{message[: LONGEST // 2]} … {message[-LONGEST // 2 :]}"
    place = f"{part} {complaint.place}".strip()
    return Violation(specification.name, operation, place, short, unquote_plus(exchange.query), shown)
