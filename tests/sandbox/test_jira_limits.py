"""Logging in by OAuth, and the limits of both flavours by the world's clock (reference jira §2, §8)."""

from __future__ import annotations

import pytest

from tests.sandbox.sites import Jira, basic, bearer

ISSUE = {"fields": {"summary": "Y"}}


class App:
    """An OAuth app at the gateway."""

    def __init__(self, rate_limits: bool = False) -> None:
        self.jira = Jira(rate_limits=rate_limits)
        self.cloud = self.jira.credentials["cloud_id"]
        self.token = self.jira.credentials["access_token"]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, str], object]:
        whole = path if path.startswith("/oauth") else f"/ex/jira/{self.cloud}/rest/api/3{path}"
        return self.jira.whole(method, whole, body, bearer(self.token))


def test_an_app_comes_in_by_the_gateway_and_nowhere_else() -> None:
    app = App()
    status, _, issue = app.ask("GET", "/issue/CAM-1")
    assert isinstance(issue, dict)
    assert (status, issue["self"]) == (200, f"http://127.0.0.1/ex/jira/{app.cloud}/rest/api/3/issue/10401")
    assert app.jira.whole("GET", "/rest/api/3/myself", login=bearer(app.token))[0] == 401
    assert app.jira.whole("GET", f"/ex/jira/{app.cloud}/rest/api/3/myself")[0] == 401  # by API token
    assert app.jira.whole("GET", "/ex/jira/other/rest/api/3/myself", login=bearer(app.token))[0] == 404


def test_an_app_learns_which_sites_are_open_to_it() -> None:
    app = App()
    status, _, sites = app.ask("GET", "/oauth/token/accessible-resources")
    assert isinstance(sites, list)
    assert (status, [site["id"] for site in sites]) == (200, [app.cloud])
    app.token = "wrong"
    assert app.ask("GET", "/oauth/token/accessible-resources")[0] == 401


def test_tokens_end_after_an_hour_and_refresh_tokens_after_one_use() -> None:
    app = App()
    login = app.jira.credentials
    app.jira.world.advance(3600)
    assert app.ask("GET", "/myself")[0] == 401
    order = {"grant_type": "refresh_token"} | {n: login[n] for n in ("client_id", "client_secret", "refresh_token")}
    status, _, given = app.jira.whole("POST", "/oauth/token", order, login={})
    assert (status, given["expires_in"]) == (200, 3600)
    app.token = given["access_token"]
    assert app.ask("GET", "/myself")[0] == 200
    assert app.jira.whole("POST", "/oauth/token", order, login={})[0] == 403
    assert app.jira.whole("POST", "/oauth/token", order | {"client_secret": "x"}, login={})[0] == 401


def test_an_app_may_do_what_its_scopes_say() -> None:
    app = App()
    app.jira.human("scopes", scopes=["read:jira-work"])
    assert app.ask("GET", "/issue/CAM-1")[0] == 200
    assert app.ask("POST", "/search/jql", {"jql": "project = CAM"})[0] == 200
    assert app.ask("PUT", "/issue/CAM-1", ISSUE)[2] == {"code": 401, "message": "Unauthorized; scope does not match"}
    assert app.ask("GET", "/myself")[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [("GET", "/priority", 100), ("GET", "/issue/CAM-1", 150), ("DELETE", "/issue/NOPE-1", 50)],
)
def test_bursts_are_counted_by_endpoint_and_method(method: str, path: str, most: int) -> None:
    jira = Jira(campaigns=1, rate_limits=True)
    answers = [jira.whole(method, f"/rest/api/3{path}") for _ in range(most + 1)]
    assert [status for status, _, _ in answers].index(429) == most
    headers = answers[-1][1]
    assert (headers["retry-after"], headers["ratelimit-reason"]) == ("1", "jira-burst-based")
    assert headers["x-ratelimit-limit"] == str(most)
    assert answers[-2][1]["x-ratelimit-nearlimit"] == "true"
    assert jira.ask("GET", "/resolution")[0] == 200
    jira.world.advance(1)
    assert jira.whole(method, f"/rest/api/3{path}")[0] != 429


def test_one_issue_takes_twenty_writes_in_two_seconds_and_a_hundred_in_thirty() -> None:
    jira = Jira(campaigns=1, rate_limits=True)
    until = []
    for _ in range(6):
        statuses = [jira.whole("PUT", "/rest/api/3/issue/cam-1/properties/x", {"a": 1})[0] for _ in range(20)]
        until.append(statuses.count(429))
        jira.world.advance(2)
    assert until == [0, 0, 0, 0, 0, 20]
    status, headers, _ = jira.whole("PUT", "/rest/api/3/issue/10401", ISSUE)
    assert (status, headers["ratelimit-reason"], headers["retry-after"]) == (429, "jira-per-issue-on-write", "30")
    assert jira.edit("CAM-2", summary="Z")[0] == 204
    jira.world.advance(30)
    assert jira.edit("CAM-1", summary="Z")[0] == 204


def test_points_are_spent_by_apps_until_the_hour_is_over() -> None:
    app = App(rate_limits=True)
    app.jira.human("switch", name="quota_points", value=12)
    statuses = [app.ask("GET", "/issue/CAM-1")[0] for _ in range(7)]
    assert statuses == [200] * 6 + [429]
    _, headers, _ = app.ask("GET", "/issue/CAM-1")
    assert headers["ratelimit-reason"] == "jira-quota-global-based"
    assert (headers["x-ratelimit-reset"], headers["retry-after"]) == ("2026-10-05T10:00:00Z", "3600")
    assert app.jira.ask("GET", "/issue/CAM-1")[0] == 200  # a script with an API token has no such quota
    app.jira.world.advance(1800)
    assert app.ask("GET", "/issue/CAM-1")[1]["retry-after"] == "1800"


def test_a_quota_can_be_used_up_by_others() -> None:
    app = App()
    app.jira.human("switch", name="quota_reason", value="jira-quota-tenant-based")
    status, headers, _ = app.ask("GET", "/myself")
    assert (status, headers["ratelimit-reason"]) == (429, "jira-quota-tenant-based")


def test_a_data_center_has_a_bucket_of_tokens_for_each_user() -> None:
    jira = Jira(campaigns=1, flavour="dc", rate_limits=True)
    answers = [jira.whole("GET", "/rest/api/2/priority") for _ in range(51)]
    assert [status for status, _, _ in answers].index(429) == 50
    headers = answers[-1][1]
    assert {name: headers[name] for name in headers if name.startswith(("x-ratelimit", "retry"))} == {
        "x-ratelimit-limit": "50",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-interval-seconds": "1",
        "x-ratelimit-fillrate": "10",
        "retry-after": "1",
    }
    assert jira.whole("GET", "/rest/api/2/serverInfo", login={})[0] == 200
    jira.world.advance(0.5)
    assert [jira.ask("GET", "/priority")[0] for _ in range(6)] == [200] * 5 + [429]


def test_a_data_center_may_block_a_user_for_longer_than_the_world_lasts() -> None:
    jira = Jira(campaigns=1, flavour="dc")
    jira.human("switch", name="user_blocked", value=True)
    status, headers, _ = jira.whole("GET", "/rest/api/2/myself")
    assert (status, headers["retry-after"]) == (429, "9223372036854775807")


def test_no_limits_are_counted_unless_asked_for() -> None:
    jira = Jira(campaigns=1)
    answers = [jira.whole("GET", "/rest/api/3/priority") for _ in range(120)]
    assert {status for status, _, _ in answers} == {200}
    assert "x-ratelimit-limit" not in answers[0][1]


def test_the_session_endpoint_may_refuse_api_tokens() -> None:
    jira = Jira(campaigns=1)
    assert jira.whole("GET", "/rest/auth/1/session")[0] == 401
    jira.human("switch", name="session_refused", value=False)
    assert jira.whole("GET", "/rest/auth/1/session")[0] == 200
    assert jira.whole("GET", "/rest/auth/1/session", login=basic("x", "y"))[0] == 401
