"""A run and a plan on the terminal, for people: what changed or would change, what is flagged, what was left out."""

from __future__ import annotations

from rich.console import Console

from jobs.digest_words import plain
from jobs.terminal_changes import counts, show_changes
from jobs.terminal_findings import show_findings, summary
from jobs.terminal_outcomes import show_outcomes
from jobs.terminal_text import counted, prose, put
from sync.findings import FindingKind
from sync.model import METRICS
from sync.report import RunReport
from sync.wording import Wording, listed, tool_title

__all__ = ["one_line", "show_findings", "show_plan", "show_run", "unfinished"]

_DISAGREE = frozenset({
    FindingKind.CONFLICT, FindingKind.DELETION, FindingKind.DELETION_CONFLICT, FindingKind.NOT_WRITTEN,
    FindingKind.UNREADABLE, FindingKind.UNSAFE_PLAN, FindingKind.AMBIGUOUS, FindingKind.DUPLICATE,
    FindingKind.UNSCHEDULED,
})  # fmt: skip


_AGAIN = {
    FindingKind.TOOL_TROUBLE: "{tool} is no longer left out",
    FindingKind.WITHHELD: "{tool} tells everything now",
}


def show_plan(console: Console, report: RunReport, wording: Wording, *, verbose: bool = False) -> None:
    """What the next run would do. Says first that nothing has been written."""
    put(console, (f"Plan for {plain(report.workspace)}", "bold"), ". Nothing has been written.")
    put(console)
    _body(console, report, wording, verbose=verbose)
    if report.changes:
        put(console, "To write it: campaign-sync sync")


def show_run(console: Console, report: RunReport, wording: Wording, *, verbose: bool = False) -> None:
    """What a run did. Of the sends it shows those of which it brought news, with `verbose` all of the last 30 days."""
    _body(console, report, wording, verbose=verbose)


def one_line(report: RunReport) -> str:
    """A run in one line, for a log."""
    parts = [counts(report.changes, dry=report.dry) if report.changes else _quiet(report)]
    parts += [f"New: {summary(report.opened)}"] if report.opened else []
    parts += [f"Settled: {len(report.closed):,}."] if report.closed else []
    parts += [f"{tool_title(tool.tool)} was left out: {tool.error}" for tool in report.tools if tool.error]
    return " ".join(parts)


def unfinished(report: RunReport) -> bool:
    """Whether somebody must look: a tool was left out, a change failed, or the plan was refused."""
    return report.troubled or any(finding.kind is FindingKind.UNSAFE_PLAN for finding in report.findings)


def _body(console: Console, report: RunReport, wording: Wording, *, verbose: bool) -> None:
    show_changes(console, report.changes, wording, verbose=verbose)
    if report.opened:
        put(console, ("New flags", "bold underline" if console.is_terminal else ""))
        put(console)
        show_findings(console, report.opened, wording, verbose=verbose)
    for finding in report.closed:
        # What was wrong with a tool is history, and its title would read as if it still were.
        now = _AGAIN.get(finding.kind, "").format(tool=tool_title(finding.subject))
        put(console, ("Would be settled: " if report.dry else "Settled: ", "green"), now or plain(finding.title))
    told = {finding.subject for finding in report.opened if finding.kind is FindingKind.TOOL_TROUBLE}
    for tool in report.tools:
        if tool.error and tool.tool not in told:
            prose(console, f"! {tool_title(tool.tool)} was left out: {tool.error}", style="red")
    for text in (*report.waiting, *report.unsettled):
        prose(console, f"Waits: {text}")
    news = {change.campaign for change in report.changes if any(cell.field in METRICS for cell in change.cells)}
    if not report.dry:
        sends = [outcome for outcome in report.outcomes if verbose or outcome.campaign in news]
        show_outcomes(console, sends, wording.zone, verbose=verbose)
    _end(console, report)
    if report.outcomes and not report.dry and not news and not verbose:
        what = counted(len(report.outcomes), "send")
        put(console, f"What became of the {what} of the last 30 days: campaign-sync report")


def _end(console: Console, report: RunReport) -> None:
    """The counts, in lines that one reads last."""
    if report.adopted:
        put(console, f"{counted(report.adopted, 'record')} matched across the tools by marker, key, or name and date.")
    if report.changes:
        put(console, (counts(report.changes, dry=report.dry), "bold"))
    else:
        put(console, (_quiet(report), "bold"))
    if report.opened:
        put(console, f"New: {summary(report.opened)}")
    if report.standing:
        put(console, f"Open before: {summary(report.standing)} See: campaign-sync report")


def _quiet(report: RunReport) -> str:
    read = [tool for tool in report.tools if not tool.error]
    left_out = [tool_title(tool.tool) for tool in report.tools if tool.error]
    if any(finding.kind is FindingKind.UNSAFE_PLAN for finding in report.findings):
        return "Nothing was written: the plan changes too much. See the flag above, or: campaign-sync plan"
    if left_out:
        others = {0: "Nothing could be done", 1: "Nothing to do in the other tool"}
        return f"{others.get(len(read), 'Nothing to do in the other tools')}: {listed(left_out)} could not be read."
    if report.unsettled:
        return "Nothing more to do now. What waits is looked at again by a later run."
    if any(finding.kind in _DISAGREE for finding in report.findings):
        return "Nothing to do until people settle what is flagged."
    tools = {0: "no tool was read", 1: "the tool is as agreed", 2: "both tools agree"}
    return f"Nothing to do: {tools.get(len(read), f'all {len(read)} tools agree')}."
