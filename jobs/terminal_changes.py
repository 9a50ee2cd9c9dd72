"""Changes on the terminal: by campaign, then stage, then field and tool, each with its old and new value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console

from jobs.digest_words import plain
from jobs.terminal_text import counted, narrow, padded, put, widest
from sync.report import Action, CellChange, RecordChange, State
from sync.wording import LONGEST, Wording, listed, tool_title

CONTEXT = 30  # characters before the first difference of two long texts
_SIGN = {Action.CREATE: ("+", "green"), Action.UPDATE: ("~", "yellow"), Action.ARCHIVE: ("-", "red")}
_TROUBLE = {State.FAILED: ("! not written", "red"), State.DEFERRED: (". waits", "")}
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.ARCHIVE: "archived"}
Row = tuple[RecordChange, CellChange]


def show_changes(console: Console, changes: Sequence[RecordChange], wording: Wording, *, verbose: bool) -> None:
    """Every change, grouped. Creations are one line per campaign and tool unless `verbose`."""
    for campaign in _groups(changes):
        put(console, (plain(campaign[0].campaign_name) or "No campaign", "bold"))
        if not verbose:
            _creations(console, [c for c in campaign if c.action is Action.CREATE])
        for entity in _entities(campaign):
            _entity(console, entity, wording, verbose=verbose)
        put(console)


def counts(changes: Sequence[RecordChange], *, dry: bool) -> str:
    """`12 changes in 3 tools: 4 create, 8 update.` or, after a run, `12 changes written in 3 tools: 4 created, …`."""
    wanted = State.PLANNED if dry else State.DONE
    counting = [c for c in changes if c.state is wanted]
    tools = len({c.tool for c in counting})
    kinds = []
    for action in Action:
        number = sum(c.action is action for c in counting)
        if number:
            kinds.append(f"{number:,} {action.value if dry else _DONE[action]}")
    failed = sum(c.state is State.FAILED for c in changes)
    waits = sum(c.state is State.DEFERRED for c in changes)
    text = f"{counted(len(counting), 'change')}{'' if dry else ' written'}"
    text += f" in {counted(tools, 'tool')}: {', '.join(kinds)}." if counting else "."
    text += f" {counted(failed, 'change')} could not be written." if failed else ""
    return text + (f" {counted(waits, 'change')} will follow in the next run." if waits else "")


def _groups(changes: Iterable[RecordChange]) -> list[list[RecordChange]]:
    groups: dict[str, list[RecordChange]] = defaultdict(list)
    for change in changes:
        groups[change.campaign].append(change)
    return sorted(groups.values(), key=lambda group: (group[0].campaign_name.casefold(), group[0].campaign))


def _entities(changes: Sequence[RecordChange]) -> list[list[RecordChange]]:
    """The changes by entity, the campaign itself before its stages."""
    groups: dict[str, list[RecordChange]] = defaultdict(list)
    for change in sorted(changes, key=lambda c: (c.entity != c.campaign, c.where.casefold(), c.entity, c.tool)):
        groups[change.entity].append(change)
    return list(groups.values())


def _name(change: RecordChange) -> str:
    """The entity within its campaign: "Campaign", or "Design" of "Design of Black Friday"."""
    if change.entity == change.campaign:
        return "Campaign"
    return plain(change.where.removesuffix(f" of {change.campaign_name}"))


def _creations(console: Console, changes: Sequence[RecordChange]) -> None:
    fine: dict[str, list[RecordChange]] = defaultdict(list)
    for change in changes:
        if change.state not in _TROUBLE:
            fine[change.tool].append(change)
    width = widest(tool_title(tool) for tool in fine)
    for tool in sorted(fine):
        made = sorted(fine[tool], key=lambda c: (c.entity != c.campaign, c.where.casefold(), c.entity))
        names = ["the campaign" if c.entity == c.campaign else _name(c) for c in made]
        size = counted(sum(len(c.cells) for c in made), "field")
        many = f"{counted(len(made), 'record')}, " if len(made) > 1 else ""
        verb = "created" if made[0].state is State.DONE else "create"
        line = f"{padded(tool_title(tool), width)}   {verb} {listed(names)} ({many}{size})"
        put(console, ("+ ", "green"), line, indent=2)


def _entity(console: Console, changes: Sequence[RecordChange], wording: Wording, *, verbose: bool) -> None:
    whole = [c for c in changes if _stands_alone(c, verbose=verbose)]
    rows = [(c, cell) for c in changes if c.action is Action.UPDATE for cell in c.cells]
    if not whole and not rows:
        return
    put(console, (_name(changes[0]), "underline" if console.is_terminal else ""), indent=2)
    for change in whole:
        _alone(console, change, wording)
    _rows(console, sorted(rows, key=lambda row: (row[1].label, row[0].tool)), wording)
    for change in changes:
        if change.action is Action.UPDATE and change.state in _TROUBLE:
            _reason(console, change)


def _stands_alone(change: RecordChange, *, verbose: bool) -> bool:
    if change.action is Action.CREATE:
        return verbose or change.state in _TROUBLE
    return change.action is Action.ARCHIVE


def _alone(console: Console, change: RecordChange, wording: Wording) -> None:
    """A creation or an archive."""
    sign, style = _SIGN[change.action]
    key = f" {plain(change.key)}" if change.key else ""
    verb = _DONE[change.action] if change.state is State.DONE else change.action.value
    size = f" ({counted(len(change.cells), 'field')})" if change.action is Action.CREATE else ""
    put(console, (f"{sign} ", style), f"{tool_title(change.tool)}   {verb}{key}{size}", indent=4)
    if change.action is Action.CREATE:
        width = widest(cell.label for cell in change.cells)
        for cell in change.cells:
            put(console, f"{padded(plain(cell.label), width)}   {plain(wording.value(cell.new))}", indent=8)
    if change.state in _TROUBLE:
        _reason(console, change)


def _reason(console: Console, change: RecordChange) -> None:
    sign, style = _TROUBLE[change.state]
    reason = plain(change.reason or "no reason given")
    put(console, (sign, style), f" in {tool_title(change.tool)}: {reason}", indent=6)


def _rows(console: Console, rows: Sequence[Row], wording: Wording) -> None:
    """One line for each field and tool; values go on lines of their own where they do not fit beside it."""
    label_width = widest(cell.label for _, cell in rows)
    tool_width = widest(tool_title(change.tool) for change, _ in rows)
    for change, cell in rows:
        sign, style = _SIGN[Action.UPDATE]
        old, new = _both(cell, wording)
        edited = [tool_title(tool) for tool in cell.sources]
        source = f"   (edited in {listed(edited)})" if edited else ""
        if narrow(console):
            put(console, (f"{sign} ", style), f"{plain(cell.label)} ({tool_title(change.tool)})", indent=4)
            _apart(console, old, new, source.strip())
            continue
        head = f"{padded(plain(cell.label), label_width)}   {padded(tool_title(change.tool), tool_width)}"
        if 6 + cell_len(f"{head}   {old} → {new}{source}") <= console.width:
            put(console, (f"{sign} ", style), f"{head}   {old} → ", (new, "bold"), (source, "dim"), indent=4)
        else:
            put(console, (f"{sign} ", style), head, (source, "dim"), indent=4)
            _apart(console, old, new, "")


def _both(cell: CellChange, wording: Wording) -> tuple[str, str]:
    """Both values in words. Of long texts the part where they begin to differ."""
    old, new = plain(wording.value(cell.old)), plain(wording.value(cell.new))
    if not (isinstance(cell.old, str) and isinstance(cell.new, str) and "…" in old[-1:] + new[-1:]):
        return old, new
    whole = [plain(wording.value(value, longest=None), len(value)) for value in (cell.old, cell.new)]
    differ = next((at for at, (a, b) in enumerate(zip(*whole, strict=False)) if a != b), min(map(len, whole)))
    start = max(0, differ - CONTEXT)
    return _from(whole[0], start), _from(whole[1], start)


def _from(text: str, start: int) -> str:
    return plain("…" * bool(start) + text[start:], LONGEST)


def _apart(console: Console, old: str, new: str, source: str) -> None:
    put(console, f"from  {old}", indent=8)
    put(console, "to    ", (new, "bold"), indent=8)
    if source:
        put(console, (source, "dim"), indent=8)
