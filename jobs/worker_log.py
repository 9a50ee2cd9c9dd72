"""The worker's log: one plain line per event on the error stream, without secrets."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.session import hidden

LONGEST = 600


class Line(logging.Formatter):
    """A record in one line. A trace is cut down to what was wrong."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text = f"{text} {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        line = hidden(" ".join(text.split()), self._secrets)
        level = "" if record.levelno < logging.WARNING else f" {record.levelname.lower()}"
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')}{level} {line[:LONGEST]}"


def log_to_stderr(secrets: Sequence[str]) -> None:
    """Send the worker's log and the warnings of DBOS to the error stream, in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line(secrets))
    for name, level in (("campaign_sync", logging.INFO), ("dbos", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level)
    # DBOS tells of a failed start with its whole trace; the caller says it in words.
    logging.getLogger("dbos").addFilter(lambda record: "failed to launch" not in record.getMessage())
