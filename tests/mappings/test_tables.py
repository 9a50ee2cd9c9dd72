"""The tables of docs/tools say what the shapes and the packaged mappings do."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.airtable_tables import COMPUTED
from connectors.jira_fields import shape as word_of
from mappings import native_airtable, native_jira
from mappings.bind import DIALECTS
from mappings.tables import held_by, tables
from sync.errors import ConfigError
from sync.model import Kind
from tests.mappings.company import NATIVE

DOCS = Path(__file__).parents[2] / "docs" / "tools"
TOLD = [(tool, type_) for tool in ("jira", "airtable") for type_ in DIALECTS[tool].told]
# Read by the connector itself: what a stage hangs on, and who changed a record and when.
OUR_OWN = {"parent", "multipleRecordLinks"}


@pytest.mark.parametrize("tool", sorted(DIALECTS))
def test_the_page_of_a_tool_holds_the_tables_as_they_are_made(tool: str) -> None:
    page = (DOCS / f"{tool}.md").read_text("utf-8")

    assert tables(tool) in page, (
        f"run python -m mappings.tables {tool} and put what it prints into docs/tools/{tool}.md"
    )


def test_every_shape_is_told() -> None:
    assert set(native_jira.SHAPES) <= set(DIALECTS["jira"].told)
    assert set(native_airtable.SHAPES) <= set(DIALECTS["airtable"].told)


@pytest.mark.parametrize(("tool", "type_"), TOLD)
def test_what_is_told_to_be_read_can_be_mapped(tool: str, type_: str) -> None:
    told = DIALECTS[tool].told[type_]

    assert bool(told.read) is bool(held_by(tool, type_)) or type_ in OUR_OWN
    assert told.read or not told.write


def test_what_airtable_computes_is_told_to_be_never_written() -> None:
    told = DIALECTS["airtable"].told

    assert {type_ for type_, says in told.items() if not says.write} == COMPUTED | {"multipleAttachments"}


@pytest.mark.parametrize("tool", ["jira", "airtable"])
def test_the_fields_are_of_the_types_that_the_demo_company_has(tool: str) -> None:
    types = {field.name: field.type for kind in Kind for field in NATIVE[tool][kind]}

    assert {name: type_ for name, type_ in DIALECTS[tool].usual.items() if name in types} == {
        name: type_ for name, type_ in types.items() if name in DIALECTS[tool].usual
    }
    assert types.keys() - {"Created", "Last modified"} <= DIALECTS[tool].usual.keys()


def test_any_tool_has_tables_and_an_unknown_one_is_refused() -> None:
    assert all(tables(tool).startswith("| campaign | in ") for tool in DIALECTS)
    with pytest.raises(ConfigError, match="no tool of the type 'fax'; there are airtable"):
        tables("fax")


@pytest.mark.parametrize("type_", ["attachment", "timetracking", "votes"])
def test_what_jira_keeps_besides_is_not_spoken(type_: str) -> None:
    assert word_of({"type": type_}, cloud=True) is None
