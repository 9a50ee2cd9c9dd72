"""The errors that Airtable answers with (reference airtable §6)."""

from __future__ import annotations

import math
from typing import Any

from starlette.responses import JSONResponse


class AirtableError(Exception):
    """A refusal: the status, the JSON body and the headers to answer with."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(body)
        self.status, self.body, self.headers = status, body, headers

    @property
    def reason(self) -> str:
        """The message, or the type where there is none."""
        error = self.body["error"] if "error" in self.body else self.body["errors"][0]
        return str(error["message"] if isinstance(error, dict) else error)

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status, self.headers)


def refused(status: int, type_: str, message: str) -> AirtableError:
    """An error whose `error` member is an object."""
    return AirtableError(status, {"error": {"type": type_, "message": message}})


def unauthenticated(type_: str = "AUTHENTICATION_REQUIRED") -> AirtableError:
    return refused(401, type_, "Authentication required")


def scope_missing() -> AirtableError:
    return refused(403, "INVALID_PERMISSIONS", "You are not permitted to perform this operation")


def model_not_found() -> AirtableError:
    return refused(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your token have "
        "the required permissions, and that the model names and/or ids are correct.",
    )


def not_found(*, as_object: bool = False) -> AirtableError:
    """The one whose `error` is a bare string, unless it is an object."""
    if as_object:
        return refused(404, "NOT_FOUND", "Could not find what you are looking for")
    return AirtableError(404, {"error": "NOT_FOUND"})


def bad_request(message: str) -> AirtableError:
    return refused(422, "INVALID_REQUEST_UNKNOWN", f"Invalid request: {message}")


def missing_fields(message: str, type_: str = "INVALID_REQUEST_MISSING_FIELDS") -> AirtableError:
    return refused(422, type_, message)


def unknown_field(name: str) -> AirtableError:
    return refused(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')


def bad_value(column: str) -> AirtableError:
    return refused(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{column}" cannot accept the provided value')


def computed(column: str) -> AirtableError:
    return refused(
        422,
        "INVALID_VALUE_FOR_COLUMN",
        f'Field "{column}" cannot accept a value because the field is computed',
    )


def unknown_choice(name: str) -> AirtableError:
    return refused(
        422, "INVALID_MULTIPLE_CHOICE_OPTIONS", f'Insufficient permissions to create new select option "{name}"'
    )


def unknown_row(record: str, message: str = "Record ID {} does not exist") -> AirtableError:
    return refused(422, "ROW_DOES_NOT_EXIST", message.format(record))


def too_large(type_: str) -> AirtableError:
    return refused(413, type_, "The request body is too large")


def bad_formula(reason: str) -> AirtableError:
    return refused(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {reason}")


def iterator_gone() -> AirtableError:
    return refused(
        422,
        "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
        "The iterator is no longer available. List the records from the start.",
    )


def ambiguous(fields: list[str]) -> AirtableError:
    return refused(
        422, "INVALID_VALUE_FOR_COLUMN", f"Cannot upsert: more than one record has the same {', '.join(fields)}"
    )


def too_many_requests(seconds: float | None = None) -> AirtableError:
    """`seconds`: what Retry-After tells, where it is sent."""
    body = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}
    return AirtableError(429, body, {} if seconds is None else {"Retry-After": str(math.ceil(seconds))})


def quota_used_up() -> AirtableError:
    """The other 429: nothing helps but the next month, or a greater plan."""
    body = {
        "errors": [
            {
                "error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
                "message": "The API billing limit of this workspace has been exceeded for the month",
            }
        ]
    }
    return AirtableError(429, body)
