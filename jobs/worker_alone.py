"""One worker per workspace: a lock that the system takes back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import ConfigError


@contextmanager
def alone(file: Path, workspace: str) -> Iterator[None]:
    """Hold the file's lock. Raises ConfigError while another process does, or when the file cannot be made."""
    try:
        held = file.open("a")
    except OSError as exc:
        raise ConfigError(f"{file} cannot be written: {exc.strerror}. Check the folder's rights and space.") from exc
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"A worker serves {workspace} already. End it first, or let it work; one run now: campaign-sync sync"
            ) from None
        yield
