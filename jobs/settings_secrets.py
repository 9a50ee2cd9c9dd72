"""The secrets of a workspace: read from their files or the environment, and never quoted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from jobs.settings_errors import Document, Loc, Problems


def secret(
    document: Document, at: Loc, what: str, file: str | None, variable: str | None, problems: Problems
) -> SecretStr | None:
    """The secret from its file or environment variable; None with a problem added. Never quotes what it read."""
    by_file, by_env = (*at, f"{what}_file"), (*at, f"{what}_env")
    if file and variable:
        problems.add(document, by_env, f"is given beside {what}_file; keep one of them")
    elif file:
        path = document.path.parent / file
        try:
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "it is not text"
            problems.add(document, by_file, f"names {path}, which cannot be read ({why}); put the {what} into it")
            return None
        if text and text.isprintable():
            return SecretStr(text)
        problems.add(document, by_file, f"names {path}, which does not hold a {what} on one line")
    elif variable:
        if text := os.environ.get(variable, "").strip():
            return SecretStr(text)
        problems.add(document, by_env, f"names the environment variable {variable}, which is not set")
    else:
        problems.add(document, at, f'has no {what}; add {what}_file = "secrets/{at[-1]}" or {what}_env')
    return None


def webhook_secret(
    document: Document, at: Loc, file: str | None, variable: str | None, problems: Problems
) -> tuple[SecretStr | None, Path | None]:
    """The secret of a tool's webhook and the file that is its place. A file that is not there yet is no problem:
    `campaign-sync webhooks register` writes it."""
    path = document.path.parent / file if file else None
    if not (file or variable) or (path is not None and not variable and not path.exists()):
        return None, path
    return secret(document, at, "webhook_secret", file, variable, problems), path


def signing_in(
    document: Document, at: Loc, options: Any, token: tuple[str | None, str | None], problems: Problems, *, needed: bool
) -> tuple[BaseModel | None, SecretStr | None]:
    """A tool's options, if they are usable, and its secret: the token, or the app's where it signs in by `oauth`.

    `token` is where the token is read from, `needed` whether the tool has one at all. An app may have no secret.
    """
    oauth = getattr(options, "oauth", None)
    if oauth is None:
        return options, secret(document, at, "token", *token, problems) if needed or any(token) else None
    if any(token):
        problems.add(document, at, "has both a token and oauth; keep one of them")
    inside = (*at, "oauth")
    options = options.model_copy(update={"oauth": oauth.beside(document.path.parent)})
    if not Path(options.oauth.tokens_file).is_file():
        problems.add(
            document, (*inside, "tokens_file"),
            f"names {options.oauth.tokens_file}, which is not there; put the answer of the sign-in into it",
        )  # fmt: skip
    given = (oauth.client_secret_file, oauth.client_secret_env)
    return options, secret(document, inside, "client_secret", *given, problems) if any(given) else None
