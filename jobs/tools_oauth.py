"""Signing in by OAuth 2.0: what the configuration says of it, and the grant that a connector signs with."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from jobs.settings_file import Section, Text

if TYPE_CHECKING:
    from connectors.oauth import Grant

# The vendors' own (developer.atlassian.com: "Implementing the Refresh Token Flow"; airtable.com: "OAuth reference").
ATLASSIAN = "https://auth.atlassian.com/oauth/token"
AIRTABLE = "https://airtable.com/oauth2/v1/token"


def local(host: str | None) -> bool:
    """Whether an address's host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _server(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or (parts.scheme != "https" and not (parts.scheme == "http" and local(parts.hostname))):
        raise ValueError("must be an address that begins with https://, because secrets are sent there")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be the plain address, without user, password, ? or #")
    return url


class OAuthOptions(Section):
    """An OAuth 2.0 app that renews its access by itself."""

    client_id: Text = Field(description="The app's client id.")
    client_secret_file: Text | None = Field(None, description="File with the app's secret, relative to this file.")
    client_secret_env: Text | None = Field(None, description="Environment variable with the app's secret.")
    tokens_file: Text = Field(
        description="File with the answer of the sign-in, or its refresh token alone. It is written anew at each "
        "renewal, so that it must be ours alone."
    )
    server: Annotated[str, AfterValidator(_server)] | None = Field(
        None, description="Token endpoint of the authorization server; default: the vendor's own."
    )

    def beside(self, folder: Path) -> OAuthOptions:
        """The same with the tokens' whole path."""
        return self.model_copy(update={"tokens_file": str((folder / self.tokens_file).resolve())})


def granted(tool: str, options: OAuthOptions | None, secret: SecretStr | None, server: str) -> Grant | None:
    """The grant that a connector of the tool signs with, if it is to. `secret` is the app's, `server` the vendor's."""
    if options is None:
        return None
    from connectors.oauth import Client, Grant  # noqa: PLC0415 - loads when a tool is used

    known = secret.get_secret_value() if secret else None
    client = Client(options.client_id, known, options.server or server, form=server == AIRTABLE)
    return Grant(tool, client, Path(options.tokens_file))
