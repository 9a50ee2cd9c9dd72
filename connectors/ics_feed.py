"""A calendar feed over HTTP: asked only whether it changed, read within bounds, its address told to nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.auth import HTTPBasicAuth

from connectors.answers import retry_after, translate
from connectors.http import Retry, ToolClock, session
from sync.errors import ConfigError, SyncError, Unavailable

LARGEST = 10_000_000  # bytes; a calendar of ten thousand events has about five million
REDIRECTS = 5
PART = 65_536  # bytes read at a time
DOING = "reading the calendar"


class Feed:
    """One address, which is a secret: whoever knows it reads the calendar. No error and no log names it."""

    def __init__(self, tool: str, address: str, retry: Retry) -> None:
        self._tool = tool
        self._retry = retry
        self._address, login = _asked(address)
        self._session = session(per_second=None, headers={"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"})
        self._session.max_redirects = REDIRECTS
        if login is not None:
            self._session.auth = login
        self._unless: dict[str, str] = {}  # what makes the answer a 304 as long as nothing changed
        self._text: str | None = None
        self.clock = ToolClock()

    def text(self) -> str:
        """The feed as it is now.

        Raises ConfigError where the address opens nothing any more, Unavailable where it answers with anything else
        than a whole calendar.
        """
        return self._retry(self._fetch)

    def close(self) -> None:
        self._session.close()

    def _fetch(self) -> str:
        if urlsplit(self._address).scheme not in {"http", "https"}:
            raise ConfigError(f"The address of {self._tool} is no address of a calendar feed. {self._advice}")
        answer = self._ask()
        # Raised here and not where it was caught: what was caught names the address.
        if isinstance(answer, SyncError):
            raise answer
        if answer is None:
            if self._text is None:
                raise Unavailable(f"{self._tool} says that nothing changed before it was ever read. {self._later}")
            return self._text
        response, body = answer
        self._text = self._calendar(response, body)
        told = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        self._unless = {ask: response.headers[name] for ask, name in told.items() if name in response.headers}
        return self._text

    def _ask(self) -> tuple[requests.Response, bytes] | SyncError | None:
        """The answer and its body, the error that it stands for, or None where nothing changed."""
        try:
            with _unsaid(), self._session.get(self._address, headers=self._unless, stream=True) as response:
                self.clock.learn(response)
                if response.status_code == 304:
                    return None
                if response.status_code != 200:
                    return self._refusal(response)
                body = bytearray()
                for part in response.iter_content(PART):
                    body += part
                    if len(body) > LARGEST:
                        return ConfigError(
                            f"The calendar of {self._tool} is larger than {LARGEST // 1_000_000} MB. Publish one that "
                            f"holds the campaigns only."
                        )
                return response, bytes(body)
        except requests.RequestException as exc:
            return translate(self._tool, DOING, exc, creating=False)
        except (UnicodeError, ValueError):  # an address that no host can have
            return ConfigError(f"The address of {self._tool} is not usable. {self._advice}")

    def _refusal(self, response: requests.Response) -> SyncError:
        """By the status alone: the words of the answer often quote the address."""
        status = response.status_code
        if status in {408, 425, 429} or status >= 500 or status < 400:
            return Unavailable(f"{self._tool} failed at {DOING} ({status}). {self._later}", retry_after(response))
        why = {
            401: "wants a login that the address does not have", 403: "lets nobody in by this address",
            404: "has no calendar at this address any more", 410: "has taken this calendar away for good",
        }.get(status, "refuses this address")  # fmt: skip
        return ConfigError(f"{self._tool} {why} ({status}). {self._advice}")

    def _calendar(self, response: requests.Response, body: bytes) -> str:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode(_charset(response) or "cp1252", errors="replace")
        shown = text.strip()
        if not shown[:15].upper().startswith("BEGIN:VCALENDAR"):
            page = "a web page" if shown[:1] == "<" else "something else"
            raise Unavailable(
                f"{self._tool} answered {DOING} with {page} instead of a calendar. {self._later} If this lasts: "
                f"{self._advice}"
            )
        if not shown[-13:].upper().endswith("END:VCALENDAR"):
            raise Unavailable(f"{self._tool} answered {DOING} with a part of the calendar only. {self._later}")
        return text

    @property
    def _advice(self) -> str:
        return f"Get the feed's address anew and put it where [tools.{self._tool}] reads it."

    @property
    def _later(self) -> str:
        return "The next run tries again."


def _asked(address: str) -> tuple[str, HTTPBasicAuth | None]:
    """The address as it is asked for, and the login that stood in it."""
    try:
        parts = urlsplit(address.strip())
        host = parts.netloc.rpartition("@")[2]
        login = HTTPBasicAuth(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    except ValueError:
        return "", None
    scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, host, parts.path, parts.query, "")), login


def _charset(response: requests.Response) -> str | None:
    declared = requests.utils.get_encoding_from_headers(response.headers)
    try:
        b"".decode(declared or "")
    except LookupError:
        return None
    return declared


@contextmanager
def _unsaid() -> Iterator[None]:
    """While it lasts nothing is noted of what this thread asks: at its lowest level urllib3 logs every address."""
    me = threading.get_ident()

    def by_others(record: logging.LogRecord) -> bool:
        return record.thread != me

    logger = logging.getLogger("urllib3.connectionpool")
    logger.addFilter(by_others)
    try:
        yield
    finally:
        logger.removeFilter(by_others)
