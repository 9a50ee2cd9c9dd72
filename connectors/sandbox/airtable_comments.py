"""Comments on Airtable's records (reference airtable §9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, Row, Table, stamp

PAGE = 100
MENTION = re.compile(r"@\[(usr[A-Za-z0-9]{14})\]")


def listed(base: Base, row: Row, query: Mapping[str, str]) -> dict[str, Any]:
    """One page; `offset` is there until the last."""
    size = query.get("pageSize", str(PAGE))
    if not size.isdigit() or not 1 <= int(size) <= PAGE:
        raise errors.bad_request("parameter validation failed for `pageSize`")
    comments = row.comments[::-1] if base.rules.newest_comment_first else row.comments
    ids = [comment["id"] for comment in comments]
    if "offset" in query and query["offset"] not in ids:
        raise errors.bad_request("parameter validation failed for `offset`")
    start = ids.index(query["offset"]) if "offset" in query else 0
    end = start + int(size)
    page = {"comments": [_shown(base, comment) for comment in comments[start:end]]}
    return page | ({"offset": ids[end]} if end < len(ids) else {})


def add(base: Base, table: Table, row: Row, who: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """A new comment, as it is shown."""
    parent = members.get("parentCommentId")
    if parent is not None and parent not in [comment["id"] for comment in row.comments]:
        raise errors.not_found(as_object=base.rules.not_found_object)
    comment = {"id": base.new_id("com"), "author": who, "text": _text(members), "createdTime": stamp(base.now)}
    comment |= {"lastUpdatedTime": None} | ({"parentCommentId": parent} if parent else {})
    row.comments.append(comment)
    if base.rules.comments_count:
        row.changed["comment"] = [stamp(base.now), who]
        base.touch(table.id, row.id)
    return _shown(base, comment)


def edit(base: Base, row: Row, id: str, who: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Another text for one's own comment."""
    comment = _own(base, row, id, who)
    comment |= {"text": _text(members), "lastUpdatedTime": stamp(base.now)}
    return _shown(base, comment)


def delete(base: Base, row: Row, id: str, who: str) -> dict[str, Any]:
    row.comments.remove(_own(base, row, id, who))
    return {"id": id, "deleted": True}


def _own(base: Base, row: Row, id: str, who: str) -> dict[str, Any]:
    comment = next((comment for comment in row.comments if comment["id"] == id), None)
    if comment is None:
        raise errors.not_found(as_object=base.rules.not_found_object)
    if comment["author"] != who:
        raise errors.scope_missing()
    return comment


def _text(members: Mapping[str, Any]) -> str:
    text = members.get("text")
    if not isinstance(text, str) or not text:
        raise errors.bad_request("`text` is missing")
    return text


def _shown(base: Base, comment: Mapping[str, Any]) -> dict[str, Any]:
    mentioned = {
        user: {
            "type": "user",
            "id": user,
            "displayName": base.people[user].get("name", ""),
            "email": base.people[user].get("email", ""),
        }
        for user in MENTION.findall(comment["text"])
        if user in base.people
    }
    shown = {**comment, "author": base.person(comment["author"])}
    return shown | ({"mentioned": mentioned} if mentioned else {})
