"""People at work in Brevo's own interface: the control API's edits of its campaigns, lists and segments."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.brevo_call import Problem
from connectors.sandbox.brevo_life import PROCESSING, command, ready, schedule, send
from connectors.sandbox.brevo_seed import HTML, SENDER, add_audience
from connectors.sandbox.brevo_state import Audience, BrevoState, Campaign, stamp

JSON = dict[str, Any]

NEEDS = {
    "create": ("name",), "edit": ("campaign",), "rename": ("name",), "schedule": ("campaign",), "move": ("campaign",),
    "unschedule": ("campaign",), "resume": ("campaign",), "cancel": ("campaign",), "delete": ("campaign",),
    "archive": ("campaign",), "unarchive": ("campaign",), "send": ("campaign",), "copy": ("campaign",),
    "mark": ("campaign", "status"), "switch": ("name", "value"), "add": ("audience",), "remove": ("audience",),
}  # fmt: skip
EDITS = ("name", "subject", "subjects", "audiences", "excluded", "tag")
_COMMANDS = {
    "resume": "queued", "cancel": "cancel", "archive": "archive", "unarchive": "darchive", "copy": "replicate",
}  # fmt: skip
_RESULTS = {"unschedule": ("suspended", "draft")}
MOST_ACTIVITIES = 500


def perform(state: BrevoState, now: datetime, verb: str, payload: JSON) -> JSON:
    """What a person does with a campaign, named by its id or by a name that only one has.

    `create` (with `type` trigger, or `channel` sms), `edit`, `rename`: `audiences` and `excluded` are names, `subjects`
    the two of an A/B test. `schedule` and `move` need `at`, a moment with its zone, or `day`, on which it goes at the
    best time. `unschedule` suspends, or makes a draft again (`to`). `resume`, `cancel`, `archive`, `unarchive`,
    `delete`, `copy`, and `send`, at once. `mark` is not a person's but the vendor's: the campaign is in a state, known
    or not. An `audience` is renamed, removed or added (`kind`, `size`, `id`). `switch` turns a switch of the server.

    Gives {"id", "name", "status"}. Raises ValueError that says what is wrong.
    """
    if verb not in NEEDS:
        raise ValueError(f"people cannot {verb} in brevo; they can {', '.join(NEEDS)}")
    absent = [name for name in NEEDS[verb] if name not in payload]
    if absent:
        raise ValueError(f"brevo {verb} needs {', '.join(absent)}")
    if verb == "switch":
        state.switches.turn(str(payload["name"]), payload["value"])
        return {"switches": {payload["name"]: payload["value"]}}
    if "audience" in payload:
        return _audiences(state, now, verb, payload)
    if verb == "create" and payload.get("channel") == "sms":
        return _sms(state, now, payload)
    campaign = _new(state, now, payload) if verb == "create" else _find(state, str(payload.get("campaign")))
    try:
        _act(state, now, campaign, verb, payload)
    except Problem as problem:
        raise ValueError(f"{campaign.name}: {problem.message}") from problem
    _remember(state, now, verb, campaign, payload)
    return {"id": str(campaign.id), "name": campaign.name, "status": campaign.status}


def _act(state: BrevoState, now: datetime, campaign: Campaign, verb: str, payload: JSON) -> None:
    match verb:
        case "create" | "edit" | "rename":
            _edit(state, campaign, payload)
            campaign.modified = stamp(now)
            state.campaigns[campaign.id] = campaign
        case "schedule" | "move":
            _schedule(state, now, campaign, verb, payload)
            campaign.modified = stamp(now)
        case "unschedule":
            _unschedule(state, now, campaign, str(payload.get("to", "suspended")))
        case "delete":
            if campaign.status in PROCESSING:
                raise ValueError(f"{campaign.name} is {campaign.status} and cannot be deleted")
            del state.campaigns[campaign.id]
        case "send":
            if campaign.status not in ("draft", "queued", "suspended"):
                raise ValueError(f"{campaign.name} is {campaign.status}")
            ready(state, campaign)
            send(state, campaign, now)
        case "mark":
            campaign.status, campaign.next, campaign.due = str(payload["status"]), None, None
        case _:
            command(state, campaign, _COMMANDS[verb], now)


def _find(state: BrevoState, named: str) -> Campaign:
    if named.isdigit() and int(named) in state.campaigns:
        return state.campaigns[int(named)]
    found = [campaign for campaign in state.campaigns.values() if campaign.name == named]
    if len(found) != 1:
        raise ValueError(f"{len(found) or 'no'} campaigns have the id or name {named}")
    return found[0]


def _new(state: BrevoState, now: datetime, payload: JSON) -> Campaign:
    at, kind = stamp(now), str(payload.get("type", "classic"))
    return Campaign(
        state.new_id(), "", "draft", at, at, kind=kind, sender=SENDER, html=HTML.format(subject=""), designed=True
    )


def _sms(state: BrevoState, now: datetime, payload: JSON) -> JSON:
    id, at = state.new_id(), stamp(now)
    state.sms[id] = {
        "id": id, "name": str(payload["name"]), "status": "draft", "content": "", "sender": "Acme",
        "createdAt": at, "modifiedAt": at, "recipients": {"lists": [], "exclusionLists": []},
        "statistics": dict.fromkeys(("delivered", "sent", "processing", "softBounces", "hardBounces",
                                     "unsubscriptions", "answered"), 0),
    }  # fmt: skip
    return {"id": str(id), "name": str(payload["name"]), "status": "draft"}


def _edit(state: BrevoState, campaign: Campaign, payload: JSON) -> None:
    given = {name: payload[name] for name in EDITS if name in payload}
    if not given:
        raise ValueError(f"brevo edit needs one of {', '.join(EDITS)}")
    if campaign.status not in ("draft", "queued", "suspended") and set(given) - {"name", "tag"}:
        raise ValueError(f"{campaign.name} is {campaign.status}; only its name and tag can be edited")
    chosen = {side: [_audience(state, str(name)) for name in given.get(side, ())] for side in ("audiences", "excluded")}
    if "name" in given:
        campaign.name = str(given["name"])
    if "subject" in given:
        campaign.subject, campaign.subjects, campaign.test = str(given["subject"]), [], {}
    if "subjects" in given:
        campaign.subject, campaign.subjects = "", [str(one) for one in given["subjects"]]
        campaign.test = {"splitRule": 25, "winnerCriteria": "open", "winnerDelay": 4}
    if "audiences" in given:
        campaign.lists, campaign.segments = _apart(chosen["audiences"])
    if "excluded" in given:
        campaign.exclusion_lists, campaign.excluded_segments = _apart(chosen["excluded"])
    if "tag" in given:
        campaign.tag = str(given["tag"])


def _apart(chosen: list[Audience]) -> tuple[list[int], list[int]]:
    return [one.id for one in chosen if one.kind == "list"], [one.id for one in chosen if one.kind == "segment"]


def _audience(state: BrevoState, name: str) -> Audience:
    for audience in (*state.lists.values(), *state.segments.values()):
        if name == audience.name:
            return audience
    raise ValueError(f"there is no list or segment {name}")


def _schedule(state: BrevoState, now: datetime, campaign: Campaign, verb: str, payload: JSON) -> None:
    fitting = ("draft", "suspended") if verb == "schedule" else ("queued",)
    if campaign.status not in fitting:
        raise ValueError(f"{campaign.name} is {campaign.status}, not {' or '.join(fitting)}")
    if ("at" in payload) is ("day" in payload):
        raise ValueError(f"brevo {verb} needs at, a moment with its zone, or day")
    if "day" in payload:
        at = datetime.combine(date.fromisoformat(str(payload["day"])), time(), ZoneInfo(state.zone))
    else:
        at = datetime.fromisoformat(str(payload["at"]))
    if at.tzinfo is None or at <= now:
        raise ValueError(f"{campaign.name} needs a moment that is to come, with its zone")
    ready(state, campaign)
    campaign.best_time = "day" in payload
    schedule(state, campaign, at)


def _unschedule(state: BrevoState, now: datetime, campaign: Campaign, to: str) -> None:
    if campaign.status != "queued" and not (campaign.status == "suspended" and to == "draft"):
        raise ValueError(f"{campaign.name} is {campaign.status}, not scheduled")
    if to not in _RESULTS["unschedule"]:
        raise ValueError(f"what is unscheduled becomes {' or '.join(_RESULTS['unschedule'])}, not {to}")
    campaign.status, campaign.next, campaign.due = to, None, None
    if state.switches.status_moves_modified:
        campaign.modified = stamp(now)


def _audiences(state: BrevoState, now: datetime, verb: str, payload: JSON) -> JSON:
    """The lists and segments that campaigns are for; a campaign keeps the number of one that is gone."""
    name = str(payload["audience"])
    if verb == "add":
        kind, size = str(payload.get("kind", "list")), int(payload.get("size", 0))
        return {"made": str(add_audience(state, kind, name, size, now, payload.get("id")).id)}
    found = _audience(state, name)
    if verb == "rename":
        found.name = str(payload["name"])
    elif verb == "remove":
        del (state.lists if found.kind == "list" else state.segments)[found.id]
    else:
        raise ValueError(f"people cannot {verb} an audience in brevo; they can add, rename and remove it")
    return {"was": str(found.id)}


def _remember(state: BrevoState, now: datetime, verb: str, campaign: Campaign, payload: JSON) -> None:
    """The audit log knows who did it."""
    row = {"action": f"campaign-{verb}", "date": stamp(now), "user_email": str(payload.get("as") or "ann@acme.example")}
    state.activities.append(row | {"user_ip": "192.0.2.7", "user_agent": f"browser, campaign {campaign.id}"})
    del state.activities[:-MOST_ACTIVITIES]
