"""The stand-in's answers, and requests as they are made to it, against our own schemas of Airtable's API."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from tests.contract import airtable_schemas as schemas
from tests.sandbox.desk import Answer, Desk


class Inspected(Desk):
    """A desk that looks at every request and answer. `met` are the operations, `wrong` what does not fit."""

    def __init__(self) -> None:
        super().__init__(campaigns=2)
        self.met: set[tuple[str, str]] = set()
        self.wrong: list[str] = []

    def ask(self, method: str, path: str, query: Any = (), body: Any = None) -> Answer:
        status, answer = super().ask(method, path, query, body)
        whole = path if path.startswith("/v") else f"/v0/{self.server.base.id}/{path}"
        template = schemas.template_of(method, whole)
        if template is None:
            self.wrong.append(f"{method} {whole} is no operation")
            return status, answer
        self.met.add((method, template))
        pairs = list(query.items() if isinstance(query, dict) else query)
        if status < 400:
            self._fits(f"{method} {template}: request", schemas.request_schema(method, template), body)
            faults = schemas.query_faults(method, template, [(name, str(value)) for name, value in pairs])
            self.wrong += [f"{method} {template}: {fault}" for fault in faults]
        self._fits(f"{method} {template}: {status}", schemas.answer_schema(method, template, status), answer)
        return status, answer

    def _fits(self, what: str, schema: Any, instance: Any) -> None:
        if schema is None:
            self.wrong += [f"{what} has a body"] if instance is not None else []
            return
        self.wrong += [f"{what}: {error.message}" for error in Draft202012Validator(schema).iter_errors(instance)]


def test_all_schemas_are_schemas() -> None:
    for sent, answered in schemas.OPERATIONS.values():
        meta.validate(answered)
        meta.validate(sent or {})
    meta.validate(schemas.REFUSAL)


def test_every_operation_fits_its_schema() -> None:
    desk = Inspected()
    _records(desk)
    _meta(desk)
    _webhooks(desk)
    _refusals(desk)

    assert desk.wrong == []
    assert desk.met == set(schemas.OPERATIONS)


def _records(desk: Inspected) -> None:
    record = desk.create(Name="Spring", Delivered=0, Tags=["brand"], Owner={"email": "ann@acme.example"})["id"]
    two = [{"fields": {"Name": name}} for name in ("One", "Two")]
    made = desk.ask("POST", "Campaigns", body={"records": two, "typecast": False, "returnFieldsByFieldId": True})[1]
    upsert = {"performUpsert": {"fieldsToMergeOn": ["Name"]}, "records": two[:1]}
    desk.ask("PATCH", "Campaigns", body=upsert)
    desk.ask("PUT", "Campaigns", body={"records": [{"id": record, "fields": {"Name": "Summer"}}]})
    for method in ("PATCH", "PUT"):
        desk.ask(method, f"Campaigns/{record}", body={"fields": {"Name": "Autumn"}})
    desk.ask("GET", f"Campaigns/{record}", {"returnFieldsByFieldId": "true"})
    query = [("pageSize", "2"), ("fields[]", "Name"), ("sort[0][field]", "Name"), ("sort[0][direction]", "desc")]
    desk.ask("GET", "Campaigns", [*query, ("recordMetadata[]", "commentCount"), ("filterByFormula", "TRUE()")])
    desk.ask("POST", "Campaigns/listRecords", body={"pageSize": 2, "fields": ["Name"], "sort": [{"field": "Name"}]})
    path = f"Campaigns/{record}/comments"
    said = desk.ask("POST", path, body={"text": f"@[{desk.server.user}] please check"})[1]["id"]
    desk.ask("POST", path, body={"text": "Done", "parentCommentId": said})
    desk.ask("GET", path, {"pageSize": "1"})
    desk.ask("PATCH", f"{path}/{said}", body={"text": "Never mind"})
    desk.ask("DELETE", f"{path}/{said}")
    desk.ask("DELETE", "Campaigns", [("records[]", row["id"]) for row in made["records"]])
    desk.ask("DELETE", f"Campaigns/{record}")


def _meta(desk: Inspected) -> None:
    path = f"/v0/meta/bases/{desk.server.base.id}/tables"
    desk.server.human(
        "add", {"table": "Stages", "field": "Big", "type": "formula", "options": {"formula": "{Effort}>3"}}
    )
    desk.ask("GET", "/v0/meta/whoami")
    desk.ask("GET", "/v0/meta/bases")
    desk.ask("GET", path, {"include": "visibleFieldIds"})
    field = {"name": "Idea", "type": "singleLineText"}
    table = desk.ask("POST", path, body={"name": "Ideas", "fields": [field]})[1]["id"]
    desk.ask("PATCH", f"{path}/{table}", body={"description": "What we might do"})
    new = desk.ask("POST", f"{path}/{table}/fields", body={"name": "Votes", "type": "number"})[1]["id"]
    desk.ask("PATCH", f"{path}/{table}/fields/{new}", body={"name": "Likes"})


def _webhooks(desk: Inspected) -> None:
    path = f"/v0/bases/{desk.server.base.id}/webhooks"
    filters = {"dataTypes": ["tableData", "tableFields", "tableMetadata"], "fromSources": ["client", "publicApi"]}
    includes = {"includePreviousCellValues": True, "includeCellValuesInFieldIds": "all",
                "includePreviousFieldDefinitions": True}  # fmt: skip
    body = {"specification": {"options": {"filters": filters, "includes": includes}}}
    hook = desk.ask("POST", path, body={"notificationUrl": "http://127.0.0.1:9/", **body})[1]["id"]
    record = desk.create(Name="Spring", Tags=["brand"])["id"]
    desk.create("Stages", Title="Design", Campaign=[record])
    desk.server.human("rename", {"table": "Campaigns", "field": "Tags", "name": "Labels"})
    desk.server.human("rename", {"table": "Campaigns", "name": "Plan"})
    desk.server.human("remove", {"table": "Plan", "field": "Region"})
    desk.server.human("remove", {"table": "Plan"})
    desk.server.human("restore", {"table": "Plan"})
    desk.ask("DELETE", f"Plan/{record}")
    desk.server.human("break", {"hook": hook})
    desk.server.human("deliver", {})
    assert len(desk.ask("GET", f"{path}/{hook}/payloads", {"cursor": "1", "limit": "50"})[1]["payloads"]) == 9
    desk.ask("GET", path)
    desk.ask("POST", f"{path}/{hook}/refresh")
    desk.ask("POST", f"{path}/{hook}/enableNotifications", body={"enable": False})
    desk.ask("DELETE", f"{path}/{hook}")


def _refusals(desk: Inspected) -> None:
    refused = [
        desk.ask("GET", "Nothing"),
        desk.ask("GET", "Plan/recAAAAAAAAAAAAAA"),
        desk.ask("POST", "Plan", body={"records": []}),
        desk.ask("POST", "Plan", body={"fields": {"Nothing": 1}}),
        desk.ask("GET", "Plan", {"filterByFormula": "("}),
    ]
    desk.server.human("plan", {"plan": "free", "used": 1_000, "grace": "2026-01-01T00:00:00Z"})
    refused.append(desk.ask("GET", "Plan"))
    assert [status for status, _ in refused] == [403, 404, 422, 422, 422, 429]
    desk.server.human("plan", {"plan": "business"})


@pytest.mark.parametrize(
    ("method", "template", "body"),
    [
        ("POST", schemas.ROWS, {"records": [{"fields": {}}] * 11}),
        ("POST", schemas.ROWS, {"records": [{"fields": {}, "id": "recAAAAAAAAAAAAAA"}]}),
        ("POST", schemas.ROWS, {"fields": {}, "records": [{"fields": {}}]}),
        ("PATCH", schemas.ROWS, {"records": [{"fields": {}}]}),
        ("PATCH", schemas.ROWS, {"records": [{"fields": {}}], "performUpsert": {"fieldsToMergeOn": []}}),
        ("PATCH", schemas.ROW, {"fields": {}, "typecsat": True}),
        ("POST", schemas.LIST_RECORDS, {"pageSize": 101}),
        ("POST", schemas.HOOKS, {"specification": {"options": {"filters": {"dataTypes": []}}}}),
    ],
)
def test_a_request_that_airtable_would_refuse_does_not_fit(method: str, template: str, body: Any) -> None:
    schema = schemas.request_schema(method, template)

    assert schema is not None
    assert not Draft202012Validator(schema).is_valid(body)


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        (schemas.ROW, {"id": "rec1", "createdTime": "2026-10-05T09:00:00.000Z", "fields": {}}),
        (schemas.ROW, {"id": "recAAAAAAAAAAAAAA", "createdTime": "2026-10-05T09:00:00Z", "fields": {}}),
        (schemas.ROW, {"id": "recAAAAAAAAAAAAAA", "createdTime": "2026-10-05T09:00:00.000Z", "fields": {"A": ""}}),
        (schemas.ROW, {"id": "recAAAAAAAAAAAAAA", "createdTime": "2026-10-05T09:00:00.000Z", "fields": {"A": False}}),
        (schemas.ROWS, {"records": [], "offest": "itr"}),
        (schemas.PAYLOADS, {"cursor": 1, "mightHaveMore": False, "payloads": [{"timestamp": "soon"}]}),
        (schemas.WHOAMI, {"scopes": []}),
    ],
)
def test_an_answer_that_airtable_would_not_give_does_not_fit(template: str, answer: Any) -> None:
    assert not Draft202012Validator(schemas.answer_schema("GET", template, 200)).is_valid(answer)


def test_paths_and_queries_are_known_or_not() -> None:
    assert schemas.template_of("GET", "/v0/meta/bases") == schemas.BASES
    assert schemas.template_of("POST", "/v0/appA/tblB/listRecords") == schemas.LIST_RECORDS
    assert schemas.template_of("GET", "/v0/appA/tblB/recC/files") is None
    good = [("sort[0][field]", "Name"), ("filterByFormula", "{Name} = 'a\nb'"), ("pageSize", "100")]
    assert schemas.query_faults("GET", schemas.ROWS, good) == []
    bad = [("pageSize", "101"), ("modifiedSince", "x"), ("sort[0][direction]", "up")]
    assert schemas.query_faults("GET", schemas.ROWS, bad) == [f"{name}={value}" for name, value in bad]
