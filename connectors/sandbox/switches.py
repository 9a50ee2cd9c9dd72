"""How a stand-in's switch is turned by the human's verb `switch`: what it is called, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any


def turn(server: str, switches: Any, words: Mapping[str, Sequence[str]], name: str, value: Any) -> None:
    """Set a switch of a dataclass of switches; `words` are what those that take a word may be.

    ValueError for a name that there is not, or a value that it does not take.
    """
    known = {one.name: getattr(switches, one.name) for one in fields(switches)}
    if name not in known:
        raise ValueError(f"{server} has no switch {name}; it has {', '.join(known)}")
    if name in words:
        if value not in words[name]:
            raise ValueError(f"the switch {name} takes {', '.join(words[name])}, not {value!r}")
    elif isinstance(known[name], str):
        if not isinstance(value, str):
            raise ValueError(f"the switch {name} takes a text, not {value!r}")
    elif isinstance(known[name], bool):
        if not isinstance(value, bool):
            raise ValueError(f"the switch {name} takes true or false, not {value!r}")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the switch {name} takes a number, not {value!r}")
    setattr(switches, name, value)
