"""What a delta tells of a base is what a full listing would: over HTTP, by the change log and by polling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest

from connectors import airtable, airtable_sweep
from connectors.airtable import AirtableConnector
from connectors.sandbox.server import Sandbox
from sync.model import Kind, Record, Ref
from sync.ports import Archive, Change, Create, Update, Written


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=3, campaigns=4, now=datetime(2026, 3, 2, 8, tzinfo=UTC)) as made:
        yield made


def connect(box: Sandbox, *, log: bool) -> AirtableConnector:
    login = box.company["credentials"]["airtable"]
    return AirtableConnector(
        "airtable", url=box.urls["airtable"], token=login["token"], base=login["base"], webhook_log=log, per_second=None
    )


def edit(connector: AirtableConnector, *changes: Change) -> list[Record | None]:
    outcomes = connector.write(changes)
    assert all(isinstance(outcome, Written) for outcome in outcomes)
    return [outcome.record for outcome in outcomes if isinstance(outcome, Written)]


@pytest.mark.parametrize("log", [True, False])
def test_a_mirror_that_follows_the_deltas_is_the_base(box: Sandbox, log: bool) -> None:
    people, ours = connect(box, log=False), connect(box, log=log)
    mirror = {record.ref: record for record in ours.fetch()}
    subject, brief = (
        next(f.id for f in people.schema()[Kind.CAMPAIGN] if f.name == name) for name in ("Subject line", "Brief")
    )
    first, second, third = [record for record in mirror.values() if record.ref.kind is Kind.CAMPAIGN][:3]

    def follow() -> set[Ref]:
        """One delta into the mirror, by a process that knows nothing but the position."""
        nonlocal ours
        since = ours.position()
        ours.close()
        ours = connect(box, log=log)
        assert since is not None
        told = list(ours.changes(since))
        for one in told:
            if isinstance(one, Record):
                mirror[one.ref] = one
            else:
                mirror.pop(one, None)
        return {one.ref if isinstance(one, Record) else one for one in told}

    edit(people, Update(second, {subject: "before there is a log"}))
    assert (json.loads(str(ours.position()))["log"] is not None) is log
    edit(people, Update(first, {subject: 'It\'s 😀 "x"', brief: None}))
    assert {first.ref, second.ref} <= follow()
    (made,) = edit(people, Create("cs-7k2m9x4q", Kind.CAMPAIGN, {subject: "שלום"}))
    edit(people, Update(second, {subject: "twice"}))
    edit(people, Update(second, {subject: "twice more"}))
    told = follow()
    assert made is not None
    assert {made.ref, second.ref} <= told
    assert (first.ref in told) is not log, "polling overlaps, the log does not"
    edit(people, Archive(third))
    assert (third.ref in follow()) is log, "who deletes leaves no trace but in the log"

    now = {record.ref: record for record in people.fetch()}
    assert {ref for ref in mirror if ref not in now} == (set() if log else {third.ref})
    assert {ref: mirror[ref].fields for ref in now} == {ref: record.fields for ref, record in now.items()}
    assert set(ours.census()) == set(now)
    people.close()
    ours.close()


def test_a_listing_in_windows_goes_on_in_another_process(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = connect(box, log=False)
    everything = {record.ref: record for record in whole.fetch()}
    monkeypatch.setattr(airtable, "PAGE", 3)
    monkeypatch.setattr(airtable_sweep, "HEAD", 1)
    monkeypatch.setattr(airtable_sweep, "WINDOW", 1)
    for place in (0, 5, len(everything) // 2, len(everything) - 2, len(everything)):
        first, then = connect(box, log=False), connect(box, log=False)
        seen = {record.ref: record for record in islice(first.fetch(), place)}
        rest = {record.ref: record for record in then.fetch(first.reached())}
        assert seen | rest == everything
        first.close()
        then.close()
    whole.close()


def test_a_second_process_uses_the_log_of_the_first(box: Sandbox) -> None:
    logs = []
    for _ in range(2):
        connector = connect(box, log=True)
        list(connector.fetch())
        logs.append(json.loads(str(connector.position()))["log"])
        connector.close()
    assert logs[0] == logs[1]
