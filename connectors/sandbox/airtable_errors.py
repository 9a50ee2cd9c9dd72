"""The errors that Airtable answers with (reference airtable §6)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class AirtableError(Exception):
    """A refusal: the status and the JSON body to answer with."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status, self.body = status, body

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status)


def refused(status: int, type_: str, message: str) -> AirtableError:
    """An error whose `error` member is an object."""
    return AirtableError(status, {"error": {"type": type_, "message": message}})


def unauthenticated() -> AirtableError:
    return refused(401, "AUTHENTICATION_REQUIRED", "Authentication required")


def scope_missing() -> AirtableError:
    return refused(403, "INVALID_PERMISSIONS", "You are not permitted to perform this operation")


def model_not_found() -> AirtableError:
    return refused(
        403,
        "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
        "Invalid permissions, or the requested model was not found. Check that both your user and your token have "
        "the required permissions, and that the model names and/or ids are correct.",
    )


def not_found() -> AirtableError:
    """The one whose `error` is a bare string."""
    return AirtableError(404, {"error": "NOT_FOUND"})


def bad_request(message: str) -> AirtableError:
    return refused(422, "INVALID_REQUEST_UNKNOWN", f"Invalid request: {message}")


def missing_fields(message: str) -> AirtableError:
    return refused(422, "INVALID_REQUEST_MISSING_FIELDS", message)


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


def unknown_row(record: str) -> AirtableError:
    return refused(422, "ROW_DOES_NOT_EXIST", f"Record ID {record} does not exist")


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


def too_many_requests() -> AirtableError:
    body = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}
    return AirtableError(429, body)
