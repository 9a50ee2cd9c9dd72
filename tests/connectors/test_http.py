"""What HTTP answers and silences mean, how long we wait, and that no secret gets out."""

from __future__ import annotations

import base64
import socket
import traceback
from pathlib import Path

import pytest
import requests
import responses

from connectors.http import Retry, error_for, exchange, json_of, limit, retry_after, session, translate
from sync.errors import Ambiguous, ConfigError, Exhausted, Rejected, Stale, SyncError, Unavailable

URL = "https://tool.example/api"
TOKEN = "pk_0123456789abcdef0123456789abcdef"
BASIC = base64.b64encode(f"me@x.example:{TOKEN}".encode()).decode()


def answer(
    status: int, body: object = None, *, text: str | None = None, headers: dict[str, str] | None = None
) -> requests.Response:
    """A real answer to a real, signed request."""
    with responses.RequestsMock() as wire:
        if text is None:
            wire.get(URL, json=body, status=status, headers=headers)
        else:
            wire.get(URL, body=text, status=status, headers=headers, content_type="text/html")
        return session(per_second=None, headers={"Authorization": f"Bearer {TOKEN}"}).get(URL)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Rejected), (401, ConfigError), (403, ConfigError), (404, Rejected), (408, Unavailable),
        (409, Stale), (410, ConfigError), (413, Rejected), (422, Rejected), (429, Unavailable),
        (500, Unavailable), (502, Unavailable), (503, Unavailable),
    ],
)  # fmt: skip
def test_each_status_becomes_the_error_that_says_how_to_recover(status: int, expected: type[SyncError]) -> None:
    assert type(error_for("jira", "reading", answer(status, {}))) is expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errorMessages": ["Issue does not exist."], "errors": {}}, "Issue does not exist."),
        ({"errorMessages": [], "errors": {"summary": "Too long."}}, "summary: Too long."),
        ({"error": "NOT_FOUND"}, "NOT_FOUND"),
        ({"error": {"type": "UNKNOWN_FIELD_NAME", "message": 'Unknown field name: "X"'}}, 'Unknown field name: "X"'),
        ({"error": {"type": "INVALID"}}, "INVALID"),
        ({"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]}, "RATE_LIMIT_REACHED"),
        (
            {"errors": [{"detail": "Bad name.", "source": {"pointer": "/data/attributes/name"}}]},
            "Bad name. (at /data/attributes/name)",
        ),
        ({"type": "about:blank", "title": "Bad request", "detail": "No such list"}, "No such list"),
        ({}, "Unprocessable"),
        (["odd", "list"], "odd; list"),
        (None, "Unprocessable"),
    ],
)
def test_the_tools_own_words_are_found_in_every_shape_of_error_body(body: object, words: str) -> None:
    assert words in str(error_for("jira", "writing", answer(422, body)))


def test_of_an_html_page_only_its_title_is_told() -> None:
    page = "<!DOCTYPE html><html><head><title>Bad\n gateway</title></head><body>lots of markup</body></html>"
    told = str(error_for("jira", "reading", answer(502, text=page)))
    assert "Bad gateway." in told
    assert "<" not in told


def test_a_long_refusal_is_cut() -> None:
    assert len(str(error_for("jira", "writing", answer(400, {"error": "x" * 5000})))) < 400


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"Klaviyo-API-Key {TOKEN}", f"Basic {BASIC}"])
def test_a_secret_that_the_tool_echoes_is_hidden(authorization: str) -> None:
    with responses.RequestsMock() as wire:
        wire.get(URL, json={"error": f"bad key {TOKEN} in {authorization}"}, status=400)
        echoed = session(per_second=None, headers={"Authorization": authorization}).get(URL)
    told = str(error_for("jira", "reading", echoed))
    assert TOKEN not in told
    assert authorization.split()[1] not in told
    assert "[hidden]" in told


def test_ordinary_words_about_authentication_are_not_hidden() -> None:
    told = str(
        error_for("jira", "reading", answer(401, {"message": "Basic authentication with passwords is deprecated."}))
    )
    assert "Basic authentication with passwords" in told


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date_by_the_tools_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = error_for("jira", "reading", answer(429, {}, headers=headers))
    assert isinstance(error, Unavailable)
    assert error.retry_after == seconds
    assert retry_after(answer(503, {}, headers=headers)) == seconds


def test_a_server_error_after_a_create_is_ambiguous_but_a_refusal_is_not() -> None:
    assert type(error_for("jira", "creating", answer(503, {}), creating=True)) is Ambiguous
    assert type(error_for("jira", "creating", answer(429, {}), creating=True)) is Unavailable
    assert type(error_for("jira", "creating", answer(400, {}), creating=True)) is Rejected


def test_a_silence_is_unavailable_for_a_read_and_ambiguous_for_a_create() -> None:
    silence = requests.ReadTimeout("https://user:secret@tool.example/?key=secret")
    assert type(translate("jira", "reading", silence, creating=False)) is Unavailable
    told = translate("jira", "creating an epic", silence, creating=True)
    assert type(told) is Ambiguous
    assert "secret" not in str(told)


def test_a_refused_connection_is_never_ambiguous_and_names_the_host_only() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://me:hush@127.0.0.1:{port}/x?k=hush"
    with pytest.raises(Unavailable) as told:
        exchange(session(per_second=None), "jira", "creating", "POST", url, creating=True)
    assert type(told.value) is Unavailable
    assert f"127.0.0.1:{port}" in str(told.value)
    assert "hush" not in str(told.value)


@pytest.mark.parametrize("url", ["", "tool.example/api", "ftp://tool.example", "https://"])
def test_an_unusable_address_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        exchange(session(per_second=None), "jira", "reading", "GET", url)


@pytest.mark.parametrize("token", ["Bearer hush-hush\n", "Bearer hush-hush\u2026"])
def test_a_token_that_is_none_is_a_matter_of_configuration_and_not_told(token: str) -> None:
    with pytest.raises(ConfigError, match="token of jira") as told:
        exchange(session(per_second=None, headers={"Authorization": token}), "jira", "reading", "GET", URL)
    assert "hush-hush" not in "".join(traceback.format_exception(told.value))


def test_an_untrusted_certificate_is_a_matter_of_configuration() -> None:
    exc = requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert type(translate("jira", "reading", exc, creating=False)) is ConfigError


@responses.activate
def test_a_web_page_in_place_of_json_is_not_the_tools_word() -> None:
    responses.get(URL, body="<html>please log in</html>", content_type="text/html")
    page = exchange(session(per_second=None), "jira", "reading", "GET", URL)
    with pytest.raises(Unavailable, match="web page"):
        json_of("jira", "reading", page)
    with pytest.raises(Ambiguous):
        json_of("jira", "creating", page, creating=True)


def test_an_error_that_is_already_ours_is_kept() -> None:
    ours = Stale("moved")
    assert translate("jira", "writing", ours, creating=True) is ours


@responses.activate
def test_a_call_is_attempted_once_and_has_a_time_out() -> None:
    responses.get(URL, status=503)
    with pytest.raises(Unavailable):
        exchange(session(per_second=None, timeout=(1, 2)), "jira", "reading", "GET", URL)
    assert len(responses.calls) == 1
    assert responses.calls[0].request.req_kwargs["timeout"] == (1, 2)  # type: ignore[attr-defined]


@responses.activate
def test_a_budget_can_be_mounted_on_a_session_that_a_library_made() -> None:
    responses.get(URL, json={})
    theirs = requests.Session()
    limit(theirs, 1000, 60000)
    assert theirs.get(URL).ok
    assert responses.calls[0].request.req_kwargs["timeout"] == (5, 30)  # type: ignore[attr-defined]
    theirs.close()


def test_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine tool.example login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert answer(200, {}).request.headers["Authorization"] == f"Bearer {TOKEN}"


class Flaky:
    """Fails as told, then answers."""

    def __init__(self, *errors: SyncError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def waits(*errors: SyncError, repeatable: bool = False, **policy: float) -> tuple[list[float], Flaky, object]:
    slept: list[float] = []
    call = Flaky(*errors)
    retry = Retry(sleep=slept.append, rng=lambda: 0.5, **policy)  # type: ignore[arg-type]
    try:
        return slept, call, retry(call, repeatable=repeatable)
    except SyncError as error:
        return slept, call, error


def test_an_unavailable_tool_is_tried_again_ever_later() -> None:
    slept, call, result = waits(Unavailable("a"), Unavailable("b"), Unavailable("c"))
    assert (slept, call.calls, result) == ([0.5, 1.0, 2.0], 4, "done")


def test_the_wait_that_the_tool_asks_for_is_honoured() -> None:
    slept, _, result = waits(Unavailable("a", 30))
    assert (slept, result) == ([30.25], "done")


def test_a_wait_beyond_the_budget_is_left_to_a_later_run() -> None:
    error = Unavailable("later", 3600)
    slept, call, result = waits(error)
    assert (slept, call.calls, result) == ([], 1, error)


def test_it_gives_up_after_the_last_attempt_with_the_last_error() -> None:
    last = Unavailable("4")
    slept, call, result = waits(Unavailable("1"), Unavailable("2"), Unavailable("3"), last)
    assert (len(slept), call.calls, result) == (3, 4, last)


@pytest.mark.parametrize("error", [Rejected("x"), ConfigError("x"), Stale("x"), Ambiguous("x"), Exhausted("x")])
def test_what_repeating_cannot_help_or_must_not_repeat_is_not_repeated(error: SyncError) -> None:
    slept, call, result = waits(error)
    assert (slept, call.calls, result) == ([], 1, error)


def test_a_create_that_finds_itself_again_may_be_repeated() -> None:
    assert waits(Ambiguous("no answer"), repeatable=True)[2] == "done"


def test_a_used_up_quota_is_not_repeated_even_by_what_finds_itself_again() -> None:
    slept, call, _ = waits(Exhausted("x"), repeatable=True)
    assert (slept, call.calls) == ([], 1)
