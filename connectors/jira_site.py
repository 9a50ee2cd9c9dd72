"""One Jira site, Cloud or Data Center, as an account sees it: the client and single requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import requests
from jira import JIRA

from connectors.answers import understood, word
from connectors.budgets import shared_name
from connectors.http import TIMEOUT, Retry, ToolClock, json_of, limit, translate
from connectors.jira_errors import Missing, pause, refusal_of
from connectors.jira_login import Login
from sync.errors import ConfigError, Rejected, Unavailable

T = TypeVar("T")
CLOUD, DATA_CENTER = "3", "2"  # versions of the REST API: 3 has documents (ADF) for rich text, 2 wiki text
ANONYMOUS = "anonymous"  # whom a Data Center calls so is not signed in
PROGRAM = "campaign-sync"
HISTORY = {"type": PROGRAM, "generator": {"id": PROGRAM, "type": "application"}}  # (reference jira §5.6, §5.12)
QUESTIONS = ("/search/jql", "/search", "/issue/bulkfetch")  # asked by POST, though they change nothing


def signed(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an edit or a transition, which the issue's history is to show as this program's."""
    return {**body, "historyMetadata": HISTORY}


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a site told of itself: whether it is Cloud, where people open it, and on a Data Center who we are there."""

    cloud: bool
    address: str
    user: str | None = None


class Site:
    """Requests to one site in one account's name. Connects at the first use; every failure is a SyncError."""

    def __init__(self, tool: str, *, url: str, login: Login, per_second: float | None, retry: Retry) -> None:
        self.tool = tool
        self.url = url.rstrip("/")
        self.login = login
        self._per_second = per_second
        self._retry = retry
        self.clock = ToolClock()
        self.asked_at: datetime | None = None  # when the last request was sent, by the site's own time
        self._client: JIRA | None = None
        self._cloud = True
        self._address = self.url
        self._user: str | None = None  # of a Data Center, once known
        self._named = False  # whether the last answer said that it is for a user who is signed in
        self._presumed: Introduction | None = None
        self.answers = False  # whether the last answer of this connection was a good one

    @property
    def introduction(self) -> Introduction | None:
        """What it told of itself, to presume in a later run; None before the first use."""
        return Introduction(self._cloud, self._address, self._user) if self._client is not None else self._presumed

    def presume(self, introduction: Introduction | None) -> None:
        """Go by what it told earlier instead of asking; None asks again."""
        self.close()
        self._user, self._presumed, self.answers = None, introduction, False

    @property
    def vouched(self) -> bool:
        """Whether the last answer itself said that it is for a user who is signed in, as a Data Center's do."""
        return not self._cloud and self._named

    @property
    def cloud(self) -> bool:
        """Whether it is Jira Cloud; else it is a Data Center."""
        self._connected()
        return self._cloud

    def browse(self, key: str) -> str:
        """Where people open an issue: at the site's own address, which is not where an OAuth token is used."""
        return f"{self._address}/browse/{key}"

    def repeat(self, call: Callable[[], T]) -> T:
        """A whole idempotent operation under the retry policy."""
        return self._retry(call)

    def ask(self, doing: str, method: str, path: str, **options: Any) -> Any:
        """The JSON that a request is answered with, None without content; repeated where that is safe.

        `options`: see `once`.
        """
        return self.repeat(lambda: self.once(doing, method, path, **options))

    def look(self, doing: str, method: str, path: str, **options: Any) -> Any:
        """`ask` for a question that is ours alone: where Jira refuses it, the set-up is wrong."""
        try:
            return self.ask(doing, method, path, **options)
        except Rejected as exc:
            raise self.misplaced(exc) from None

    def find(self, doing: str, path: str, **options: Any) -> Any:
        """`look` for something that may be gone: None after a 404."""
        try:
            return self.ask(doing, "GET", path, **options)
        except Missing:
            return None
        except Rejected as exc:
            raise self.misplaced(exc) from None

    def misplaced(self, refusal: Rejected) -> ConfigError:
        """A refusal of a question that is ours alone."""
        return ConfigError(f"{refusal} Check url and project in [tools.{self.tool}], and what its account may see.")

    def once(self, doing: str, method: str, path: str, *, creating: bool = False, **options: Any) -> Any:
        """One attempt. `creating`: no answer is Ambiguous. `tolerated`: statuses whose body is an answer as well."""
        client = self._connected()
        response = self._sent(client, doing, method, path, creating=creating, **options)
        if response.status_code == 204 and method != "GET":
            return None
        answer = json_of(self.tool, doing, response, creating=creating)
        with understood(self.tool, doing, creating=creating):
            if not isinstance(answer, dict | list if method == "GET" else dict):
                raise TypeError(doing)
        return answer

    def tell(self, doing: str, method: str, path: str, *, creating: bool = False, **options: Any) -> None:
        """One attempt at a change that Jira acknowledges by 204; anything else is not its word that it was made."""
        answer = self.once(doing, method, path, creating=creating, **options)
        with understood(self.tool, doing, creating=creating):
            if answer is not None:
                raise TypeError(doing)

    def prove(self) -> None:
        """Raises unless we are signed in.

        Jira answers a wrong token like an anonymous visitor, with empty lists in place of a refusal (reference
        jira §2); only `myself` refuses. A Data Center says with every answer whom it is for, and need not be asked.
        """
        self.repeat(self._connected)
        if self.vouched:
            return
        doing = f"signing in as {self.login}"
        try:
            me = self.look(doing, "GET", "myself")
        except ConfigError as exc:
            raise ConfigError(f"{exc}{self.login.hint(cloud=self._cloud)}") from None
        if not self._cloud:
            with understood(self.tool, doing):
                self._user = word(me, "name")

    def close(self) -> None:
        """Give back sockets."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _connected(self) -> JIRA:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> JIRA:
        if not _is_address(self.url):  # the library would take its own default
            raise ConfigError(f"The address of {self.tool} is not usable. Check url in [tools.{self.tool}].")
        version = CLOUD if self.login.cloud_likely(self.url) else DATA_CENTER
        client = JIRA(
            self.url,
            options={"rest_api_version": version},
            max_retries=0,  # its own retries repeat a POST whose answer was lost, and so create twice (§9.2)
            timeout=TIMEOUT,  # by default it waits for ever
            get_server_info=False,  # asked for below, under our own retries and with our own words
            logging=False,  # it logs headers and bodies
            **self.login.options(self.tool),
        )
        if self.login.grant is not None:
            client._session.auth = self.login.grant
        share = shared_name("jira", self.url, urlsplit(self.url).path.strip("/"))
        limit(client._session, self._per_second, share=share, reading=QUESTIONS, pause=pause)
        try:
            if self._presumed is None:
                self._introduce(client)
            else:
                self._settle(client, self._presumed)
        except BaseException:
            client.close()  # type: ignore[no-untyped-call]
            raise
        return client

    def _settle(self, client: JIRA, told: Introduction) -> None:
        self._cloud, self._address, self._user = told.cloud, told.address, told.user
        client._options["rest_api_version"] = CLOUD if told.cloud else DATA_CENTER
        self.login.check(self.tool, self.url, cloud=told.cloud)

    def _introduce(self, client: JIRA) -> None:
        """Learn what the site is; go by its own word and not by its address (reference jira §1)."""
        response = self._server_info(client)
        try:
            info = response.json()
            flavour, address = word(info, "deploymentType"), info.get("baseUrl")
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Unavailable(
                f"{self.tool} at {self.url} does not answer as Jira does. Check url in [tools.{self.tool}]; "
                "if it is right, a gateway is in the way and the next run tries again."
            ) from None
        cloud = flavour == "Cloud"
        shown = address.rstrip("/") if isinstance(address, str) and _is_address(address) else self.url
        user = _named_in(response) if not cloud and self._named else None
        self._settle(client, Introduction(cloud, shown, user))

    def _server_info(self, client: JIRA) -> requests.Response:
        doing = "signing in"
        try:
            return self._sent(client, doing, "GET", "serverInfo")
        except Missing:
            client._options["rest_api_version"] = DATA_CENTER  # which has no other (reference jira §1)
        except Rejected:
            raise self._nowhere() from None
        try:
            return self._sent(client, doing, "GET", "serverInfo")
        except Rejected:
            raise self._nowhere() from None

    def _nowhere(self) -> ConfigError:
        return ConfigError(f"No Jira site was found at {self.url}. Check url in [tools.{self.tool}].")

    def _sent(
        self, client: JIRA, doing: str, method: str, path: str, *, creating: bool = False,
        tolerated: tuple[int, ...] = (), **options: Any,
    ) -> requests.Response:  # fmt: skip
        """The answer to one request, if it is a good one.

        `_session` and `_get_url` are private to the library, which is why its version is pinned: its public methods
        lack bulkfetch, properties at creation and the changelog, and lose the field names of errors
        (reference jira §9.3, §9.4). Its session's own `request` is left out: it fails itself over an error body that
        is JSON of another type.
        """
        try:
            # A redirect would turn a POST into a GET, so it is not followed but reported.
            response = requests.Session.request(
                client._session, method, self._place(client, path), timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as exc:
            raise translate(self.tool, doing, exc, creating=creating) from exc
        self.clock.learn(response)
        if (now := self.clock.now()) is not None:
            self.asked_at = now - response.elapsed
        self.answers = response.ok
        if not response.ok and response.status_code not in tolerated:
            raise refusal_of(self.tool, doing, response, creating=creating) from None
        if response.is_redirect:
            where = urlsplit(response.headers["Location"]).netloc or "another page"
            raise ConfigError(f"{self.tool} sends {doing} on to {where}. Check url in [tools.{self.tool}].")
        self._recognised(doing, response)
        return response

    def _place(self, client: JIRA, path: str) -> str:
        """Where a request goes: below the REST API, or with a leading / below the site."""
        return f"{self.url}{path}" if path.startswith("/") else client._get_url(path)

    def _recognised(self, doing: str, response: requests.Response) -> None:
        """A Data Center names in every answer the user whom it answers (reference jira §2)."""
        name = _named_in(response)
        self._named = name.casefold() not in ("", ANONYMOUS)
        if self._user is not None and name and name.casefold() != self._user.casefold():
            raise ConfigError(
                f"{self.tool} answered {doing} as if {name} had asked, not {self._user}. "
                f"Check that the token of [tools.{self.tool}] is right and not expired."
            )


def _named_in(response: requests.Response) -> str:
    return unquote(response.headers.get("X-AUSERNAME", ""))


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))
