"""A local mail server that delivers nowhere: it keeps every mail as a file to look at."""

from __future__ import annotations

import asyncio
import errno
import re
import signal
import socket
import threading
import unicodedata
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sync.errors import ConfigError

_SLUG_LENGTH: Final = 50


class Mailbox:
    """The running server: `with Mailbox(folder) as box: …` listens on `box.port`.

    A mail becomes `0001-its-subject.eml`, its HTML part `0001-its-subject.html` beside it. Numbers go on from those in
    the folder. `on_mail` is called with the path of each mail, in the server's thread. `port` 0 takes any free one.
    """

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        on_mail: Callable[[Path], object] | None = None,
    ) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self._on_mail = on_mail
        self._controller: _Listener | None = None

    @property
    def url(self) -> str:
        """The address for `[email] smtp`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"smtp://{host}:{self.port}"

    @property
    def files(self) -> list[Path]:
        """The mails, in the order of their arrival."""
        return sorted(self.folder.glob("[0-9]*-*.eml"), key=_number)

    def messages(self) -> list[EmailMessage]:
        """The mails, parsed, in the order of their arrival."""
        return [_parsed(path.read_bytes()) for path in self.files]

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"Cannot make the mail folder {self.folder}: {error.strerror}.") from None
        listening = _bound(self.host, self.port)
        self.port = listening.getsockname()[1]
        self._controller = _Listener(self, listening)
        try:
            self._controller.start()
        except BaseException:
            listening.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Called by aiosmtpd for each mail; the answer goes to the sender."""
        content = envelope.content
        try:
            path = self._store(content if isinstance(content, bytes) else (content or "").encode())
        except OSError:
            return "452 4.3.1 The mail could not be stored"
        if self._on_mail is not None:
            self._on_mail(path)
        return f"250 2.0.0 Stored as {path.name}"

    def _store(self, content: bytes) -> Path:
        """The HTML first, the mail last and in one step: whoever sees the .eml sees both whole."""
        message = _parsed(content)
        number = max(map(_number, self.folder.glob("[0-9]*-*.eml")), default=0) + 1
        path = self.folder / f"{number:04d}-{_slug(message)}.eml"
        html, draft = path.with_suffix(".html"), path.with_suffix(".part")
        try:
            if (page := _html(message)) is not None:
                html.write_text(page, encoding="utf-8")
            draft.write_bytes(content)
            draft.rename(path)
        except OSError:
            html.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
            raise
        return path


class _Listener(Controller):
    """aiosmtpd on a socket that is bound already, so that port 0 works and a taken port is our error to explain."""

    def __init__(self, handler: Mailbox, listening: socket.socket) -> None:
        super().__init__(handler, hostname=handler.host, port=handler.port)
        self._listening = listening

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


def serve(host: str, port: int, folder: Path, *, say: Callable[[str], object] = print) -> None:
    """Run in the foreground until Ctrl-C or a termination signal; then return.

    `say` is told where the server listens and each mail that arrives. Raises ConfigError when it cannot listen.
    """
    done = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        done.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Mailbox(folder, host, port, on_mail=lambda path: say(f"Mail: {path}")) as box:
            say(f"Mail sink on {box.url}; mails go to {folder}. Ctrl-C ends it.")
            done.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        code = error.errno if isinstance(error, OSError) else None
        reasons = {
            errno.EADDRINUSE: "another program uses this port; end it or choose another port",
            errno.EACCES: "ports below 1024 need more rights; choose another port",
            errno.EADDRNOTAVAIL: "this machine does not have this address",
        }
        reason = reasons.get(code or 0) or str(error)
        raise ConfigError(f"The mail sink cannot listen on {host}:{port}: {reason}.") from None


def _parsed(content: bytes) -> EmailMessage:
    return message_from_bytes(content, _class=EmailMessage, policy=mail_policy)


def _number(path: Path) -> int:
    return int(path.name.split("-", 1)[0]) if path.name.split("-", 1)[0].isdigit() else 0


def _slug(message: EmailMessage) -> str:
    """A file name from the subject: ASCII letters, digits and hyphens only."""
    try:
        subject = str(message["Subject"] or "")
    except (ValueError, IndexError, AttributeError):  # the parser of the standard library slips on broken headers
        subject = ""
    ascii_only = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:_SLUG_LENGTH].rstrip("-") or "mail"


def _html(message: EmailMessage) -> str | None:
    """The HTML part, or None where there is none or it cannot be decoded."""
    try:
        part = message.get_body(("html",))
        return None if part is None else str(part.get_content())
    except (LookupError, ValueError, AttributeError):
        return None
