"""Who may be who: what is suggested, on what ground, and what is only said to be unclear."""

from __future__ import annotations

import random

import pytest

from jobs.people_match import suggest
from jobs.people_suggestions import Confidence, Seen, Suggestion
from mappings.people import Aliased
from sync.model import PersonEntry

ANN = PersonEntry("ann", "Ann Lee", "ann@acme.example", accounts={"jira": "5b-ann"})
JOE = Aliased("joe", "José Ibáñez", "j.ibanez@acme.example", aliases=("Pepe",))
CAT = PersonEntry("cat", "Cat O'Hara", "")
PEOPLE = (ANN, JOE, CAT)


def only(*seen: Seen, people: tuple[PersonEntry, ...] = PEOPLE) -> Suggestion:
    found = suggest(people, seen)
    assert len(found.suggestions) == 1, found
    assert found.doubts == ()
    return found.suggestions[0]


def doubts(*seen: Seen, people: tuple[PersonEntry, ...] = PEOPLE) -> list[str]:
    found = suggest(people, seen)
    assert found.suggestions == ()
    return [f"{doubt.seen.native} {doubt.why}" for doubt in found.doubts]


@pytest.mark.parametrize(
    ("seen", "person", "confidence", "reason"),
    [
        (Seen("airtable", "usr1", "A", "Ann@ACME.example"), "ann", "certain", "the same address, Ann@ACME.example"),
        (Seen("jira-eu", "5B-ANN", "A"), "ann", "certain", "the same account as theirs in Jira"),
        (Seen("jira", "5b-2", "Jose Ibanez"), "joe", "likely", 'the same name, "Jose Ibanez"'),
        (Seen("jira", "5b-2", "IBÁÑEZ, José"), "joe", "likely", "the same name"),
        (Seen("jira", "5b-2", "pepe"), "joe", "likely", "the same name"),
        (Seen("jira", "5b-2", "Cat O\u2019Hara"), "cat", "likely", "the same name"),
        (Seen("jira", "5b-2", "Jose Ibanez", "joe@home.example"), "joe", "perhaps", "but another address: joe@home"),
        (Seen("jira-dc", "j.ibanez", "ADM-417"), "joe", "perhaps", "is how j.ibanez@acme.example begins"),
        (Seen("jira", "5b-2", "J. Ibáñez"), "joe", "perhaps", '"J. Ibáñez" is nearly "José Ibáñez"'),
        (Seen("jira", "5b-2", "Ibanez Jose"), "joe", "perhaps", "is nearly"),
        (Seen("jira", "5b-2", "Cat O."), "cat", "perhaps", "is nearly"),
        (Seen("airtable", "Ann L", "Ann L", text=True), "ann", "perhaps", "is nearly"),
        (Seen("airtable", "Ann", "Ann", text=True), "ann", "perhaps", "is nearly"),
    ],
)
def test_somebody_is_recognised(seen: Seen, person: str, confidence: str, reason: str) -> None:
    suggestion = only(seen)

    assert (suggestion.person, suggestion.confidence, suggestion.new) == (person, confidence, False)
    assert reason in suggestion.reason
    assert suggestion.sure == ("address, Ann" in reason)
    assert (suggestion.accounts, suggestion.aliases) == (
        ({}, (seen.native,)) if seen.text else ({seen.tool: seen.native}, ())
    )


@pytest.mark.parametrize(
    "seen",
    [
        Seen("jira", "5b-ann", "Ann Lee", named=3),
        Seen("airtable", "Ann  LEE", "Ann  LEE", text=True, named=1),
        Seen("airtable", "Pepe", "Pepe", text=True, named=1),
        Seen("jira", "5b-9", "Somebody Else", "else@acme.example"),
        Seen("jira", "5b-9", "Ann Lee", "ann@acme.example"),
        Seen("jira", "5b-9", "A. Lee", "a.lee@other.example"),
    ],
    ids=["known", "name", "alias", "unnamed", "second account", "other address"],
)
def test_nothing_is_said_of_who_is_known_or_nobodys_business(seen: Seen) -> None:
    found = suggest(PEOPLE, [seen])

    assert (found.suggestions, found.doubts) == ((), ())


def test_what_fits_two_people_is_suggested_for_neither() -> None:
    anna = PersonEntry("anna", "Ann Lee", "anna@acme.example")

    assert doubts(Seen("airtable", "usr1", "Lee, Ann", named=1), people=(ANN, anna)) == [
        'usr1 may be Ann Lee (ann) or Ann Lee (anna): the same name, "Lee, Ann"'
    ]
    assert only(Seen("airtable", "usr1", "Ann Lee", "anna@acme.example"), people=(ANN, anna)).person == "anna"


def test_a_second_account_of_somebody_is_only_said() -> None:
    assert doubts(Seen("jira", "5b-9", "Ann Lee", named=2)) == [
        "5b-9 may be a second account of Ann Lee, whose Jira account is 5b-ann; one of them can be listed"
    ]


def test_of_two_accounts_in_one_tool_the_better_is_suggested() -> None:
    by_name, by_email = Seen("airtable", "usr1", "Ann Lee", named=1), Seen("airtable", "usr2", "x", ANN.email)
    old, new = Seen("airtable", "usr3", "Cat O'Hara", active=False), Seen("airtable", "usr4", "Cat O'Hara")

    assert only(by_email, Seen("airtable", "usr1", "Ann Lee")).accounts == {"airtable": "usr2"}
    assert only(old, new).accounts == {"airtable": "usr4"}
    assert [d.why for d in suggest(PEOPLE, [by_name, by_email]).doubts] == ["may be Ann Lee too, but usr2 fits better"]
    assert doubts(by_name, Seen("airtable", "usr5", "ann lee")) == [
        "usr1 is one of 2 in Airtable that may be Ann Lee",
        "usr5 is one of 2 in Airtable that may be Ann Lee",
    ]


def test_a_deactivated_account_is_never_confirmed_unseen() -> None:
    suggestion = only(Seen("airtable", "usr1", "Ann Lee", ANN.email, active=False))

    assert (suggestion.inactive, suggestion.by_email, suggestion.sure) == (("airtable",), True, False)


def test_somebody_new_is_gathered_from_all_tools() -> None:
    suggestion = only(
        Seen("jira", "5b-eve", "Éve Example", "eve@x.example", named=2),
        Seen("airtable", "usrE", "Eve", "EVE@x.example"),
        Seen("jira-dc", "eexample", "Example, Eve"),
        Seen("sheet", "eve example", "eve example", named=1, text=True),
        Seen("sheet", "Evi <eve@x.example>", "Evi", "eve@x.example", named=1, text=True),
    )

    assert suggestion.new
    assert (suggestion.person, suggestion.name, suggestion.email) == ("eve-example", "Example, Eve", "eve@x.example")
    assert suggestion.accounts == {"airtable": "usrE", "jira": "5b-eve", "jira-dc": "eexample"}
    assert suggestion.aliases == ()
    assert (suggestion.confidence, suggestion.sure) == (Confidence.LIKELY, False)
    assert suggestion.reason == "one person, if the name is right; named by 4 records"


@pytest.mark.parametrize(
    ("seen", "person", "active"),
    [
        (Seen("jira", "1", "張 偉", "wei@x.example", named=1), "wei", True),
        (Seen("jira", "1", "張 偉", named=1), "person", True),
        (Seen("jira", "1", "Ann", "annie@x.example", named=1), "ann-2", True),
        (Seen("jira", "1", "Zoë Gone", named=1, active=False), "zoe-gone", False),
        (Seen("sheet", "TBD", "TBD", named=1, text=True), "tbd", True),
        (Seen("sheet", "?", "?", named=1, text=True), "person", True),
    ],
)
def test_somebody_new_gets_an_id_that_people_can_read(seen: Seen, person: str, active: bool) -> None:
    suggestion = only(seen)

    assert (suggestion.person, suggestion.active, suggestion.name) == (person, active, seen.name)


def test_two_strangers_of_one_name_in_a_tool_are_not_made_one() -> None:
    said = doubts(Seen("jira", "1", "Eve Ex", named=1), Seen("jira", "2", "Eve Ex", named=1))

    assert said[0] == "1 may be the same person as 2 in Jira; one account there can be listed"
    assert len(said) == 2


def test_the_order_in_which_the_tools_tell_does_not_matter() -> None:
    seen = [
        *(Seen(tool, f"{tool}-{n}", name, named=n % 3) for tool in ("jira", "airtable")
          for n, name in enumerate(("Ann Lee", "A. Lee", "Jose Ibanez", "Eve", "Eve Ex", "Cat", "Pepe", "Eve Ex"))),
        Seen("sheet", "Eve Ex", "Eve Ex", named=1, text=True),
    ]  # fmt: skip
    found = suggest(PEOPLE, seen)

    for seed in range(20):
        random.Random(seed).shuffle(seen)
        assert suggest(PEOPLE, seen) == found
