"""What the database remembers: entities, the lease, decisions, findings, runs; each workspace for itself."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from sync.codec import encode
from sync.errors import Unavailable
from sync.findings import Claim, Finding, FindingKind, Severity
from sync.merge import Memory
from sync.model import UNSET, EntityLink, Kind, Ref, Stranger, Value
from sync.session import Session, Values
from sync.state import Edit, Intent, Link, Remembered
from sync.store import Store
from sync.tables import HISTORY, JOURNAL, LINK
from tests.sync.plain import ANN, day, instant

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def an_entity(native: str = "1", id_: str = "cs-00000001") -> Remembered:
    """A campaign with something in every column."""
    memory = {"name": Memory("Spring"), "subject": Memory("x", "X!"), "owner": Memory(None), "tags": Memory(UNSET)}
    link = Link(Ref("jira", Kind.CAMPAIGN, native), "CAM-1", "https://x", memory, missed=1, contested=True, gone=True)
    agreed = {"name": "Spring", "tags": frozenset({"x"}), "owner": ANN, "planned_send": instant("2026-04-01T08:00")}
    disputed = {"subject": {"jira": "x", "airtable": Stranger("a", "b", "c")}, "due": {"jira": day("2026-04-01")}}
    return Remembered(id_, Kind.CAMPAIGN, agreed, disputed, {"jira": link}, dead=True, pending=False)  # type: ignore[arg-type]


def a_finding(number: int = 1, **more: Any) -> Finding:
    claims = (Claim("jira", "one", "Ann", NOW), Claim("airtable", "two"))
    return Finding(FindingKind.CONFLICT, Severity.WARNING, f"e{number}", "Title", "Advice", claims=claims, **more)


def save(store: Store, *entities: Remembered) -> None:
    with store.transaction() as transaction:
        transaction.save(entities)


def break_off(store: Store, entity: Remembered) -> None:
    """Fail inside a transaction, after its writes."""
    with contextlib.suppress(ZeroDivisionError), store.transaction() as transaction:
        transaction.save([entity])
        raise ZeroDivisionError


def reopened(store: Store) -> Store:
    return Store(store.engine, store.workspace)


def counted(store: Store, table: Any) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The writing statements of the test."""
    seen: list[str] = []
    run = Session.run

    def noted(session: Session, text: str, values: Values) -> Any:
        if text.split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            seen.append(text)
        return run(session, text, values)

    monkeypatch.setattr(Session, "run", noted)
    return seen


def test_everything_about_an_entity_is_remembered(store: Store) -> None:
    entity = an_entity()
    save(store, entity)
    back = reopened(store).load().entities[entity.id]
    del entity.links["jira"].memory["tags"]  # of which nothing was known
    assert back == entity


def test_rows_that_did_not_change_are_not_written(store: Store, written: list[str]) -> None:
    one, two = an_entity(), an_entity("2", "cs-00000002")
    save(store, one, two)
    again = reopened(store)
    state = again.load()
    written.clear()
    save(again, *state.entities.values())
    assert written == []
    state.entities[one.id].agreed["name"] = "Summer"
    state.entities[one.id].links["jira"].memory["name"] = Memory("Summer")  # what shows what is agreed says just that
    save(again, *state.entities.values())
    assert [statement.split()[:2] for statement in written] == [["UPDATE", "entity"]]
    state.entities[two.id].links["jira"].missed = 2
    save(again, *state.entities.values())
    assert [statement.split()[:2] for statement in written[1:]] == [["UPDATE", "link"]]
    assert reopened(store).load().entities == state.entities


def test_a_failed_transaction_is_undone_and_what_it_meant_to_write_is_written_later(store: Store) -> None:
    break_off(store, an_entity())
    assert store.load().entities == {}
    store.load()
    save(store, an_entity())
    assert len(store.load().entities) == 1


def test_a_row_of_a_failed_transaction_is_not_taken_for_stored(store: Store) -> None:
    entity = an_entity()
    save(store, entity)
    entity.agreed["name"] = "Summer"
    break_off(store, entity)
    save(store, entity)
    assert reopened(store).load().entities[entity.id].agreed["name"] == "Summer"


def test_a_forgotten_link_is_gone_and_can_be_made_anew(store: Store) -> None:
    entity = an_entity()
    save(store, entity)
    with store.transaction() as transaction:
        transaction.forget_link(entity, "jira")
    assert reopened(store).load().entities[entity.id].links == entity.links == {}
    entity.links["jira"] = Link(Ref("jira", Kind.CAMPAIGN, "2"))
    save(store, entity)
    assert reopened(store).load().entities[entity.id].links["jira"].ref.native == "2"


def test_workspaces_in_one_database_know_nothing_of_each_other(store: Store) -> None:
    other = Store(store.engine, "other")
    save(store, an_entity())
    save(other, an_entity())
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(), NOW)
        transaction.decide("f", "a", NOW)
        transaction.intend("r", NOW, [("jira", "e", "create", {})])
        transaction.save_run("r", NOW, NOW, {})
    assert (other.open_findings(), other.last_report()) == ([], None)
    assert (other.load().decisions, other.load().intents) == ({}, [])
    with other.transaction() as transaction:
        transaction.close_finding(a_finding(), NOW)
        transaction.mark_emailed(NOW, {a_finding().fingerprint})
        transaction.forget_link(an_entity(), "jira")
    assert [known.emailed for known in store.open_findings()] == [None]
    assert store.load().entities["cs-00000001"].links != {}
    with store.lease("one", lambda: NOW, HOUR), other.lease("two", lambda: NOW, HOUR):
        pass


def test_a_write_is_intended_until_its_end_is_known(store: Store) -> None:
    cells = {"name": [None, "x"], "owner": [encode(ANN), None], "tags": [{"set": []}, {"set": ["a"]}]}
    with store.transaction() as transaction:
        numbers = transaction.intend("r", NOW, [("jira", f"e{n}", "create", cells) for n in range(3)])
        transaction.conclude(numbers[:2])
    meant: dict[str, tuple[Value, Value]] = {
        "name": (None, "x"),
        "owner": (ANN, None),
        "tags": (frozenset(), frozenset({"a"})),
    }
    assert store.load().intents == [Intent(numbers[2], "jira", "e2", "create", NOW, meant)]
    assert counted(store, JOURNAL) == 1


def test_a_link_follows_its_mark_to_another_record(store: Store) -> None:
    entity = an_entity("1")
    save(store, entity)
    entity.links["jira"].ref = Ref("jira", Kind.CAMPAIGN, "2")
    save(store, entity)
    assert reopened(store).load().entities[entity.id].links["jira"].ref.native == "2"
    assert counted(store, LINK) == 1


def test_a_record_is_one_entity_only(store: Store) -> None:
    save(store, an_entity("1"))
    with pytest.raises(Unavailable, match="at the same moment"):
        save(store, an_entity("1", "cs-00000002"))
    assert set(store.load().entities) == {"cs-00000001"}


def test_a_transaction_that_writes_nothing_asks_nothing_of_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    begin = store.engine.dialect.do_begin
    monkeypatch.setattr(store.engine.dialect, "do_begin", lambda connection: begun.append(begin(connection)))
    with store.transaction() as transaction:
        transaction.save([])
        transaction.remember_edits("r", NOW, [])
    assert begun == []
    save(store, an_entity())
    assert len(begun) == 1


def test_many_entities_take_a_statement_a_table_whether_new_or_changed(store: Store, written: list[str]) -> None:
    entities = [an_entity(str(number), f"cs-{number:08d}") for number in range(20)]
    save(store, *entities)
    assert [statement.split()[:3] for statement in written] == [
        ["INSERT", "INTO", "entity"],
        ["INSERT", "INTO", "link"],
    ]
    for entity in entities:
        entity.agreed["name"] = entity.id
        entity.links["jira"].key = entity.id
    save(store, *entities)
    assert [statement.split()[:2] for statement in written[2:]] == [["UPDATE", "entity"], ["UPDATE", "link"]]
    assert {e.agreed["name"] for e in reopened(store).load().entities.values()} == {e.id for e in entities}


def test_what_a_commit_wrote_before_is_known_later_in_it(store: Store, written: list[str]) -> None:
    entity = an_entity()
    with store.transaction() as transaction:
        transaction.save([entity])
        transaction.save([entity])
        entity.agreed["name"] = "Summer"
        transaction.save([entity])
    assert [statement.split()[:2] for statement in written[2:]] == [["UPDATE", "entity"], ["UPDATE", "link"]]
    back = reopened(store).load().entities[entity.id]
    assert (back.agreed["name"], back.links["jira"].memory["name"]) == ("Summer", Memory("Spring"))


def test_the_history_keeps_what_was_agreed_and_what_lost(store: Store) -> None:
    edit = Edit("e1", "subject", "old", "new", frozenset({"b", "a"}), {"b": "lost"})
    with store.transaction() as transaction:
        transaction.remember_edits("r", NOW, [edit])
    with store.engine.connect() as connection:
        (row,) = connection.execute(select(HISTORY))
    assert (row.old, row.new, row.editors, row.lost) == ('"old"', '"new"', '["a","b"]', '{"b":"lost"}')


def test_a_campaign_is_found_by_its_id_a_key_a_tools_id_or_its_name(store: Store) -> None:
    entity = replace(an_entity("10017"), dead=False)
    stage = Remembered("cs-00000002", Kind.STAGE, {"campaign": EntityLink(entity.id), "name": "Spring"})
    dead = an_entity("10018", "cs-00000003")
    save(store, entity, stage, dead)
    for text in (entity.id, entity.id.upper(), "cam-1", "10017", " SPRING "):
        assert store.find_entity(text) == [(entity.id, "Spring")]
    assert store.find_entity("Winter") == store.find_entity("10018") == []
    assert store.campaign_names() == ["Spring"]
