"""Signing in to Jira: which of its ways the given credentials mean, and whether they suit the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectors.oauth import Grant
from sync.errors import ConfigError

GATEWAY = "/ex/jira/"  # in the address at which an OAuth token is used: https://api.atlassian.com/ex/jira/<cloud id>


@dataclass(frozen=True, slots=True)
class Login:
    """An account's credentials (reference jira §2).

    With `email`, `token` is an API token of Jira Cloud; with `user`, a password of a Data Center; with neither, an
    OAuth access token of Cloud or a personal access token of a Data Center. With a `grant`, OAuth of Cloud, it counts
    for nothing.
    """

    token: str = field(repr=False)
    email: str | None = None
    user: str | None = None
    grant: Grant | None = None

    def cloud_likely(self, url: str) -> bool:
        """Whether the site is to be asked as Cloud first."""
        return self.email is not None or GATEWAY in urlsplit(url).path

    def options(self, tool: str) -> dict[str, Any]:
        """What the library wants to be given. ConfigError for credentials that cannot be sent."""
        if self.grant is not None:
            return {}
        if self.email is not None and self.user is not None:
            raise ConfigError(f"[tools.{tool}] has both email (Jira Cloud) and user (Data Center); keep one of them.")
        if self.user is not None:
            # As bytes: a password may hold any character, and requests would take it for Latin-1.
            return {"basic_auth": (self.user.encode(), self.token.encode())}
        if not self.token.isascii() or not (self.email or "").isascii():
            raise ConfigError(f"The email or token of [tools.{tool}] holds a character that no token has.")
        return {"basic_auth": (self.email, self.token)} if self.email is not None else {"token_auth": self.token}

    def check(self, tool: str, url: str, *, cloud: bool) -> None:
        """ConfigError where the site is of a flavour that these credentials are not for."""
        if cloud and self.user is not None:
            raise ConfigError(
                f"{tool} at {url} is Jira Cloud, where nobody signs in with a password. In [tools.{tool}] put email in "
                "place of user, and an API token of that account in place of the password."
            )
        if not cloud and self.grant is not None:
            raise ConfigError(
                f"{tool} at {url} is a Data Center; [tools.{tool}.oauth] is for Jira Cloud. Take it out and sign in "
                "with a personal access token in token_file."
            )
        if not cloud and self.email is not None:
            raise ConfigError(
                f"{tool} at {url} is a Data Center, which knows no API tokens of Jira Cloud. In [tools.{tool}] take "
                "email out to sign in with a personal access token, or name a user whose password the token is."
            )

    def hint(self, *, cloud: bool) -> str:
        """What else may be wrong where a site does not let us in."""
        if cloud and self.email is None and self.grant is None:
            return (
                " An OAuth access token is used at https://api.atlassian.com/ex/jira/<cloud id>; "
                "an API token needs the email of its account."
            )
        return ""

    def __str__(self) -> str:
        return self.email or self.user or "the owner of the token"
