"""The webhooks that a Jira site keeps for us: an administrator's, on Cloud and on a Data Center (reference jira §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from connectors.answers import understood, word
from connectors.http import Retry
from connectors.jira_errors import ForbiddenError, Missing
from connectors.jira_login import GATEWAY, Login
from connectors.jira_site import Site
from connectors.oauth import Grant
from connectors.webhooks import Registered, Unable, for_tool
from sync.errors import ConfigError, Rejected

EVENTS: Final = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
USUAL: Final = "/rest/webhooks/1.0/webhook"
# Of a Data Center since version 10.0, which has USUAL no more (developer.atlassian.com/server/jira/platform/webhooks).
SINCE_TEN: Final = "/rest/jira-webhook/1.0/webhooks"
NAME: Final = "campaign-sync"


class JiraWebhooks:
    """An administrator's webhooks of one site, in the same account's name as the connector's.

    The dynamic ones of OAuth apps are left out: their deliveries are signed in another way. Every failure is a
    SyncError; Unable where somebody else has to do it.
    """

    makes_secret = False

    def __init__(
        self,
        tool: str,
        *,
        url: str,
        token: str,
        project: str,
        email: str | None = None,
        user: str | None = None,
        grant: Grant | None = None,
        per_second: float | None = 20,
        retry: Retry | None = None,
    ) -> None:
        self._tool, self._project = tool, project
        login = Login(token, email, user, grant)
        self._site = Site(tool, url=url, login=login, per_second=per_second, retry=retry or Retry())
        self._address: str | None = None

    def registered(self) -> Sequence[Registered]:
        """All of the site."""
        doing = "listing its webhooks"
        found = self._listed(doing)
        with understood(self._tool, doing):
            return [self._shown(one) for one in found]

    def create(self, url: str, secret: str | None) -> None:
        """Make one that tells of our project's issues. Unable where Jira does not sign with the secret."""
        doing = "making a webhook"
        made = self._changed(
            lambda: self._site.once(doing, "POST", self._root(), creating=True, json=self._body(url, secret))
        )
        with understood(self._tool, doing, creating=True):
            one = self._shown(made)
        if self._unsigned(made):
            self.remove(one)
            raise Unable(
                f"{self._tool} takes no secret for its webhooks, so that nobody could tell its deliveries from a "
                "stranger's. It is synced on the schedule."
            )

    def renew(self, one: Registered, secret: str | None) -> None:
        """Bring one up to date: its events, its filter and its secret, which Jira never shows."""
        body = self._body(str(one.url), secret)
        self._changed(lambda: self._site.once("renewing a webhook", "PUT", f"{self._root()}/{one.id}", json=body))

    def remove(self, one: Registered) -> None:
        """Take one away; it may be gone already."""
        try:
            self._changed(lambda: self._site.once("removing a webhook", "DELETE", f"{self._root()}/{one.id}"))
        except Missing:
            return

    def by_hand(self, url: str) -> str:
        """What a person enters where."""
        return (
            "A Jira administrator makes it: Settings, System, WebHooks, Create a WebHook. "
            f"URL: {url}. JQL: {self._filter()}. Events: issue created, updated, deleted. Exclude body: no."
        )

    def close(self) -> None:
        """Give back sockets."""
        self._site.close()

    def _listed(self, doing: str) -> list[Mapping[str, Any]]:
        """The webhooks where this site has them; from then on its address for them is known."""
        if self._site.login.email is None and GATEWAY in f"{self._site.url}/":
            raise Unable(
                f"{self._tool} signs in as an OAuth app, which may only have dynamic webhooks; their deliveries are "
                "signed in a way that is not understood here."
            )
        addresses = (USUAL,) if self._site.cloud else (SINCE_TEN, USUAL)
        for address in addresses:
            try:
                found = self._changed(partial(self._site.ask, doing, "GET", address))
            except Missing:
                continue
            self._address = address
            with understood(self._tool, doing):
                if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                    raise TypeError(doing)
            return found
        raise Unable(f"{self._tool} offers no webhooks at {self._site.url}.")

    def _root(self) -> str:
        if self._address is None:
            self._listed("listing its webhooks")
        return str(self._address)

    def _changed(self, call: Callable[[], Any]) -> Any:
        """A request that only an administrator may make."""
        try:
            return call()
        except ForbiddenError as exc:
            raise Unable(f"{exc} Webhooks belong to Jira's administrators.") from None
        except Missing:
            raise
        except Rejected as exc:
            raise ConfigError(f"{exc} Check project in [tools.{self._tool}].") from None

    def _body(self, url: str, secret: str | None) -> dict[str, Any]:
        body: dict[str, Any] = {"name": f"{NAME} {self._project}", "url": url, "events": list(EVENTS)}
        body |= {"filters": {"issue-related-events-section": self._filter()}, "excludeBody": False}
        if self._address == SINCE_TEN:
            # A `secret` beside the others would be passed over without a word, and nothing be signed.
            return body | {"active": True, "configuration": {"SECRET": secret, "EXCLUDE_BODY": "false"}}
        return body | {"secret": secret, "enabled": True}

    def _filter(self) -> str:
        quoted = self._project.replace("\\", "\\\\").replace('"', '\\"')
        return f'project = "{quoted}"'

    def _unsigned(self, made: Mapping[str, Any]) -> bool:
        return self._address == USUAL and made.get("isSigned") is not True

    def _shown(self, one: Mapping[str, Any]) -> Registered:
        name, url = str(one.get("name") or ""), one.get("url")
        url = url if isinstance(url, str) else None
        ours = name in (NAME, f"{NAME} {self._project}") and for_tool(self._tool, url)
        active = one.get("enabled", one.get("active")) is not False
        return Registered(_id(one), name, url, ours, active, trouble=_trouble(one))


def _id(one: Mapping[str, Any]) -> str:
    """Its number: the last part of its own address, or told beside the rest. LookupError or TypeError without."""
    found = str(one["id"]) if "id" in one else word(one, "self").rstrip("/").rpartition("/")[2]
    if not (found.isascii() and found.isdigit()):
        raise TypeError("id")
    return found


def _trouble(one: Mapping[str, Any]) -> str | None:
    """What a Data Center tells of the last failed delivery, if it does."""
    told = one.get("statistics")
    last = told.get("lastError") if isinstance(told, dict) else None
    if not isinstance(last, dict) or not last:
        return None
    result = last.get("result")
    said = result.get("description") if isinstance(result, dict) else None
    return said if isinstance(said, str) and said else "its last delivery failed"
