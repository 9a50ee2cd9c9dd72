"""Sends the conflict report when there is something new to tell, and remembers that it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.digest import Digest, digest
from jobs.email import SmtpSettings, compose, send
from jobs.settings import EmailSettings, Settings
from sync import outcomes
from sync.errors import ConfigError, Rejected
from sync.findings import Finding
from sync.report import State
from sync.state import OpenFinding
from sync.store import Store
from sync.wording import tool_title


@dataclass(frozen=True, slots=True)
class Mailed:
    """Whether a mail went out, and a sentence that says why or why not."""

    sent: bool
    said: str


def mail_report(settings: Settings, store: Store, now: datetime, *, force: bool = False) -> Mailed:
    """One mail when a flag has opened or closed since the last one, or with `force`; none because of outcomes alone.

    Raises ConfigError, Unavailable or Rejected; then nothing counts as told, except when some readers have got it.
    """
    email = settings.email
    if email is None:
        raise ConfigError(
            f"{settings.path} has no [email] section, so nobody can be written to. Add smtp, sender and to."
        )
    known, closed = store.open_findings(), store.closed_unsent()
    opened = sum(entry.emailed is None for entry in known)
    if not (opened or closed or force):
        return Mailed(
            False, "No email: nothing has opened or closed since the last one (--force sends it all the same)."
        )
    shown = _digest(settings, known, closed, store.last_report() or {}, now)
    mail = compose(shown, sender=email.sender, to=email.to, ident=f"report-{now:%Y%m%dT%H%M%S%f}")
    # Only what this mail says counts as told: a run may open and close flags while it is under way.
    told = {finding.fingerprint for finding in (*(entry.finding for entry in known), *closed)}
    try:
        send(mail, _smtp(email))
    except Rejected:
        store.mark_emailed(now, told)
        raise
    store.mark_emailed(now, told)
    return Mailed(True, f"Sent the report to {', '.join(email.to)}: {opened} new, {len(closed)} settled.")


def report_digest(settings: Settings, store: Store, now: datetime) -> Digest:
    """The report on what stands now."""
    return _digest(settings, store.open_findings(), store.closed_unsent(), store.last_report() or {}, now)


def _digest(
    settings: Settings, known: Sequence[OpenFinding], closed: Sequence[Finding], last: dict[str, Any], now: datetime
) -> Digest:
    return digest(
        settings.name,
        [(entry.finding, entry.opened) for entry in known],
        new={entry.finding.fingerprint for entry in known if entry.emailed is None},
        closed=closed,
        mirrored=sum(change["state"] == State.DONE for change in last.get("changes", ())),
        now=now,
        zone=settings.zone,
        troubles=_troubles(last),
        outcomes=outcomes.of_report(last, now, settings.zone),
    )


def _smtp(email: EmailSettings) -> SmtpSettings:
    return SmtpSettings(email.smtp, email.user, email.password.get_secret_value() if email.password else None)


def _troubles(last: dict[str, Any]) -> list[str]:
    """What the last run could not do, in sentences; the digest leaves out those that are findings."""
    left_out = [(tool["tool"], tool["error"]) for tool in last.get("tools", ()) if tool["error"]]
    return [f"{tool_title(tool)} was left out: {error}" for tool, error in left_out]
