"""What is wrong in the section of an ESP or a feed is said with file and line, and with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.settings import load_settings
from jobs.settings_schema import json_schema
from sync.errors import ConfigError

HEAD = """\
[workspace]
name = "Acme email"
timezone = "Europe/Berlin"
"""
MAILCHIMP = '[tools.news]\ntype = "mailchimp"\ntoken_env = "T"\nfrom_name = "Acme"\nreply_to = "a@acme.example"\n'
BREVO = '[tools.news]\ntype = "brevo"\ntoken_env = "T"\n'
KLAVIYO = '[tools.news]\ntype = "klaviyo"\ntoken_env = "T"\nfrom_email = "a@acme.example"\nfrom_label = "Acme"\n'
FEED = '[tools.feed]\ntype = "ics"\ntoken_env = "T"\n'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T", "0123-us6")
    (tmp_path / "people.toml").write_text("", "utf-8")
    return tmp_path / "campaign-sync.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tools.news]\ntype = "mailchimp"\ntoken_env = "T"\n', "tools.news.from_name is missing"),
        (MAILCHIMP + 'url = "acme"', "line 9: tools.news.url must be an address such as"),
        (MAILCHIMP.replace('token_env = "T"\n', ""), 'tools.news has no token; add token_file = "secrets/news"'),
        (MAILCHIMP.replace('token_env = "T"', 'token_file = "nowhere"'), "nowhere, which cannot be read"),
        (MAILCHIMP + 'batches = "sometimes"', "line 9: tools.news.batches must be true or false"),
        (MAILCHIMP + 'send_margin = "1m"', 'line 9: tools.news.send_margin must be at least "5m"'),
        (MAILCHIMP + 'schedule = "maybe"', "must be one of 'never', 'move' or 'full'"),
        (MAILCHIMP.replace("mailchimp", "mailchip"), 'did you mean "mailchimp"?'),
        (BREVO, "tools.news has no sender; add sender_id, or from_email and from_name"),
        (BREVO + 'from_name = "Acme"', "tools.news has from_name alone"),
        (BREVO + 'sender_id = 3\nfrom_name = "Acme"', "tools.news has both sender_id and from_name"),
        (BREVO + 'sender_id = 3\ntime_zone = "Berlin"', 'did you mean "Europe/Berlin"?'),
        (KLAVIYO + 'revision = "latest"', "line 9: tools.news.revision must be a day such as 2026-07-15"),
        (FEED + 'since = "October"', "line 7: tools.feed.since must be a day such as 2026-10-01"),
        (FEED + 'shows = "both"', "line 7: tools.feed.shows must be one of 'scheduled' or 'planned'"),
        (FEED + "ahead_days = 9999", "line 7: tools.feed.ahead_days must be at most 730"),
        (FEED + 'url = "https://acme.example/a.ics"', "the address of a feed is its secret"),
        (FEED + 'schedule = "move"', "tools.feed is only read, so there is no schedule to touch"),
    ],
)
def test_a_wrong_option_is_told_with_the_way_out(config: Path, text: str, said: str) -> None:
    config.write_text(HEAD + text, "utf-8")

    with pytest.raises(ConfigError) as caught:
        load_settings(config)

    assert said in str(caught.value)
    assert f"{config}, line " in str(caught.value)


def test_one_workspace_may_hold_several_esps_and_two_of_one_kind(config: Path) -> None:
    tools = [MAILCHIMP, MAILCHIMP.replace("news", "news_us"), KLAVIYO.replace("news", "shop"), FEED]
    config.write_text(HEAD + "".join(tools), "utf-8")

    held = load_settings(config).tools

    assert {name: tool.type.name for name, tool in held.items()} == {
        "news": "mailchimp", "news_us": "mailchimp", "shop": "klaviyo", "feed": "ics",
    }  # fmt: skip


def test_the_schema_for_editors_knows_every_calendar() -> None:
    told = {tool["properties"]["type"]["const"]: tool for tool in json_schema()["properties"]["tools"][
        "additionalProperties"]["oneOf"]}  # fmt: skip

    assert {"klaviyo", "mailchimp", "brevo", "ics"} <= told.keys()
    assert told["mailchimp"]["required"] == ["type", "from_name", "reply_to"]
    assert "schedule" in told["brevo"]["properties"]
    assert "schedule" not in told["ics"]["properties"]
