"""The commands about the workspace's files: check them, describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli_options import Config, Debug, Json, session
from jobs.session import hidden
from sync.errors import SyncError

if TYPE_CHECKING:  # these cost start-up time
    from jobs.settings import Settings

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs


def check(
    config: Config = None,
    online: Annotated[bool, typer.Option("--online", help="Ask every tool for its fields, too.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Read the workspace's files and say what is wrong with them, with file and line."""
    settings = session.settings
    reports = f"reports go to {', '.join(settings.email.to)}" if settings.email else "no reports by email"
    people = "1 person" if len(settings.people) == 1 else f"{len(settings.people)} people"
    tools_named = "1 tool" if len(settings.tools) == 1 else f"{len(settings.tools)} tools"
    _say(f"{settings.path} is fine: {settings.name}, {people}, {tools_named}, {reports}.")
    webhooks = _webhooks(settings)
    tools = [_checked(settings, name, online=online) for name in settings.tools]
    if session.json:
        email = list(settings.email.to) if settings.email else []
        session.show_json(
            {"file": str(settings.path), "workspace": settings.name, "people": len(settings.people), "email": email}
            | {"webhooks": webhooks, "tools": tools}
        )
    return int(not all(tool["fine"] for tool in tools))


def _say(text: str) -> None:
    """A line for people; programs get the whole at the end."""
    if not session.json:
        session.say(text)


def _webhooks(settings: Settings) -> dict[str, Any] | None:
    """Where the worker listens and who is heard, None when nobody is meant to be. ConfigError for a wrong secret."""
    if settings.webhooks is None and not any(
        tool.webhook_secret or tool.webhook_secret_file for tool in settings.tools.values()
    ):
        return None
    from jobs.settings_file import WebhooksSection
    from jobs.webhooks_service import heard

    names, listen = list(heard(settings)), (settings.webhooks or WebhooksSection()).listen
    how = "the worker" if settings.webhooks else "`worker --webhooks`"
    believed = ", ".join(names) or "nobody: no tool has a webhook_secret_file"
    _say(f"Webhooks: {how} listens on {listen} and believes {believed}.")
    return {"listen": str(listen), "always": settings.webhooks is not None, "heard": names}


def schema(config: Config = None, debug: Debug = False) -> int:
    """Print the JSON Schema of campaign-sync.toml, which editors use to complete and to check it."""
    from jobs.settings_schema import json_schema

    session.show_json(json_schema())
    return 0


def _checked(settings: Settings, name: str, *, online: bool) -> dict[str, Any]:
    """A tool: whether it is fine, and what is said of it."""
    from jobs.tools import mapping_file
    from jobs.wiring import connect
    from mappings.load import check as check_mapping

    tool = settings.tools[name]
    shown = {"tool": name, "type": tool.type.name, "fine": True, "online": online}
    try:
        check_mapping(mapping_file(tool.type, tool.mapping), settings.schema)
        if not online:
            _say(f"{name}: the mapping is fine; --online checks it against the tool.")
            return shown
        connected = connect(settings, tool)
        try:
            bound = connected.bind(connected.connector.schema())
            asked = connected.connector.withheld() if connected.connector.capability.withholds else ()
            withheld = [hidden(str(thing), settings.secrets) for thing in asked]
        finally:
            connected.connector.close()
    except SyncError as exc:
        kind = next(cls.__name__ for cls in type(exc).__mro__ if not cls.__name__.startswith("_"))
        said = hidden(str(exc), settings.secrets)
        if not session.json:
            session.fail(kind, f"{name}: {said}")
        return {**shown, "fine": False, "error": said, "kind": kind}
    _say(f"{name}: reached; {_mapped(bound)}.")
    for words in withheld:
        _say(f"{name}: {words}.")
    from sync.model import Kind

    mapped = {kind.value: sorted(bound.views(kind)) for kind in Kind if bound.views(kind)}
    return {**shown, "mapped": mapped, "withheld": withheld}


def _mapped(bound: Any) -> str:
    from sync.model import Kind

    parts = [f"{len(views)} fields of a {kind}" for kind in Kind if (views := bound.views(kind))]
    return f"{' and '.join(parts)} are mapped" if parts else "nothing is mapped"
