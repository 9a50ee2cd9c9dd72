"""What the database remembers: entities, the lease, decisions, findings, runs; each workspace for itself."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from sync.errors import ConfigError
from sync.findings import Claim, Finding, FindingKind, Severity
from sync.merge import Memory
from sync.model import UNSET, EntityLink, Kind, Ref, Stranger
from sync.state import Edit, Link, Remembered
from sync.store import Store
from sync.tables import HISTORY, JOURNAL, RUN
from sync.transaction import KEPT_RUNS
from tests.sync.plain import ANN, day, instant

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def an_entity(native: str = "1", id_: str = "cs-00000001") -> Remembered:
    """A campaign with something in every column."""
    memory = {"name": Memory("Spring"), "subject": Memory("x", "X!"), "owner": Memory(None), "tags": Memory(UNSET)}
    link = Link(Ref("jira", Kind.CAMPAIGN, native), "CAM-1", "https://x", memory, missed=1, contested=True, gone=True)
    agreed = {"name": "Spring", "tags": frozenset({"x"}), "owner": ANN, "planned_send": instant("2026-04-01T08:00")}
    disputed = {"subject": {"jira": "x", "airtable": Stranger("a", "b", "c")}, "due": {"jira": day("2026-04-01")}}
    return Remembered(id_, Kind.CAMPAIGN, agreed, disputed, {"jira": link}, dead=True)  # type: ignore[arg-type]


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


def statements(store: Store) -> list[str]:
    """The writing statements from now on."""
    seen: list[str] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def _note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(maxsplit=1)[0] in {"INSERT", "UPDATE", "DELETE"}:
            seen.append(statement)

    return seen


def test_everything_about_an_entity_is_remembered(store: Store) -> None:
    entity = an_entity()
    save(store, entity)
    back = reopened(store).load().entities[entity.id]
    del entity.links["jira"].memory["tags"]  # of which nothing was known
    assert back == entity


def test_rows_that_did_not_change_are_not_written(store: Store) -> None:
    one, two = an_entity(), an_entity("2", "cs-00000002")
    save(store, one, two)
    again = reopened(store)
    state, written = again.load(), statements(store)
    save(again, *state.entities.values())
    assert written == []
    state.entities[one.id].agreed["name"] = "Summer"
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
        transaction.intend("r", NOW, "jira", "e", "create", {})
        transaction.save_run("r", NOW, NOW, {})
    assert (other.open_findings(), other.last_report()) == ([], None)
    assert (other.load().decisions, other.load().intents) == ({}, [])
    with other.transaction() as transaction:
        transaction.close_finding(a_finding(), NOW)
        transaction.mark_emailed(NOW, {a_finding().fingerprint})
        transaction.forget_link(an_entity(), "jira")
    assert [known.emailed for known in store.open_findings()] == [None]
    assert store.load().entities["cs-00000001"].links != {}
    with store.lease("one", NOW, HOUR), other.lease("two", NOW, HOUR):
        pass


def test_a_write_is_intended_until_its_end_is_known(store: Store) -> None:
    with store.transaction() as transaction:
        numbers = [transaction.intend("r", NOW, "jira", f"e{n}", "create", {"name": [None, "x"]}) for n in range(3)]
        transaction.conclude(numbers[0], "done")
        transaction.conclude(numbers[1], "failed", "no")
    (intent,) = store.load().intents
    assert (intent.id, intent.tool, intent.entity, intent.action, intent.at) == (
        numbers[2],
        "jira",
        "e2",
        "create",
        NOW,
    )
    assert counted(store, JOURNAL) == 3


def test_the_history_keeps_what_was_agreed_and_what_lost(store: Store) -> None:
    edit = Edit("e1", "subject", "old", "new", frozenset({"b", "a"}), {"b": "lost"})
    with store.transaction() as transaction:
        transaction.remember_edits("r", NOW, [edit])
    with store.engine.connect() as connection:
        (row,) = connection.execute(select(HISTORY))
    assert (row.old, row.new, row.editors, row.lost) == ('"old"', '"new"', '["a","b"]', '{"b":"lost"}')


def test_a_decision_is_for_an_open_finding_and_the_last_one_counts(store: Store) -> None:
    finding = a_finding()
    with pytest.raises(ConfigError, match=finding.fingerprint):
        store.decide(finding.fingerprint, "jira", NOW)
    with store.transaction() as transaction:
        transaction.open_finding(finding, NOW)
    store.decide(finding.fingerprint, "jira", NOW)
    store.decide(finding.fingerprint, "airtable", NOW)
    assert store.load().decisions == {finding.fingerprint: "airtable"}
    with store.transaction() as transaction:
        transaction.close_finding(finding, NOW)
    assert store.load().decisions == {}
    with pytest.raises(ConfigError):
        store.decide(finding.fingerprint, "jira", NOW)


def test_findings_open_stay_and_close(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(2), NOW + HOUR)
        transaction.open_finding(a_finding(1), NOW)
    known = store.open_findings()
    assert [(k.finding, k.opened, k.emailed) for k in known] == [
        (a_finding(1), NOW, None),
        (a_finding(2), NOW + HOUR, None),
    ]
    with store.transaction() as transaction:
        transaction.refresh_finding(replace(a_finding(1), title="Otherwise"))
        transaction.close_finding(a_finding(2), NOW)
    assert [(k.finding.title, k.opened) for k in store.open_findings()] == [("Otherwise", NOW)]


def told(store: Store) -> set[str]:
    """All that a mail says now."""
    return {finding.fingerprint for finding in (*(k.finding for k in store.open_findings()), *store.closed_unsent())}


def test_a_finding_that_comes_back_is_new(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(), NOW)
    store.mark_emailed(NOW, told(store))
    with store.transaction() as transaction:
        transaction.close_finding(a_finding(), NOW + HOUR)
        transaction.open_finding(a_finding(), NOW + 2 * HOUR)
    assert [(k.opened, k.emailed) for k in store.open_findings()] == [(NOW + 2 * HOUR, None)]


def test_what_was_told_as_open_and_has_closed_is_told_once_more(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(1), NOW)
        transaction.open_finding(a_finding(2), NOW)
    store.mark_emailed(NOW, told(store))
    assert [k.emailed for k in store.open_findings()] == [NOW, NOW]
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(3), NOW)
        transaction.close_finding(a_finding(1), NOW)
        transaction.close_finding(a_finding(3), NOW)
    assert store.closed_unsent() == [a_finding(1)]
    store.mark_emailed(NOW + HOUR, told(store))
    assert store.closed_unsent() == []
    assert [k.emailed for k in store.open_findings()] == [NOW]  # when it was told first


def test_the_last_report_is_that_of_the_newest_run_and_old_ones_go(store: Store) -> None:
    assert store.last_report() is None
    with store.transaction() as transaction:
        for number in range(KEPT_RUNS + 5):
            transaction.save_run(f"r{number}", NOW + number * HOUR, NOW + number * HOUR, {"number": number})
    assert store.last_report() == {"number": KEPT_RUNS + 4}
    assert counted(store, RUN) == KEPT_RUNS


def test_a_campaign_is_found_by_its_id_a_key_a_tools_id_or_its_name(store: Store) -> None:
    entity = replace(an_entity("10017"), dead=False)
    stage = Remembered("cs-00000002", Kind.STAGE, {"campaign": EntityLink(entity.id), "name": "Spring"})
    dead = an_entity("10018", "cs-00000003")
    save(store, entity, stage, dead)
    for text in (entity.id, "cam-1", "10017", " SPRING "):
        assert store.find_entity(text) == [(entity.id, "Spring")]
    assert store.find_entity("Winter") == store.find_entity("10018") == []
    assert store.campaign_names() == ["Spring"]


def test_only_what_a_mail_told_counts_as_told(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_finding(a_finding(1), NOW)
        transaction.open_finding(a_finding(2), NOW)
    store.mark_emailed(NOW, {a_finding(1).fingerprint})
    emailed = {k.finding.fingerprint: k.emailed for k in store.open_findings()}
    assert emailed == {a_finding(1).fingerprint: NOW, a_finding(2).fingerprint: None}
