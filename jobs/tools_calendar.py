"""The types of tool that send: ESPs and calendar feeds, their options and how their connector is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from connectors.calendar import Esp, Schedule, Sending
from jobs.settings_file import Address, Limit, Margin, Section, Sends, Site, Text, Zone
from sync.ports import Connector

# ruff: noqa: PLC0415 - what speaks to an ESP loads when it is used


REVISION = r"^\d{4}-\d\d-\d\d$"
OF_A_FEED = {
    "url": "has a url; the address of a feed is its secret: put it into a file and name that as token_file",
    "schedule": "is only read, so there is no schedule to touch; remove schedule",
    "send_margin": "is only read, so there is no schedule to touch; remove send_margin",
}


def _revision(text: str) -> str:
    if not re.fullmatch(REVISION, text):
        raise ValueError("must be a day such as 2026-07-15, the one of Klaviyo's API that is spoken")
    return text


Revision = Annotated[str, AfterValidator(_revision), WithJsonSchema({"type": "string", "pattern": REVISION})]


class CalendarOptions(Section):
    """What every ESP has: how far a sync may go with its schedule. What is not given is the workspace's."""

    schedule: Sends | None = Field(
        None, description="What a sync may do to this tool's schedule; default: `sends` of [workspace]."
    )
    send_margin: Margin | None = Field(
        None, description="How near to a send nothing is moved here; default: that of [workspace]."
    )

    @property
    def sending(self) -> Sending:
        """The same for the connector."""
        usual = Sending()
        schedule = Schedule(self.schedule) if self.schedule else usual.schedule
        return Sending(schedule, usual.margin if self.send_margin is None else self.send_margin)


class KlaviyoOptions(CalendarOptions):
    """A Klaviyo account; it holds campaigns only."""

    url: Site = "https://a.klaviyo.com"
    revision: Revision = Field("2026-07-15", description="The API revision.")
    from_email: Address = Field(description="The sender that a new campaign starts with.")
    from_label: Text = Field(description="The sender's name that a new campaign starts with.")
    conversion_metric: Text | None = Field(
        None, description="Id of the metric that counts as a conversion; default: the one called Placed Order."
    )
    requests_per_second: Limit = 10


class MailchimpOptions(CalendarOptions):
    """A Mailchimp account; it holds campaigns only."""

    url: Site | None = Field(None, description="Only for an OAuth token: https://<dc>.api.mailchimp.com.")
    from_name: Text = Field(description="The sender's name that a new campaign starts with.")
    reply_to: Address = Field(description="The sender's address that a new campaign starts with.")
    folder: Text | None = Field(None, description="The campaign folder that new campaigns lie in, by name.")
    batches: bool = Field(False, description="Whether people send in batches here; then nothing scheduled is moved.")


class BrevoOptions(CalendarOptions):
    """A Brevo account; it holds campaigns only."""

    url: Site = "https://api.brevo.com/v3"
    sender_id: Annotated[int, Field(ge=1)] | None = Field(
        None, description="The id of the sender that a new campaign starts with; or from_email and from_name."
    )
    from_email: Address | None = Field(None, description="The sender that a new campaign starts with.")
    from_name: Text | None = Field(None, description="The sender's name that a new campaign starts with.")
    time_zone: Zone | None = Field(
        None, description="The account's zone: in it sends at the best time have their days."
    )
    conversions: bool = Field(True, description="false: the account has no commerce add-on, which saves a request.")
    requests_per_second: Limit = 10

    @model_validator(mode="after")
    def _has_a_sender(self) -> BrevoOptions:
        given = [name for name in ("from_email", "from_name") if getattr(self, name) is not None]
        if self.sender_id is not None and given:
            raise ValueError(f"has both sender_id and {' and '.join(given)}; keep one of them")
        if self.sender_id is None and len(given) == 1:
            raise ValueError(f"has {given[0]} alone; a sender is from_email and from_name, or a sender_id")
        if self.sender_id is None and not given:
            raise ValueError("has no sender; add sender_id, or from_email and from_name")
        return self

    @property
    def sender(self) -> dict[str, Any]:
        """As Brevo takes it."""
        return {"id": self.sender_id} if self.sender_id else {"email": self.from_email, "name": self.from_name}


class IcsOptions(Section):
    """A calendar feed, which is only read; its address is the token."""

    shows: Literal["scheduled", "planned"] = Field(
        "scheduled", description="Whether a date of this calendar is a send (an ESP's feed) or a plan."
    )
    since: date | None = Field(None, description="Events that begin before this day are not read.")
    ahead_days: Annotated[int, Field(ge=1, le=730)] = Field(
        180, description="How many days ahead the dates of a series are read."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_a_feed(cls, given: Any) -> Any:
        if isinstance(given, dict) and (wrong := next((name for name in OF_A_FEED if name in given), None)):
            raise ValueError(OF_A_FEED[wrong])
        return given


@dataclass(frozen=True, slots=True)
class _Type:
    """A type of tool that sends; `connect(tool, options, token)` is its connector."""

    name: str
    options: type[Section]
    connect: Callable[[str, Any, str], Connector]

    @property
    def mapping_type(self) -> str:
        return self.name

    def build(self, tool: str, options: Any, token: SecretStr | None) -> Connector:
        return self.connect(tool, options, token.get_secret_value() if token else "")


def _klaviyo(tool: str, options: KlaviyoOptions, token: str) -> Connector:
    from connectors.klaviyo import KlaviyoEsp
    from connectors.klaviyo_omnichannel import REVISION as OMNICHANNEL
    from connectors.klaviyo_omnichannel import KlaviyoOmnichannelEsp

    # From this revision on, what has a time and a status is the message and not the campaign.
    form = KlaviyoEsp if options.revision < OMNICHANNEL else KlaviyoOmnichannelEsp
    esp = form(
        tool,
        url=options.url,
        token=token,
        revision=options.revision,
        from_email=options.from_email,
        from_label=options.from_label,
        conversion_metric=options.conversion_metric,
        per_second=options.requests_per_second,
    )
    return _calendar(tool, esp, options)


def _mailchimp(tool: str, options: MailchimpOptions, token: str) -> Connector:
    from connectors.mailchimp import MailchimpEsp

    esp = MailchimpEsp(
        tool,
        token=token,
        url=options.url,
        from_name=options.from_name,
        reply_to=options.reply_to,
        folder=options.folder,
        batches=options.batches,
    )
    return _calendar(tool, esp, options)


def _brevo(tool: str, options: BrevoOptions, token: str) -> Connector:
    from connectors.brevo import BrevoEsp

    esp = BrevoEsp(
        tool,
        url=options.url,
        token=token,
        sender=options.sender,
        zone=ZoneInfo(options.time_zone) if options.time_zone else None,
        conversions=options.conversions,
        per_second=options.requests_per_second,
    )
    return _calendar(tool, esp, options)


def _calendar(tool: str, esp: Esp, options: CalendarOptions) -> Connector:
    from connectors.calendar_connector import CalendarConnector

    return CalendarConnector(tool, esp, options.sending)


def _ics(tool: str, options: IcsOptions, token: str) -> Connector:
    from connectors.ics import IcsConnector

    return IcsConnector(tool, address=token, shows=options.shows, since=options.since, ahead=options.ahead_days)


klaviyo = _Type("klaviyo", KlaviyoOptions, _klaviyo)
mailchimp = _Type("mailchimp", MailchimpOptions, _mailchimp)
brevo = _Type("brevo", BrevoOptions, _brevo)
ics = _Type("ics", IcsOptions, _ics)
