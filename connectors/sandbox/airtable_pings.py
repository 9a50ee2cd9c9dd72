"""Sends webhooks' notifications: over real HTTP, and to this machine only (reference airtable §5.2)."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from connectors.sandbox.airtable_hooks import Ping

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PATIENCE = 25.0  # seconds


def send(ping: Ping) -> str | None:
    """None if the receiver took it, with 200 or 204 and an empty body; else what went wrong."""
    address = urlsplit(ping.url)
    if address.scheme != "http" or address.hostname not in LOOPBACK:
        return "the sandbox notifies nobody but this machine, over http"
    try:
        connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=PATIENCE)
        try:
            target = (address.path or "/") + (f"?{address.query}" if address.query else "")
            connection.request("POST", target, ping.body, dict(ping.headers))
            answer = connection.getresponse()
            empty = not answer.read(1)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"the receiver could not be reached: {type(error).__name__}"
    if answer.status not in (200, 204) or not empty:
        return f"the receiver answered {answer.status}" + ("" if empty else " with a body")
    return None
