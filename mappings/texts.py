"""The lenses for text: one line, and rich text in its canonical Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mappings.lens import Lens, read_plain, write_plain
from mappings.richtext import Unstable, canonical
from mappings.shape import Shape, units
from sync.model import Value
from sync.ports import Refusal

BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
KEYS = re.compile(r"(?:\s*\[[A-Z][A-Z0-9]+-\d+\])+\s*\Z")
length = units  # what `limit` of a shape counts
LAST_KEY = re.compile(r"\[([A-Z][A-Z0-9]+-\d+)\]\s*\Z")


def one_line(text: str) -> str | None:
    """Text without line breaks and outer blanks; None when nothing is left."""
    return BREAKS.sub(" ", text).strip() or None


def cut(text: str, limit: int | None) -> str:
    """The text within a limit, ending in an ellipsis when something was cut."""
    if limit is None or length(text) <= limit:
        return text
    short = text[: limit - 1]
    while length(short) > limit - 1:
        short = short[:-1]
    return short.rstrip() + "…"


@dataclass(frozen=True)
class TextLens(Lens):
    """One line of text. With `keyed`, keys in brackets at its end belong to the native side only."""

    where: str
    shape: Shape
    keyed: bool = False

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if not isinstance(value, str):
            return Refusal(f"{self.where} holds text only.")
        text = self._plain(value)
        limit = self.shape.limit
        if text is not None and limit is not None and length(text) > limit:
            return Refusal(f"{self.where} holds at most {limit} characters, and this text has {length(text)}.")
        return text

    def read(self, raw: Any) -> Value | Refusal:
        text = read_plain(self.shape, self.where, raw)
        return self._plain(text) if isinstance(text, str) else text

    def write(self, value: Value, raw: Any) -> Any:
        text = self.project(value)
        if isinstance(text, Refusal):
            return text
        native = text + self.keys(raw) if isinstance(text, str) and self.keyed else text
        native = write_plain(self.shape, self.where, native, raw)
        if isinstance(native, Refusal) or self.read(native) == text:
            return native
        return Refusal(f"{self.where} would show this text in another way than it is meant; please change it there.")

    def keys(self, raw: Any) -> str:
        """The bracketed keys at the end of the native text, as they stand there."""
        found = KEYS.search(raw) if isinstance(raw, str) else None
        return found.group() if found else ""

    def _plain(self, text: str) -> str | None:
        line = one_line(text)
        return one_line(KEYS.sub("", line)) if line and self.keyed else line


@dataclass(frozen=True)
class RichLens(Lens):
    """Markdown in its canonical form.

    What a tool holds beyond Markdown is never overwritten: a shape keeps it in its place, or refuses. What is written
    is read back first, so that nothing is sent that the tool would show as another text.
    """

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if not isinstance(value, str):
            return Refusal(f"{self.where} holds text only.")
        try:
            return canonical(value)
        except Unstable as why:
            return Refusal(f"{self.where} cannot show this text: {why}.")

    def read(self, raw: Any) -> Value | Refusal:
        text = read_plain(self.shape, self.where, raw)
        return self.project(text) if isinstance(text, str) else text

    def write(self, value: Value, raw: Any) -> Any:
        text = self.project(value)
        if isinstance(text, Refusal):
            return text
        native = write_plain(self.shape, self.where, text, raw)
        if isinstance(native, Refusal) or self.read(native) == text:
            return native
        return Refusal(f"{self.where} would show this text in another way than it is meant; please simplify it.")
