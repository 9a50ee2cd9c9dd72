"""The demo's workspace on disk: its folder, the configuration for the stand-in tools, people and secrets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sync.errors import ConfigError

MARK = ".campaign-sync-demo"
TIMEZONE = "Europe/Berlin"
# By ESP or feed, the sender that a new campaign starts with.
SENDERS = {
    "klaviyo": 'from_email = "news@acme.example"\nfrom_label = "Acme"\n',
    "mailchimp": 'from_name = "Acme"\nreply_to = "news@acme.example"\n',
    "brevo": 'from_email = "news@acme.example"\nfrom_name = "Acme"\n',
    "ics": "",
}
PATHS = {"brevo": "/v3"}


def make_folder(folder: Path) -> None:
    """An empty demo folder. One that an earlier demo left is emptied; anybody else's is left alone.

    Raises ConfigError when the folder holds something else or cannot be written.
    """
    try:
        if folder.exists():
            if not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise ConfigError(f"{folder} is not a demo's folder and not empty. Choose another with --dir.")
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).write_text("This folder is made anew by every demo.\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the demo cannot write to {folder}: {error.strerror}. Choose another with --dir.") from error


def write_workspace(folder: Path, company: Mapping[str, Any], smtp: str) -> Path:
    """The configuration that points at the stand-in tools; its path."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    credentials = company["credentials"]
    for tool, given in credentials.items():
        file = secrets / tool
        file.touch(mode=0o600)
        # Of a feed the address itself is the secret.
        file.write_text(given.get("token") or company["urls"][tool] + given["path"], encoding="utf-8")
    (folder / "people.toml").write_text(_people(company["people"]), encoding="utf-8")
    config = folder / "campaign-sync.toml"
    config.write_text(_config(company["urls"], credentials, smtp), encoding="utf-8")
    return config


def _config(urls: Mapping[str, str], credentials: Mapping[str, Mapping[str, str]], smtp: str) -> str:
    jira, airtable = credentials["jira"], credentials["airtable"]
    cloud = jira["flavour"] == "cloud"
    esps = "\n".join(f'[tools.{tool}]\ntype = "{tool}"\n{SENDERS[tool]}{_reached(tool, urls[tool])}'
                      for tool in credentials if tool in SENDERS)  # fmt: skip
    login = f"email = {_quoted(jira['email'])}\n" if cloud else ""  # a personal access token says whose it is
    return f"""\
# The demo's workspace. The tools are stand-ins on this machine; everything else is as in a real one.
[workspace]
name = "Acme email"
timezone = "{TIMEZONE}"
state = "state.db"
people = "people.toml"
schedule = "*/15 * * * *"

# Jira {"Cloud" if cloud else "Data Center"}
[tools.jira]
type = "jira"
url = {_quoted(urls["jira"])}
{login}token_file = "secrets/jira"
project = {_quoted(jira["project"])}

[tools.airtable]
type = "airtable"
url = {_quoted(urls["airtable"])}
token_file = "secrets/airtable"
base = {_quoted(airtable["base"])}

{esps}
[email]
smtp = {_quoted(smtp)}
sender = "Campaign sync <sync@acme.example>"
to = ["campaigns@acme.example"]

[audit]
audience_gap = "24h"
"""


def _reached(tool: str, url: str) -> str:
    """Where a tool is; a feed's address is its secret."""
    address = "" if tool == "ics" else f"url = {_quoted(url + PATHS.get(tool, ''))}\n"
    return f'{address}token_file = "secrets/{tool}"\n'


def _people(people: list[Mapping[str, Any]]) -> str:
    entries = []
    for person in people:
        entries.append(
            f"[[people]]\nid = {_quoted(person['id'])}\nname = {_quoted(person['name'])}\n"
            f"email = {_quoted(person['email'])}\nrole = {_quoted(person['role'])}\n"
            f"active = {'true' if person['active'] else 'false'}\n"
        )
        accounts = "".join(f"{tool} = {_quoted(account)}\n" for tool, account in person["accounts"].items())
        entries[-1] += f"[people.accounts]\n{accounts}" if accounts else ""
    return "\n".join(entries)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string as long as nothing beyond the basic plane is escaped.
    return json.dumps(text, ensure_ascii=False)
