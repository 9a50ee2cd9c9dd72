"""A stand-in called directly, its answer held against the vendor's own description."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.exchanges import Exchange
from tests.contract.catalogue import FOLDER, at_hand
from tests.contract.check import answer_violations, request_violations
from tests.contract.exceptions import Violation, exceptions
from tests.contract.ledger import on_site, specification_of

AT_HAND = FOLDER.exists()
needs_descriptions = pytest.mark.skipif(not AT_HAND, reason=f"the vendors' descriptions are not at hand in {FOLDER}")


class Witness:
    """Hears the exchanges of one test and judges them, requests and all."""

    def __init__(self) -> None:
        self.heard: list[Exchange] = []

    def hear(self, exchange: Exchange) -> None:
        self.heard.append(exchange)

    def judgement(self) -> list[Violation]:
        """What the vendor says against the last exchange. LookupError if it describes no such operation."""
        exchange = on_site(self.heard[-1])
        # `desk.ask` says of no body what it is.
        exchange = replace(exchange, headers={"content-type": "application/json", **exchange.headers})
        specification = at_hand(specification_of(exchange))
        operation = specification.operation(exchange.method, exchange.path) if specification else None
        if specification is None or operation is None:
            raise LookupError(f"nobody describes {exchange.method} {exchange.path}")
        found = request_violations(specification, operation, exchange)
        found += answer_violations(specification, operation, exchange)
        kept = [one for one in found if not any(exempt.covers(one) for exempt in exceptions())]
        return list({one.brief: one for one in kept}.values())


def told(violations: list[Violation]) -> str:
    return "\n".join(map(str, violations))


def pairs(query: str) -> list[Any]:
    """`a=1&b=2` as pairs."""
    return [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
