"""Jira Cloud: epics as campaigns and their child issues as stages, through the `jira` library's session."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from connectors import jira_fields, jira_history, jira_issues, jira_write
from connectors.http import Retry
from connectors.jira_site import Site
from sync.model import Attribution, Kind, Record, Ref
from sync.ports import Capability, Change, NativeSchema, Outcome, Written

SETTLE = 300.0  # seconds; the search index lags by minutes at worst (reference jira §4.2)
RECONCILED = 50  # how many issues a search reads past its index (§4.2)


class JiraConnector:
    """The wire to one project of one Jira Cloud site, v3. Connects at the first use, not when it is made.

    `url` is the site's (https://acme.atlassian.net), `project` a key, the types are names of its issue types.
    `per_second` is the rate budget of this instance; None is none. `sleep` and `rng` are the retry policy's.
    """

    def __init__(
        self,
        tool: str,
        *,
        url: str,
        email: str,
        token: str,
        project: str,
        campaign_type: str = "Epic",
        stage_type: str = "Task",
        per_second: float | None = 20,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.tool = tool
        self.capability = Capability(frozenset(Kind), batch=jira_write.BATCH, settle=SETTLE)
        self._site = Site(
            tool, url=url, email=email, token=token, project=project, per_second=per_second,
            types={Kind.CAMPAIGN: campaign_type, Kind.STAGE: stage_type}, retry=Retry(sleep=sleep, rng=rng),
        )  # fmt: skip
        self._schema: NativeSchema | None = None
        self._written: deque[str] = deque(maxlen=RECONCILED)

    def schema(self) -> NativeSchema:
        """The fields by kind, of the types string, doc, date, datetime, user, option, number, status and array:…"""
        if self._schema is None:
            self._schema = jira_fields.read_schema(self._site)
        return self._schema

    def fetch(self) -> Iterator[Record]:
        """Every issue of the two types, campaigns first. What this instance has written is read past the index."""
        schema = self.schema()
        reconcile = [int(native) for native in self._written]
        for kind in (Kind.CAMPAIGN, Kind.STAGE):
            for issue in jira_issues.listing(self._site, kind, schema, reconcile):
                yield jira_issues.record(self._site, issue, Ref(self.tool, kind, str(issue["id"])), schema)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Record | None]:
        """These issues, past the index; 100 per request, and one more for each that is not there."""
        return jira_issues.read(self._site, refs, self.schema())

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """One outcome for each change, in order. A creation without an answer is Ambiguous and never repeated."""
        outcomes = jira_write.write(self._site, self.schema(), changes)
        for outcome in outcomes:
            if isinstance(outcome, Written) and outcome.record is not None:
                native = outcome.record.ref.native
                if native in self._written:
                    self._written.remove(native)
                self._written.append(native)
        return outcomes

    def attribution(self, record: Record, field_id: str) -> Attribution | None:
        """Who last changed the field and when, by the issue's changelog."""
        return jira_history.attribution(self._site, record, field_id)

    def time(self) -> datetime | None:
        """The site's own time, by its last answer."""
        return self._site.clock.now()

    def close(self) -> None:
        """Give back sockets."""
        self._site.close()
