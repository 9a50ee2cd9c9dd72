"""What a run flags: conflicts, unowned stages, clashes, troubles. Data with a reason, never an exception."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How soon somebody must look."""

    URGENT = "urgent"
    WARNING = "warning"
    INFO = "info"


class FindingKind(StrEnum):
    """The rules. The value is the word in `--json` and in the database."""

    CONFLICT = "conflict"
    DELETION = "deletion"
    DELETION_CONFLICT = "deletion_conflict"
    UNOWNED_STAGE = "unowned_stage"
    MISSING_STAGE = "missing_stage"
    UNKNOWN_OWNER = "unknown_owner"
    INACTIVE_OWNER = "inactive_owner"
    STAGE_AFTER_SEND = "stage_after_send"
    AUDIENCE_CLASH = "audience_clash"
    TOOL_TROUBLE = "tool_trouble"
    NOT_WRITTEN = "not_written"
    UNREADABLE = "unreadable"
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"
    UNSAFE_PLAN = "unsafe_plan"
    UNSCHEDULED = "unscheduled"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Claim:
    """One side of a conflict: what a tool shows, in words, and who wrote it when, as far as the tool tells."""

    tool: str
    value: str
    who: str | None = None
    at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One flag. `subject` (an entity id or a tool), `kind` and `detail_key` make its identity across runs.

    `title` says what happened and where in one line, `advice` what to do next, in words for a marketer. `options` are
    the ways in which `campaign-sync resolve <fingerprint>` settles it, such as "--take jira"; none where it does not.
    """

    kind: FindingKind
    severity: Severity
    subject: str
    title: str
    advice: str
    campaign: str | None = None
    campaign_name: str | None = None
    detail_key: str = ""
    claims: tuple[Claim, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that stay the same as long as the same thing is wrong with the same subject."""
        return fingerprint_of(self.kind, self.subject, self.detail_key)


def fingerprint_of(kind: FindingKind, subject: str, detail_key: str = "") -> str:
    """The fingerprint of a finding of this kind about this subject."""
    return hashlib.sha256("\x1f".join((kind, subject, detail_key)).encode()).hexdigest()[:12]


def to_json(finding: Finding) -> dict[str, Any]:
    """The finding as JSON: what `--json` prints and the database keeps."""
    return {
        "fingerprint": finding.fingerprint,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "detail_key": finding.detail_key,
        "campaign": finding.campaign,
        "campaign_name": finding.campaign_name,
        "title": finding.title,
        "advice": finding.advice,
        "options": list(finding.options),
        "claims": [
            {
                "tool": c.tool,
                "value": c.value,
                "who": c.who,
                "at": c.at.isoformat() if c.at else None,
                "url": c.url,
            }
            for c in finding.claims
        ],
    }


def from_json(data: dict[str, Any]) -> Finding:
    """The inverse of `to_json`."""
    claims = tuple(
        Claim(c["tool"], c["value"], c["who"], datetime.fromisoformat(c["at"]) if c["at"] else None, c["url"])
        for c in data["claims"]
    )
    return Finding(
        kind=FindingKind(data["kind"]),
        severity=Severity(data["severity"]),
        subject=data["subject"],
        title=data["title"],
        advice=data["advice"],
        campaign=data["campaign"],
        campaign_name=data["campaign_name"],
        detail_key=data["detail_key"],
        claims=claims,
        options=tuple(data["options"]),
    )
