"""Writes confirmed suggestions into people.toml, keeping its comments, its order and everything that people wrote."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Collection, Iterator, MutableMapping, MutableSequence, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from jobs.people import read_people
from jobs.people_suggestions import AGAIN, Suggestion
from jobs.settings_errors import Problems
from sync.errors import ConfigError
from sync.wording import tool_title

BOM = "\ufeff"
_UNSAFE = "It is written in a way that cannot be edited safely; add what you confirmed by hand"


def confirm(path: Path, chosen: Sequence[Suggestion], tools: Collection[str]) -> bool:
    """Write these into the file, all or none of them; False where it says all of that already. Raises ConfigError.

    The file that results is read and checked before it takes the place of the old one, so that the next run can use
    it. What a suggestion rests on may have changed since it was shown; it is refused then.
    """
    real = path.resolve()  # a link stays a link
    try:
        before = real.read_bytes().decode("utf-8")
        mark = BOM if before.startswith(BOM) else ""
        after = mark + edited(before.removeprefix(BOM), chosen)
        if tomllib.loads(after.removeprefix(BOM)) != tomllib.loads(before.removeprefix(BOM)):
            _replace(real, after, set(tools))
            return True
    except OSError as why:
        raise ConfigError(f"{path} cannot be written: {why.strerror}. Nothing was changed.") from why
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    except _UnsafeError:
        raise ConfigError(f"{path} was not changed. {_UNSAFE}.") from None
    return False


class _UnsafeError(Exception):
    """The library made something else of the file than was wanted."""


def edited(text: str, chosen: Sequence[Suggestion]) -> str:
    """The text of a people file with the suggestions in it. Raises ConfigError where one does not fit any more."""
    wanted = tomllib.loads(text)
    _apply(wanted.setdefault("people", []), chosen)
    lines = text.replace("\r\n", "\n")
    try:
        document = tomlkit.parse(lines + ("\n" if lines and not lines.endswith("\n") else ""))
        _apply(document.setdefault("people", tomlkit.aot()), chosen)
        made = tomlkit.dumps(document)
        if tomllib.loads(made) != wanted:
            raise _UnsafeError
    except (TOMLKitError, tomllib.TOMLDecodeError) as why:
        raise _UnsafeError from why
    return made.replace("\n", "\r\n") if "\r\n" in text else made


def _apply(people: MutableSequence[Any], chosen: Sequence[Suggestion]) -> None:
    """The same steps on plain data and on the library's, so that the one can check the other."""
    for suggestion in chosen:
        entry = next((each for each in people if each.get("id") == suggestion.person), None)
        if suggestion.new and entry is not None:
            raise ConfigError(f'The people file has a person "{suggestion.person}" by now. {AGAIN}')
        if suggestion.new:
            people.append(_somebody(suggestion))
            if isinstance(people, AoT) and len(people) > 1:
                people[-1].trivia.indent = "\n"
        elif entry is None:
            raise ConfigError(f'The people file has no person "{suggestion.person}" any more. {AGAIN}')
        else:
            _add(entry, suggestion)


def _add(entry: MutableMapping[str, Any], suggestion: Suggestion) -> None:
    """The accounts and aliases for somebody who is in the file."""
    held = entry.get("accounts") or {}
    for tool, native in suggestion.accounts.items():
        if held.get(tool, native) != native:
            raise ConfigError(f"{entry.get('name')} has another {tool_title(tool)} account by now. {AGAIN}")
    aliases = [alias for alias in suggestion.aliases if alias not in entry.get("aliases", ())]
    if aliases:
        _put(entry, "aliases", [*entry.get("aliases", ()), *aliases])
    if not suggestion.accounts:
        return
    if "accounts" not in entry:
        _put(entry, "accounts", dict(suggestion.accounts))
    for tool, native in suggestion.accounts.items():
        _put(entry["accounts"], tool, native)


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """Set a key. A new one goes below the others and above the blank lines and comments after them, for these belong
    to what follows."""
    body = table.value.body if isinstance(table, Table) else []
    tail = []
    while body and body[-1][0] is None:
        tail.append(body.pop())
    if table.get(key) != value:
        table[key] = value
    body.extend(reversed(tail))


def _somebody(suggestion: Suggestion) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": suggestion.person, "name": suggestion.name}
    entry |= {"email": suggestion.email} if suggestion.email else {}
    entry |= {} if suggestion.active else {"active": False}
    entry |= {"aliases": list(suggestion.aliases)} if suggestion.aliases else {}
    entry |= {"accounts": dict(suggestion.accounts)} if suggestion.accounts else {}
    return entry


def _replace(path: Path, text: str, tools: set[str]) -> None:
    """Put the text in the file's place in one step, if it is sound. Raises ConfigError or OSError."""
    with _beside(path) as made:
        made.write_bytes(text.encode("utf-8"))
        problems = Problems()
        read_people(made, tools=tools, problems=problems)
        if problems.told:
            said = problems.told[0][2]
            raise ConfigError(f"{path} would not be right any more: {said}. Nothing was changed. {AGAIN}")
        before = path.stat()
        made.chmod(before.st_mode & 0o7777)
        with suppress(OSError):
            os.chown(made, before.st_uid, before.st_gid)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new file in the same folder, which is gone afterwards unless it was moved."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(number)
    made = Path(name)
    try:
        yield made
    finally:
        with suppress(FileNotFoundError):
            made.unlink()
