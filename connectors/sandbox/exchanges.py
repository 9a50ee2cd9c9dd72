"""Who listens to what the tools' servers are asked and answer: tests check it against the vendors' contracts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from starlette.types import Message, Scope

VARIABLE = "CAMPAIGN_SYNC_EXCHANGES"  # names a folder for the exchanges of sandboxes in processes of their own
_SECRETS = ("authorization", "api-key")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to a server and its own answer, before any injected fault touches it.

    `path` and `query` are quoted, as they were sent. The names of headers are in lower case; those with secrets are
    left out. `status` is 0 where a fault kept the request from being carried out. `at` is the server's own time, in
    ISO 8601; empty where nobody tells. `sent` is whether the request made a campaign go out at once.
    """

    tool: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int
    answer_headers: dict[str, str]
    answer: str
    at: str = ""
    sent: bool = False


Observer = Callable[[Exchange], None]
observers: list[Observer] = []


def observed(tool: str, scope: Scope, body: bytes, answer: Sequence[Message], at: datetime | None = None) -> None:
    """Tell the observers, before the client hears of the answer."""
    if not observers:
        return
    exchange = Exchange(
        tool=tool,
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=_headers(scope["headers"]),
        body=body.decode("utf-8", "replace"),
        status=int(answer[0]["status"]) if answer else 0,
        answer_headers=_headers(answer[0]["headers"]) if answer else {},
        answer=b"".join(message.get("body", b"") for message in answer[1:]).decode("utf-8", "replace"),
        at=at.isoformat() if at else "",
        sent=bool(scope.get("state", {}).get("sent")),
    )
    for observer in observers:
        observer(exchange)


def written_where_asked() -> None:
    """Write every exchange of this process, one JSON object a line, into the folder that the environment names."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    file = Path(folder) / f"{os.getpid()}.jsonl"

    def write(exchange: Exchange) -> None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(exchange)) + "\n")

    observers.append(write)


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
    return {name: value for name, value in told.items() if name not in _SECRETS}
