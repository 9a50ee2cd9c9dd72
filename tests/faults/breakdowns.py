"""What breaks on the wire: the rows of the matrix, each as one or more ways of arming it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from connectors.sandbox.world import Fault
from sync.model import Kind
from tests.faults.desk import NOW, Desk, Operation

ALWAYS = 1000
TIMED_OUT = "X-Timed-Out"  # of an answer that the client is not to see any more
POSITIONS = (0, 1, 30, -1)
CONTAINER = {"jira": r"/project/", "airtable": r"/meta/bases/", "klaviyo": r"^$"}
EVERYTHING = {"jira": r"/3/(project|issue|search|field)", "airtable": r"/v0/", "klaviyo": r"/api/"}
PAGES = {"jira": "/issues", "airtable": "/records", "klaviyo": "/data"}
NOTHING: dict[str, Any] = {
    "jira": {"issues": [], "isLast": True}, "airtable": {"records": []},
    "klaviyo": {"data": [], "links": {"next": None}},
}  # fmt: skip
EXPIRED: dict[str, tuple[int, Any]] = {
    "jira": (400, {"errorMessages": ["The provided next page token is invalid or expired."], "errors": {}}),
    "airtable": (422, {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "message": "Begin again."}}),
    "klaviyo": (400, {"errors": [{"status": 400, "title": "Invalid input.", "detail": "The cursor is invalid."}]}),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way of breaking: faults on the wire, or people who work between two pages."""

    faults: tuple[Fault, ...] = ()
    interlude: Callable[[Desk], object] | None = None


Ways = Callable[[Desk, Operation], Iterator[Way]]


def _at(desk: Desk, operation: Operation, status: int | None, **options: Any) -> Fault:
    options = {"skip": operation.skip} | options
    return Fault(desk.tool, status, operation.method, operation.path, **options)


def _refusal(desk: Desk, status: int) -> Any:
    """An error body in the vendor's shape, which carelessly quotes the token."""
    said = f"No, {desk.secret} may not."
    match desk.tool:
        case "jira":
            return {"errorMessages": [said], "errors": {}}
        case "airtable":
            type_ = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND" if status == 403 else "NOT_FOUND"
            return {"error": {"type": type_, "message": said}}
    return {"errors": [{"status": status, "title": "No.", "detail": said}]} if status != 404 else {"message": said}


def answered(status: int, *, times: int = 1, asks: Callable[[], str] | None = None) -> Ways:
    """The tool refuses, and perhaps asks to wait."""

    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        headers = {"Retry-After": asks()} if asks else {}
        yield Way((_at(desk, operation, status, times=times, headers=headers, body=_refusal(desk, status)),))

    return ways


def in_a_minute() -> str:
    return format_datetime(NOW + timedelta(seconds=60), usegmt=True)


def late(desk: Desk, operation: Operation) -> Iterator[Way]:
    """The request is carried out, and the answer comes after the time-out."""
    yield Way((_at(desk, operation, None, headers={TIMED_OUT: "yes"}),))


def dropped(desk: Desk, operation: Operation) -> Iterator[Way]:
    """The connection ends before anything is done."""
    yield Way((_at(desk, operation, 0),))


def cut(*, announced: bool) -> Ways:
    """The request is carried out, and the answer's body ends too early."""

    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        for position in POSITIONS:
            yield Way((_at(desk, operation, None, cut=position, announced=announced),))

    return ways


def page(desk: Desk, operation: Operation) -> Iterator[Way]:
    """A gateway's page in place of the tool, with a good status."""
    html = f"<html><title>Log in</title>{desk.secret}</html>"
    yield Way((_at(desk, operation, 200, times=ALWAYS, body=html, headers={"Content-Type": "text/html"}),))


def other(*bodies: Any) -> Ways:
    """The request is carried out, and the answer is JSON of something else."""

    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        for body in bodies:
            text = json.dumps(body)
            yield Way((_at(desk, operation, 200, times=ALWAYS, body=text, after=True),))

    return ways


def spoilt(*edits: dict[str, Any]) -> Ways:
    """The request is carried out, and an essential part of the answer is not what it should be."""

    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        for pointer in operation.essentials:
            for edit in edits:
                if edit["op"] == "remove" and pointer.rpartition("/")[2].isdigit():
                    continue  # one record less: that is a listing like any other
                yield Way((_at(desk, operation, None, times=ALWAYS, edits=({"path": pointer, **edit},)),))

    return ways


def doubled(desk: Desk, operation: Operation) -> Iterator[Way]:
    """An object of the answer has one key twice, with two values."""
    keys = [pointer for pointer in operation.essentials if not pointer.rpartition("/")[2].isdigit()]
    for pointer in keys:
        edit = {"op": "double", "path": pointer, "value": []}
        yield Way((_at(desk, operation, None, times=ALWAYS, edits=(edit,)),))


def odd(desk: Desk, operation: Operation) -> Iterator[Way]:
    """One field of one record is of a wrong type."""

    def native(found: re.Match[str]) -> str:
        return desk.field(Kind(found[1]), found[2])

    for pointer, value in operation.oddities:
        edit = {"op": "replace", "path": re.sub(r"\{(\w+)\.([\w ]+)\}", native, pointer), "value": value}
        yield Way((_at(desk, operation, None, edits=(edit,)),))


def twice(desk: Desk, operation: Operation) -> Iterator[Way]:
    """A record comes two times in one page."""
    edit = {"op": "copy", "from": f"{PAGES[desk.tool]}/0", "path": f"{PAGES[desk.tool]}/-"}
    yield Way((_at(desk, operation, None, edits=(edit,)),))


def inserted(desk: Desk, _: Operation) -> Iterator[Way]:
    """Somebody makes a record while the listing is read."""
    match desk.tool:
        case "jira":
            yield Way(interlude=lambda d: d.people("create", fields={"Issue Type": "Task", "Summary": "Between"}))
        case "airtable":
            yield Way(interlude=lambda d: d.people("create", table="Stages", fields={"Title": "Between"}))
        case _:
            lists = desk.campaign.fields["audiences"]["included"][0]["name"]
            yield Way(interlude=lambda d: d.people("create", name="Between", audiences=[lists]))


def deleted(desk: Desk, _: Operation) -> Iterator[Way]:
    """Somebody deletes a record that has been read already, so that the others move up."""
    first = desk.records(Kind.CAMPAIGN if desk.tool == "klaviyo" else Kind.STAGE)[0].ref.native
    match desk.tool:
        case "jira":
            yield Way(interlude=lambda d: d.people("delete", issue=first))
        case "airtable":
            yield Way(interlude=lambda d: d.people("delete", table="Stages", record=first))
        case _:
            yield Way(interlude=lambda d: d.people("delete", campaign=desk.campaign.ref.native))


def expired(*, times: int) -> Ways:
    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        status, body = EXPIRED[desk.tool]
        yield Way(tuple(_at(desk, operation, status, skip=operation.skip + n, body=body) for n in range(times)))

    return ways


def closed(status: int) -> Ways:
    """The project, base or account is shut to us: the request and every look at the container."""

    def ways(desk: Desk, operation: Operation) -> Iterator[Way]:
        body = _refusal(desk, status)
        path = (EVERYTHING if operation.holds else CONTAINER)[desk.tool]
        container = Fault(desk.tool, status, path=path, times=ALWAYS, body=body)
        yield Way((_at(desk, operation, status, times=ALWAYS, body=body), container))

    return ways


def silent(desk: Desk, operation: Operation) -> Iterator[Way]:
    """The tool says that all is well, and shows nothing."""
    body = [] if desk.tool == "jira" and operation.method == "GET" else NOTHING[desk.tool]
    body = {"tables": []} if operation.path.endswith("/tables$") else body
    body = {"values": [], "total": 0} if operation.path.endswith("/changelog$") else body
    yield Way((_at(desk, operation, 200, times=ALWAYS, body=body),))


def anonymous(desk: Desk, operation: Operation) -> Iterator[Way]:
    """The tool takes us for a stranger, to whom it shows nothing, and says so only when asked who we are."""
    (way,) = silent(desk, operation)
    stranger = Fault(desk.tool, 401, path=r"/myself$", times=ALWAYS, body=_refusal(desk, 401))
    yield Way((*way.faults, stranger))


FAULTS: dict[str, Ways] = {
    "429": answered(429),
    "429 with seconds": answered(429, asks=lambda: "7"),
    "429 with a date": answered(429, asks=in_a_minute),
    "429 for a day": answered(429, asks=lambda: "86400"),
    "5xx, short": answered(503, times=2),
    "5xx, long": answered(500, times=ALWAYS),
    "late answer": late,
    "dropped": dropped,
    "cut, length kept": cut(announced=True),
    "cut, length fits": cut(announced=False),
    "web page": page,
    "text or number": other("text", 5),
    "list": other([5]),
    "null": other(None),
    "wrong type": spoilt({"op": "replace", "value": 5}, {"op": "replace", "value": [5]}),
    "null inside": spoilt({"op": "replace", "value": None}),
    "missing key": spoilt({"op": "remove"}),
    "key twice": doubled,
    "odd field": odd,
    "record twice": twice,
    "one more": inserted,
    "one less": deleted,
    "expired": expired(times=1),
    "expires always": expired(times=ALWAYS),
    "401": answered(401, times=ALWAYS),
    "403": closed(403),
    "404": closed(404),
    "silence": silent,
    "anonymous": anonymous,
}  # fmt: skip
