"""A description in Swagger 2.0 as OpenAPI 3.0, as far as the checks read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_OF_THE_PARAMETER = ("name", "in", "required", "description")


def as_openapi(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document with bodies, answers and types of parameters where OpenAPI 3.0 has them.

    What `produces` lists is taken for good answers in its first entry, and for refusals in all of them.
    """
    if "swagger" not in document:
        return dict(document)
    produces = list(document.get("produces", ("application/json",)))
    consumes = list(document.get("consumes", ("application/json",)))
    paths = {
        template: {word: _operation(one, produces, consumes) if word in _METHODS else one for word, one in path.items()}
        for template, path in document["paths"].items()
    }
    return {"openapi": "3.0.0", "paths": paths, "components": {"schemas": dict(document.get("definitions", {}))}}


def _operation(node: Mapping[str, Any], produces: list[str], consumes: list[str]) -> dict[str, Any]:
    given = node.get("parameters", ())
    made = {**node, "parameters": [_parameter(one) for one in given if one["in"] != "body"]}
    for body in (one for one in given if one["in"] == "body"):
        content = {kind: {"schema": body["schema"]} for kind in consumes}
        made["requestBody"] = {"required": body.get("required", False), "content": content}
    made["responses"] = {
        status: _answer(one, produces if status == "default" else produces[:1])
        for status, one in node["responses"].items()
    }
    return made


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    made = {word: value for word, value in one.items() if word in _OF_THE_PARAMETER}
    made["schema"] = {word: value for word, value in one.items() if word not in _OF_THE_PARAMETER}
    return made


def _answer(one: Mapping[str, Any], kinds: list[str]) -> dict[str, Any]:
    made = {word: value for word, value in one.items() if word != "schema"}
    if one.get("schema"):
        made["content"] = {kind: {"schema": one["schema"]} for kind in kinds}
    return made
