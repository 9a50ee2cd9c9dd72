"""The matrix: for every fault and operation the outcome, in a word whose facts are stated here.

A word tells the error, how often the request met the fault, the waits that were asked for, and for a write whether the
tool may hold it now. A dash and a letter is a cell that makes no sense, for the reason that the letter stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable

Waits = tuple[float, ...]  # in seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """`met`: how often the request met the fault. `done`: the answer is right, and a write is in the tool."""

    words: str
    error: type[SyncError] | None = None
    met: int = 1
    waits: Waits = ()
    retry_after: float | None = None


BACK_OFF: Final = (0.25, 0.5, 1.0)

OUTCOMES: Final = {
    "ok": Outcome("done; the fault touches nothing that counts"),
    "again": Outcome("asked again after a moment, and done", waits=(0.25,)),
    "again2": Outcome("asked again two times, and done", met=2, waits=(0.25, 0.5)),
    "gone": Outcome("asked again, told that the record is gone, looked for it, and done", met=2, waits=(0.25,)),
    "7s": Outcome("waited for the seconds that the tool asked for, and done", waits=(7.0,)),
    "30s": Outcome("waited out Airtable's lockout of 30 seconds, and done", waits=(30.0,)),
    "minute": Outcome("waited for the moment that the tool named, and done", waits=(60.0,)),
    "day": Outcome("left at once: the wait is longer than a run has", Unavailable, retry_after=3600.0),
    "gives-up": Outcome("asked four times in all, then left to a later run", Unavailable, met=4, waits=BACK_OFF),
    "unread": Outcome("the answer is not understood; left to a later run", Unavailable),
    "unknown": Outcome("nobody knows whether it was made, so it is not asked again", Ambiguous),
    "unknown4": Outcome("asked again, as an upsert may be; then nobody knows", Ambiguous, met=4, waits=BACK_OFF),
    "expires": Outcome("begun anew two times, then left to a later run", Unavailable, met=3),
    "config": Outcome("a person has to look at the settings", ConfigError),
    "config0": Outcome("the look before is refused; a person has to look at the settings", ConfigError, met=0),
    "refused": Outcome("this one write is refused for good", Rejected),
    "refused0": Outcome("the look before the write is refused for good", Rejected, met=0),
    "stale": Outcome("the record is out of sight; the next run looks what became of it", Stale),
    "stale0": Outcome("the look before the write finds no record; the next run looks what became of it", Stale, met=0),
    "nobody": Outcome("nobody can be named, because the record is out of sight"),
    "fewer": Outcome("taken for a listing of fewer records; the direct look still finds the others"),
    "fewer2": Outcome("the same on two pages: taken for a listing of fewer records", met=2),
    "moved": Outcome("the pages move, and each record that stays comes once", met=0),
}  # fmt: skip

REASONS: Final = {
    "-p": "only a listing has a later page to be met on the way",
    "-l": "only a listing gives several records, of which one may come twice",
    "-b": "the tool answers with 204, which has no body to be spoilt",
    "-r": "the answer holds no record that is read: what was written is read back by a request of its own",
    "-n": "the tool refuses strangers with 401, which is a row of its own",
    "-w": "strangers are shown nothing by listings alone; a single thing is refused, which are rows of their own",
    "-s": "a status is a field like any other here, so that a transition is an update",
    "-k": "the tool sets its statuses itself, and has campaigns only, which hang on nothing",
    "-a": "who changed a record last comes with the record, without a request",
}

COLUMNS = (
    "schema", "first page", "later page", "read", "create", "update", "status", "move", "archive", "attribution",
)  # fmt: skip

_JIRA = """
429               again     again     again     again     again    again     again     again     again     again
429 with seconds  7s        7s        7s        7s        7s       7s        7s        7s        7s        7s
429 with a date   minute    minute    minute    minute    minute   minute    minute    minute    minute    minute
429 for a day     day       day       day       day       day      day       day       day       day       day
5xx, short        again2    again2    again2    again2    unknown  again2    again2    again2    again2    again2
5xx, long         gives-up  gives-up  gives-up  gives-up  unknown  gives-up  gives-up  gives-up  gives-up  gives-up
late answer       again     again     again     again     unknown  again     again     again     again     again
dropped           again     again     again     again     unknown  again     again     again     again     again
cut, length kept  again     again     again     again     unknown  -b        -b        -b        -b        again
cut, length fits  again     again     again     again     unknown  -b        -b        -b        -b        again
web page          gives-up  gives-up  gives-up  gives-up  unknown  gives-up  gives-up  gives-up  gives-up  gives-up
text or number    gives-up  gives-up  gives-up  gives-up  unknown  gives-up  gives-up  gives-up  gives-up  gives-up
list              unread    gives-up  gives-up  gives-up  unknown  gives-up  gives-up  gives-up  gives-up  unread
null              gives-up  gives-up  gives-up  gives-up  unknown  gives-up  gives-up  gives-up  gives-up  gives-up
wrong type        unread    unread    unread    unread    unknown  -b        -b        -b        -b        unread
null inside       unread    unread    unread    unread    unknown  -b        -b        -b        -b        unread
missing key       unread    unread    unread    unread    unknown  -b        -b        -b        -b        unread
key twice         gives-up  gives-up  gives-up  gives-up  unknown  -b        -b        -b        -b        gives-up
odd field         -r        ok        ok        ok        -r       -r        -r        -r        -r        -r
record twice      -l        ok        ok        -l        -l       -l        -l        -l        -l        -l
one more          -p        -p        moved     -p        -p       -p        -p        -p        -p        -p
one less          -p        -p        moved     -p        -p       -p        -p        -p        -p        -p
expired           -p        -p        ok        -p        -p       -p        -p        -p        -p        -p
expires always    -p        -p        ok        -p        -p       -p        -p        -p        -p        -p
401               config    config    config    config    config   config    config    config    config    config
403               config0   config    config    config    config   refused   refused0  refused   refused   config
404               config0   config    config    config    config   stale     stale0    stale     stale     nobody
silence           ok        fewer2    fewer     ok        unknown  gives-up  gives-up  gives-up  gives-up  ok
anonymous         -w        config    config    -w        -w       -w        -w        -w        -w        -w
"""
_AIRTABLE = """
429               30s       30s       30s       30s       30s       30s       -s  30s       30s       -a
429 with seconds  7s        7s        7s        7s        7s        7s        -s  7s        7s        -a
429 with a date   minute    minute    minute    minute    minute    minute    -s  minute    minute    -a
429 for a day     day       day       day       day       day       day       -s  day       day       -a
5xx, short        again2    again2    again2    again2    again2    again2    -s  again2    again2    -a
5xx, long         gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gives-up  -a
late answer       again     again     again     again     again     again     -s  again     again     -a
dropped           again     again     again     again     again     again     -s  again     again     -a
cut, length kept  again     again     again     again     again     again     -s  again     again     -a
cut, length fits  again     again     again     again     again     again     -s  again     again     -a
web page          gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gives-up  -a
text or number    gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gives-up  -a
list              gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gives-up  -a
null              gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gives-up  -a
wrong type        unread    unread    unread    unread    unknown4  gives-up  -s  gives-up  gone      -a
null inside       unread    unread    unread    unread    unknown4  gives-up  -s  gives-up  gone      -a
missing key       unread    unread    unread    unread    unknown4  gives-up  -s  gives-up  gone      -a
key twice         gives-up  gives-up  gives-up  gives-up  unknown4  gives-up  -s  gives-up  gone      -a
odd field         -r        ok        ok        ok        ok        ok        -s  ok        -r        -a
record twice      -l        ok        ok        -l        -l        -l        -s  -l        -l        -a
one more          -p        -p        moved     -p        -p        -p        -s  -p        -p        -a
one less          -p        -p        moved     -p        -p        -p        -s  -p        -p        -a
expired           -p        -p        ok        -p        -p        -p        -s  -p        -p        -a
expires always    -p        -p        expires   -p        -p        -p        -s  -p        -p        -a
401               config    config    config    config    config    config    -s  config    config    -a
403               config    config    config    config    config    config    -s  config    config    -a
404               config    config    config    config    config    config    -s  config    config    -a
silence           config    fewer2    fewer     ok        unknown4  gives-up  -s  gives-up  gives-up  -a
anonymous         -n        -n        -n        -n        -n        -n        -s  -n        -n        -a
"""
_KLAVIYO = """
429               again     again     again     again     again    again     -k  -k  again     -a
429 with seconds  7s        7s        7s        7s        7s       7s        -k  -k  7s        -a
429 with a date   minute    minute    minute    minute    minute   minute    -k  -k  minute    -a
429 for a day     day       day       day       day       day      day       -k  -k  day       -a
5xx, short        again2    again2    again2    again2    unknown  again2    -k  -k  again2    -a
5xx, long         gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  gives-up  -a
late answer       again     again     again     again     unknown  again     -k  -k  again     -a
dropped           again     again     again     again     unknown  again     -k  -k  again     -a
cut, length kept  again     again     again     again     unknown  again     -k  -k  -b        -a
cut, length fits  again     again     again     again     unknown  again     -k  -k  -b        -a
web page          gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  gives-up  -a
text or number    gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  gives-up  -a
list              gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  gives-up  -a
null              gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  gives-up  -a
wrong type        unread    unread    unread    unread    unknown  gives-up  -k  -k  -b        -a
null inside       unread    unread    unread    unread    unknown  gives-up  -k  -k  -b        -a
missing key       unread    unread    unread    unread    unknown  gives-up  -k  -k  -b        -a
key twice         gives-up  gives-up  gives-up  gives-up  unknown  gives-up  -k  -k  -b        -a
odd field         -r        ok        ok        ok        -r       -r        -k  -k  -r        -a
record twice      -l        ok        ok        -l        -l       -l        -k  -k  -l        -a
one more          -p        -p        moved     -p        -p       -p        -k  -k  -p        -a
one less          -p        -p        moved     -p        -p       -p        -k  -k  -p        -a
expired           -p        -p        ok        -p        -p       -p        -k  -k  -p        -a
expires always    -p        -p        expires   -p        -p       -p        -k  -k  -p        -a
401               config    config    config    config    config   config    -k  -k  config    -a
403               config    config    config    config    config   config0   -k  -k  config0   -a
404               config    config    config    config    config   config0   -k  -k  config0   -a
silence           ok        fewer2    fewer2    unread    unknown  gives-up  -k  -k  gives-up  -a
anonymous         -n        -n        -n        -n        -n       -n        -k  -k  -n        -a
"""


def _parsed(grid: str) -> dict[tuple[str, str], str]:
    """The words of a grid by fault and operation; two spaces or more part its columns."""
    rows = [[part.strip() for part in line.split("  ") if part.strip()] for line in grid.strip().splitlines()]
    return {(row[0], column): word for row in rows for column, word in zip(COLUMNS, row[1:], strict=True)}


MATRIX: Final = {"jira": _parsed(_JIRA), "airtable": _parsed(_AIRTABLE), "klaviyo": _parsed(_KLAVIYO)}
