"""The layer in front of every tool server: it injects faults, writes the log, and has the state saved.

A server tells it more through `request.state`: `who` (the account), `touched` (native ids), and `write` (False for a
POST that only reads, True for a read that writes). Without `write`, every method but GET, HEAD, OPTIONS is a write.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sandbox.world import Fault, StateError, World

READS = ("GET", "HEAD", "OPTIONS")


class Recorder:
    """Wraps one tool's application. `failed` hears of a state file that cannot be written."""

    def __init__(self, tool: str, app: ASGIApp, world: World, failed: Callable[[StateError], None]) -> None:
        self._tool, self._app, self._world, self._failed = tool, app, world, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        scope["state"] = {}
        fault = self._world.fault(self._tool, scope["method"], scope["path"])
        answer: list[Message] = []
        if fault is None or fault.after:
            await self._app(scope, _replay(body), _collector(answer))
        saved = self._kept(scope, body, answer, fault)
        if fault is not None and fault.status == 0:
            await _drop(receive)
        elif fault is not None:
            await _fault_answer(fault)(scope, receive, send)
        elif not saved:
            await JSONResponse({"error": "SERVER_ERROR"}, 500)(scope, receive, send)
        else:
            for message in answer:
                await send(message)

    def _kept(self, scope: Scope, body: bytes, answer: list[Message], fault: Fault | None) -> bool:
        """Log the request, and save the state before a writer hears of success: what was acknowledged is on disk."""
        try:
            if _wrote(scope, _status(answer)):
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
                "status": fault.status if fault else status,
                "write": _wrote(scope, status),
                "touched": list(scope["state"].get("touched", ())),
                "body": _json(body),
                **({"fault": "after" if fault.after else "before"} if fault else {}),
            }
        )


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
    if isinstance(fault.body, str):
        return Response(fault.body, fault.status, dict(fault.headers))
    return JSONResponse(fault.body if fault.body is not None else {}, fault.status, dict(fault.headers))


async def _drop(receive: Receive) -> None:
    """Close the connection without an answer. The server's own transport hangs on its receive method."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the connection was dropped on purpose")
    transport.abort()
    await asyncio.sleep(0)
