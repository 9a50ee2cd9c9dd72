"""Where exchanges come from: stand-ins in this process and in others, stand-ins called directly, canned answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox import exchanges
from connectors.sandbox.exchanges import Exchange, Observer, observed
from tests.sandbox import desk

# The names of the vendors' own hosts; Mailchimp's have the data centre before them. Jira's are anybody's, so its paths
# tell.
_HOSTS = {
    "a.klaviyo.com": "klaviyo",
    "api.airtable.com": "airtable",
    "api.mailchimp.com": "mailchimp",
    "api.brevo.com": "brevo",
}
_SECRETS = ("authorization", "api-key")


@contextmanager
def recording(hear: Observer, folder: Path) -> Iterator[Children]:
    """Have every exchange of this process told. `folder`: where other processes are to write theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(exchanges.VARIABLE, str(folder))
        patch.setattr(requests.Session, "send", _sending(requests.Session.send, hear))
        patch.setattr(exchanges, "observers", [*exchanges.observers, hear])
        yield Children(folder)


@dataclass(slots=True)
class Children:
    """What stand-ins in other processes write into a folder, read as it comes."""

    folder: Path
    _read: dict[Path, int] = field(default_factory=dict)

    def news(self) -> Iterator[Exchange]:
        """The exchanges since the last time. A line that is not whole yet is left for the next."""
        for file in sorted(self.folder.glob("*.jsonl")):
            start = self._read.get(file, 0)
            if file.stat().st_size == start:
                continue
            with file.open("rb") as lines:
                lines.seek(start)
                whole, _, _ = lines.read().rpartition(b"\n")
            self._read[file] = start + len(whole) + 1 if whole else start
            yield from (Exchange(**json.loads(line)) for line in whole.splitlines())


def record_direct_calls() -> None:
    """Have `desk.ask`, by which tests call a stand-in without a network, tell what the recorder would have told.

    To be called before any test imports the name.
    """
    ask = desk.ask

    def told(app: ASGIApp, method: str, path: str, *rest: Any, **named: Any) -> desk.Answer:
        return ask(_Tapped(_tool_of(path), app), method, path, *rest, **named)

    desk.ask = told


@dataclass(frozen=True, slots=True)
class _Tapped:
    """An application whose exchanges are told."""

    tool: str
    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked: list[Message] = []
        answer: list[Message] = []

        async def heard() -> Message:
            asked.append(await receive())
            return asked[-1]

        async def said(message: Message) -> None:
            answer.append(message)
            await send(message)

        await self.app(scope, heard, said)
        observed(self.tool, scope, b"".join(one.get("body", b"") for one in asked), answer)


def _sending(send: Callable[..., requests.Response], hear: Observer) -> Callable[..., requests.Response]:
    """`Session.send` that tells of requests to addresses of a vendor, where a test gives canned answers."""

    def told(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if (exchange := _request(request)) is not None:
            hear(exchange)
        return send(self, request, **options)

    return told


def _request(request: requests.PreparedRequest) -> Exchange | None:
    """None for a stand-in, which tells of itself, and for what is no vendor's."""
    address = urlsplit(str(request.url))
    host = address.hostname or ""
    known = (tool for name, tool in _HOSTS.items() if host == name or host.endswith(f".{name}"))
    tool = next(known, "jira" if "/rest/" in address.path else "")
    if not tool or address.hostname == "127.0.0.1":
        return None
    body = request.body or b""
    return Exchange(
        tool=tool,
        method=str(request.method),
        path=address.path,
        query=address.query,
        headers={name.lower(): str(value) for name, value in request.headers.items() if name.lower() not in _SECRETS},
        body=body if isinstance(body, str) else bytes(body).decode("utf-8", "replace"),
        status=0,
        answer_headers={},
        answer="",
    )


def _tool_of(path: str) -> str:
    first = path.split("/")[1]
    return {"rest": "jira", "api": "klaviyo", "3.0": "mailchimp", "v3": "brevo"}.get(first, "airtable")
