"""The command line: `campaign-sync sync`, `plan`, `resync`, `report`, `resolve`, and the services beside them."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from jobs import cli_config, cli_people, cli_runs, cli_services, cli_webhooks
from jobs.cli_options import Commands, Config, Debug, session

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes a tenth of the time, and reads the same through a pipe
    help="Keeps a campaign's plan the same in Jira, Airtable and the email tool, and flags what they disagree on.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - costs start-up time

        try:
            session.say(f"campaign-sync {version('campaign-sync')}")
        except PackageNotFoundError:
            session.say("campaign-sync, run from its sources without being installed")
        raise typer.Exit


@app.callback()
def start(
    config: Config = None,
    debug: Debug = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that every command takes, before or after its name."""


for _command in (
    cli_runs.plan,
    cli_runs.sync,
    cli_runs.resync,
    cli_runs.report,
    cli_runs.resolve,
    cli_services.worker,
    cli_services.demo,
    cli_services.sandbox,
    cli_services.mailbox,
):
    app.command()(_command)
_configuration = typer.Typer(rich_markup_mode=None, help="Check the workspace's files, or describe them.")
_configuration.command("check")(cli_config.check)
_configuration.command("schema")(cli_config.schema)
app.add_typer(_configuration, name="config")
app.add_typer(cli_people.app, name="people")
app.add_typer(cli_webhooks.app, name="webhooks")


def main() -> None:
    """The console script."""
    # A stopped container must give its hold on the workspace back, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    app()
