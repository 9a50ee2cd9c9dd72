"""The schemas of an OpenAPI 3.0 description as JSON Schema, closed: a member that is not described is an error."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

# Words of OpenAPI that say nothing to a validator.
_SILENT = {"example", "examples", "description", "title", "xml", "deprecated", "discriminator", "externalDocs"}
_NAMED = "#/components/schemas/"


def closed(schema: Any, named: Mapping[str, Schema]) -> Any:
    """A schema in which every object has exactly the members that it names.

    A description lists what there is; JSON Schema's silence would let a misspelt member pass. An object that names
    no members stays open. Alternatives (`oneOf`) become `anyOf`, because those that differ in their names only are
    all fulfilled at once. `named`: the description's own schemas, to which references lead.
    """
    if not isinstance(schema, Mapping):
        return schema
    if len(schema.get("allOf", ())) > 1:
        return closed(functools.reduce(lambda one, other: _merged(one, other, named), schema["allOf"]), named)
    made: dict[str, Any] = {}
    for word, value in schema.items():
        if word == "properties":
            made[word] = {name: closed(one, named) for name, one in value.items()}
        elif word in ("allOf", "oneOf", "anyOf"):
            made["allOf" if word == "allOf" else "anyOf"] = [closed(one, named) for one in value]
        elif word in ("items", "not", "additionalProperties"):
            made[word] = closed(value, named)
        elif word not in _SILENT:
            made[word] = value
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if made.pop(word, None) is True:  # a flag in OpenAPI 3.0, the bound itself in JSON Schema
            made[word] = made.pop(bound)
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    elif not {"anyOf", "allOf"}.isdisjoint(made):
        made.pop("additionalProperties", None)  # would refuse what its own alternatives name
    # Klaviyo writes the word beside references, too, where OpenAPI 3.0 would not read it; it means it all the same.
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", None) is True else made


def _merged(one: Schema, other: Schema, named: Mapping[str, Schema]) -> Schema:
    """The schema of what fulfils both, as far as parts of one object need it; closed apart, they would exclude each
    other's members.
    """
    one, other = _resolved(one, named), _resolved(other, named)
    mine, theirs = one.get("properties", {}), other.get("properties", {})
    both = {name: _merged(mine[name], theirs[name], named) for name in mine.keys() & theirs.keys()}
    made = {**one, **other}
    if mine or theirs:
        made["properties"] = {**mine, **theirs, **both}
    if "required" in one or "required" in other:
        made["required"] = sorted({*one.get("required", ()), *other.get("required", ())})
    return made


def _resolved(schema: Schema, named: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema:
        schema = named[schema["$ref"].removeprefix(_NAMED)]
    return schema
