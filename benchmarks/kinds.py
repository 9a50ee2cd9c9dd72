"""Tells by a tool's log what each request was for: set-up, listing, a look at single records, or a write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Use(StrEnum):
    """What a request was for."""

    SETUP = "set-up"
    LISTING = "listing"
    LOOK = "looks"
    WRITE = "writes"


# The first that fits tells; a path that none fits is a mistake of this list.
_USES: dict[str, tuple[tuple[str, Use], ...]] = {
    "jira": (
        (r"^GET .*/(serverInfo|myself|mypermissions|field|project/[^/]+(/statuses)?|issue/createmeta/.*)$", Use.SETUP),
        (r"^GET .*/user/.*", Use.SETUP),
        (r"^POST .*/search(/jql)?$", Use.LISTING),
        (r"^POST .*/issue/bulkfetch$", Use.LOOK),
        (r"^GET .*/issue/[^/]+(/transitions|/changelog|/remotelink)?$", Use.LOOK),
        (r"^(POST|PUT|DELETE) .*/issue(/.*)?$", Use.WRITE),
    ),
    "airtable": (
        (r"^GET .*/payloads$", Use.LISTING),
        (r"^\w+ .*/(webhooks(/.*)?|meta/bases/[^/]+/tables)$", Use.SETUP),
        (r"^GET /v0/\w+/\w+/\w+$", Use.LOOK),
        (r"^(GET /v0/\w+/\w+|POST .*/listRecords)$", Use.LISTING),
        (r"^(POST|PATCH|DELETE) /v0/.*", Use.WRITE),
    ),
    "klaviyo": (
        (r"^GET /api/(lists|segments|tags|metrics)(/[^/]+)?$", Use.SETUP),
        (r"^POST /api/campaign-values-reports$", Use.LOOK),
        (r"^GET /api/campaigns$", Use.LISTING),
        (r"^GET /api/campaigns/[^/]+$", Use.LOOK),
        (r"^(POST|PATCH|DELETE) /api/.*", Use.WRITE),
    ),
}


def use_of(entry: Mapping[str, Any]) -> Use:
    """What a request was for. `entry` is the sandbox's. LookupError for one of an unknown kind."""
    asked = f"{entry['method']} {entry['path']}"
    use = next((use for pattern, use in _USES[entry["tool"]] if re.search(pattern, asked)), None)
    if use is None:
        raise LookupError(f"{entry['tool']}: {asked}")
    # A listing of records that are named is a look.
    named = re.search(r"RECORD_ID|any\(id,|'jql': '(id|key) in \(", f"{entry['query']} {entry.get('body')}")
    return Use.LOOK if use is Use.LISTING and named else use


def counted(entries: Iterable[Mapping[str, Any]], tool: str) -> dict[Use, int]:
    """How many requests of each use a tool had."""
    counts = dict.fromkeys(Use, 0)
    for entry in entries:
        if entry["tool"] == tool:
            counts[use_of(entry)] += 1
    return counts
