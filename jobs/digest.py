"""What the conflict-report email shows: findings sorted into sections, grouped, aged, counted and capped. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from jobs import digest_words as words
from jobs.digest_outcomes import Sends
from jobs.digest_outcomes import sends as sends_of
from jobs.digest_words import LONGEST_ADVICE, OWNERS, SORTS, STAGES, TROUBLE, Sort, ownership, plain, web_address
from sync.findings import Claim, Finding, FindingKind
from sync.outcomes import Outcome
from sync.wording import Wording, tool_title

LIMIT: Final = 12
_DECIDED: Final = frozenset({FindingKind.CONFLICT, FindingKind.DELETION_CONFLICT})


@dataclass(frozen=True, slots=True)
class Side:
    """What one tool shows, who wrote it when, and where to look."""

    tool: str
    value: str
    source: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """One entry of a grouped line, such as a stage; `note` is "new" or how long it stands."""

    text: str
    note: str
    new: bool
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The entries of a group that share a label, such as "Nobody owns". `more` counts those left out."""

    label: str
    points: tuple[Point, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One flag, or one group of flags (then `lines` is filled). `campaign` is given where the heading lacks it.

    `command` settles it with one of its options, `or_options` are the others.
    """

    heading: str
    note: str = ""
    new: bool = False
    campaign: str = ""
    advice: str = ""
    sides: tuple[Side, ...] = ()
    command: str = ""
    or_options: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """All flags of one sort. `phrase` is the count in words; `more` counts the flags that are not shown.

    `names` lists the campaigns concerned, `people` those who wrote the conflicting values. `advice` is set when every
    item would repeat it.
    """

    key: str
    title: str
    count: int
    new: int
    phrase: str
    short: str
    names: str
    people: str
    advice: str
    items: tuple[Item, ...]
    more: int

    @property
    def alarm(self) -> bool:
        """Whether it cannot wait."""
        return self.key in words.ALARMING


@dataclass(frozen=True, slots=True)
class Digest:
    """The whole email as plain data, in reading order. Every text is one printable line."""

    workspace: str
    now: datetime
    written: str
    subject: str
    headline: str
    mirrored: str
    sections: tuple[Section, ...]
    sends: Sends
    resolved: tuple[str, ...]
    resolved_more: int


def digest(
    workspace: str,
    findings: Sequence[tuple[Finding, datetime]],
    *,
    new: Collection[str],
    closed: Sequence[Finding],
    mirrored: int,
    now: datetime,
    zone: ZoneInfo,
    troubles: Sequence[str] = (),
    outcomes: Sequence[Outcome] = (),
) -> Digest:
    """The email's contents.

    `findings` are open, each with the moment it was first seen; `new` holds the fingerprints that no email has told of
    yet; `closed` were settled since the last one; `mirrored` counts the changes that the last run wrote; `troubles` are
    sentences on tools or changes for which there is no finding; `outcomes` are those of the last sends, the newest
    first. Moments are shown in `zone`.
    """
    reader = _Reader(frozenset(new), now.astimezone(zone), Wording(zone))
    flags: dict[str, list[_Flag]] = defaultdict(list)
    for finding, opened in sorted(findings, key=reader.order):
        flags[words.sort_of(finding.kind, finding.severity).key].append(reader.flag(finding, opened))
    told = {plain(finding.title, LONGEST_ADVICE) for finding, _ in findings}
    untold = tuple(text for text in dict.fromkeys(plain(t, LONGEST_ADVICE) for t in troubles) if text not in told)
    sections = [reader.section(s, flags[s.key], untold if s is TROUBLE else ()) for s in SORTS]
    shown = tuple(section for section in sections if section.count)
    heading = [section for section in shown if section.new or section.key not in words.IDLE]
    titles = tuple(dict.fromkeys(plain(finding.title) for finding in closed))
    return Digest(
        workspace=plain(workspace),
        now=now,
        written=f"{reader.words.moment(now)} ({zone.key})",
        subject=words.subject(workspace, [s.short for s in heading], sum(s.new for s in heading)),
        headline=words.headline([s.phrase for s in heading]),
        mirrored=words.mirrored(mirrored),
        sections=shown,
        sends=sends_of(outcomes, zone),
        resolved=titles[:LIMIT],
        resolved_more=len(titles[LIMIT:]),
    )


@dataclass(frozen=True, slots=True)
class _Flag:
    """A finding with what the reader knows of it already."""

    finding: Finding
    new: bool
    days: int

    @property
    def note(self) -> str:
        if self.new:
            return "new"
        recent = {0: "open since today", 1: "open since yesterday"}
        return recent.get(self.days, f"open for {self.days} days")

    @property
    def short_note(self) -> str:
        if self.new:
            return "new"
        return {0: "today", 1: "1 day"}.get(self.days, f"{self.days} days")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is new to the reader, which day it is for them, and how they read moments."""

    new: frozenset[str]
    now: datetime
    words: Wording

    def order(self, entry: tuple[Finding, datetime]) -> tuple[bool, datetime, str, str, str]:
        """New ones first, then the oldest."""
        finding, opened = entry
        known = finding.fingerprint not in self.new
        return known, opened, finding.campaign_name or "", finding.title, finding.fingerprint

    def flag(self, finding: Finding, opened: datetime) -> _Flag:
        days = (self.now.date() - opened.astimezone(self.words.zone).date()).days
        return _Flag(finding, finding.fingerprint in self.new, max(days, 0))

    def section(self, sort: Sort, flags: Sequence[_Flag], untold: Sequence[str]) -> Section:
        count, names = len(flags) + len(untold), [plain(f.finding.campaign_name or "") for f in flags]
        phrase = short = ""
        if sort is STAGES:
            items, more = _grouped(flags, _campaign, _stage)
            missing = sum(flag.finding.kind is FindingKind.MISSING_STAGE for flag in flags)
            short, phrase = words.stages_short(count - missing, missing), words.stages_phrase(count - missing, missing)
        elif sort is OWNERS:
            items, more = _grouped(flags, _person, lambda finding: ownership(finding)[1])
            names = [_person(flag.finding)[0] for flag in flags]
            count = len(items)
        else:
            items = [*map(self.item, flags), *map(Item, untold)]
            more = max(count - LIMIT, 0)
        shared = len(items) > 1 and len({item.advice for item in items}) == 1
        advice = items[0].advice if shared else ""
        if sort is STAGES:
            shared, advice = True, _joined(flags)
        if not advice and (shared or not any(item.advice for item in items)):
            advice = sort.advice
        return Section(
            key=sort.key,
            title=sort.title,
            count=count,
            new=sum(flag.new for flag in flags),
            phrase=phrase or sort.sentence(count),
            short=short or sort.subject(count),
            names=words.names(names),
            people=words.names(
                plain(c.who or "") for f in flags if f.finding.kind in _DECIDED for c in f.finding.claims
            ),
            advice=advice,
            items=tuple(replace(item, advice="") if shared else item for item in items[:LIMIT]),
            more=more,
        )

    def item(self, flag: _Flag) -> Item:
        finding, heading = flag.finding, plain(flag.finding.title)
        campaign = plain(finding.campaign_name or "")
        options = finding.options
        return Item(
            heading=heading,
            note=flag.note,
            new=flag.new,
            campaign="" if campaign.casefold() in heading.casefold() else campaign,
            advice=plain(finding.advice, LONGEST_ADVICE),
            sides=tuple(self.side(claim, finding.kind in _DECIDED) for claim in finding.claims),
            command=f"campaign-sync resolve {finding.fingerprint} {options[0]}" if options else "",
            or_options=options[1:],
        )

    def side(self, claim: Claim, decided: bool) -> Side:
        moment = self.words.moment(claim.at) if claim.at else ""
        who = plain(claim.who or "")
        return Side(
            tool=tool_title(plain(claim.tool)),
            value=plain(claim.value) or "empty",
            source=", ".join(filter(None, (who, moment))) or ("the tool does not tell who wrote it" if decided else ""),
            url=web_address(claim.url),
        )


def _grouped(
    flags: Sequence[_Flag], group: Callable[[Finding], tuple[str, str]], text: Callable[[Finding], str]
) -> tuple[list[Item], int]:
    """One item per campaign or person, in the order of the flags, and how many flags lie beyond the limit.

    `group` gives a heading and what tells two groups of one heading apart.
    """
    groups: dict[tuple[str, str], list[_Flag]] = defaultdict(list)
    for flag in flags:
        groups[group(flag.finding)].append(flag)
    items = []
    for (heading, _), members in groups.items():
        lines = []
        for kind, label in words.LINE_LABELS.items():
            points = [_point(flag, text(flag.finding)) for flag in members if flag.finding.kind is kind]
            if points:
                lines.append(Line(label, tuple(points[:LIMIT]), len(points[LIMIT:])))
        items.append(Item(heading, new=any(f.new for f in members), advice=_joined(members), lines=tuple(lines)))
    return items, sum(len(members) for members in list(groups.values())[LIMIT:])


def _point(flag: _Flag, text: str) -> Point:
    urls = [claim.url for claim in flag.finding.claims]
    return Point(text, flag.short_note, flag.new, next(filter(None, map(web_address, urls)), None))


def _campaign(finding: Finding) -> tuple[str, str]:
    return plain(finding.campaign_name or "") or "No campaign", finding.campaign or ""


def _person(finding: Finding) -> tuple[str, str]:
    return ownership(finding)[0], ""


def _stage(finding: Finding) -> str:
    title = plain(finding.title)
    return words.stage_word(title, finding.detail_key) or title


def _joined(flags: Sequence[_Flag]) -> str:
    """The advice of grouped flags where it is much the same for all, or nothing."""
    advices = dict.fromkeys(plain(flag.finding.advice, LONGEST_ADVICE) for flag in flags)
    return " ".join(advices) if len(advices) <= len(words.LINE_LABELS) // 2 else ""
