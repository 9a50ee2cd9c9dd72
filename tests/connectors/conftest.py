"""Connectors on a canned wire, for the tests that share one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses

from connectors.http import Retry
from connectors.klaviyo import KlaviyoConnector
from tests.connectors.jira_wire import Wire
from tests.connectors.klaviyo_account import Account


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def wire() -> Iterator[Any]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


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
def klaviyo(slept: list[float]) -> KlaviyoConnector:
    retry = Retry(sleep=slept.append, rng=lambda: 0.0)
    return KlaviyoConnector(
        "klaviyo", token="pk_secret", from_email="news@acme.example", from_label="Acme", per_second=None, retry=retry
    )
