"""People: known by account or address, strangers otherwise, never nobody."""

from __future__ import annotations

import pytest

from mappings.people import Directory
from sync.errors import ConfigError
from sync.model import Kind, Person, PersonEntry, Stranger
from sync.ports import Refusal
from tests.mappings.company import bound, record

JIRA, AIRTABLE = bound("jira"), bound("airtable")


def owner_in_jira(**user: object) -> object:
    return JIRA.get(record("jira", assignee={"accountId": "5b10zed", **user})).values["owner"]


def test_a_known_account_is_the_person() -> None:
    assert owner_in_jira(accountId="5b10ann", displayName="A. L.") == Person("ann")


def test_an_address_counts_for_people_without_an_account_here() -> None:
    held = record("airtable", fldOwner={"id": "usrBOB", "email": "Bob@acme.example", "name": "Bob"})

    assert AIRTABLE.get(held).values["owner"] == Person("bob")
    assert AIRTABLE.put(Kind.CAMPAIGN, {"owner": Person("bob")}, held).fields == {}
    assert AIRTABLE.put(Kind.CAMPAIGN, {"owner": Person("bob")}, None).fields == {
        "fldOwner": {"email": "bob@acme.example"}
    }


def test_a_second_account_does_not_pass_for_the_first() -> None:
    assert owner_in_jira(emailAddress="ann@acme.example", displayName="Ann Lee") == Stranger(
        "jira", "5b10zed", "Ann Lee"
    )


def test_nobody_is_none_and_a_stranger_is_not_nobody() -> None:
    assert JIRA.get(record("jira", assignee=None)).values["owner"] is None
    assert owner_in_jira() == Stranger("jira", "5b10zed", "5b10zed")


def test_a_tools_own_stranger_can_be_written_back() -> None:
    native = JIRA.put(Kind.CAMPAIGN, {"owner": Stranger("jira", "5b10zed", "Zed")}, record("jira", assignee=None))

    assert native.fields == {"assignee": {"accountId": "5b10zed"}}


@pytest.mark.parametrize(
    ("someone", "words"),
    [
        (Person("cat"), "Cat Oh, who has no jira account"),
        (Person("gone"), "'gone', who has no jira account"),
        (Stranger("airtable", "usrX", "Eve"), "Eve: nobody in the people directory has the airtable account 'usrX'"),
    ],
)
def test_somebody_without_an_account_is_refused_in_words(someone: Person | Stranger, words: str) -> None:
    shown = JIRA.views(Kind.CAMPAIGN)["owner"].project(someone)
    written = JIRA.put(Kind.CAMPAIGN, {"owner": someone}, record("jira", assignee=None))

    assert isinstance(shown, Refusal)
    assert words in shown.reason
    assert written.fields == {}
    assert words in written.refusals["owner"].reason


def test_accounts_that_are_switched_off_are_reported() -> None:
    known = JIRA.get(record("jira", assignee={"accountId": "5b10ann", "active": False}))
    unknown = JIRA.get(record("jira", assignee={"accountId": "5b10zed", "active": False}))

    assert known.inactive == {"ann"}
    assert unknown.inactive == {"5b10zed"}
    assert known.values["owner"] == Person("ann")


def test_two_people_with_one_account_are_an_error() -> None:
    people = [PersonEntry("a", "A", "", accounts={"jira": "1"}), PersonEntry("b", "B", "", accounts={"jira": "1"})]

    with pytest.raises(ConfigError, match="'a' and to 'b'"):
        Directory.of("jira", people)
