"""The writes of each ESP that do not send, and from when on those that schedule let a campaign go out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.exchanges import Exchange

EASTERNMOST = timedelta(hours=14)  # where it is any clock time first: so long before it is in UTC
OMNICHANNEL = "2026-10-15"  # the revision of Klaviyo in which messages are scheduled, and not campaigns
STRATEGIES = frozenset({"static", "throttled", "smart_send_time"})  # never `immediate`, Klaviyo's default (esp §1.5)


class CouldSend(Exception):
    """A request that could let a campaign go out at once, or that nobody can tell otherwise of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and by `held` (host and path) what the ESP last said of one of its campaigns."""

    exchange: Exchange
    held: Callable[[tuple[str, str]], str | None]

    @property
    def body(self) -> Mapping[str, Any]:
        return _object(self.exchange.body, "its body")

    @property
    def canned(self) -> bool:
        """Whether nobody carries it out, so that nothing is told but the request."""
        return not self.exchange.at

    def campaign(self, path: str) -> Mapping[str, Any] | None:
        """What was last read or written of the campaign at a path."""
        text = self.held((self.exchange.headers.get("host", ""), path))
        return None if text is None else _object(text, "what was read of the campaign")


Begins = Callable[[Asked], datetime | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A write that may be made. `begins`: the earliest moment anywhere at which it lets a campaign go out, None if it
    schedules nothing; raises CouldSend. Without it nothing in the request can schedule."""

    method: str
    path: re.Pattern[str]
    begins: Begins | None = None


def rule(method: str, template: str, begins: Begins | None = None) -> Rule:
    return Rule(method, re.compile(re.escape(template).replace("\\*", "[^/]+")), begins)


def _strategy_written(asked: Asked) -> None:
    """A Klaviyo campaign is made with a strategy that holds a time, and may be changed to one. In revision 2026-10-15
    (§1.7) it has none: its messages are drafts until each is scheduled."""
    attributes = _data(asked.body).get("attributes", {})
    if asked.exchange.headers.get("revision") == OMNICHANNEL:
        definition = attributes.get("definition")
        if not isinstance(definition, dict) or "immediate" in json.dumps(definition.get("send_settings")):
            raise CouldSend("nobody can tell how it lets the campaign's messages be sent")
        return
    if asked.exchange.method == "POST" and attributes.get("send_strategy") is None:
        raise CouldSend("it creates a campaign without a send strategy, which Klaviyo takes for 'immediate'")
    if "send_strategy" in attributes:
        _strategy_begins(attributes["send_strategy"])


def _message_written(asked: Asked) -> None:
    """A message's status is among what a change may say (K3): it is not to be said."""
    definition = _data(asked.body).get("attributes", {}).get("definition")
    status = definition.get("status") if isinstance(definition, dict) else None
    if status is not None:
        raise CouldSend(f"it sets the status of a message to {status!r}")


def _send_job(asked: Asked) -> datetime | None:
    """A send job says no time: the campaign's strategy does, as it was last seen."""
    native = str(_data(asked.body).get("id") or "")
    campaign = asked.campaign(f"/api/campaigns/{native}")
    if campaign is None:
        if asked.canned:
            return None
        raise CouldSend(f"it posts a send job, and nobody looked at the strategy of the campaign {native!r} before")
    return _strategy_begins(_data(campaign).get("attributes", {}).get("send_strategy"))


def _strategy_begins(strategy: Any) -> datetime:
    """When a send of this strategy (reference esp §1.5) may begin, at the earliest."""
    if not isinstance(strategy, dict) or strategy.get("method") not in STRATEGIES:
        raise CouldSend(f"the send strategy is {strategy!r}, which holds no time")
    if strategy["method"] == "smart_send_time":
        return _moment(strategy.get("date"), day=True) - EASTERNMOST
    options = strategy.get("options")
    local = isinstance(options, dict) and bool(options.get("is_local"))
    return _moment(strategy.get("datetime")) - (EASTERNMOST if local else timedelta())


def _reverts(asked: Asked) -> None:
    """Of the actions on what is scheduled, the one that makes a draft of it."""
    action = _data(asked.body).get("attributes", {}).get("action")
    if action != "revert":
        raise CouldSend(f"the action is {action!r}, not 'revert'")


def _message_schedule(asked: Asked) -> datetime:
    """The strategies of revision 2026-10-15 (reference esp §1.7)."""
    return _message_begins(_data(asked.body).get("attributes"))


def _campaign_schedule(asked: Asked) -> datetime:
    schedules = _data(asked.body).get("attributes", {}).get("message_schedules")
    if not isinstance(schedules, list) or not schedules:
        raise CouldSend("it schedules a campaign without a time for each message")
    return min(_message_begins(one) for one in schedules)


def _message_begins(schedule: Any) -> datetime:
    strategy = schedule.get("strategy") if isinstance(schedule, dict) else None
    if strategy not in (*STRATEGIES, "local_timezone"):
        raise CouldSend(f"the strategy is {strategy!r}, which holds no time")
    if strategy == "smart_send_time":
        return _moment(schedule.get("send_date"), day=True) - EASTERNMOST
    return _moment(schedule.get("send_time")) - (EASTERNMOST if strategy == "local_timezone" else timedelta())


def _mailchimp_schedule(asked: Asked) -> datetime:
    local = bool(asked.body.get("timewarp"))
    return _moment(asked.body.get("schedule_time")) - (EASTERNMOST if local else timedelta())


def _brevo_written(asked: Asked) -> datetime | None:
    """Any `scheduledAt` schedules. At the best time of a day, its time of the day counts for nothing (§3.4)."""
    body = asked.body
    if "scheduledAt" not in body:
        if "sendAtBestTime" in body:
            raise CouldSend("it changes how a campaign is sent, and does not say when")
        return None
    at = _moment(body["scheduledAt"])
    path = asked.exchange.path.rstrip("/")
    held = asked.campaign(path) or {}
    best = body.get("sendAtBestTime", held.get("sendAtBestTime"))
    return at.replace(hour=0, minute=0, second=0, microsecond=0) if best else at


def _unschedules(asked: Asked) -> None:
    """Of Brevo's commands, the two that stop a scheduled campaign: `sent` and `queued` send it."""
    word = asked.body.get("status")
    if word not in {"draft", "suspended"}:
        raise CouldSend(f"the status command is {word!r}, not 'draft' or 'suspended'")


def _object(text: str, what: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CouldSend(f"{what} cannot be understood")
    return found


def _data(document: Mapping[str, Any]) -> Mapping[str, Any]:
    data = document.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("attributes", {}), dict):
        raise CouldSend("its data cannot be understood")
    return data


def _moment(text: Any, *, day: bool = False) -> datetime:
    """An explicit time, or the midnight in UTC that begins a day. A time without a zone is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise CouldSend(f"{text!r} is no {'day' if day else 'time'}") from None
    if day:
        return at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    if at.tzinfo is None:
        raise CouldSend(f"{text!r} does not say in which zone")
    return at


# One rule a line. What is not here is not made by us: among it is every call that sends, starts, resumes or cancels.
RULES: Mapping[str, tuple[Rule, ...]] = {
    "klaviyo": (
        rule("POST", "/api/campaigns", _strategy_written),
        rule("PATCH", "/api/campaigns/*", _strategy_written),
        rule("DELETE", "/api/campaigns/*"),
        rule("POST", "/api/campaign-clone"),  # its copy is a draft
        rule("PATCH", "/api/campaign-messages/*", _message_written),
        rule("POST", "/api/campaign-values-reports"),  # asks, by POST
        rule("POST", "/api/tags/*/relationships/campaigns"),
        rule("DELETE", "/api/tags/*/relationships/campaigns"),
        rule("POST", "/api/campaign-send-jobs", _send_job),
        rule("PATCH", "/api/campaign-send-jobs/*", _reverts),
        # The same of revision 2026-10-15.
        rule("DELETE", "/api/campaign-messages/*"),
        rule("PATCH", "/api/campaign-variations/*"),
        rule("PATCH", "/api/campaign-audiences/*"),
        rule("POST", "/api/campaign-message-schedule", _message_schedule),
        rule("PATCH", "/api/campaign-message-schedule/*", _reverts),
        rule("POST", "/api/campaign-schedule", _campaign_schedule),
    ),
    "mailchimp": (
        rule("POST", "/3.0/campaigns"),
        rule("PATCH", "/3.0/campaigns/*"),
        rule("DELETE", "/3.0/campaigns/*"),
        rule("POST", "/3.0/campaigns/*/actions/replicate"),  # its copy is a draft
        rule("POST", "/3.0/campaigns/*/actions/schedule", _mailchimp_schedule),
        rule("POST", "/3.0/campaigns/*/actions/unschedule"),
    ),
    "brevo": (
        rule("POST", "/v3/emailCampaigns", _brevo_written),
        rule("PUT", "/v3/emailCampaigns/*", _brevo_written),
        rule("DELETE", "/v3/emailCampaigns/*"),
        rule("PUT", "/v3/emailCampaigns/*/status", _unschedules),
    ),
    "ics": (),  # nothing is ever written to a feed
}
