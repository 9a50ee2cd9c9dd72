"""What the wires of ESPs have alike: an answer that is one JSON object, and the ESP's own word that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from connectors.answers import json_of, understood
from sync.errors import Rejected

Document = Mapping[str, Any]


class Missing(Rejected):
    """The ESP itself says that there is no such thing; not a gateway, nor a wrong address."""


def object_of(tool: str, doing: str, response: requests.Response, *, creating: bool = False) -> Document:
    """The answer's JSON object; anything else is no word of the ESP's: Unavailable, Ambiguous with `creating`."""
    document: Any = json_of(tool, doing, response, creating=creating)
    with understood(tool, doing, creating=creating):
        if not isinstance(document, dict):
            raise TypeError(doing)
    return dict(document)
