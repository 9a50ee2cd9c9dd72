"""OAuth 2.0 access that is renewed: its tokens in a file, one refresh for all processes, one more try after a 401."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests

from connectors.answers import json_of, understood, word
from connectors.http import retry_after, session, translate
from connectors.oauth_file import TokenFile, Tokens
from sync.errors import ConfigError, Unavailable

MARGIN: Final = 120.0  # seconds before its end from which on an access token is not used any more
YOUNG: Final = 60.0  # seconds for which a token that was just granted is not what a 401 is about
REFUSED: Final = (400, 401, 403)
BUSY: Final = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Client:
    """The app that people have let in. `server` is the token endpoint of its authorization server.

    `form`: it is asked by a form with the client's secret in the header (Airtable), else by JSON (Atlassian).
    """

    id: str
    secret: str | None = field(repr=False)
    server: str
    form: bool = False


class Grant(requests.auth.AuthBase):
    """Signs a session's requests with an access token that is good, whoever of the processes has renewed it.

    `file` holds the tokens and is written anew at each refresh, because refresh tokens are good for once (reference
    jira §2). Raises ConfigError where somebody has to sign in again, Unavailable where a later try will do.
    """

    def __init__(
        self,
        tool: str,
        client: Client,
        file: Path,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tool, self._client, self._now = tool, client, now
        self._file = TokenFile(tool, file, sleep=sleep)
        self._held: Tokens | None = None
        self._since: float | None = None  # when this process was granted what it holds
        self._refused: str | None = None  # the refresh token that the server wants no more

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign the request; should it be refused (401), it is sent once more with a newer token."""
        request.headers["Authorization"] = f"Bearer {self._good()}"
        request.register_hook("response", self._once_more)  # type: ignore[no-untyped-call]
        return request

    def _once_more(self, response: requests.Response, **options: Any) -> requests.Response:
        """The answer to the same request with a newer token. For the first nothing was done, so nothing is repeated."""
        if response.status_code != 401:
            return response
        used = str(response.request.headers.get("Authorization", "")).removeprefix("Bearer ")
        newer = self._newer(used)
        if newer is None:
            return response
        _ = response.content  # read to its end, so that the connection can be used again
        response.close()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {newer}"
        again: requests.Response = response.connection.send(request, **options)
        again.history.append(response)
        return again

    def _good(self) -> str:
        """An access token that lasts a while longer."""
        held = self._held = self._held or self._file.read()
        if held.access and (self._young() or held.lasts(self._now() + MARGIN)):
            return held.access
        return self._renewed(held.access)

    def _newer(self, used: str) -> str | None:
        """Another access token than the one that was refused; None where that one is not too old."""
        if self._held and self._held.access != used:
            return self._held.access
        if self._young():
            return None  # it is not the token: a scope is missing, or the account was switched off
        return self._renewed(used)

    def _young(self) -> bool:
        """Whether what we hold was granted to this process just now."""
        return self._since is not None and 0 <= self._now() - self._since < YOUNG

    def _renewed(self, worn: str | None) -> str:
        # In a thread, which Ctrl-C and a stop of the service do not interrupt: between the server's answer and the
        # file lies a token that there is only once.
        with ThreadPoolExecutor(1, "oauth") as apart:
            self._held = apart.submit(self._exchanged, worn).result()
        return str(self._held.access)

    def _exchanged(self, worn: str | None) -> Tokens:
        """Newer tokens than `worn`: another process's, or ours from now on. One process at a time."""
        with self._file.alone():
            held = self._file.recovered()
            if held.access and held.access != worn and held.lasts(self._now() + MARGIN):
                return held
            if held.refresh == self._refused:
                raise self._again_please("as before")
            with self._file.room() as keep:
                granted = self._granted(held)
                keep(granted)
            self._since = self._now()
            return granted

    def _granted(self, held: Tokens) -> Tokens:
        """What the authorization server gives for a refresh token."""
        doing = "renewing its access"
        response = self._asked(doing, held.refresh)
        if response.status_code in REFUSED:
            self._refused = held.refresh
            raise self._again_please(_reason(response))
        if response.status_code in BUSY or response.status_code >= 500:
            raise Unavailable(
                f"The authorization server of {self._tool} did not serve {doing} ({response.status_code}). "
                "The next run tries again.",
                retry_after(response),
            )
        if response.status_code != 200:
            raise ConfigError(
                f"There is no authorization server of {self._tool} at {self._client.server} "
                f"({response.status_code}). Check server in [tools.{self._tool}.oauth]."
            )
        answer = json_of(self._tool, doing, response)
        with understood(self._tool, doing):
            refresh = word(answer, "refresh_token") if "refresh_token" in answer else held.refresh
            life = answer.get("expires_in")
            expires = None if life is None else self._now() + float(life)
            return Tokens(word(answer, "access_token"), refresh, expires, replaces=held.mark)

    def _asked(self, doing: str, refresh: str) -> requests.Response:
        client = self._client
        order = {"grant_type": "refresh_token", "client_id": client.id, "refresh_token": refresh}
        options: dict[str, Any] = {"json": order | ({"client_secret": client.secret} if client.secret else {})}
        if client.form:
            options = {"data": order}
            if client.secret:
                signed = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
                options["headers"] = {"Authorization": f"Basic {signed}"}
        try:
            with session(per_second=None) as http:
                return http.post(client.server, allow_redirects=False, **options)
        except requests.RequestException as exc:
            raise translate(self._tool, doing, exc, creating=False) from exc

    def _again_please(self, reason: str) -> ConfigError:
        return ConfigError(
            f"{self._tool} does not renew our access ({reason}): its consent has ended, or somebody else has used the "
            f"refresh token. Sign in again and put the new tokens into {self._file.path} (docs/tools); if that "
            f"changes nothing, check client_id and client_secret_file of [tools.{self._tool}.oauth]."
        )


def _reason(response: requests.Response) -> str:
    """The status and the server's word for it. Its sentences are not shown: they may quote what they were sent."""
    said = None
    with suppress(ValueError, AttributeError):
        said = response.json().get("error")
    known = isinstance(said, str) and re.fullmatch(r"[a-z_]{1,40}", said)
    return f"{response.status_code}, {said}" if known else str(response.status_code)
