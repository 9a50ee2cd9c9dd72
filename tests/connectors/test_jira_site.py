"""The connection to Jira: the proof of who we are and where, and what a wrong set-up is called."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from sync.errors import ConfigError, Unavailable
from sync.model import Kind
from sync.ports import Connector
from tests.connectors.jira_wire import API, SITE, TOKEN, Wire, connector


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire() as made:
        yield made


@pytest.fixture
def site(wire: Wire) -> Wire:
    wire.site()
    return wire


def test_it_keeps_the_contract_and_makes_no_request_before_it_is_used(wire: Wire) -> None:
    made: Connector = connector()
    assert made.capability.batch == 100
    assert made.capability.changes
    assert made.capability.relates
    assert made.capability.kinds == frozenset(Kind)
    made.close()
    assert len(wire.calls) == 0


def test_a_wrong_token_that_jira_takes_for_an_anonymous_visitor_is_a_config_error(site: Wire) -> None:
    site.replace("GET", f"{API}/myself", json={"message": "Client must be authenticated."}, status=401)
    with pytest.raises(ConfigError, match=r"token of \[tools.jira\]"):
        list(connector().fetch())


def test_a_project_that_is_not_shown_is_named(site: Wire) -> None:
    gone = {"errorMessages": ["No project could be found with key 'CAM'."], "errors": {}}
    site.replace("GET", f"{API}/project/CAM", json=gone, status=404)
    with pytest.raises(ConfigError, match="no project 'CAM'"):
        connector().schema()


@pytest.mark.parametrize("project", ['CAM" OR project = OPS', "CAM/statuses?x=1", "../myself", "CAM\n", "ÇAM 🎉"])
def test_a_project_of_any_name_is_asked_for_by_that_name_and_nothing_else(site: Wire, project: str) -> None:
    quoted = quote(project, safe="")
    site.on("GET", f"project/{quoted}", {"errorMessages": ["No project could be found"]}, status=404)
    with pytest.raises(ConfigError, match="shows this account no project"):
        connector(project=project).schema()
    assert str(site.calls[-1].request.url) == f"{API}/project/{quoted}"
    assert not site.sent("POST", "search/jql")


def test_an_issue_type_with_a_query_in_its_name_is_compared_and_never_asked_for(site: Wire) -> None:
    with pytest.raises(ConfigError, match="has no issue type"):
        connector(stage_type='Task" OR project = OPS OR issuetype = "Task').schema()


def test_a_sub_task_cannot_be_a_campaign(site: Wire) -> None:
    types = [
        {"id": "10001", "name": "Epic", "statuses": [], "subtask": True},
        {"id": "10002", "name": "Task", "statuses": []},
    ]
    site.replace("GET", f"{API}/project/CAM/statuses", json=types)
    with pytest.raises(ConfigError, match="a sub-task: nothing can hang on it"):
        connector().schema()


def test_an_id_that_is_none_never_gets_into_a_query(site: Wire) -> None:
    site.replace("GET", f"{API}/project/CAM", json={"id": "10000 OR project = OPS", "key": "CAM"})
    with pytest.raises(Unavailable, match="in a form that is not documented"):
        connector().schema()


def test_an_issue_type_that_does_not_exist_is_named_with_those_that_do(site: Wire) -> None:
    with pytest.raises(ConfigError, match=r"no issue type 'Story' \(stage_type.*'Epic', 'Task'"):
        connector(stage_type="Story").schema()


def test_one_issue_type_cannot_be_both(site: Wire) -> None:
    with pytest.raises(ConfigError, match="same issue type"):
        connector(stage_type="epic").schema()


def test_an_address_without_a_jira_is_a_config_error(wire: Wire) -> None:
    for version in (2, 3):
        wire.add(
            "GET", f"{SITE}/rest/api/{version}/serverInfo", body="<html><title>Not here</title></html>", status=404
        )
    with pytest.raises(ConfigError, match=r"No Jira site was found at https://acme\.atlassian\.net"):
        connector().schema()


@pytest.mark.parametrize("url", ["", "acme.atlassian.net", "https://acme.atlassian.net:port"])
def test_an_address_that_is_none_is_a_config_error(wire: Wire, url: str) -> None:
    with pytest.raises(ConfigError, match="The address of jira is not usable"):
        connector(url=url).schema()


def test_an_answer_that_is_no_json_is_not_taken_for_jira(wire: Wire) -> None:
    wire.add("GET", f"{API}/serverInfo", body="<html>Sign in to the hotel</html>")
    with pytest.raises(Unavailable, match="does not answer as Jira does"):
        connector().schema()


def test_a_site_that_does_not_answer_is_tried_again_and_then_unavailable(wire: Wire) -> None:
    wire.on("GET", "serverInfo", requests.ConnectionError("reset"))
    with pytest.raises(Unavailable):
        connector().schema()
    assert len(wire.calls) == 4


def test_a_redirect_is_reported_rather_than_followed(site: Wire) -> None:
    elsewhere = {"Location": "https://login.example/x?token=1"}
    site.replace("GET", f"{API}/field", status=302, headers=elsewhere)
    with pytest.raises(ConfigError, match=r"sends reading fields on to login\.example"):
        connector().schema()


def test_no_secret_and_no_header_gets_into_an_error_or_what_it_was_raised_from(site: Wire) -> None:
    echo = {"errorMessages": [f"bad {TOKEN}"], "errors": {}}
    site.replace("GET", f"{API}/myself", json=echo, status=401, headers={"Set-Cookie": "session=secret"})
    with pytest.raises(ConfigError) as caught:
        connector().schema()
    assert TOKEN not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
