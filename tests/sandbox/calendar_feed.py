"""The feed of a small company's calendar, asked without a network."""

from __future__ import annotations

from typing import Any

from icalendar import Calendar

from connectors.sandbox.company import make_company
from connectors.sandbox.ics import IcsServer
from connectors.sandbox.world import World
from tests.sandbox.desk import exchange
from tests.sandbox.sites import NOW


class Feed:
    """Somebody who knows the secret address. The clock stands still at NOW until `world.advance`."""

    def __init__(self, campaigns: int = 0, **switches: Any) -> None:
        self.world = World(1, NOW)
        self.company = make_company(1, campaigns, NOW, ("ics",))
        self.server = IcsServer(self.world)
        self.server.seed(self.company)
        for name, value in switches.items():
            self.human("switch", name=name, value=value)

    def human(self, verb: str, **payload: Any) -> dict[str, Any]:
        return self.server.human(verb, payload)

    def get(self, path: str | None = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return exchange(self.server.app, "GET", path or self.server.credentials()["path"], headers=given)

    @property
    def text(self) -> str:
        status, headers, body = self.get()
        assert (status, headers["content-type"]) == (200, "text/calendar; charset=utf-8")
        return str(body)

    @property
    def lines(self) -> list[str]:
        """The content lines, unfolded."""
        return self.text.replace("\r\n ", "").split("\r\n")

    def event(self, name: str) -> list[str]:
        """The lines of the first event of that name."""
        for block in "\r\n".join(self.lines).split("BEGIN:VEVENT\r\n")[1:]:
            lines = block.split("\r\n")
            if f"SUMMARY:{name}" in lines:
                return lines
        raise LookupError(name)

    def read(self, kind: str) -> list[Any]:
        """Its components of a kind, as a library reads them."""
        return list(Calendar.from_ical(self.text).walk(kind))

    def made(self, name: str = "Sale", **payload: Any) -> list[str]:
        self.human("create", name=name, **payload)
        return self.event(name)
