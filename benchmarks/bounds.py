"""The fewest requests that a run can do with, by the page and batch sizes of the tools' references.

A bound counts what is listed and what is written, each page and batch as full as the tool allows. It leaves out what
our own promises cost on top: reading a tool's set-up, looking again right before a write, and reading back after it.
What the least of these costs, one look at each record that is about to be changed, is told apart by `looks`.

Jira (reference jira §4.1, §4.2, §4.4, §4.6, §5.2, §5.3, §5.4, §5.6)
    listing    full: ceil(issues / 500), the page that is asked for; changes: ceil(changed / 500), at least 1;
               count: ceil(issues / 5,000) on top of the changes
    writing    ceil(new epics / 50) + ceil(new tasks / 50) + 1 for each edited issue + 1 for each whose status moves
               + 1 for each link to another tool's record. On Cloud a new issue takes its step along with its creation
    telling    which of them is which, for the answer to a creation in bulk does not say it: ceil(new / 100) on Cloud,
               ceil(new / 500) on a Data Center

Airtable (reference airtable §2, §5, §7), tables one by one, at least 1 listing each
    listing    full: ceil(campaigns / 100) + ceil(stages / 100); changes by the log: 1 + ceil(changed / 100) by table;
               changes by polling: as a full listing of what changed; count: the full listing on top of the changes
    writing    ceil((new + edited) / 10) by table

Klaviyo (reference esp §1)
    listing    full: ceil(campaigns / 100), at least 1; changes: ceil(changed / 100), at least 1; count: the full
               listing on top of the changes
    writing    1 for each new campaign + 1 for each edited one, 1 for each changed subject, 1 for each tag that is given
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

JIRA_PAGE, JIRA_IDS, JIRA_CREATES, JIRA_READ = 500, 5000, 50, 100
AIRTABLE_PAGE, AIRTABLE_WRITES = 100, 10
KLAVIYO_PAGE = 100


class Listing(StrEnum):
    """What a run has to learn from a tool: everything, what changed, or what changed and which records there are."""

    FULL = "full"
    CHANGES = "changes"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Work:
    """What one run had to do in one tool. Pairs are (campaigns, stages).

    `links` are those that an issue is given to other tools' records.
    `held` is what the tool holds when it is listed, `changed` which of it changed since the last run. `moved` are
    issues whose status changes by a request of its own, `begun` those of them that are new. `updated` is what was there
    before and is changed in any way; `edited` leaves out those of which nothing else changes. `subjects` and `tags` are
    Klaviyo's: campaigns that get another subject, and tags of which any campaign is given or loses one.
    """

    listing: Listing
    held: tuple[int, int]
    changed: tuple[int, int] = (0, 0)
    created: tuple[int, int] = (0, 0)
    edited: tuple[int, int] = (0, 0)
    updated: tuple[int, int] = (0, 0)
    moved: int = 0
    begun: int = 0
    links: int = 0
    subjects: int = 0
    tags: int = 0


def jira(work: Work, *, cloud: bool = True) -> int:
    """Requests to a Jira project."""
    listed = _pages(sum(work.held if work.listing is Listing.FULL else work.changed), JIRA_PAGE)
    counted = _pages(sum(work.held), JIRA_IDS) if work.listing is Listing.COUNT else 0
    created = sum(ceil(count / JIRA_CREATES) for count in work.created)
    told = ceil(sum(work.created) / (JIRA_READ if cloud else JIRA_PAGE))
    moved = work.moved - work.begun if cloud else work.moved
    return listed + counted + created + told + sum(work.edited) + moved + work.links


def airtable(work: Work, *, log: bool) -> int:
    """Requests to an Airtable base with two tables, with its change log or without."""
    full = sum(_pages(count, AIRTABLE_PAGE) for count in work.held)
    changes = sum(_pages(count, AIRTABLE_PAGE) for count in work.changed)
    if log:
        changes = 1 + sum(ceil(count / AIRTABLE_PAGE) for count in work.changed)
    listed = {Listing.FULL: full, Listing.CHANGES: changes, Listing.COUNT: changes + full}[work.listing]
    writes = [new + edited for new, edited in zip(work.created, work.edited, strict=True)]
    return listed + sum(ceil(count / AIRTABLE_WRITES) for count in writes)


def klaviyo(work: Work) -> int:
    """Requests to a Klaviyo account."""
    writes = work.created[0] + work.edited[0] + work.subjects + work.tags
    full, changes = _pages(work.held[0], KLAVIYO_PAGE), _pages(work.changed[0], KLAVIYO_PAGE)
    listed = {Listing.FULL: full, Listing.CHANGES: changes, Listing.COUNT: changes + full}[work.listing]
    return listed + writes


def looks(work: Work, *, tool: str, cloud: bool = True) -> int:
    """Requests for one look at every record that is changed, in pages: of 100 on Jira Cloud (reference jira §4.4), by
    table in Airtable (airtable §2.1) and in Klaviyo (esp §1.3); one by one on a Data Center, whose pages may be old."""
    if tool == "jira":
        return ceil(sum(work.updated) / JIRA_READ) if cloud else sum(work.updated)
    return sum(ceil(count / (AIRTABLE_PAGE if tool == "airtable" else KLAVIYO_PAGE)) for count in work.updated)


def _pages(count: int, size: int) -> int:
    """To see that nothing is there takes a page too."""
    return max(1, ceil(count / size))


# The fewest seconds by the vendors' documented rates, however fast the network: what of the requests has to wait for
# another second or minute. A burst that may be made at once takes no time.


def airtable_seconds(requests: int) -> float:
    """Five requests a second and base (reference airtable §7)."""
    return max(0, ceil(requests / 5) - 1)


def jira_seconds(requests: int, *, cloud: bool = True) -> float:
    """Cloud: 50 writes of one kind a second, of which a batch is one (reference jira §8). Data Center: a bucket of 50
    requests that is filled by 10 a second."""
    return max(0, ceil(requests / 50) - 1) if cloud else max(0.0, (requests - 50) / 10)


def klaviyo_seconds(requests: int) -> float:
    """Ten requests a second and 150 a minute (reference esp §1.10)."""
    minutes, rest = divmod(max(0, requests - 1), 150)
    return 60 * minutes + rest // 10
