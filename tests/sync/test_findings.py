"""A finding is the same finding as long as the same thing is wrong, and survives the database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync.findings import Claim, Finding, FindingKind, Severity, fingerprint_of, from_json, to_json

FINDING = Finding(
    FindingKind.CONFLICT,
    Severity.WARNING,
    "cs-00000001",
    "Subject differs",
    "Agree.",
    "cs-00000001",
    "Spring",
    "subject",
    (Claim("jira", "one", "Ann", datetime(2026, 3, 1, 9, tzinfo=UTC), "https://x"), Claim("airtable", "two")),
    ("--take jira",),
)


def test_a_finding_survives_the_way_through_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(FINDING)))) == FINDING


def test_the_words_do_not_change_what_it_is() -> None:
    other = replace(FINDING, title="Otherwise", advice="", claims=(), severity=Severity.URGENT, campaign_name="Summer")
    assert other.fingerprint == FINDING.fingerprint == fingerprint_of(FindingKind.CONFLICT, "cs-00000001", "subject")
    assert len(FINDING.fingerprint) == 12


@pytest.mark.parametrize(
    "change", [{"kind": FindingKind.DELETION}, {"subject": "cs-00000002"}, {"detail_key": "name"}], ids=str
)
def test_another_kind_subject_or_detail_is_another_finding(change: dict[str, str]) -> None:
    assert replace(FINDING, **change).fingerprint != FINDING.fingerprint  # type: ignore[arg-type]


def test_the_parts_of_a_fingerprint_do_not_run_together() -> None:
    assert fingerprint_of(FindingKind.CONFLICT, "ab", "c") != fingerprint_of(FindingKind.CONFLICT, "a", "bc")


def test_the_json_of_a_finding_names_its_fingerprint() -> None:
    assert to_json(FINDING)["fingerprint"] == FINDING.fingerprint
