"""How far a run is: a bar on a terminal, plain lines elsewhere; always beside the output, on the error stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from sync.workspace import Progress


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """A Progress for the console: a bar for each thing that is done where it is a terminal, else a line each."""
    if not console.is_terminal:
        yield _lines(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn  # noqa: PLC0415 - costs start-up time
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        tasks = {}

        def step(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield step


def _lines(console: Console) -> Progress:
    begun: set[str] = set()

    def step(what: str, _done: int, total: int | None) -> None:
        if what not in begun:
            begun.add(what)
            console.print(f"{what} …" if total is None else f"{what}: {total} …", soft_wrap=True)

    return step
