"""The words of the conflict-report email: its sections, its counts in sentences, and text made safe for one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sync.campaign import kind_title
from sync.findings import Finding, FindingKind, Severity
from sync.model import STAGE_KINDS

SUBJECT_LENGTH: Final = 78
LONGEST: Final = 300
LONGEST_ADVICE: Final = 600
_HEADLINE_PHRASES: Final = 3
_NAMES: Final = 3
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Sort:
    """One section of the email: its kinds of finding, its count in a sentence and in a subject line.

    `advice` is given where the findings have none, or none in common.
    """

    key: str
    title: str
    phrase: tuple[str, str]
    short: tuple[str, str]
    kinds: tuple[FindingKind, ...] = ()
    advice: str = ""

    def sentence(self, count: int) -> str:
        return self.phrase[count != 1].format(n=count)

    def subject(self, count: int) -> str:
        return self.short[count != 1].format(n=count)


UNSCHEDULED: Final = Sort(
    key="unscheduled",
    title="Sends off the calendar",
    phrase=("1 send is off the calendar", "{n} sends are off the calendar"),
    short=("1 send unscheduled", "{n} sends unscheduled"),
    kinds=(FindingKind.UNSCHEDULED,),
)
URGENT: Final = Sort(
    key="urgent",
    title="Urgent",
    phrase=("1 thing is urgent", "{n} things are urgent"),
    short=("1 urgent", "{n} urgent"),
)
CONFLICTS: Final = Sort(
    key="conflicts",
    title="Conflicts to decide",
    phrase=("1 conflict needs a decision", "{n} conflicts need a decision"),
    short=("1 conflict", "{n} conflicts"),
    kinds=(FindingKind.CONFLICT, FindingKind.DELETION_CONFLICT),
    advice="Nothing is overwritten. Change either tool to the value you want, or run the command.",
)
STAGES: Final = Sort(
    key="stages",
    title="Stages with nobody",
    phrase=("1 stage has nobody", "{n} stages have nobody"),
    short=("1 unowned stage", "{n} unowned stages"),
    kinds=(FindingKind.UNOWNED_STAGE, FindingKind.MISSING_STAGE),
    advice="Name an owner, or add the stage, in any one tool; the others follow.",
)
OWNERS: Final = Sort(
    key="owners",
    title="Owners to check",
    phrase=("1 owner is unknown or inactive", "{n} owners are unknown or inactive"),
    short=("1 owner to check", "{n} owners to check"),
    kinds=(FindingKind.UNKNOWN_OWNER, FindingKind.INACTIVE_OWNER),
    advice="Give these stages to somebody active, or add the person to the people file: campaign-sync people suggest",
)
WITHHELD: Final = Sort(
    key="withheld",
    title="What accounts keep to themselves",
    phrase=("1 account does not tell everything", "{n} accounts do not tell everything"),
    short=("1 account tells less", "{n} accounts tell less"),
    kinds=(FindingKind.WITHHELD,),
)
TROUBLE: Final = Sort(
    key="trouble",
    title="Not in step yet",
    phrase=("1 thing could not be synced", "{n} things could not be synced"),
    short=("1 sync problem", "{n} sync problems"),
    kinds=(FindingKind.TOOL_TROUBLE, FindingKind.NOT_WRITTEN, FindingKind.UNREADABLE, FindingKind.UNSAFE_PLAN),
)
SORTS: Final = (
    UNSCHEDULED,
    URGENT,
    CONFLICTS,
    Sort(
        key="deletions",
        title="Deletions on hold",
        phrase=("1 deletion is on hold", "{n} deletions are on hold"),
        short=("1 deletion on hold", "{n} deletions on hold"),
        kinds=(FindingKind.DELETION,),
    ),
    Sort(
        key="late",
        title="Stages after their send",
        phrase=("1 stage is due after its send", "{n} stages are due after their send"),
        short=("1 late stage", "{n} late stages"),
        kinds=(FindingKind.STAGE_AFTER_SEND,),
    ),
    Sort(
        key="clashes",
        title="Audience clashes",
        phrase=("1 audience clash is ahead", "{n} audience clashes are ahead"),
        short=("1 audience clash", "{n} audience clashes"),
        kinds=(FindingKind.AUDIENCE_CLASH,),
    ),
    STAGES,
    OWNERS,
    Sort(
        key="matches",
        title="Records to match",
        phrase=("1 record has no certain match", "{n} records have no certain match"),
        short=("1 unmatched record", "{n} unmatched records"),
        kinds=(FindingKind.AMBIGUOUS, FindingKind.DUPLICATE),
    ),
    TROUBLE,
    WITHHELD,
)
ALARMING: Final = (UNSCHEDULED.key, URGENT.key)
# What nobody has to do anything about: once it is no news, a subject and a headline go without it.
IDLE: Final = frozenset({WITHHELD.key})
_SORT_OF: Final = {kind: sort for sort in SORTS for kind in sort.kinds}
LINE_LABELS: Final = {
    FindingKind.UNOWNED_STAGE: "Nobody owns",
    FindingKind.MISSING_STAGE: "Not planned",
    FindingKind.UNKNOWN_OWNER: "Not in the people directory, but owns",
    FindingKind.INACTIVE_OWNER: "No longer active, but owns",
}


def sort_of(kind: FindingKind, severity: Severity) -> Sort:
    """The section a finding is shown in: urgent ones before everything else, sends that will not go out first."""
    sort = _SORT_OF[kind]
    return URGENT if severity is Severity.URGENT and sort is not UNSCHEDULED else sort


def subject(workspace: str, shorts: Sequence[str], new: int) -> str:
    """The state in at most 78 characters, such as "Acme email: 2 conflicts, 5 unowned stages (3 new)"."""
    tail = f" ({new} new)" if new else ""
    if not shorts:
        shorts, tail = ["all tools agree"], ""
    start = plain(workspace, 30)
    for kept in range(len(shorts), 0, -1):
        dropped = " and more" if kept < len(shorts) else ""
        line = f"{start}: {', '.join(shorts[:kept])}{dropped}{tail}"
        if len(line) <= SUBJECT_LENGTH:
            return line
    return plain(f"{start}: {shorts[0]}", SUBJECT_LENGTH)


def headline(phrases: Sequence[str]) -> str:
    """The state in one sentence; the first sections count most."""
    if not phrases:
        return "All tools agree. Nothing needs you."
    text = ", ".join(phrases[:_HEADLINE_PHRASES])
    return f"{text}, and more below" if len(phrases) > _HEADLINE_PHRASES else text


def stages_phrase(unowned: int, missing: int) -> str:
    """Unowned and missing stages in a sentence."""
    if not missing:
        return STAGES.sentence(unowned)
    verb, plural = ("is", "") if missing == 1 else ("are", "s")
    if unowned:
        return f"{STAGES.sentence(unowned)}, {missing} {verb} not planned"
    return f"{missing} stage{plural} {verb} not planned"


def stages_short(unowned: int, missing: int) -> str:
    """Unowned and missing stages in a subject line."""
    if unowned and missing:
        return f"{unowned + missing} unowned or missing stages"
    return f"{missing} missing stage{'' if missing == 1 else 's'}" if missing else STAGES.subject(unowned)


def mirrored(count: int) -> str:
    """How much the last run has mirrored, in a sentence."""
    return (
        f"The last run mirrored {count:,} change{'' if count == 1 else 's'}."
        if count
        else "Nothing was left to mirror."
    )


def names(texts: Iterable[str]) -> str:
    """The most frequent few of some names, and how many more there are."""
    counted = [name for name, _ in Counter(text for text in texts if text).most_common()]
    shown, rest = [plain(name, 60) for name in counted[:_NAMES]], len(counted[_NAMES:])
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def stage_word(title: str, detail_key: str) -> str | None:
    """The stage that a finding is about, by its detail key or the first word of its title; None when neither tells."""
    for text in (detail_key, title.split(" ", 1)[0].rstrip(":")):
        if (kind := text.casefold()) in STAGE_KINDS:
            return kind_title(kind)
    return None


def ownership(finding: Finding) -> tuple[str, str]:
    """Of a finding about an owner: the person, and what they own.

    A first claim names the person; else the title does ("Design of Spring belongs to Zoe, whom only jira knows").
    """
    title = plain(finding.title)
    what, _, rest = title.rpartition(" belongs to ")
    name = rest.rpartition(", who")[0]
    if finding.claims:
        name = plain(finding.claims[0].value)
    return name or plain(finding.detail_key) or title, what or title


def web_address(url: str | None) -> str | None:
    """The address if a mail may link to it: http or https, and nothing that could end an attribute or a line."""
    if not url or plain(url, len(url)) != url or any(char in url for char in " <>\"'\\"):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def plain(text: str, longest: int = LONGEST) -> str:
    """One printable line: no control character, no direction override, nothing that XML or a header cannot hold."""
    line = " ".join("".join(map(_printable, text)).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _printable(char: str) -> str:
    code = ord(char)
    if code < 0x20 or 0x7F <= code <= 0x9F:
        return " "
    if 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return "" if char in _DIRECTION_MARKS else char
