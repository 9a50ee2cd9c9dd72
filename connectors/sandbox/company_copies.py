"""Which tool holds a copy of which campaign, and where the copies have drifted apart.

From 6 campaigns on, one lives in one tool only, for each tool; from 24 on, two. From 12 on, one pair (from 24 on, two)
meets in one audience within a day, and up to six values differ between two tools.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox import company_words as words
from connectors.sandbox.company_model import CampaignSeed, Shown, StageSeed

TOOLS = ("jira", "airtable", "esp")


def copied(rng: random.Random, truths: list[CampaignSeed]) -> list[CampaignSeed]:
    """The campaigns with what each tool shows of them, Jira's keys given in order of creation."""
    full, half = len(truths) >= 24, len(truths) >= 12
    free = [i for i, t in enumerate(truths) if t.truth["name"] != words.TWIN[0] and t.truth["scheduled"] is None]
    pairs = _pairs(truths, free, 2 if full else 1 if half else 0)
    for first, second in pairs:
        truths[second] = _meeting(truths[first], truths[second])
    paired = {i for pair in pairs for i in pair}
    loose = [i for i in free if i not in paired]
    rng.shuffle(loose)
    each = 2 if full else 1 if len(truths) >= 6 else 0
    homes = dict(zip(loose, [tool for tool in TOOLS for _ in range(each)], strict=False))
    seeds = [_placed(seed, index, homes.get(index)) for index, seed in enumerate(truths)]
    drifting = [i for i in [*loose, *sorted(paired)] if i not in homes] if half else []
    keyed = list(_keyed(seeds, set(drifting)))
    _drift(keyed, drifting, paired)
    return keyed


def _pairs(truths: list[CampaignSeed], free: list[int], count: int) -> list[tuple[int, int]]:
    """Neighbours in the calendar, both sent at an exact time, spread over it."""
    near = [
        (i, i + 1)
        for i in free
        if i + 1 in free and all(truths[n].truth["planned"]["type"] == "Exact time" for n in (i, i + 1))
    ]
    chosen: list[tuple[int, int]] = []
    for pair in (*near[:1], *near[len(near) // 2 :]):
        if len(chosen) < count and all(set(pair).isdisjoint(other) for other in chosen):
            chosen.append(pair)
    return chosen


def _meeting(first: CampaignSeed, second: CampaignSeed) -> CampaignSeed:
    """The second campaign and its stages, moved to some hours after the first and to its audience too."""
    before = datetime.fromisoformat(second.truth["planned"]["value"]).date()
    at = datetime.fromisoformat(first.truth["planned"]["value"]) + timedelta(hours=3)
    planned = {"type": "Exact time", "value": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    audiences = first.truth["audiences"]
    if second.calendar not in words.ONE_AUDIENCE:
        audiences = (*audiences, *second.truth["audiences"])
    stages = tuple(replace(s, due=s.due and s.due + (at.date() - before)) for s in second.stages)
    return replace(second, truth=second.truth | {"planned": planned, "audiences": audiences}, stages=stages)


def _placed(seed: CampaignSeed, index: int, home: str | None) -> CampaignSeed:
    """The campaign in all tools, or in its home only. Stages follow; a few were entered in one tool only."""
    in_jira, in_airtable = home in (None, "jira"), home in (None, "airtable")
    stages = []
    for place, stage in enumerate(seed.stages):
        number = index * 9 + place
        only_jira, only_airtable = home is None and number % 73 == 20, home is None and number % 79 == 31
        owner = stage.owner
        if home in ("jira", "airtable") and stage.kind == "build":
            owner = next(id for id, _, _, tool in words.STRANGERS if tool == home)
        stages.append(
            replace(
                stage, owner=owner, in_jira=in_jira and not only_airtable, in_airtable=in_airtable and not only_jira
            )
        )
    return replace(
        seed,
        jira=dict(seed.truth) if in_jira else None,
        airtable=dict(seed.truth) if in_airtable else None,
        esp=dict(seed.truth) if home in (None, "esp") else None,
        stages=tuple(stages) if home != "esp" else (),
    )


def _keyed(seeds: list[CampaignSeed], drifting: set[int]) -> Iterator[CampaignSeed]:
    """Issue keys in Jira, most of them in Airtable's column, half of them in brackets after the ESP's name.

    A drifting campaign always has them: by name and date alone nobody could tell that its copies belong together.
    """
    number = 0
    for index, seed in enumerate(seeds):
        stages: list[StageSeed] = []
        key: str | None = None
        if seed.jira is not None:
            number += 1
            key = f"CAM-{number}"
        for stage in seed.stages:
            if stage.in_jira:
                number += 1
            stages.append(replace(stage, jira_key=f"CAM-{number}" if stage.in_jira else None))
        in_column, in_name = index % 3 != 1 or index in drifting, index % 2 == 0 or index in drifting
        yield replace(
            seed,
            jira=seed.jira and seed.jira | {"key": key},
            airtable=seed.airtable and seed.airtable | {"jira_key": key if in_column else None},
            esp=seed.esp and seed.esp | ({"name": f"{seed.truth['name']} [{key}]"} if key and in_name else {}),
            stages=tuple(stages),
        )


def _drift(seeds: list[CampaignSeed], drifting: list[int], paired: set[int]) -> None:
    """Up to six values that somebody changed in one tool and told nobody.

    What the ESP does not show cannot have changed there; its name has instead.
    """
    exact = [i for i in drifting if seeds[i].truth["planned"]["type"] == "Exact time"]
    changes: list[tuple[str, str, Any]] = [
        ("airtable", "planned", lambda seed: _moved(seed.truth["planned"], timedelta(days=1))),
        ("esp", "planned", lambda seed: _moved(seed.truth["planned"], timedelta(minutes=90))),
        ("esp", "subject", lambda seed: seed.truth["subject"] + " (last call)"),
        ("airtable", "owner", lambda seed: next(id for id in ("ann", "marta") if id != seed.truth["owner"])),
        ("airtable", "status", lambda seed: "in_review" if seed.truth["status"] != "in_review" else "approved"),
    ]
    pool = [i for i in exact if i not in paired] + [i for i in exact if i in paired]
    pool += [i for i in drifting if i not in pool]
    for index, (tool, name, changed) in zip(pool, changes, strict=False):
        if tool == "esp" and name in words.UNSHOWN.get(seeds[index].calendar, ()):
            name, changed = "name", _reworded  # noqa: PLW2901
        if name == "planned" and index not in exact:
            continue
        seed = seeds[index]
        seeds[index] = replace(seed, **{tool: getattr(seed, tool) | {name: changed(seed)}})
    for index in pool:
        if _stage_drifted(seeds, index):
            return


def _reworded(seed: CampaignSeed) -> str:
    name: str = seed.truth["name"]
    return f"{name}, new wording [{seed.jira['key']}]" if seed.jira else f"{name}, new wording"


def _moved(planned: Shown, by: timedelta) -> Shown:
    at = datetime.fromisoformat(planned["value"]) + by
    return planned | {"value": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _stage_drifted(seeds: list[CampaignSeed], index: int) -> bool:
    """The due day of the campaign's design stage moves in Airtable, if both tools have that stage."""
    stages = list(seeds[index].stages)
    for place, stage in enumerate(stages):
        if stage.kind == "design" and stage.in_jira and stage.in_airtable and stage.due is not None:
            stages[place] = replace(stage, airtable={"due": stage.due - timedelta(days=2)})
            seeds[index] = replace(seeds[index], stages=tuple(stages))
            return True
    return False
