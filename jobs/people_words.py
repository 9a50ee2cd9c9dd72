"""The people directory and the suggestions for it in words, on the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from jobs.digest_words import plain
from jobs.people_suggestions import Doubt, Seen, Suggested, Suggestion
from jobs.terminal_text import counted, narrow, padded, prose, put, widest
from mappings.people import Aliased
from sync.model import PersonEntry
from sync.wording import listed, tool_title

ACCOUNT, ADDRESS, MISSING = "account", "address", "-"
FIND = "campaign-sync people suggest"


def known_in(person: PersonEntry, tool: str) -> str:
    """How a tool's account of somebody is recognised."""
    return ACCOUNT if person.accounts.get(tool) else ADDRESS if person.email else MISSING


def show_directory(console: Console, file: Path, people: Sequence[PersonEntry], tools: Sequence[str]) -> None:
    """Who is in the directory, and in which tools they are known."""
    if not people:
        put(console, f"Nobody is in {file} yet. To fill it from your tools: {FIND}")
        return
    put(console, f"{counted(len(people), 'person', 'people')} in {file}")
    put(console)
    names = [plain(f"{person.name} ({person.id})") for person in people]
    width = widest(names)
    columns = {tool: max(widest([tool_title(tool)]), len(ACCOUNT)) + 2 for tool in tools}
    if not narrow(console):
        put(console, (" " * (width + 2) + "".join(padded(tool_title(t), w) for t, w in columns.items()), "bold"))
    for person, name in zip(people, names, strict=True):
        cells = {tool: known_in(person, tool) for tool in tools}
        left = "" if person.active else "not active"
        if narrow(console):
            said = [f"{tool_title(tool)}: {cell}" for tool, cell in cells.items()]
            put(console, name)
            put(console, ", ".join([*said, *([left] if left else [])]), indent=2)
        else:
            line = "".join(padded(cell, columns[tool]) for tool, cell in cells.items())
            put(console, padded(name, width + 2), line, left)
    _what_lacks(console, people, tools)


def _what_lacks(console: Console, people: Sequence[PersonEntry], tools: Sequence[str]) -> None:
    lacking = {tool: [p.name for p in people if p.active and tool not in p.accounts] for tool in tools}
    if not any(lacking.values()):
        return
    put(console)
    if any(known_in(person, tool) == ADDRESS for person in people for tool in tools):
        prose(console, f'"{ADDRESS}": no account is listed; they are recognised where the tool shows their address.')
    for tool, names in lacking.items():
        if names:
            prose(console, f"No {tool_title(tool)} account is listed for {listed(names)}.")
    put(console, f"To find them: {FIND}")


def show_suggested(console: Console, suggested: Suggested, failures: dict[str, str]) -> None:
    """The suggestions with their numbers, what is in doubt, and how to confirm."""
    numbered = list(enumerate(suggested.suggestions, 1))
    for title, new in (("For people of the directory", False), ("New people, whom records name", True)):
        group = [(number, each) for number, each in numbered if each.new is new]
        if group:
            put(console, (title, "bold"))
            for number, each in group:
                show_one(console, number, each)
            put(console)
    show_doubts(console, suggested.doubts)
    show_failures(console, failures)
    if not suggested.suggestions:
        clear = not suggested.doubts and not failures
        put(console, "Nothing to suggest: everybody is known." if clear else "Nothing to suggest.")


def show_doubts(console: Console, doubts: Sequence[Doubt]) -> None:
    """What nobody but people can tell."""
    if doubts:
        put(console, ("Not suggested, because it is not clear", "bold"))
        for doubt in doubts:
            prose(console, f"{_who(doubt.seen)} {doubt.why}.", indent=2)
        put(console)


def show_failures(console: Console, failures: dict[str, str]) -> None:
    """The tools that were left out."""
    for tool, why in failures.items():
        prose(console, f"! {tool_title(tool)} could not be read: {why}", style="red")


def show_one(console: Console, number: int, suggestion: Suggestion) -> None:
    """One suggestion: what would be written, and why."""
    sure = "" if suggestion.new else f"{suggestion.confidence}: "
    put(console, (f"{number:>3}", "bold"), "  ", (plain(_what(suggestion)), "bold"))
    prose(console, f"{sure}{suggestion.reason}{_switched_off(suggestion)}", indent=5)


def how_to_confirm(suggestions: Sequence[Suggestion]) -> list[str]:
    """The commands that write suggestions."""
    if not suggestions:
        return []
    numbers = " ".join(str(number) for number in range(1, min(len(suggestions), 3) + 1))
    lines = [f"Nothing has been written. To write some of them: campaign-sync people confirm {numbers}"]
    if any(each.sure for each in suggestions):
        lines.append("To write all that share an address: campaign-sync people confirm --all-by-email")
    return lines


def done(chosen: Sequence[Suggestion]) -> list[str]:
    """What was written, one line each."""
    return [plain(_what(each)) for each in chosen]


def directory_json(file: Path, people: Iterable[PersonEntry], tools: Sequence[str]) -> dict[str, Any]:
    """The directory for programs."""
    rows = [
        {
            "id": person.id,
            "name": person.name,
            "email": person.email,
            "role": person.role,
            "active": person.active,
            "aliases": list(person.aliases) if isinstance(person, Aliased) else [],
            "accounts": dict(person.accounts),
            "missing": [tool for tool in tools if tool not in person.accounts],
        }
        for person in people
    ]
    return {"file": str(file), "tools": list(tools), "people": rows}


def suggested_json(suggested: Suggested, failures: dict[str, str]) -> dict[str, Any]:
    """The suggestions for programs; `number` is what `people confirm` takes."""
    return {
        "suggestions": [{"number": n, **asdict(each)} for n, each in enumerate(suggested.suggestions, 1)],
        "doubts": [asdict(doubt) for doubt in suggested.doubts],
        "failures": failures,
    }


def _what(suggestion: Suggestion) -> str:
    """Whose what it is: `Ann Lee: Jira account 5b10 (Ann Lee)`."""
    shown = {one.tool: one.name for one in suggestion.seen if not one.text}
    parts = []
    for tool, native in suggestion.accounts.items():
        name = shown.get(tool, "")
        called = f" ({name})" if name not in ("", native, suggestion.name) else ""
        parts.append(f"{tool_title(tool)} account {native}{called}")
    texts = {one.native: f" in {tool_title(one.tool)}" for one in suggestion.seen if one.text}
    parts += [f'also called "{alias}"{texts.get(alias, "")}' for alias in suggestion.aliases]
    parts = [suggestion.email, *parts] if suggestion.new and suggestion.email else parts
    return f"{suggestion.name}: {', '.join(parts)}" if parts else suggestion.name


def _switched_off(suggestion: Suggestion) -> str:
    tools = [tool_title(tool) for tool in suggestion.inactive]
    if not tools:
        return ""
    entered = ", so that they are entered as not active" if suggestion.new else ": nothing can be given to them there"
    return f"; deactivated in {listed(tools)}{entered}"


def _who(seen: Seen) -> str:
    tool = tool_title(seen.tool)
    if seen.text:
        return f'"{seen.native}" in {tool}'
    name = f" ({seen.name})" if seen.name and seen.name != seen.native else ""
    off = ", deactivated," if not seen.active else ""
    return f"The {tool} account {seen.native}{name}{off}"
