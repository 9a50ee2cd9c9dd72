"""One Jira Cloud site as an account sees it: the client, single requests, and the proof of who and where we are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
from jira import JIRA, JIRAError

from connectors.answers import items, understood, word
from connectors.http import TIMEOUT, Retry, ToolClock, error_for, json_of, limit, translate
from sync.errors import Ambiguous, ConfigError, Rejected, SyncError, Unavailable
from sync.model import Kind

T = TypeVar("T")
Options = tuple[tuple[str, str], ...]  # (id, name)


class Missing(Rejected):
    """404: gone, or out of this account's sight; Jira does not tell which (reference jira §3)."""


class ForbiddenError(ConfigError):
    """403: this account may not do this one thing."""


@dataclass(frozen=True, slots=True)
class Place:
    """The configured project: its id, and by kind the issue type's id and the statuses of its workflow."""

    project: str
    types: Mapping[Kind, str]
    statuses: Mapping[Kind, Options]


class Site:
    """Requests to one site in one account's name. Connects at the first use; every failure is a SyncError."""

    def __init__(
        self, tool: str, *, url: str, email: str, token: str, project: str, types: Mapping[Kind, str],
        per_second: float | None, retry: Retry,
    ) -> None:  # fmt: skip
        self.tool = tool
        self.url = url.rstrip("/")
        self.project = project
        self._types = types
        self._auth = (email, token)
        self._per_second = per_second
        self._retry = retry
        self.clock = ToolClock()
        self._client: JIRA | None = None
        self._place: Place | None = None

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

    def once(
        self, doing: str, method: str, path: str, *, creating: bool = False, tolerated: tuple[int, ...] = (),
        **options: Any,
    ) -> Any:  # fmt: skip
        """One attempt. `creating`: no answer is Ambiguous. `tolerated`: statuses whose body is an answer like others.

        `_session` and `_get_url` are private to the library, which is why its version is pinned: its public methods
        lack bulkfetch, properties at creation and the changelog, and lose the field names of errors
        (reference jira §9.3, §9.4). Its session's own `request` is left out: it fails itself over an error body that
        is JSON of another type.
        """
        client = self._connected()
        try:
            # A redirect would turn a POST into a GET, so it is not followed but reported.
            response = requests.Session.request(
                client._session, method, client._get_url(path), timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as exc:
            raise translate(self.tool, doing, exc, creating=creating) from exc
        self.clock.learn(response)
        if not response.ok and response.status_code not in tolerated:
            raise _particular(error_for(self.tool, doing, response, creating=creating), response.status_code) from None
        if response.is_redirect:
            where = urlsplit(response.headers["Location"]).netloc or "another page"
            raise ConfigError(f"{self.tool} sends {doing} on to {where}. Check url in [tools.{self.tool}].")
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

    def place(self) -> Place:
        """The project and its issue types, once found by an account that is proven to be signed in."""
        if self._place is None:
            self._place = self._found(self.confirm())
        return self._place

    def confirm(self) -> str:
        """The project's id; raises unless we are signed in and see the project.

        Jira answers a wrong token like an anonymous visitor, with empty lists in place of a refusal (reference
        jira §2); only `myself` refuses, so nothing is called empty or gone without asking it.
        """
        self.look(f"signing in as {self._auth[0]}", "GET", "myself")
        project = self.find("opening the project", self._path())
        if project is None:
            raise ConfigError(
                f"{self.tool} shows this account no project {self.project!r}. Check project in [tools.{self.tool}] "
                "and the account's permission to browse it."
            )
        with understood(self.tool, "opening the project"):
            return word(project, "id")

    def close(self) -> None:
        """Give back sockets; the next request would connect again."""
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]
            self._client = None

    def _path(self) -> str:
        return f"project/{quote(self.project, safe='')}"

    def _found(self, project: str) -> Place:
        doing = "reading issue types"
        listed = self.look(doing, "GET", f"{self._path()}/statuses")
        with understood(self.tool, doing):
            types = {word(one, "name"): one for one in reversed(items({"types": listed}, "types"))}
            chosen = {kind: self._chosen(types, kind, name) for kind, name in self._types.items()}
            ids = {kind: word(one, "id") for kind, one in chosen.items()}
            statuses = {
                kind: tuple((word(status, "id"), word(status, "name")) for status in items(one, "statuses"))
                for kind, one in chosen.items()
            }
        if len(set(ids.values())) < len(ids):
            raise ConfigError(
                f"campaign_type and stage_type in [tools.{self.tool}] name the same issue type of {self.tool}; "
                "campaigns and stages need two."
            )
        return Place(project, ids, statuses)

    def _chosen(self, types: dict[str, Mapping[str, Any]], kind: Kind, name: str) -> Mapping[str, Any]:
        folded = {one.casefold(): found for one, found in types.items()}
        found = types.get(name) or folded.get(name.casefold())
        if found is None:
            names = ", ".join(map(repr, reversed(types))) or "none"
            raise ConfigError(
                f"{self.tool} project {self.project} has no issue type {name!r} ({kind}_type in [tools.{self.tool}]). "
                f"It has: {names}."
            )
        return found

    def _connected(self) -> JIRA:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> JIRA:
        doing = "signing in"
        if not self.url.startswith(("https://", "http://")):  # the library would take its own default
            raise ConfigError(f"The address of {self.tool} is not usable. Check url in [tools.{self.tool}].")
        if not all(part.isascii() for part in self._auth):
            raise ConfigError(f"The email or token of [tools.{self.tool}] holds a character that no token has.")
        try:
            client = JIRA(
                self.url,
                options={"rest_api_version": "3"},  # the library's default, 2, has wiki text in place of ADF
                basic_auth=self._auth,
                max_retries=0,  # its own retries repeat a POST whose answer was lost, and so create twice (§9.2)
                timeout=TIMEOUT,  # by default it waits for ever
                get_server_info=True,  # without it the library takes every site for a Data Center (§9.1)
                logging=False,  # it logs headers and bodies
            )
        except (requests.JSONDecodeError, LookupError, TypeError, AttributeError):
            # What the library makes of an answer that is no JSON, or JSON of something else.
            raise Unavailable(
                f"{self.tool} at {self.url} does not answer as Jira does. Check url in [tools.{self.tool}]; "
                "if it is right, a gateway is in the way and the next run tries again."
            ) from None
        except (JIRAError, requests.RequestException, ValueError) as exc:
            raise self._unconnected(translate(self.tool, doing, exc, creating=False)) from None
        if client.deploymentType != "Cloud":
            client.close()  # type: ignore[no-untyped-call]
            raise ConfigError(f"{self.tool} at {self.url} is not Jira Cloud; only Cloud is supported.")
        limit(client._session, self._per_second)
        return client

    def _unconnected(self, error: SyncError) -> SyncError:
        if not isinstance(error, Rejected):
            return error
        return ConfigError(f"No Jira site was found at {self.url}. Check url in [tools.{self.tool}].")


def _particular(error: SyncError, status: int) -> SyncError:
    """Jira's own sense of two statuses."""
    if status == 404:
        return Missing(str(error))
    return ForbiddenError(str(error)) if status == 403 else error


def hopeless(error: SyncError) -> bool:
    """Whether the next request would fail for the same reason: the site is down or the account is not let in."""
    if isinstance(error, ConfigError):
        return not isinstance(error, ForbiddenError)
    return isinstance(error, Unavailable) and not isinstance(error, Ambiguous)
