"""One request to the Brevo stand-in, its parameters, its body, and the shape of errors (reference esp §3.7)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from connectors.sandbox.brevo_state import BrevoState, Campaign

JSON = dict[str, Any]


class Problem(Exception):
    """An error answer. `code` is one of the vendor's words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> Response:
        return JSONResponse({"code": self.code, "message": self.message}, self.status)


def invalid(message: str) -> Problem:
    """The 400 for a value that is not taken."""
    return Problem(400, "invalid_parameter", message)


def missing(message: str) -> Problem:
    """The 400 for a value that is needed."""
    return Problem(400, "missing_parameter", message)


def nothing() -> Response:
    return Response(status_code=204)


@dataclass(frozen=True, slots=True)
class Call:
    """A request with everything its handler needs. `sends`: what has begun to send by it, and why."""

    request: Request
    state: BrevoState
    now: datetime
    raw: bytes
    sends: list[tuple[Campaign, str]] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The number in the path. Raises Problem for what is none."""
        text = str(self.request.path_params["id"])
        if not text.isdigit():
            raise invalid("Campaign id is invalid" if "emailCampaigns" in self.request.url.path else "id is invalid")
        return int(text)

    def only(self, *names: str) -> None:
        """Raises Problem for a parameter that the endpoint does not have."""
        for name in self.request.query_params:
            if name not in names and self.state.switches.unknown_refused:
                raise invalid(f"{name} is not a valid parameter")

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)

    def word(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """A parameter that takes some words only."""
        value = self.query(name)
        if value is not None and value not in allowed:
            raise invalid(f"{name} is invalid; it must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: int, least: int, most: int | None = None) -> int:
        """A parameter that is a number from `least` to `most`."""
        text = self.query(name)
        if text is None:
            return default
        if not text.isdigit():
            raise invalid(f"{name} must be a number")
        if int(text) < least or (most is not None and int(text) > most):
            raise Problem(400, "out_of_range", f"{name} is out of range, it must be {least} to {most}")
        return int(text)

    def page(self, rows: list[Any], default: int, most: int) -> list[Any]:
        """`limit` rows from `offset` on, the last created first unless `sort=asc`."""
        limit, offset = self.number("limit", default, 0, most), self.number("offset", 0, 0)
        ordered = rows if self.word("sort", ("asc", "desc")) == "asc" else rows[::-1]
        return ordered[offset : offset + limit]

    def listed(self, name: str, rows: list[JSON], count: int) -> Response:
        """A page as the vendor answers it: with the number of all rows."""
        absent = not rows and self.state.switches.empty_lists_absent
        return JSONResponse({"count": count} | ({} if absent else {name: rows}))

    def body(self) -> JSON:
        """The JSON object that was sent. Raises Problem for anything else."""
        given = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            body = json.loads(self.raw)
        except ValueError:
            body = None
        if not isinstance(body, dict) or given != "application/json":
            raise Problem(400, "bad_request", "Input must be a valid JSON object")
        return body

    def touch(self, campaign: Campaign) -> None:
        """Tell the log what this request wrote."""
        self.request.state.touched = [*getattr(self.request.state, "touched", ()), str(campaign.id)]
