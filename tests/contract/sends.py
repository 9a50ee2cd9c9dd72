"""No send at our word: whether a request to an ESP could let a campaign go out (reference esp §0.1), asked of each.

What writes and is not known here to be harmless could send, for all that this file knows.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote, unquote_plus

from connectors.sandbox.exchanges import Exchange
from tests.contract.exceptions import Violation
from tests.contract.sends_rules import RULES, Asked, CouldSend, Rule

MARGIN = timedelta(minutes=1)
READS = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = "campaign-sync"  # how our connectors call themselves (connectors.http); a person's browser and a test do not
LONGEST = 300
CAMPAIGN = re.compile(r"/api/campaigns/[^/]+|/v3/emailCampaigns/[^/]+")
TELLING = ('"send_strategy"', '"sendAtBestTime"')  # how a campaign is sent, where that is not in what schedules it
# Headers that make one method another: what is judged would not be what is done.
DISGUISES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})


@dataclass(slots=True)
class Sends:
    """Judges what it hears, and remembers what an ESP said of a campaign for as long as a test lasts.

    `everybody`: whether all requests are judged, or only those of our connectors; the stand-ins' own tests send on
    purpose. `counts` has "requests", "schedulings" and "could send". Safe to use from several threads.
    """

    everybody: bool = True
    counts: Counter[str] = field(default_factory=Counter)
    _found: list[Violation] = field(default_factory=list)
    _held: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, exchange: Exchange) -> None:
        """Judge an exchange. `status` 0: there is a request only."""
        rules = RULES.get(exchange.tool)
        if rules is None or not (self.everybody or exchange.headers.get("user-agent", "").startswith(OURS)):
            return
        with self._lock:
            self.counts["requests"] += 1
            try:
                self._judge(exchange, rules)
            except (CouldSend, OverflowError) as reason:
                self.counts["could send"] += 1
                self._found.append(_violation(exchange, str(reason)))

    def drain(self) -> list[Violation]:
        """What could have sent since the last time, each once. What was learned of campaigns is forgotten."""
        with self._lock:
            found, self._found = list({one.brief: one for one in self._found}.values()), []
            self._held.clear()
        return found

    def _judge(self, exchange: Exchange, rules: tuple[Rule, ...]) -> None:
        if exchange.sent:
            raise CouldSend("it made a campaign go out at once")
        if not DISGUISES.isdisjoint(exchange.headers):
            raise CouldSend("it asks for another method than its own")
        if exchange.method in READS:
            self._learn(exchange, exchange.answer)
            return
        path = unquote(exchange.path).rstrip("/")
        rule = next((one for one in rules if one.method == exchange.method and one.path.fullmatch(path)), None)
        if rule is None:
            raise CouldSend("it is none of the writes that are known not to send")
        if rule.begins is not None:
            begins = rule.begins(Asked(exchange, self._held.get))
            if begins is not None:
                self.counts["schedulings"] += 1
                _in_time(exchange, begins)
        if exchange.status or not exchange.at:  # carried out, as far as we are told
            self._learn(exchange, exchange.body)
            self._learn(exchange, exchange.answer)  # as a read would show it, and so the last word

    def _learn(self, exchange: Exchange, text: str) -> None:
        """Keep what tells how a campaign is sent. It is understood only if the campaign is scheduled."""
        path = exchange.path.rstrip("/")
        if exchange.status < 400 and CAMPAIGN.fullmatch(path) and any(word in text for word in TELLING):
            self._held[exchange.headers.get("host", ""), path] = text


def _in_time(exchange: Exchange, begins: datetime) -> None:
    """An explicit future time, by the clock of whoever would send. Nobody tells the time of a canned answer."""
    if exchange.at and begins - datetime.fromisoformat(exchange.at) <= MARGIN:
        raise CouldSend(f"it schedules for {begins.isoformat()}, and it is {exchange.at}")


def _violation(exchange: Exchange, reason: str) -> Violation:
    address = f"{exchange.headers.get('host', '')}{exchange.path}"
    query = f"?{exchange.query}" if exchange.query else ""
    shown = f"{exchange.method} {address}{query} -> {exchange.status}"
    shown += f": {exchange.body[:LONGEST]}" if exchange.body else ""
    operation = f"{exchange.method} {exchange.path}"
    return Violation(exchange.tool, operation, "could send", reason, unquote_plus(exchange.query), shown)
