"""What Airtable's refusals mean, beyond the error table that all tools share."""

from __future__ import annotations

from datetime import datetime

import requests

from connectors.answers import time_of
from connectors.http import error_for, retry_after
from sync.errors import ConfigError, Exhausted, Rejected, Stale, SyncError, Unavailable

LOCKOUT = 30.0  # seconds a base refuses everything after too many requests, reference airtable §7
QUOTA = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"


class Gone(Stale):
    """The record is not there any more."""


class Hidden(ConfigError):
    """Not there, or not for us to see: Airtable uses the same words for both (reference airtable §6)."""


class Expired(SyncError):
    """The cursor of a listing ran out; it has to begin anew."""


class Renamed(Rejected):
    """A column that we asked for is not there, or not under that name: the schema has to be read anew."""


class Moved(ConfigError):
    """The columns are not those that an earlier run told of: they have to be asked for before anything is read."""


def meaning(tool: str, doing: str, response: requests.Response, *, creating: bool) -> SyncError:
    """The error table of http with Airtable's particulars (reference airtable §6)."""
    error = error_for(tool, doing, response, creating=creating)
    match response.status_code, _word(response):
        case _, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE":
            return Expired(str(error))
        case 429, word if word == QUOTA:
            return _exhausted(tool, doing, response)
        case 429, _:
            return Unavailable(str(error), lockout(response))
        case (404, _) | (_, "ROW_DOES_NOT_EXIST"):
            return Gone(str(error))
        case 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND":
            return Hidden(str(error))
        case 422, "UNKNOWN_FIELD_NAME" | "INVALID_FILTER_BY_FORMULA":
            return Renamed(str(error))
    return error


def lockout(response: requests.Response) -> float | None:
    """How long the whole base has to be left alone after too many requests; a used-up quota is no matter of seconds."""
    if response.status_code != 429 or _word(response) == QUOTA:
        return None
    asked = retry_after(response)  # not promised
    return LOCKOUT if asked is None else asked


def _exhausted(tool: str, doing: str, response: requests.Response) -> Exhausted:
    """The quota of a month is used up, by Airtable's own calendar (reference airtable §7)."""
    told = f"{tool} refused {doing}: its workspace has used up its API calls of this month."
    now = time_of(response)
    if now is None:
        return Exhausted(f"{told} They are granted anew when the month turns, or at once on a larger plan.")
    until = _next_month(now)
    ends = f"{until.day} {until:%B %Y}"
    return Exhausted(f"{told} They are granted anew on {ends} (UTC), or at once on a larger plan.", until)


def _next_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=now.year + now.month // 12, month=now.month % 12 + 1)


def _word(response: requests.Response) -> str:
    """The type word of an error: `error` is a string or an object, or there is a list `errors`."""
    try:
        body = response.json()
        error = body.get("error") or body["errors"][0]["error"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return str(error.get("type", "") if isinstance(error, dict) else error)
