"""One call of the command line: where its output goes, which workspace it is about, and how its failures are told."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.errors import SyncError

if TYPE_CHECKING:  # these cost start-up time, and `--help` needs none of them
    from rich.console import Console

    from jobs.settings import Settings

CONFIG_VARIABLE = "CAMPAIGN_SYNC_CONFIG"
DEFAULT_CONFIG = "campaign-sync.toml"
_FULL = (errno.ENOSPC, errno.EDQUOT)
# With a digit, so that "basic authentication" stays what it is.
_TOKEN_LIKE = re.compile(r"(?i)\b(bearer|basic|klaviyo-api-key)(\s+)(?=\S*\d)\S{8,}|://[^/\s@]+@")


class Session:
    """The state of one call. `config` and the flags are set by whichever option gives them first."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget the call before: one process may make several, as tests do."""
        self.__dict__.clear()
        self.config: Path | None = None
        self.json = False
        self.debug = False
        self._folder: Path | None = None
        self._secrets: tuple[str, ...] = ()

    @cached_property
    def settings(self) -> Settings:
        """The workspace's settings. Raises ConfigError."""
        from jobs.settings import load_settings  # noqa: PLC0415 - costs start-up time

        settings = load_settings(self.config or Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG))
        self._folder, self._secrets = settings.folder, settings.secrets
        return settings

    @cached_property
    def out(self) -> Console:
        """The console for results."""
        from rich.console import Console  # noqa: PLC0415 - costs start-up time

        return Console(highlight=False, markup=False, emoji=False)

    @cached_property
    def err(self) -> Console:
        """The console for progress and for failures."""
        from rich.console import Console  # noqa: PLC0415

        return Console(stderr=True, highlight=False, markup=False, emoji=False)

    def say(self, text: str) -> None:
        """A plain line of the result."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def show_json(self, data: Any) -> None:
        """The whole result as JSON. Escaped where the output's encoding has not every letter, so that none is lost."""
        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        self.say(json.dumps(data, ensure_ascii=encoding != "utf8", indent=2))

    def fail(self, kind: str, message: str) -> int:
        """Tell of a failure in the way that was asked for. Gives the exit code."""
        text = hidden(message, self._secrets)
        if self.json:
            with suppress(OSError):
                self.show_json({"error": text, "kind": kind})
                return 1
        with suppress(OSError):
            sys.stderr.write(f"error: {text}\n")
        return 1

    def failed(self, error: BaseException) -> int:
        """Tell of an exception: ours in its own words, any other in one line with the place of its trace."""
        if isinstance(error, SyncError):
            if self.debug:
                sys.stderr.write(hidden("".join(traceback.format_exception(error)), self._secrets))
            return self.fail(type(error).__name__, _sentence(str(error)))
        if isinstance(error, OSError) and error.errno in _FULL:
            file = f" for {error.filename}" if error.filename else ""
            return self.fail("OSError", f"no room is left{file}: {error.strerror}. Free some space and run again.")
        trace = hidden("".join(traceback.format_exception(error)), self._secrets)
        if self.debug:
            sys.stderr.write(trace)
        where = self._keep(trace)
        name = type(error).__name__
        kept = f"the full trace is in {where}" if where else "the full trace could not be kept; see it with --debug"
        said = f"something unforeseen went wrong ({name}); {kept}. Run again, or report it with that trace."
        return self.fail(name, said)

    def _keep(self, trace: str) -> Path | None:
        name = f"campaign-sync-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.trace"
        for folder in (self._folder, Path(tempfile.gettempdir())):
            if folder is None:
                continue
            with suppress(OSError):
                file = folder / name
                file.touch(mode=0o600)
                file.write_text(trace, "utf-8")
                return file
        return None


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, nor anything that looks like one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "[hidden]")
    return _TOKEN_LIKE.sub(_masked, text)


def guarded(session: Session, call: Callable[[], int]) -> int:
    """The exit code of a call, whose every failure has been told."""
    try:
        return call()
    except KeyboardInterrupt:
        with suppress(OSError):
            sys.stderr.write("\nstopped; nothing half-written; run again to continue\n")
        return 130
    except BrokenPipeError:
        # The reader of our output went away; a second failure at the interpreter's own flush must not show either.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as exc:  # noqa: BLE001 - whatever it is, nobody is shown a trace
        return session.failed(exc)


def _masked(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}[hidden]" if match[1] else "://[hidden]@"


def _sentence(text: str) -> str:
    """With a full stop, but not after a command, which people copy."""
    done = text.endswith((".", "!", "?", "…")) or "\n" in text or re.search(r": campaign-sync [^.]*$", text)
    return text if done else f"{text}."
