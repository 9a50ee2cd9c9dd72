"""Vendors that tell a workspace of changes: its configuration and secrets, and signed deliveries over HTTP."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import requests

from jobs import wiring
from jobs.settings import Settings, load_settings
from sync.model import Kind, Ref
from tests.jobs.conftest import Office

JIRA_SECRET, AIRTABLE_KEY = "geheim-jira", b"geheim-airtable"
AIRTABLE_SECRET = base64.b64encode(AIRTABLE_KEY).decode()
TOOLS = """
[tools.jira]
type = "jira"
url = "http://127.0.0.1:9"
token_file = "secrets/token"
project = "CAM"
webhook_secret_file = "secrets/jira-webhook"

[tools.airtable]
type = "airtable"
base = "appX"
token_file = "secrets/token"
webhook_secret_env = "AIRTABLE_WEBHOOK"
"""
PING = b'{"base":{"id":"appX"},"webhook":{"id":"achX"},"timestamp":"2026-10-08T07:08:33.000Z"}'


def told(office: Office, more: str = "") -> Settings:
    """The workspace with a Jira and an Airtable that have webhooks. AIRTABLE_WEBHOOK has to be in the environment."""
    office.write("secrets/token", "pat-geheim")
    office.write("secrets/jira-webhook", JIRA_SECRET)
    office.config.write_text(office.config.read_text("utf-8") + TOOLS + more, "utf-8")
    return load_settings(office.config)


def event(native: str = "10451", name: str = "Epic") -> bytes:
    """A delivery's body as Jira makes it, with a text that must not be seen anywhere."""
    fields = {"summary": "TOP SECRET", "issuetype": {"name": name}, "project": {"key": "CAM"}}
    return json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": native, "fields": fields}}).encode()


def from_jira(url: str, body: bytes, identifier: str = "", secret: str = JIRA_SECRET) -> requests.Response:
    """Deliver as Jira does."""
    headers = {"X-Hub-Signature": f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"}
    return _post(f"{url}/webhooks/jira", body, headers | {"X-Atlassian-Webhook-Identifier": identifier})


def from_airtable(url: str, body: bytes = PING, key: bytes = AIRTABLE_KEY) -> requests.Response:
    """Notify as Airtable does."""
    mac = hmac.new(key, body, "sha256").hexdigest()
    return _post(f"{url}/webhooks/airtable", body, {"X-Airtable-Content-MAC": f"hmac-sha256={mac}"})


def _post(url: str, body: bytes, headers: dict[str, Any]) -> requests.Response:
    return requests.post(url, body, headers=headers, timeout=20)


def hints(settings: Settings) -> list[tuple[str, Kind, str]]:
    """What the next run is to look at, as the state has it."""
    with wiring.open_state(settings) as store:
        refs: list[Ref] = [hint.ref for hint in store.load().hints]
    return [(ref.tool, ref.kind, ref.native) for ref in refs]
