"""What people are told of Jira's field types, for docs/tools/jira.md (reference jira §1, §5.7)."""

from __future__ import annotations

from mappings.shape import Told

_EACH = {"read": "each of them", "write": "what is added and removed, or the whole list where the screen wants that"}
_ONLY = "one that does not exist there is refused"
_LINE = "refused above 255 characters; line breaks become blanks"
_LABELS = "the order; words with blanks, or above 255 characters, stay in the other tools"
_KEPT = "nothing: an edit of a block with parts that Markdown cannot say (mentions, panels, media) is refused"
_LONG = f"{_KEPT}; refused above 32,767 characters"
_PARTS = "the blocks that change"
_ONE, _WHOLE = "the person, where there is one", "the whole list"
_GONE = "who has no account there or is not active is refused"
_OF_LIST = "a change where there are several is refused"
_NEVER = "not mirrored"

TOLD = {
    "string": Told("text, single line; Summary", "the text", "the text", _LINE),
    "doc": Told(
        "text, paragraph; Description, Environment (Cloud)", "the document (ADF) as Markdown", _PARTS, _LONG
    ),
    "wiki": Told("the same (Data Center)", "the wiki text as Markdown", _PARTS, _LONG),
    "date": Told("date", "the day", "the day", "the time of day, which the other tools keep"),
    "datetime": Told(
        "date and time",
        "the instant, from any offset; with a type field beside it also recipient-local times and days",
        "the instant in UTC",
        "what is finer than a millisecond; without a type field a recipient-local time or a day is refused",
    ),
    "user": Told("person (Cloud)", "by account id", "by account id", _GONE),
    "username": Told("person (Data Center)", "by user name", "by user name", _GONE),
    "array:user": Told("several people (Cloud)", _ONE, _WHOLE, _OF_LIST),
    "array:username": Told("several people (Data Center)", _ONE, _WHOLE, _OF_LIST),
    "option": Told("select, radio buttons", "the choice", "a choice that exists", _ONLY),
    "array:option": Told("multi-select, checkboxes", **_EACH, loss=f"the order; {_ONLY}"),
    "option-with-child": Told("cascading select", "`Parent / Child`, or the parent alone", "the same", _ONLY),
    "number": Told("number", "the number", "the number"),
    "status": Told("Status", "its name", "by transitions", "one that no known way leads to is refused"),
    "priority": Told("Priority", "its name", "by name, where the screen has it", _ONLY),
    "resolution": Told("Resolution", "its name", "by name, where the screen has it", _ONLY),
    "array:string": Told("Labels, label fields", **_EACH, loss=_LABELS),
    "array:component": Told("Components", **_EACH, loss=f"the order; {_ONLY}"),
    "array:version": Told("versions", **_EACH, loss=f"the order; {_ONLY}"),
    "version": Told("one version", "its name", "by name", _ONLY),
    "issuetype": Told("Issue type", "its name", loss="an issue of another type is no record of ours"),
    "project": Told("Project", "its name", loss="an issue of another project is no record of ours"),
    "parent": Told("Parent; Epic Link (Data Center)", "only a stage's: its campaign", "its campaign", "nothing"),
    "attachment": Told("attachments", loss=_NEVER),
    "comment": Told("comments", loss=_NEVER),
    "worklog": Told("work logs, time tracking, progress", loss=_NEVER),
    "issuelinks": Told("links between issues, votes, watchers", loss=_NEVER),
    "any": Told("fields of other apps", loss=_NEVER),
}  # fmt: skip

USUAL = {
    "Summary": "string", "Description": "doc", "Program": "option", "Status": "status", "Assignee": "user",
    "Audiences": "array:option", "Subject line": "string", "Labels": "array:string", "Due date": "date",
    "Scheduled send": "datetime", "Scheduled send type": "option", "Delivered": "number", "Opens": "number",
    "Machine opens": "number", "Clicks": "number", "Conversions": "number", "Unsubscribes": "number",
    "Bounces": "number", "Stage": "option",
}  # fmt: skip
