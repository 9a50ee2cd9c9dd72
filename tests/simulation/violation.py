"""What a schedule ends with when something is wrong."""

from __future__ import annotations


class Violation(AssertionError):
    """A law of the sync is broken."""
