"""The types of tool that a workspace may name: their options in the configuration and how their connector is made."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, model_validator

from jobs.settings_file import Address, Limit, Section, Site, Text
from jobs.tools_calendar import brevo, ics, klaviyo, mailchimp
from jobs.tools_oauth import AIRTABLE, ATLASSIAN, OAuthOptions, granted
from jobs.tools_webhooks import Webhook, WebhookRegistry
from mappings.load import MappingFile, load
from sync.errors import ConfigError
from sync.ports import Connector

GROUP = "campaign_sync.connectors"


class ToolType(Protocol):
    """A type of tool, as the entry-point group `campaign_sync.connectors` offers it.

    `options` is a pydantic model of the keys that only this type has, `mapping_type` says whose words its fields'
    types are and names the packaged mapping; a type with a mapping file of its own has that as `mapping`, the text or a
    file within its package (`importlib.resources`).
    A type whose tool wants no token says `needs_token = False`. One whose tool sends webhooks offers
    `webhook(tool, options, secret) -> Webhook`, which raises ValueError for what can be no secret, and where we can
    make those webhooks also `webhook_registry(tool, options, token) -> WebhookRegistry`.
    """

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> type[BaseModel]: ...

    @property
    def mapping_type(self) -> str: ...

    def build(self, tool: str, options: Any, token: SecretStr | None) -> Connector:
        """The connector of the tool that the workspace calls `tool`. Opens no connection yet."""


class JiraOptions(Section):
    """A project of Jira, Cloud or Data Center: an epic is a campaign, its child issues are stages."""

    url: Site = Field(
        description="Your site, such as https://acme.atlassian.net or https://jira.acme.example; "
        "for an OAuth access token https://api.atlassian.com/ex/jira/<cloud id>."
    )
    email: Address | None = Field(None, description="Jira Cloud: the account that the API token belongs to.")
    user: Text | None = Field(None, description="Data Center: the user whose password the token is.")
    oauth: OAuthOptions | None = Field(None, description="Jira Cloud by OAuth 2.0, renewed by itself.")
    project: Text = Field(description="The project's key, such as CAM.")
    campaign_type: Text = "Epic"
    stage_type: Text = "Task"
    transition_fields: dict[Text, dict[Text, Any]] = Field(
        {}, description='By status, what a transition into it fills in: Done = { resolution = "Done" }.'
    )
    requests_per_second: Limit = 50

    @model_validator(mode="after")
    def _signs_in(self) -> JiraOptions:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if self.email and self.user:
            raise ValueError("has both email (Jira Cloud) and user (Data Center); keep one of them")
        if self.oauth and (self.email or self.user):
            raise ValueError("has both oauth and an email or user; keep one of them")
        if self.oauth and "/ex/jira/" not in parts.path:
            raise ValueError("signs in by oauth, so url must be https://api.atlassian.com/ex/jira/<cloud id>")
        if host == "api.atlassian.com" and not parts.path.startswith("/ex/jira/"):
            raise ValueError("needs a url such as https://api.atlassian.com/ex/jira/<cloud id>")
        if host.endswith(".atlassian.net") and not self.email:
            raise ValueError("has no email; an API token of Jira Cloud needs its account's")
        return self


class AirtableOptions(Section):
    """A base with a table of campaigns and a linked table of stages."""

    url: Site = "https://api.airtable.com"
    oauth: OAuthOptions | None = Field(None, description="OAuth 2.0 in place of a token, renewed by itself.")
    base: Annotated[str, Field(pattern=r"^app\w+$", description="The base's id; it begins with app.")]
    campaigns: Text = "Campaigns"
    stages: Text = "Stages"
    campaign_link: Text = Field("Campaign", description="The field of a stage that links to its campaign.")
    marker_field: Text = Field("Sync ID", description="A text field in both tables that is ours alone.")
    webhook_log: Literal["auto", "off"] = Field(
        "auto", description="Whether the base keeps a log of its changes for us, if the token may manage webhooks."
    )
    requests_per_second: Limit = 5


class _Jira:
    name = mapping_type = "jira"
    options = JiraOptions

    def build(self, tool: str, options: JiraOptions, token: SecretStr | None) -> Connector:
        from connectors.jira import JiraConnector  # noqa: PLC0415 - a tool's library loads when the tool is used

        return JiraConnector(
            tool,
            **self._access(tool, options, token),
            campaign_type=options.campaign_type,
            stage_type=options.stage_type,
            transition_fields=options.transition_fields,
        )

    def _access(self, tool: str, options: JiraOptions, token: SecretStr | None) -> dict[str, Any]:
        return {
            "url": options.url,
            "email": options.email,
            "user": options.user,
            "token": "" if options.oauth else _shown(token),
            "grant": granted(tool, options.oauth, token, ATLASSIAN),
            "project": options.project,
            "per_second": options.requests_per_second,
        }

    def webhook_registry(self, tool: str, options: JiraOptions, token: SecretStr | None) -> WebhookRegistry:
        from connectors.jira_webhooks_registry import JiraWebhooks  # noqa: PLC0415

        return JiraWebhooks(tool, **self._access(tool, options, token))

    def webhook(self, tool: str, options: JiraOptions, secret: SecretStr) -> Webhook:
        from connectors.jira_webhooks import JiraWebhook  # noqa: PLC0415

        return JiraWebhook(
            tool,
            secret=secret.get_secret_value(),
            project=options.project,
            campaign_type=options.campaign_type,
            stage_type=options.stage_type,
        )


class _Airtable:
    name = mapping_type = "airtable"
    options = AirtableOptions

    def build(self, tool: str, options: AirtableOptions, token: SecretStr | None) -> Connector:
        from connectors.airtable import AirtableConnector  # noqa: PLC0415

        return AirtableConnector(
            tool,
            **self._access(tool, options, token),
            campaigns=options.campaigns,
            stages=options.stages,
            campaign_link=options.campaign_link,
            marker_field=options.marker_field,
            webhook_log=options.webhook_log == "auto",
        )

    def _access(self, tool: str, options: AirtableOptions, token: SecretStr | None) -> dict[str, Any]:
        return {
            "url": options.url,
            "token": "" if options.oauth else _shown(token),
            "grant": granted(tool, options.oauth, token, AIRTABLE),
            "base": options.base,
            "per_second": options.requests_per_second,
        }

    def webhook_registry(self, tool: str, options: AirtableOptions, token: SecretStr | None) -> WebhookRegistry:
        from connectors.airtable_webhooks_registry import AirtableWebhooks  # noqa: PLC0415

        return AirtableWebhooks(tool, **self._access(tool, options, token))

    def webhook(self, _tool: str, _options: AirtableOptions, secret: SecretStr) -> Webhook:
        from connectors.airtable_webhooks import AirtableWebhook  # noqa: PLC0415

        return AirtableWebhook(secret=secret.get_secret_value())


jira, airtable = _Jira(), _Airtable()
_OURS: dict[str, ToolType] = {kind.name: kind for kind in (jira, airtable, klaviyo, mailchimp, brevo, ics)}


@cache
def tool_types() -> dict[str, ToolType]:
    """Every type that a workspace may name: ours, and what installed packages register."""
    types = dict(_OURS)
    for entry in entry_points(group=GROUP):
        if entry.value.startswith("jobs.tools"):
            continue
        if entry.name in _OURS:
            raise ConfigError(f"{entry.value} offers a connector {entry.name}, which is a name of ours. Remove it.")
        try:
            types[entry.name] = entry.load()
        except Exception as exc:
            raise ConfigError(
                f"The connector {entry.name} ({entry.value}) cannot be loaded: {exc}. Repair or remove its package."
            ) from exc
    return types


def mapping_file(kind: ToolType, path: Path | None) -> MappingFile:
    """The mapping file that the workspace names, else the type's own, else ours. Raises ConfigError."""
    return load(path, kind.mapping_type, own=getattr(kind, "mapping", None))


def _shown(token: SecretStr | None) -> str:
    return token.get_secret_value() if token else ""
