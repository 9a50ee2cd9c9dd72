"""The dynamic webhooks of OAuth apps at the Jira stand-in (reference jira §7)."""

from __future__ import annotations

from tests.sandbox.listening import HOOK, URL, App, Ear
from tests.sandbox.sites import Jira


def test_dynamic_webhooks_are_for_apps() -> None:
    jira = Jira()
    for method, body in (("POST", {"url": URL, "webhooks": [HOOK]}), ("GET", None), ("DELETE", {"webhookIds": [1]})):
        status, answer = jira.ask(method, "/webhook", body=body)
        assert (status, "OAuth" in answer["errorMessages"][0]) == (403, True)


def test_each_dynamic_webhook_is_taken_or_refused_for_itself() -> None:
    app = App()
    first, *refused = app.register(
        HOOK,
        HOOK | {"jqlFilter": "summary ~ x"},
        HOOK | {"jqlFilter": "updated > 5"},
        HOOK | {"jqlFilter": "project = NOPE"},
        HOOK | {"events": ["sprint_eaten"]},
    )
    assert first == {"createdWebhookId": 1}
    assert [one["errors"][0] for one in refused] == [
        "The clause summary is unsupported",
        "The clause updated is unsupported",
        "The value 'NOPE' does not exist for the field 'project'.",
        "The event sprint_eaten is unsupported",
    ]
    assert [list(one) for one in app.register(*[HOOK] * 5)] == [["createdWebhookId"]] * 4 + [["errors"]]
    assert app.ask("POST", body={"url": "http://127.0.0.1:2/", "webhooks": [HOOK]})[0] == 400


def test_a_dynamic_webhook_hears_of_its_fields_until_it_expires() -> None:
    app = App()
    ear = Ear(app.jira)
    app.register(HOOK)
    app.jira.edit("CAM-1", duedate="2026-12-01")
    assert ear.listen() == []
    app.jira.edit("CAM-1", summary="Y")
    assert len(ear.listen()) == 1
    assert ear.heard[0][0]["Authorization"].count(".") == 2
    app.jira.world.advance(20 * 86400)
    app.refresh()
    status, answer = app.ask("PUT", "/refresh", {"webhookIds": [1, 99]})
    assert (status, answer["expirationDate"]) == (200, int(app.jira.world.now().timestamp() + 30 * 86400) * 1000)
    app.jira.world.advance(29 * 86400)
    app.jira.edit("CAM-1", summary="Z")
    assert len(ear.listen()) == 1
    app.jira.world.advance(2 * 86400)
    app.jira.edit("CAM-1", summary="A")
    assert ear.listen() == []
    app.refresh()
    assert app.ask("GET")[1]["values"] == []


def test_dynamic_webhooks_are_listed_and_removed() -> None:
    app = App()
    app.register(HOOK, HOOK)
    page = app.ask("GET")[1]
    assert (page["total"], page["values"][0]["fieldIdsFilter"]) == (2, ["summary"])
    assert app.ask("DELETE", body={"webhookIds": [1, 99]})[0] == 202
    assert [hook["id"] for hook in app.ask("GET")[1]["values"]] == [2]
