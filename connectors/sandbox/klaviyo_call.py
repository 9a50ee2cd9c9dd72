"""One request to the Klaviyo stand-in, its JSON:API document, and the shape of errors (reference esp §1.2, §1.10)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connectors.sandbox.klaviyo_state import KlaviyoState

JSON = dict[str, Any]

MEDIA_TYPE = "application/vnd.api+json"


class Problem(Exception):
    """An error answer. `source` has a `pointer` into the body or the name of a `parameter`."""

    def __init__(self, status: int, code: str, title: str, detail: str, source: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.source = source or {"pointer": "/data/"}

    def body(self, id: str) -> JSON:
        error = {"id": id, "status": self.status, "code": self.code, "title": self.title, "detail": self.detail}
        return {"errors": [error | {"source": self.source, "links": {}, "meta": {}}]}


def invalid(detail: str, pointer: str = "", parameter: str = "") -> Problem:
    """The 400 for a value that is not taken."""
    source = {"parameter": parameter} if parameter else {"pointer": pointer or "/data/"}
    return Problem(400, "invalid", "Invalid input.", detail, source)


def missing(kind: str, id: str) -> Problem:
    """The 404 for a resource that is not there."""
    return Problem(404, "not_found", "Not found.", f"A {kind} with id {id} does not exist.", {"parameter": "id"})


def answer(document: JSON | None, status: int = 200) -> Response:
    """A document in the vendor's media type; None is an empty answer."""
    if document is None:
        return Response(status_code=status)
    return Response(json.dumps(document, ensure_ascii=False), status, media_type=MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class Call:
    """A request with everything its handler needs."""

    request: Request
    state: KlaviyoState
    now: datetime
    raw: bytes

    @property
    def base(self) -> str:
        return f"{str(self.request.base_url).rstrip('/')}/api"

    @property
    def id(self) -> str:
        return str(self.request.path_params["id"])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)

    def words(self, name: str) -> list[str]:
        """A parameter that holds a list separated by commas."""
        return [word.strip() for word in (self.query(name) or "").split(",") if word.strip()]

    def document(self) -> Any:
        """The body's `data`. Raises Problem for anything that is no JSON:API document."""
        try:
            body = json.loads(self.raw)
        except ValueError:
            raise Problem(400, "parse_error", "Malformed request.", "The payload provided is malformed.") from None
        if not isinstance(body, dict) or "data" not in body:
            raise invalid("The payload needs a 'data' member.")
        return body["data"]

    def resource(self, type_: str, id: str | None = None) -> JSON:
        """The body's one resource. Raises Problem if it is of another type, or names another id than the path."""
        data = self.document()
        if not isinstance(data, dict):
            raise invalid("'data' must be an object.")
        if data.get("type") != type_:
            raise Problem(409, "conflict", "Conflict.", f"The type of the resource must be '{type_}'.", _at("type"))
        if id is not None and data.get("id") != id:
            raise Problem(
                409, "conflict", "Conflict.", "The id of the resource must be the one of the path.", _at("id")
            )
        attributes = data.setdefault("attributes", {})
        if not isinstance(attributes, dict):
            raise invalid("'attributes' must be an object.", "/data/attributes")
        return data

    def touch(self, *ids: str) -> None:
        """Tell the log which resources this request wrote."""
        touched = getattr(self.request.state, "touched", [])
        self.request.state.touched = [*touched, *(id for id in ids if id not in touched)]
        self.request.state.write = True


def _at(member: str) -> dict[str, str]:
    return {"pointer": f"/data/{member}"}
