"""What is suggested for the people directory: plain data, kept between showing it and confirming it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sync.errors import ConfigError

KEPT = "people-suggestions.json"
AGAIN = "Run: campaign-sync people suggest"


class Confidence(StrEnum):
    """How sure a suggestion is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    PERHAPS = "perhaps"

    @property
    def rank(self) -> int:
        return list(Confidence).index(self)


@dataclass(frozen=True, slots=True)
class Seen:
    """An account that a tool lists or that its records name. With `text` it is a name in a column of plain text.

    `named` counts the records that name it. `active` is False where the tool says that the account is switched off.
    """

    tool: str
    native: str
    name: str = ""
    email: str = ""
    active: bool = True
    named: int = 0
    text: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Accounts (tool -> native id) and spellings for one person, who is `new` to the directory or in it by this id.

    `email` and `active` are what somebody new is entered with. `seen` is what it comes from.
    """

    person: str
    name: str
    reason: str
    confidence: Confidence
    accounts: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    by_email: bool = False
    new: bool = False
    email: str = ""
    active: bool = True
    seen: tuple[Seen, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether it may be confirmed unseen: somebody of the directory, known by their address, working there."""
        return self.by_email and not self.new and not self.inactive

    @property
    def inactive(self) -> tuple[str, ...]:
        """The tools that call the account switched off."""
        return tuple(one.tool for one in self.seen if not one.active)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not suggested for anybody, and why, as the end of a sentence about it."""

    seen: Seen
    why: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """Everything that a look at the tools gave. A suggestion's number is its position, from 1."""

    suggestions: tuple[Suggestion, ...]
    doubts: tuple[Doubt, ...] = ()


def keep(folder: Path, people_file: Path, suggestions: Sequence[Suggestion]) -> None:
    """Keep what was shown, so that its numbers mean the same when they are confirmed. Raises OSError."""
    shown = {"people": str(people_file.resolve()), "suggestions": [asdict(each) for each in suggestions]}
    file = folder / KEPT
    file.touch(mode=0o600)
    file.write_text(json.dumps(shown, ensure_ascii=False, indent=1), "utf-8")


def kept(folder: Path, people_file: Path) -> tuple[Suggestion, ...]:
    """What was shown last for this people file. Raises ConfigError where nothing was."""
    try:
        shown = json.loads((folder / KEPT).read_text("utf-8"))
        if shown["people"] == str(people_file.resolve()):
            return tuple(_suggestion(each) for each in shown["suggestions"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ConfigError(f"Nothing has been suggested for {people_file} yet, so that no number means anything. {AGAIN}")


def _suggestion(shown: Mapping[str, Any]) -> Suggestion:
    return Suggestion(
        **{
            **shown,
            "confidence": Confidence(shown["confidence"]),
            "aliases": tuple(shown["aliases"]),
            "seen": tuple(Seen(**one) for one in shown["seen"]),
        }
    )
