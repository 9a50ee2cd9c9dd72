"""The layer in front of every tool server: it injects faults, writes the log, and has the state saved.

A server tells it more through `request.state`: `who` (the account), `touched` (native ids), and `write` (False for a
POST that only reads, True for a read that writes), `private` (True for a body with secrets in it). Without `write`,
every method but GET, HEAD, OPTIONS is a write.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote_plus

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox.exchanges import observed
from connectors.sandbox.world import Fault, StateError, World

READS = ("GET", "HEAD", "OPTIONS")
_TWIN = "\u0000"  # the end of a key that stands twice, until it is written


class Recorder:
    """Wraps one tool's application. `failed` hears of a state file that cannot be written."""

    def __init__(self, tool: str, app: ASGIApp, world: World, failed: Callable[[StateError], None]) -> None:
        self._tool, self._app, self._world, self._failed = tool, app, world, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._dated(send)
        body = await _body(receive)
        scope["state"] = {}
        fault = self._world.fault(self._tool, scope["method"], scope["path"])
        answer: list[Message] = []
        if fault is None or fault.after or fault.status is None:
            await self._app(scope, _replay(body), _collector(answer))
        observed(self._tool, scope, body, answer, self._world.now())
        saved = self._kept(scope, body, answer, fault)
        if fault is not None and fault.status == 0:
            await _drop(receive)
        elif fault is not None and fault.status is not None:
            await _fault_answer(fault)(scope, receive, send)
        elif not saved:
            await JSONResponse({"error": "SERVER_ERROR"}, 500)(scope, receive, send)
        else:
            # A body that ends before its announced length makes the server close the connection.
            for message in answer if fault is None else _spoilt(fault, answer):
                await send(message)

    def _dated(self, send: Send) -> Send:
        """Every answer carries the time of this world, which may stand still or be another one than the machine's."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(self._world.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", now)]}
            await send(message)

        return dated

    def _kept(self, scope: Scope, body: bytes, answer: list[Message], fault: Fault | None) -> bool:
        """Log the request, and save the state before a writer hears of success: what was acknowledged is on disk."""
        try:
            if _wrote(scope, _status(answer)) or scope["state"].get("private"):
                self._world.save(self._tool)
            self._log(scope, body, answer, fault)
        except StateError as error:
            self._failed(error)
            return False
        return True

    def _log(self, scope: Scope, body: bytes, answer: list[Message], fault: Fault | None) -> None:
        status = _status(answer)
        self._world.log(
            {
                "tool": self._tool,
                "actor": "api",
                "who": scope["state"].get("who"),
                "method": scope["method"],
                "path": scope["path"],
                "query": unquote_plus(scope["query_string"].decode("latin-1")),
                "status": status if fault is None or fault.status is None else fault.status,
                "write": _wrote(scope, status),
                "touched": list(scope["state"].get("touched", ())),
                "body": None if scope["state"].get("private") else _json(body),
                **({"fault": _word(fault)} if fault else {}),
            }
        )


def _word(fault: Fault) -> str:
    return "spoilt" if fault.status is None else "after" if fault.after else "before"


def _wrote(scope: Scope, status: int) -> bool:
    """Whether the server carried out a write, whatever the client was told."""
    return 0 < status < 400 and bool(scope["state"].get("write", scope["method"] not in READS))


def _status(answer: list[Message]) -> int:
    return int(answer[0]["status"]) if answer else 0


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _collector(answer: list[Message]) -> Send:
    async def send(message: Message) -> None:
        answer.append(message)

    return send


def _fault_answer(fault: Fault) -> Response:
    status = fault.status or 200
    if isinstance(fault.body, str):
        return Response(fault.body, status, dict(fault.headers))
    return JSONResponse(fault.body if fault.body is not None else {}, status, dict(fault.headers))


def _spoilt(fault: Fault, answer: list[Message]) -> list[Message]:
    """The real answer with the fault's headers, edits and cut."""
    start, body = answer[0], b"".join(message.get("body", b"") for message in answer[1:])
    if fault.edits and start["status"] < 400:
        body = _edited(body, fault.edits)
    kept = body if fault.cut is None else body[: fault.cut]
    length = len(body if fault.announced else kept)
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    headers += [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
    headers += [(b"content-length", str(length).encode())] if start["status"] != 204 else []
    return [
        {**start, "headers": headers},
        {"type": "http.response.body", "body": kept, "more_body": len(kept) < length},
    ]


def _edited(body: bytes, edits: Sequence[Mapping[str, Any]]) -> bytes:
    document = {"": json.loads(body)}
    for edit in edits:
        holder, key = _at(document, edit["path"])
        match edit["op"]:
            case "remove":
                del holder[key]
            case "double":
                holder[f"{key}{_TWIN}"] = edit["value"]
            case "add" if isinstance(holder, list):
                holder.insert(key, edit["value"])
            case "copy":
                source, name = _at(document, edit["from"])
                holder.insert(key, source[name])
            case _:
                holder[key] = edit["value"]
    return json.dumps(document[""]).replace(json.dumps(_TWIN)[1:-1], "").encode()


def _at(document: Any, pointer: str) -> tuple[Any, Any]:
    """The holder of what a JSON Pointer names, and its key there."""
    *path, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/"))
    for part in path:
        document = document[int(part) if isinstance(document, list) else part]
    if isinstance(document, list):
        return document, len(document) if last == "-" else int(last)
    return document, last


async def _drop(receive: Receive) -> None:
    """Close the connection without an answer. The server's own transport hangs on its receive method."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the connection was dropped on purpose")
    transport.abort()
    await asyncio.sleep(0)
