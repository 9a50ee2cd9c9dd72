"""The types of tool that a workspace may name: their options in the configuration and how their connector is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from jobs.settings_file import Address, Limit, Section, Text
from sync.errors import ConfigError
from sync.model import Ref
from sync.ports import Connector

GROUP = "campaign_sync.connectors"


class Webhook(Protocol):
    """What a tool tells us by itself: the check of who sent a delivery, and the records that it hints at."""

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether whoever sent these bytes knows the webhook's secret. `headers` ignores the case of a name."""

    def identifier(self, headers: Mapping[str, str]) -> str | None:
        """What the repetitions of one delivery have in common, if the tool says."""

    def refs(self, body: bytes) -> Sequence[Ref]:
        """The records to look at; none where a run finds them by itself. Raises ValueError for an unreadable body."""


class ToolType(Protocol):
    """A type of tool, as the entry-point group `campaign_sync.connectors` offers it.

    `options` is a pydantic model of the keys that only this type has, `mapping_type` names the packaged mapping.
    A type whose tool wants no token says `needs_token = False`. One whose tool sends webhooks offers
    `webhook(tool, options, secret) -> Webhook`, which raises ValueError for what can be no secret.
    """

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> type[BaseModel]: ...

    @property
    def mapping_type(self) -> str: ...

    def build(self, tool: str, options: Any, token: SecretStr | None) -> Connector:
        """The connector of the tool that the workspace calls `tool`. Opens no connection yet."""


def _site(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError("must be an address such as https://acme.example") from None
    if not fine:
        raise ValueError("must be an address such as https://acme.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be the plain address, without user, password, ? or #")
    return url.rstrip("/")


Site = Annotated[Text, AfterValidator(_site)]


class JiraOptions(Section):
    """A project of Jira, Cloud or Data Center: an epic is a campaign, its child issues are stages."""

    url: Site = Field(
        description="Your site, such as https://acme.atlassian.net or https://jira.acme.example; "
        "for an OAuth access token https://api.atlassian.com/ex/jira/<cloud id>."
    )
    email: Address | None = Field(None, description="Jira Cloud: the account that the API token belongs to.")
    user: Text | None = Field(None, description="Data Center: the user whose password the token is.")
    project: Text = Field(description="The project's key, such as CAM.")
    campaign_type: Text = "Epic"
    stage_type: Text = "Task"
    transition_fields: dict[Text, dict[Text, Any]] = Field(
        {}, description='By status, what a transition into it fills in: Done = { resolution = "Done" }.'
    )
    requests_per_second: Limit = 20

    @model_validator(mode="after")
    def _signs_in(self) -> JiraOptions:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if self.email and self.user:
            raise ValueError("has both email (Jira Cloud) and user (Data Center); keep one of them")
        if host == "api.atlassian.com" and not parts.path.startswith("/ex/jira/"):
            raise ValueError("needs a url such as https://api.atlassian.com/ex/jira/<cloud id>")
        if host.endswith(".atlassian.net") and not self.email:
            raise ValueError("has no email; an API token of Jira Cloud needs its account's")
        return self


class AirtableOptions(Section):
    """A base with a table of campaigns and a linked table of stages."""

    url: Site = "https://api.airtable.com"
    base: Annotated[str, Field(pattern=r"^app\w+$", description="The base's id; it begins with app.")]
    campaigns: Text = "Campaigns"
    stages: Text = "Stages"
    campaign_link: Text = Field("Campaign", description="The field of a stage that links to its campaign.")
    marker_field: Text = Field("Sync ID", description="A text field in both tables that is ours alone.")
    webhook_log: Literal["auto", "off"] = Field(
        "auto", description="Whether the base keeps a log of its changes for us, if the token may manage webhooks."
    )
    requests_per_second: Limit = 5


class KlaviyoOptions(Section):
    """A Klaviyo account; it holds campaigns only."""

    url: Site = "https://a.klaviyo.com"
    revision: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", description="The API revision.")] = "2026-07-15"
    from_email: Address = Field(description="The sender that a new campaign starts with.")
    from_label: Text = Field(description="The sender's name that a new campaign starts with.")
    requests_per_second: Limit = 10


class _Jira:
    name = mapping_type = "jira"
    options = JiraOptions

    def build(self, tool: str, options: JiraOptions, token: SecretStr | None) -> Connector:
        from connectors.jira import JiraConnector  # noqa: PLC0415 - a tool's library loads when the tool is used

        return JiraConnector(
            tool,
            url=options.url,
            email=options.email,
            user=options.user,
            token=_shown(token),
            project=options.project,
            campaign_type=options.campaign_type,
            stage_type=options.stage_type,
            transition_fields=options.transition_fields,
            per_second=options.requests_per_second,
        )

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
            url=options.url,
            token=_shown(token),
            base=options.base,
            campaigns=options.campaigns,
            stages=options.stages,
            campaign_link=options.campaign_link,
            marker_field=options.marker_field,
            webhook_log=options.webhook_log == "auto",
            per_second=options.requests_per_second,
        )

    def webhook(self, _tool: str, _options: AirtableOptions, secret: SecretStr) -> Webhook:
        from connectors.airtable_webhooks import AirtableWebhook  # noqa: PLC0415

        return AirtableWebhook(secret=secret.get_secret_value())


class _Klaviyo:
    name = mapping_type = "klaviyo"
    options = KlaviyoOptions

    def build(self, tool: str, options: KlaviyoOptions, token: SecretStr | None) -> Connector:
        from connectors.klaviyo import KlaviyoConnector  # noqa: PLC0415

        return KlaviyoConnector(
            tool,
            url=options.url,
            token=_shown(token),
            revision=options.revision,
            from_email=options.from_email,
            from_label=options.from_label,
            per_second=options.requests_per_second,
        )


jira, airtable, klaviyo = _Jira(), _Airtable(), _Klaviyo()
_OURS: dict[str, ToolType] = {kind.name: kind for kind in (jira, airtable, klaviyo)}


@cache
def tool_types() -> dict[str, ToolType]:
    """Every type that a workspace may name: ours, and what installed packages register."""
    types = dict(_OURS)
    for entry in entry_points(group=GROUP):
        if entry.value.startswith(f"{__name__}:"):
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


def _shown(token: SecretStr | None) -> str:
    return token.get_secret_value() if token else ""
