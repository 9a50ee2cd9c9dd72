"""A Brevo account of a small company, called without a network."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox.brevo import BrevoServer
from connectors.sandbox.company import make_company
from connectors.sandbox.world import World
from tests.sandbox.desk import Answer, ask, exchange
from tests.sandbox.sites import NOW

HTML = "<html><body>placeholder</body></html>"
AT = "2026-10-09T13:00:00+00:00"


class Brevo:
    """Somebody with an API key. The clock stands still at NOW until `world.advance`."""

    def __init__(self, campaigns: int = 2, rate_limits: bool = False, now: datetime = NOW, **switches: Any) -> None:
        self.world = World(1, now, rate_limits=rate_limits)
        self.company = make_company(1, campaigns, now, ("brevo",))
        self.server = BrevoServer(self.world)
        self.server.seed(self.company)
        self.headers = {"api-key": self.server.credentials()["token"], "accept": "application/json"}
        self.list, self.other_list = list(self.server.state.lists)[:2]
        self.segment = next(iter(self.server.state.segments))
        for name, value in switches.items():
            self.turn(name, value)

    def ask(self, method: str, path: str, query: Any = (), body: Any = None, **headers: str) -> Answer:
        """The status and JSON of one request; an underscore in a header's name is a hyphen."""
        return ask(self.server.app, method, f"/v3{path}", query, body, self._given(body, headers))

    def whole(self, method: str, path: str, query: Any = ()) -> tuple[int, dict[str, str], Any]:
        """The status, headers and JSON of one request."""
        return exchange(self.server.app, method, f"/v3{path}", query, None, self.headers)

    def _given(self, body: Any, headers: dict[str, str]) -> dict[str, str]:
        given = self.headers | ({"content-type": "application/json"} if body is not None else {})
        return given | {name.replace("_", "-"): value for name, value in headers.items()}

    def human(self, verb: str, **payload: Any) -> dict[str, Any]:
        """What a person does in Brevo's own interface."""
        return self.server.human(verb, payload)

    def turn(self, name: str, value: Any) -> None:
        self.human("switch", name=name, value=value)

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        """One page of campaigns."""
        status, answer = self.ask("GET", "/emailCampaigns", {"excludeHtmlContent": "true", **query})
        assert status == 200, answer
        return list(answer["campaigns"])

    def get(self, id: int | str, **query: str) -> dict[str, Any]:
        status, answer = self.ask("GET", f"/emailCampaigns/{id}", query)
        assert status == 200, answer
        return dict(answer)

    def create(self, **members: Any) -> Answer:
        """A new campaign of the members, or of sensible ones where they are missing; None leaves one out."""
        whole = {"name": "Teaser", "subject": "It starts Friday", "sender": {"id": 1}, "htmlContent": HTML} | members
        return self.ask("POST", "/emailCampaigns", body={n: v for n, v in whole.items() if v is not None})

    def created(self, **members: Any) -> int:
        status, answer = self.create(**members)
        assert status == 201, answer
        return int(answer["id"])

    def scheduled(self, at: str = AT, **members: Any) -> int:
        """A campaign for a list that goes at a time."""
        return self.created(**{"recipients": {"listIds": [self.list]}, "scheduledAt": at} | members)

    def put(self, id: int, **members: Any) -> Answer:
        return self.ask("PUT", f"/emailCampaigns/{id}", body=members)

    def command(self, id: int, status: str) -> Answer:
        return self.ask("PUT", f"/emailCampaigns/{id}/status", body={"status": status})

    def sends(self) -> list[dict[str, Any]]:
        """What has begun to send, as the log tells it."""
        return [entry for entry in self.world.entries if entry.get("sent")]


def refusal(answer: Answer) -> tuple[int, str]:
    """A refusal's status and code; it has a message, too."""
    status, body = answer
    assert set(body) == {"code", "message"}
    assert body["message"]
    return status, body["code"]
