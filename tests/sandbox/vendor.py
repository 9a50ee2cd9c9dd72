"""A vendor's OpenAPI description, to hold the stand-ins' answers against. Tests skip where it is not at hand."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2].parent / "shared" / "reference" / "openapi"


@functools.cache
def description(name: str) -> Vendor:
    """The description of that file name. Skips the test where it is not beside the repository."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the vendor's description {name} is not in ../shared/reference/openapi")
    return Vendor(json.loads(path.read_text(encoding="utf-8")))


class Vendor:
    """A description as JSON Schema."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.paths = document["paths"]
        self.components = {"components": _plain(document["components"])}

    def complaints(self, method: str, template: str, status: int, body: Any) -> list[str]:
        """What the description says against an answer. KeyError for an operation or a status that it does not have."""
        jsonschema = pytest.importorskip("jsonschema")
        responses = self.paths[template][method.lower()]["responses"]
        content = responses[str(status)].get("content") or {}
        if not content:
            return [] if body is None else ["an empty body is expected"]
        schema = _plain(next(iter(content.values()))["schema"]) | self.components
        errors = jsonschema.Draft202012Validator(schema).iter_errors(body)
        return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in errors]

    def template(self, path: str) -> str:
        """The template of the description that a path fits: the one with the fewest parameters."""
        fitting: list[str] = [t for t in self.paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", t), path)]
        return min(fitting, key=lambda template: template.count("{"))


def _plain(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type of its own. `oneOf` becomes `anyOf`, because alternatives
    that differ in their names only are all fulfilled at once.
    """
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {("anyOf" if name == "oneOf" else name): _plain(value) for name, value in node.items() if name != "example"}
    if node.get("nullable") is True:
        del made["nullable"]
        return {"anyOf": [made, {"type": "null"}]}
    return made
