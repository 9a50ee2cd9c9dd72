"""The Mailchimp stand-in's account: keys, connections, lists, webhooks, and the people who work there."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from starlette.types import Message, Scope

from connectors.sandbox.mailchimp_hooks import Notice, post, secret
from connectors.sandbox.server import Sandbox, sandbox_process
from tests.sandbox.desk import ask
from tests.sandbox.mailchimp_site import QUARTER, SENDER, Mailchimp, wrong
from tests.sandbox.sites import NOW, basic, bearer


def test_a_key_is_taken_as_a_password_or_as_a_bearer_and_says_whose_it_is() -> None:
    mailchimp = Mailchimp()
    key, token = mailchimp.credentials["token"], mailchimp.credentials["oauth_token"]
    assert key.endswith("-us21")
    for login in (basic("x", key), bearer(key), bearer(token)):
        status, account = mailchimp.ask("GET", "/", login=login)
        assert (status, account["account_timezone"], account["role"]) == (200, "Europe/Berlin", "owner")
        assert mailchimp.ask("GET", "/ping", login=login)[0] == 200
    elsewhere = key.replace("-us21", "-us6")
    for login in (basic("x", elsewhere), basic("x", token), bearer("wrong"), {"authorization": f"ApiKey {key}"}):
        status, headers, body = mailchimp.whole("GET", "/ping", login)
        assert (status, headers["content-type"], body["title"]) == (401, "application/problem+json", "API Key Invalid")
    assert mailchimp.whole("GET", "/ping", {"accept": "*/*"})[0] == 401
    assert mailchimp.whole("GET", "/ping", basic("x", key) | {"host": "us6.api.mailchimp.com"})[0] == 401
    assert mailchimp.whole("GET", "/ping", basic("x", key) | {"host": "us21.api.mailchimp.com"})[0] == 200


def test_the_login_server_tells_where_a_token_is_at_home() -> None:
    mailchimp = Mailchimp()
    token = {"authorization": f"OAuth {mailchimp.credentials['oauth_token']}"}
    status, found = ask(mailchimp.server.app, "GET", "/oauth2/metadata", headers=token)
    assert (status, found["dc"]) == (200, "us21")
    assert ask(mailchimp.server.app, "GET", "/oauth2/metadata", headers=mailchimp.login)[0] == 401


def test_a_viewer_may_read_and_the_refusal_is_json() -> None:
    mailchimp = Mailchimp()
    viewer = bearer(mailchimp.credentials["read_only_token"])
    assert mailchimp.ask("GET", "/campaigns", login=viewer)[0] == 200
    status, body = mailchimp.ask("POST", "/campaigns", body={"type": "regular"}, login=viewer)
    assert (status, body["title"]) == (403, "Forbidden")


def test_what_is_not_there_is_a_problem_document() -> None:
    mailchimp = Mailchimp()
    for path in ("/nothing", "/campaigns/0000000000", "/lists/0000000000", "/campaign-folders/0"):
        status, headers, body = mailchimp.whole("GET", path)
        assert (status, headers["content-type"]) == (404, "application/problem+json")
        assert set(body) == {"type", "title", "status", "detail", "instance"}
    assert mailchimp.ask("PUT", "/campaigns")[0] == 405
    assert ask(mailchimp.server.app, "POST", "/3.0/campaigns", body=[1], headers=mailchimp.login)[0] == 400


def at_once(mailchimp: Mailchimp, number: int) -> list[tuple[int, str, bytes]]:
    """The answers to requests that are all open before the first of them is answered."""

    async def one(gate: asyncio.Event, arrived: list[None]) -> tuple[int, str, bytes]:
        sent: list[Message] = []
        headers = [(name.encode(), value.encode()) for name, value in mailchimp.login.items()]
        scope: Scope = {"type": "http", "method": "GET", "path": "/3.0/ping", "query_string": b"", "headers": headers}

        async def receive() -> Message:
            arrived.append(None)
            if len(arrived) == number:
                gate.set()
            await gate.wait()
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        await mailchimp.server.app(scope, receive, send)
        found = dict(sent[0]["headers"])
        return sent[0]["status"], found.get(b"content-type", b"").decode(), sent[1].get("body", b"")

    async def every() -> list[tuple[int, str, bytes]]:
        gate, arrived = asyncio.Event(), list[None]()
        return await asyncio.gather(*(one(gate, arrived) for _ in range(number)))

    return asyncio.run(every())


def test_ten_connections_at_once_and_no_word_of_how_long_to_wait() -> None:
    mailchimp = Mailchimp(rate_limits=True)
    assert {status for status, _, _ in at_once(mailchimp, 10)} == {200}
    refused = [answer for answer in at_once(mailchimp, 11) if answer[0] != 200]
    assert [(status, kind) for status, kind, _ in refused] == [(429, "application/problem+json")]
    assert b"simultaneous" in refused[0][2]
    assert {status for status, _, _ in at_once(Mailchimp(), 30)} == {200}, "limits are enforced on demand"


@pytest.mark.parametrize("status", ["403", "429"])
def test_throttling_may_come_without_json(status: str) -> None:
    mailchimp = Mailchimp(rate_limits=True)
    mailchimp.switch("busy_answer", status)
    refused = [answer for answer in at_once(mailchimp, 12) if answer[0] != 200]
    assert [(code, body) for code, _, body in refused] == [(int(status), b"")] * 2
    assert not [kind for _, kind, _ in refused if "json" in kind]


def test_lists_and_their_segments() -> None:
    mailchimp = Mailchimp()
    lists = mailchimp.ask("GET", "/lists", {"count": 100})[1]
    assert [row["name"] for row in lists["lists"]] == [audience.name for audience in mailchimp.company.audiences]
    first = lists["lists"][0]["id"]
    segments = mailchimp.ask("GET", f"/lists/{first}/segments", {"count": 100})[1]
    assert [row["type"] for row in segments["segments"]] == ["saved", "static", "fuzzy"]
    one = segments["segments"][0]
    assert mailchimp.ask("GET", f"/lists/{first}/segments/{one['id']}")[1] == one
    other = lists["lists"][1]["id"]
    assert mailchimp.ask("GET", f"/lists/{other}/segments/{one['id']}")[0] == 404


def test_a_list_that_is_gone_stays_with_its_campaigns() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    mailchimp.human("remove", audience="Newsletter DACH")
    recipients = mailchimp.read(id)["recipients"]
    assert (recipients["list_is_active"], recipients["list_name"]) == (False, "Newsletter DACH")
    assert mailchimp.ask("GET", f"/lists/{mailchimp.list}")[0] == 404
    assert mailchimp.schedule(id)[0] == 400
    body = {"settings": SENDER, "recipients": {"list_id": mailchimp.list}}
    assert wrong(mailchimp.ask("PATCH", f"/campaigns/{id}", body=body)) == (400, "recipients.list_id")


def test_folders_hold_campaigns_until_they_are_removed() -> None:
    mailchimp = Mailchimp()
    folder = mailchimp.ask("POST", "/campaign-folders", body={"name": "Synced"})[1]["id"]
    id = mailchimp.create(folder_id=folder)
    mailchimp.ask("PATCH", f"/campaign-folders/{folder}", body={"name": "Mirrored"})
    shown = mailchimp.ask("GET", f"/campaign-folders/{folder}")[1]
    assert (shown["name"], shown["count"]) == ("Mirrored", 1)
    assert mailchimp.ask("DELETE", f"/campaign-folders/{folder}") == (204, None)
    assert mailchimp.ask("GET", "/campaign-folders")[1]["total_items"] == 0
    assert mailchimp.read(id)["settings"]["folder_id"] == ""


def test_people_edit_schedule_move_and_remove() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.human("create", name="Sale", subject="Sale!", audience="Engaged readers")["id"]
    assert mailchimp.human("schedule", campaign="Sale", at=QUARTER, timewarp=True)["status"] == "schedule"
    mailchimp.human("edit", campaign=id, name="Sale 2", subject="Sale again!")
    shown = mailchimp.read(id)
    assert (shown["status"], shown["send_time"], shown["settings"]["timewarp"]) == ("schedule", QUARTER, True)
    assert (shown["settings"]["title"], shown["settings"]["subject_line"]) == ("Sale 2", "Sale again!")
    mailchimp.human("reschedule", campaign=id, at="2026-10-21T07:00:00Z")
    shown = mailchimp.read(id)
    assert (shown["send_time"], shown["settings"]["timewarp"]) == ("2026-10-21T07:00:00+00:00", True)
    with pytest.raises(ValueError, match="cannot be scheduled"):
        mailchimp.human("reschedule", campaign=id, at="2026-10-21T07:05:00Z")
    assert mailchimp.read(id)["send_time"] == "2026-10-21T07:00:00+00:00", "all or nothing"
    assert mailchimp.human("unschedule", campaign=id)["status"] == "save"
    mailchimp.human("delete", campaign=id)
    assert mailchimp.ask("GET", f"/campaigns/{id}")[0] == 404


def test_people_send_at_once_and_stop_it() -> None:
    mailchimp = Mailchimp(campaigns=0)
    id = mailchimp.create()
    assert mailchimp.human("send", campaign=id)["status"] == "save"
    assert mailchimp.sends() == [(id, "a person has sent it")]
    assert mailchimp.read(id)["status"] == "sending"
    assert mailchimp.human("cancel", campaign=id)["status"] == "canceling"
    with pytest.raises(ValueError, match="cannot be edited"):
        mailchimp.human("edit", campaign=id, name="Too late")


def test_people_make_what_the_api_cannot_show_in_one_subject_line() -> None:
    mailchimp = Mailchimp(campaigns=0)
    tested = {"winner_criteria": "opens", "subject_lines": ["Red", "Blue"], "test_size": 20, "wait_time": 60}
    split = {"split_test": "subject", "subject_a": "One", "subject_b": "Two", "split_size": 50}
    variate = mailchimp.human("create", name="", type="variate", variate_settings=tested)["id"]
    absplit = mailchimp.human("create", name="Old test", type="absplit", ab_split_opts=split)["id"]
    assert mailchimp.read(variate)["settings"]["title"] == ""
    assert mailchimp.read(variate)["variate_settings"] == tested
    assert mailchimp.read(absplit)["ab_split_opts"] == split


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        ("juggle", {}, "people cannot juggle in mailchimp"),
        ("edit", {}, "mailchimp edit needs campaign"),
        ("edit", {"campaign": "Nobody"}, "no campaigns have the id or title"),
        ("create", {}, "mailchimp create needs name"),
        ("create", {"name": "x", "type": "fax"}, "one of the types"),
        ("create", {"name": "x", "audience": "Nobody"}, "there is no list or segment"),
        ("create", {"name": "x", "folder": "Nowhere"}, "there is no folder"),
        ("rename", {"audience": "Engaged readers"}, "mailchimp rename needs name"),
    ],
)
def test_what_people_cannot_do_is_said(verb: str, payload: dict[str, Any], message: str) -> None:
    mailchimp = Mailchimp()
    before = mailchimp.server.dump()
    with pytest.raises(ValueError, match=message):
        mailchimp.human(verb, **payload)
    assert mailchimp.server.dump()["campaigns"] == before["campaigns"]


def test_a_list_is_renamed_for_all_its_campaigns() -> None:
    mailchimp = Mailchimp()
    id = mailchimp.create()
    mailchimp.human("rename", audience="Newsletter DACH", name="Newsletter D-A-CH")
    assert mailchimp.read(id)["recipients"]["list_name"] == "Newsletter D-A-CH"


def test_a_webhook_hears_of_a_sent_campaign_alone_and_can_trust_it() -> None:
    mailchimp = Mailchimp(campaigns=0)
    told: list[Notice] = []

    def taken(notice: Notice) -> int:
        told.append(notice)
        return 200

    mailchimp.server.post = taken
    hook = {"url": "http://127.0.0.1:1/hook", "events": {"campaign": True}, "sources": {"user": True}}
    made = mailchimp.ask("POST", f"/lists/{mailchimp.list}/webhooks", body=hook)[1]
    id = mailchimp.scheduled()
    assert mailchimp.human("deliver") == {"delivered": []}
    mailchimp.world.advance(86400 * 30)
    assert mailchimp.human("deliver") == {"delivered": [200]}
    assert mailchimp.human("deliver") == {"delivered": []}
    (heard,) = told
    body = dict(parse_qsl(heard.body.decode()))
    assert (body["type"], body["data[id]"], body["data[status]"]) == ("campaign", id, "sent")
    parts = dict(part.split("=") for part in heard.headers["X-Mailchimp-Signature"].split(","))
    signed = f"{parts['t']}.".encode() + heard.body
    assert parts["v1"] == hmac.new(secret(made, 1).encode(), signed, sha256).hexdigest()
    assert post(replace(heard, url="https://elsewhere.example/hook")) == 0, "nothing leaves this machine"
    assert mailchimp.ask("DELETE", f"/lists/{mailchimp.list}/webhooks/{made['id']}") == (204, None)
    assert mailchimp.ask("GET", f"/lists/{mailchimp.list}/webhooks")[1]["total_items"] == 0


def test_a_sandbox_of_two_esps_has_each_campaign_in_one_of_them_and_keeps_to_them(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    given = ["--esp", "mailchimp", "--esp", "klaviyo", "--campaigns", "12", "--now", NOW.isoformat()]
    with sandbox_process(tmp_path / "ready.json", *given, "--state", str(state)) as company:
        pass
    with Sandbox(state=state) as box:  # as it was made
        assert {**box.company, "urls": None} == {**company, "urls": None}
        assert requests.get(f"{box.urls['mailchimp']}/3.0/ping", timeout=5).status_code == 401
    assert list(company["urls"]) == ["jira", "airtable", "mailchimp", "klaviyo", "control"]
    homes = [[name for name in ("mailchimp", "klaviyo") if one[name]] for one in company["campaigns"]]
    assert {len(home) for home in homes} <= {0, 1}
    assert {name for home in homes for name in home} == {"mailchimp", "klaviyo"}
    assert set(company["credentials"]) == {"jira", "airtable", "mailchimp", "klaviyo"}
