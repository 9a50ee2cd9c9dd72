"""The secrets of webhooks in their files: made up or told by a tool, kept whole or not at all, for nobody else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jobs.settings import ToolSettings
from sync.errors import ConfigError, SyncError

BYTES = 32


def missing(tool: ToolSettings, *, makes_secret: bool) -> str | None:
    """Why there is nowhere to put a secret, if so. `makes_secret`: the tool makes it up, so that it has to be kept."""
    if tool.webhook_secret_file is not None or (tool.webhook_secret and not makes_secret):
        return None
    line = f'add webhook_secret_file = "secrets/{tool.name}-webhook" to [tools.{tool.name}]'
    if tool.webhook_secret:
        return f"makes up the secret itself, which an environment variable cannot take; {line} in its place"
    return f"has no place for the secret; {line}, and it is written there"


def by_hand(tool: ToolSettings, *, makes_secret: bool) -> str | None:
    """What a person who makes the webhook does about its secret."""
    file = tool.webhook_secret_file
    if file is None:
        return None
    if makes_secret:
        return f"The secret that is told once goes into {file}."
    with suppress(SyncError):
        if tool.webhook_secret is None and not file.exists():
            made_up(tool)
        return f"Secret: what is in {file}."
    return None


def made_up(tool: ToolSettings) -> str:
    """A new secret, in its file already."""
    secret = secrets.token_hex(BYTES)
    keep(tool, secret)
    return secret


def keep(tool: ToolSettings, secret: str) -> None:
    """Put the secret into its file."""
    with _kept(tool) as file:
        new = file.with_name(f"{file.name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as out:
            out.write(f"{secret}\n")
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)


def forget(tool: ToolSettings) -> None:
    """Take the secret out, having made sure that another one can be kept in its place."""
    with _kept(tool) as file:
        trial = file.with_name(f"{file.name}.new")
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        trial.unlink()
        file.unlink(missing_ok=True)


@contextmanager
def _kept(tool: ToolSettings) -> Iterator[Path]:
    """Around work on the file, whose folder is there. ConfigError where it cannot be written."""
    file = tool.webhook_secret_file
    if file is None:
        raise ConfigError(f"[tools.{tool.name}] names no webhook_secret_file for the secret.")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield file
    except OSError as exc:
        raise ConfigError(f"The secret of {tool.name}'s webhook cannot be kept in {file} ({exc.strerror}).") from None
