"""The switches of the Mailchimp stand-in: what a test may turn, and every point that its reference leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.switches import turn

# What a switch that takes words may say.
WORDS = {
    "busy_answer": ("problem", "429", "403"),
    "draft_send_time": ("empty", "null", "absent"),
}


@dataclass(slots=True)
class Switches:
    """Turned by the control API's verb `switch`. By default the strict way: what a client may not rely on, fails."""

    sending_seconds: float = 60.0
    """How long a plain campaign is in `sending`."""
    answer_seconds: float = 0.0
    """How long every request takes, in real time; so that connections can be open at once (§2.8)."""
    busy_answer: str = "problem"
    """What an eleventh connection gets, once rate limits are enforced: `problem` (429 with its JSON), or a bare
    `429` or `403` (§2.8)."""
    validation_errors: bool = True
    """A refusal of what was sent says in `errors` which members were wrong (§2.8, observed)."""
    rounds_to_grid: bool = False
    """A time off the quarter hours is rounded up in place of refused (§2.4, one connector's claim)."""
    timewarp_by_account: bool = False
    """Timewarp takes the clock time from the account's zone; else as it is written, in UTC (§2.4, unverified)."""
    draft_send_time: str = "empty"
    """What a draft has for a `send_time`: an `empty` text, `null`, or nothing at all, `absent` (§2.2, observed)."""
    shows_scheduled_time: bool = True
    """A scheduled campaign tells its time in `send_time` (§2.2, observed)."""
    strict_edits: bool = True
    """Only a draft can be edited (§2.3, observed)."""
    deletes_scheduled: bool = False
    """A scheduled campaign can be deleted (not in the reference)."""
    lists_archived: bool = True
    """A listing without a filter on `status` shows archived and cancelled campaigns (§2.3)."""
    search_partial: bool = False
    """A search finds parts of words; else whole words only (§2.6, unverified)."""
    search_lag_seconds: float = 0.0
    """How long a search does not know a campaign (§2.6, unverified)."""
    copy_suffix: str = " (copy 01)"
    """What a copy's title has behind that of the first (not in the reference)."""
    cancel_included: bool = False
    """The account's plan lets it stop a send (§2.5: a paid feature)."""
    store_connected: bool = True
    """Orders are told with the figures of a campaign (§2.7)."""

    def turn(self, name: str, value: Any) -> None:
        """Set a switch. ValueError for a name that there is not, or a value that it does not take."""
        turn("mailchimp", self, WORDS, name, value)
