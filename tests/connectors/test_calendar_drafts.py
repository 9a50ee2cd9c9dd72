"""Drafts that are made together: each by itself, labelled and read back at once, and no failure taken for another's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.calendar_connector import CalendarConnector
from sync.errors import Ambiguous, ConfigError, Rejected, SyncError, Unavailable
from sync.model import Kind
from sync.ports import Archive, Create, Failed, Outcome, Update, Written
from tests.connectors.calendar_esp import REF, TinyEsp, at, draft


def esp_of(batch: int = 10) -> TinyEsp:
    esp = TinyEsp(draft())
    esp.batch = batch
    return esp


def order(number: int, **fields: Any) -> Create:
    whole = {"name": f"Campaign {number}", "audiences": {"included": [{"id": "L1"}]}, "planned": at(72).native()}
    return Create(f"cs-0000000{number}", Kind.CAMPAIGN, {**whole, "subject": ["Hello"], "tags": ["promo"], **fields})


def errors(outcomes: list[Outcome]) -> list[type[SyncError] | None]:
    return [type(one.error) if isinstance(one, Failed) else None for one in outcomes]


def test_as_many_as_a_batch_takes_are_labelled_and_read_back_by_one_request_each() -> None:
    esp = esp_of()
    tool = CalendarConnector("news", esp)
    assert tool.capability.batch == 10
    outcomes = list(tool.write([order(1), order(2), order(3, tags=[])]))
    assert esp.calls == ["create", "create", "create", "label C2 C3"]
    assert esp.looks == 1
    for number, outcome in enumerate(outcomes, 1):
        assert isinstance(outcome, Written)
        assert outcome.record
        assert outcome.record.marker == f"cs-0000000{number}"
        assert outcome.record == tool.read([outcome.record.ref])[outcome.record.ref]
    assert [esp.held[id_].tags for id_ in ("C2", "C3", "C4")] == [("promo",), ("promo",), ()]


def test_one_alone_is_looked_at_directly() -> None:
    esp = esp_of()
    (outcome,) = CalendarConnector("news", esp).write([order(1)])
    assert isinstance(outcome, Written)
    assert (esp.calls, esp.looks) == (["create", "label C2"], 1)


@pytest.mark.parametrize(
    "changes",
    [{"tags": ()}, {"planned": at(48)}, {"name": "Earlier"}, {"subjects": ("Earlier",)}, {"audiences": ((), ())}],
)
def test_a_listing_that_lags_is_not_believed(changes: dict[str, Any]) -> None:
    esp = esp_of()
    esp.after["label"] = lambda: esp.lagging.update(C2=replace(esp.held["C2"], **changes))
    first, _ = CalendarConnector("news", esp).write([order(1), order(2)])
    assert isinstance(first, Written)
    assert first.record
    assert (first.record.fields["name"], first.record.fields["tags"]) == ("Campaign 1", ["promo"])
    assert (first.record.fields["subject"], first.record.fields["planned"]) == (["Hello"], at(72).native())
    assert esp.looks == 2, "it was looked at by itself"


def test_one_bad_order_holds_up_no_other() -> None:
    esp = esp_of()
    outcomes = list(CalendarConnector("news", esp).write([order(1), order(2, tags=["no such tag"]), order(3)]))
    assert errors(outcomes) == [None, Rejected, None]
    assert esp.calls == ["create", "create", "label C2 C3"]


def test_tags_that_are_refused_show_as_missing_and_the_drafts_are_there() -> None:
    esp = esp_of()
    esp.doubtful["label"] = Unavailable("silence")
    esp.after["label"] = lambda: esp.held.update({id_: replace(esp.held[id_], tags=()) for id_ in ("C2", "C3")})
    outcomes = list(CalendarConnector("news", esp).write([order(1), order(2)]))
    assert [one.record.fields["tags"] for one in outcomes if isinstance(one, Written) and one.record] == [[], []]


@pytest.mark.parametrize(
    ("error", "expected", "tried"),
    [
        (Unavailable("down"), [Unavailable] * 3, 1),
        (ConfigError("key"), [ConfigError] * 3, 1),
        (Ambiguous("silence"), [Ambiguous] * 3, 3),
        (Rejected("no"), [Rejected] * 3, 3),
    ],
)
def test_once_nothing_goes_any_more_nothing_more_is_asked(error: SyncError, expected: list[Any], tried: int) -> None:
    class Down(TinyEsp):
        tries = 0

        def create(self, *what: Any) -> str:
            self.tries += 1
            raise error

    esp = Down(draft())
    tool = CalendarConnector("news", esp)
    record = tool.read([REF])[REF]
    assert record
    outcomes = list(tool.write([order(1), order(2), order(3), Update(record, {"name": "Summer"}), Archive(record)]))
    assert errors(outcomes)[:3] == expected
    assert esp.tries == tried
    untouched = expected[0] in (Unavailable, ConfigError)
    assert (esp.calls == []) is untouched
    assert (errors(outcomes)[3:] == expected[:2]) is untouched
    assert [outcome.change for outcome in outcomes][3:] == [Update(record, {"name": "Summer"}), Archive(record)]
