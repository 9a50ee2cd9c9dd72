"""What the reference leaves open about Airtable, as switches; each default is the stricter reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(slots=True)
class Rules:
    """One switch per open point, with the section of the reference that leaves it open.

    `idle` and `much` (§2.1): the seconds without a request, and the changed cells, after which a listing ends.
    `foreign_record` (§2.2): a record is found under any table of its base.
    `restore_keeps_id` (§2.6): a record restored from the trash has its old id. False: a new one.
    `atomic` (§2.4): a batch with a bad record leaves nothing behind. False: what stood before it is written.
    `upsert_blind` (§2.5): an upsert does not see records that are younger than so many seconds; 0 sees all.
    `upsert_rate` (§2.5): upserts a second and base that are let through; None sets no limit of their own.
    `richtext` (§3): rich text is normalised when written.
    `text_limit` (§3): characters that a long text may have.
    `ids_in_formulas` (§4): a filter may name fields by id.
    `whole_seconds` (§4): the time of the last change is told in whole seconds, rounded down.
    `creation_edits` (§4): cells given when a record is made count as edited. False: it was never modified.
    `expired_hook` (§5.1): what a webhook is after its seven days, "gone" or "disabled" with its payloads kept.
    `computed_in_payloads` (§5.3): payloads tell of changed formulas, lookups, rollups and counts.
    `unauthenticated` (§6): the type of a 401.
    `not_found_object` (§6): a 404's `error` is an object. False: the bare string.
    `deleted_record` (§6): the status for a record that was deleted, 404 or 403.
    `missing_fields` (§6): the type for a body that lacks a member.
    `unknown_row` (§6): the message for a record of a batch that is not there.
    `body_limit`, `too_large` (§6): the bytes that a body may have, and the type of the 413.
    `retry_after` (§7): a 429 tells when to come back.
    `bases_per_page` (§8): the page of the list of bases.
    `newest_comment_first` (§9): the order of comments.
    `comments_count` (§9): a comment raises the time of the last change and stands in payloads.
    """

    idle: float = 300.0  # the vendor names no figure, nor for the next
    much: int = 1000
    foreign_record: bool = False
    restore_keeps_id: bool = True  # the reference calls it likely
    atomic: bool = True  # observed, not promised
    upsert_blind: float = 0.0
    upsert_rate: int | None = None
    richtext: bool = True
    text_limit: int = 100_000
    ids_in_formulas: bool = False
    whole_seconds: bool = False
    creation_edits: bool = True
    expired_hook: str = "gone"
    computed_in_payloads: bool = True
    unauthenticated: str = "AUTHENTICATION_REQUIRED"
    not_found_object: bool = False
    deleted_record: int = 404
    missing_fields: str = "INVALID_REQUEST_MISSING_FIELDS"
    unknown_row: str = "Record ID {} does not exist"
    body_limit: int = 4_000_000
    too_large: str = "REQUEST_TOO_LARGE"
    retry_after: bool = False
    bases_per_page: int = 1000
    newest_comment_first: bool = True
    comments_count: bool = False

    def turn(self, switches: Mapping[str, Any]) -> None:
        """Set switches by name. ValueError names what is none."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(switches) - known):
            raise ValueError(f"airtable has no rule {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        for name, value in switches.items():
            setattr(self, name, value)
