"""The switches of the stand-in calendar feed: what calendars that publish one do differently from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.switches import turn

# What a switch that takes words may say.
WORDS = {
    "validator": ("strong", "weak", "none"),
    "line_ends": ("crlf", "lf"),
    "zone_names": ("iana", "windows"),
}


@dataclass(slots=True)
class Switches:
    """Turned by the human's verb `switch`. RFC 5545 and RFC 9110 allow all of it, but for the last two."""

    validator: str = "strong"
    """The ETag; `none` leaves Last-Modified alone to tell whether anything changed."""
    last_modified: bool = True
    """Answers have Last-Modified, and heed If-Modified-Since."""
    stamps_move: bool = False
    """DTSTAMP is the time of the answer, so that no two answers are the same and nothing is ever not modified."""
    cancelled_shown: bool = True
    """What is cancelled stays with STATUS:CANCELLED; else it is gone, as if deleted."""
    past_days: float = 0
    """Older events leave the feed after so many days; 0: never."""
    sequence_rises: bool = True
    """A change raises SEQUENCE; many calendars leave it at 0."""
    tells_changes: bool = True
    """Events have LAST-MODIFIED and CREATED, which are optional."""
    zone_names: str = "iana"
    """Zones are named as in the IANA database, or as Windows names them; VTIMEZONE says what is meant."""
    line_ends: str = "crlf"
    """RFC 5545 wants CRLF; some feeds have LF."""
    folds_split_signs: bool = False
    """Lines are folded by octets, inside of a sign if need be: what RFC 5545 §3.1 warns readers of."""

    def turn(self, name: str, value: Any) -> None:
        """Set a switch. ValueError for a name that there is not, or a value that it does not take."""
        turn("ics", self, WORDS, name, value)
