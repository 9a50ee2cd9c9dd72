"""What is wrong with a configuration file, in sentences that name the file, the line, the key and the way out."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.errors import ConfigError

Loc = tuple[str | int, ...]
ENV_PREFIX = "CAMPAIGN_SYNC_"

_DAY = "must be a day such as 2026-10-01"
# pydantic's error types in the words of somebody who edits a TOML file.
_WORDS = {
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": 'must be a list, such as ["one", "two"]',
    "tuple_type": 'must be a list, such as ["one", "two"]',
    "too_short": "must name at least one",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
}
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_BOUND_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: where it is, what it says, and on which line each key stands (1-based)."""

    path: Path
    data: dict[str, Any]
    lines: Mapping[Loc, int] = field(default_factory=dict)

    def line(self, loc: Loc) -> int | None:
        """The line of the key, else of the nearest table around it."""
        for end in range(len(loc), 0, -1):
            if loc[:end] in self.lines:
                return self.lines[loc[:end]]
        return None


@dataclass(slots=True)
class Problems:
    """Everything that is wrong, gathered so that it is told at once."""

    told: list[tuple[Path, int, str]] = field(default_factory=list)

    def add(self, document: Document, loc: Loc, said: str) -> None:
        """`said` follows the key: "is missing", "must be a number"."""
        key = dotted(loc)
        variable = env_name(loc)
        if variable in {name.upper() for name in os.environ}:
            said = f"{said} (set by the environment variable {variable})"
        self.told.append((document.path, document.line(loc) or 0, f"{key} {said}".strip() if key else said))

    def raise_any(self) -> None:
        """One ConfigError with all of them, by file and line."""
        if not self.told:
            return
        lines = [_sentence(path, line, said) for path, line, said in sorted(set(self.told), key=_place)]
        if len(lines) == 1:
            raise ConfigError(lines[0])
        raise ConfigError(f"The configuration has {len(lines)} problems:" + "".join(f"\n  {line}" for line in lines))


def read_toml(path: Path, *, missing: str) -> Document:
    """The file, parsed. Raises ConfigError when it is not there (`missing` says what to do then) or is not TOML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"There is no file {path}. {missing}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder, not a file. {missing}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}. Check its permissions.") from exc
    try:
        return Document(path, tomllib.loads(text), key_lines(text))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is not valid TOML: {_toml_words(exc, text)}") from None


def key_lines(text: str) -> dict[Loc, int]:
    """The line of every key of a valid TOML text: each statement is parsed by itself, with the lines that it needs."""
    found: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        start, parsed = at, None
        while parsed is None and at < len(lines):
            at += 1
            parsed = _parsed("\n".join(lines[start:at]))
        opening = lines[start].lstrip()
        if opening.startswith("["):
            table = _header(parsed or {}, counts, many=opening.startswith("[["))
            found.setdefault(table, start + 1)
        else:
            for path in _paths(parsed or {}):
                for end in range(1, len(path) + 1):
                    found.setdefault((*table, *path[:end]), start + 1)
    return found


def said_of(error: Mapping[str, Any], known: Iterable[str] = ()) -> str:
    """What a pydantic error says about its key. `known` are the keys that exist where an unknown one was found."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "extra_forbidden":
        return unknown("key", str(error["loc"][-1]), known)
    if kind == "missing":
        return "is missing; add it"
    if kind in {"literal_error", "enum"}:
        return f"must be one of {context.get('expected', '')}"
    if kind == "value_error":
        return str(context["error"])
    if kind in _BOUNDS:
        return f"must be {_BOUND_WORDS[_BOUNDS[kind]]} {context[_BOUNDS[kind]]}"
    return _WORDS.get(kind, str(error["msg"]))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Why a name is refused, and which one was probably meant."""
    names = sorted(known)
    if what == "key" and name in {"token", "password", "api_key", "secret"}:
        stem = "password" if name == "password" else "token"
        return f"does not belong in this file; put the secret in a file of its own and name it with {stem}_file"
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f'is not a known {what}; did you mean "{near[0]}"?'
    return f"is not a known {what}; known are {', '.join(names)}" if names else f"is not a known {what}"


def dotted(loc: Loc) -> str:
    """A key as TOML writes it; list positions count from one: `people[2].email`."""
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def env_name(loc: Loc) -> str:
    """The environment variable that overrides a key."""
    return ENV_PREFIX + "__".join(str(part) for part in loc).upper()


def _place(told: tuple[Path, int, str]) -> tuple[str, int, str]:
    return str(told[0]), told[1], told[2]


def _sentence(path: Path, line: int, said: str) -> str:
    where = f"{path}, line {line}: " if line else f"{path}: "
    if not line and str(path) in said:
        where = ""  # it names the file by itself
    return f"{where}{said}" + ("" if said.endswith((".", "?", "!")) else ".")


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _header(parsed: dict[str, Any], counts: dict[Loc, int], *, many: bool) -> Loc:
    """The path of a `[table]` or `[[table]]`, with the position of every list of tables on the way."""
    names: list[str] = []
    node: Any = parsed
    while isinstance(node, dict) and node:
        name, node = next(iter(node.items()))
        names.append(name)
    path: Loc = ()
    for position, name in enumerate(names, 1):
        path = (*path, name)
        if many and position == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _paths(node: Any, path: Loc = ()) -> Iterable[Loc]:
    if path:
        yield path
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _paths(inner, (*path, name))
    elif isinstance(node, list):
        for position, inner in enumerate(node):
            yield from _paths(inner, (*path, position))


def _toml_words(exc: tomllib.TOMLDecodeError, text: str) -> str:
    said = str(exc)
    if "at end of document" in said:
        return said.replace("at end of document", f"at the end, line {len(text.splitlines())}") + "."
    return said + "."
