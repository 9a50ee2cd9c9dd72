"""Power loss: a run ends at a commit, the log of the database (WAL) is cut short, and the sync runs on from there.

What is guaranteed, and checked here: SQLite syncs the log at each commit (synchronous=FULL), so a loss of power can
take the commit that is being made and nothing before it; wherever within that commit the log ends, also in the middle
of a frame, the next run goes on from the state before it, and everything holds that holds after a kill ("torn").

What is more than that: a disk that lies, and loses commits that it had confirmed ("forgotten"). The tools then hold
what we do not remember having written. Still no record is made twice (as long as listings show what was made), what
the tools show converges, and a quiet run writes nothing. Only what the lost commits alone held is gone: notes of who
wrote what before it was superseded, and the claims that a decision had overruled.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash.boundaries import AFTER_COMMIT
from tests.crash.explore import Tally, Trial
from tests.crash.heart import Heart
from tests.crash.scenarios import Scenario
from tests.crash.world import Snapshot

WAL = "state.db-wal"
HEADER, FRAME_HEADER = 32, 24  # bytes (https://www.sqlite.org/fileformat2.html#walformat)
WITHIN = (1, FRAME_HEADER, 2000)  # bytes of a frame that arrived before the power went


@dataclass(frozen=True, slots=True)
class Cut:
    """A place at which the log ends: after commit number `commit` of the traced run, with `size` bytes of log left.

    `torn`: in the middle of that commit. Otherwise earlier: commits are lost that had been confirmed.
    """

    commit: int
    size: int
    torn: bool

    @property
    def name(self) -> str:
        return f"commit {self.commit} {'torn' if self.torn else 'and others forgotten'}, {self.size} bytes left"


class Blackout:
    """A scenario that is killed right after each commit, and the logs that this leaves."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.heart = Heart(scenario, folder)
        self.trial = Trial(self.heart)
        self.commits = [at for at, label in enumerate(self.trial.labels, 1) if label == AFTER_COMMIT]
        self._after: dict[int, Snapshot] = {at: self.trial.killed_once(at) for at in self.commits}

        self._verdicts: dict[str, list[str]] = {}  # violations by what was forgotten

    def cuts(self) -> list[Cut]:
        """Every frame's end and some bytes into each frame, for every commit; forgotten ones at frames' ends."""
        found, before = [], 0
        for at in self.commits:
            log = self._after[at].database.get(WAL, b"")
            for end in _frames(log):
                within = [end + more for more in WITHIN if end + more < len(log)]
                if end >= before:
                    found += [Cut(at, size, torn=True) for size in (end, *within) if size < len(log)]
                else:
                    found.append(Cut(at, end, torn=False))
            before = len(log)
        return found

    def violations(self, cut: Cut) -> list[str]:
        """What is wrong after the power went at this cut."""
        after = self._after[cut.commit]
        log = after.database[WAL][: cut.size]
        left = {name: content for name, content in after.database.items() if name != WAL}
        self.heart.restore(replace(after, database={**left, WAL: log}))
        if cut.torn:
            broken = self.trial.recovered()
        else:
            key = self.heart.key()
            if key not in self._verdicts:
                self._verdicts[key] = self._forgotten()
            broken = self._verdicts[key]
        return [f"{self.heart.name}, {cut.name}: {words}" for words in broken]

    def _forgotten(self) -> list[str]:
        life = self.heart.live()
        if life.error:
            return [f"the restart fails: {life.error}"]
        # What was forgotten may come back as a dispute, and what lost a dispute may be gone from the history.
        return [words for words in self.heart.finish() if "is lost" not in words]


def every_cut(scenario: Scenario, folder: Path, every: int = 1) -> Tally:
    """Cut the log of a scenario at every place, or at every so manieth."""
    tally = Tally()
    for case, torn in ((scenario, True), (_prompt(scenario), False)):
        place = folder / ("torn" if torn else "forgotten")
        place.mkdir()
        blackout = Blackout(case, place)
        for cut in [cut for cut in blackout.cuts() if cut.torn is torn][::every]:
            tally.found.append(cut.name)
            tally.violations += blackout.violations(cut)
            tally.killed.append(cut.name)
    return tally


def _prompt(scenario: Scenario) -> Scenario:
    """The same with listings that do not lag: a record that is not listed, and not remembered, is not there."""
    return replace(scenario, desks=tuple(replace(desk, lags=False) for desk in scenario.desks))


def _frames(log: bytes) -> Iterator[int]:
    """The places in a log between two frames, the first one before any frame."""
    if len(log) < HEADER:
        return
    (page,) = struct.unpack_from(">I", log, 8)
    yield from range(HEADER, len(log) + 1, FRAME_HEADER + page)
