"""Every shape of a Jira field: what its JSON means, and what is sent for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from mappings.native_jira import DIALECT
from mappings.shape import Account, Shape, Unreadable, Unwritable
from sync.ports import NativeField

NINE = timezone(timedelta(hours=-8))
ANN = Account("5b10ann", "ann@acme.example", "Ann Lee", active=True)
USER = {"accountId": "5b10ann", "emailAddress": "ann@acme.example", "displayName": "Ann Lee", "active": True}
DC_USER = {"name": "ann", "key": "JIRAUSER10100", "emailAddress": "ann@acme.example", "displayName": "Ann Lee"}


def shape(type_: str, *options: tuple[str, str]) -> Shape:
    found = DIALECT.shape(NativeField("customfield_10050", "X", type_, options=options))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("type_", "raw", "plain", "sent"),
    [
        ("string", "Spring", "Spring", "Spring"),
        ("date", "2026-10-12", date(2026, 10, 12), "2026-10-12"),
        ("datetime", "2026-10-08T07:08:33.123-0800", datetime(2026, 10, 8, 7, 8, 33, 123000, NINE),
         "2026-10-08T15:08:33.123+0000"),
        ("datetime", "2026-10-08T07:08:33.000+0000", datetime(2026, 10, 8, 7, 8, 33, 0, UTC),
         "2026-10-08T07:08:33.000+0000"),
        ("user", USER, ANN, {"accountId": "5b10ann"}),
        ("username", DC_USER, Account("ann", "ann@acme.example", "Ann Lee"), {"name": "ann"}),
        ("option", {"self": "…", "id": "1", "value": "EMEA"}, "EMEA", {"value": "EMEA"}),
        ("option-with-child", {"value": "EMEA", "child": {"value": "Berlin"}}, "EMEA / Berlin",
         {"value": "EMEA", "child": {"value": "Berlin"}}),
        ("option-with-child", {"value": "EMEA"}, "EMEA", {"value": "EMEA"}),
        ("number", 12.5, 12.5, 12.5),
        ("status", {"id": "3", "name": "In Progress"}, "In Progress", {"name": "In Progress"}),
        ("priority", {"id": "3", "name": "Medium"}, "Medium", {"name": "Medium"}),
        ("resolution", {"id": "1", "name": "Done"}, "Done", {"name": "Done"}),
        ("version", {"id": "7", "name": "1.0"}, "1.0", {"name": "1.0"}),
    ],
)  # fmt: skip
def test_a_value_is_read_and_sent(type_: str, raw: Any, plain: Any, sent: Any) -> None:
    assert shape(type_).read(raw) == plain
    assert shape(type_).write(plain, raw) == sent
    assert shape(type_).read(None) is None
    assert shape(type_).write(None, raw) is None


@pytest.mark.parametrize(
    ("type_", "key"), [("array:option", "value"), ("array:component", "name"), ("array:version", "name")]
)
def test_a_set_is_sent_whole_in_the_order_that_it_has(type_: str, key: str) -> None:
    held = [{"id": "2", key: "Web"}, {"id": "9", key: "Old"}, {"id": "1", key: "App"}]
    several = shape(type_, ("1", "App"), ("2", "Web"), ("3", "Mail"))

    sent = several.write(frozenset({"Mail", "App", "Old", "Web"}), held)

    assert several.read(held) == {"Web", "Old", "App"}
    assert [one[key] for one in sent] == ["Web", "Old", "App", "Mail"]
    assert several.write(frozenset(), held) == []
    assert several.read(None) == frozenset()
    assert several.read(sent) == {"Mail", "App", "Old", "Web"}


def test_versions_are_sent_with_their_ids_where_these_are_known() -> None:
    versions = shape("array:version", ("3", "2.0"))

    sent = versions.write(frozenset({"1.0", "2.0", "3.0"}), [{"id": "1", "name": "1.0"}])

    assert sent == [{"id": "1", "name": "1.0"}, {"id": "3", "name": "2.0"}, {"name": "3.0"}]


def test_labels_keep_their_order_and_take_no_blanks() -> None:
    labels = shape("array:string")

    assert labels.write(frozenset({"b", "z", "a"}), ["z", "b"]) == ["z", "b", "a"]
    assert [labels.fits(word) for word in ("spring", "two words", "x" * 255, "😀" * 128)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("A / B", "C"),
        ("A /", "B"),
        ("/", "/"),
        ("A", "/ B"),
        ("A \\/ B", "C"),
        ("N/A", "a\\/b"),
        ("A / / B", "C \\\\/ D"),
    ],
)
def test_the_slashes_of_an_option_are_told_from_the_one_between_options(parent: str, child: str) -> None:
    raw = {"value": parent, "child": {"value": child}}
    cascade = shape("option-with-child")

    assert cascade.write(cascade.read(raw), None) == raw
    assert cascade.read({"value": parent}) != cascade.read(raw)
    assert cascade.write(cascade.read({"value": parent}), None) == {"value": parent}


@pytest.mark.parametrize("word", ["A / B / C", " / B", "A / "])
def test_a_word_of_another_form_is_no_cascading_choice(word: str) -> None:
    with pytest.raises(Unwritable, match="not of the form"):
        shape("option-with-child").write(word, None)


@pytest.mark.parametrize("type_", ["issuetype", "project"])
def test_what_an_issue_is_and_where_is_read_only(type_: str) -> None:
    assert shape(type_).read({"id": "1", "key": "CAM", "name": "Campaigns"}) == "Campaigns"
    with pytest.raises(Unwritable, match="changed in Jira only"):
        shape(type_).write("Other", None)


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ("username", {"accountId": "x"}), ("username", "ann"), ("user", DC_USER), ("option-with-child", {"child": {}}),
        ("option-with-child", {"value": "A", "child": "B"}), ("array:version", [{"id": "1"}]),
        ("wiki", {"type": "doc"}), ("doc", "text"), ("number", "5"),
        ("datetime", "2026-10-08T07:08:33.123"), ("datetime", "yesterday"),
    ],
)  # fmt: skip
def test_json_of_another_shape_is_not_understood(type_: str, raw: Any) -> None:
    with pytest.raises(Unreadable):
        shape(type_).read(raw)


def test_somebody_who_has_left_is_not_assigned_on_data_center_either() -> None:
    with pytest.raises(Unwritable, match="not active"):
        shape("username").write(Account("ann", name="Ann Lee", active=False), None)


def test_what_we_do_not_speak_has_no_shape() -> None:
    assert DIALECT.shape(NativeField("attachment", "Attachment", "array:attachment")) is None
