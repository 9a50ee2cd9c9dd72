"""Who may be who: compares the accounts and names that the tools know with the people directory. Pure; guesses nothing
that it does not say, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from jobs.people_newcomers import newcomers
from jobs.people_suggestions import Confidence, Doubt, Seen, Suggested, Suggestion
from mappings.names import address, name_key, name_words
from mappings.people import Directory, spellings
from sync.model import PersonEntry
from sync.wording import listed, tool_title


@dataclass(frozen=True, slots=True)
class Ground:
    """A way to recognise somebody. `reason` completes "certain: …" and takes the Seen and the person."""

    confidence: Confidence
    fits: Callable[[Seen, PersonEntry], bool]
    reason: Callable[[Seen, PersonEntry], str]
    by_email: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """An account or text that may be somebody's, and the position of the ground for it: the lower the better."""

    seen: Seen
    person: PersonEntry
    rank: int

    @property
    def ground(self) -> Ground:
        return GROUNDS[self.rank]


def suggest(people: Sequence[PersonEntry], seen: Iterable[Seen]) -> Suggested:
    """What the directory could learn from the tools, the surest first. The same for any order of what was seen."""
    directories: dict[str, Directory] = {}
    matches: list[Match] = []
    doubts: list[Doubt] = []
    strangers: list[Seen] = []
    for one in sorted(seen, key=lambda each: (each.tool, each.text, each.native)):
        directory = directories.setdefault(one.tool, Directory.of(one.tool, people))
        if _is_known(one, directory):
            continue
        found = _matches(one, people)
        if not found:
            strangers.append(one)
        elif len(found) == 1:
            matches.append(found[0])
        elif one.named or any(one.tool not in match.person.accounts for match in found):
            doubts.append(Doubt(one, _several(found)))
    suggestions, unsure = _for_known(matches)
    new, also_unsure = newcomers(people, strangers)
    suggestions.sort(key=lambda each: (each.confidence.rank, name_key(each.name), sorted(each.accounts.items())))
    return Suggested((*suggestions, *new), (*doubts, *unsure, *also_unsure))


def _is_known(seen: Seen, directory: Directory) -> bool:
    if seen.text:
        return len(directory.called(seen.native)) == 1
    return seen.native in directory.by_account


def _matches(seen: Seen, people: Sequence[PersonEntry]) -> list[Match]:
    """Everybody who fits on the best ground that fits anybody."""
    for rank, ground in enumerate(GROUNDS):
        found = [Match(seen, person, rank) for person in people if ground.fits(seen, person)]
        if found:
            return found
    return []


def _for_known(matches: Iterable[Match]) -> tuple[list[Suggestion], list[Doubt]]:
    """The suggestions for people of the directory. A person has one account in a tool, and any number of spellings.

    Members whom no record names are no doubts: a tool may list thousands.
    """
    suggestions: list[Suggestion] = []
    doubts: list[Doubt] = []

    def place(match: Match) -> tuple[str, str, str]:
        return match.person.id, match.seen.tool, match.seen.native if match.seen.text else ""

    for _, group in groupby(sorted(matches, key=place), key=place):
        rivals = sorted(group, key=_preference)
        best = [match for match in rivals if _preference(match) == _preference(rivals[0])]
        held = best[0].person.accounts.get(best[0].seen.tool)
        if held and not best[0].seen.text:
            doubts += [Doubt(match.seen, _second(match, held)) for match in rivals if match.seen.named]
        elif len(best) > 1:
            doubts += [Doubt(match.seen, _rivals(match, len(best))) for match in best]
        else:
            suggestions.append(_suggestion(best[0]))
            doubts += [Doubt(match.seen, _weaker(match, best[0])) for match in rivals[1:] if match.seen.named]
    return suggestions, doubts


def _preference(match: Match) -> tuple[int, bool]:
    return match.rank, not match.seen.active


def _suggestion(match: Match) -> Suggestion:
    seen, person = match.seen, match.person
    return Suggestion(
        person.id,
        person.name,
        accounts={} if seen.text else {seen.tool: seen.native},
        aliases=(seen.native,) if seen.text else (),
        reason=match.ground.reason(seen, person),
        confidence=match.ground.confidence,
        by_email=match.ground.by_email,
        seen=(seen,),
    )


def _several(found: Sequence[Match]) -> str:
    names = [f"{match.person.name} ({match.person.id})" for match in found]
    return f"may be {listed(names, 'or')}: {found[0].ground.reason(found[0].seen, found[0].person)}"


def _second(match: Match, held: str) -> str:
    tool = tool_title(match.seen.tool)
    return f"may be a second account of {match.person.name}, whose {tool} account is {held}; one of them can be listed"


def _rivals(match: Match, count: int) -> str:
    return f"is one of {count} in {tool_title(match.seen.tool)} that may be {match.person.name}"


def _weaker(match: Match, best: Match) -> str:
    return f"may be {match.person.name} too, but {best.seen.native} fits better"


# The grounds, the best first.


def _same_email(seen: Seen, person: PersonEntry) -> bool:
    return bool(seen.email) and address(seen.email) == address(person.email)


def _same_account(seen: Seen, person: PersonEntry) -> bool:
    native = seen.native.casefold()
    return not seen.text and any(native == held.casefold() for held in person.accounts.values())


def _other_email(seen: Seen, person: PersonEntry) -> bool:
    return bool(seen.email and person.email) and not _same_email(seen, person)


def _same_name(seen: Seen, person: PersonEntry) -> bool:
    key = name_key(seen.name)
    return bool(key) and key in map(name_key, spellings(person))


def _user_name(seen: Seen, person: PersonEntry) -> bool:
    """The user name is the first part of the address, as many companies have it."""
    local = person.email.partition("@")[0].casefold()
    return not seen.text and bool(local) and seen.native.casefold() == local


def _name_nearly(seen: Seen, person: PersonEntry) -> bool:
    return any(_nearly(name_words(seen.name), name_words(held)) for held in spellings(person) if not address(held))


def _nearly(one: Sequence[str], other: Sequence[str]) -> bool:
    """The same words in another order; a first name alone; or words of which some are initials."""
    if not one or not other:
        return False
    if sorted(one) == sorted(other) or (len(one) == 1 and len(one[0]) > 1 and one[0] == other[0]):
        return True
    ends = (one[0], one[-1]), (other[0], other[-1])
    whole = any(len(a) > 1 and a == b for a, b in zip(*ends, strict=True))
    return len(one) > 1 and len(other) > 1 and whole and all(_starts(a, b) for a, b in zip(*ends, strict=True))


def _starts(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _account_reason(seen: Seen, person: PersonEntry) -> str:
    tools = [tool_title(tool) for tool, held in person.accounts.items() if held.casefold() == seen.native.casefold()]
    return f"the same account as theirs in {listed(tools)}"


GROUNDS = (
    Ground(Confidence.CERTAIN, _same_email, lambda seen, _: f"the same address, {seen.email}", by_email=True),
    Ground(Confidence.CERTAIN, _same_account, _account_reason),
    Ground(
        Confidence.LIKELY,
        lambda seen, person: _same_name(seen, person) and not _other_email(seen, person),
        lambda seen, _: f'the same name, "{seen.name}"',
    ),
    Ground(
        Confidence.PERHAPS,
        _same_name,
        lambda seen, person: f"the same name, but another address: {seen.email} there, {person.email} in the directory",
    ),
    Ground(
        Confidence.PERHAPS,
        _user_name,
        lambda seen, person: f'the user name "{seen.native}" is how {person.email} begins',
    ),
    Ground(
        Confidence.PERHAPS,
        lambda seen, person: _name_nearly(seen, person) and not _other_email(seen, person),
        lambda seen, person: f'"{seen.name}" is nearly "{person.name}"',
    ),
)
