"""What Mailchimp's campaigns can be told to do: schedule, unschedule, send, stop, copy (reference esp §2.5)."""

from __future__ import annotations

import copy
from datetime import datetime

from starlette.responses import Response

from connectors.sandbox import mailchimp_clock as clock
from connectors.sandbox.mailchimp_call import Call, Problem, invalid, refused, time_of
from connectors.sandbox.mailchimp_campaigns import find, show
from connectors.sandbox.mailchimp_state import JSON, Campaign, MailchimpState, stamp

UNHELPFUL = "This campaign cannot be scheduled: ."


def checklist(call: Call) -> Response:
    """`GET /campaigns/{id}/send-checklist`."""
    items = _items(call.state, find(call))
    return call.answer({"is_ready": all(one["type"] != "error" for one in items), "items": items, "_links": []})


def ready(state: MailchimpState, campaign: Campaign) -> bool:
    """Whether the checklist has nothing against a send."""
    return all(one["type"] != "error" for one in _items(state, campaign))


def _items(state: MailchimpState, campaign: Campaign) -> list[JSON]:
    audience = state.lists.get(campaign.list_id)
    settings = campaign.settings
    points = (
        (501, "List", audience is not None and audience.active, "You've got to choose an audience."),
        (502, "Recipients", state.reach(campaign) > 0, "There is nobody in this audience or segment."),
        (503, "Subject Line", bool(settings.get("subject_line")), "You've got to enter a subject line."),
        (504, "From", bool(settings.get("from_name") and settings.get("reply_to")), "There is no sender."),
        (505, "Content", bool(campaign.html), "You've got to design some content."),
    )
    return [
        {"type": "success" if good else "error", "id": id, "heading": heading, "details": "" if good else wrong}
        for id, heading, good, wrong in points
    ]


def schedule(call: Call) -> Response:
    """`POST .../actions/schedule`. What the campaign or the time lacks is not said."""
    campaign, body = find(call), call.body()
    if "schedule_time" not in body:
        raise invalid("schedule_time", "Required fields were not provided: schedule_time")
    at = time_of("schedule_time", body["schedule_time"])
    timewarp, batch = bool(body.get("timewarp", False)), body.get("batch_delivery")
    if batch is not None and (timewarp or not _batches(batch)):
        raise invalid("batch_delivery", "Batch delivery needs batch_delay and batch_count, and excludes Timewarp.")
    if call.state.switches.rounds_to_grid:
        at = clock.rounded(at)
    if not schedulable(call.state, campaign, at, call.now, timewarp):
        raise refused(UNHELPFUL)
    clock.schedule(call.state, campaign, at, timewarp, batch)
    call.touch(campaign.id)
    return Response(status_code=204)


def schedulable(state: MailchimpState, campaign: Campaign, at: datetime, now: datetime, timewarp: bool) -> bool:
    """Whether a campaign can be scheduled for a moment: a complete draft, a quarter of an hour, nowhere past yet."""
    follows_its_own = campaign.kind == "rss" or len((campaign.variate or {}).get("send_times") or ()) > 1
    if campaign.status != "save" or follows_its_own or not clock.on_grid(at) or not ready(state, campaign):
        return False
    return clock.begins(state, at, timewarp) > now


def _batches(given: object) -> bool:
    return isinstance(given, dict) and all(
        isinstance(given.get(name), int) and given[name] > 0 for name in ("batch_delay", "batch_count")
    )


def unschedule(call: Call) -> Response:
    """`POST .../actions/unschedule`, until sending begins."""
    campaign = find(call)
    if campaign.status != "schedule":
        raise refused("This campaign is not scheduled.")
    clock.unschedule(campaign)
    call.touch(campaign.id)
    return Response(status_code=204)


def send(call: Call) -> Response:
    """`POST .../actions/send`: the accident of all accidents."""
    campaign = find(call)
    if campaign.status != "save" or not ready(call.state, campaign):
        raise refused("Your Campaign is not ready to send.")
    clock.send(campaign, call.now)
    call.request.state.sent = campaign.id
    call.touch(campaign.id)
    return Response(status_code=204)


def cancel_send(call: Call) -> Response:
    """`POST .../actions/cancel-send`, where the account has paid for that."""
    campaign = find(call)
    if not call.state.switches.cancel_included:
        raise Problem(403, "Feature Not Available", "Your current plan does not include cancelling a send.")
    if campaign.status != "sending" or campaign.kind not in ("regular", "plaintext"):
        raise refused("This campaign is not being sent.")
    clock.cancel(campaign, call.now)
    call.touch(campaign.id)
    return Response(status_code=204)


def pause(call: Call) -> Response:
    """`POST .../actions/pause`: an RSS campaign sends nothing more."""
    return _rss(call, "sending", "paused")


def resume(call: Call) -> Response:
    """`POST .../actions/resume`: an RSS campaign sends again."""
    answer = _rss(call, "paused", "sending")
    call.request.state.sent = call.place()
    return answer


def _rss(call: Call, before: str, after: str) -> Response:
    campaign = find(call)
    if campaign.kind != "rss" or campaign.status != before:
        raise refused("This action is only available for RSS campaigns.")
    campaign.status = after
    call.touch(campaign.id)
    return Response(status_code=204)


def replicate(call: Call) -> Response:
    """`POST .../actions/replicate`: a draft like the first, marker in the title and all."""
    first = find(call)
    made = copy.deepcopy(first)
    made.number = call.state.next_number()
    made.id, made.created, made.parent = call.state.new_id("campaign"), stamp(call.now), first.id
    made.settings["title"] = first.title + call.state.switches.copy_suffix
    made.sent, made.recipients, made.comments = 0, 0, []
    clock.unschedule(made)
    call.state.campaigns[made.id] = made
    call.touch(made.id)
    shown = show(call, made)
    del shown["recipients"]["list_is_active"]  # which this answer alone does not have, by the vendor's description
    return call.answer(shown)
