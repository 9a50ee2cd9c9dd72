"""The switches of the Brevo stand-in: what a test may turn, and every point that its reference leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.switches import turn

# What a switch that takes words may say; the first is the strict one.
WORDS = {
    "transitions": ("strict", "lenient"),
    "draft_command": ("works", "refused", "ignored"),
    "suspended_command": ("works", "refused", "ignored"),
    "naive_times": ("refused", "utc", "account"),
    "dates": ("mixed", "utc", "account"),
    "commerce": ("403", "402", "works"),
}


@dataclass(slots=True)
class Switches:
    """Turned by the human's verb `switch`. By default the strict way: what a client may not rely on, fails."""

    sending_seconds: float = 60.0
    """How long a plain campaign is in_process."""
    cancelling_seconds: float = 5.0
    """How long a campaign is cancelling."""
    review_seconds: float = 0.0
    """How long the vendor holds a campaign in_review at its time, before sending begins (§3.3)."""
    transitions: str = "strict"
    """Which status command is legal from which state (§3.3, unpublished): `lenient` allows what makes any sense."""
    draft_command: str = "works"
    """Whether the status command `draft` unschedules (§3.4, unverified); `ignored` answers 204 and does nothing."""
    suspended_command: str = "works"
    """The same for the older advice, `suspended` (§3.4, B6)."""
    suspended_editable: bool = False
    """Whether a suspended campaign can be modified; the vendor names drafts and scheduled ones only (§3.3)."""
    draft_keeps_time: bool = True
    """An unscheduled draft still shows the `scheduledAt` that it had (§3.3: it means something only while queued)."""
    naive_times: str = "refused"
    """What a `scheduledAt` without an offset is (§3.4: the vendor asks for an explicit one)."""
    exclusions_kept: bool = False
    """`recipients` without exclusions leaves the campaign's exclusions as they are; else it clears them."""
    mixed_kinds: bool = False
    """The API takes lists and segments in one campaign; people can choose both in any case."""
    unknown_refused: bool = True
    """Parameters and members that the vendor does not describe are refused; else they are ignored."""
    status_moves_modified: bool = False
    """A status command, and the sending itself, move `modifiedAt`."""
    empty_lists_absent: bool = False
    """An answer without rows lacks the list itself; the description requires none."""
    dates: str = "mixed"
    """How moments are written: with `Z` or an offset, with milliseconds or without (§3.2)."""
    opens_rate_with_mpp: bool = True
    """`opensRate` counts Apple's machine opens, as the account's settings may have it (B2)."""
    best_time: bool = True
    """The plan includes sending at the best time (the vendor gates it)."""
    enterprise: bool = False
    """The plan includes the audit log (§3.1)."""
    commerce: str = "403"
    """The commerce add-on of the attribution endpoints (§3.6), or the status that tells of its absence."""
    out_of_credits: bool = False
    """No credits: sending now is refused with 402, and a campaign whose time comes is suspended."""
    under_validation: bool = False
    """The account may not schedule or send yet: `account_under_validation`."""
    hourly_budget: float = 100
    """Requests an hour for the endpoints without a limit of their own (§3.2); counted while limits are enforced."""

    def turn(self, name: str, value: Any) -> None:
        """Set a switch. ValueError for a name that there is not, or a value that it does not take."""
        turn("brevo", self, WORDS, name, value)
