"""A Jira site and a Klaviyo account of a small company, called without a network."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.company import make_company
from connectors.sandbox.company_model import on_data_center
from connectors.sandbox.jira import JiraServer
from connectors.sandbox.klaviyo import KlaviyoServer
from connectors.sandbox.world import World
from tests.sandbox.desk import Answer, ask, exchange

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
OPT_OUT = {"x-klaviyo-revision-fall-forward-opt-out": "1"}


def basic(email: str, token: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{email}:{token}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class Jira:
    """Somebody with an API token, on Data Center a personal access token. The clock stands still at NOW until
    `world.advance`.
    """

    def __init__(self, campaigns: int = 2, flavour: str = "cloud", rate_limits: bool = False) -> None:
        self.world = World(1, NOW, rate_limits=rate_limits)
        company = make_company(1, campaigns, NOW)
        self.company = company if flavour == "cloud" else on_data_center(company)
        self.server = JiraServer(self.world, flavour)
        self.server.seed(self.company)
        self.credentials = self.server.credentials()
        token = self.credentials["token"]
        self.login = basic(self.credentials["email"], token) if flavour == "cloud" else bearer(token)
        self.version = "3" if flavour == "cloud" else "2"

    def ask(self, method: str, path: str, query: Any = (), body: Any = None, version: str | None = None) -> Answer:
        """The status and JSON of one request; `path` starts behind the version."""
        return ask(self.server.app, method, f"/rest/api/{version or self.version}{path}", query, body, self.login)

    def whole(
        self, method: str, path: str, body: Any = None, login: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """The status, headers and JSON of a request to a path from the root, with another login if one is given."""
        return exchange(self.server.app, method, path, (), body, self.login if login is None else login)

    def human(self, verb: str, **payload: Any) -> dict[str, Any]:
        """What a person does in Jira's own interface."""
        return self.server.human(verb, {"as": "ann@acme.example", **payload})

    def anonymous(self, method: str, path: str, body: Any = None) -> Answer:
        return ask(self.server.app, method, f"/rest/api/{self.version}{path}", (), body)

    def search(self, jql: str, **more: Any) -> Answer:
        return self.ask("POST", "/search/jql", body={"jql": jql, **more})

    def keys(self, jql: str) -> list[str]:
        """The keys that a query finds, in its order."""
        status, answer = self.search(jql, fields=["key"], maxResults=5000)
        assert status == 200, answer
        return [issue["key"] for issue in answer["issues"]]

    def keys_by_offset(self, jql: str) -> list[str]:
        """The keys that a query finds on Data Center."""
        status, answer = self.ask("GET", "/search", {"jql": jql, "fields": "key", "maxResults": "1000"})
        assert status == 200, answer
        return [issue["key"] for issue in answer["issues"]]

    def complaint(self, jql: str) -> str:
        """What Jira says of a bad query."""
        status, answer = self.search(jql)
        assert status == 400
        (message,) = answer["errorMessages"]
        return str(message)

    def create(self, kind: str = "Epic", **fields: Any) -> str:
        """The key of a new issue."""
        whole = {"project": {"key": "CAM"}, "issuetype": {"name": kind}, "summary": "Spring launch"} | fields
        status, answer = self.ask("POST", "/issue", body={"fields": whole})
        assert status == 201, answer
        return str(answer["key"])

    def edit(self, key: str, **fields: Any) -> Answer:
        return self.ask("PUT", f"/issue/{key}", body={"fields": fields})

    def fields(self, key: str) -> dict[str, Any]:
        status, answer = self.ask("GET", f"/issue/{key}")
        assert status == 200, answer
        return dict(answer["fields"])


class Klaviyo:
    """Somebody with a private key. The clock stands still at NOW until `world.advance`."""

    def __init__(self, campaigns: int = 2, rate_limits: bool = False) -> None:
        self.world = World(1, NOW, rate_limits=rate_limits)
        self.company = make_company(1, campaigns, NOW)
        self.server = KlaviyoServer(self.world)
        self.server.seed(self.company)
        credentials = self.server.credentials()
        self.headers = {
            "authorization": f"Klaviyo-API-Key {credentials['token']}",
            "revision": "2026-07-15",
            "accept": "application/vnd.api+json",
        } | OPT_OUT
        self.read_only = f"Klaviyo-API-Key {credentials['read_only_token']}"
        lists = [a for a in self.server.state.audiences.values() if a.kind == "list"]
        self.list, self.other_list = lists[0].id, lists[1].id

    def ask(self, method: str, path: str, query: Any = (), body: Any = None, **headers: str) -> Answer:
        """The status and JSON of one request; an underscore in a header's name is a hyphen."""
        given = self.headers | ({"content-type": "application/vnd.api+json"} if body is not None else {})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.server.app, method, f"/api{path}", query, body, given)

    def list_campaigns(self, *conditions: str, **query: str) -> Answer:
        filter_ = ",".join(("equals(messages.channel,'email')", *conditions))
        return self.ask("GET", "/campaigns", {"filter": f"and({filter_})" if conditions else filter_} | query)

    def names(self, *conditions: str, **query: str) -> list[str]:
        status, answer = self.list_campaigns(*conditions, **query)
        assert status == 200, answer
        return [row["attributes"]["name"] for row in answer["data"]]

    def attributes(self, id: str) -> dict[str, Any]:
        status, answer = self.ask("GET", f"/campaigns/{id}")
        assert status == 200, answer
        return dict(answer["data"]["attributes"])

    def create(self, **attributes: Any) -> Answer:
        """A new campaign of the attributes, or of sensible ones where they are missing; None leaves one out."""
        definition = {"channel": "email", "content": {"subject": "It starts Friday", "from_email": "news@acme.example"}}
        messages = {"data": [{"type": "campaign-message", "attributes": {"definition": definition}}]}
        whole = {"name": "Teaser", "audiences": {"included": [self.list]}, "campaign-messages": messages} | attributes
        given = {name: value for name, value in whole.items() if value is not None}
        return self.ask("POST", "/campaigns", body={"data": {"type": "campaign", "attributes": given}})

    def created(self, **attributes: Any) -> str:
        status, answer = self.create(**attributes)
        assert status == 201, answer
        return str(answer["data"]["id"])

    def patch(self, id: str, **attributes: Any) -> Answer:
        body = {"data": {"type": "campaign", "id": id, "attributes": attributes}}
        return self.ask("PATCH", f"/campaigns/{id}", body=body)

    def send(self, id: str) -> Answer:
        return self.ask("POST", "/campaign-send-jobs", body={"data": {"type": "campaign-send-job", "id": id}})

    def stop(self, id: str, action: str) -> Answer:
        body = {"data": {"type": "campaign-send-job", "id": id, "attributes": {"action": action}}}
        return self.ask("PATCH", f"/campaign-send-jobs/{id}", body=body)


def static(at: str, local: bool = False) -> dict[str, Any]:
    return {"method": "static", "datetime": at, "options": {"is_local": local}}
