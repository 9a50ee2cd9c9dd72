"""The conflict-report email: composed as text and HTML from a digest, and sent over SMTP."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default as header_policy
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from mjml import mjml2html

from jobs.digest import Digest, Point
from jobs.digest_words import plain
from sync.errors import ConfigError, Rejected, SyncError, Unavailable

WIDTH: Final = 78
TIMEOUT: Final = 20.0
_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# The compiler lets unknown tags, misplaced tags and unknown attributes pass, and the mail then looks broken.
_CHILDREN: Final = {
    "mjml": {"mj-head", "mj-body"},
    "mj-head": {"mj-title", "mj-preview", "mj-raw", "mj-attributes", "mj-style"},
    "mj-attributes": {"mj-all", "mj-text", "mj-section"},
    "mj-body": {"mj-wrapper", "mj-section"},
    "mj-wrapper": {"mj-section"},
    "mj-section": {"mj-column"},
    "mj-column": {"mj-text"},
}
_LOOK: Final = {"css-class", "padding", "background-color"}
_ATTRIBUTES: Final = {
    "mjml": {"lang", "dir"},
    "mj-all": {"font-family"},
    "mj-body": {"background-color", "css-class", "width"},
    "mj-wrapper": _LOOK | {"border-radius"},
    "mj-section": _LOOK,
    "mj-text": {"css-class", "padding", "font-size", "line-height", "color"},
}


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where mail goes: `smtp://host:port`, `smtps://…` or `smtp+starttls://…`, and who we are there."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def compose(digest: Digest, *, sender: str, to: Sequence[str], ident: str) -> EmailMessage:
    """The mail, dated `digest.now`. `ident` (the run's id) makes its Message-ID; the same input gives the same bytes.

    Raises ConfigError for an address that is none.
    """
    origin, token = address(sender), re.sub(r"[^A-Za-z0-9.-]+", "-", ident).strip("-.") or "report"
    message = EmailMessage()
    message["Subject"] = plain(digest.subject)
    message["From"] = origin
    message["To"] = [address(text) for text in to]
    message["Date"] = digest.now
    message["Message-ID"] = f"<{token}@{origin.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text_of(digest), cte="quoted-printable")
    message.add_alternative(html_of(digest), subtype="html", cte="quoted-printable")
    # Quoted-printable writes every "=" of a text as "=3D", so this line cannot occur inside a part.
    message.set_boundary(f"=_{token[:50]}")
    return message


def address(text: str) -> Address:
    """One mail address, with or without a name. Raises ConfigError."""
    addresses: tuple[Address, ...] = ()
    if plain(text, len(text) + 1) == text.strip() and text.isprintable():
        with contextlib.suppress(ValueError, IndexError):  # the parser of the standard library slips on some inputs
            header = header_policy.header_factory("To", text)
            addresses = () if header.defects else header.addresses
    if len(addresses) != 1 or not addresses[0].username or not addresses[0].domain:
        raise ConfigError(f"{plain(text, 80)!r} is not an email address; correct sender and to under [email].")
    return addresses[0]


def text_of(digest: Digest) -> str:
    """The plain-text version, wrapped at 78 columns; only web addresses and commands may be longer."""
    return _template("report.txt.j2").render(digest=digest).strip() + "\n"


def html_of(digest: Digest) -> str:
    """The HTML version: inline styles, nothing loaded from anywhere."""
    source = _template("report.mjml.j2").render(digest=digest)
    check(source)
    return mjml2html(source, fonts={})  # without `fonts` the compiler links to a font service


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        autoescape=not name.endswith(".txt.j2"),  # noqa: S701 - plain text has nothing to escape
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(fill=_fill, told=_told)
    return environment.get_template(name)


def check(source: str) -> None:
    """Raises ValueError unless every MJML tag and attribute is one that the compiler knows, in its place."""
    root = ElementTree.fromstring(source)  # noqa: S314 - our own template, its values escaped
    if root.tag != "mjml":
        raise ValueError(f"the template starts with {root.tag}, not with mjml")
    for parent in root.iter():
        for child in parent:
            known = child.tag in _CHILDREN.get(parent.tag, ())
            if known != (child.tag.startswith("mj") or parent.tag in _CHILDREN):
                raise ValueError(f"{child.tag} has no place in {parent.tag}")
        if parent.tag.startswith("mj") and (strange := set(parent.attrib) - _ATTRIBUTES.get(parent.tag, set())):
            raise ValueError(f"{parent.tag} knows no {', '.join(sorted(strange))}")


def _fill(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _told(point: Point) -> str:
    return f"{point.text} ({point.note.upper() if point.new else point.note})"


def send(
    message: EmailMessage, smtp: SmtpSettings, *, timeout: float = TIMEOUT, context: ssl.SSLContext | None = None
) -> None:
    """Hand the mail over. `timeout` bounds each wait in seconds; `context` is the trust for TLS.

    Raises ConfigError when a person must act, Unavailable when a later attempt may do, Rejected when the mail went to
    some of its readers only. No message contains the password.
    """
    scheme, host, port = _parsed(smtp)
    where = f"The mail server {host}:{port}"
    try:
        _deliver(message, smtp, scheme, (host, port), timeout, context or ssl.create_default_context())
    except SyncError:
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise _judged(error.smtp_code, f"{where} did not accept the user name and password of [email].") from None
    except smtplib.SMTPRecipientsRefused as error:
        code = min(code for code, _ in error.recipients.values())
        raise _judged(code, f"{where} refused every recipient: {_refusals(error.recipients)}") from None
    except smtplib.SMTPResponseException as error:
        reply = _scrubbed(error.smtp_error, smtp)
        raise _judged(error.smtp_code, f"{where} refused the mail: {error.smtp_code} {reply}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise ConfigError(f"{where} lacks what [email] asks for: {_scrubbed(str(error), smtp)}") from None
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"{where} shows a certificate that cannot be trusted: {error.verify_message}.") from None
    except ssl.SSLError:
        raise ConfigError(f"{where} does not speak TLS there; check smtp under [email] for scheme and port.") from None
    except (OSError, smtplib.SMTPException) as error:
        reason = _scrubbed(error.strerror or str(error), smtp) or type(error).__name__
        raise Unavailable(f"{where} does not answer: {reason}. The report was not sent.") from None


def _parsed(smtp: SmtpSettings) -> tuple[str, str, int]:
    """Scheme, host and port. The address itself is never quoted: somebody may have put a password into it."""
    wanted = "smtp under [email] must look like smtp://host:25, smtps://host:465 or smtp+starttls://host:587"
    try:
        parts = urlsplit(smtp.url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{wanted}.") from None
    if parts.username or parts.password or "@" in parts.netloc:
        raise ConfigError(f"{wanted}; the user and the password go into user and password_file.")
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ConfigError(f"{wanted}.")
    if (smtp.user is None) != (smtp.password is None):
        raise ConfigError("[email] needs both user and password_file, or neither.")
    local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    if smtp.password is not None and parts.scheme == "smtp" and not local:
        raise ConfigError("smtp:// would send the password in clear text; use smtps:// or smtp+starttls:// in [email].")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def _deliver(
    message: EmailMessage,
    smtp: SmtpSettings,
    scheme: str,
    server: tuple[str, int],
    timeout: float,
    context: ssl.SSLContext,
) -> None:
    client: smtplib.SMTP
    if scheme == "smtps":
        client = smtplib.SMTP_SSL(*server, timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(*server, timeout=timeout)
    try:
        if scheme == "smtp+starttls":
            client.starttls(context=context)
        if smtp.user is not None and smtp.password is not None:
            client.login(smtp.user, smtp.password)
        refused = client.send_message(message)
        # The mail is accepted now: a failing farewell must not look like a failed delivery.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            client.quit()
    finally:
        client.close()
    if refused:
        raise Rejected(f"The report went out, but the mail server refused {_refusals(refused)}")


def _judged(code: int, text: str) -> SyncError:
    """Replies 4xx are temporary (RFC 5321 section 4.2.1), all others are not."""
    return Unavailable(text) if 400 <= code < 500 else ConfigError(text)


def _refusals(recipients: dict[str, tuple[int, bytes]]) -> str:
    refused = list(recipients.items())
    replies = ((plain(who), code, plain(reply.decode(errors="replace"), 120)) for who, (code, reply) in refused[:3])
    told = ", ".join(f"{who} ({code} {reply})" for who, code, reply in replies)
    return f"{told} and {len(refused) - 3} more" if len(refused) > 3 else told


def _scrubbed(reply: bytes | str, smtp: SmtpSettings) -> str:
    text = plain(reply.decode(errors="replace") if isinstance(reply, bytes) else reply)
    return text.replace(smtp.password, "***") if smtp.password else text
