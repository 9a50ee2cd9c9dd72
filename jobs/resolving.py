"""Which flag a person means, and whether their decision can settle it."""

from __future__ import annotations

from sync.errors import ConfigError
from sync.findings import Finding
from sync.store import Store
from sync.wording import listed

SEE = "See: campaign-sync report"


def named(store: Store, text: str) -> Finding:
    """The open flag whose id begins so. Raises ConfigError when none or several do."""
    wanted = text.strip().lower()
    found = [e.finding for e in store.open_findings() if wanted and e.finding.fingerprint.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        several = "; ".join(f"{finding.fingerprint} ({finding.title})" for finding in found)
        raise ConfigError(f'"{text}" begins {len(found)} flags: {several}. Give more of it.')
    raise ConfigError(f'No open flag begins with "{text}". {SEE}')


def choice_for(finding: Finding, given: str, *, by_tool: bool) -> str:
    """The decision as the store keeps it: a tool's name, "delete" or "restore". Raises ConfigError."""
    option = f"--take {given}" if by_tool else f"--{given}"
    for offered in finding.options:
        if offered.casefold() == option.casefold():  # people write a tool as its maker does: Jira
            return offered.split()[-1].removeprefix("--")
    if finding.options:
        raise ConfigError(f'"{finding.title}" is not settled by {option}. Use {listed(finding.options, "or")}.')
    raise ConfigError(f'"{finding.title}" is not settled by a decision. {finding.advice}')
