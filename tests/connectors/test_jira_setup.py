"""What a run of Jira is spared by what an earlier one was told of the set-up, which does no harm when it is old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.jira import JiraConnector
from sync.errors import ConfigError, Outdated
from sync.model import Kind, Record
from tests.connectors.jira_wire import (
    EMPTY,
    TOKEN,
    House,
    Wire,
    connector,
    house_connector,
    issue,
    task,
)

SINCE = "1790000000000 10000 10001 10002"
NOW = datetime(2026, 10, 8, 12, tzinfo=UTC)
OLD = "2026-09-01T07:08:33.123+0000"  # long before that position
REFUSED = {"errorMessages": ["The value '10001' does not exist for the field 'issuetype'."], "errors": {}}


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        yield made


def told(site: Wire, made: JiraConnector, *seen: dict[str, Any]) -> str:
    """What a run that has seen these issues hands on."""
    page = {"issues": list(seen), "isLast": True, "total": len(seen), "startAt": 0}
    path = "search/jql" if site.api.endswith("3") else "search"
    site.on("POST", path, page)
    made.schema()
    list(made.changes(SINCE))
    text = made.setup()
    assert text is not None
    site.remove("POST", f"{site.api}/{path}")
    site.calls.reset()
    return text


def recalled(text: str, **changes: Any) -> JiraConnector:
    made = connector(**changes)
    made.recall(text)
    return made


def paths(site: Wire) -> list[str]:
    return [str(call.request.url).removeprefix(site.api).partition("?")[0] for call in site.calls]


def natives(made: JiraConnector) -> list[str]:
    return [one.ref.native for one in made.changes(SINCE) if isinstance(one, Record)]


# What it spares


def test_a_quiet_run_costs_the_question_what_changed(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", {"issues": [issue("10451", updated=OLD)], "isLast": True})
    made = recalled(text)
    assert (natives(made), paths(site)) == ([], ["/search/jql"])
    assert made.schema().keys() == set(Kind)
    assert len(site.calls) == 1
    assert made.setup() == text, "it can be handed on as it was"


def test_a_quiet_run_of_a_data_center_costs_the_same(house: House) -> None:
    headers = {"X-AUSERNAME": "sync"}
    house.replace(
        "GET", f"{house.api}/serverInfo", json={"deploymentType": "Server", "baseUrl": house.api}, headers=headers
    )
    text = told(house, house_connector(), issue("10451"))
    house.on("POST", "search", {"issues": [], "total": 0}, headers=headers)
    made = house_connector()
    made.recall(text)
    assert (natives(made), paths(house)) == ([], ["/search"])
    (question,) = house.sent("POST", "search")
    assert " OR " not in question["jql"], "each answer of a Data Center says whom it is for"


@pytest.mark.parametrize("page", [[issue("10451", updated=OLD)], []])
def test_a_quiet_run_comes_as_far_as_any_other_by_the_time_of_its_first_answer(
    site: Wire, page: list[dict[str, Any]]
) -> None:
    text = told(site, connector(), issue("10451"))
    date = {"Date": format_datetime(NOW, usegmt=True)}
    site.on("POST", "search/jql", {"issues": page, "isLast": True}, headers=date)
    later = {"Date": format_datetime(NOW + timedelta(minutes=2), usegmt=True)}
    site.replace("GET", f"{site.api}/myself", json={"accountId": "5b10"}, headers=later)
    made = recalled(text)
    assert natives(made) == []
    reached = datetime.fromtimestamp(int(str(made.position()).split()[0]) / 1000, UTC)
    assert timedelta(0) <= NOW - timedelta(minutes=5) - reached < timedelta(seconds=30)


def test_a_clock_that_was_set_back_is_noticed_by_the_first_answer(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    date = {"Date": format_datetime(NOW - timedelta(days=365), usegmt=True)}
    site.on("POST", "search/jql", {"issues": [issue("10460")], "isLast": True}, headers=date)
    with pytest.raises(Outdated, match="set back"):
        natives(recalled(text))


def test_the_fields_are_the_same_and_after_forgetting_they_are_asked_for(site: Wire) -> None:
    before = connector()
    text = told(site, before)
    made = recalled(text)
    assert made.schema() == before.schema()
    assert len(site.calls) == 0
    made.recall(None)
    assert made.schema() == before.schema()
    assert len(site.calls) == 7


def test_what_the_site_is_need_not_be_asked_of_one_that_has_just_answered_well(site: Wire) -> None:
    made = recalled(told(site, connector(), issue("10451")))
    site.on("POST", "search/jql", {"issues": [issue("10451")], "isLast": True})
    list(made.changes(SINCE))
    made.recall(None)
    made.schema()
    assert "/serverInfo" not in paths(site)
    assert "/myself" in paths(site), "but who we are there, nobody has said yet"


def test_nothing_is_handed_on_before_anything_is_known(site: Wire) -> None:
    made = connector()
    assert made.setup() is None
    made.schema()
    assert made.setup() is not None
    made.recall(None)
    assert made.setup() is None


def test_no_secret_is_handed_on_and_it_is_short(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    assert TOKEN not in text
    assert len(text) < 4000
    assert json.loads(text)["seen"] == ["10451"]


def test_what_would_be_too_long_is_not_handed_on(site: Wire) -> None:
    screen = [
        {"fieldId": "customfield_10031", "allowedValues": [{"id": str(n), "value": "x" * 90} for n in range(2500)]}
    ]
    site.replace("GET", f"{site.api}/issue/createmeta/10000/issuetypes/10001", json={"fields": screen, "total": 1})
    made = connector()
    made.schema()
    assert made.setup() is None


# When it is of no use


@pytest.mark.parametrize(
    "changes",
    [
        {"project": "OPS"},
        {"url": "https://other.atlassian.net"},
        {"stage_type": "Epic"},
        {"email": "else@acme.example"},
    ],
)
def test_what_was_told_of_another_set_up_is_passed_over(site: Wire, changes: dict[str, Any]) -> None:
    text = told(site, connector())
    assert recalled(text, **changes).setup() is None


@pytest.mark.parametrize(
    "broken",
    [
        {"version": 2}, {"project": ["10000 OR project = OPS", "CAM"]}, {"types": {"campaign": "10001"}},
        {"seen": ["1) OR project in (10009"]}, {"statuses": {"campaign": [["x", "y"]], "stage": []}}, {"site": 7},
        {"fields": {"campaign": [["a"]], "stage": []}}, {"epic": [1, None]}, {"subtasks": ["nothing"]},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_passed_over(site: Wire, broken: dict[str, Any]) -> None:
    text = told(site, connector())
    made = recalled(json.dumps(json.loads(text) | broken))
    assert made.setup() is None
    made.schema()
    assert len(site.calls) == 7


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "7", "no JSON", '{"version": 1}'])
def test_text_that_means_nothing_is_passed_over(site: Wire, text: str) -> None:
    made = recalled(text)
    made.schema()
    assert len(site.calls) == 7


def test_a_question_that_jira_refuses_is_asked_once_more_after_all_is_asked_anew(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", REFUSED, status=400)
    site.on("POST", "search/jql", {"issues": [issue("10460")], "isLast": True})
    made = recalled(text)
    assert natives(made) == ["10460"]
    assert paths(site)[0] == "/search/jql"
    assert len(site.calls) == 1 + 7 + 1


def test_a_question_that_is_refused_again_is_a_config_error(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", REFUSED, status=400)
    with pytest.raises(ConfigError, match="does not exist"):
        natives(recalled(text))
    assert len(site.sent("POST", "search/jql")) == 2


def test_a_full_listing_goes_by_nothing_old_for_absence_is_concluded_from_it(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", EMPTY)
    assert list(recalled(text).fetch()) == []
    assert "/myself" in paths(site)[: paths(site).index("/search/jql")]


# Who asks: nobody has proven that when nothing was asked


def test_it_asks_for_an_issue_that_was_seen_too_for_a_stranger_is_shown_none(site: Wire) -> None:
    text = told(site, connector(), issue("10451"), task("10460"))
    site.on("POST", "search/jql", {"issues": [issue("10451", updated=OLD), task("10461")], "isLast": True})
    assert natives(recalled(text)) == ["10461"], "and it is no news"
    (question,) = site.sent("POST", "search/jql")
    assert "AND (updated >= 1790000000000 OR id in (10451, 10460)) ORDER" in question["jql"]


def test_an_issue_that_was_seen_and_has_changed_is_news(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", {"issues": [issue("10451", summary="Autumn")], "isLast": True})
    (changed,) = recalled(text).changes(SINCE)
    assert isinstance(changed, Record)
    assert changed.fields["summary"] == "Autumn"


def test_an_empty_answer_to_somebody_who_is_not_signed_in_is_not_believed(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", EMPTY)
    site.replace("GET", f"{site.api}/myself", json={"message": "no"}, status=401)
    made = recalled(text)
    with pytest.raises(ConfigError, match="token"):
        natives(made)
    assert made.position() is None, "nobody has read anything"


def test_where_what_was_seen_is_gone_we_ask_who_we_are(site: Wire) -> None:
    text = told(site, connector(), issue("10451"))
    site.on("POST", "search/jql", EMPTY)
    assert natives(recalled(text)) == []
    assert paths(site) == ["/search/jql", "/myself", "/project/CAM"]


def test_an_answer_of_a_data_center_that_is_for_another_is_refused_though_nothing_was_asked(house: House) -> None:
    headers = {"X-AUSERNAME": "sync"}
    house.replace("GET", f"{house.api}/serverInfo", json={"deploymentType": "Server"}, headers=headers)
    text = told(house, house_connector())
    house.on("POST", "search", {"issues": [], "total": 0}, headers={"X-AUSERNAME": "anonymous"})
    made = house_connector()
    made.recall(text)
    with pytest.raises(ConfigError, match="as if anonymous had asked"):
        natives(made)
