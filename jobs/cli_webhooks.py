"""The commands about the webhooks that tools keep for us: make them, show them, take them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli_options import Config, Debug, Json, ToolName, session
from sync.errors import ConfigError

if TYPE_CHECKING:  # these cost start-up time
    from collections.abc import Iterable

    from connectors.webhooks import Registered
    from jobs.webhooks_registering import Outcome

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Have the tools tell us of edits: make their webhooks, show them, take them away.",
)
_URL = "The receiver's public address, such as https://sync.acme.example."


@app.command()
def register(
    url: Annotated[str, typer.Option("--url", metavar="URL", help=_URL)],
    tool: ToolName = None,
    config: Config = None,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Make a webhook in every tool that has them, or bring it up to date. Safe to repeat. Exit code 1: one failed."""
    from jobs.webhooks_registering import State, base_of
    from jobs.webhooks_registering import register as make

    base = base_of(url)
    outcomes = _told(make(session.settings, _names(tool), base))
    return int(any(one.failed for one in outcomes) or not any(o.state in (State.MADE, State.KEPT) for o in outcomes))


@app.command("list")
def show(tool: ToolName = None, config: Config = None, as_json: Json = False, debug: Debug = False) -> int:
    """Show the webhooks that the tools keep, ours and others', with their end and their last error."""
    from jobs.webhooks_registering import look

    return int(any(one.failed for one in _told(look(session.settings, _names(tool)))))


@app.command()
def remove(
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Only those at this address.")] = None,
    tool: ToolName = None,
    config: Config = None,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Take our webhooks away. Others' stay, and so does Airtable's change log."""
    from jobs.webhooks_registering import base_of
    from jobs.webhooks_registering import remove as take

    base = None if url is None else base_of(url)
    return int(any(one.failed for one in _told(take(session.settings, _names(tool), base))))


def _names(tool: str | None) -> list[str]:
    known = list(session.settings.tools)
    if tool is not None and tool not in known:
        raise ConfigError(f'The workspace has no tool "{tool}"; it has {", ".join(known)}.')
    return known if tool is None else [tool]


def _told(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """All outcomes, each shown as soon as it is known; as JSON all at once."""
    from jobs.webhooks_registering import outcome_json

    kept = []
    for outcome in outcomes:
        kept.append(outcome)
        if not session.json:
            _show(outcome)
    if session.json:
        session.show_json({"tools": {one.tool: outcome_json(one) for one in kept}})
    return kept


def _show(outcome: Outcome) -> None:
    from jobs.terminal_text import prose, put
    from jobs.webhooks_registering import State

    out = session.err if outcome.failed else session.out
    if outcome.state is State.LISTED:
        put(out, outcome.tool)
    else:
        prose(out, f"{outcome.tool}: {outcome.text}{'' if outcome.text.endswith('.') else '.'}")
    for note in outcome.notes:
        prose(out, note, indent=2)
    for one in outcome.webhooks:
        prose(out, _line(one, bare=outcome.state is not State.LISTED), indent=2)


def _line(one: Registered, *, bare: bool) -> str:
    """`ours  https://… (id 17), until 2026-03-09 08:00 UTC, last error: …`."""
    told = one.url or f"tells nobody: {one.name}"
    parts = [f"id {one.id}" if bare else f"{'ours' if one.ours else 'not ours'}: {told} (id {one.id})"]
    if one.expires is not None:
        parts.append(f"until {one.expires:%Y-%m-%d %H:%M} UTC")
    if not one.active:
        parts.append("switched off")
    if one.trouble is not None:
        parts.append(f"last error: {one.trouble}")
    return ", ".join(parts)
