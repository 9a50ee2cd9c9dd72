"""Flags on the terminal: conflicts with every tool's value side by side, unowned stages one line per campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console

from jobs.digest_words import LINE_LABELS, SORTS, STAGES, plain, sort_of, stage_word
from jobs.terminal_text import counted, narrow, padded, prose, put, widest
from sync.findings import Claim, Finding, FindingKind, Severity
from sync.wording import Wording, listed, tool_title

_STYLE = {Severity.URGENT: "bold red", Severity.WARNING: "yellow", Severity.INFO: ""}


def show_findings(
    console: Console,
    findings: Sequence[Finding],
    wording: Wording,
    *,
    since: Mapping[str, datetime] | None = None,
    verbose: bool = False,
) -> None:
    """The flags by section, the urgent first. `since` says by fingerprint how long each has been open."""
    since = since or {}
    for sort in SORTS:
        members = [f for f in findings if sort_of(f.kind, f.severity) is sort]
        if not members:
            continue
        put(console, (f"{sort.title} ({len(members):,})", "bold"))
        members.sort(key=lambda f: ((f.campaign_name or "").casefold(), f.title, f.fingerprint))
        grouped = sort is STAGES and not verbose
        if grouped:
            _by_campaign(console, members)
        else:
            _blocks(console, members, wording, since)
        if shared := _shared(members):
            prose(console, shared, indent=2)
        elif grouped:
            for advice in dict.fromkeys(member.advice for member in members):
                prose(console, advice, indent=2)
        put(console)


def command(finding: Finding) -> str | None:
    """The command that settles it, None where only an edit or a change of set-up does."""
    if not finding.options:
        return None
    return f"campaign-sync resolve {finding.fingerprint} {listed(finding.options, 'or')}"


def _by_campaign(console: Console, findings: Sequence[Finding]) -> None:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[plain(finding.campaign_name or "") or "No campaign"].append(finding)
    for name, members in groups.items():
        told = []
        for kind, label in LINE_LABELS.items():
            stages = [stage_word(f.title, f.detail_key) or plain(f.title) for f in members if f.kind is kind]
            if stages:
                told.append(f"{label.lower()}: {', '.join(stages)}")
        put(console, ("! ", _STYLE[Severity.WARNING]), f"{name}: {'; '.join(told)}", indent=2)


def _blocks(console: Console, findings: Sequence[Finding], wording: Wording, since: Mapping[str, datetime]) -> None:
    """One block each, with its own advice where the section has several."""
    shared = _shared(findings)
    for finding in findings:
        opened, settle = since.get(finding.fingerprint), command(finding)
        put(console, ("! ", _STYLE[finding.severity]), *_title(finding), indent=2)
        _claims(console, finding.claims, wording)
        if opened:
            put(console, (f"open since {wording.moment(opened)}", "dim"), indent=4)
        if not shared:
            prose(console, finding.advice, indent=4)
        if settle and finding.fingerprint not in finding.advice:
            put(console, settle, indent=4)


def _shared(findings: Sequence[Finding]) -> str:
    """The advice that all of several flags give, or nothing."""
    advices = {finding.advice for finding in findings}
    return advices.pop() if len(advices) == 1 and len(findings) > 1 else ""


def _title(finding: Finding) -> tuple[str, ...]:
    title, campaign = plain(finding.title), plain(finding.campaign_name or "")
    return (title,) if not campaign or campaign.casefold() in title.casefold() else (f"{campaign}: {title}",)


def _claims(console: Console, claims: Sequence[Claim], wording: Wording) -> None:
    """Each tool's value, aligned, with who wrote it and when."""
    tools = widest(tool_title(claim.tool) for claim in claims)
    values = widest(plain(claim.value) or "empty" for claim in claims)
    rows = [(tool_title(c.tool), plain(c.value) or "empty", _source(c, wording)) for c in claims]
    fits = not narrow(console) and all(4 + tools + 3 + values + 3 + cell_len(s) <= console.width for _, _, s in rows)
    for tool, value, source in rows:
        if fits:
            put(console, padded(tool, tools), "   ", (padded(value, values), "bold"), "   ", (source, "dim"), indent=4)
        else:
            put(console, padded(tool, tools), "   ", (value, "bold"), indent=4)
            put(console, (source, "dim"), indent=4 + tools + 3)


def _source(claim: Claim, wording: Wording) -> str:
    who = plain(claim.who or "")
    when = wording.moment(claim.at) if claim.at else ""
    return ", ".join(part for part in (who, when) if part) or "the tool does not tell who and when"


def summary(findings: Sequence[Finding]) -> str:
    """`3 flags: 1 conflict, 2 unowned stages.`"""
    parts = []
    for sort in SORTS:
        kinds = [f.kind for f in findings if sort_of(f.kind, f.severity) is sort]
        if sort is STAGES:
            parts += [counted(n, f"{what} stage") for what, n in _stages(kinds) if n]
        elif kinds:
            parts.append(sort.subject(len(kinds)))
    return f"{counted(len(findings), 'flag')}: {', '.join(parts)}." if parts else "Nothing is flagged."


def _stages(kinds: Sequence[FindingKind]) -> list[tuple[str, int]]:
    missing = kinds.count(FindingKind.MISSING_STAGE)
    return [("unowned", len(kinds) - missing), ("missing", missing)]
