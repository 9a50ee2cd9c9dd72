"""What people do and see in each tool's own terms: edits by hand, and records as the vendor's API gives them.

Nothing here goes through our connectors or mappings, so that a test compares them with the tools themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sync.state import Remembered
from tests.e2e.team import Team

MANAGER, SPECIALIST, DESIGNER = "campaign manager", "email marketing specialist", "designer"
TABLES = {"campaign": "Campaigns", "stage": "Stages"}
REVISION = "2026-07-15"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody of the company, by the id in the directory; every tool has another account id for them."""

    id: str


@dataclass(frozen=True, slots=True)
class Rich:
    """One formatted text as each tool has it: Airtable's Markdown, Jira Cloud's document, Data Center's wiki text."""

    markdown: str
    document: dict[str, Any]
    wiki: str

    def of(self, team: Team, tool: str) -> Any:
        """As this team's tool has it."""
        if tool != "jira":
            return self.markdown
        return self.wiki if team.data_center else self.document


def account(team: Team, tool: str, who: Who) -> str:
    """The person's account in a tool."""
    everybody = [*team.company["people"], *team.company["strangers"]]
    found: str = next(p for p in everybody if p["id"] == who.id)["accounts"][tool]
    return found


def edit(team: Team, tool: str, entity: Remembered, fields: dict[str, Any]) -> None:
    """A person edits the tool's record of an entity. `fields` by the names that people see, None to clear."""
    native = entity.links[tool].ref.native
    mine = {name: _typed(team, tool, value) for name, value in fields.items()}
    match tool:
        case "jira":
            team.control("jira/edit", {"as": team.member(DESIGNER), "issue": native, "fields": mine})
        case "airtable":
            row = {"table": TABLES[entity.kind], "record": native, "fields": mine}
            team.control("airtable/edit", {"as": team.member(MANAGER), **row})
        case _:
            team.control("klaviyo/edit", {"as": team.member(SPECIALIST), "campaign": native, **mine})


def create(team: Team, tool: str, table: str, fields: dict[str, Any]) -> str:
    """A person makes a record; its native id. `table` is Airtable's, Epic or Task for Jira."""
    mine = {name: _typed(team, tool, value) for name, value in fields.items()}
    match tool:
        case "jira":
            made = team.control("jira/create", {"as": team.member(DESIGNER), "fields": {"Issue Type": table, **mine}})
        case "airtable":
            made = team.control("airtable/create", {"as": team.member(MANAGER), "table": table, "fields": mine})
        case _:
            made = team.control("klaviyo/create", {"as": team.member(SPECIALIST), **mine})
    return str(made["id"])


def held_by(team: Team, tool: str, native: str) -> Remembered:
    """The entity that a record was taken for."""
    return next(e for e in team.state().entities.values() if tool in e.links and e.links[tool].ref.native == native)


def raw(team: Team, tool: str, entity: Remembered) -> dict[str, Any]:
    """The tool's record as its API shows it, by the names that people see.

    People are their account ids, options and statuses their names, lists of words are sorted; empty is absent.
    Rich text, times and numbers are as they come, without the ids that Jira gives to paragraphs.
    """
    read = {"jira": _jira, "airtable": _airtable, "klaviyo": _klaviyo}[tool]
    return {name: value for name, value in read(team, entity).items() if value not in (None, [], "")}


def same_terms(team: Team, tool: str, expected: Any) -> Any:
    """An expected value as `raw` gives it: people as accounts, words sorted, Klaviyo's audiences as ids."""
    if isinstance(expected, Who):
        return account(team, tool, expected)
    if isinstance(expected, Rich):
        return expected.of(team, tool)
    if isinstance(expected, list) and all(isinstance(one, str) for one in expected):
        return sorted(expected)
    return expected


def audience_ids(team: Team, *names: str) -> list[str]:
    """The ids of Klaviyo's lists and segments of these names, sorted."""
    found = {}
    for kind in ("lists", "segments"):
        for thing in get(team, "klaviyo", kind)["data"]:
            found[thing["attributes"]["name"]] = thing["id"]
    return sorted(found[name] for name in names)


def get(team: Team, tool: str, path: str) -> Any:
    """The answer of a vendor's own API."""
    return ask(team, tool, "GET", path)


def ask(team: Team, tool: str, method: str, path: str, body: Any = None) -> Any:
    """The answer of a vendor's own API to any request."""
    company = team.company
    credentials, url = company["credentials"][tool], company["urls"][tool]
    headers, login = {}, None
    match tool:
        case "jira" if team.data_center:
            headers, place = {"Authorization": f"Bearer {credentials['token']}"}, "rest/api/2"
        case "jira":
            login, place = (credentials["email"], credentials["token"]), "rest/api/3"
        case "airtable":
            headers, place = {"Authorization": f"Bearer {credentials['token']}"}, f"v0/{credentials['base']}"
        case _:
            headers = {"Authorization": f"Klaviyo-API-Key {credentials['token']}", "revision": REVISION}
            headers |= {"Content-Type": "application/vnd.api+json"} if body else {}
            place = "api"
    answer = team.http.request(method, f"{url}/{place}/{path}", auth=login, headers=headers, json=body, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def _typed(team: Team, tool: str, value: Any) -> Any:
    """A person's own input, as the tool takes it."""
    if isinstance(value, Rich):
        return value.of(team, tool)
    if not isinstance(value, Who):
        return value
    id_ = account(team, tool, value)
    return {"id": id_} if tool == "airtable" else id_


def _jira(team: Team, entity: Remembered) -> dict[str, Any]:
    issue = get(team, "jira", f"issue/{entity.links['jira'].ref.native}?expand=names")
    return {issue["names"][id_]: _plain(value) for id_, value in issue["fields"].items()}


def _plain(value: Any) -> Any:
    """Jira's objects as what identifies them, and its moments, which come in the zone of whoever asks, in UTC."""
    if isinstance(value, list):
        return sorted(_plain(one) for one in value)
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if not isinstance(value, dict):
        return value
    if value.get("type") == "doc":
        return bare(value)
    if "displayName" in value:
        return value.get("accountId") or value["name"]  # Data Center names people by their user name
    return next(value[key] for key in ("value", "key", "name") if key in value)


def bare(node: Any) -> Any:
    """A document without the ids that the editor gives to its parts."""
    if isinstance(node, list):
        return [bare(child) for child in node]
    if not isinstance(node, dict):
        return node
    kept = {key: bare(value) for key, value in node.items() if key != "localId"}
    return {key: value for key, value in kept.items() if (key, value) != ("attrs", {})}


def _airtable(team: Team, entity: Remembered) -> dict[str, Any]:
    record = get(team, "airtable", f"{TABLES[entity.kind]}/{entity.links['airtable'].ref.native}")
    cells = record["fields"].items()
    return {
        name: cell["id"] if isinstance(cell, dict) else sorted(cell) if isinstance(cell, list) else cell
        for name, cell in cells
    }


def _klaviyo(team: Team, entity: Remembered) -> dict[str, Any]:
    native = entity.links["klaviyo"].ref.native
    campaign = get(team, "klaviyo", f"campaigns/{native}?include=campaign-messages,tags")
    shown = dict(campaign["data"]["attributes"])
    shown["included"] = sorted(shown["audiences"]["included"])
    shown["excluded"] = sorted(shown["audiences"]["excluded"])
    del shown["audiences"]
    for thing in campaign["included"]:
        if thing["type"] == "campaign-message":
            shown["content"] = thing["attributes"]["definition"]["content"]
            shown["subject"] = shown["content"]["subject"]
    shown["tags"] = sorted(one["attributes"]["name"] for one in campaign["included"] if one["type"] == "tag")
    return shown
