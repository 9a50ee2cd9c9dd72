"""The shape of campaign-sync.toml and people.toml: what a person may write, checked key by key."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from email.utils import parseaddr
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from jobs.settings_errors import ENV_PREFIX, unknown
from sync.model import STAGE_KINDS

DURATION = r"^\s*(?:\d+\s*[smhdw]\s*)+$"
LEAST_MARGIN = timedelta(minutes=5)
SCHEMES = ("smtp", "smtps", "smtp+starttls")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(value: Any) -> timedelta:
    """`24h`, `90m`, `2d`, `1d12h`. Raises ValueError on anything else."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.match(DURATION, value):
        raise ValueError('must be a number with a unit in quotes, such as "24h", "90m" or "2d"')
    total = timedelta()
    for number, unit in re.findall(r"(\d+)\s*([smhdw])", value):
        try:
            total += timedelta(**{_UNITS[unit]: int(number)})
        except OverflowError:
            raise ValueError("is too long") from None
    return total


def margin(value: Any) -> timedelta:
    """A duration that leaves time to notice a mistake. Raises ValueError for a shorter one."""
    given = duration(value)
    if given < LEAST_MARGIN:
        raise ValueError('must be at least "5m"; nearer to a send than that nobody can step in any more')
    return given


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f'; did you mean "{near[0]}"?' if near else '; write it like "Europe/Berlin"'
        raise ValueError(f"is not a time zone{hint}") from None
    return name


def _cron(text: str) -> str:
    from croniter import croniter  # type: ignore[import-untyped]  # noqa: PLC0415 - costs start-up time

    if len(text.split()) not in {5, 6} or not croniter.is_valid(text, second_at_beginning=True):
        raise ValueError('is not a cron expression; five words such as "*/15 * * * *" mean every 15 minutes')
    return text


def _stage(kind: str) -> str:
    if kind not in STAGE_KINDS:
        raise ValueError(unknown("stage", kind, STAGE_KINDS))
    return kind


def _smtp(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in SCHEMES or not parts.hostname or port == 0:
        raise ValueError("must be an address such as smtp://mail.example:25, smtps://… or smtp+starttls://…")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or a password; use the keys user and password_file")
    return url


def place(listen: str) -> tuple[str, int]:
    """Host and port of an address to listen on. ValueError for anything else. Port 0 is any free one."""
    try:
        parts = urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or parts.netloc != listen or parts.username is not None:
        raise ValueError("must be a host and a port, such as 0.0.0.0:8080")
    return host, port


def _listen(text: str) -> str:
    place(text)
    return text


def _address(text: str) -> str:
    name, address = parseaddr(text)
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(c in text for c in "\r\n") or (not name and text.strip() != address):
        raise ValueError('must be an email address, such as "Ann Lee <ann@acme.example>"')
    return text


Text = Annotated[str, Field(min_length=1)]
Duration = Annotated[timedelta, BeforeValidator(duration), WithJsonSchema({"type": "string", "pattern": DURATION})]
Margin = Annotated[timedelta, BeforeValidator(margin), WithJsonSchema({"type": "string", "pattern": DURATION})]
Sends = Literal["never", "move", "full"]


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
Zone = Annotated[Text, AfterValidator(_zone)]
Cron = Annotated[Text, AfterValidator(_cron)]
StageKind = Annotated[str, AfterValidator(_stage), WithJsonSchema({"enum": list(STAGE_KINDS)})]
SmtpUrl = Annotated[Text, AfterValidator(_smtp)]
Listen = Annotated[Text, AfterValidator(_listen)]
Address = Annotated[Text, AfterValidator(_address)]
AddressIfAny = Annotated[str, AfterValidator(lambda text: _address(text) if text else text)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Limit = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """One table of the file. Unknown keys are errors: a typing mistake must not pass for a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class WorkspaceSection(Section):
    """One team's tools, people, state and schedule."""

    name: Text = Field(description="What the workspace is called in reports and emails.")
    timezone: Zone = Field(description="IANA name of the zone that people read times in, such as Europe/Berlin.")
    state: Text = Field(default="state.db", description="SQLite file beside this one, or a SQLAlchemy URL.")
    people: Text = Field(default="people.toml", description="The people directory, beside this file.")
    schedule: Cron = Field(
        default="*/15 * * * *", description="When `campaign-sync worker` runs, as a cron expression."
    )
    full_every: Duration = Field(
        default=timedelta(hours=24),
        description="How often a tool that tells what changed is read in full all the same.",
    )
    count_every: Duration = Field(
        default=timedelta(hours=1), description="How often the records of such a tool are counted, to find deletions."
    )
    sends: Sends = Field(
        default="move",
        description="What a sync may do to the schedule of an ESP: never touch it, move or unschedule what a person "
        "has scheduled, or (full) schedule drafts as well. Nothing is ever sent at once.",
    )
    send_margin: Margin = Field(
        default=timedelta(minutes=30),
        description="How near to now nothing is scheduled any more, nor moved, by a sync.",
    )


class ToolSection(Section):
    """What every connected tool has; the other keys belong to its type."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    type: Text = Field(description="Which connector speaks to it: jira, airtable, klaviyo, mailchimp, brevo, ics, …")
    token_file: Text | None = Field(default=None, description="File with the access token, relative to this file.")
    token_env: Text | None = Field(default=None, description="Environment variable with the access token.")
    mapping: Text | None = Field(
        default=None, description="Mapping file, relative to this file; default: the packaged one."
    )
    webhook_secret_file: Text | None = Field(default=None, description="File with the secret of its webhook.")
    webhook_secret_env: Text | None = Field(default=None, description="Environment variable with that secret.")


class EmailSection(Section):
    """How the conflict report is sent, and to whom."""

    smtp: SmtpUrl = Field(description="smtp://host:port, smtps://host:port or smtp+starttls://host:port.")
    user: Text | None = None
    password_file: Text | None = Field(default=None, description="File with the password, relative to this file.")
    password_env: Text | None = Field(default=None, description="Environment variable with the password.")
    sender: Address = Field(description="Campaign sync <sync@acme.example>")
    to: Annotated[tuple[Address, ...], Field(min_length=1)]


class WebhooksSection(Section):
    """Where the worker hears from the tools that something has changed. With this section it does."""

    listen: Listen = Field(default="127.0.0.1:8080", description="Host and port, such as 0.0.0.0:8080.")
    gather: Duration = Field(
        default=timedelta(seconds=3), description="What comes within this time is followed by one run."
    )


class AuditSection(Section):
    """What every campaign must have."""

    stages: tuple[StageKind, ...] = Field(default=STAGE_KINDS, description="The stages that a campaign needs.")
    audience_gap: Duration = Field(
        default=timedelta(hours=24), description="Two sends to one audience within this time are flagged."
    )


class GuardSection(Section):
    """The most that one run may do before it stops and asks."""

    archive_count: Count = 10
    archive_share: Share = 0.2
    overwrite_count: Count = 50
    overwrite_share: Share = 0.5


class CustomField(Section):
    """A field that this workspace adds."""

    type: Literal["text", "rich_text", "choice", "set", "person", "when", "day", "number", "flag"]
    label: Text | None = None
    choices: tuple[Text, ...] = ()


class CustomSection(Section):
    """The fields that this workspace adds, by their names."""

    campaign: dict[str, CustomField] = Field(default_factory=dict)
    stage: dict[str, CustomField] = Field(default_factory=dict)


class PolicySection(Section):
    """Who decides a field that was edited on two sides: "hold" (nobody, the default) or "prefer: <tool>"."""

    campaign: dict[str, str] = Field(default_factory=dict)
    stage: dict[str, str] = Field(default_factory=dict)


class WorkspaceFile(BaseSettings):
    """campaign-sync.toml. An environment variable such as CAMPAIGN_SYNC_TOOLS__JIRA__URL overrides its key."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__", title="campaign-sync.toml"
    )

    workspace: WorkspaceSection
    tools: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    email: EmailSection | None = None
    webhooks: WebhooksSection | None = None
    audit: AuditSection = AuditSection()
    policy: PolicySection = PolicySection()
    guard: GuardSection = GuardSection()
    custom: CustomSection = CustomSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library names it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file, whose contents come in as arguments."""
        return env_settings, init_settings


class PersonSection(Section):
    """One person and the accounts that are theirs, by the workspace's tool names.

    `email` may be missing or empty: not every tool tells it. `aliases` are other spellings of the name, for columns of
    plain text.
    """

    id: Text
    name: Text
    email: AddressIfAny = ""
    role: str = ""
    active: bool = True
    aliases: tuple[Text, ...] = ()
    accounts: dict[str, Text] = Field(default_factory=dict)


class PeopleFile(Section):
    """people.toml."""

    people: tuple[PersonSection, ...] = ()
