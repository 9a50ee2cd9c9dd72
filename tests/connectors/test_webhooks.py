"""What a vendor's delivery is believed, and what is taken from it: a signature, and the ids of records."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from starlette.datastructures import Headers

from connectors.airtable_webhooks import AirtableWebhook
from connectors.jira_webhooks import JiraWebhook
from sync.model import Kind, Ref

# The documentation's own example (reference jira §7).
SECRET, BODY = "It's a Secret to Everybody", b"Hello World!"
SIGNATURE = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
KEY = b"\x00\xffkey of the notifications"


def jira(**given: str) -> JiraWebhook:
    return JiraWebhook("our-jira", secret=SECRET, project="CAM", **given)


def told(name: str = "Epic", project: str = "CAM", native: Any = "10451", **more: Any) -> bytes:
    fields = {"summary": "Black Friday", "issuetype": {"id": "7", "name": name}, "project": {"key": project}}
    issue = {"id": native, "key": f"{project}-17", "fields": fields}
    return json.dumps({"webhookEvent": "jira:issue_updated", "issue": issue, **more}).encode()


def test_the_documentations_own_example_is_believed() -> None:
    assert jira().is_signed(Headers({"x-hub-signature": SIGNATURE}), BODY)


@pytest.mark.parametrize(
    "given",
    ["", "sha256=", "sha256", SIGNATURE.removeprefix("sha256="), SIGNATURE[:-1], f"{SIGNATURE[:-1]}4", f"{SIGNATURE}0",
     SIGNATURE.replace("sha256", "sha1"), SIGNATURE.replace("sha256", "none"), "sha256=\xe4\xf6\xfc",
     "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()],
)  # fmt: skip
def test_a_wrong_signature_of_jira_is_not_believed(given: str) -> None:
    assert not jira().is_signed(Headers({"X-Hub-Signature": given}), BODY)


def test_neither_another_body_nor_another_secret_nor_none_is_believed() -> None:
    assert not jira().is_signed(Headers({"X-Hub-Signature": SIGNATURE}), BODY + b"\n")
    assert not jira().is_signed(Headers(), BODY)
    other = JiraWebhook("jira", secret="another", project="CAM")
    assert not other.is_signed(Headers({"X-Hub-Signature": SIGNATURE}), BODY)


def test_a_stronger_method_that_jira_names_is_read() -> None:
    strong = "sha512=" + hmac.new(SECRET.encode(), BODY, "sha512").hexdigest()
    assert jira().is_signed(Headers({"X-Hub-Signature": strong}), BODY)


def test_an_issue_is_known_by_its_id_and_by_the_name_of_its_type() -> None:
    ours = jira(campaign_type="Initiative", stage_type="Sub-task")
    assert ours.refs(told("initiative")) == (Ref("our-jira", Kind.CAMPAIGN, "10451"),)
    assert ours.refs(told("Sub-task", "cam")) == (Ref("our-jira", Kind.STAGE, "10451"),)
    assert ours.refs(told("Epic")) == ()


def test_a_deleted_issue_is_looked_at_too() -> None:
    assert jira().refs(told(webhookEvent="jira:issue_deleted")) == (Ref("our-jira", Kind.CAMPAIGN, "10451"),)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", told("Bug"), told(project="OTHER"), told(native=10451), told(native=""), told(native="1 OR 1=1"),
     told(native="\u0663"), told(native=None), b'{"issue": null}', b'{"issue": {"id": "1"}}', b'{"issue": [1]}',
     b'{"issue": {"id": "1", "fields": {"issuetype": "Epic", "project": {"key": "CAM"}}}}',
     b'{"issue": {"id": "1", "fields": {"issuetype": {"name": 1}, "project": {"key": "CAM"}}}}',
     b'{"issue": {"id": "1", "fields": {"issuetype": {"name": "Epic"}}}}'],
)  # fmt: skip
def test_what_names_no_issue_of_ours_is_no_hint(body: bytes) -> None:
    assert jira().refs(body) == ()


@pytest.mark.parametrize("body", [b"no json", b"\xff\xfe\x00", b"[1]", b"null", b'"x"', b"[" * 100_000])
@pytest.mark.parametrize("webhook", [jira(), AirtableWebhook(secret=base64.b64encode(KEY).decode())])
def test_a_body_that_cannot_be_read_is_refused(webhook: JiraWebhook | AirtableWebhook, body: bytes) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        webhook.refs(body)


def test_repetitions_are_known_by_jiras_identifier() -> None:
    assert jira().identifier(Headers({"x-atlassian-webhook-identifier": "abc"})) == "abc"
    assert jira().identifier(Headers()) is None


def test_a_notification_of_airtable_is_believed_by_the_key_behind_its_base64() -> None:
    webhook = AirtableWebhook(secret=base64.b64encode(KEY).decode())
    body = b'{"base":{"id":"appX"},"webhook":{"id":"achX"},"timestamp":"2026-10-08T07:08:33.000Z"}'
    mac = hmac.new(KEY, body, hashlib.sha256).hexdigest()

    assert webhook.is_signed(Headers({"x-airtable-content-mac": f"hmac-sha256={mac}"}), body)
    assert webhook.refs(body) == ()
    assert webhook.identifier(Headers({"x-atlassian-webhook-identifier": "abc"})) is None
    for wrong in ("", mac, f"sha256={mac}", f"hmac-sha256={mac[:-1]}", f"hmac-sha256={mac.replace('a', 'b')}0"):
        assert not webhook.is_signed(Headers({"X-Airtable-Content-MAC": wrong}), body)
    assert not webhook.is_signed(Headers({"X-Airtable-Content-MAC": f"hmac-sha256={mac}"}), body + b" ")
    encoded = hmac.new(base64.b64encode(KEY), body, hashlib.sha256).hexdigest()
    assert not webhook.is_signed(Headers({"X-Airtable-Content-MAC": f"hmac-sha256={encoded}"}), body)


@pytest.mark.parametrize("secret", ["", "geheim!", "abc", "=", "\u00e4"])
def test_what_is_no_base64_is_no_secret_of_airtable(secret: str) -> None:
    with pytest.raises(ValueError, match="is no macSecretBase64") as raised:
        AirtableWebhook(secret=secret)
    assert "geheim" not in str(raised.value)
