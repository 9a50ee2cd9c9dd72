"""The Klaviyo stand-in in revision 2026-10-15: another model of the same campaigns (reference esp §1.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connectors.sandbox import exchanges
from tests.sandbox.sites import Klaviyo, static
from tests.sandbox.vendor import Witness, needs_descriptions, told

AT = "2026-10-07T13:00:00+00:00"


class Newer(Klaviyo):
    """Somebody with a private key and the newer revision."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["revision"] = "2026-10-15"

    def done(self, method: str, path: str, query: Any = (), body: Any = None) -> Any:
        """The data of an answer that is no refusal."""
        status, answer = self.ask(method, path, query, body)
        assert status < 300, answer
        return (answer or {}).get("data")

    def draft(self, *names: str, audiences: int = 1) -> str:
        """A campaign with a message of each name."""
        messages = [
            {"audience_temporary_id": str(number % audiences), "name": name, "variations": [variation(name)]}
            for number, name in enumerate(names or ("Email",))
        ]
        targets = [{"temporary_id": str(number), "included": [self.list]} for number in range(audiences)]
        definition = {"name": "Teaser", "description": "By hand", "color": "ff5733"}
        attributes = {"definition": definition, "audiences": targets, "messages": messages}
        body = {"data": {"type": "campaign", "attributes": attributes}}
        return str(self.done("POST", "/campaigns", body=body)["id"])

    def messages(self, campaign: str) -> list[Any]:
        return list(self.done("GET", f"/campaigns/{campaign}/campaign-messages"))

    def status(self, message: str) -> str:
        return str(self.done("GET", f"/campaign-messages/{message}")["attributes"]["definition"]["status"])

    def patched(self, kind: str, id: str, **definition: Any) -> Any:
        body = {"data": {"type": kind, "id": id, "attributes": {"definition": definition}}}
        return self.ask("PATCH", f"/{kind}s/{id}", body=body)

    def schedule(self, message: str, **attributes: Any) -> Any:
        relation = {"campaign-message": {"data": {"type": "campaign-message", "id": message}}}
        data = {"type": "campaign-message-schedule", "attributes": attributes, "relationships": relation}
        return self.ask("POST", "/campaign-message-schedule", body={"data": data})

    def stop(self, id: str, action: str) -> Any:
        data = {"type": "campaign-message-schedule", "id": id, "attributes": {"action": action}}
        return self.ask("PATCH", f"/campaign-message-schedule/{id}", body={"data": data})


def variation(subject: str) -> dict[str, Any]:
    return {"definition": {"details": {"channel": "email", "subject": subject, "from_email": "news@acme.example"}}}


def test_no_channel_is_asked_for_and_no_status_can_be() -> None:
    klaviyo = Newer()
    assert klaviyo.done("GET", "/campaigns", {"include": "campaign-messages,campaign-audiences,tags"})
    assert klaviyo.ask("GET", "/campaigns", {"filter": "equals(status,'Draft')"})[0] == 400
    assert klaviyo.ask("GET", "/campaigns", {"filter": "equals(messages.channel,'email')"})[0] == 400
    assert klaviyo.done("GET", "/campaign-messages", {"filter": "equals(status,'draft')", "include": "campaign"})
    assert klaviyo.ask("GET", "/campaign-messages", {"include": "campaign-variations"})[0] == 400


def test_a_campaign_is_made_with_its_audiences_and_messages() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft("One", "Two", audiences=2)
    shown = klaviyo.done("GET", f"/campaigns/{campaign}", {"include": "campaign-audiences,campaign-messages"})
    assert shown["attributes"]["definition"]["description"] == "By hand"
    assert len(shown["relationships"]["campaign-audiences"]["data"]) == 2
    for message, subject in zip(klaviyo.messages(campaign), ("One", "Two"), strict=True):
        (found,) = klaviyo.done("GET", f"/campaign-messages/{message['id']}/campaign-variations")
        assert found["attributes"]["definition"]["details"]["subject"] == subject
        assert klaviyo.done("GET", f"/campaign-messages/{message['id']}/relationships/campaign")["id"] == campaign
        assert klaviyo.done("GET", f"/campaign-messages/{message['id']}/tags") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"definition": {"name": " "}},
        {"messages": []},
        {"audiences": [{"included": []}]},
        {"messages": [{"audience_temporary_id": "other"}]},
    ],
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, Any]) -> None:
    klaviyo = Newer()
    audiences = [{"temporary_id": "a", "included": [klaviyo.list]}]
    whole = {"definition": {"name": "A"}, "audiences": audiences, "messages": [{"audience_temporary_id": "a"}]}
    body = {"data": {"type": "campaign", "attributes": whole | wrong}}
    assert klaviyo.ask("POST", "/campaigns", body=body)[0] == 400


def test_what_one_revision_makes_the_other_shows() -> None:
    klaviyo = Newer()
    newer = klaviyo.draft("One", "Two")
    klaviyo.headers["revision"] = "2026-07-15"
    assert klaviyo.attributes(newer)["name"] == "Teaser"
    assert len(klaviyo.ask("GET", f"/campaigns/{newer}/campaign-messages")[1]["data"]) == 2
    older = klaviyo.created(send_strategy=static(AT, local=True))
    assert klaviyo.ask("GET", "/campaign-messages")[0] == 404
    klaviyo.headers["revision"] = "2026-10-15"
    (message,) = klaviyo.messages(older)
    options = message["attributes"]["definition"]["send_options"]
    assert (options["send_strategy"], options["send_time"]) == ("local_timezone", AT)


def test_a_message_is_scheduled_and_reverted_by_itself() -> None:
    klaviyo = Newer()
    first, second = (one["id"] for one in klaviyo.messages(klaviyo.draft("One", "Two")))
    status, answer = klaviyo.schedule(second, strategy="static", send_time=AT)
    assert (status, answer["data"]["id"], answer["data"]["attributes"]["send_time"]) == (201, second, AT)
    klaviyo.world.advance(2)
    assert [klaviyo.status(one) for one in (first, second)] == ["draft", "scheduled"]
    assert klaviyo.patched("campaign-message", second, name="New")[0] == 400
    assert klaviyo.schedule(second, strategy="static", send_time=AT)[0] == 400
    assert klaviyo.stop(second, "revert") == (204, None)
    klaviyo.world.advance(2)
    assert klaviyo.status(second) == "draft"
    assert klaviyo.schedule(second, strategy="static", send_time=AT)[0] == 201
    klaviyo.world.advance(2)
    klaviyo.world.set_clock(datetime.fromisoformat(AT))
    assert [klaviyo.status(one) for one in (first, second)] == ["draft", "sending"]


@pytest.mark.parametrize(
    "order",
    [
        {"strategy": "immediate"},
        {"strategy": "static"},
        {"strategy": "static", "send_time": "2026-10-01T13:00:00+00:00"},
        {"strategy": "static", "send_time": "2026-10-07T13:00:00"},
        {"strategy": "smart_send_time", "send_time": AT},
        {"strategy": "smart_send_time", "send_date": "2026-10-01"},
        {"strategy": "throttled", "send_time": AT},
    ],
)
def test_a_schedule_needs_one_of_four_strategies_and_a_future_time(order: dict[str, Any]) -> None:
    klaviyo = Newer()
    (message,) = klaviyo.messages(klaviyo.draft())
    assert klaviyo.schedule(message["id"], **order)[0] == 400
    assert klaviyo.status(message["id"]) == "draft"


def test_a_cancelled_message_is_so_for_good() -> None:
    klaviyo = Newer()
    (message,) = klaviyo.messages(klaviyo.draft())
    assert klaviyo.schedule(message["id"], strategy="smart_send_time", send_date="2026-10-07")[0] == 201
    assert klaviyo.stop(message["id"], "cancel") == (204, None)
    assert klaviyo.status(message["id"]) == "cancelled"
    assert klaviyo.stop(message["id"], "revert")[0] == 400


def test_all_messages_are_scheduled_at_once_or_none() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft("One", "Two")
    ids = [one["id"] for one in klaviyo.messages(campaign)]
    relation = {"campaign": {"data": {"type": "campaign", "id": campaign}}}

    def order(*messages: str) -> Any:
        each = [{"message_id": one, "strategy": "static", "send_time": AT} for one in messages]
        data = {"type": "campaign-schedule", "attributes": {"message_schedules": each}, "relationships": relation}
        return {"data": data}

    assert klaviyo.ask("POST", "/campaign-schedule", body=order(ids[0]))[0] == 400
    shown = klaviyo.done("POST", "/campaign-schedule", body=order(*ids))
    assert [one["id"] for one in shown["attributes"]["messages"]] == ids
    klaviyo.world.advance(2)
    assert [klaviyo.status(one) for one in ids] == ["scheduled", "scheduled"]


@pytest.mark.parametrize("moves", [False, True])
def test_whether_a_messages_change_moves_its_campaigns_time_is_a_switch(moves: bool) -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft()
    klaviyo.server.human("switch", {"name": "message_moves_campaign", "value": moves})
    klaviyo.world.advance(60)
    (message,) = klaviyo.messages(campaign)
    assert klaviyo.patched("campaign-message", message["id"], name="New")[0] == 200
    after = "2026-10-05T09:00:30Z"
    found = klaviyo.done("GET", "/campaigns", {"filter": f"greater-than(updated_at,{after})"})
    assert [one["id"] for one in found] == ([campaign] if moves else [])
    found = klaviyo.done("GET", "/campaign-messages", {"filter": f"greater-than(updated,{after})"})
    assert [one["id"] for one in found] == [message["id"]]


def test_a_draft_holds_a_time_that_schedules_nothing_and_never_a_status() -> None:
    klaviyo = Newer()
    (message,) = klaviyo.messages(klaviyo.draft())
    plan = {"send_strategy": "static", "send_time": AT}
    assert klaviyo.patched("campaign-message", message["id"], send_options=plan)[0] == 200
    klaviyo.world.set_clock(datetime.fromisoformat(AT))
    assert klaviyo.status(message["id"]) == "draft"
    assert klaviyo.patched("campaign-message", message["id"], status="scheduled")[0] == 400
    assert klaviyo.patched("campaign-message", message["id"], send_options={"send_strategy": "throttled"})[0] == 400


def test_variations_and_audiences_are_edited_by_themselves() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft("One", "Two")
    first, _ = klaviyo.messages(campaign)
    (held,) = klaviyo.done("GET", f"/campaign-messages/{first['id']}/campaign-variations")
    assert klaviyo.patched("campaign-variation", held["id"], details={"channel": "email", "subject": "New"})[0] == 200
    details = klaviyo.done("GET", f"/campaign-variations/{held['id']}")["attributes"]["definition"]["details"]
    assert (details["subject"], details["from_email"]) == ("New", "news@acme.example")
    (audience,) = klaviyo.done("GET", f"/campaigns/{campaign}/campaign-audiences")
    assert klaviyo.patched("campaign-audience", audience["id"], included=[klaviyo.other_list])[0] == 200
    found = klaviyo.done("GET", f"/campaign-audiences/{audience['id']}")["attributes"]["definition"]
    assert found["included"] == [klaviyo.other_list]
    assert klaviyo.patched("campaign-audience", audience["id"], included=[])[0] == 400


def test_when_the_first_message_goes_the_next_one_is_the_first_and_the_last_one_stays() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft("One", "Two")
    first, second = klaviyo.messages(campaign)
    klaviyo.done("DELETE", f"/campaign-messages/{first['id']}")
    assert [one["id"] for one in klaviyo.messages(campaign)] == [second["id"]]
    assert klaviyo.ask("DELETE", f"/campaign-messages/{second['id']}")[0] == 400
    klaviyo.done("DELETE", f"/campaigns/{campaign}")
    assert klaviyo.ask("GET", f"/campaign-messages/{second['id']}")[0] == 404


def test_a_campaign_is_renamed_and_described() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft()
    assert klaviyo.patched("campaign", campaign, name="New")[0] == 200
    found = klaviyo.done("GET", f"/campaigns/{campaign}")["attributes"]["definition"]
    assert (found["name"], found["description"], found["color"]) == ("New", "By hand", "ff5733")
    assert klaviyo.patched("campaign", campaign, status="sent")[0] == 400


def test_the_state_outlives_a_restart() -> None:
    klaviyo = Newer()
    campaign = klaviyo.draft("One", "Two")
    before = klaviyo.messages(campaign)
    klaviyo.server.restore(klaviyo.server.dump())
    assert klaviyo.messages(campaign) == before


@needs_descriptions
def test_what_is_asked_and_answered_is_as_the_vendor_describes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    witness, klaviyo = Witness(), Newer()
    monkeypatch.setattr(exchanges, "observers", [*exchanges.observers, witness.hear])

    def check() -> None:
        assert (found := witness.judgement()) == [], told(found)

    campaign = klaviyo.draft("One", "Two")
    check()
    first, second = (one["id"] for one in klaviyo.messages(campaign))
    (held,) = klaviyo.done("GET", f"/campaign-messages/{first}/campaign-variations")
    (audience,) = klaviyo.done("GET", f"/campaigns/{campaign}/campaign-audiences")
    for path in (
        "/campaigns", f"/campaigns/{campaign}", f"/campaigns/{campaign}/campaign-messages",
        f"/campaigns/{campaign}/relationships/campaign-messages", f"/campaigns/{campaign}/campaign-audiences",
        "/campaign-messages", f"/campaign-messages/{first}", f"/campaign-messages/{first}/relationships/campaign",
        f"/campaign-messages/{first}/tags", f"/campaign-messages/{first}/campaign-variations",
        f"/campaign-variations/{held['id']}", f"/campaign-audiences/{audience['id']}", "/tags",
    ):  # fmt: skip
        assert klaviyo.done("GET", path) is not None
        check()
    for path, include in (
        ("/campaigns", "campaign-messages,campaign-audiences,tags"),
        ("/campaign-messages", "campaign"),
        (f"/campaign-messages/{first}", "campaign,campaign-variations"),
    ):
        assert klaviyo.done("GET", path, {"include": include})
        check()
    for kind, id, definition in (
        ("campaign", campaign, {"name": "New"}),
        ("campaign-message", first, {"name": "New", "send_options": {"send_strategy": "static", "send_time": AT}}),
        ("campaign-variation", held["id"], {"details": {"channel": "email", "subject": "New"}}),
        ("campaign-audience", audience["id"], {"included": [klaviyo.other_list]}),
    ):
        assert klaviyo.patched(kind, id, **definition)[0] == 200
        check()
    for message, order in (
        (first, {"strategy": "throttled", "send_time": AT, "throttled_options": {"throttling_percentage": 25}}),
        (second, {"strategy": "smart_send_time", "send_date": "2026-10-07"}),
    ):
        assert klaviyo.schedule(message, **order)[0] == 201
        check()
        assert klaviyo.stop(message, "revert")[0] == 204
        check()
        assert klaviyo.patched("campaign-message", message, name="Not now")[0] == 400
        check()
