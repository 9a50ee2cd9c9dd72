"""Receives webhooks: checks who sent a delivery, keeps which records it is about, and has a run look at them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jobs.tools_webhooks import Webhook
from sync.errors import SyncError
from sync.model import Ref

Keep = Callable[[Collection[Ref]], None]

LONGEST = 1024 * 1024  # bytes of a body
BODY_SECONDS = 10.0  # until a body has come
STATE_SECONDS = 10.0  # and then, until it is kept; Airtable waits 25 for both (reference airtable §5.2)
REMEMBERED = 1000  # identifiers of deliveries that were kept; one that is forgotten is looked at once more
log = logging.getLogger("campaign_sync.webhooks")


class Receiver:
    """The application. `webhooks` by tool, `keep` makes hints durable, `ring` asks for a run.

    Of a body only the ids of records are taken; neither it nor a header is ever logged.
    """

    def __init__(self, webhooks: Mapping[str, Webhook], keep: Keep, ring: Callable[[], None]) -> None:
        self._webhooks, self._keep, self._ring = webhooks, keep, ring
        # One thread: the state takes one writer at a time anyway, and what waits too long for it goes away again.
        self._writer = ThreadPoolExecutor(1, "webhooks")
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._refused: Counter[str] = Counter()
        self.app = Starlette(
            routes=[
                Route("/webhooks/{tool}", self._delivery, methods=["POST"]),
                Route("/healthz", _health, methods=["GET"]),
            ]
        )
        self.app.router.redirect_slashes = False  # a vendor does not follow

    def close(self) -> None:
        """Let go of the thread. What it is keeping is kept to the end."""
        self._writer.shutdown(wait=False, cancel_futures=True)

    async def _delivery(self, request: Request) -> Response:
        tool = request.path_params["tool"]
        if tool not in self._webhooks:
            return _said(404, "there is no such webhook")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(request)
        except (TimeoutError, ClientDisconnect):
            return _said(408, "the body did not come")
        if body is None:
            return self._refusal(tool, 413, "the body is too big")
        if not self._webhooks[tool].is_signed(request.headers, body):
            return self._refusal(tool, 401, "there is no valid signature")
        try:
            return await self._signed(tool, request.headers, body)
        except Exception as exc:  # noqa: BLE001 - told again by the vendor, and its text might hold what must not be seen
            log.error("webhook of %s: something unforeseen went wrong (%s)", tool, type(exc).__name__)  # noqa: TRY400
            return _said(500, "something went wrong")

    async def _signed(self, tool: str, headers: Mapping[str, str], body: bytes) -> Response:
        identifier = self._webhooks[tool].identifier(headers)
        if identifier and (tool, identifier) in self._known:
            log.info("webhook of %s: told again, nothing to do", tool)
            return Response(status_code=204)
        try:
            refs = self._webhooks[tool].refs(body)
        except ValueError:
            return self._refusal(tool, 400, "the body cannot be read")
        try:
            await self._kept(refs)
        except (SyncError, TimeoutError) as exc:
            log.warning("webhook of %s: not kept, to be told again: %s", tool, str(exc) or "the state is busy")
            return _said(503, "try again later")
        if identifier:
            self._remember(tool, identifier)
        log.info("webhook of %s: %s", tool, _counted(len(refs)))
        return Response(status_code=204)

    async def _kept(self, refs: Collection[Ref]) -> None:
        """Keep first, and then ring: a run that begins in between has read what it is asked to look at."""

        def work() -> None:
            if refs:
                self._keep(refs)
            self._ring()

        kept = asyncio.get_running_loop().run_in_executor(self._writer, work)
        await asyncio.wait_for(kept, STATE_SECONDS)

    def _remember(self, tool: str, identifier: str) -> None:
        self._known[tool, identifier] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _refusal(self, tool: str, status: int, reason: str) -> Response:
        """Told in the log, but not each time: anybody can send anything here."""
        self._refused[tool] += 1
        count = self._refused[tool]
        if count in (1, 10, 100) or count % 1000 == 0:
            log.warning("webhook of %s: refused, because %s (%d so far)", tool, reason, count)
        return _said(status, reason)


async def _read(request: Request) -> bytes | None:
    """The body; None as soon as it is too long."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 10 or int(announced) > LONGEST):
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)


async def _health(_: Request) -> Response:
    return _said(200, "ok")


def _said(status: int, reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", status)


def _counted(count: int) -> str:
    return f"{count} record{'s' * (count > 1)} to look at" if count else "a run will look"
