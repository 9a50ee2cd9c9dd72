"""The commands about the workspace's files: check them, describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli_options import Config, Debug, session
from sync.errors import SyncError

if TYPE_CHECKING:  # these cost start-up time
    from jobs.settings import Settings

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs


def check(
    config: Config = None,
    online: Annotated[bool, typer.Option("--online", help="Ask every tool for its fields, too.")] = False,
    debug: Debug = False,
) -> int:
    """Read the workspace's files and say what is wrong with them, with file and line."""
    settings = session.settings
    email = f"reports go to {', '.join(settings.email.to)}" if settings.email else "no reports by email"
    session.say(
        f"{settings.path} is fine: {settings.name}, {len(settings.people)} people, "
        f"{len(settings.tools)} tools, {email}."
    )
    _check_webhooks(settings)
    failures = [_checked(settings, name, online=online) for name in settings.tools]
    return int(any(failures))


def _check_webhooks(settings: Settings) -> None:
    """One line on who is heard. Raises ConfigError for a secret that is none."""
    if settings.webhooks is None and not any(tool.webhook_secret for tool in settings.tools.values()):
        return
    from jobs.settings_file import WebhooksSection
    from jobs.webhooks_service import heard

    names = ", ".join(heard(settings)) or "nobody: no tool has a webhook_secret_file"
    how = "the worker" if settings.webhooks else "`worker --webhooks`"
    session.say(f"Webhooks: {how} listens on {(settings.webhooks or WebhooksSection()).listen} and believes {names}.")


def schema(config: Config = None, debug: Debug = False) -> int:
    """Print the JSON Schema of campaign-sync.toml, which editors use to complete and to check it."""
    from jobs.settings_schema import json_schema

    session.show_json(json_schema())
    return 0


def _checked(settings: Settings, name: str, *, online: bool) -> bool:
    """One line on a tool. Gives whether it failed."""
    from jobs.wiring import connect
    from mappings.load import check as check_mapping
    from mappings.load import load

    tool = settings.tools[name]
    try:
        check_mapping(load(tool.mapping, tool.type.mapping_type), settings.schema)
        if not online:
            session.say(f"{name}: the mapping is fine; --online checks it against the tool.")
            return False
        connected = connect(settings, tool)
        try:
            bound = connected.bind(connected.connector.schema())
        finally:
            connected.connector.close()
    except SyncError as exc:
        session.fail(type(exc).__name__, f"{name}: {exc}")
        return True
    session.say(f"{name}: reached; {_mapped(bound)}.")
    return False


def _mapped(bound: Any) -> str:
    from sync.model import Kind

    parts = [f"{len(views)} fields of a {kind}" for kind in Kind if (views := bound.views(kind))]
    return f"{' and '.join(parts)} are mapped" if parts else "nothing is mapped"
