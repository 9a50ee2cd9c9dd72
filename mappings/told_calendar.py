"""What people are told of a campaign's fields in each ESP, for docs/tools (reference esp §1-§4)."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.shape import Told

_SUBJECT, _TEST = '"TBD" stands for none', "those of an A/B test are flagged, not written"
_ONCE, _MOVING = "while the campaign is scheduled", "by moving a scheduled campaign"
_PLAN = "a draft holds no time, so the plan lives in the other tools until somebody schedules the campaign there"
_FULL = 'only with `sends = "full"`'
_STATUS = "a draft tells no more than that nothing is scheduled"
_OUTCOME = "1, 6 and 24 hours, 3, 7 and 30 days after the send"
_PEOPLE, _APPLE = "people, not events", "Apple's machine opens are not told apart"
_MARK = "our `[cs-…]` at its end is shown nowhere else"
_DRAFTS, _OPEN = "drafts", "drafts and scheduled campaigns"
_ENDS = "ends and durations"
_CHECK = "else a flag and `config check --online` say so"
_MOVED = "it is moved by its planned send"

# By the field of the connector; what is never mirrored comes last, under a name of its own.
KLAVIYO = {
    "name": Told("name", "the name", _DRAFTS, _MARK),
    "subject": Told("subject of the message", "the subject", _DRAFTS, f"{_SUBJECT}; {_TEST}"),
    "audiences": Told(
        "included lists and segments", "by name", _DRAFTS,
        "excluded ones are never touched; a name that Klaviyo lacks is flagged",
    ),
    "tags": Told(
        "tags", "by name", _DRAFTS, "existing ones only; those given by hand are seen by the next full reading"
    ),
    "planned": Told(
        "send strategy", "exact time, recipient local, a day (smart send time), in portions (throttled)",
        f"drafts, and {_MOVING}",
        "a draft's cannot be emptied; how a scheduled campaign goes, and whether in portions, is changed there only",
    ),
    "scheduled": Told("send time", "the time", loss=_MOVED),
    "status": Told("status", write=_FULL, loss=_STATUS),
    **dict.fromkeys(
        ("delivered", "opens", "clicks", "unsubscribes", "bounces"),
        Told("campaign report", _OUTCOME, loss=f"{_PEOPLE}; {_APPLE}"),
    ),
    "conversions": Told("campaign report", _OUTCOME, loss=f"only where the account has the metric; {_CHECK}"),
    "content, tracking, send options": Told("", loss="stay as they are"),
}  # fmt: skip
MAILCHIMP = {
    "name": Told("title", "the title, else the subject line, as in Mailchimp", _DRAFTS, _MARK),
    "subject": Told("subject line", "the subject line", _DRAFTS, f"{_SUBJECT}; {_TEST}"),
    "audiences": Told(
        'audience (list), or "Audience: Segment" for a saved segment or tag', "by name", _DRAFTS,
        "one to a campaign, none excluded; conditions that only one campaign has are shown, not chosen elsewhere",
    ),
    "planned": Told("send time of a scheduled campaign", _ONCE, _MOVING, f"{_PLAN}; quarter hours only"),
    "scheduled": Told("send time", "the time", loss=_MOVED),
    "status": Told("status", write=_FULL, loss=_STATUS),
    **dict.fromkeys(
        ("delivered", "opens", "clicks", "unsubscribes", "bounces"),
        Told("report", _OUTCOME, loss=f"{_PEOPLE}; {_APPLE}; delivered is what was sent less what bounced"),
    ),
    "conversions": Told(
        "orders of the report", _OUTCOME, loss=f"only where the audience has a connected store; {_CHECK}"
    ),
    "preview text, content, tracking, template": Told("", loss="stay as they are"),
}  # fmt: skip
BREVO = {
    "name": Told("name", "the name", _OPEN),
    "subject": Told(
        "subject line", "the subject line", _OPEN,
        f"{_SUBJECT}, and a scheduled campaign cannot lose its own; {_TEST}",
    ),
    "audiences": Told(
        "included lists and segments", "by name", _OPEN,
        "excluded ones are kept and never chosen from here; Brevo does not let lists be changed to segments, nor the "
        "other way round",
    ),
    "planned": Told("send time of a scheduled campaign", _ONCE, _MOVING, _PLAN),
    "scheduled": Told("send time", "an exact time, or a day where it goes at the best time", loss=_MOVED),
    "status": Told("status", write=_FULL, loss=f"{_STATUS}; a suspended campaign counts as planned"),
    **dict.fromkeys(("delivered", "clicks", "unsubscribes"), Told("statistics", _OUTCOME, loss=_PEOPLE)),
    "opens": Told("statistics", _OUTCOME, loss=f"{_PEOPLE}; those that Apple's mail makes by itself are among them"),
    "machine_opens": Told("statistics", _OUTCOME, loss="those that Apple's mail makes by itself, alone"),
    "bounces": Told("statistics", _OUTCOME, loss="hard and soft ones"),
    "conversions": Told("orders", _OUTCOME, loss=f"only with the commerce add-on; {_CHECK}"),
    "our marker": Told("tag", "the tag", "at creation only", "whatever people make of the tag stays"),
    "content, sender, preview text, tracking": Told(
        "", loss="stay as they are; a campaign that we create gets a placeholder, because Brevo wants a content"
    ),
}  # fmt: skip
ICS = {
    "name": Told("SUMMARY", "the text"),
    "tags": Told("CATEGORIES", "each of them"),
    "planned": Told("DTSTART", 'of a tentative event; with `shows = "planned"` of every one', loss=_ENDS),
    "scheduled": Told(
        "DTSTART", 'of an event that is confirmed or says nothing, with `shows = "scheduled"`', loss=_ENDS
    ),
    "status": Told(
        "STATUS", "tentative as planned; confirmed as scheduled, and as sent once it is over; cancelled",
        loss='with `shows = "planned"` all are planned or cancelled',
    ),
    "link": Told("URL", "the address", loss="other than web addresses"),
    "last change": Told("LAST-MODIFIED", "where it is told"),
    "description, place, guests, alarms": Told("", loss="not read"),
}  # fmt: skip
TOLD: Mapping[str, Mapping[str, Told]] = {"klaviyo": KLAVIYO, "mailchimp": MAILCHIMP, "brevo": BREVO, "ics": ICS}
