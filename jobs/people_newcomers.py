"""Who the tools' records name and the people directory lacks: gathers one person's accounts in all the tools."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from jobs.people_suggestions import Confidence, Doubt, Seen, Suggestion
from mappings.names import address, name_key
from sync.model import PersonEntry
from sync.wording import tool_title


def newcomers(people: Sequence[PersonEntry], strangers: Iterable[Seen]) -> tuple[list[Suggestion], list[Doubt]]:
    """One suggestion for each person whom a record names, those named most first.

    Accounts with one address are one person's; one without address goes to whom it shares the name with, where that
    is a single one. Members whom no record names are nobody's business here.
    """
    suggestions: list[Suggestion] = []
    doubts: list[Doubt] = []
    taken = {person.id for person in people}
    named = [group for group in _groups(strangers) if any(one.named for one in group)]
    for group in sorted(named, key=lambda each: (-sum(one.named for one in each), name_key(_name(each)), _name(each))):
        accounts = [one for one in group if not one.text]
        twice = {one.tool for one in accounts if sum(other.tool == one.tool for other in accounts) > 1}
        if twice:
            doubts += [Doubt(one, _twice(one, accounts)) for one in accounts if one.tool in twice]
            continue
        suggestion = _somebody(group, taken)
        taken.add(suggestion.person)
        suggestions.append(suggestion)
    return suggestions, doubts


def _groups(strangers: Iterable[Seen]) -> list[list[Seen]]:
    """What belongs to one person."""
    groups: dict[str, list[Seen]] = {}
    without = []
    for one in strangers:
        if one.email:
            groups.setdefault(address(one.email) or one.email.casefold(), []).append(one)
        else:
            without.append(one)
    by_name: dict[str, list[list[Seen]]] = {}
    for group in groups.values():
        for key in {name_key(one.name) for one in group}:
            by_name.setdefault(key, []).append(group)
    nameless = []
    for one in without:
        key = name_key(one.name)
        same = by_name.setdefault(key, [[]]) if key else []
        if len(same) == 1:
            same[0].append(one)
        else:
            nameless.append([one])
    made = [group for held in by_name.values() for group in held]
    found = {id(group): group for group in (*groups.values(), *made, *nameless)}
    return [group for group in found.values() if group]


def _somebody(group: Sequence[Seen], taken: Collection[str]) -> Suggestion:
    name = _name(group)
    email = next((address(one.email) or one.email for one in group if one.email), "")
    accounts = {one.tool: one.native for one in group if not one.text}
    count = sum(one.named for one in group)
    sure = len(accounts) < 2 or all(one.email for one in group)
    same = "" if len(accounts) < 2 else "one address in all; " if sure else "one person, if the name is right; "
    return Suggestion(
        _id(name, email, taken),
        name,
        reason=f"{same}named by {count} record{'s' if count != 1 else ''}",
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        accounts=dict(sorted(accounts.items())),
        new=True,
        email=email,
        active=all(one.active for one in group),
        seen=tuple(group),
    )


def _name(group: Sequence[Seen]) -> str:
    """The fullest name that a tool gives."""
    names = [one.name for one in group if one.name and not address(one.name)]
    return max(sorted(names), key=lambda name: len(name.split()), default=group[0].name or group[0].native)


def _id(name: str, email: str, taken: Collection[str]) -> str:
    """An id that people can read: from the name, else from the address."""
    local = email.partition("@")[0]
    words = [word for word in (name_key(name).replace(" ", "-"), name_key(local).replace(" ", "-")) if word.isascii()]
    stem = next((word for word in words if word.replace("-", "").isalnum()), "person")
    number, made = 1, stem
    while made in taken:
        number += 1
        made = f"{stem}-{number}"
    return made


def _twice(one: Seen, accounts: Sequence[Seen]) -> str:
    others = [other.native for other in accounts if other.tool == one.tool and other is not one]
    return f"may be the same person as {', '.join(others)} in {tool_title(one.tool)}; one account there can be listed"
