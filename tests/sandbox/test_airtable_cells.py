"""Airtable's cells: what each type takes, what it refuses, and what it makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of

BAD = "INVALID_VALUE_FOR_COLUMN"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def stored(desk: Desk, field: str, value: Any, typecast: bool = False) -> Any:
    """What a cell shows after this was written; a refusal's type otherwise."""
    body = {"fields": {field: value}, "typecast": typecast}
    status, answer = desk.ask("POST", "Stages" if field == "Due" else "Campaigns", body=body)
    return answer["fields"].get(field) if status == 200 else kind_of((status, answer))[1]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("Name", "Grüße an ليلى 🚚", "Grüße an ليلى 🚚"),
        ("Name", "", None),
        ("Brief", "text", "text\n"),
        ("Brief", "text\n\n\n", "text\n"),
        ("Brief", "* a\n  + b\n", "- a\n  - b\n"),
        ("Brief", "a * b", "a * b\n"),
        ("Brief", "  \n", None),
        ("Delivered", 12, 12),
        ("Delivered", 12.5, 12.5),
        ("Delivered", 12.0, 12),
        ("Program", "Event", "Event"),
        ("Program", "", None),
        ("Program", None, None),
        ("Tags", ["brand", "launch", "brand"], ["brand", "launch"]),
        ("Tags", [], None),
        ("Due", "2026-10-12", "2026-10-12"),
        ("Due", "2026-10-12T22:30:00Z", "2026-10-12"),
        ("Planned send", "2026-10-12T08:00:00.000Z", "2026-10-12T08:00:00.000Z"),
        ("Planned send", "2026-10-12T10:00:00+02:00", "2026-10-12T08:00:00.000Z"),
        ("Planned send", "2026-10-12T10:00:00", "2026-10-12T08:00:00.000Z"),
        ("Planned send", "2026-12-12T10:00:00", "2026-12-12T09:00:00.000Z"),
        ("Planned send", "2026-10-12", "2026-10-11T22:00:00.000Z"),
    ],
)
def test_a_value_is_stored_in_airtables_form(desk: Desk, field: str, value: Any, shown: Any) -> None:
    assert stored(desk, field, value) == shown


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("Name", 3, BAD),
        ("Name", ["x"], BAD),
        ("Name", True, BAD),
        ("Brief", {"text": "x"}, BAD),
        ("Delivered", "12", BAD),
        ("Delivered", True, BAD),
        ("Program", "event", "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ("Program", 3, BAD),
        ("Program", ["Event"], BAD),
        ("Tags", "brand", BAD),
        ("Tags", ["brand", "new"], "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ("Tags", [3], BAD),
        ("Due", "tomorrow", BAD),
        ("Due", "2026-13-01", BAD),
        ("Due", 20261012, BAD),
        ("Planned send", "soon", BAD),
        ("Owner", "ann@acme.example", BAD),
        ("Owner", {"email": "nobody@acme.example"}, BAD),
        ("Owner", {}, BAD),
        ("Owner", {"id": "usrAAAAAAAAAAAAAA"}, BAD),
        ("Stages", "recAAAAAAAAAAAAAA", BAD),
        ("Stages", [3], BAD),
        ("Stages", ["recAAAAAAAAAAAAAA"], "ROW_DOES_NOT_EXIST"),
        ("Last modified", "2026-10-12T08:00:00.000Z", BAD),
        ("Last modified by", {"email": "ann@acme.example"}, BAD),
        ("Nothing", "x", "UNKNOWN_FIELD_NAME"),
    ],
)
def test_a_wrong_value_is_refused_with_airtables_own_error(desk: Desk, field: str, value: Any, error: str) -> None:
    assert stored(desk, field, value) == error


def test_a_person_goes_by_id_or_address_and_is_shown_whole(desk: Desk) -> None:
    by_address = stored(desk, "Owner", {"email": "juergen@acme.example"})

    assert by_address == {"id": by_address["id"], "email": "juergen@acme.example", "name": "Jürgen Köhler"}
    assert stored(desk, "Owner", {"id": by_address["id"]}) == by_address


def test_typecast_reads_text_and_makes_choices_and_linked_records(desk: Desk) -> None:
    assert stored(desk, "Delivered", "12", typecast=True) == 12
    assert stored(desk, "Name", 12, typecast=True) == "12"
    assert stored(desk, "Program", "Flash sale", typecast=True) == "Flash sale"
    assert stored(desk, "Program", "Flash sale") == "Flash sale"
    assert stored(desk, "Owner", "ann@acme.example", typecast=True)["name"] == "Ann Lee"
    (new,) = stored(desk, "Stages", ["Design: brand new"], typecast=True)
    assert desk.get(new, "Stages")["Title"] == "Design: brand new"
    assert stored(desk, "Stages", ["Design: brand new"], typecast=True) == [new]


def test_a_failed_typecast_leaves_no_choice_behind(desk: Desk) -> None:
    records = [{"fields": {"Program": "Half-way"}}, {"fields": {"Owner": "nobody"}}]

    assert desk.ask("POST", "Campaigns", body={"records": records, "typecast": True})[0] == 422
    assert stored(desk, "Program", "Half-way") == "INVALID_MULTIPLE_CHOICE_OPTIONS"
