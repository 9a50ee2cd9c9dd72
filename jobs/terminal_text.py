"""Lines for a terminal: safe text, columns that align, and a layout that follows the width."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from jobs.digest_words import plain

NARROW = 80
LONGEST = 600
Part = str | tuple[str, str]  # text, or text and style


def put(console: Console, *parts: Part, indent: int = 0) -> None:
    """One line. Text of other people's tools is made printable and never read as mark-up; nothing is wrapped."""
    line = Text(" " * indent)
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(text, style)
    line.rstrip()
    console.print(line, soft_wrap=True, highlight=False)


def prose(console: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """A sentence, broken at words where the width asks for it on a terminal; one line when piped."""
    words = plain(text, LONGEST)
    if not console.is_terminal:
        put(console, (words, style), indent=indent)
        return
    line = ""
    for word in words.split():
        if line and indent + cell_len(line) + 1 + cell_len(word) > console.width:
            put(console, (line, style), indent=indent)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    put(console, (line, style), indent=indent)


def narrow(console: Console) -> bool:
    """Whether columns do not fit side by side."""
    return console.width < NARROW


def padded(text: str, width: int) -> str:
    """The text filled up to this many terminal cells."""
    return text + " " * max(0, width - cell_len(text))


def widest(texts: Iterable[str]) -> int:
    """The cells that the widest text takes."""
    return max(map(cell_len, texts), default=0)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 change`, `1,200 changes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
