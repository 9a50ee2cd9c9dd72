"""People's names as plain text has them: which two spellings are one name, and the address that a text holds."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MARKS = re.compile("[\u0300-\u036f]")  # accents of European scripts; in others such marks are letters
APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
ADDRESS = re.compile(r"(?P<bare>[^\s<>@,;]+@[^\s<>@,;]+)|[^<>@]*<\s*(?P<after>[^\s<>@,;]+@[^\s<>@,;]+)\s*>")
BETWEEN = re.compile(r"[\s\-\u2010-\u2015._,;()\[\]]+")
# Letters that Unicode does not take apart but that people type apart from their stroke.
STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "ð": "d", "þ": "th"})


@lru_cache(4096)  # a run reads the same few names from many records
def name_words(text: str) -> tuple[str, ...]:
    """The words of a name without case and accents, the first name first: "Lee, Ann-Sofí" is ann, sofi, lee."""
    last, comma, first = text.partition(",")
    if comma and last.strip() and first.strip() and "," not in first:
        text = f"{first} {last}"
    bare = MARKS.sub("", unicodedata.normalize("NFKD", APOSTROPHES.sub("", text).casefold()))
    return tuple(word for word in BETWEEN.split(bare.casefold().translate(STROKES)) if word)


def name_key(text: str) -> str:
    """What two spellings of one name have in common; empty where the text has no word."""
    return " ".join(name_words(text))


def address(text: str) -> str | None:
    """The e-mail address that a text consists of, with or without a name before it; without case."""
    found = ADDRESS.fullmatch(text.strip())
    return (found["bare"] or found["after"]).casefold() if found else None
