"""One measurement of vdirsyncer's sync engine, two sides in memory: run by the Python that has it, not by ours.

`PYTHON peer_vdirsyncer.py STEP COUNT`: the step is first, none, or a number of changed items. Prints JSON. It imports
nothing of this project, so that any Python with vdirsyncer (PyPI; 0.19 or newer) will do.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vdirsyncer.storage.memory import MemoryStorage  # type: ignore[import-not-found]
from vdirsyncer.sync import sync  # type: ignore[import-not-found]
from vdirsyncer.sync.status import SqliteStatus  # type: ignore[import-not-found]
from vdirsyncer.vobject import Item  # type: ignore[import-not-found]

WARM = 9


def item(number: int, text: str = "") -> Any:
    """A task of twelve properties."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//acme//bench", "BEGIN:VTODO", f"UID:item-{number}",
        f"SUMMARY:Campaign {number:06d} Spring offer {text}", f"DESCRIPTION:Win back customers of segment {number}.",
        f"CATEGORIES:spring,wave-{number % 12}", f"STATUS:{('NEEDS-ACTION', 'IN-PROCESS')[number % 2]}",
        f"DUE;VALUE=DATE:2026{1 + number % 12:02d}{1 + number % 28:02d}", f"PRIORITY:{number % 9}",
        f"PERCENT-COMPLETE:{number % 100}", f"URL:https://shop.acme.example/offers/{number}",
        f"LOCATION:Room {number % 40}", f"CONTACT:p{number % 20}@acme.example", f"X-BUDGET:{1000 + number % 900}",
        f"X-CHANNEL:Email {number % 5} of {number}", "END:VTODO", "END:VCALENDAR",
    )  # fmt: skip
    return Item("\r\n".join(lines))


async def run(step: str, count: int, folder: Path, *, measured: bool) -> dict[str, Any]:
    """The step over fresh storages, in sync before it unless it is the first."""
    one, other = MemoryStorage(instance_name="one"), MemoryStorage(instance_name="other")
    file = str(folder / f"{count}.db")
    for number in range(count):
        await one.upload(item(number))
    changes = int(step) if step.isdecimal() else 0
    if step != "first":
        for _ in range(2):
            await _sync(one, other, file)
        for at in range(min(changes, count)):
            href = f"item-{at * count // changes}"
            await one.update(href, item(at * count // changes, "edited"), one.items[href][0])
    gc.collect()
    if measured:
        gc.freeze()
    begun, spent = time.perf_counter(), time.process_time()
    await _sync(one, other, file)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - spent
    shown = {href: held.raw for href, (_, held) in other.items.items()}
    if shown != {href: held.raw for href, (_, held) in one.items.items()} or len(shown) != count:
        raise RuntimeError("the two sides differ after the sync")
    return {"seconds": seconds, "cpu": cpu, "version": version("vdirsyncer")}


async def _sync(one: Any, other: Any, file: str) -> None:
    status = SqliteStatus(file)
    await sync(one, other, status)
    getattr(status, "close", lambda: None)()


def main() -> int:
    step, count = sys.argv[1], int(sys.argv[2])
    with TemporaryDirectory() as folder:
        asyncio.run(run(step, WARM, Path(folder), measured=False))
        figures = asyncio.run(run(step, count, Path(folder), measured=True))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
