"""What Airtable's refusals mean, beyond the error table that all tools share."""

from __future__ import annotations

import requests

from connectors.http import error_for, retry_after
from sync.errors import ConfigError, Stale, SyncError, Unavailable

LOCKOUT = 30.0  # seconds a base refuses everything after too many requests, reference airtable §7


class Gone(Stale):
    """The record is not there any more."""


class Hidden(ConfigError):
    """Not there, or not for us to see: Airtable uses the same words for both (reference airtable §6)."""


class Expired(SyncError):
    """The cursor of a listing ran out; it has to begin anew."""


def meaning(tool: str, doing: str, response: requests.Response, *, creating: bool) -> SyncError:
    """The error table of http with Airtable's particulars (reference airtable §6)."""
    error = error_for(tool, doing, response, creating=creating)
    match response.status_code, _word(response):
        case _, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE":
            return Expired(str(error))
        case 429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED":
            return ConfigError(f"{tool} refused {doing}: the workspace has used up its API calls of this month.")
        case 429, _:
            asked = retry_after(response)
            return Unavailable(str(error), LOCKOUT if asked is None else asked)
        case (404, _) | (_, "ROW_DOES_NOT_EXIST"):
            return Gone(str(error))
        case 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND":
            return Hidden(str(error))
    return error


def _word(response: requests.Response) -> str:
    """The type word of an error: `error` is a string or an object, or there is a list `errors`."""
    try:
        body = response.json()
        error = body.get("error") or body["errors"][0]["error"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return str(error.get("type", "") if isinstance(error, dict) else error)
