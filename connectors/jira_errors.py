"""What a refusal of Jira's means beyond its status: a quota, a scope, a captcha, and what meets one issue only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import requests

from connectors.answers import error_for, moment, retry_after, said_by, time_of
from connectors.http import asked
from sync.errors import Ambiguous, ConfigError, Exhausted, Rejected, SyncError, Unavailable

SCOPES = "read:jira-work, write:jira-work and read:jira-user"
_QUOTAS = {
    "jira-quota-global-based": "the quota of this app on all its sites",
    "jira-quota-tenant-based": "the quota of this app on the site",
}


class Missing(Rejected):
    """404: gone, or out of this account's sight; Jira does not tell which (reference jira §3)."""


class ForbiddenError(ConfigError):
    """403: this account may not do this one thing."""


class Crowded(Unavailable):
    """429 for one issue that was written too often within seconds; others are not concerned (reference jira §8)."""


def refusal_of(tool: str, doing: str, response: requests.Response, *, creating: bool) -> SyncError:
    """The error that an unsuccessful answer stands for, with Jira's own sense of some."""
    error = error_for(tool, doing, response, creating=creating)
    match response.status_code:
        case 401 | 403 if _captcha(response):
            return ConfigError(
                f"{tool} wants a person to solve a captcha before it lets this account in again, after too many wrong "
                f"passwords. Sign in once with a browser, then check the token of [tools.{tool}]."
            )
        case 401 | 403 if "scope" in said_by(response).lower():
            return ConfigError(
                f"{tool} refused {doing} ({response.status_code}): {said_by(response)} "
                f"Give the token of [tools.{tool}] the scopes {SCOPES}."
            )
        case 403:
            return ForbiddenError(str(error))
        case 404:
            return Missing(str(error))
        case 429:
            return _too_many(tool, doing, response, error)
    return error


def pause(response: requests.Response) -> float | None:
    """For how many seconds an answer wants everybody to stay away. Not for too many writes of one issue, nor for a
    quota, whose end is hours away."""
    reason = response.headers.get("RateLimit-Reason", "").strip().lower()
    particular = reason.startswith("jira-quota") or reason == "jira-per-issue-on-write"
    return None if particular else asked(response)


def hopeless(error: SyncError) -> bool:
    """Whether the next request would fail for the same reason: the site is down or the account is not let in."""
    if isinstance(error, ConfigError):
        return not isinstance(error, ForbiddenError)
    return isinstance(error, Unavailable) and not isinstance(error, Ambiguous | Crowded)


def untried(tool: str, error: SyncError) -> SyncError:
    """Why a change was not tried after such a failure."""
    if isinstance(error, ConfigError | Exhausted):
        return error
    again = error.retry_after if isinstance(error, Unavailable) else None
    return Unavailable(f"Not tried, because {tool} failed just before. The next run tries again.", again)


def _captcha(response: requests.Response) -> bool:
    """Data Center says so in headers alone (reference jira §2)."""
    told = (response.headers.get(name, "") for name in ("X-Authentication-Denied-Reason", "X-Seraph-LoginReason"))
    return any("CAPTCHA" in one.upper() or "AUTHENTICATION_DENIED" in one.upper() for one in told)


def _too_many(tool: str, doing: str, response: requests.Response, error: SyncError) -> SyncError:
    """A burst is over in seconds, a quota at the end of the hour (reference jira §8)."""
    reason = response.headers.get("RateLimit-Reason", "").strip().lower()
    if reason.startswith("jira-quota"):
        until, which = _reset(response), _QUOTAS.get(reason, "the account's quota")
        end = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        return Exhausted(
            f"{tool} refused {doing} (429): {which} is used up{end}. The first run after that goes on from here.", until
        )
    if reason == "jira-per-issue-on-write":
        return Crowded(str(error), retry_after(response))
    return error


def _reset(response: requests.Response) -> datetime | None:
    """When the quota is granted anew: told as a time, else as a wait from the time of the answer."""
    told = moment(response.headers.get("X-RateLimit-Reset"))
    if told is not None:
        return told
    wait = retry_after(response)
    return None if wait is None else (time_of(response) or datetime.now(UTC)) + timedelta(seconds=wait)
