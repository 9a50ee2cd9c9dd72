"""Airtable's notifications over real HTTP: the vendor's library subscribes, hears, checks the seal and reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from pyairtable import Api
from pyairtable.models import WebhookNotification

from connectors.sandbox.server import Sandbox

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


class Receiver(HTTPServer):
    """Takes notifications, answers with `status`, and does `on_ping` before it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: list[tuple[str, str]] = []
        self.status = 204
        self.heard = threading.Event()

    def on_ping(self) -> None:
        """Nothing more, unless a test says so."""


class _Taker(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.taken.append((body, self.headers["X-Airtable-Content-MAC"]))
        self.server.on_ping()
        self.send_response(self.server.status)
        self.end_headers()
        self.server.heard.set()

    def log_message(self, format: str, *arguments: object) -> None:
        """Tests stay quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def control(box: Sandbox, verb: str, **order: object) -> dict[str, object]:
    return dict(requests.post(f"{box.control}/control/airtable/{verb}", json=order, timeout=10).json())


def test_a_receiver_is_told_checks_the_seal_and_reads_what_happened(receiver: Receiver) -> None:
    with Sandbox(campaigns=1, now=NOW) as box:
        login = box.company["credentials"]["airtable"]
        base = Api(login["token"], endpoint_url=box.urls["airtable"], retry_strategy=None).base(login["base"])
        url = f"http://127.0.0.1:{receiver.server_port}/at"
        made = base.add_webhook(url, {"options": {"filters": {"dataTypes": ["tableData"]}}})
        read: list[int] = []
        receiver.on_ping = lambda: read.append(len(list(base.webhook(made.id).payloads())))  # type: ignore[method-assign]

        base.table("Campaigns").create({"Name": "Spring"})
        base.table("Campaigns").create({"Name": "Summer"})
        assert receiver.taken == []
        assert control(box, "deliver") == {"delivered": 1, "failed": 0}

        ((body, seal),) = receiver.taken
        assert WebhookNotification.from_request(body, seal, made.mac_secret_base64).webhook.id == made.id
        assert read == [2]  # it may ask for the payloads before it answers
        result = base.webhook(made.id).last_notification_result
        assert result is not None
        assert result.success

        receiver.status = 500
        base.table("Campaigns").create({"Name": "Autumn"})
        assert control(box, "deliver") == {"delivered": 0, "failed": 1}
        receiver.status = 204
        requests.post(f"{box.control}/control/clock", json={"advance": 10}, timeout=10)
        assert control(box, "deliver") == {"delivered": 1, "failed": 0}

        control(box, "notify", at_once=True)
        receiver.heard.clear()
        base.table("Campaigns").create({"Name": "Winter"})
        assert receiver.heard.wait(10)

        hook = base.webhook(made.id)
        hook.disable_notifications()
        hook.extend_expiration()
        assert not base.webhook(made.id).are_notifications_enabled
        hook.delete()
        assert base.webhooks() == []
