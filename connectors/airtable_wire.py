"""Requests to one Airtable base: its rate budget, its quota, its listings, and what a missing place means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import requests
from pyairtable import Api
from pyairtable.api.params import options_to_json_and_params, options_to_params

from connectors.airtable_errors import Expired, Gone, Hidden, Renamed, lockout, meaning
from connectors.airtable_sweep import Page
from connectors.airtable_tables import Table
from connectors.answers import items, understood, word
from connectors.budgets import shared_name
from connectors.http import TIMEOUT, Retry, ToolClock, as_given, json_of, limit, translate
from connectors.oauth import Grant
from sync.errors import ConfigError, Exhausted, Rejected, Stale, SyncError, Unavailable

LISTINGS = 3  # how often a listing is begun anew when its cursor runs out
LONGEST_URL = 16_000  # characters, reference airtable §2.1

READING = ("/listRecords",)  # a POST that is a question

T = TypeVar("T")


class Wire:
    """One base in the name of a token, or of a `grant` in its place. Every failure is a SyncError."""

    def __init__(
        self, tool: str, *, token: str, base: str, url: str, per_second: float | None, retry: Retry,
        grant: Grant | None = None,
    ) -> None:  # fmt: skip
        self.tool = tool
        self.base = base
        self.clock = ToolClock()
        self.first_heard: datetime | None = None  # the tool's time at its first answer
        self._api = Api(token, timeout=TIMEOUT, retry_strategy=None, use_field_ids=True, endpoint_url=url.rstrip("/"))
        self._api.session.auth = grant or as_given
        # All processes count together: a base that is asked too often refuses everybody for half a minute.
        share = shared_name("airtable", url, base)
        limit(self._api.session, per_second, share=share, reading=READING, pause=lockout)
        self._retry = retry
        self._spent: Exhausted | None = None

    def repeat(self, call: Callable[[], T], *, repeatable: bool = False) -> T:
        """A whole idempotent operation under the retry policy."""
        return self._retry(call, repeatable=repeatable)

    def schema(self) -> Sequence[Mapping[str, Any]]:
        """The base's tables as Airtable describes them (reference airtable §8)."""
        doing = f"reading the tables of base {self.base}"
        answer = self.look(doing, self._api.base(self.base).urls.tables)
        with understood(self.tool, doing):
            return items(answer, "tables")

    def look(self, doing: str, url: str, *, method: str = "GET", **request: Any) -> Any:
        """Read something that has to be there: when it is not, a person must look at the configuration."""
        try:
            return self.repeat(lambda: self.ask(doing, method, url, **request))
        except (Stale, Rejected) as exc:
            raise self.misplaced(exc) from exc

    def misplaced(self, error: SyncError) -> ConfigError:
        return ConfigError(f"{error} Check base and tables of [tools.{self.tool}].")

    def listing(
        self, table: Table, *, size: int, formula: str | None = None, fields: Sequence[str] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Each record once. Renamed where the formula or the fields name a column that is not there."""
        for page in self.pages(table, size=size, formula=formula, fields=fields):
            yield from page.records

    def pages(
        self, table: Table, *, size: int, formula: str | None = None, fields: Sequence[str] = ()
    ) -> Iterator[Page]:
        """Page by page, each record once: pages may repeat what moved; an expired listing begins anew (reference
        airtable §2.1)."""
        seen: set[str] = set()
        for _ in range(LISTINGS):
            try:
                for page in self._pages(table, size, formula, fields):
                    new = {raw["id"]: raw for raw in page.records if raw["id"] not in seen}
                    seen.update(new)
                    yield Page(list(new.values()), page.more)
            except Expired:
                continue
            return
        raise Unavailable(f"{self.tool} let a listing expire {LISTINGS} times in a row. The next run tries again.")

    def _pages(self, table: Table, size: int, formula: str | None, fields: Sequence[str]) -> Iterator[Page]:
        options: dict[str, Any] = {"page_size": size, "use_field_ids": True}
        options |= {"formula": formula} if formula is not None else {}
        options |= {"fields": list(fields)} if fields else {}
        doing = f"reading the table {table.name!r}"
        while True:
            page = self._page(doing, table, options)
            with understood(self.tool, doing):
                records = items(page, "records")
                all(word(raw, "id") for raw in records)
                # On the last page it is absent (reference airtable §2.1): an empty one would be something unknown.
                offset = word(page, "offset") if "offset" in page else None
            yield Page(records, offset is not None)
            if offset is None:
                return
            options["offset"] = offset

    def _page(self, doing: str, table: Table, options: dict[str, Any]) -> Any:
        urls = self._api.table(self.base, table.id).urls
        params = options_to_params(options)
        if len(requests.Request("GET", urls.records, params=params).prepare().url or "") < LONGEST_URL:
            return self._found(doing, "GET", urls.records, params=params)
        body, params = options_to_json_and_params(options)
        return self._found(doing, "POST", urls.records_post, json=body, params=params)

    def _found(self, doing: str, method: str, url: str, **request: Any) -> Any:
        try:
            return self.repeat(lambda: self.ask(doing, method, url, **request))
        except Renamed:
            raise
        except (Stale, Rejected) as exc:
            raise self.misplaced(exc) from exc

    def single(self, table: Table, native: str) -> Mapping[str, Any] | None:
        """One record by its id; None where Airtable does not show it."""
        doing = f"reading the record {native} of table {table.name!r}"
        url, params = self.records(table, native), options_to_params({"use_field_ids": True})
        try:
            found: Mapping[str, Any] = self.repeat(lambda: self.ask(doing, "GET", url, params=params))
        except (Gone, Hidden):
            return None
        return found

    def records(self, table: Table, native: str | None = None) -> str:
        """The address of a table's records, or of one."""
        urls = self._api.table(self.base, table.id).urls
        return urls.records if native is None else urls.record(native)

    def webhooks(self, *path: str) -> str:
        """The address of the base's webhooks, or of something about one."""
        return "/".join((self._api.base(self.base).urls.webhooks, *path))

    def tell(self, doing: str, method: str, url: str, **request: Any) -> None:
        """One request that changes something and is answered by nothing that matters, such as an empty body."""
        self._sent(doing, method, url, creating=False, **request)

    def ask(self, doing: str, method: str, url: str, *, creating: bool = False, **request: Any) -> Any:
        """One request, and the object that it is answered with."""
        response = self._sent(doing, method, url, creating=creating, **request)
        answer = json_of(self.tool, doing, response, creating=creating)
        with understood(self.tool, doing, creating=creating):
            if not isinstance(answer, dict):
                raise TypeError(doing)
        return answer

    def _sent(self, doing: str, method: str, url: str, *, creating: bool, **request: Any) -> requests.Response:
        """A good answer, through the library's session; its own `request` fails itself over odd error bodies."""
        if "/meta/" not in url:  # the schema is told in spite of a used-up quota (reference airtable §6)
            self._insist_on_quota()
        try:
            response = self._api.session.request(method, url, timeout=TIMEOUT, **request)
        except requests.RequestException as exc:
            raise translate(self.tool, doing, exc, creating=creating) from exc
        self.clock.learn(response)
        self.first_heard = self.first_heard or self.clock.now()
        if not response.ok:
            error = meaning(self.tool, doing, response, creating=creating)
            self._spent = error if isinstance(error, Exhausted) else self._spent
            raise error
        return response

    def _insist_on_quota(self) -> None:
        """Every further call would be refused too, until the quota is granted anew."""
        if self._spent is not None:
            now, until = self.clock.now(), self._spent.until
            if now is None or until is None or now < until:
                raise self._spent
            self._spent = None

    def close(self) -> None:
        """Give back sockets."""
        self._api.session.close()
