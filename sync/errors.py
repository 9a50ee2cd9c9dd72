"""Failures, named by what recovers from them. Each says what happened, where, and what to do."""

from __future__ import annotations

from datetime import datetime


class SyncError(Exception):
    """Any failure that a person may be told of. `str()` is one clear sentence without secrets."""


class ConfigError(SyncError):
    """A person must change the configuration, the credentials or the tool's set-up; repeating does not help."""


class Unavailable(SyncError):
    """The tool or the database did not answer properly; a later run will do. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Ambiguous(Unavailable):
    """A write got no answer and may have been applied; look the record up before repeating it."""


class Stale(SyncError):
    """The record changed between the plan and the write; the next run merges it."""


class Rejected(SyncError):
    """The tool refused this one write for good (a value, a permission, a locked record); the others go on."""


class Exhausted(Unavailable):
    """A quota is used up, and only time helps; `until` is when it is granted anew, where that is known."""

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class Outdated(SyncError):
    """The tool cannot tell any more what changed since a position; everything has to be listed."""


class Busy(SyncError):
    """Another run holds the workspace."""
