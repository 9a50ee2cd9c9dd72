"""Jira, Cloud and Data Center: epics as campaigns and their child issues as stages, through the `jira` library."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from connectors import (
    jira_changes,
    jira_history,
    jira_issues,
    jira_links,
    jira_listing,
    jira_people,
    jira_readback,
    jira_write,
)
from connectors.http import Retry
from connectors.jira_login import Login
from connectors.jira_project import Project
from connectors.jira_site import Site
from connectors.oauth import Grant
from sync.errors import ConfigError
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Capability, Change, Member, NativeSchema, Outcome, Relation, Withheld, Written

SETTLE = jira_issues.SETTLE.total_seconds()
T = TypeVar("T")
RECONCILED = 50  # how many issues a search reads past its index (reference jira §4.2)


class JiraConnector:
    """The wire to one project of one Jira site. Connects at the first use, not when it is made.

    `url` is the site's (https://acme.atlassian.net), `project` a key, the types are names of its issue types.
    What `token` is, `email`, `user` and `grant` tell: see `Login`. `transition_fields` gives by status, and there by
    field, what a transition into that status is to fill in. `per_second` is the rate budget of this instance; None is
    none. `sleep` and `rng` are the retry policy's.
    """

    def __init__(
        self,
        tool: str,
        *,
        url: str,
        token: str,
        project: str,
        email: str | None = None,
        user: str | None = None,
        grant: Grant | None = None,
        campaign_type: str = "Epic",
        stage_type: str = "Task",
        transition_fields: Mapping[str, Mapping[str, Any]] | None = None,
        per_second: float | None = 20,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.tool = tool
        self.capability = Capability(
            frozenset(Kind),
            batch=jira_write.BATCH,
            settle=SETTLE,
            changes=True,
            relates=True,
            resumes=True,
            remembers=True,
        )
        login, retry = Login(token, email, user, grant), Retry(sleep=sleep, rng=rng)
        self._site = Site(tool, url=url, login=login, per_second=per_second, retry=retry)
        types = {Kind.CAMPAIGN: campaign_type, Kind.STAGE: stage_type}
        self._project = Project(self._site, project, types, transition_fields or {})
        self._written: deque[str] = deque(maxlen=RECONCILED)
        self._position: str | None = None
        self._reached: str | None = None

    def schema(self) -> NativeSchema:
        """The fields by kind. Their types are Jira's own words, but for doc (rich text of Cloud), wiki (of a Data
        Center), username (a person there), and array:… for a list of …"""
        return self._project.schema

    def setup(self) -> str | None:
        """What the site is, who we are there, the project, its types and fields: 6 requests of a run, 7 on Cloud."""
        return self._project.setup()

    def recall(self, setup: str | None) -> None:
        """Go by it. A listing that Jira then refuses is asked for once more, after all has been asked anew."""
        self._project.recall(setup)

    def fetch(self, after: str | None = None, known: Collection[Ref] = ()) -> Iterator[Record]:  # noqa: ARG002  it goes by times
        """Every issue of the two types, campaigns first. What this instance has written is read past the index."""
        yield from self._or_anew(lambda: self._fetch(after))

    def _fetch(self, after: str | None) -> Iterator[Record]:
        self._position = self._reached = None
        if self._project.recalled:
            self._project.recall(None)  # absence is concluded from a full listing, so it goes by nothing old
        place = self._project.place
        begun = self._site.clock.now()

        def reached(text: str | None) -> None:
            self._reached = text
            if text is not None and begun is not None:
                # What changes before the listing goes on has to be asked for from its beginning.
                self._position = jira_changes.position(place, begun - jira_issues.SETTLE)

        yield from jira_listing.listing(self._project, self._lately(), after, reached)
        if begun is not None:
            self._position = jira_changes.position(place, begun - jira_issues.SETTLE)

    def reached(self) -> str | None:
        """The kind that the last full listing was at, and the time of creation that it had come to."""
        return self._reached

    def changes(self, since: str) -> Iterator[Record | Ref]:
        """What was updated since then, campaigns of a page before its stages. Issues that were deleted, or moved to
        another project or type, are not among them: a census misses those."""
        yield from self._or_anew(lambda: self._changes(since))

    def _changes(self, since: str) -> Iterator[Record]:
        self._position = None
        place = self._project.place
        start = jira_changes.moment_of(self.tool, place, since)
        self._position = since

        def reached(at: datetime) -> None:
            self._position = jira_changes.position(place, at)

        yield from jira_changes.changed(self._project, start, self._lately(), reached)

    def position(self) -> str | None:
        """The time up to which the last listing is known to be whole, less what the index may lag; by Jira's clock."""
        return self._position

    def census(self) -> Iterator[Ref]:
        """The refs of the full listing, by pages of thousands."""
        yield from self._or_anew(self._census)

    def _census(self) -> Iterator[Ref]:
        for kind in (Kind.CAMPAIGN, Kind.STAGE):
            yield from jira_issues.census(self._project, kind, self._lately())

    def members(self) -> Sequence[Member]:
        """Who may be assigned, by account id; on a Data Center everybody, by user name."""
        return jira_people.members(self._project)

    def reach(self, audiences: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002  nothing is sent from here
        """Never called: nothing is sent from here."""
        return {}

    def withheld(self) -> Sequence[Withheld]:
        """Never called: what may not be read here fails where it is read."""
        return ()

    def relate(self, record: Record, relations: Sequence[Relation], dropped: Sequence[str]) -> None:
        """Remote issue links. Raises Rejected where this account may not link issues, Stale where the issue is gone."""
        jira_links.relate(self._site, record, relations, dropped)

    def measure(self, refs: Sequence[Ref]) -> Mapping[Ref, Mapping[str, float]]:  # noqa: ARG002  nothing is sent here
        """Never called: nothing is sent from here."""
        return {}

    def glance(self, refs: Sequence[Ref]) -> Mapping[Ref, Record]:
        """These issues as the index of a Data Center has them, 100 per request. Cloud reads as many past its index."""
        return jira_readback.glance(self._project, refs)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These issues, past the index; on Cloud 100 per request, and one more for each that is not there."""
        return jira_issues.read(self._project, refs)

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """One outcome for each change, in order. A creation without an answer is Ambiguous and never repeated."""
        outcomes = jira_write.write(self._project, changes)
        for outcome in outcomes:
            if isinstance(outcome, Written) and outcome.record is not None:
                native = outcome.record.ref.native
                if native in self._written:
                    self._written.remove(native)
                self._written.append(native)
        return outcomes

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        """Who last changed the field and when, by the issue's changelog."""
        return jira_history.attribution(self._project, record, field_id)

    def time(self) -> datetime | None:
        """The site's own time, by its last answer."""
        return self._site.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._site.close()

    def _or_anew(self, listed: Callable[[], Iterator[T]]) -> Iterator[T]:
        """What is listed. Where Jira refuses the question that an earlier run's set-up led to, all is asked anew: it
        may be that the set-up has changed."""
        begun = False
        try:
            for one in listed():
                begun = True
                yield one
        except ConfigError:
            if begun or not self._project.recalled:
                raise
        else:
            return
        self._project.recall(None)
        yield from listed()

    def _lately(self) -> list[int]:
        return [int(native) for native in self._written]
