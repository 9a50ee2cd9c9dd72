"""What may be sent to Airtable and what it may answer, as JSON Schema: our own, for Airtable publishes none (§12)."""

# Long because a description of an API is one table. Written from reference/airtable.md: objects are closed wherever it
# lists their members; cells are open, for their shape depends on their field.
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

ROWS, ROW = "/v0/{base}/{table}", "/v0/{base}/{table}/{record}"
LIST_RECORDS = ROWS + "/listRecords"
COMMENTS, COMMENT = ROW + "/comments", ROW + "/comments/{comment}"
WHOAMI, BASES = "/v0/meta/whoami", "/v0/meta/bases"
TABLES = BASES + "/{base}/tables"
TABLE, FIELDS, FIELD = TABLES + "/{table}", TABLES + "/{table}/fields", TABLES + "/{table}/fields/{field}"
HOOKS = "/v0/bases/{base}/webhooks"
HOOK, PAYLOADS = HOOKS + "/{webhook}", HOOKS + "/{webhook}/payloads"
REFRESH, ENABLE = HOOK + "/refresh", HOOK + "/enableNotifications"


def _object(required: str = "", **members: Any) -> Schema:
    """A closed object; `required` names members, apart by spaces."""
    return {
        "type": "object", "properties": members, "required": required.split(), "additionalProperties": False
    }  # fmt: skip


def _list(of: Any, least: int = 0, most: int | None = None) -> Schema:
    return {"type": "array", "items": of, "minItems": least} | ({} if most is None else {"maxItems": most})


def _id(prefix: str) -> Schema:
    return {"type": "string", "pattern": f"^{prefix}[A-Za-z0-9]{{14}}$"}


def _by_id(prefix: str, of: Any) -> Schema:
    """An object whose keys are ids."""
    return {"type": "object", "patternProperties": {f"^{prefix}[A-Za-z0-9]{{14}}$": of}, "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
STAMP: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
ANY: Schema = {}

# Cells (§2.1, §3). What is empty is left out of an answer, and null clears a cell.
EMPTY: Schema = {"enum": [None, "", False, []]}
CELLS_SENT: Schema = {"type": "object", "propertyNames": {"minLength": 1}}
CELLS_SHOWN: Schema = CELLS_SENT | {"additionalProperties": {"not": EMPTY}}
RECORD = _object("id createdTime fields", id=_id("rec"), createdTime=STAMP, fields=CELLS_SHOWN, commentCount=COUNT)
DELETED = _object("id deleted", id=_id("rec"), deleted={"const": True})

# Requests (§2.3 to §2.6)
WRITES: Schema = {"typecast": FLAG, "returnFieldsByFieldId": FLAG}
CREATED = _object("fields", fields=CELLS_SENT)
UPDATED = _object("id fields", id=_id("rec"), fields=CELLS_SENT)
UPSERTED = _object("fields", id=_id("rec"), fields=CELLS_SENT)
MERGE = _object("fieldsToMergeOn", fieldsToMergeOn=_list(TEXT, 1, 3) | {"uniqueItems": True})
CREATE: Schema = {
    "oneOf": [
        _object("fields", fields=CELLS_SENT, **WRITES),
        _object("records", records=_list(CREATED, 1, 10), **WRITES),
    ]
}
UPDATE: Schema = {
    "oneOf": [
        _object("records", records=_list(UPDATED, 1, 10), **WRITES),
        _object("records performUpsert", records=_list(UPSERTED, 1, 10), performUpsert=MERGE, **WRITES),
    ]
}
SORT = _object("field", field=TEXT, direction={"enum": ["asc", "desc"]})
LIST = _object(
    pageSize={"type": "integer", "minimum": 1, "maximum": 100},
    maxRecords={"type": "integer", "minimum": 1},
    offset=TEXT,
    view=TEXT,
    sort=_list(SORT),
    filterByFormula=TEXT,
    fields=_list(TEXT),
    returnFieldsByFieldId=FLAG,
    cellFormat={"enum": ["json", "string"]},
    timeZone=TEXT,
    userLocale=TEXT,
    recordMetadata=_list({"const": "commentCount"}),
)

# Answers to reads and writes of records
RECORDS = _object("records", records=_list(RECORD), offset=TEXT)
CREATED_RECORDS: Schema = {"anyOf": [RECORD, _object("records", records=_list(RECORD, 1, 10))]}
UPDATED_RECORDS = _object(
    "records", records=_list(RECORD, 1, 10), createdRecords=_list(_id("rec")), updatedRecords=_list(_id("rec"))
)
DELETED_RECORDS = _object("records", records=_list(DELETED, 1, 10))

# Comments (§9)
PERSON = _object("id", id=_id("usr"), email=TEXT, name=TEXT)
MENTIONED = _object("type id", type={"enum": ["user", "userGroup"]}, id=TEXT, displayName=TEXT, name=TEXT, email=TEXT)
SAID = _object(
    "id author text createdTime",
    id=_id("com"),
    author=PERSON,
    text=TEXT,
    createdTime=STAMP,
    lastUpdatedTime=_or_null(STAMP),
    mentioned={"type": "object", "additionalProperties": MENTIONED},
    parentCommentId=_id("com"),
    reactions=_list(ANY),
    attachments=_list(ANY),
)
SAY = _object("text", text={"type": "string", "minLength": 1}, parentCommentId=_id("com"))

# The schema (§8). Options depend on the field's type.
SHOWN_FIELD = _object("id name type", id=_id("fld"), name=TEXT, type=TEXT, description=TEXT, options={"type": "object"})
SHOWN_VIEW = _object("id name type", id=_id("viw"), name=TEXT, type=TEXT, visibleFieldIds=_list(_id("fld")))
SHOWN_TABLE = _object(
    "id name primaryFieldId fields views",
    id=_id("tbl"),
    name=TEXT,
    primaryFieldId=_id("fld"),
    description=TEXT,
    fields=_list(SHOWN_FIELD, 1),
    views=_list(SHOWN_VIEW),
)
NEW_FIELD = _object("name type", name=TEXT, type=TEXT, description=TEXT, options={"type": "object"})
NEW_TABLE = _object("name fields", name=TEXT, description=TEXT, fields=_list(NEW_FIELD, 1))
NAMED = _object(name=TEXT, description=TEXT) | {"minProperties": 1}
LEVEL: Schema = {"enum": ["none", "read", "comment", "edit", "create"]}
SHOWN_BASE = _object("id name permissionLevel", id=_id("app"), name=TEXT, permissionLevel=LEVEL)

# Webhooks (§5)
FILTERS = _object(
    "dataTypes",
    dataTypes=_list({"enum": ["tableData", "tableFields", "tableMetadata"]}, 1),
    recordChangeScope={"type": "string", "pattern": "^(tbl|viw)[A-Za-z0-9]{14}$"},
    changeTypes=_list({"enum": ["add", "remove", "update"]}),
    fromSources=_list(TEXT),
    sourceOptions={"type": "object"},
    watchDataInFieldIds=_list(_id("fld")),
    watchSchemasOfFieldIds=_list(_id("fld")),
)
INCLUDES = _object(
    includePreviousCellValues=FLAG,
    includePreviousFieldDefinitions=FLAG,
    includeCellValuesInFieldIds={"anyOf": [{"const": "all"}, _list(_id("fld"))]},
)
SPECIFICATION = _object("options", options=_object("filters", filters=FILTERS, includes=INCLUDES))
NEW_HOOK = _object(
    "specification", notificationUrl=_or_null({"type": "string", "pattern": "^https?://"}), specification=SPECIFICATION
)
MADE_HOOK = _object("id macSecretBase64", id=_id("ach"), macSecretBase64=TEXT, expirationTime=_or_null(STAMP))
RESULT = _object(
    "success completionTimestamp durationMs retryNumber",
    success=FLAG,
    completionTimestamp=STAMP,
    durationMs={"type": "number"},
    retryNumber=COUNT,
    willBeRetried=FLAG,
    error=_object("message", message=TEXT),
)
SHOWN_HOOK = _object(
    "id areNotificationsEnabled cursorForNextPayload isHookEnabled specification",
    id=_id("ach"),
    areNotificationsEnabled=FLAG,
    cursorForNextPayload={"type": "integer", "minimum": 1},
    isHookEnabled=FLAG,
    lastSuccessfulNotificationTime=_or_null(STAMP),
    notificationUrl=_or_null(TEXT),
    expirationTime=_or_null(STAMP),
    lastNotificationResult=_or_null(RESULT),
    specification=SPECIFICATION,
)
VALUES = _object("cellValuesByFieldId", cellValuesByFieldId=_by_id("fld", ANY))
BORN = _object("createdTime cellValuesByFieldId", createdTime=STAMP, cellValuesByFieldId=_by_id("fld", ANY))
CHANGED = _object("current", current=VALUES, previous=VALUES, unchanged=VALUES)
TOLD_FIELD = _object(name=TEXT, type=TEXT)
RECORD_CHANGES: Schema = {
    "createdRecordsById": _by_id("rec", BORN),
    "changedRecordsById": _by_id("rec", CHANGED),
    "destroyedRecordIds": _list(_id("rec")),
}
METADATA = _object(name=TEXT, description=_or_null(TEXT))
TABLE_CHANGE = _object(
    changedViewsById=_by_id("viw", _object(**RECORD_CHANGES)),
    createdFieldsById=_by_id("fld", TOLD_FIELD),
    changedFieldsById=_by_id("fld", _object("current", current=TOLD_FIELD, previous=TOLD_FIELD)),
    destroyedFieldIds=_list(_id("fld")),
    changedMetadata=_object("current previous", current=METADATA, previous=METADATA),
    **RECORD_CHANGES,
)
TABLE_MADE = _object(metadata=METADATA, fieldsById=_by_id("fld", TOLD_FIELD), recordsById=_by_id("rec", BORN))
DOER = _object("id", id=_id("usr"), email=TEXT, name=TEXT, permissionLevel=LEVEL)
ACTION = _object("source", source=TEXT, sourceMetadata=_object(user=DOER))  # an open set of sources
HEAD: Schema = {
    "timestamp": STAMP,
    "baseTransactionNumber": {"type": "integer", "minimum": 1},
    "payloadFormat": {"const": "v0"},
}
PAYLOAD: Schema = {
    "oneOf": [
        _object(
            "timestamp baseTransactionNumber payloadFormat",
            **HEAD,
            actionMetadata=ACTION,
            changedTablesById=_by_id("tbl", TABLE_CHANGE),
            createdTablesById=_by_id("tbl", TABLE_MADE),
            destroyedTableIds=_list(_id("tbl")),
        ),
        _object("timestamp baseTransactionNumber payloadFormat error code", **HEAD, error={"const": True}, code=TEXT),
    ]
}

# Errors (§6): a string or an object, or a list where a limit is meant.
PROBLEM = _object("type", type=TEXT, message=TEXT)
ERROR = _object("error", error={"anyOf": [TEXT, PROBLEM]})
ERRORS = _object("errors", errors=_list(_object("error", error=TEXT, message=TEXT), 1))
REFUSAL: Schema = {"anyOf": [ERROR, ERRORS]}
NOTHING: Schema = {"type": "null"}

# By method and path: what is sent (None: no body), and what a 200 answers with.
OPERATIONS: Mapping[tuple[str, str], tuple[Schema | None, Schema]] = {
    ("GET", ROWS): (None, RECORDS),
    ("POST", LIST_RECORDS): (LIST, RECORDS),
    ("POST", ROWS): (CREATE, CREATED_RECORDS),
    ("PATCH", ROWS): (UPDATE, UPDATED_RECORDS),
    ("PUT", ROWS): (UPDATE, UPDATED_RECORDS),
    ("DELETE", ROWS): (None, DELETED_RECORDS),
    ("GET", ROW): (None, RECORD),
    ("PATCH", ROW): (_object("fields", fields=CELLS_SENT, **WRITES), RECORD),
    ("PUT", ROW): (_object("fields", fields=CELLS_SENT, **WRITES), RECORD),
    ("DELETE", ROW): (None, DELETED),
    ("GET", COMMENTS): (None, _object("comments", comments=_list(SAID), offset=_or_null(TEXT))),
    ("POST", COMMENTS): (SAY, SAID),
    ("PATCH", COMMENT): (_object("text", text=TEXT), SAID),
    ("DELETE", COMMENT): (None, _object("id deleted", id=_id("com"), deleted={"const": True})),
    ("GET", WHOAMI): (None, _object("id", id=_id("usr"), scopes=_list(TEXT), email=TEXT)),
    ("GET", BASES): (None, _object("bases", bases=_list(SHOWN_BASE), offset=TEXT)),
    ("GET", TABLES): (None, _object("tables", tables=_list(SHOWN_TABLE))),
    ("POST", TABLES): (NEW_TABLE, SHOWN_TABLE),
    ("PATCH", TABLE): (NAMED, SHOWN_TABLE),
    ("POST", FIELDS): (NEW_FIELD, SHOWN_FIELD),
    ("PATCH", FIELD): (NAMED, SHOWN_FIELD),
    ("GET", HOOKS): (None, _object("webhooks", webhooks=_list(SHOWN_HOOK, 0, 10))),
    ("POST", HOOKS): (NEW_HOOK, MADE_HOOK),
    ("DELETE", HOOK): (None, NOTHING),
    ("POST", REFRESH): (None, _object("expirationTime", expirationTime=_or_null(STAMP))),
    ("POST", ENABLE): (_object("enable", enable=FLAG), NOTHING),
    ("GET", PAYLOADS): (
        None,
        _object(
            "cursor mightHaveMore payloads",
            cursor={"type": "integer", "minimum": 1},
            mightHaveMore=FLAG,
            payloads=_list(PAYLOAD, 0, 50),
        ),
    ),
}

# The query of each operation: a pattern for every parameter's name, and one for its value.
_LISTED = {
    r"pageSize": r"[1-9]\d?|100",
    r"maxRecords": r"[1-9]\d*",
    r"offset|view|filterByFormula|timeZone|userLocale": r"(?s).+",
    r"sort\[\d+\]\[field\]": r".+",
    r"sort\[\d+\]\[direction\]": r"asc|desc",
    r"fields(\[\d*\])?": r".+",
    r"returnFieldsByFieldId": r"true|false|1|0",
    r"cellFormat": r"json|string",
    r"recordMetadata(\[\d*\])?": r"commentCount",
}
QUERIES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("GET", ROWS): _LISTED,
    ("POST", LIST_RECORDS): {r"timeZone|userLocale": r".+"},
    ("GET", ROW): {r"returnFieldsByFieldId": r"true|false|1|0", r"cellFormat": "json|string"},
    ("DELETE", ROWS): {r"records(\[\d*\])?": r"rec[A-Za-z0-9]{14}"},
    ("GET", COMMENTS): {r"pageSize": r"[1-9]\d?|100", r"offset": r".+"},
    ("GET", BASES): {r"offset": r".+"},
    ("GET", TABLES): {r"include(\[\])?": r"visibleFieldIds"},
    ("GET", PAYLOADS): {r"cursor": r"[1-9]\d*", r"limit": r"[1-9]|[1-4]\d|50"},
}


def template_of(method: str, path: str) -> str | None:
    """The operation's path template for a real path; None if there is no such operation."""
    for known, template in sorted(OPERATIONS, key=lambda operation: operation[1].count("{")):
        if known == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template
    return None


def request_schema(method: str, path_template: str) -> Schema | None:
    """What the body must be; None where there must be none. KeyError if there is no such operation."""
    return OPERATIONS[method, path_template][0]


def answer_schema(method: str, path_template: str, status: int) -> Schema:
    """What the answer must be (null for an empty body). KeyError if there is no such operation."""
    return OPERATIONS[method, path_template][1] if status < 400 else REFUSAL


def query_faults(method: str, path_template: str, query: list[tuple[str, str]]) -> list[str]:
    """The parameters of a query that the operation does not know, or not with this value."""
    known = QUERIES.get((method, path_template), {})
    return [
        f"{name}={value}"
        for name, value in query
        if not any(re.fullmatch(n, name) and re.fullmatch(v, value) for n, v in known.items())
    ]
