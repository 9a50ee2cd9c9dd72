"""A Mailchimp account of a small company, called without a network."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.company import make_company
from connectors.sandbox.mailchimp import MailchimpServer
from connectors.sandbox.world import World
from tests.sandbox.desk import Answer, ask, exchange
from tests.sandbox.sites import NOW, basic

QUARTER = "2026-10-20T13:15:00+00:00"
SENDER = {"subject_line": "It starts Friday", "from_name": "Acme", "reply_to": "news@acme.example"}


class Mailchimp:
    """Somebody with the owner's key. The clock stands still at NOW until `world.advance`."""

    def __init__(self, campaigns: int = 2, rate_limits: bool = False) -> None:
        self.world = World(1, NOW, rate_limits=rate_limits)
        self.company = make_company(1, campaigns, NOW, ("mailchimp",))
        self.server = MailchimpServer(self.world)
        self.server.seed(self.company)
        self.credentials = self.server.credentials()
        self.login = basic("anybody", self.credentials["token"])
        self.list = next(iter(self.server.state.lists))
        self.segment = next(iter(self.server.state.segments))

    def ask(self, method: str, path: str, query: Any = (), body: Any = None, login: Any = None) -> Answer:
        """The status and JSON of one request; `path` starts behind the version."""
        return ask(self.server.app, method, f"/3.0{path}", query, body, login or self.login)

    def whole(self, method: str, path: str, login: Any = None) -> tuple[int, dict[str, str], Any]:
        """The status, the headers and the JSON or text of one request."""
        return exchange(self.server.app, method, f"/3.0{path}", (), None, self.login if login is None else login)

    def human(self, verb: str, **payload: Any) -> dict[str, Any]:
        """What a person does in Mailchimp's own interface."""
        return self.server.human(verb, payload)

    def switch(self, name: str, value: Any) -> None:
        self.human("switch", name=name, value=value)

    def create(self, **settings: Any) -> str:
        """The id of a new draft that is ready to go to the first list."""
        body = {"type": "regular", "recipients": {"list_id": self.list}}
        body["settings"] = {"title": "Teaser", **SENDER, **settings}
        status, made = self.ask("POST", "/campaigns", body=body)
        assert status == 200, made
        status, _ = self.ask("PUT", f"/campaigns/{made['id']}/content", body={"html": "<p>Read on</p>"})
        assert status == 200
        return str(made["id"])

    def read(self, id: str) -> dict[str, Any]:
        status, found = self.ask("GET", f"/campaigns/{id}")
        assert status == 200, found
        return dict(found)

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        """The first thousand campaigns of a listing."""
        status, page = self.ask("GET", "/campaigns", {"count": 1000, **query})
        assert status == 200, page
        return list(page["campaigns"])

    def act(self, id: str, action: str, body: Any = None) -> Answer:
        return self.ask("POST", f"/campaigns/{id}/actions/{action}", body=body)

    def schedule(self, id: str, at: str = QUARTER, **more: Any) -> Answer:
        return self.act(id, "schedule", {"schedule_time": at, **more})

    def scheduled(self, at: str = QUARTER, **more: Any) -> str:
        """The id of a new campaign that is scheduled."""
        id = self.create()
        assert self.schedule(id, at, **more) == (204, None)
        return id

    def sends(self) -> list[tuple[str, str]]:
        """What has begun to send, and why."""
        return [(entry["touched"][0], entry["why"]) for entry in self.world.entries if entry.get("sent")]


def wrong(answer: Answer) -> tuple[int, str]:
    """A refusal's status, and the member that it names, else what it says."""
    status, body = answer
    return status, body["errors"][0]["field"] if "errors" in body else body["detail"]
