"""The commands about the people directory: who is in it, who the tools' accounts may be, and writing what a person
confirmed."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli_options import Config, Debug, Json, session
from sync.errors import ConfigError

if TYPE_CHECKING:  # these cost start-up time
    from collections.abc import Sequence

    from jobs.people_discovery import Found
    from jobs.people_suggestions import Suggested, Suggestion

# ruff: noqa: ARG001, PLC0415 - options keep themselves through their callbacks; imports wait until a command runs

app = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Who is who in the tools: list the people directory, find accounts for it, confirm them.",
)


@app.callback()
def people(context: typer.Context, config: Config = None, as_json: Json = False, debug: Debug = False) -> int:
    """List who is in the people directory, and which tools each is known in. Asks no tool."""
    if context.invoked_subcommand:
        return 0
    from jobs import people_words
    from jobs.people_discovery import tools_with_people

    settings = session.settings
    tools = tools_with_people(settings)
    if session.json:
        session.show_json(people_words.directory_json(settings.people_file, settings.people, tools))
    else:
        people_words.show_directory(session.out, settings.people_file, settings.people, tools)
    return 0


@app.command()
def suggest(config: Config = None, as_json: Json = False, debug: Debug = False) -> int:
    """Read the tools and suggest who their accounts and names are. Writes nothing. Exit code 1: a tool was left out."""
    from jobs import people_words
    from jobs.people_suggestions import keep

    found, suggested = _look()
    settings, lost = session.settings, ""
    try:
        keep(settings.folder, settings.people_file, suggested.suggestions)
    except OSError as why:
        lost = f"The list could not be kept in {settings.folder} ({why.strerror}): use confirm --interactive."
    if session.json:
        session.show_json(people_words.suggested_json(suggested, found.failures))
    else:
        people_words.show_suggested(session.out, suggested, found.failures)
        for line in [lost] if lost else people_words.how_to_confirm(suggested.suggestions):
            session.say(line)
    return int(bool(found.failures))


@app.command()
def confirm(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBER", help="What `people suggest` showed last: 1 3, or 1-9.")
    ] = None,
    by_email: Annotated[
        bool, typer.Option("--all-by-email", help="All accounts that have the address of somebody in the directory.")
    ] = False,
    interactive: Annotated[bool, typer.Option("--interactive", help="Read the tools and ask about each.")] = False,
    config: Config = None,
    as_json: Json = False,
    debug: Debug = False,
) -> int:
    """Write suggestions into the people file, these and no others. Nothing is written to a tool."""
    from jobs import people_words
    from jobs.people_file import confirm as write

    if sum((bool(numbers), by_email, interactive)) != 1:
        raise ConfigError("Say which: the numbers that `people suggest` showed, --all-by-email, or --interactive.")
    settings = session.settings
    failures: dict[str, str] = {}
    if numbers:
        chosen = _numbered(numbers)
    else:
        chosen, failures = _by_email() if by_email else _asked()
    changed = bool(chosen) and write(settings.people_file, chosen, settings.tools)
    if session.json:
        file = str(settings.people_file)
        session.show_json({"file": file, "written": people_words.done(chosen if changed else []), "failures": failures})
        return int(bool(failures))
    people_words.show_failures(session.err, failures)
    for line in people_words.done(chosen if changed else []):
        session.say(f"+ {line}")
    if changed:
        session.say(f"Written to {settings.people_file}. The next run goes by it: campaign-sync sync")
    else:
        why = "has all of that already" if chosen else "stays as it was: nothing was confirmed"
        session.say(f"{settings.people_file} {why}.")
    return int(bool(failures))


def _look() -> tuple[Found, Suggested]:
    from jobs import progress
    from jobs.people_discovery import look
    from jobs.people_match import suggest as match

    settings = session.settings
    with progress.shown(session.err) as told:
        found = look(settings, told)
    return found, match(settings.people, found.seen)


def _numbered(texts: Sequence[str]) -> list[Suggestion]:
    """What the last `people suggest` showed under these numbers."""
    from jobs.people_suggestions import kept

    settings = session.settings
    shown = kept(settings.folder, settings.people_file)
    chosen: dict[int, Suggestion] = {}
    for text in texts:
        found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
        if not found:
            raise ConfigError(f'"{text}" is no number of a suggestion. Write them like this: 1 3, or 1-9.')
        for number in range(int(found[1]), int(found[2] or found[1]) + 1):
            if not 1 <= number <= len(shown):
                known = f"Its numbers go from 1 to {len(shown)}." if shown else "It suggested nothing."
                raise ConfigError(f"The last `people suggest` showed no number {number}. {known}")
            chosen[number] = shown[number - 1]
    return list(chosen.values())


def _by_email() -> tuple[list[Suggestion], dict[str, str]]:
    """What is certain by its address, read from the tools now; and the tools that were left out."""
    found, suggested = _look()
    return [each for each in suggested.suggestions if each.sure], found.failures


def _asked() -> tuple[list[Suggestion], dict[str, str]]:
    """What somebody at the terminal says yes to."""
    from jobs.people_words import show_doubts, show_one

    if session.json or not (sys.stdin and sys.stdin.isatty()):
        raise ConfigError("--interactive needs a terminal. Use numbers instead: campaign-sync people suggest")
    found, suggested = _look()
    show_doubts(session.out, suggested.doubts)
    chosen: list[Suggestion] = []
    for number, each in enumerate(suggested.suggestions, 1):
        show_one(session.out, number, each)
        answer = _answer("     Write this? [y/N/q] ")
        if answer == "q":
            break
        if answer == "y":
            chosen.append(each)
    return chosen, found.failures


def _answer(question: str) -> str:
    """The first letter of a line, small; q at the end of input."""
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        session.say("")
    return line.strip()[:1].lower() if line else "q"
