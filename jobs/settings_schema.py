"""The JSON Schema of campaign-sync.toml, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from jobs.settings_file import ToolSection, WorkspaceFile
from jobs.tools import tool_types

_PLACE = "#/$defs/{model}"


def json_schema() -> dict[str, Any]:
    """The schema of the file; a tool's keys depend on its `type`."""
    types = tool_types()
    models: list[type[BaseModel]] = [WorkspaceFile, ToolSection, *(kind.options for kind in types.values())]
    places, schema = models_json_schema([(model, "validation") for model in models], ref_template=_PLACE)
    parts: dict[str, Any] = schema["$defs"]

    def part(model: Any) -> dict[str, Any]:
        found: dict[str, Any] = parts[places[model, "validation"]["$ref"].rsplit("/", 1)[1]]
        return found

    file, common = part(WorkspaceFile), part(ToolSection)
    tools = [_tool(name, common, part(kind.options)) for name, kind in types.items()]
    file["properties"]["tools"]["additionalProperties"] = {"oneOf": tools}
    file["properties"]["tools"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_-]*$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **file, "$defs": parts}


def _tool(name: str, common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    keys = {**common["properties"], **own.get("properties", {}), "type": {"const": name}}
    return {
        "type": "object",
        "title": f"A tool of the type {name}",
        "description": own.get("description", ""),
        "properties": keys,
        "required": ["type", *own.get("required", [])],
        "additionalProperties": False,
    }
