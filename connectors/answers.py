"""What a tool's answer means: its words without secrets, how long it asks us to wait, the error it stands for."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sync.errors import Ambiguous, ConfigError, Rejected, Stale, SyncError, Unavailable

LONGEST_WAIT = 3600.0  # seconds; a tool that asks for more is asked again by a later run anyway
LONGEST_MESSAGE = 300
SHORTEST_SECRET = 4
_BAD_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)

# Tokens as the three vendors shape them, in case one is echoed in an answer that our own request does not explain.
_TOKENS = re.compile(
    r"ATATT[\w=-]{16,}|pat\w{14}\.[0-9a-f]{32,}|pk_[0-9a-fA-F]{16,}|[0-9a-f]{32}-[a-z]{2}\d+|xkeysib-[\w-]{16,}"
    r"|(?i:bearer|basic)\s+(?=\S*\d)[\w.=+/-]{16,}"
)


def json_of(tool: str, doing: str, response: requests.Response, *, creating: bool = False) -> Any:
    """The answer's JSON. Anything else with a good status is a gateway's page, not the tool's word: Unavailable.

    So is an object that has one key twice: half of what it says would be lost without a sign.
    """
    try:
        return response.json(object_pairs_hook=_unequivocal)
    except (ValueError, RecursionError) as exc:
        message = f"{tool} answered {doing} with {_kind_of(response)} instead of JSON; a gateway may be in the way."
        raise _silence(creating)(f"{message} The next run tries again.") from exc


@contextmanager
def understood(tool: str, doing: str, *, creating: bool = False) -> Iterator[None]:
    """Around taking an answer apart: a part that is missing or of a wrong type is raised as Unavailable.

    With `creating` as Ambiguous, since the answer is one to a creation. A SyncError goes through.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as exc:
        raise _silence(creating)(
            f"{tool} answered {doing} in a form that is not documented. The next run tries again; "
            f"if this lasts, something stands between us and {tool}, or its API has changed."
        ) from exc


def items(holder: Any, key: str) -> Sequence[Mapping[str, Any]]:
    """The list of objects under a key. LookupError or TypeError for anything else: to be `understood`."""
    held = holder[key]
    if not isinstance(held, list) or not all(isinstance(one, dict) for one in held):
        raise TypeError(key)
    return held


def part(holder: Any, key: str) -> Mapping[str, Any]:
    """The object under a key; LookupError or TypeError for anything else."""
    held = holder[key]
    if not isinstance(held, dict):
        raise TypeError(key)
    return held


def word(holder: Any, key: str) -> str:
    """The text under a key, such as an id, which is not empty; LookupError or TypeError for anything else."""
    held = holder[key]
    if not isinstance(held, str) or not held:
        raise TypeError(key)
    return held


def moment(text: Any) -> datetime | None:
    """The instant that an ISO text with a zone tells, in UTC; None where it is empty or cannot be understood."""
    with suppress(TypeError, ValueError, OverflowError):
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    return None


def error_for(tool: str, doing: str, response: requests.Response, *, creating: bool = False) -> SyncError:
    """The error that an unsuccessful answer stands for (reference jira §3, airtable §6, esp §1.10).

    With `creating`, a server error is Ambiguous: the record may exist in spite of it.
    """
    status, said = response.status_code, said_by(response)
    told = f"{tool} refused {doing} ({status}): {said}"
    match status:
        case 401:
            return ConfigError(f"{told} Check that the token of [tools.{tool}] is right and not expired.")
        case 402:
            return Rejected(f"{told} The account's plan or credits do not suffice; a person has to see to them there.")
        case 403:
            return ConfigError(
                f"{told} Check what the account and the token of [tools.{tool}] may do, and that the place exists."
            )
        case 407 | 410:
            return ConfigError(f"{told} Check the address and the API version of [tools.{tool}].")
        case 409:
            return Stale(f"{told} It changed in the meantime; the next run looks again.")
        case 408 | 425 | 429:
            return Unavailable(f"{told} The next run tries again.", retry_after(response))
    if status >= 500:
        told = f"{tool} failed at {doing} ({status}): {said}"
        return _silence(creating)(f"{told} The next run tries again.", retry_after(response))
    if status < 400:
        return _silence(creating)(f"{tool} answered {doing} in an unexpected way ({status}). The next run tries again.")
    return Rejected(told)


def translate(tool: str, doing: str, exc: Exception, *, creating: bool) -> SyncError:
    """The error that an exception of requests (or of a library over it) stands for.

    With `creating`, a request that may have reached the tool is Ambiguous. Names the host, never an address's
    user or query, nor a header.
    """
    if isinstance(exc, SyncError):
        return exc
    response = getattr(exc, "response", None)
    if isinstance(response, requests.Response) and not response.ok:
        return error_for(tool, doing, response, creating=creating)
    if isinstance(exc, _BAD_ADDRESS):
        return ConfigError(f"The address of {tool} is not usable. Check url in [tools.{tool}].")
    if isinstance(exc, requests.exceptions.InvalidHeader):
        exc.args = ()  # it quotes the header, and this exception stays in the trace of ours
        return ConfigError(
            f"The token of {tool} holds characters that no token has. Check where [tools.{tool}] reads it."
        )
    where = _host(exc)
    if isinstance(exc, requests.exceptions.SSLError) and "CERTIFICATE" in str(exc).upper():
        return ConfigError(f"The certificate of {tool}{where} is not trusted. Check url in [tools.{tool}].")
    if isinstance(exc, ValueError):
        return _silence(creating)(f"{tool} answered {doing} with something else than JSON. The next run tries again.")
    if _never_sent(exc):
        return Unavailable(f"{tool}{where} could not be reached for {doing}. The next run tries again.")
    how = "in time" if isinstance(exc, requests.Timeout) else "(the connection broke)"
    return _silence(creating)(f"{tool}{where} did not answer {doing} {how}. The next run looks again.")


def said_by(response: requests.Response) -> str:
    """The tool's own words about a refusal, in one line that ends with a stop; cut, and without secrets."""
    try:
        words = _words(response.json())
    except ValueError:
        text = response.text
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        page = "<html" in text[:2000].lower() or "<!doctype" in text[:200].lower()
        words = title.group(1) if title else "" if page else text
    line = " ".join((words or response.reason or "no reason given").split())
    line = redacted(line, response.request)
    if len(line) > LONGEST_MESSAGE:
        line = line[: LONGEST_MESSAGE - 1].rstrip() + "…"
    return line if line.endswith((".", "!", "?", "…")) else line + "."


def redacted(text: str, request: requests.PreparedRequest | None = None) -> str:
    """The text without anything that looks like a token or that the request was signed with."""
    sent = str(request.headers.get("Authorization", "")) if request is not None and request.headers else ""
    for secret in _secrets(sent):
        text = text.replace(secret, "[hidden]")
    return _TOKENS.sub("[hidden]", text)


def time_of(response: requests.Response) -> datetime | None:
    """The tool's own time when it answered, to the second, in UTC; None where the answer does not tell."""
    at = _http_date(response.headers.get("Date", ""))
    return at.astimezone(UTC) if at else None


def retry_after(response: requests.Response) -> float | None:
    """How many seconds the tool asks us to wait: a number or an HTTP date (measured by the tool's own clock)."""
    asked = response.headers.get("Retry-After", "").strip()
    if not asked:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        until, now = _http_date(asked), time_of(response) or datetime.now(UTC)
        if until is None:
            return None
        seconds = (until - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _unequivocal(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _silence(creating: bool) -> type[Unavailable]:
    return Ambiguous if creating else Unavailable


def _never_sent(exc: Exception) -> bool:
    """Whether the connection was never made, so that even a create cannot have been applied."""
    if isinstance(exc, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    inner = exc.args[0] if exc.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(reason, NewConnectionError)


def _host(exc: Exception) -> str:
    request = getattr(exc, "request", None)
    parts = urlsplit(getattr(request, "url", None) or "")
    with suppress(ValueError):
        return f" at {parts.hostname}{f':{parts.port}' if parts.port else ''}" if parts.hostname else ""
    return ""


def _kind_of(response: requests.Response) -> str:
    if not response.content:
        return "nothing"
    return "a web page" if "html" in response.headers.get("Content-Type", "").lower() else "something unreadable"


def _words(body: Any) -> str:
    """What a JSON error body says, whichever of the vendors' shapes it has."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, map(_words, body)))
    if not isinstance(body, dict):
        return ""
    parts = [_words(body.get("errorMessages"))]
    errors = body.get("errors")
    if isinstance(errors, dict):
        parts += [f"{name}: {_words(value)}" for name, value in errors.items()]
    else:
        parts.append(_words(errors))
    parts.append(_words(body.get("error")))
    if not any(parts):
        said = next((body[k] for k in ("detail", "message", "error_description", "title", "type") if body.get(k)), "")
        source = body.get("source")
        place = (source.get("pointer") or source.get("parameter")) if isinstance(source, dict) else None
        parts = [f"{said} (at {place})" if place else str(said)]
    return "; ".join(filter(None, parts))


def _secrets(authorization: str) -> list[str]:
    credential = authorization.rpartition(" ")[2]
    found = [credential]
    with suppress(binascii.Error, UnicodeDecodeError):
        found.append(base64.b64decode(credential, validate=True).decode().partition(":")[2])
    return [secret for secret in found if len(secret) >= SHORTEST_SECRET]


def _http_date(text: str) -> datetime | None:
    with suppress(ValueError, TypeError, LookupError, OverflowError):
        at = parsedate_to_datetime(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
