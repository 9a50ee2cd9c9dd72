"""Signing in to Jira, Cloud and Data Center, with each kind of credentials, and what a wrong one is called."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from jobs.tools import JiraOptions
from sync.errors import ConfigError
from tests.connectors.jira_wire import HOUSE, SITE, TOKEN, House, Wire, connector, house_connector, issue

GATEWAY = "https://api.atlassian.com/ex/jira/1f2e3d4c"


class Gateway(Wire):
    """Where an OAuth token is used."""

    api = f"{GATEWAY}/rest/api/3"

    def site(self) -> None:
        self.on("GET", "serverInfo", {"deploymentType": "Cloud", "baseUrl": SITE})
        super().site()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as made:
        made.site()
        yield made


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        made.site()
        yield made


def signatures(wire: Wire) -> set[str]:
    return {str(call.request.headers["Authorization"]) for call in wire.calls}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_an_api_token_goes_with_the_email_of_its_account(site: Wire) -> None:
    connector().schema()
    assert signatures(site) == {basic("sync@acme.example", TOKEN)}


def test_an_oauth_token_is_used_at_the_gateway_and_people_are_led_to_the_site(gateway: Gateway) -> None:
    gateway.on("POST", "search/jql", {"issues": [issue()], "isLast": True})
    record = next(connector(url=GATEWAY, email=None, token="eyJ-made-up").fetch())
    assert signatures(gateway) == {"Bearer eyJ-made-up"}
    assert record.url == f"{SITE}/browse/CAM-17"


def test_a_personal_access_token_signs_in_to_a_data_center(house: House) -> None:
    house_connector().schema()
    assert signatures(house) == {"Bearer NjE2-made-up-pat"}


def test_a_password_may_hold_any_character(house: House) -> None:
    house_connector(user="jürgen", token="pässwörd→").schema()
    assert signatures(house) == {basic("jürgen", "pässwörd→")}


def test_an_email_does_not_sign_in_to_a_data_center(house: House) -> None:
    house.add("GET", f"{HOUSE}/rest/api/3/serverInfo", status=404)  # it has no version 3
    with pytest.raises(ConfigError, match="is a Data Center, which knows no API tokens"):
        house_connector(email="sync@acme.example").schema()


def test_a_password_does_not_sign_in_to_cloud(wire: Any) -> None:
    wire.add("GET", f"{SITE}/rest/api/2/serverInfo", json={"deploymentType": "Cloud"})
    with pytest.raises(ConfigError, match="is Jira Cloud, where nobody signs in with a password"):
        connector(email=None, user="sync").schema()


def test_an_api_token_without_its_email_is_told_what_it_lacks(wire: Any) -> None:
    wire.add("GET", f"{SITE}/rest/api/2/serverInfo", json={"deploymentType": "Cloud"})
    wire.add("GET", f"{SITE}/rest/api/3/myself", json={"message": "Client must be authenticated"}, status=401)
    with pytest.raises(ConfigError, match="an API token needs the email of its account"):
        connector(email=None).schema()


def test_email_and_user_are_not_both_given() -> None:
    with pytest.raises(ConfigError, match="both email"):
        connector(user="sync").schema()


@pytest.mark.parametrize("given", [{"token": "tok→en"}, {"email": "ännchen@acme.example"}])
def test_a_token_of_odd_characters_is_named_and_not_quoted(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="holds a character that no token has") as caught:
        connector(**given).schema()
    assert "→" not in str(caught.value)


def test_a_missing_scope_is_named_with_those_that_are_needed(gateway: Gateway) -> None:
    said = {"code": 401, "message": "Unauthorized; scope does not match"}
    gateway.replace("GET", f"{gateway.api}/field", json=said, status=401)
    with pytest.raises(ConfigError, match="scopes read:jira-work, write:jira-work and read:jira-user"):
        connector(url=GATEWAY, email=None).schema()


def test_a_captcha_asks_for_a_person(house: House) -> None:
    told = {"X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={HOUSE}/login.jsp"}
    house.replace("GET", f"{house.api}/myself", status=403, headers=told)
    with pytest.raises(ConfigError, match="captcha"):
        house_connector(user="sync").schema()


def test_a_wrong_password_is_not_printed(house: House) -> None:
    house.replace("GET", f"{house.api}/myself", json={"message": "wrong: s3cret-word"}, status=401)
    with pytest.raises(ConfigError) as caught:
        house_connector(user="sync", token="s3cret-word").schema()
    assert "s3cret-word" not in str(caught.value)
    assert "s3cret-word" not in repr(house_connector(user="sync", token="s3cret-word")._site.login)


# The configuration


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": SITE}, "has no email"),
        ({"url": SITE, "email": "a@acme.example", "user": "a"}, "both email"),
        ({"url": "https://api.atlassian.com"}, "https://api.atlassian.com/ex/jira/<cloud id>"),
    ],
)
def test_options_that_cannot_sign_in_are_refused_before_anything_is_asked(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        JiraOptions(project="CAM", **given)


@pytest.mark.parametrize(
    "given",
    [{"url": SITE, "email": "a@acme.example"}, {"url": GATEWAY}, {"url": HOUSE}, {"url": HOUSE, "user": "sync"},
     {"url": GATEWAY, "email": "a@acme.example"}],
)  # fmt: skip
def test_options_that_can_sign_in_are_taken(given: dict[str, Any]) -> None:
    fields = {"Done": {"resolution": "Done"}}
    assert JiraOptions(project="CAM", transition_fields=fields, **given).transition_fields == fields


def test_a_data_center_is_not_asked_who_we_are_when_its_first_answer_says_so(house: House) -> None:
    house.replace("GET", f"{house.api}/serverInfo", json={"deploymentType": "Server"}, headers={"X-AUSERNAME": "sync"})
    house.on("POST", "search", {"issues": [], "total": 0}, headers={"X-AUSERNAME": "anonymous"})
    made = house_connector()
    made.schema()
    assert not house.sent("GET", "myself")
    with pytest.raises(ConfigError, match="as if anonymous had asked, not sync"):
        list(made.fetch())


def test_a_data_center_is_asked_when_that_one_calls_us_anonymous(house: House) -> None:
    said = {"X-AUSERNAME": "anonymous"}
    house.replace("GET", f"{house.api}/serverInfo", json={"deploymentType": "Server"}, headers=said)
    house.replace("GET", f"{house.api}/myself", json={"message": "Client must be authenticated."}, status=401)
    with pytest.raises(ConfigError, match="401"):
        house_connector().schema()
