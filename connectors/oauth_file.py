"""The file of an OAuth grant's tokens: read, replaced whole, by one process at a time, and mended after a crash."""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from connectors.answers import moment
from sync.errors import ConfigError, Unavailable

PATIENCE: Final = 60.0  # seconds for another process to renew; its request is given up after half of that
PAUSE: Final = 0.02
ROOM: Final = 16_384  # bytes; tokens are some hundreds, and signed ones (JWT) up to a few thousand


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a grant consists of. `expires` in seconds since 1970, where it is known.

    `replaces` is the mark of the tokens in whose place these were granted.
    """

    access: str | None = field(repr=False)
    refresh: str = field(repr=False)
    expires: float | None = None
    replaces: str | None = None

    @property
    def mark(self) -> str:
        """By which they are known again; says nothing of them."""
        return sha256(self.refresh.encode()).hexdigest()[:16]

    def lasts(self, until: float) -> bool:
        """Whether the access token is still good then, as far as is known."""
        return self.expires is None or self.expires > until

    def text(self) -> str:
        expires = None if self.expires is None else datetime.fromtimestamp(self.expires, UTC).isoformat()
        told = {"access_token": self.access, "refresh_token": self.refresh}
        told |= {"expires_at": expires, "replaces": self.replaces}
        return json.dumps({name: value for name, value in told.items() if value is not None}) + "\n"


class TokenFile:
    """The file that a person has put a refresh token into, alone on its line or as the server's answer (JSON).

    Beside it lie a lock, and for the moment of a refresh a file `.new`. Every failure is a SyncError that quotes
    nothing of its contents.
    """

    def __init__(self, tool: str, path: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.path = path.resolve()  # what a link points to is replaced, not the link
        self._tool, self._sleep = tool, sleep
        self._new = self.path.with_name(f"{self.path.name}.new")
        self._lock = self.path.with_name(f"{self.path.name}.lock")

    def read(self) -> Tokens:
        """What it holds. ConfigError where that is no refresh token."""
        try:
            found = _parsed(self.path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "it is not text"
            raise ConfigError(
                f"The tokens of {self._tool} cannot be read from {self.path} ({why}). "
                f"Check tokens_file in [tools.{self._tool}.oauth]."
            ) from None
        if found is None:
            raise ConfigError(
                f"{self.path} holds no refresh token of {self._tool}. Put the answer of the sign-in into it, "
                "or the refresh token alone (docs/tools)."
            )
        return found

    def recovered(self) -> Tokens:
        """What it holds, or what was granted in its place when a process died before putting it there."""
        held = self.read()
        with suppress(OSError, UnicodeDecodeError):
            left = _parsed(self._new.read_text("utf-8"))
            # Only what follows on it: a person may have signed in anew meanwhile.
            if left is not None and left.replaces == held.mark:
                self._put()
                return left
        return held

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process, and no other thread, renews. The system takes the lock back from who dies."""
        try:
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise self._unwritable(exc) from None
        try:
            self._wait(lock)
            yield
        finally:
            os.close(lock)

    def _wait(self, lock: int) -> None:
        waited = 0.0
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited > PATIENCE:
                    raise Unavailable(
                        f"Another process has been renewing the access to {self._tool} for a minute; "
                        "the next run tries again."
                    ) from None
                self._sleep(PAUSE)
                waited += PAUSE

    @contextmanager
    def room(self) -> Iterator[Callable[[Tokens], None]]:
        """Make sure that new tokens can be written before they are asked for; gives what writes them.

        After a failed request the tokens are as they were.
        """
        kept = False
        try:
            written = os.open(self._new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            os.fchmod(written, 0o600)
            os.pwrite(written, b" " * ROOM, 0)  # a disk that is full is to be found out now
        except OSError as exc:
            raise self._unwritable(exc) from None

        def keep(tokens: Tokens) -> None:
            nonlocal kept
            kept = True
            try:
                text = tokens.text().encode()
                os.pwrite(written, text.ljust(ROOM), 0)
                os.ftruncate(written, len(text))
                os.fsync(written)
                self._put()
            except OSError as exc:
                raise self._unwritable(exc) from None

        try:
            yield keep
        finally:
            os.close(written)
            if not kept:  # else it may be the only copy
                with suppress(OSError):
                    self._new.unlink()

    def _put(self) -> None:
        self._new.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unwritable(self, exc: OSError) -> ConfigError:
        return ConfigError(
            f"The tokens of {self._tool} cannot be kept in {self.path.parent} ({exc.strerror}). Every renewal brings "
            "a new refresh token, so that this program must be able to write there."
        )


def _parsed(text: str) -> Tokens | None:
    """The tokens of a file's text, None where it holds none."""
    text = text.strip()
    if not text.startswith("{"):
        return Tokens(None, text) if re.fullmatch(r"[\w.~+/=:|-]+", text, re.ASCII) else None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    access, refresh, at = (told.get(name) for name in ("access_token", "refresh_token", "expires_at"))
    if not _token(refresh) or not (access is None or _token(access)):
        return None
    ends, replaces = moment(at), told.get("replaces")
    return Tokens(access, refresh, ends.timestamp() if ends else None, replaces if isinstance(replaces, str) else None)


def _token(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()
