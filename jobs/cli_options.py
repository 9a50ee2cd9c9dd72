"""What all commands share: their options, and how a call ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from jobs.session import Session, guarded

NAME = "campaign-sync"
INTERRUPTED = 130
session = Session()
# The classes behind typer.BadParameter, which typer does not name itself: the usage error, and any told by it.
_USAGE_ERROR, _TOLD = typer.BadParameter.__mro__[1:3]


def _config(path: Path | None) -> Path | None:
    session.config = path or session.config
    return path


def _json(wanted: bool) -> bool:
    session.json = wanted or session.json
    return wanted


def _debug(wanted: bool) -> bool:
    session.debug = wanted or session.debug
    return wanted


Config = Annotated[
    Path | None,
    typer.Option("--config", callback=_config, metavar="FILE", help="The workspace's file [./campaign-sync.toml]."),
]
Json = Annotated[bool, typer.Option("--json", callback=_json, help="Print JSON for programs.")]
Debug = Annotated[bool, typer.Option("--debug", callback=_debug, help="Show the trace of a failure.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every field of what is created.")]
Campaign = Annotated[
    str | None, typer.Option("--campaign", metavar="KEY", help="One campaign: its key (CAM-17), id or name.")
]
ToolName = Annotated[str | None, typer.Option("--tool", metavar="NAME", help="One tool, as the workspace names it.")]
Full = Annotated[
    bool, typer.Option("--full", help="Read all of every tool, also where a tool could tell what changed.")
]
MassChange = Annotated[bool, typer.Option("--allow-mass-change", help="Let this run change more than [guard] allows.")]


class Commands(TyperGroup):
    """All commands. Every failure, a mistyped option too, is one message and exit code 1; 2 belongs to `plan`."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002 - we have one name, however we were started
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit; without `standalone_mode` give the exit code."""
        session.renew()
        given = list(sys.argv[1:] if args is None else args) or ["--help"]
        # A closed stream (`>&-`) is None to Python, and everything written to it would fail.
        sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal without an arrow is no reason to fail
        code = guarded(session, lambda: self._called(given, NAME, complete_var, windows_expand_args, **extra))
        if standalone_mode:
            sys.exit(code)
        return code

    def _called(self, given: list[str], name: str | None, complete: str | None, expand: bool, **extra: Any) -> int:
        try:
            code = super().main(given, name, complete, False, expand, **extra)
        except _TOLD as error:  # type: ignore[misc]
            session.json = session.json or "--json" in given
            return session.fail("UsageError", _usage(error))
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _usage(error: Any) -> str:
    said = error.format_message()
    if "argument(s) (or" in said:  # pasted from a report, which offers every choice in one line
        said = 'Only one of the choices may stay; leave out the "or" and what follows it.'
    context = getattr(error, "ctx", None)
    asked = context.command_path if isinstance(error, _USAGE_ERROR) and context else NAME
    return f"{said if said.endswith(('.', '?')) else said + '.'} See: {asked} --help"
