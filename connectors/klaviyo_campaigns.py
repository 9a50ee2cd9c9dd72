"""Klaviyo campaigns of the classic revisions: their JSON as records, and what may be sent for a change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.answers import items, moment, part, word
from sync.errors import Rejected
from sync.model import Kind, Record, Ref

T = TypeVar("T")

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
    """A campaign with what it refers to: messages as (id, subject), tags as (id, name).

    Either is None where it, or what it refers to, did not come with the campaign: that is not known, and not empty.
    """

    id: str
    attributes: Mapping[str, Any]
    messages: tuple[tuple[str, str | None], ...] | None
    tags: tuple[tuple[str, str], ...] | None

    @property
    def marker(self) -> str | None:
        found = MARKER.findall(_text(self.attributes.get("name")))
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
    def audiences(self) -> Mapping[str, Sequence[str]] | None:
        """The ids included and excluded; None when they are nothing that audiences can be."""
        held = self.attributes.get("audiences") or {}
        if not isinstance(held, dict):
            return None
        sides = {side: held.get(side) or [] for side in ("included", "excluded")}
        ids = all(isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids) for ids in sides.values())
        return sides if ids else None

    @property
    def audience_ids(self) -> Iterator[str]:
        for ids in (self.audiences or {}).values():
            yield from ids

    def record(self, tool: str, name_of: Callable[[str], str]) -> Record:
        """The record; `name_of` gives the name of a list or segment by its id.

        A field of a wrong type is given as it is, for the mapping to tell; one that is not known is left out.
        """
        attributes = self.attributes
        name, audiences = attributes.get("name"), self.audiences
        fields = {
            "name": MARKER.sub("", name).strip() if isinstance(name, str) else name,
            "audiences": attributes.get("audiences") if audiences is None else {
                side: [{"id": id_, "name": name_of(id_)} for id_ in ids] for side, ids in audiences.items()
            },
            "send_strategy": attributes.get("send_strategy"),
            "status": attributes.get("status"),
            "send_time": self._send_time(),
        }  # fmt: skip
        if self.messages is not None:
            subject = self.messages[0][1] if self.messages else None
            fields["subject"] = None if subject == PLACEHOLDER else subject
        if self.tags is not None:
            fields["tags"] = sorted(name for _, name in self.tags)
        return Record(
            Ref(tool, Kind.CAMPAIGN, self.id),
            fields,
            marker=self.marker,
            # Where the editor opens, as browsers show it; the vendor documents no address.
            url=f"https://www.klaviyo.com/campaign/{self.id}/wizard",
            changed_at=moment(attributes.get("updated_at")),
            locked=self.locked,
        )

    def _send_time(self) -> dict[str, Any] | None:
        """When it goes or went out; None while no send job exists (the three times: reference esp §1.3)."""
        at = self.attributes.get("send_time")
        if not at:
            return None
        strategy = self.attributes.get("send_strategy")
        strategy = strategy if isinstance(strategy, dict) else {}
        options = strategy.get("options")
        local = isinstance(options, dict) and bool(options.get("is_local"))
        # A local time is the wall clock written as UTC and a smart one is a day: only the strategy has these.
        value = strategy.get("datetime") if local else strategy.get("date")
        return {"method": strategy.get("method"), "is_local": local, "value": value or at}


def campaigns_of(document: Mapping[str, Any]) -> list[Campaign]:
    """The campaigns of a page, with their messages and tags out of `included`.

    LookupError or TypeError where the page is of another form, to be `understood`.
    """
    included = _included(document)
    return [_campaign(thing, included) for thing in items(document, "data")]


def campaign_of(document: Mapping[str, Any]) -> Campaign:
    """The same for the answer that is one campaign."""
    return _campaign(part(document, "data"), _included(document))


def _included(document: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    things = document.get("included") or ()
    return {(word(thing, "type"), word(thing, "id")): thing for thing in things if isinstance(thing, dict)}


def _campaign(thing: Mapping[str, Any], included: Mapping[tuple[str, str], Mapping[str, Any]]) -> Campaign:
    def messages() -> Iterator[tuple[str, str | None]]:
        for id_, attributes in _related(thing, "campaign-messages", included):
            subject = part(part(attributes, "definition"), "content")["subject"]
            yield id_, word({"subject": subject}, "subject") if subject else None

    def tags() -> Iterator[tuple[str, str]]:
        for id_, attributes in _related(thing, "tags", included):
            yield id_, word(attributes, "name")

    return Campaign(word(thing, "id"), part(thing, "attributes"), _known(messages), _known(tags))


def _related(
    thing: Mapping[str, Any], relation: str, included: Mapping[tuple[str, str], Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for link in items(part(part(thing, "relationships"), relation), "data"):
        yield word(link, "id"), part(included[word(link, "type"), word(link, "id")], "attributes")


def _known(things: Callable[[], Iterator[T]]) -> tuple[T, ...] | None:
    """All of them, or None where a single one is not told."""
    try:
        return tuple(things())
    except (LookupError, TypeError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


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
    kept = current.audiences if current else {}
    if kept is None:
        raise Rejected("The campaign's present audiences cannot be understood; change them in Klaviyo.")
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
    if not isinstance(held, dict):
        raise Rejected("How the campaign is sent cannot be understood; choose a send time for it in Klaviyo.")
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
