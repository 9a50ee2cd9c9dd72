"""What people are told of Airtable's column types, for docs/tools/airtable.md (reference airtable §3)."""

from __future__ import annotations

from mappings.shape import Told

_TEXT = {"read": "the text", "write": "the text"}
_NUMBER = {"read": "the number", "write": "the number"}
_LINES = "line breaks become blanks"
_CUT = "what the column's precision cuts"
_RESULT = "one that failed is flagged"
_NEVER = "not mirrored"

TOLD = {
    "singleLineText": Told("single line text", **_TEXT, loss=_LINES),
    "email": Told("email", **_TEXT, loss=_LINES),
    "url": Told("URL", **_TEXT, loss=_LINES),
    "phoneNumber": Told("phone number", **_TEXT, loss=_LINES),
    "barcode": Told("barcode", "its text", "its text", "nothing, its kind stays"),
    "multilineText": Told(
        "long text",
        "Markdown, or one line; a mention as the name",
        "the blocks that change",
        "nothing: an edit of the block that holds a mention is refused",
    ),
    "richText": Told(
        "long text with rich text on",
        "Markdown; a mention as the name",
        "the blocks that change",
        "nothing: an edit of the block that holds a mention is refused",
    ),
    "number": Told("number", **_NUMBER, loss=_CUT),
    "currency": Told("currency", **_NUMBER, loss=_CUT),
    "percent": Told("percent", "0.123 for 12.3 %", "the same", _CUT),
    "rating": Told("rating", **_NUMBER, loss="refused where it has fewer stars"),
    "duration": Told("duration", "seconds", "seconds", _CUT),
    "checkbox": Told("checkbox", "yes or no", "yes or no", "an empty box is no"),
    "singleSelect": Told(
        "single select", "the choice", "by an existing name", "a choice that does not exist is refused"
    ),
    "multipleSelects": Told(
        "multiple select",
        "each choice",
        "the whole list",
        "words that the column does not offer stay in the other tools",
    ),
    "date": Told("date", "the day", "the day", "the time of day, which the other tools keep"),
    "dateTime": Told(
        "date with time",
        "the instant; with a type column beside it also recipient-local times and days",
        "the instant in UTC, to the millisecond",
        "without a type column a recipient-local time or a day is refused",
    ),
    "singleCollaborator": Told(
        "collaborator",
        "the person",
        "by id, or by address where only that is known",
        "who has no account there is refused",
    ),
    "multipleCollaborators": Told(
        "collaborators",
        "the person, where there is one",
        "the whole list",
        "a change where there are several is refused",
    ),
    "multipleRecordLinks": Told(
        "link to another table",
        "only the one of a stage to its campaign, the first if there are several",
        "the whole list",
        "further links when a stage moves; for other links map a lookup column of their names",
    ),
    "multipleLookupValues": Told(
        "lookup", "a set of words, or the one value", loss="several different values are flagged"
    ),
    "formula": Told("formula", "by the type of its result", loss=_RESULT),
    "rollup": Told("rollup", "by the type of its result", loss=_RESULT),
    "count": Told("count", "the number"),
    "autoNumber": Told("autonumber", "the number"),
    "createdTime": Told("created time", "the instant, or the day"),
    "lastModifiedTime": Told("last modified time", "the instant, to say when a conflict arose"),
    "createdBy": Told("created by", "the person"),
    "lastModifiedBy": Told("last modified by", "the person, to say who is in conflict"),
    "multipleAttachments": Told("attachment", loss=f"{_NEVER}; its addresses expire"),
    "button": Told("button", loss=_NEVER),
    "aiText": Told("AI text", loss=_NEVER),
    "externalSyncSource": Told("sync source", loss=_NEVER),
}

USUAL = {
    "Name": "singleLineText", "Brief": "richText", "Program": "singleSelect", "Status": "singleSelect",
    "Owner": "singleCollaborator", "Audiences": "multipleSelects", "Subject line": "singleLineText",
    "Tags": "multipleSelects", "Planned send": "dateTime", "Planned send type": "singleSelect",
    "Scheduled send": "dateTime", "Scheduled send type": "singleSelect", "Delivered": "number", "Opens": "number",
    "Machine opens": "number", "Clicks": "number", "Conversions": "number", "Unsubscribes": "number",
    "Bounces": "number", "Jira key": "singleLineText", "Title": "singleLineText", "Stage": "singleSelect",
    "Due": "date", "Notes": "richText",
}  # fmt: skip
