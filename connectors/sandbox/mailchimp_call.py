"""One request to the Mailchimp stand-in, the fields it asks for, the shape of refusals (reference esp §2.1, §2.8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from connectors.sandbox.mailchimp_state import JSON, MailchimpState

DOCUMENTATION = "https://mailchimp.com/developer/marketing/docs/errors/"
MOST = 1000
T = TypeVar("T")


class Problem(Exception):
    """A refusal. `errors`: pairs of a member of what was sent, and what is wrong with it."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.errors = status, title, detail, tuple(errors)

    def answer(self, instance: str, with_errors: bool) -> Response:
        body: JSON = {"type": DOCUMENTATION, "title": self.title, "status": self.status, "detail": self.detail}
        body["instance"] = instance
        if self.errors and with_errors:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        return Response(json.dumps(body), self.status, media_type="application/problem+json")


def invalid(field: str, message: str) -> Problem:
    """The 400 for a member that is not taken."""
    detail = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
    return Problem(400, "Invalid Resource", detail, [(field, message)])


def missing() -> Problem:
    """The 404 for what is not there. It does not say what was looked for."""
    return Problem(404, "Resource Not Found", "The requested resource could not be found.")


def refused(detail: str) -> Problem:
    """The 400 for what the campaign's state does not allow."""
    return Problem(400, "Bad Request", detail)


@dataclass(frozen=True, slots=True)
class Call:
    """A request with everything its handler needs."""

    request: Request
    state: MailchimpState
    now: datetime
    raw: bytes
    dc: str

    @property
    def base(self) -> str:
        return f"{str(self.request.base_url).rstrip('/')}/3.0"

    def place(self, name: str = "id") -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)

    def choice(self, name: str, words: Sequence[str]) -> str | None:
        """A parameter that takes one of some words. Raises Problem for any other."""
        value = self.query(name)
        if value is not None and value not in words:
            raise invalid(name, f"Value must be one of: {', '.join(words)}")
        return value

    def moment(self, name: str) -> datetime | None:
        """A parameter that takes a time; one without a zone is in UTC. Raises Problem for anything else."""
        text = self.query(name)
        return None if text is None else time_of(name, text)

    def number(self, name: str, default: int, most: int | None = None) -> int:
        text = self.query(name)
        if text is None:
            return default
        if not text.isdecimal():
            raise invalid(name, "Schema describes integer, string found instead")
        if most is not None and int(text) > most:
            raise invalid(name, f"This value should be {most} or less.")
        return int(text)

    def page(self, name: str, rows: Sequence[T], show: Callable[[T], JSON], **more: Any) -> Response:
        """Some of the rows, from the offset on as they stand now, and how many there are in all."""
        count, offset = self.number("count", 10, MOST), self.number("offset", 0)
        shown = [show(row) for row in rows[offset : offset + count]]
        return self.answer({name: shown, **more, "total_items": len(rows)})

    def answer(self, document: JSON) -> Response:
        """A document, of which only the fields asked for are left."""
        wanted, unwanted = self._paths("fields"), self._paths("exclude_fields")
        shown: Any = _kept(document, wanted) if wanted else document
        for path in unwanted:
            shown = _without(shown, path)
        return Response(json.dumps(shown, ensure_ascii=False), media_type="application/json; charset=utf-8")

    def _paths(self, name: str) -> list[list[str]]:
        return [word.strip().split(".") for word in (self.query(name) or "").split(",") if word.strip()]

    def body(self) -> JSON:
        """The body's members. Raises Problem for anything that is no JSON object."""
        if not self.raw:
            return {}
        try:
            body = json.loads(self.raw)
        except ValueError:
            raise Problem(400, "JSON Parse Error", "We encountered an unspecified JSON parsing error.") from None
        if not isinstance(body, dict):
            raise invalid("", "Schema describes object, another type found instead")
        return body

    def touch(self, *ids: str) -> None:
        """Tell the log which campaigns this request wrote."""
        self.request.state.touched = list(ids)
        self.request.state.write = True


def time_of(field: str, given: Any) -> datetime:
    """A time of ISO 8601, in UTC where it has no zone. Raises Problem for anything else."""
    try:
        at = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise invalid(field, "This value is not a valid datetime.") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _kept(document: Any, paths: Sequence[Sequence[str]]) -> Any:
    """Only what the paths lead to; a path to a thing keeps all of it."""
    if isinstance(document, list):
        return [_kept(one, paths) for one in document]
    if not isinstance(document, Mapping):
        return document
    kept: JSON = {}
    for name, value in document.items():
        rest = [path[1:] for path in paths if path[0] == name]
        if rest:
            kept[name] = value if [] in rest else _kept(value, rest)
    return kept


def _without(document: Any, path: Sequence[str]) -> Any:
    if isinstance(document, list):
        return [_without(one, path) for one in document]
    if not isinstance(document, Mapping):
        return document
    if len(path) == 1:
        return {name: value for name, value in document.items() if name != path[0]}
    return {name: _without(value, path[1:]) if name == path[0] else value for name, value in document.items()}
