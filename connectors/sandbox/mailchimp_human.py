"""People at work in Mailchimp's own interface: the control API's edits of its campaigns, lists and folders."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime

from connectors.sandbox import mailchimp_clock as clock
from connectors.sandbox.mailchimp_actions import ready, schedulable
from connectors.sandbox.mailchimp_seed import HTML, SENDER, aim
from connectors.sandbox.mailchimp_state import JSON, Audience, Campaign, MailchimpState, stamp

LOCKED = ("sending", "sent", "canceling", "canceled", "archived")
KINDS = ("regular", "plaintext", "rss", "variate", "absplit")
FORMS = {"variate_settings": "variate", "rss_opts": "rss", "ab_split_opts": "split"}


def perform(state: MailchimpState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Work on a campaign (`campaign`: an id, or a title that only one has), or turn a switch of the server.

    `create` needs `name` (the title, which may be empty) and takes what `edit` takes, and `type`, `variate_settings`,
    `rss_opts`, `ab_split_opts` as the API has them; `edit` takes `name`, `subject`, `audience` (a list or segment, by
    name or id), `from_name`, `folder`, and for a scheduled campaign unschedules and reschedules it, as people must.
    `schedule` and `reschedule` need `at`, and take `timewarp` and `batch`; then `unschedule`, `delete`, `archive`,
    `unarchive`, `send` (at once), `cancel`, and `comment` (a `message`). `rename`, `remove` and `add` work on a list
    (`audience`, `name`); the campaigns of one that is removed still name it. Gives {"id", "name", "status"}. Raises
    ValueError that says what is wrong.
    """
    if verb == "switch":
        state.switches.turn(_needed(payload, verb, "name"), payload.get("value"))
        return {"switched": payload["name"]}
    if verb in ("rename", "remove", "add"):
        return _lists(state, now, verb, payload)
    if verb == "create":
        campaign = _new(state, now, payload)
    elif verb in VERBS:
        campaign = _find(state, _needed(payload, verb, "campaign"))
    else:
        known = ("create", *VERBS, "rename", "remove", "add", "switch", "deliver")
        raise ValueError(f"people cannot {verb} in mailchimp; they can {', '.join(known)}")
    campaign = copy.deepcopy(campaign)  # all or nothing
    if verb != "create":
        VERBS[verb](state, now, campaign, payload)
    if verb == "delete":
        del state.campaigns[campaign.id]
    else:
        state.campaigns[campaign.id] = campaign
    return {"id": campaign.id, "name": campaign.title, "status": campaign.status}


def _needed(payload: JSON, verb: str, name: str) -> str:
    if name not in payload:
        raise ValueError(f"mailchimp {verb} needs {name}")
    return str(payload[name])


def _find(state: MailchimpState, named: str) -> Campaign:
    if named in state.campaigns:
        return state.campaigns[named]
    found = [campaign for campaign in state.campaigns.values() if campaign.title == named]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'no'} campaigns have the id or title {named}")
    return found[0]


def _new(state: MailchimpState, now: datetime, payload: JSON) -> Campaign:
    kind = payload.get("type", "regular")
    if kind not in KINDS:
        raise ValueError(f"a campaign is of one of the types {', '.join(KINDS)}")
    settings = {"title": _needed(payload, "create", "name"), "subject_line": "", **SENDER}
    number = state.next_number()
    campaign = Campaign(state.new_id("campaign"), number, kind, "save", stamp(now), settings, html=HTML)
    for name, attribute in FORMS.items():
        setattr(campaign, attribute, payload.get(name))
    _set(state, campaign, payload)
    return campaign


def _edit(state: MailchimpState, now: datetime, campaign: Campaign, payload: JSON) -> None:
    if campaign.status in LOCKED:
        raise ValueError(f"{campaign.title} is {campaign.status} and cannot be edited")
    scheduled = campaign.status == "schedule"
    at, timewarp, batch = campaign.send_time, campaign.timewarp, campaign.batch
    if scheduled:
        clock.unschedule(campaign)
    _set(state, campaign, payload)
    if scheduled:
        _schedule(state, now, campaign, {"at": at, "timewarp": timewarp, "batch": batch})


def _set(state: MailchimpState, campaign: Campaign, payload: JSON) -> None:
    for name, setting in (("name", "title"), ("subject", "subject_line"), ("from_name", "from_name")):
        if name in payload:
            campaign.settings[setting] = str(payload[name])
    if "folder" in payload:
        named = [id for id, name in state.folders.items() if payload["folder"] in (id, name)]
        if not named:
            raise ValueError(f"there is no folder {payload['folder']}")
        campaign.settings["folder_id"] = named[0]
    if "audience" in payload:
        aim(state, campaign, str(payload["audience"]))


def _schedule(state: MailchimpState, now: datetime, campaign: Campaign, payload: JSON) -> None:
    at = datetime.fromisoformat(_needed(payload, "schedule", "at"))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    timewarp = bool(payload.get("timewarp", False))
    if not schedulable(state, campaign, at, now, timewarp):
        raise ValueError(f"{campaign.title} ({campaign.status}) cannot be scheduled for {at.isoformat()}")
    clock.schedule(state, campaign, at, timewarp, payload.get("batch"))


def _reschedule(state: MailchimpState, now: datetime, campaign: Campaign, payload: JSON) -> None:
    """Another time in the same way."""
    kept = {"timewarp": campaign.timewarp, "batch": campaign.batch}
    _unschedule(state, now, campaign, payload)
    _schedule(state, now, campaign, kept | payload)


def _unschedule(_: MailchimpState, __: datetime, campaign: Campaign, ___: JSON) -> None:
    if campaign.status != "schedule":
        raise ValueError(f"{campaign.title} is {campaign.status}, not scheduled")
    clock.unschedule(campaign)


def _delete(_: MailchimpState, __: datetime, campaign: Campaign, ___: JSON) -> None:
    if campaign.status in ("sending", "canceling"):
        raise ValueError(f"{campaign.title} is being sent and cannot be deleted")


def _archive(_: MailchimpState, __: datetime, campaign: Campaign, ___: JSON) -> None:
    if campaign.status in ("schedule", "sending", "canceling", "archived"):
        raise ValueError(f"{campaign.title} is {campaign.status} and cannot be archived")
    campaign.status, campaign.was = "archived", campaign.status


def _unarchive(_: MailchimpState, __: datetime, campaign: Campaign, ___: JSON) -> None:
    if campaign.status != "archived":
        raise ValueError(f"{campaign.title} is {campaign.status}, not archived")
    campaign.status, campaign.was = campaign.was, ""


def _send(state: MailchimpState, now: datetime, campaign: Campaign, _: JSON) -> None:
    if campaign.status not in ("save", "schedule") or not ready(state, campaign):
        raise ValueError(f"{campaign.title} is {campaign.status} and cannot be sent")
    clock.send(campaign, now)


def _cancel(_: MailchimpState, now: datetime, campaign: Campaign, __: JSON) -> None:
    if campaign.status != "sending":
        raise ValueError(f"{campaign.title} is {campaign.status}, it is not being sent")
    clock.cancel(campaign, now)


def _comment(state: MailchimpState, now: datetime, campaign: Campaign, payload: JSON) -> None:
    said = {"feedback_id": state.next_number(), "message": _needed(payload, "comment", "message")}
    campaign.comments.append(said | {"at": stamp(now), "source": "web"})


Verb = Callable[[MailchimpState, datetime, Campaign, JSON], None]
VERBS: dict[str, Verb] = {
    "edit": _edit,
    "schedule": _schedule,
    "reschedule": _reschedule,
    "unschedule": _unschedule,
    "delete": _delete,
    "archive": _archive,
    "unarchive": _unarchive,
    "send": _send,
    "cancel": _cancel,
    "comment": _comment,
}


def _lists(state: MailchimpState, now: datetime, verb: str, payload: JSON) -> JSON:
    """The lists that campaigns go to; a segment is renamed as well."""
    name = _needed(payload, verb, "audience")
    if verb == "add":
        id = str(payload.get("id") or state.new_id("list"))
        state.lists[id] = Audience(id, state.next_number(), name, int(payload.get("size", 0)), stamp(now))
        return {"made": id}
    probe = Campaign("", 0, "regular", "save", "", {})
    aim(state, probe, name)
    thing = state.segments[probe.segment] if probe.segment is not None else state.lists[probe.list_id]
    if verb == "rename":
        thing.name = _needed(payload, verb, "name")
    elif isinstance(thing, Audience):
        thing.active = False
    else:
        del state.segments[thing.id]
    return {"was": str(thing.id)}
