"""The made-up company whose campaigns the sandbox's tools show. One seed always gives the same company."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox import company_words as words
from connectors.sandbox.company_copies import copied
from connectors.sandbox.company_model import Audience, CampaignSeed, Company, Member, Shown, StageSeed

__all__ = ["Audience", "CampaignSeed", "Company", "Member", "Shown", "StageSeed", "make_company"]

ZONE = ZoneInfo("Europe/Berlin")


def make_company(seed: int, campaigns: int, now: datetime, esps: Sequence[str] = ("klaviyo",)) -> Company:
    """The company of that seed. `now` is aware; the same arguments give an equal company.

    `esps`: the ESPs that it sends by; its campaigns take turns in them. The copies that the tools hold, and what they
    disagree on, are told in `company_copies`.
    """
    rng = random.Random(f"company/{seed}")
    people, strangers = tuple(_people(rng)), tuple(_strangers(rng))
    audiences = tuple(_audiences(campaigns))
    today = now.astimezone(ZONE).date()
    named = zip(_names(rng, campaigns), _send_times(rng, campaigns, today), strict=True)
    truths = [
        _campaign(rng, index, name, when, audiences=audiences, now=now, esp=esps[index % len(esps)])
        for index, (name, when) in enumerate(named)
    ]
    return Company(people, audiences, tuple(copied(rng, truths)), today, strangers)


def _people(rng: random.Random) -> Iterator[Member]:
    for id, name, role, active in words.PEOPLE:
        yield Member(id, name, f"{id}@acme.example", role, active, f"{rng.getrandbits(96):024x}", _airtable_id(rng))


def _strangers(rng: random.Random) -> Iterator[Member]:
    for id, name, email, tool in words.STRANGERS:
        account, user = f"{rng.getrandbits(96):024x}", _airtable_id(rng)
        yield Member(
            id, name, email, "", True, account if tool == "jira" else None, user if tool == "airtable" else None
        )


def _airtable_id(rng: random.Random) -> str:
    return "usr" + "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789", k=14))


def _audiences(campaigns: int) -> Iterator[Audience]:
    """Enough audiences that campaigns meet by intent only: a tenth of the number of campaigns, at least 14."""
    yield from (Audience(*row) for row in words.AUDIENCES)
    for index in range(max(0, campaigns // 8 - len(words.AUDIENCES))):
        line, market = (
            words.LINES[index % len(words.LINES)],
            words.MARKETS[index // len(words.LINES) % len(words.MARKETS)],
        )
        wave = index // (len(words.LINES) * len(words.MARKETS))
        yield Audience(
            f"Buyers of {line} {market}" + (f" {wave + 1}" if wave else ""), "segment", 300 + 37 * index % 9000
        )


def _names(rng: random.Random, campaigns: int) -> list[tuple[str, str, str]]:
    """(name, program, subject) of each campaign in the order of their sends; all names differ but the twins'."""
    known = list(words.CAMPAIGNS)
    rng.shuffle(known)
    for line in words.LINES:
        for market in words.MARKETS:
            known += [
                (name.format(line=line.capitalize(), market=market), program, subject.format(line=line))
                for name, program, subject in words.OCCASIONS
            ]
    wave = 2
    while len(known) < campaigns:  # a company this busy numbers its waves
        known += [(f"{name}, wave {wave}", program, subject) for name, program, subject in words.CAMPAIGNS]
        wave += 1
    names = known[:campaigns]
    if campaigns >= 6:
        third = campaigns // 3
        names[third], names[third * 2] = words.TWIN, words.TWIN
    return names


def _send_times(rng: random.Random, campaigns: int, today: date) -> list[datetime]:
    """Local send times in order: a fifth in the last three weeks, the others in the coming six, on weekdays."""
    past = campaigns // 5
    before = [d for d in (today - timedelta(n) for n in range(22, 1, -1)) if d.weekday() < 5]
    after = [d for d in (today + timedelta(n) for n in range(2, 43)) if d.weekday() < 5]
    days = [before[i * len(before) // past] for i in range(past)]
    coming = campaigns - past
    days += [after[i * len(after) // coming] for i in range(coming)]
    return [datetime.combine(day, time(rng.randint(7, 17), rng.choice((0, 0, 15, 30))), ZONE) for day in days]


def _campaign(
    rng: random.Random,
    index: int,
    name: tuple[str, str, str],
    when: datetime,
    *,
    audiences: tuple[Audience, ...],
    now: datetime,
    esp: str,
) -> CampaignSeed:
    """The truth of one campaign and its stages, before any tool has a copy."""
    title, program, subject = name
    audience = audiences[index % len(audiences)].name
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    brief = rng.choice(words.BRIEFS).format(audience=audience, lower=title.lower(), subject=subject, slug=slug)
    managers = [id for id, _, role, active in words.PEOPLE if role == "campaign manager" and active]
    status = _status(rng, (when - now).days)
    planned = _planned(index, when, words.KINDS_WITHOUT.get(esp, ()))
    truth: Shown = {
        "name": title, "brief": brief, "program": program, "status": status, "owner": rng.choice(managers),
        "audiences": (audience,), "subject": subject, "tags": tuple(sorted(rng.sample(words.TAGS, rng.randint(1, 3)))),
        "planned": planned, "scheduled": planned if status in ("scheduled", "sent") else None,
    }  # fmt: skip
    created = min(when, now).astimezone(UTC).replace(second=0, microsecond=0) - timedelta(
        days=30, minutes=37 * index % 7200
    )
    stages = tuple(_stages(rng, index, when, now))
    return CampaignSeed(f"c{index + 1:03}", created, truth, None, None, None, stages, calendar=esp)


def _status(rng: random.Random, days: int) -> str:
    if days < 0:
        return "sent"
    if days < 7:
        return "scheduled"
    if days < 14:
        return rng.choice(("approved", "in_review"))
    return rng.choice(("in_progress", "planned", "planned"))


def _planned(index: int, when: datetime, without: Sequence[str]) -> Shown:
    """Mostly an instant; one in eight goes by the recipient's clock, one in nine on a day without a time, where the
    campaign's ESP can send so.
    """
    if index % 8 == 5 and "Recipient local" not in without:
        return {"type": "Recipient local", "value": when.replace(tzinfo=None).isoformat()}
    if index % 9 == 7 and "Day" not in without:
        return {"type": "Day", "value": when.date().isoformat()}
    return {"type": "Exact time", "value": _instant(when)}


def _instant(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stages(rng: random.Random, index: int, when: datetime, now: datetime) -> Iterator[StageSeed]:
    today = now.astimezone(ZONE).date()
    for place, (kind, (offset, role)) in enumerate(words.STAGES.items()):
        number = index * 9 + place
        if number % 19 == 11:
            continue  # nobody thought of this stage
        due = when.date() + timedelta(offset)
        if number % 61 == 43 and kind != "analysis":
            due = when.date() + timedelta(2)  # due after its own send
        left = (due - today).days
        status = "done" if left < 0 else "in_progress" if left < 6 else "todo"
        if number % 41 == 37 and status != "done":
            status = "blocked"
        doers = [id for id, _, doer, active in words.PEOPLE if doer == role and active]
        owner: str | None = doers[(index + place) % len(doers)]
        if number % 13 == 8:
            owner = None
        elif index % 7 == 1 and kind in ("design", "qa"):
            owner = "tomas"  # has left, and still owns it
        yield StageSeed(kind, owner, status, due, rng.choice(words.NOTES), in_jira=True, in_airtable=True)
