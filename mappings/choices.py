"""The lenses for choices from a list and for sets of words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.lens import Lens, read_plain, write_plain
from mappings.shape import Shape
from sync.model import Value
from sync.ports import Refusal

MARKER = re.compile(r"cs-[0-9a-z]{8}\Z")


@dataclass(frozen=True)
class ChoiceLens(Lens):
    """One word of a list. `words` is canonical -> native spellings, the first of which is written.

    Without words a choice has the name of its option. `shows` names the canonical values that look like another one.
    `options` are the native names where the tool declares them.
    """

    where: str
    shape: Shape
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shows: Mapping[str, str] = field(default_factory=dict)
    options: frozenset[str] = frozenset()

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if not isinstance(value, str):
            return Refusal(f"{self.where} holds a choice from a list only.")
        shown = self.shows.get(value, value)
        native = self.native(shown)
        if native is None:
            return Refusal(f"{self.where} has no word for '{plain(value)}'; add it to the mapping file.")
        if self.options and native not in self.options:
            return Refusal(f"{self.where} has no option '{native}'; add it there or choose another one.")
        return shown

    def native(self, value: str) -> str | None:
        """The native word for a canonical one."""
        if not self.words:
            return value or None
        spellings = self.words.get(value)
        return spellings[0] if spellings else None

    def read(self, raw: Any) -> Value | Refusal:
        word = read_plain(self.shape, self.where, raw)
        if not isinstance(word, str) or not self.words:
            return word or None if isinstance(word, str) else word
        for value, spellings in self.words.items():
            if word in spellings:
                return value
        return Refusal(f"{self.where} is '{word}', a word that the mapping file does not know.")

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        return write_plain(self.shape, self.where, self.native(shown) if isinstance(shown, str) else None, raw)


@dataclass(frozen=True)
class FlagWordLens(Lens):
    """Yes or no as one of two options; no option is nothing."""

    where: str
    words: ChoiceLens

    def project(self, value: Value) -> Value | Refusal:
        if not (value is None or isinstance(value, bool)):
            return Refusal(f"{self.where} holds yes or no.")
        shown = self.words.project(_word(value))
        return shown if isinstance(shown, Refusal) else value

    def read(self, raw: Any) -> Value | Refusal:
        word = self.words.read(raw)
        return word == "true" if isinstance(word, str) else word

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        return shown if isinstance(shown, Refusal) else self.words.write(_word(value), raw)


@dataclass(frozen=True)
class SetLens(Lens):
    """A set of words. Words that the field cannot hold are not shown; marker labels are never among them.

    `renames` is canonical -> native for words that differ; `options` limits the words where it is not None.
    A word that the record holds already is kept even when it is no option any more.
    """

    where: str
    shape: Shape
    renames: Mapping[str, str] = field(default_factory=dict)
    options: frozenset[str] | None = None

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return frozenset()
        if not isinstance(value, frozenset):
            return Refusal(f"{self.where} holds a set of words only.")
        return frozenset(word for word in value if self._fits(word))

    def lift(self, agreed: Value, shown: Value) -> Value:
        if not isinstance(agreed, frozenset) or not isinstance(shown, frozenset):
            return agreed if self.project(agreed) == shown else shown
        return shown | frozenset(word for word in agreed if not self._fits(word))

    def read(self, raw: Any) -> Value | Refusal:
        words = read_plain(self.shape, self.where, raw)
        if isinstance(words, Refusal):
            return words
        back = {native: word for word, native in self.renames.items()}
        return frozenset(back.get(word, word) for word in words or () if not MARKER.match(word))

    def write(self, value: Value, raw: Any) -> Any:
        if value is not None and not isinstance(value, frozenset):
            return self.project(value)
        held = read_plain(self.shape, self.where, raw) or frozenset()
        if isinstance(held, Refusal):
            return held
        wanted = {self.renames.get(word, word) for word in value or () if self._fits(word)}
        wanted |= {word for word in held if MARKER.match(word)}
        wanted |= held & {self.renames.get(word, word) for word in value or ()}
        return write_plain(self.shape, self.where, frozenset(wanted), raw)

    def _fits(self, word: str) -> bool:
        native = self.renames.get(word, word)
        if word not in self.renames and word in self.renames.values():
            return False  # this spelling means another word here
        allowed = self.options is None or native in self.options
        return allowed and bool(native) and not MARKER.match(native) and self.shape.fits(native)


def _word(value: Value) -> str | None:
    return None if value is None else str(bool(value)).lower()


def plain(word: str) -> str:
    """A canonical word as people read it."""
    return word.replace("_", " ")
