"""Webhooks as tools keep them: what is registered, why one cannot be made, and whether our address answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import requests

from connectors.http import session
from sync.errors import ConfigError

PATH: Final = "/webhooks/"  # of the receiver; the tool's name follows
KNOCK: Final = (5, 10)  # seconds


@dataclass(frozen=True, slots=True)
class Registered:
    """A webhook that a tool keeps.

    `url`: whom it tells, None if nobody. `ours`: it is for this tool of a workspace. `active`: it would tell now.
    `expires`: when the tool forgets it, None for never. `trouble`: what went wrong with its last delivery.
    """

    id: str
    name: str
    url: str | None
    ours: bool
    active: bool = True
    expires: datetime | None = None
    trouble: str | None = None


class Unable(ConfigError):
    """This account, or this way of signing in, cannot have a webhook made; a person can."""


def for_tool(tool: str, url: str | None) -> bool:
    """Whether an address is that of the receiver for this tool, wherever the receiver stands."""
    try:
        return url is not None and urlsplit(url).path.endswith(f"{PATH}{tool}")
    except ValueError:
        return False


def unanswered(url: str) -> str | None:
    """Why nobody answers at an address, as seen from this machine; None where somebody does, whatever they say."""
    try:
        with session(per_second=None) as http:
            http.get(url, timeout=KNOCK, allow_redirects=False, stream=True).close()
    except requests.exceptions.SSLError:
        return "its certificate is not trusted"
    except requests.Timeout:
        return "no answer came in time"
    except requests.RequestException:
        return "no connection could be made"
    return None
