"""The commands that run beside the sync: the scheduled worker, the demo, the stand-in tools, the local mail server."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.cli_options import Config, Debug, session
from sync.errors import ConfigError

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs

SANDBOX_PORT = 8720
MAIL_PORT = 8728


class Flavour(StrEnum):
    """Which Jira the stand-in is."""

    CLOUD = "cloud"
    DATA_CENTER = "dc"


class Calendar(StrEnum):
    """Which ESP, or feed of sends, there is a stand-in for."""

    KLAVIYO = "klaviyo"
    MAILCHIMP = "mailchimp"
    BREVO = "brevo"
    ICS = "ics"


Esps = Annotated[
    list[Calendar] | None,
    typer.Option("--esp", help="The ESP; given several times, its campaigns are split between several."),
]


def _names(esps: list[Calendar] | None) -> tuple[str, ...]:
    return tuple(esp.value for esp in esps or [Calendar.KLAVIYO])


def worker(
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="One scheduled run, then end.")] = False,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="Hear from the tools, too; a section [webhooks] does the same.")
    ] = False,
    debug: Debug = False,
) -> int:
    """Sync and report on the workspace's schedule. Mails only what is new. Ends on Ctrl-C or SIGTERM."""
    from jobs.worker import serve

    if once and webhooks:
        raise ConfigError("--once ends after one run, so it can hear nothing. Leave one of --once and --webhooks out.")
    return serve(session.settings, once=once, webhooks=webhooks)


def demo(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the demo's workspace goes.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 1,
    jira: Annotated[Flavour, typer.Option(help="Jira Cloud or Data Center.")] = Flavour.CLOUD,
    esp: Esps = None,
    debug: Debug = False,
) -> int:
    """See everything at work on made-up tools. Takes a minute and leaves a workspace to play with."""
    from jobs.demo import run

    return run(folder, seed=seed, jira=jira.value, esps=_names(esp))


def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65529, help="Jira's port; the others take the next ones. 0: free ones.")
    ] = SANDBOX_PORT,
    seed: Annotated[int, typer.Option(help="Another seed makes another company.")] = 1,
    campaigns: Annotated[int, typer.Option(min=0, help="How many campaigns the company has.")] = 24,
    state: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep what the tools hold in this file.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Append every request to this file.")] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="When the company is looked at, in ISO form.")] = None,
    rate_limits: Annotated[bool, typer.Option("--rate-limits", help="Enforce the tools' rate limits.")] = False,
    jira: Annotated[Flavour, typer.Option(help="Jira Cloud or Data Center.")] = Flavour.CLOUD,
    esp: Esps = None,
    debug: Debug = False,
) -> int:
    """Run stand-ins for the tools on this machine. A made-up company is in them. Ends on Ctrl-C."""
    from connectors.sandbox.server import Config as Wanted
    from connectors.sandbox.server import PortInUseError, serve
    from connectors.sandbox.world import StateError

    wanted = Wanted(
        port=port,
        seed=seed,
        campaigns=campaigns,
        now=_moment(now),
        state=state,
        log=log,
        rate_limits=rate_limits,
        jira=jira.value,
        esps=_names(esp),
    )
    try:
        serve(wanted, _tell)
    except (PortInUseError, StateError, OSError) as exc:
        raise ConfigError(f"The sandbox cannot run: {exc}.") from exc
    return 0


def mailbox(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = MAIL_PORT,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the mails go.")] = Path("mail"),
    debug: Debug = False,
) -> int:
    """Run a mail server that only keeps mails as files. It delivers nothing. Ends on Ctrl-C."""
    from jobs.mailbox import serve

    serve(host, port, folder, say=session.say)
    return 0


def _tell(company: dict[str, Any]) -> None:
    for name, url in company["urls"].items():
        session.say(f"{name:8} {url}")
    session.say(f"Credentials and ids: {company['urls']['control']}/control/company. Ctrl-C ends it.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f'--now "{text}" is not a time such as 2026-10-12T09:00:00Z.') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
