"""The webhook receiver beside the scheduled worker: which tools it hears, on which port, and in which thread."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from jobs import wiring
from jobs.settings import Settings
from jobs.settings_file import WebhooksSection, place
from jobs.tools_webhooks import Webhook
from jobs.webhooks import Receiver
from jobs.webhooks_calls import Calls
from sync.errors import ConfigError
from sync.model import Ref

MOST_CONNECTIONS = 200  # beyond, uvicorn answers 503 by itself, after which vendors try again
log = logging.getLogger("campaign_sync.webhooks")


def heard(settings: Settings) -> dict[str, Webhook]:
    """The webhooks of the tools that have a secret for them. Raises ConfigError for one that is of no use."""
    found: dict[str, Webhook] = {}
    for name, tool in settings.tools.items():
        if tool.webhook_secret is None:
            if tool.webhook_secret_file is not None:
                raise ConfigError(
                    f"{name} has no webhook secret in {tool.webhook_secret_file}. Make the webhook and its secret "
                    "(campaign-sync webhooks register), or put the secret there (docs/webhooks.md)."
                )
            continue
        make = getattr(tool.type, "webhook", None)
        if make is None:
            raise ConfigError(
                f"{name} has a webhook_secret, but tools of the type {tool.type.name} send us nothing. Remove it."
            )
        try:
            found[name] = make(name, tool.options, tool.webhook_secret)
        except ValueError as exc:
            raise ConfigError(f"the webhook_secret of {name} {exc}. Copy it again (docs/webhooks.md).") from None
    return found


@contextmanager
def receiving(
    settings: Settings, calls: Calls, enqueue: Callable[[], Any], ended: Callable[[], None]
) -> Iterator[None]:
    """Receive webhooks until the end of the block, and `enqueue` runs. `ended` hears if receiving ends before.

    Raises ConfigError when there is nobody to hear, or the port cannot be had.
    """
    wanted = settings.webhooks or WebhooksSection()
    webhooks = heard(settings)
    if not webhooks:
        raise ConfigError(
            "no tool has a webhook_secret_file, so nobody could be believed. Add one (docs/webhooks.md), "
            "or start the worker without webhooks."
        )

    def keep(refs: Collection[Ref]) -> None:
        # Opened anew each time, as every run does: the file may have been replaced by a copy meanwhile.
        with wiring.open_state(settings) as store:
            store.hint(refs)

    receiver = Receiver(webhooks, keep, calls.ring)
    try:
        with calls.followed(enqueue, wanted.gather.total_seconds()), listening(receiver, wanted.listen, ended) as url:
            log.info("webhooks are received on %s/webhooks/ for %s", url, ", ".join(webhooks))
            yield
    finally:
        receiver.close()


@contextmanager
def listening(receiver: Receiver, listen: str, ended: Callable[[], None]) -> Iterator[str]:
    """The receiver at work in a thread of its own; gives its address. Raises ConfigError when that cannot be had."""
    host, port = place(listen)
    try:
        opened = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as exc:
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        raise ConfigError(f"webhooks cannot be received on {listen}: {reason}. Change [webhooks] listen.") from exc
    server = uvicorn.Server(_config(receiver))

    def work() -> None:
        try:
            server.run(sockets=[opened])
        finally:
            if not server.should_exit:
                ended()

    thread = threading.Thread(target=work, name="webhooks", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        opened.close()


def _config(receiver: Receiver) -> uvicorn.Config:
    return uvicorn.Config(
        receiver.app,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level=logging.CRITICAL,  # it would show strangers' requests; what matters the receiver tells
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody asks who the client is
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=5,
    )
