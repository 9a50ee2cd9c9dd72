"""The commands that run the sync and that see to what it flags."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli_options import Campaign, Config, Debug, Full, Json, MassChange, ToolName, Verbose, session
from sync.errors import ConfigError

if TYPE_CHECKING:  # these cost start-up time
    from datetime import datetime

    from jobs.wiring import Order
    from sync.report import RunReport
    from sync.store import Store
    from sync.workspace import Scope

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs

CHANGES = 2


def plan(
    config: Config = None,
    as_json: Json = False,
    campaign: Campaign = None,
    tool: ToolName = None,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Show what a sync would change, without changing it. Exit code 0: nothing to do, 2: changes, 1: error."""
    from jobs.terminal import unfinished
    from jobs.wiring import Order

    report = _run(lambda store: Order(dry=True, scope=_scope(store, campaign, tool)), verbose=verbose)
    if unfinished(report):
        return 1
    return CHANGES if report.changes else 0


def sync(
    config: Config = None,
    as_json: Json = False,
    full: Full = False,
    allow_mass_change: MassChange = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Mirror every edit to all tools, and flag conflicts. One run, for cron. Exit code 1: something was left out."""
    from jobs.terminal import unfinished
    from jobs.wiring import Order

    return int(unfinished(_run(lambda _: Order(allow_mass=allow_mass_change, full=full), verbose=verbose)))


def resync(
    config: Config = None,
    campaign: Campaign = None,
    tool: ToolName = None,
    everything: Annotated[bool, typer.Option("--all", help="Every campaign in every tool.")] = False,
    as_json: Json = False,
    allow_mass_change: MassChange = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Bring one campaign, one tool or everything in step anew. Give one of --campaign, --tool, --all."""
    from jobs.terminal import unfinished
    from jobs.wiring import Order

    if everything == bool(campaign or tool):
        raise ConfigError(
            "--all is everything; leave out --campaign and --tool."
            if everything
            else "Say what to compare again: --campaign KEY, --tool NAME, or --all."
        )

    def order(store: Store) -> Order:
        return Order(scope=_scope(store, campaign, tool, force=True), allow_mass=allow_mass_change)

    return int(unfinished(_run(order, verbose=verbose)))


def report(
    config: Config = None,
    email: Annotated[bool, typer.Option("--email", help="Send it, if a flag has opened or closed since.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Send it even if nothing is new.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a web page.")] = None,
    as_json: Json = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Show the open flags and what became of the sends, or email it. Asks no tool: it tells what the last run found."""
    from jobs import mailing
    from jobs.wiring import clock, open_state

    if force and not email:
        raise ConfigError("--force belongs to --email.")
    settings, now = session.settings, clock()
    with open_state(settings) as store:
        if html is not None:
            _write_page(html, mailing.report_digest(settings, store, now))
        mailed = mailing.mail_report(settings, store, now, force=force) if email else None
        if session.json:
            session.show_json(
                _as_json(store) | ({"email": {"sent": mailed.sent, "said": mailed.said}} if mailed else {})
            )
        elif mailed:
            session.say(mailed.said)
        elif html is not None:
            session.say(f"Wrote {html}.")
        else:
            _show_open(store, now, verbose=verbose)
    return 0


def resolve(
    fingerprint: Annotated[str, typer.Argument(metavar="FLAG", help="The flag's id, or how it begins.")],
    config: Config = None,
    take: Annotated[str | None, typer.Option("--take", metavar="TOOL", help="This tool's value is right.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="The deletion was meant: let it spread.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="The deletion was a mistake: bring it back.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Decide a conflict or a deletion. The next run carries the decision out."""
    from jobs.resolving import choice_for, named
    from jobs.wiring import clock, open_state

    given = [*([take] if take else []), *(["delete"] if delete else []), *(["restore"] if restore else [])]
    if len(given) != 1:
        raise ConfigError("Say which way: --take TOOL, --delete or --restore, and only one of them.")
    with open_state(session.settings) as store:
        finding = named(store, fingerprint)
        choice = choice_for(finding, given[0], by_tool=take is not None)
        store.decide(finding.fingerprint, choice, clock())
    said = f'Decided "{finding.title}": {choice}. The next run carries it out: campaign-sync sync'
    if session.json:
        session.show_json({"fingerprint": finding.fingerprint, "choice": choice, "said": said})
    else:
        session.say(said)
    return 0


def _run(order: Callable[[Store], Order], *, verbose: bool) -> RunReport:
    """One run, shown."""
    from jobs import progress, terminal, wiring
    from sync import report as reports

    settings = session.settings
    with wiring.open_state(settings) as store:
        wanted = order(store)
        with progress.shown(session.err) as told:
            done = wiring.run(settings, store, wanted, told)
    if session.json:
        session.show_json(reports.to_json(done))
    else:
        show = terminal.show_plan if wanted.dry else terminal.show_run
        show(session.out, done, wiring.words(settings), verbose=verbose)
    return done


def _scope(store: Store, campaign: str | None, tool: str | None, *, force: bool = False) -> Scope:
    from sync.workspace import Scope

    tools = session.settings.tools
    if tool is not None and tool not in tools:
        near = difflib.get_close_matches(tool.lower(), tools, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"The tools are {', '.join(tools)}."
        raise ConfigError(f'The workspace has no tool "{tool}". {hint}')
    return Scope(
        campaigns=frozenset({_campaign_id(store, campaign)}) if campaign is not None else None,
        tools=frozenset({tool}) if tool is not None else None,
        force=force,
    )


def _campaign_id(store: Store, text: str) -> str:
    found = store.find_entity(text)
    if len(found) == 1:
        return found[0][0]
    if found:
        several = "; ".join(f"{name} ({entity})" for entity, name in found)
        raise ConfigError(f'"{text}" names {len(found)} campaigns: {several}. Give the id in brackets.')
    names = {name.casefold(): name for name in store.campaign_names()}
    if not names:
        raise ConfigError(f'No campaign "{text}" is known: nothing has been synced yet. Run: campaign-sync sync')
    near = [names[each] for each in difflib.get_close_matches(text.casefold(), names, n=3, cutoff=0.5)]
    near = near or [name for folded, name in names.items() if text.casefold() in folded][:3]
    hint = (
        f"Nearest: {'; '.join(near)}." if near else "Give the key of a campaign (not of a stage), its id or its name."
    )
    raise ConfigError(f'No campaign "{text}" is known. {hint}')


def _write_page(path: Path, digest: object) -> None:
    from jobs.email import html_of

    try:
        path.write_text(html_of(digest), "utf-8")  # type: ignore[arg-type]
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}. Choose another place for --html.") from exc


def _as_json(store: Store) -> dict[str, object]:
    from sync import findings

    known = [
        findings.to_json(entry.finding)
        | {"opened": entry.opened.isoformat(), "emailed": entry.emailed.isoformat() if entry.emailed else None}
        for entry in store.open_findings()
    ]
    return {"workspace": session.settings.name, "findings": known, "last_run": store.last_report()}


def _show_open(store: Store, now: datetime, *, verbose: bool) -> None:
    from jobs.terminal_findings import show_findings, summary
    from jobs.terminal_outcomes import show_outcomes
    from jobs.wiring import words
    from sync.outcomes import of_report

    known, last = store.open_findings(), store.last_report()
    if last is None:
        session.say("Nothing is known yet: no sync has run. Run: campaign-sync sync")
        return
    show_findings(
        session.out,
        [entry.finding for entry in known],
        words(session.settings),
        since={entry.finding.fingerprint: entry.opened for entry in known},
        verbose=verbose,
    )
    zone = session.settings.zone
    show_outcomes(session.out, of_report(last, now, zone), zone, verbose=verbose)
    session.say(summary([entry.finding for entry in known]))
