"""The switches of the Jira stand-in: what a test may turn, and every point that its reference leaves open."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(slots=True)
class Switches:
    """Turned by the control API's verb `switch`. By default the strict way: what a client may not rely on, fails."""

    index_lag_seconds: float = 0.0
    """How long search shows what was (§4.2)."""
    short_pages: bool = False
    """Pages hold fewer issues than asked for, and are not the last (§4.2)."""
    adf_noise: bool = True
    """Rich text comes back with attributes that nobody wrote (§5.7)."""
    hide_emails: bool = False
    """Users keep their address and zone private, as most do on Cloud (§5.13)."""
    deployment_type: str = "Server"
    """What Data Center's serverInfo calls itself; the reference is not sure of 10 and later (§1, unverified)."""
    unknown_label_refused: bool = False
    """A label that no issue bears fails the query, as an unknown status does; else it matches nothing (§4.5,
    unverified). Off, because a look-up by marker would be impossible otherwise."""
    comment_moves_updated: bool = True
    """A comment moves the issue's `updated` (§4.6, unverified)."""
    property_moves_updated: bool = False
    """An issue property moves `updated` (§4.6, unverified)."""
    link_moves_updated: bool = False
    """A remote link moves `updated` (§4.6, unverified)."""
    bulk_create_shuffled: bool = True
    """Bulk create lists what it has created in another order than that of the request (§5.3, unverified)."""
    undefined_category: bool = True
    """The status that only the workflow of 2019 has is of no category; else it is in progress (§5.6, unverified)."""
    text_limit: float = 32767
    """The most characters of a multi-line text (§5.7, unverified)."""
    clone_copies_properties: bool = True
    """A cloned issue has the properties of the first (§5.10, unverified)."""
    property_indexed: bool = False
    """An app has declared the issue properties for JQL; without one there are no rows and no error (§5.10)."""
    assignee_refusal: str = "User '{}' cannot be assigned issues."
    """The words for somebody who cannot be assigned (§5.13, unverified). {} is who was named."""
    webhook_wiki_text: bool = True
    """Rich text in webhooks is wiki text, as in version 2, on Cloud too (§7, unverified)."""
    epic_name_required: bool = True
    """Data Center makes no epic without an Epic Name (not in the reference; its create metadata says so)."""
    session_refused: bool = True
    """`GET /rest/auth/1/session` refuses API tokens (§9.1, unverified)."""
    webhooks_before_ten: bool = False
    """Data Center has webhooks at the address that Cloud has, as before version 10, and not at its own (vendor's
    documentation of server webhooks)."""
    refresh_reuse_seconds: float = 0.0
    """How long the refresh token before the last one is still good (the vendor speaks of a while, without a figure)."""
    webhook_delivery: str = "background"
    """`manual`: nothing is sent until the control API's verb `deliver`."""
    webhook_duplicates: bool = False
    """Every delivery comes twice, with the same identifier (§7: at least once)."""
    webhook_reordered: bool = False
    """What is due together is sent last things first (§7: unordered)."""
    webhook_delay_seconds: float = 0.0
    """How late deliveries are, in the world's time (§7)."""
    webhook_losses: float = 0
    """So many of the next deliveries are never sent (§7: nothing guarantees delivery)."""
    quota_reason: str = ""
    """`jira-quota-global-based` or `jira-quota-tenant-based`: OAuth callers are refused until the hour ends (§8)."""
    quota_points: float = 65000
    """The points an hour that an OAuth app has (§8); counted only while rate limits are enforced."""
    user_blocked: bool = False
    """Data Center gives the caller no token for ever: 429 with `Retry-After: 9223372036854775807` (§8)."""
    captcha: bool = False
    """Data Center wants a captcha solved before it takes any credentials: 401 with a page (§2)."""

    def turn(self, name: str, value: Any) -> None:
        """Set a switch. ValueError for a name that there is not, or a value of another type."""
        known = {one.name: type(getattr(self, one.name)) for one in fields(self)}
        if name not in known:
            raise ValueError(f"jira has no switch {name}; it has {', '.join(known)}")
        words = {bool: "true or false", float: "a number", int: "a number", str: "a text"}
        wanted = known[name]
        fits = (
            isinstance(value, bool) if wanted is bool else isinstance(value, str) if wanted is str else _number(value)
        )
        if not fits:
            raise ValueError(f"the switch {name} takes {words[wanted]}, not {value!r}")
        setattr(self, name, value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
