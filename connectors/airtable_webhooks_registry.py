"""The webhooks that an Airtable base keeps for us: those that notify an address (reference airtable §5.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from connectors.airtable_errors import Gone
from connectors.airtable_log import SPECIFICATION as LOG
from connectors.airtable_log import filters_of
from connectors.airtable_wire import Wire
from connectors.answers import items, moment, understood, word
from connectors.http import Retry
from connectors.oauth import Grant
from connectors.webhooks import Registered, Unable, for_tool
from sync.errors import ConfigError, Rejected

T = TypeVar("T")
# Not `publicApi`: a run would follow each of our own writes.
SPECIFICATION: Final = {
    "options": {"filters": {"dataTypes": ["tableData"], "fromSources": ["client", "formSubmission", "automation"]}}
}


class AirtableWebhooks:
    """One base's webhooks, in the connector's own name. Every failure is a SyncError, Unable without permission.

    The base makes the secret of each and tells it once.
    """

    makes_secret = True

    def __init__(
        self,
        tool: str,
        *,
        url: str,
        token: str,
        base: str,
        grant: Grant | None = None,
        per_second: float | None = 5.0,
        retry: Retry | None = None,
    ) -> None:
        self._tool, self._base = tool, base
        self._wire = Wire(
            tool, token=token, base=base, url=url, per_second=per_second, retry=retry or Retry(), grant=grant
        )

    def registered(self) -> Sequence[Registered]:
        """All of the base; the change log of the connector is one that tells nobody."""
        doing = "listing its webhooks"
        answer = self._allowed(lambda: self._wire.look(doing, self._wire.webhooks()))
        with understood(self._tool, doing):
            return [self._shown(one) for one in items(answer, "webhooks")]

    def create(self, url: str, _secret: str | None) -> str:
        """Make one that notifies this address; its secret, in Base64."""
        doing = "making a webhook"
        body = {"notificationUrl": url, "specification": SPECIFICATION}

        def ask() -> Any:
            return self._wire.ask(doing, "POST", self._wire.webhooks(), creating=True, json=body)

        try:
            made = self._allowed(ask)
        except Rejected as exc:
            raise ConfigError(
                f"{exc} A base has ten webhooks at most, two for one OAuth app: see campaign-sync webhooks list."
            ) from None
        with understood(self._tool, doing, creating=True):
            return word(made, "macSecretBase64")

    def renew(self, one: Registered, _secret: str | None) -> None:
        """Seven more days for one that is there, and notifications again where they were given up."""
        doing = "renewing a webhook"
        self._allowed(lambda: self._wire.ask(doing, "POST", self._wire.webhooks(one.id, "refresh")))
        if not one.active:
            again = self._wire.webhooks(one.id, "enableNotifications")
            self._allowed(lambda: self._wire.tell(doing, "POST", again, json={"enable": True}))

    def remove(self, one: Registered) -> None:
        """Take one away; it may be gone already."""
        try:
            self._allowed(lambda: self._wire.tell("removing a webhook", "DELETE", self._wire.webhooks(one.id)))
        except Gone:
            return

    def by_hand(self, url: str) -> str:
        """What a person does."""
        return (
            f"Somebody with creator rights in the base {self._base} makes one for {url} with a token that has the "
            "scope webhook:manage, as docs/webhooks.md shows, or gives ours that scope."
        )

    def close(self) -> None:
        """Give back sockets."""
        self._wire.close()

    def _allowed(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except ConfigError as exc:
            if "(403)" not in str(exc):
                raise
            raise Unable(
                f"{exc} Webhooks need the scope webhook:manage and, of the token's owner, creator rights in the base."
            ) from None

    def _shown(self, one: Mapping[str, Any]) -> Registered:
        url = one.get("notificationUrl")
        url = url if isinstance(url, str) and url else None
        log = url is None and filters_of(one.get("specification")) == filters_of(LOG)
        told = bool(url is None or one.get("areNotificationsEnabled") is not False)
        return Registered(
            word(one, "id"),
            "change log" if log else "notifications" if url else "payloads",
            url,
            for_tool(self._tool, url) or log,
            active=one.get("isHookEnabled") is True and told,
            expires=moment(one.get("expirationTime")),
            trouble=_trouble(one.get("lastNotificationResult")),
        )


def _trouble(result: Any) -> str | None:
    if not isinstance(result, dict) or result.get("success") is not False:
        return None
    error = result.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    return said if isinstance(said, str) and said else "its last notification failed"
