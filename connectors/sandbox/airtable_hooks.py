"""A base's webhooks: who asked for what, what has been collected for them, and when (reference airtable §5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox import airtable_errors as errors
from connectors.sandbox.airtable_base import Base, stamp
from connectors.sandbox.airtable_image import Image
from connectors.sandbox.airtable_payloads import Specification, checked

MOST = 10
PAGE = 50
WEEK = timedelta(days=7)
RETRIES = 13
FIRST_RETRY = timedelta(seconds=10)  # doubled each time: the thirteenth comes about a day later


@dataclass(slots=True)
class Hook:
    """One webhook. Times are stamps; `payloads` are those of the last seven days, `dropped` how many came before.

    `due` is when the next ping is to be sent, `failures` how many have failed since the last good one.
    """

    id: str
    secret: str
    url: str | None
    specification: Mapping[str, Any]
    expires: str
    payloads: list[dict[str, Any]] = field(default_factory=list)
    dropped: int = 0
    enabled: bool = True
    notifies: bool = True
    due: str | None = None
    failures: int = 0
    result: dict[str, Any] | None = None
    succeeded: str | None = None

    @property
    def next(self) -> int:
        return self.dropped + len(self.payloads) + 1

    def json(self) -> dict[str, Any]:
        """As the list of webhooks shows it: without the secret."""
        return {
            "id": self.id,
            "areNotificationsEnabled": self.notifies,
            "cursorForNextPayload": self.next,
            "isHookEnabled": self.enabled,
            "lastSuccessfulNotificationTime": self.succeeded,
            "notificationUrl": self.url,
            "expirationTime": self.expires,
            "lastNotificationResult": self.result,
            "specification": self.specification,
        }


@dataclass(frozen=True, slots=True)
class Ping:
    """A notification to send: where, the body, and its headers."""

    hook: str
    url: str
    body: bytes
    headers: Mapping[str, str]


class Hooks:
    """The webhooks of one base."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.hooks: dict[str, Hook] = {}
        self.transactions = 0
        self._image: Image | None = None

    def create(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a POST; the only one that tells the secret."""
        url = members.get("notificationUrl")
        if url is not None and not (isinstance(url, str) and url.startswith(("http://", "https://"))):
            raise errors.bad_request("`notificationUrl` is no address")
        specification = checked(self.base, members.get("specification"))
        if len(self.alive()) >= MOST:
            raise errors.bad_request(f"a base has no more than {MOST} webhooks")
        id = self.base.new_id("ach")
        secret = base64.b64encode(hashlib.sha256(f"{self.base.id}/{id}".encode()).digest()).decode()
        self.hooks[id] = Hook(id, secret, url, dict(specification), stamp(self.base.now + WEEK))
        self._image = self._image or Image(self.base)
        return {"id": id, "macSecretBase64": secret, "expirationTime": self.hooks[id].expires}

    def alive(self) -> list[Hook]:
        """Those that are there now: past their time they are gone, or disabled and gone a week later."""
        gone = self.base.rules.expired_hook == "gone"
        for hook in list(self.hooks.values()):
            end = datetime.fromisoformat(hook.expires)
            if self.base.now >= end + (timedelta(0) if gone else WEEK):
                del self.hooks[hook.id]
            elif self.base.now >= end:
                hook.enabled = False
            self._forget(hook)
        return list(self.hooks.values())

    def _forget(self, hook: Hook) -> None:
        """Payloads are kept for seven days."""
        since = stamp(self.base.now - WEEK)
        old = next((n for n, p in enumerate(hook.payloads) if p["timestamp"] > since), len(hook.payloads))
        del hook.payloads[:old]
        hook.dropped += old

    def hook(self, id: str) -> Hook:
        """404 if it is not there."""
        self.alive()
        if id not in self.hooks:
            raise errors.not_found(as_object=self.base.rules.not_found_object)
        return self.hooks[id]

    def refresh(self, id: str) -> dict[str, str]:
        """Seven more days from now; not for one that is past its time."""
        hook = self.hook(id)
        if not hook.enabled:
            raise errors.bad_request("the webhook has expired")
        hook.expires = stamp(self.base.now + WEEK)
        return {"expirationTime": hook.expires}

    def switch(self, id: str, enable: Any) -> None:
        """Notifications on or off. What was collected meanwhile is told by one ping."""
        hook = self.hook(id)
        if not isinstance(enable, bool):
            raise errors.bad_request("`enable` must be true or false")
        hook.notifies, hook.failures = enable, 0
        hook.due = stamp(self.base.now) if enable and hook.due else None

    def listed(self, id: str, cursor: str | None, limit: str | None) -> dict[str, Any]:
        """Payloads from the cursor on. Listing prolongs the webhook's life."""
        hook = self.hook(id)
        start, most = _whole("cursor", cursor, 1), _whole("limit", limit, PAGE)
        if start > hook.next or most > PAGE:
            raise errors.bad_request("`cursor` is beyond the last payload" if most <= PAGE else "`limit` is 50 at most")
        if hook.enabled:
            hook.expires = stamp(self.base.now + WEEK)
        start = max(start, hook.dropped + 1)
        found = hook.payloads[start - hook.dropped - 1 :][:most]
        after = start + len(found)
        return {"cursor": after, "mightHaveMore": after < hook.next, "payloads": found}

    def collect(self, source: str, user: str | None) -> None:
        """Tell every webhook what an action of this source and user has changed."""
        if self._image is None or not (self.base.touched or self.base.reshaped):
            self.base.touched.clear()
            return
        changes = self._image.changes(self.base)
        if not changes:
            return
        self.transactions += 1
        for hook in self.alive():
            specification = Specification(hook.specification)
            if hook.enabled and specification.hears(source) and (told := specification.body(changes)):
                self._add(hook, {"actionMetadata": self._action(source, user), **told})
        if not self.hooks:
            self._image = None

    def fail(self, id: str) -> None:
        """A payload that could not be made: its reader must read everything again."""
        self.transactions += 1
        self._add(self.hook(id), {"error": True, "code": "INTERNAL_ERROR"})

    def _add(self, hook: Hook, told: Mapping[str, Any]) -> None:
        now = stamp(self.base.now)
        head = {"timestamp": now, "baseTransactionNumber": self.transactions, "payloadFormat": "v0"}
        hook.payloads.append({**head, **told})
        if hook.url is not None:
            hook.due = hook.due or now

    def _action(self, source: str, user: str | None) -> dict[str, Any]:
        if user is None:
            return {"source": source, "sourceMetadata": {}}
        person = {**self.base.person(user), "permissionLevel": "edit" if source == "client" else self.base.role}
        return {"source": source, "sourceMetadata": {"user": person}}

    def due(self) -> list[Ping]:
        """The pings to send by now, one for all that a webhook has collected."""
        now = stamp(self.base.now)
        ready = [h for h in self.alive() if h.enabled and h.notifies and h.due is not None and h.due <= now]
        return [self._ping(hook, now) for hook in ready]

    def _ping(self, hook: Hook, now: str) -> Ping:
        body = json.dumps({"base": {"id": self.base.id}, "webhook": {"id": hook.id}, "timestamp": now}).encode()
        mac = hmac.new(base64.b64decode(hook.secret), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-airtable-content-mac": f"hmac-sha256={mac}"}
        hook.due = None  # what comes while it is on its way needs a ping of its own
        return Ping(hook.id, hook.url or "", body, headers)

    def sent(self, ping: Ping, trouble: str | None) -> None:
        """Keep the result of a ping. After the thirteenth retry no more are sent until somebody enables them."""
        hook = self.hooks.get(ping.hook)
        if hook is None:
            return
        now = stamp(self.base.now)
        again = trouble is not None and hook.failures < RETRIES
        hook.result = {"success": trouble is None, "completionTimestamp": now, "durationMs": 1.0}
        hook.result["retryNumber"] = hook.failures
        if trouble is None:
            hook.failures, hook.succeeded = 0, now
            return
        hook.result |= {"error": {"message": trouble}, "willBeRetried": again}
        hook.due = stamp(self.base.now + FIRST_RETRY * 2**hook.failures)
        hook.failures += 1
        hook.notifies = again

    def dump(self) -> dict[str, Any]:
        return {"transactions": self.transactions, "hooks": [asdict(hook) for hook in self.hooks.values()]}

    @classmethod
    def load(cls, base: Base, state: Mapping[str, Any]) -> Hooks:
        hooks = cls(base)
        hooks.transactions = state.get("transactions", 0)
        hooks.hooks = {hook["id"]: Hook(**hook) for hook in state.get("hooks", ())}
        hooks._image = Image(base) if hooks.hooks else None
        return hooks


def _whole(name: str, value: str | None, default: int) -> int:
    if value is None:
        return default
    if not value.isdigit() or int(value) < 1:
        raise errors.bad_request(f"parameter validation failed for `{name}`")
    return int(value)
