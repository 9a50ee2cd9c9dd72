"""What this process has seen of the wire: every exchange is checked once, and its violations wait for the verdict."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.sandbox.exchanges import Exchange
from tests.contract.catalogue import at_hand
from tests.contract.check import answer_violations, request_violations, unknown
from tests.contract.exceptions import Exempt, Violation, exceptions
from tests.contract.specification import Specification


@dataclass(slots=True)
class Account:
    """What was seen, in figures that add up over processes."""

    exchanges: Counter[str] = field(default_factory=Counter)  # by specification
    operations: Counter[str] = field(default_factory=Counter)  # "jira-cloud GET /rest/api/3/myself"
    exempt: Counter[str] = field(default_factory=Counter)  # by the exception that matched
    violations: Counter[str] = field(default_factory=Counter)  # by their text

    def add(self, other: Account) -> None:
        for mine, theirs in zip(self._parts(), other._parts(), strict=True):
            mine.update(theirs)

    def dump(self) -> list[dict[str, int]]:
        return [dict(part) for part in self._parts()]

    @classmethod
    def load(cls, parts: list[dict[str, int]]) -> Account:
        return cls(*(Counter(part) for part in parts))

    def _parts(self) -> tuple[Counter[str], ...]:
        return self.exchanges, self.operations, self.exempt, self.violations


class Ledger:
    """Checks what it hears. Safe to use from several threads.

    By default against the descriptions at hand. `requests`: whether the requests are to be checked, too; the
    stand-ins' own tests ask wrongly on purpose.
    """

    def __init__(
        self, specifications: dict[str, Specification] | None = None, excepted: Sequence[Exempt] | None = None
    ) -> None:
        self.requests = True
        self.account = Account()
        self._specifications = specifications
        self._pending: list[Violation] = []
        self._known: dict[int, tuple[list[Violation], list[str]]] = {}
        self._exceptions = exceptions() if excepted is None else excepted
        self._lock = threading.Lock()

    def hear(self, exchange: Exchange) -> None:
        """Check an exchange, unless the very same was checked before. `status` 0: there is a request only."""
        exchange = on_site(exchange)
        name = specification_of(exchange)
        with self._lock:
            specification = at_hand(name) if self._specifications is None else self._specifications.get(name)
            if specification is not None:
                self._check(specification, exchange)

    def drain(self) -> list[Violation]:
        """The violations since the last time, each once."""
        with self._lock:
            found, self._pending = list({one.brief: one for one in self._pending}.values()), []
        return found

    def _check(self, specification: Specification, exchange: Exchange) -> None:
        self.account.exchanges[specification.name] += 1
        operation = specification.operation(exchange.method, exchange.path)
        if operation is None:
            # What is not there may be asked for on purpose, but not be answered.
            if self.requests or 0 < exchange.status < 400:
                self._once((exchange.method, exchange.path), lambda: [unknown(specification, exchange)])
            return
        self.account.operations[f"{specification.name} {operation}"] += 1
        if self.requests:
            asked = (exchange.method, exchange.path, exchange.query, exchange.body, *_telling(exchange.headers))
            self._once(asked, lambda: request_violations(specification, operation, exchange))
        if exchange.status:
            said = (operation, exchange.query, exchange.status, exchange.answer, *_telling(exchange.answer_headers))
            self._once(said, lambda: answer_violations(specification, operation, exchange))

    def _once(self, parts: tuple[Any, ...], check: Callable[[], list[Violation]]) -> None:
        """What was checked before is not checked again, but its violations are told again: of another test."""
        key = hash(parts)
        if key not in self._known:
            self._known[key] = self._judged(check())
        kept, exempt = self._known[key]
        self.account.exempt.update(exempt)
        self.account.violations.update(violation.brief for violation in kept)
        self._pending += kept

    def _judged(self, violations: Sequence[Violation]) -> tuple[list[Violation], list[str]]:
        """What no exception covers, and the exceptions that cover the rest."""
        covering = [next((one for one in self._exceptions if one.covers(found)), None) for found in violations]
        kept = [found for found, one in zip(violations, covering, strict=True) if one is None]
        return kept, [str(one) for one in covering if one is not None]


def _telling(headers: Mapping[str, str]) -> Iterator[str | None]:
    """The headers that a description may say something about."""
    return (headers.get(name) for name in ("content-type", "accept", "revision"))


def specification_of(exchange: Exchange) -> str:
    """The name of the specification that an exchange is under; empty for what nobody describes.

    What there is no description of: Cloud's version 2 (only the stand-in's own tests speak it), OAuth's token
    exchange, and Data Center's administration of webhooks.
    """
    path = exchange.path
    if exchange.tool != "jira":
        if path.startswith("/v3/ecommerce/"):
            return "brevo-2024"
        if exchange.headers.get("revision") == "2026-10-15" and not _ALIKE.match(path):
            return "klaviyo-2026-10-15"
        return exchange.tool if path.startswith(("/api/", "/v0/", "/3.0", "/v3/")) else ""
    if path.startswith("/rest/api/3/"):
        return "jira-dc" if _data_center(exchange) else "jira-cloud"
    if path.startswith(("/rest/api/2/", "/rest/api/latest/", "/rest/agile/", "/rest/auth/")):
        return "jira-dc" if not exchange.status or _data_center(exchange) else ""
    return ""


# What Klaviyo's newer description leaves out, as nothing of it has changed.
_ALIKE = re.compile(r"/api/(lists|segments|metrics)(/|$)")


def _data_center(exchange: Exchange) -> bool:
    """Only Data Center says whom it takes the caller for, and has words of its own for what it has not."""
    return "x-ausername" in exchange.answer_headers or (exchange.status == 404 and '"status-code"' in exchange.answer)


def on_site(exchange: Exchange) -> Exchange:
    """What went through Atlassian's gateway, as the site itself is asked it (reference jira §2)."""
    path = _GATEWAY.sub("", exchange.path)
    return replace(exchange, path=path.replace("/rest/api/latest/", "/rest/api/2/", 1))


_GATEWAY = re.compile(r"^/ex/jira/[^/]+(?=/rest/)")
