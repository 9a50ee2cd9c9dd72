"""Connectors on a canned wire, for the tests that share one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from connectors.airtable import AirtableConnector
from connectors.calendar import Sending
from connectors.calendar_connector import CalendarConnector
from connectors.http import Retry
from connectors.klaviyo import KlaviyoEsp
from tests.connectors.airtable_base import CAMPAIGNS, SCHEMA, STAGES, begun, connector, hook, listed, schema_answers
from tests.connectors.jira_wire import Wire
from tests.connectors.klaviyo_account import Account

NOW = datetime(2026, 11, 10, 8, tzinfo=UTC)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def wire() -> Iterator[Any]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def base(wire: Any) -> None:
    """An Airtable base that tells its tables and the time."""
    schema_answers(wire, SCHEMA)


@pytest.fixture
def airtable(base: None, slept: list[float]) -> AirtableConnector:
    return connector(slept)


@pytest.fixture
def since(wire: Any, airtable: AirtableConnector) -> str:
    """A position in an Airtable base with a log whose next payload is the fifth."""
    listed(wire, hook())
    assert begun(wire, airtable) == ["achOURS", 5]
    wire.remove("GET", CAMPAIGNS)
    wire.remove("GET", STAGES)
    text = airtable.position()
    assert text is not None
    return text


@pytest.fixture
def site() -> Iterator[Wire]:
    """A Jira site that answers what every connector asks first."""
    with Wire() as made:
        made.site()
        yield made


@pytest.fixture
def account(wire: Any) -> Account:
    return Account(wire)


@pytest.fixture
def klaviyo(slept: list[float]) -> CalendarConnector:
    retry = Retry(sleep=slept.append, rng=lambda: 0.0)
    esp = KlaviyoEsp(
        "klaviyo", token="pk_secret", from_email="news@acme.example", from_label="Acme", per_second=None, retry=retry
    )
    return CalendarConnector("klaviyo", esp, Sending(now=lambda: NOW))
