"""People at work in Klaviyo's own interface: the control API's edits of its campaigns, lists, segments and tags."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.sandbox import klaviyo_values as values
from connectors.sandbox.klaviyo_call import Problem
from connectors.sandbox.klaviyo_seed import SENDER
from connectors.sandbox.klaviyo_state import (
    LOCKED,
    Audience,
    Campaign,
    KlaviyoState,
    moment,
    post_job,
    revert_job,
    stamp,
    step,
)

JSON = dict[str, Any]

NEEDS = {
    "edit": ("campaign",),
    "create": ("name",),
    "delete": ("campaign",),
    "schedule": ("campaign",),
    "unschedule": ("campaign",),
    "archive": ("campaign",),
    "unarchive": ("campaign",),
    "add_message": ("campaign", "name"),
    "remove_message": ("campaign",),
    "test": ("campaign", "subjects"),
    "describe": ("campaign", "description"),
    "switch": ("name", "value"),
    "rename": ("name",),
    "remove": (),
    "add": (),
}
EDITS = ("name", "subject", "send_strategy", "audiences", "excluded", "tags")


def perform(state: KlaviyoState, now: datetime, verb: str, payload: JSON) -> JSON:
    """Edit, create, delete, schedule, unschedule, archive or unarchive a campaign, describe it, add or remove a message
    of it, or turn a switch of the server.

    `campaign` is an id or a name that only one has; `audiences`, `excluded` and `tags` are names, `send_strategy` as
    the API has it. Editing a scheduled campaign's time or audience unschedules and reschedules it, as people must.
    A campaign gets another message (revision 2026-10-15 only) with its audience, or one of its own; a message is named
    as a campaign is, and works like one. `test` gives it variations with other subjects.
    `audience` (a list or segment) or `tag` is renamed, removed (campaigns keep the id of a list that is gone, and lose
    a tag) or added; one that was removed comes back under its old `id`.
    Gives {"id", "name", "status"}. Raises ValueError that says what is wrong.
    """
    if verb not in NEEDS:
        raise ValueError(f"people cannot {verb} in klaviyo; they can {', '.join(NEEDS)}")
    absent = [name for name in NEEDS[verb] if name not in payload]
    if absent:
        raise ValueError(f"klaviyo {verb} needs {', '.join(absent)}")
    if verb == "switch":
        return _switch(state, payload)
    if verb in ("rename", "remove", "add"):
        return _words(state, now, verb, payload)
    campaign = _new(state, now, payload) if verb == "create" else _find(state, str(payload["campaign"]))
    act = _within if verb in ("add_message", "remove_message", "test", "describe") else _act
    try:
        campaign = act(state, now, verb, campaign, payload)
    except Problem as problem:
        raise ValueError(problem.detail) from problem
    return {"id": campaign.id, "name": campaign.name, "status": campaign.status}


def _act(state: KlaviyoState, now: datetime, verb: str, campaign: Campaign, payload: JSON) -> Campaign:
    match verb:
        case "edit" | "create":
            _edit(state, now, campaign, payload)
            if campaign.parent is None:
                state.campaigns[campaign.id] = campaign
        case "delete" if campaign.parent:
            state.drop_message(campaign)
        case "delete":
            for message in state.sends(campaign.id)[1:]:
                del state.further[message.id]
            del state.campaigns[campaign.id]
        case "schedule":
            _schedule(state, now, campaign)
        case "unschedule":
            _unschedule(state, now, campaign)
        case _:
            campaign.archived = verb == "archive"
            campaign.changed(stamp(now), "campaign")
    return campaign


def _within(state: KlaviyoState, now: datetime, verb: str, campaign: Campaign, payload: JSON) -> Campaign:
    """What only revision 2026-10-15 shows: the messages of a campaign, their variations, its description."""
    match verb:
        case "add_message":
            return _another(state, now, campaign, payload)
        case "remove_message":
            state.drop_message(campaign)
        case "test":
            campaign.variants = [campaign.content | {"subject": one} for one in payload["subjects"]]
            campaign.changed(stamp(now), "message")
        case _:
            campaign.description = payload["description"]
            campaign.changed(stamp(now), "campaign")
    return campaign


def _find(state: KlaviyoState, named: str) -> Campaign:
    if named in state.campaigns:
        return state.campaigns[named]
    if message := state.by_message(named):
        return message
    found = [campaign for campaign in state.campaigns.values() if campaign.name == named]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'no'} campaigns have the id or name {named}")
    return found[0]


def _new(state: KlaviyoState, now: datetime, payload: JSON) -> Campaign:
    at, content = stamp(now), dict.fromkeys(values.CONTENT) | SENDER
    id, message = state.new_id("campaign", now), state.new_id("message", now)
    made = Campaign(id, message, str(payload["name"]), "Draft", [], [], {"method": "immediate"}, content, at, at)
    if payload.get("channel", "email") != "email":
        made.channel, made.content = str(payload["channel"]), {"body": "Hello"}
    return made


def _another(state: KlaviyoState, now: datetime, campaign: Campaign, payload: JSON) -> Campaign:
    at, id, name = stamp(now), state.new_id("message", now), str(payload["name"])
    content = dict.fromkeys(values.CONTENT) | SENDER | {"subject": payload.get("subject")}
    own = [_audience(state, one) for one in payload.get("audiences", ())]
    sides = (own or list(campaign.included), [] if own else list(campaign.excluded))
    made = Campaign(id, id, name, "Draft", *sides, {"method": "immediate"}, content, at, at, label=name)
    if "send_strategy" in payload:
        made.strategy = values.strategy(payload["send_strategy"])
    made.parent, made.shares = campaign.id, None if own else campaign.message
    state.further[id] = made
    return made


def _edit(state: KlaviyoState, now: datetime, campaign: Campaign, payload: JSON) -> None:
    given = {name: payload[name] for name in EDITS if name in payload}
    if not given:
        raise ValueError(f"klaviyo edit needs one of {', '.join(EDITS)}")
    if campaign.status in {*LOCKED, "Sent"} and set(given) - {"name", "tags"}:
        raise ValueError(f"{campaign.name} is {campaign.status}; only its name and tags can be edited")
    changes: JSON = {}
    if "send_strategy" in given:
        changes["strategy"] = values.strategy(given["send_strategy"])
    for name, side in (("audiences", "included"), ("excluded", "excluded")):
        if name in given:
            changes[side] = [_audience(state, one) for one in given[name]]
    rescheduled = campaign.status == "Scheduled" and bool(changes)
    if "name" in given:
        changes["label" if campaign.parent else "name"] = str(given["name"])
    if "subject" in given:
        changes["content"] = campaign.content | {"subject": given["subject"]}
    for name, value in changes.items():
        setattr(campaign, name, value)
    if "tags" in given:
        campaign.tags = [state.tag(str(name), now) for name in given["tags"]]
    if changes or state.switches["tagging_moves_updated"]:
        own = ("campaign",) if "name" in given or "tags" in given else ()
        campaign.changed(stamp(now), *own, *(("message",) if set(changes) - {"name"} else ()))
    if rescheduled:
        _unschedule(state, now, campaign)
        _schedule(state, now, campaign)


def _audience(state: KlaviyoState, name: str) -> str:
    for id, audience in state.audiences.items():
        if name in (id, audience.name):
            return id
    raise ValueError(f"there is no list or segment {name}")


def _schedule(state: KlaviyoState, now: datetime, campaign: Campaign) -> None:
    """People see a campaign scheduled only when it is. The interface has no send-now button here."""
    if campaign.status != "Draft":
        raise ValueError(f"{campaign.name} is {campaign.status}, no draft")
    if campaign.strategy["method"] == "immediate":
        raise ValueError(f"{campaign.name} has no send time")
    if "datetime" in campaign.strategy and moment(campaign.strategy["datetime"]) <= now:
        raise ValueError(f"the send time of {campaign.name} is past")
    post_job(state, campaign, now)
    step(state, campaign, now)


def _unschedule(state: KlaviyoState, now: datetime, campaign: Campaign) -> None:
    if campaign.status not in ("Scheduled", "Preparing to schedule"):
        raise ValueError(f"{campaign.name} is {campaign.status}, not scheduled")
    revert_job(state, campaign, now)
    step(state, campaign, now)


def _switch(state: KlaviyoState, payload: JSON) -> JSON:
    name, value = payload["name"], payload["value"]
    if name not in state.switches:
        raise ValueError(f"klaviyo has no switch {name}; it has {', '.join(state.switches)}")
    wanted = float if isinstance(state.switches[name], float) else bool
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, bool | int | float):
        raise ValueError(f"the switch {name} takes {'a number' if wanted is float else 'true or false'}, not {value!r}")
    state.switches[name] = wanted(value)
    return {"switches": dict(state.switches)}


def _words(state: KlaviyoState, now: datetime, verb: str, payload: JSON) -> JSON:
    """The lists, segments and tags that campaigns are described by."""
    kind = "tag" if "tag" in payload else "audience"
    name = str(payload[kind])
    if verb == "add":
        if kind == "tag":
            return {"made": state.tag(name, now)}
        id = str(payload.get("id") or state.new_id("audience", now)[-6:])
        state.audiences[id] = Audience(id, "list", name, 0, stamp(now), stamp(now))
        return {"made": id}
    if kind == "audience":
        id = _audience(state, name)
        if verb == "rename":
            state.audiences[id].name = str(payload["name"])
        else:
            del state.audiences[id]
        return {"was": id}
    id = next((id for id, known in state.tags.items() if name in (id, known)), "")
    if not id:
        raise ValueError(f"there is no tag {name}")
    if verb == "rename":
        state.tags[id] = str(payload["name"])
        return {"was": id}
    del state.tags[id]
    for campaign in state.campaigns.values():
        campaign.tags = [known for known in campaign.tags if known != id]
    return {"was": id}
