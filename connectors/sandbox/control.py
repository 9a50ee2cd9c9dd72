"""The control API: a test looks behind the tools, moves the clock, injects faults, and plays the people who edit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.company_model import CampaignSeed, Company, Member
from connectors.sandbox.world import Fault, StateError, World


class ToolServer(Protocol):
    """What every tool's server offers besides its own API."""

    name: str
    app: Starlette

    def seed(self, company: Company) -> None: ...
    def dump(self) -> dict[str, Any]: ...
    def restore(self, state: dict[str, Any]) -> None: ...
    def credentials(self) -> dict[str, Any]: ...
    def find(self, code: str) -> Any: ...
    def human(self, verb: str, payload: dict[str, Any]) -> dict[str, Any]: ...


class Control:
    """The application of the control port. `failed` hears of a state file that cannot be written."""

    def __init__(
        self,
        world: World,
        company: Company,
        tools: Mapping[str, ToolServer],
        urls: Mapping[str, str],
        failed: Callable[[StateError], None],
    ) -> None:
        self._world, self._company, self._tools, self._urls = world, company, tools, urls
        self._failed = failed
        self.app = Starlette(
            routes=[
                Route("/control/health", self._health, methods=["GET"]),
                Route("/control/company", self._show_company, methods=["GET"]),
                Route("/control/log", self._log, methods=["GET"]),
                Route("/control/clock", self._clock, methods=["GET", "POST"]),
                Route("/control/fault", self._fault, methods=["POST", "DELETE"]),
                Route("/control/{tool}/{verb}", self._human, methods=["POST"]),
            ],
            exception_handlers={ValueError: _refused},
        )

    def company(self) -> dict[str, Any]:
        """Addresses, credentials, people, and the native ids of every seeded record that is still there."""
        company = self._company
        return {
            "urls": dict(self._urls),
            "credentials": {name: tool.credentials() for name, tool in self._tools.items()},
            "base": self._tools["airtable"].credentials()["base"],
            "seed": self._world.seed,
            "today": company.today.isoformat(),
            "people": [_person(member) for member in company.people],
            "strangers": [_person(member) for member in company.strangers],
            "audiences": [{"name": a.name, "kind": a.kind, "size": a.size} for a in company.audiences],
            "campaigns": [self._campaign(seed) for seed in company.campaigns],
            "drift": [drift for seed in company.campaigns for drift in drifted(seed)],
        }

    def _campaign(self, seed: CampaignSeed) -> dict[str, Any]:
        found = {name: _ids(tool.find(seed.code)) for name, tool in self._tools.items()}
        shown = {"code": seed.code, "name": seed.truth["name"], "planned": seed.truth["planned"]}
        shown |= {name: ids["campaign"] for name, ids in found.items()}
        shown["jira_key"] = seed.jira["key"] if seed.jira else None
        shown["stages"] = {
            stage.kind: {name: found[name]["stages"].get(stage.kind) for name in ("jira", "airtable") if name in found}
            | {"jira_key": stage.jira_key}
            for stage in seed.stages
        }
        return shown

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"ok": True, "now": self._world.now().isoformat(), "urls": dict(self._urls)})

    async def _show_company(self, _: Request) -> Response:
        return JSONResponse(self.company())

    async def _log(self, request: Request) -> Response:
        query = request.query_params
        since = int(query.get("since", "0"))
        entries = [
            entry
            for entry in self._world.entries[since:]
            if (query.get("writes") != "true" or entry["write"]) and query.get("tool", entry["tool"]) == entry["tool"]
        ]
        return JSONResponse({"entries": entries, "last": len(self._world.entries)})

    async def _clock(self, request: Request) -> Response:
        order = await _members(request) if request.method == "POST" else {}
        if "now" in order:
            moment = datetime.fromisoformat(str(order["now"]))
            if moment.tzinfo is None:
                raise ValueError("the clock needs a time with a zone, such as 2026-10-12T08:00:00Z")
            self._world.set_clock(moment)
        if "advance" in order:
            self._world.advance(float(order["advance"]))
        if order.get("run"):
            self._world.run_clock()
        return JSONResponse({"now": self._world.now().isoformat()})

    async def _fault(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._world.faults.clear()
        else:
            members = await _members(request)
            try:
                fault = Fault(**members)
            except TypeError as error:
                raise ValueError(
                    "a fault has tool, status, and maybe method, path, body, headers, times, after, skip, edits, cut, "
                    f"announced: {error}"
                ) from error
            if fault.tool not in self._tools:
                raise ValueError(f"there is no tool {fault.tool}; there are {', '.join(self._tools)}")
            self._world.faults.append(fault)
        return JSONResponse({"faults": len(self._world.faults)})

    async def _human(self, request: Request) -> Response:
        name, verb = request.path_params["tool"], request.path_params["verb"]
        if name not in self._tools:
            raise ValueError(f"there is no tool {name}; there are {', '.join(self._tools)}")
        payload = await _members(request)
        human = self._tools[name].human
        waits = verb in getattr(self._tools[name], "blocking", ())  # for others, who may call the tool meanwhile
        result = await asyncio.to_thread(human, verb, payload) if waits else human(verb, payload)
        entry = {
            "tool": name,
            "actor": "human",
            "who": payload.get("as"),
            "method": verb.upper(),
            "path": request.url.path,
            "query": "",
            "status": 200,
            "write": True,
            "touched": result.get("touched") or [result["id"]] if "id" in result or "touched" in result else [],
            "body": {name: value for name, value in payload.items() if name != "secret"},
        }
        try:
            self._world.save(name)
            self._world.log(entry)
        except StateError as error:
            self._failed(error)
            return JSONResponse({"error": str(error)}, 500)
        return JSONResponse(result)


def drifted(seed: CampaignSeed) -> list[dict[str, Any]]:
    """Where a tool's copy differed from the truth at the start: code, stage (or None), tool, field, truth, shown."""
    found: list[dict[str, Any]] = []
    for tool in ("jira", "airtable", seed.calendar):
        for name, value in (seed.copy(tool) or {}).items():
            truth = seed.truth.get(name, value)
            bracketed = name == "name" and str(value).startswith(f"{truth} [")
            if value != truth and not bracketed:
                found.append(_drift((seed.code, None, tool), name, truth, value))
    for stage in seed.stages:
        for tool, shown in (("jira", stage.jira), ("airtable", stage.airtable)):
            found += [
                _drift((seed.code, stage.kind, tool), name, getattr(stage, name), value)
                for name, value in shown.items()
            ]
    return found


def _drift(place: tuple[str, str | None, str], field: str, truth: Any, shown: Any) -> dict[str, Any]:
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in (truth, shown)]
    code, stage, tool = place
    return {"code": code, "stage": stage, "tool": tool, "field": field, "truth": plain[0], "shown": plain[1]}


def _person(member: Member) -> dict[str, Any]:
    accounts = {"jira": member.jira_account, "airtable": member.airtable_user}
    return {
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "active": member.active,
        "accounts": {tool: account for tool, account in accounts.items() if account is not None},
    }


def _ids(found: Any) -> dict[str, Any]:
    """What a tool's `find` gives: a campaign's id alone, or {"campaign": id, "stages": {kind: id}}."""
    if isinstance(found, Mapping):
        return {"campaign": found.get("campaign"), "stages": found.get("stages") or {}}
    return {"campaign": found, "stages": {}}


async def _members(request: Request) -> dict[str, Any]:
    try:
        members = json.loads(await request.body())
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(members, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 one kind of refusal
    return members


async def _refused(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
