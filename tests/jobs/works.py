"""Works of a single job each, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sync.workspace import SideBySide, Work


def outcomes(jobs: Sequence[Callable[[], Any]], together: SideBySide) -> list[Any]:
    """What each job returned, or the exception that its work was told of, in the order of the jobs."""
    found: dict[int, Any] = {}

    def work(at: int) -> Work:
        try:
            found[at] = yield jobs[at]
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[at] = error

    together([work(at) for at in range(len(jobs))])
    return [found[at] for at in range(len(jobs))]
