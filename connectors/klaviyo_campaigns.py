"""Klaviyo campaigns of the classic revisions: their JSON as records, and what may be sent for a change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.errors import Rejected
from sync.model import Kind, Record, Ref

MARKER = re.compile(r"\s*\[(cs-[0-9a-z]{8})\]")
PLACEHOLDER = "TBD"  # a message needs a subject; this one stands for none
EDITABLE = "Draft"

# The only strategies that are ever written. `immediate` would let a later send job go out at once (reference esp §0.1).
WRITABLE = {"static": "datetime", "throttled": "datetime", "smart_send_time": "date"}
# Present strategies that are left alone: a test is read-only (§1.5), and whoever chose "at once" must choose again.
FROZEN = frozenset({"immediate", "ab_test_campaign", "unsupported"})

_SENDING = frozenset({
    "Queued without Recipients", "Adding Recipients", "Preparing to send", "Sending", "Sending Segments",
    "Variations Sent",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with what it refers to: messages as (id, subject), tags as (id, name)."""

    id: str
    attributes: Mapping[str, Any]
    messages: tuple[tuple[str, str | None], ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def marker(self) -> str | None:
        found = MARKER.findall(self.attributes.get("name") or "")
        return found[-1] if found else None

    @property
    def locked(self) -> str | None:
        """Why it takes no edit now, for a marketer (states: reference esp §1.4, §1.6)."""
        status = str(self.attributes.get("status"))
        if self.attributes.get("archived"):
            return "archived in Klaviyo"
        if status == EDITABLE:
            return None
        if status in {"Scheduled", "Preparing to schedule"}:
            return "scheduled in Klaviyo; it must be unscheduled there first"
        if status in _SENDING:
            return "being sent by Klaviyo"
        if status == "Sent":
            return "already sent by Klaviyo"
        if status.startswith("Cancelled"):
            return f"cancelled in Klaviyo ({status})"
        return f'in the state "{status}" in Klaviyo, which is not known to take edits'

    @property
    def audience_ids(self) -> Iterator[str]:
        audiences = self.attributes.get("audiences") or {}
        yield from audiences.get("included") or ()
        yield from audiences.get("excluded") or ()

    def record(self, tool: str, name_of: Callable[[str], str]) -> Record:
        """The record; `name_of` gives the name of a list or segment by its id."""
        attributes = self.attributes
        audiences = attributes.get("audiences") or {}
        fields = {
            "name": MARKER.sub("", attributes.get("name") or "").strip(),
            "subject": None if self._subject == PLACEHOLDER else self._subject,
            "audiences": {
                side: [{"id": id_, "name": name_of(id_)} for id_ in audiences.get(side) or ()]
                for side in ("included", "excluded")
            },
            "tags": sorted(name for _, name in self.tags),
            "send_strategy": attributes.get("send_strategy"),
            "status": attributes.get("status"),
            "send_time": self._send_time(),
        }
        changed = attributes.get("updated_at")
        return Record(
            Ref(tool, Kind.CAMPAIGN, self.id),
            fields,
            marker=self.marker,
            # Where the editor opens, as browsers show it; the vendor documents no address.
            url=f"https://www.klaviyo.com/campaign/{self.id}/wizard",
            changed_at=datetime.fromisoformat(changed) if changed else None,
            locked=self.locked,
        )

    @property
    def _subject(self) -> str | None:
        return self.messages[0][1] if self.messages else None

    def _send_time(self) -> dict[str, Any] | None:
        """When it goes or went out; None while no send job exists (the three times: reference esp §1.3)."""
        at = self.attributes.get("send_time")
        if not at:
            return None
        strategy = self.attributes.get("send_strategy") or {}
        local = bool((strategy.get("options") or {}).get("is_local"))
        # A local time is the wall clock written as UTC and a smart one is a day: only the strategy has these.
        value = strategy.get("datetime") if local else strategy.get("date")
        return {"method": strategy.get("method"), "is_local": local, "value": value or at}


def campaigns_of(document: Mapping[str, Any]) -> list[Campaign]:
    """The campaigns of a page, or the one of a single answer, with their messages and tags out of `included`."""
    data = document["data"]
    included = {(thing["type"], thing["id"]): thing for thing in document.get("included") or ()}
    return [_campaign(thing, included) for thing in (data if isinstance(data, list) else [data])]


def _campaign(thing: Mapping[str, Any], included: Mapping[tuple[str, str], Mapping[str, Any]]) -> Campaign:
    def related(relation: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for link in ((thing.get("relationships") or {}).get(relation) or {}).get("data") or ():
            yield link["id"], (included.get((link["type"], link["id"])) or {}).get("attributes") or {}

    def subject(attributes: Mapping[str, Any]) -> str | None:
        content = (attributes.get("definition") or {}).get("content") or {}
        return content.get("subject") or None

    return Campaign(
        thing["id"],
        thing["attributes"],
        tuple((id_, subject(attributes)) for id_, attributes in related("campaign-messages")),
        tuple((id_, str(attributes.get("name", id_))) for id_, attributes in related("tags")),
    )


def attributes_for(fields: Mapping[str, Any], marker: str | None, current: Campaign | None = None) -> dict[str, Any]:
    """The campaign attributes to send for these fields; Rejected, in a marketer's words, for what must not be sent."""
    attributes: dict[str, Any] = {}
    if "name" in fields:
        name = MARKER.sub("", str(fields["name"] or "")).strip()
        if not name:
            raise Rejected("Klaviyo needs a name for every campaign.")
        attributes["name"] = f"{name} [{marker}]" if marker else name
    if "audiences" in fields:
        attributes["audiences"] = _audiences(fields["audiences"] or {}, current)
    if "send_strategy" in fields:
        attributes["send_strategy"] = _strategy(fields["send_strategy"], current)
    return attributes


def creation(fields: Mapping[str, Any], marker: str, from_email: str, from_label: str) -> dict[str, Any]:
    """The data of a creation: never without a strategy, for Klaviyo's own default is to send at once (esp §1.5)."""
    lacking = [name for name in ("name", "audiences", "send_strategy") if not fields.get(name)]
    if lacking:
        words = {"name": "a name", "audiences": "an audience", "send_strategy": "a planned send time"}
        raise Rejected(f"A Klaviyo campaign cannot be created without {' and '.join(words[name] for name in lacking)}.")
    content = {"subject": fields.get("subject") or PLACEHOLDER, "from_email": from_email, "from_label": from_label}
    definition = {"channel": "email", "label": "Main", "content": content}
    message = {"type": "campaign-message", "attributes": {"definition": definition}}
    return {
        "type": "campaign",
        "attributes": {**attributes_for(fields, marker), "campaign-messages": {"data": [message]}},
    }


def _audiences(value: Mapping[str, Any], current: Campaign | None) -> dict[str, list[str]]:
    kept = (current.attributes.get("audiences") or {}) if current else {}
    included = _ids(value["included"]) if "included" in value else list(kept.get("included") or ())
    excluded = _ids(value["excluded"]) if "excluded" in value else list(kept.get("excluded") or ())
    if not included:
        raise Rejected("Klaviyo needs at least one list or segment in a campaign's audience.")
    return {"included": included, "excluded": excluded}


def _ids(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    unknown = [str(entry.get("name")) for entry in entries if not entry.get("id")]
    if unknown:
        raise Rejected(f"Klaviyo has no list or segment called {', '.join(unknown)}.")
    return [entry["id"] for entry in entries]


def _strategy(value: Any, current: Campaign | None) -> dict[str, Any]:
    """The strategy to plan a draft's time with; the particulars of the present one survive (reference esp §1.5)."""
    method = value.get("method") if isinstance(value, Mapping) else None
    if method is None:
        raise Rejected("Klaviyo cannot take a planned send time away from a campaign; it can only change it.")
    if method not in WRITABLE:
        raise Rejected(f"Nothing is planned as {method!r} from here; choose how the campaign is sent in Klaviyo.")
    if not value.get(WRITABLE[method]):
        raise Rejected("The planned send time is missing.")
    held = (current.attributes.get("send_strategy") or {}) if current else {}
    if held.get("method") in FROZEN:
        raise Rejected(f"The campaign is set to {held['method']!r}; choose a send time for it in Klaviyo first.")
    if held.get("method") == "throttled" and method != "throttled":
        raise Rejected("The campaign is sent in portions; how it is sent can only be changed in Klaviyo.")
    strategy = {**held, **value} if held.get("method") == method else dict(value)
    if method == "static":
        options = {"is_local": False, **(held.get("options") or {}), **(value.get("options") or {})}
        if not options["is_local"]:
            options.pop("send_past_recipients_immediately", None)
        strategy["options"] = options
    return strategy
