"""The endpoints of Mailchimp's campaigns: find, read, create, change, remove (reference esp §2.2, §2.5)."""

from __future__ import annotations

import copy
import re
from datetime import timedelta
from functools import partial

from starlette.responses import Response

from connectors.sandbox import mailchimp_documents as documents
from connectors.sandbox import mailchimp_values as values
from connectors.sandbox.mailchimp_call import Call, invalid, missing, refused
from connectors.sandbox.mailchimp_state import JSON, Campaign, moment, stamp

KINDS = ("regular", "plaintext", "absplit", "rss", "variate")
STATUSES = ("save", "paused", "schedule", "sending", "sent")  # the only ones that a listing can be asked for
OPTIONS = {"rss": ("rss_opts", ("feed_url", "frequency")), "variate": ("variate_settings", ("winner_criteria",))}


def find(call: Call) -> Campaign:
    """The campaign of the path. Raises Problem 404."""
    campaign = call.state.campaigns.get(call.place())
    if campaign is None:
        raise missing()
    return campaign


def show(call: Call, campaign: Campaign) -> JSON:
    return documents.campaign_json(call.state, campaign, call.now, call.base)


def listing(call: Call) -> Response:
    """`GET /campaigns`, newest first unless told otherwise. Nothing can be asked by time of change."""
    kind, status = call.choice("type", KINDS), call.choice("status", STATUSES)
    key = call.choice("sort_field", ("create_time", "send_time"))
    descending = call.choice("sort_dir", ("ASC", "DESC")) != "ASC"
    bounds = {name: call.moment(name) for name in ("since_send_time", "before_send_time", "since_create_time")}
    bounds["before_create_time"] = call.moment("before_create_time")

    def fits(campaign: Campaign) -> bool:
        at = {"send": campaign.send_time, "create": campaign.created}
        for name, bound in bounds.items():
            side, field, _ = name.split("_")
            if bound is None:
                continue
            if not at[field] or (moment(at[field]) < bound if side == "since" else moment(at[field]) >= bound):
                return False
        if status is None and not call.state.switches.lists_archived and campaign.status not in STATUSES:
            return False
        wanted = (("list_id", campaign.list_id), ("folder_id", campaign.settings.get("folder_id", "")))
        return (
            kind in (None, campaign.kind)
            and status in (None, campaign.status)
            and all(call.query(name) in (None, value) for name, value in wanted)
        )

    rows = [one for one in call.state.ordered() if fits(one)]
    if key == "send_time":
        rows.sort(key=lambda one: one.send_time)
    if descending:
        rows.reverse()
    return call.page("campaigns", rows, partial(show, call), _links=documents.link(call.base, "/campaigns"))


def read(call: Call) -> Response:
    """`GET /campaigns/{id}`."""
    return call.answer(show(call, find(call)))


def create(call: Call) -> Response:
    """`POST /campaigns`: a draft, which needs neither recipients nor settings."""
    body = call.body()
    kind = body.get("type")
    if kind not in KINDS:
        raise invalid("type", f"Value must be one of: {', '.join(KINDS)}")
    number = call.state.next_number()
    draft = Campaign(call.state.new_id("campaign"), number, kind, "save", stamp(call.now), {})
    _write(call, draft, body, ())
    if kind in OPTIONS and OPTIONS[kind][0] not in body:
        raise invalid(OPTIONS[kind][0], f"Required fields were not provided: {OPTIONS[kind][0]}")
    if draft.list_id:  # what the list has for its campaigns
        draft.settings = {"from_name": "Acme", "reply_to": "news@acme.example"} | draft.settings
    call.state.campaigns[draft.id] = draft
    call.touch(draft.id)
    return call.answer(show(call, draft))


def edit(call: Call) -> Response:
    """`PATCH /campaigns/{id}`: drafts only, and never without the three settings that are required."""
    campaign, body = find(call), call.body()
    if "settings" not in body:
        raise invalid("settings", "Required fields were not provided: settings")
    changed = copy.deepcopy(campaign)
    _write(call, changed, body, values.REQUIRED)
    if call.state.switches.strict_edits and campaign.status != "save":
        raise refused("Campaigns that are not drafts cannot be edited.")
    call.state.campaigns[campaign.id] = changed
    call.touch(campaign.id)
    return call.answer(show(call, changed))


def _write(call: Call, campaign: Campaign, body: JSON, required: tuple[str, ...]) -> None:
    campaign.settings = campaign.settings | values.settings(call, body.get("settings", {}), required)
    if body.get("recipients") is not None:
        values.set_recipients(call, campaign, body["recipients"])
    for kind, (name, needs) in OPTIONS.items():
        given = body.get(name)
        if given is None:
            continue
        if not isinstance(given, dict):
            raise invalid(name, "Schema describes object, another type found instead")
        for need in needs:
            if need not in given:
                raise invalid(f"{name}.{need}", f"Required fields were not provided: {need}")
        if campaign.kind == kind == "rss":
            campaign.rss = given
        elif campaign.kind == kind:
            campaign.variate = given
    if isinstance(body.get("tracking"), dict):
        campaign.tracking = campaign.tracking | body["tracking"]


def delete(call: Call) -> Response:
    """`DELETE /campaigns/{id}`: no trace is left."""
    campaign = find(call)
    kept = ("sending", "canceling") if call.state.switches.deletes_scheduled else ("schedule", "sending", "canceling")
    if campaign.status in kept:
        raise refused("This campaign cannot be deleted while it is scheduled or being sent.")
    del call.state.campaigns[campaign.id]
    call.touch(campaign.id)
    return Response(status_code=204)


def content(call: Call) -> Response:
    """`GET /campaigns/{id}/content`."""
    campaign = find(call)
    return call.answer({"html": campaign.html, "plain_text": re.sub(r"<[^>]+>", "", campaign.html)})


def set_content(call: Call) -> Response:
    """`PUT /campaigns/{id}/content`."""
    campaign, given = find(call), call.body().get("html")
    if not isinstance(given, str):
        raise invalid("html", "Schema describes string, another type found instead")
    if call.state.switches.strict_edits and campaign.status != "save":
        raise refused("Campaigns that are not drafts cannot be edited.")
    campaign.html = given
    call.touch(campaign.id)
    return content(call)


def search(call: Call) -> Response:
    """`GET /search-campaigns`: every word of the query is in the title or the subject."""
    query = call.query("query")
    if not query:
        raise invalid("query", "Required fields were not provided: query")
    switches = call.state.switches
    wanted = [word.lower() for word in re.findall(r"\w+", query)]
    since = call.now - timedelta(seconds=switches.search_lag_seconds)
    rows: list[JSON] = []
    for campaign in reversed(call.state.ordered()):
        text = f"{campaign.title} {campaign.settings.get('subject_line', '')}".lower()
        words = set(re.findall(r"\w+", text))
        found = all(word in text if switches.search_partial else word in words for word in wanted)
        if found and wanted and moment(campaign.created) <= since:
            rows.append({"campaign": show(call, campaign), "snippet": campaign.title})
    return call.answer({"results": rows, "total_items": len(rows), "_links": []})
