"""People: known by account, address or name, strangers otherwise, never nobody."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.bind import bind
from mappings.bound import Bound
from mappings.load import load
from mappings.people import Aliased, Directory
from sync.errors import ConfigError
from sync.model import Kind, Person, PersonEntry, Stranger, Value, schema
from sync.ports import BoundMapping, NativeField, Refusal
from tests.mappings.company import NATIVE, PEOPLE, ZONE, bound, choices, record, stored

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


# Plain text, lists and what several people share. The company with its owner column made another one.

TWINS = (*PEOPLE, PersonEntry("ann2", "ann  lee", ""), Aliased("eva", "Éva Nagy", "eva@acme.example", aliases=("Evi",)),
         PersonEntry("left", "Leo Gone", "leo@acme.example", active=False))  # fmt: skip
CREW = tuple(person for person in TWINS if person.id != "ann2")
OPTIONS = choices("Nagy, Éva", "Bob Roy", "Zed")
COLUMNS = {
    type_: NativeField("fldOwner", "Owner", type_, options=OPTIONS if type_ == "singleSelect" else ())
    for type_ in ("singleLineText", "multilineText", "singleSelect", "email", "multipleCollaborators")
}


def column(type_: str, people: Sequence[PersonEntry] = CREW) -> BoundMapping:
    natives = [field for field in NATIVE["airtable"][Kind.CAMPAIGN] if field.id != "fldOwner"]
    schema_ = {Kind.CAMPAIGN: (*natives, COLUMNS[type_]), Kind.STAGE: NATIVE["airtable"][Kind.STAGE]}
    return bind(load(None, "airtable"), "airtable", schema_, schema(), people, ZONE)


def owner(mapping: BoundMapping, raw: object) -> Value | str:
    """Whom the column names, or why that is not known."""
    reading = mapping.get(record("airtable", fldOwner=raw))
    return reading.troubles["owner"] if "owner" in reading.troubles else reading.values["owner"]


def written(mapping: BoundMapping, value: Value, raw: object = None) -> object:
    """What is sent for a value, or why it is refused."""
    native = mapping.put(Kind.CAMPAIGN, {"owner": value}, record("airtable", fldOwner=raw))
    return native.refusals["owner"].reason if native.refusals else native.fields["fldOwner"]


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Ann Lee", Person("ann")),
        ("  ann\tLEE ", Person("ann")),
        ("Lee, Ann", Person("ann")),
        ("eva nagy", Person("eva")),
        ("EVI", Person("eva")),
        ("ANN@acme.example", Person("ann")),
        ("Ann Lee <ann@acme.example>", Person("ann")),
        ("A. Lee", Stranger("airtable", "A. Lee", "A. Lee")),
        ("TBD", Stranger("airtable", "TBD", "TBD")),
        ("?", Stranger("airtable", "?", "?")),
        ("   ", None),
        (None, None),
    ],
)
def test_a_name_in_plain_text_is_the_one_who_is_called_so(text: str | None, person: Value) -> None:
    assert owner(column("singleLineText"), text) == person


def test_a_name_of_two_people_is_not_understood_and_their_address_is() -> None:
    mapping = column("singleLineText", TWINS)

    assert "2 people of the directory are called so (ann, ann2)" in str(owner(mapping, "Ann Lee"))
    assert owner(mapping, "ann@acme.example") == Person("ann")
    assert written(mapping, Person("ann")) == "ann@acme.example"
    assert "are called so (ann, ann2)" in str(written(mapping, Person("ann2")))


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("singleLineText", Person("eva"), "Éva Nagy"),
        ("singleLineText", Stranger("airtable", "TBD", "TBD"), "TBD"),
        ("singleLineText", Person("gone"), "Owner in Airtable cannot show 'gone', who is not in the people directory."),
        ("singleLineText", Person("left"), "Leo Gone is not active any more and cannot be assigned"),
        ("singleLineText", Stranger("jira", "5b", "Zed"), "`campaign-sync people suggest` finds out who they may be"),
        ("email", Person("eva"), "eva@acme.example"),
        ("singleSelect", Person("eva"), "Nagy, Éva"),
        ("singleSelect", Person("bob"), "Bob Roy"),
        ("singleSelect", Person("ann"), "Owner in Airtable has no option 'Ann Lee'; add it there"),
        ("singleSelect", Stranger("airtable", "Zed", "Zed"), "Zed"),
        ("singleSelect", Stranger("airtable", "Eve", "Eve"), "has no option 'Eve'"),
        ("multipleCollaborators", Person("ann"), [{"id": "usrANN"}]),
        ("multipleCollaborators", Person("left"), "not active any more"),
    ],
)
def test_somebody_is_written_as_the_column_has_people(type_: str, value: Value, sent: object) -> None:
    found = written(column(type_), value)

    assert found == sent or (isinstance(sent, str) and sent in str(found))


def test_a_list_of_people_is_understood_when_it_names_one() -> None:
    mapping, ann, bob = column("multipleCollaborators"), {"id": "usrANN", "name": "Ann"}, {"id": "usrB", "name": "B"}

    assert owner(mapping, [ann]) == Person("ann")
    assert owner(mapping, []) is None
    assert "Owner in Airtable names 2 people (Ann, B), and one is accountable" in str(owner(mapping, [ann, bob]))
    assert "names 2 people" in str(written(mapping, Person("cat"), [ann, bob]))
    assert "names 2 people" in str(written(mapping, None, [ann, bob]))
    assert written(mapping, Person("cat"), [ann]) == [{"id": "usrCAT"}]
    assert written(mapping, None, [ann]) == []
    assert owner(mapping, "Ann") == "Owner in Airtable holds something that no such field holds."


@pytest.mark.parametrize(("type_", "raw"), [("username", {"name": "alee"}), ("array:username", [{"name": "alee"}])])
def test_a_user_name_of_a_data_center_is_an_account(type_: str, raw: object) -> None:
    natives = [field for field in NATIVE["jira"][Kind.CAMPAIGN] if field.id != "assignee"]
    fields = {**NATIVE["jira"], Kind.CAMPAIGN: (*natives, NativeField("assignee", "Assignee", type_))}
    ann = PersonEntry("ann", "Ann Lee", "", accounts={"jira": "alee"})
    mapping = bind(load(None, "jira"), "jira", fields, schema(), (ann,), ZONE)

    assert mapping.get(record("jira", assignee=raw)).values["owner"] == Person("ann")
    assert mapping.put(Kind.CAMPAIGN, {"owner": Person("ann")}, record("jira", assignee=None)).fields == {
        "assignee": raw
    }


def test_everybody_whom_a_record_names_is_told_also_where_one_is_not_clear() -> None:
    several, text = column("multipleCollaborators"), column("singleLineText")
    assert isinstance(several, Bound)
    assert isinstance(text, Bound)

    both = several.people(record("airtable", fldOwner=[{"id": "usrANN"}, {"id": "usrB", "email": "b@x"}]))

    assert [(each.account.id, each.account.email, each.text) for each in both] == [
        ("usrANN", "", False), ("usrB", "b@x", False)]  # fmt: skip
    assert [each.account.name for each in text.people(record("airtable", fldOwner="Zed"))] == ["Zed"]
    assert text.people(record("airtable", fldOwner=3)) == ()


def test_somebody_who_left_keeps_what_is_theirs_and_is_given_nothing() -> None:
    held = record("airtable", fldOwner={"email": "leo@acme.example"})
    mapping = bind(load(None, "airtable"), "airtable", NATIVE["airtable"], schema(), CREW, ZONE)

    assert mapping.get(held).values["owner"] == Person("left")
    assert mapping.put(Kind.CAMPAIGN, {"owner": Person("left")}, held).refusals == {}
    refused = mapping.put(Kind.CAMPAIGN, {"owner": Person("left")}, record("airtable"))
    assert "Leo Gone is not active any more" in refused.refusals["owner"].reason


somebody = st.one_of(
    st.none(),
    st.sampled_from([Person(person.id) for person in TWINS] + [Person("nobody"), Stranger("jira", "5b", "Eve")]),
    st.sampled_from(["TBD", "Zed", "x" * 300, "A. Lee"]).map(lambda text: Stranger("airtable", text, text)),
)


@pytest.mark.parametrize("type_", COLUMNS)
@settings(max_examples=settings().max_examples // 2)
@given(people=st.sampled_from([CREW, TWINS]), before=somebody, agreed=somebody, other=somebody)
def test_the_laws_hold(type_: str, people: Sequence[PersonEntry], before: Value, agreed: Value, other: Value) -> None:
    mapping = column(type_, people)
    view, empty = mapping.views(Kind.CAMPAIGN)["owner"], record("airtable")
    held = stored(empty, dict(mapping.put(Kind.CAMPAIGN, {"owner": before}, empty).fields))
    shown, own = view.project(other), view.project(agreed)

    native = mapping.put(Kind.CAMPAIGN, {"owner": other}, held)

    if "owner" in native.refusals:
        assert native.fields == {}
    else:
        assert mapping.get(stored(held, dict(native.fields))).values["owner"] == shown
    assert mapping.put(Kind.CAMPAIGN, mapping.get(held).values, held).fields == {}
    assert isinstance(shown, Refusal) or view.project(shown) == shown
    assert isinstance(shown, Refusal) or view.project(view.lift(agreed, shown)) == shown
    assert isinstance(own, Refusal) or view.lift(agreed, own) == agreed


def test_a_stranger_whom_the_directory_gets_to_know_becomes_news() -> None:
    """So that the other tools learn it: the tool still shows what it showed, and the next reading says Person."""
    mapping, evi = column("singleLineText"), Stranger("airtable", "Evi", "Evi")
    view = mapping.views(Kind.CAMPAIGN)["owner"]

    assert view.project(evi) == evi
    assert view.lift(evi, Person("eva")) == Person("eva")
    assert owner(mapping, written(mapping, evi)) == Person("eva")
