"""Airtable's formula language: dates and their formats, text, numbers, lists, and the names of fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.desk import Desk, kind_of


@pytest.fixture(scope="module")
def desk() -> Desk:
    """One campaign with something in most fields."""
    desk = Desk(campaigns=0)
    desk.server.human("add", {"table": "Campaigns", "field": "Odd {name}", "type": "singleLineText"})
    desk.create(
        Name="O'Neil \\ \"Spring\"\nlaunch", Delivered=10, Opens=4, Tags=["brand", "launch"], Embargo="2026-01-31",
        **{"Planned send": "2026-11-02T08:05:09Z", "Odd {name}": "braces"},
    )  # fmt: skip
    return desk


@pytest.mark.parametrize(
    "formula",
    [
        # text in quotes, and names in braces
        r"""{Name} = 'O\'Neil \\ "Spring"\nlaunch'""",
        r"""{Name} = "O'Neil \\ \"Spring\"\nlaunch" """,
        r"{Odd {name\}} = 'braces'",
        "Name = {Name}",
        # logic
        "AND(1, OR(0, NOT(0)), XOR(1, 0))",
        "IF({Clicks}, 'some', 'none') = 'none'",
        "IF(0, 1) = BLANK()",
        "SWITCH({Delivered}, 9, 'a', 10, 'b', 'c') = 'b'",
        "NOT({Legal check})",
        "{Legal check} = FALSE()",
        "ISERROR({Delivered} / 0)",
        # text
        "FIND('Spring', {Name}) = 11",
        "FIND('x', {Name}) = 0",
        "SEARCH('SPRING', {Name}) = 11",
        "SEARCH('x', {Name}) = BLANK()",
        "UPPER(TRIM('  a ')) = 'A'",
        "LEFT('abc', 2) & RIGHT('abc', 1) & MID('abc', 2, 1) = 'abcb'",
        "SUBSTITUTE('a-b-c', '-', '+', 2) = 'a-b+c'",
        "REGEX_MATCH({Name}, '(?i)spring')",
        "REGEX_EXTRACT('CAM-12', '[0-9]+') = '12'",
        "REGEX_REPLACE('a1b2', '[0-9]', '') = 'ab'",
        "VALUE('€ 1,200.50') = 1200.5",
        "10 & '' = '10'",
        # numbers
        "1 + 2 * 3 - 4 / 2 = 5",
        "(1 + 2) * -3 = -9",
        "AND(ROUND(2.5) = 3, ROUND(12.34, 1) = 12.3, ROUND(-2.5) = -3, INT(-1.5) = -2)",
        "MOD(7, 4) = 3",
        "MAX({Delivered}, {Opens}, 3) - MIN(4, {Opens}) = 6",
        "{Clicks} = 0",
        "{Clicks} < 1",
        "{Delivered} != {Opens}",
        # lists
        "ARRAYJOIN({Tags}, ' + ') = 'brand + launch'",
        "{Tags} = 'brand, launch'",
        "ARRAYJOIN(ARRAYUNIQUE({Tags}), '|') = 'brand|launch'",
        # dates
        "DATETIME_FORMAT({Planned send}, 'YYYY-MM-DD HH:mm:ss') = '2026-11-02 08:05:09'",
        "DATETIME_FORMAT({Planned send}, 'dddd, Do MMM YY, h:mm A [Uhr]') = 'Monday, 2nd Nov 26, 8:05 AM Uhr'",
        "DATETIME_FORMAT(SET_TIMEZONE({Planned send}, 'America/New_York'), 'D.M. H:mm Z') = '2.11. 3:05 -05:00'",
        "DATETIME_FORMAT({Planned send}) = '2026-11-02T08:05:09.000Z'",
        "DATETIME_PARSE('02.11.2026 08:05', 'DD.MM.YYYY HH:mm') = DATETIME_PARSE('2026-11-02T08:05:00Z')",
        "DATETIME_PARSE('Nov 2 2026 8:05 pm', 'MMM D YYYY h:mm a') = DATETIME_PARSE('2026-11-02T20:05:00.000Z')",
        "DATETIME_DIFF(DATETIME_PARSE('2026-03-31'), {Embargo}, 'months') = 2",
        "DATETIME_DIFF({Embargo}, DATETIME_PARSE('2026-03-30'), 'M') = -1",
        "DATETIME_DIFF({Planned send}, DATETIME_PARSE('2026-11-02T08:05:10.500Z'), 'seconds') = -1",
        "DATETIME_DIFF({Planned send}, '2026-11-01', 'h') = 32",
        "IS_SAME(DATEADD({Embargo}, 1, 'month'), '2026-02-28', 'day')",
        "IS_SAME(DATEADD({Embargo}, -2, 'weeks'), '2026-01-17')",
        "IS_SAME({Planned send}, '2026-11-30', 'month')",
        "NOT(IS_SAME({Planned send}, '2026-11-02'))",
        "IS_BEFORE(NOW(), {Planned send})",
        "IS_SAME(TODAY(), '2026-10-05')",
        "NOT(IS_AFTER({Goes live}, '2000-01-01'))",
        "YEAR({Embargo}) * 100 + MONTH({Embargo}) = 202601",
        # records
        "LEFT(RECORD_ID(), 3) = 'rec'",
        "REGEX_MATCH(RECORD_ID(), '[0-9A-Za-z]$')",
        "REGEX_MATCH(RECORD_ID(), '[' & RIGHT(RECORD_ID(), 1) & ']$')",
        "AND(REGEX_MATCH('recA', '[A-Z]$'), NOT(REGEX_MATCH('recA', '[a-z]$')))",
        "FIND(RECORD_ID(), 'recA,' & RECORD_ID() & ',recB') = 6",
        "AND(FIND('reca', 'recA,recB') = 0, FIND(RECORD_ID(), 'recA,recB')=0)",
        "CREATED_TIME() = NOW()",
        "IS_AFTER(CREATED_TIME(), DATETIME_PARSE('2026-10-05T08:59:59.999Z'))",
        "NOT(IS_AFTER(CREATED_TIME(), CREATED_TIME()))",
        "IS_BEFORE(CREATED_TIME(), DATETIME_PARSE('2026-10-05T09:00:00.001Z'))",
        "NOT(IS_BEFORE(CREATED_TIME(), CREATED_TIME()))",
        "LAST_MODIFIED_TIME({Name}, {Delivered}) = NOW()",
        "LAST_MODIFIED_TIME({Clicks}) = BLANK()",
    ],
)
def test_this_is_true(desk: Desk, formula: str) -> None:
    assert len(desk.listed(filterByFormula=formula)) == 1


@pytest.mark.parametrize(
    "formula",
    [
        "0", "''", "BLANK()", "FALSE()", "VALUE('x')", "{Goes live}", "ERROR()", "{Name} + 1", "DATETIME_PARSE('soon')",
        "REGEX_MATCH({Name}, '(')", "REGEX_MATCH({Name}, '(?=S)')", "DATETIME_DIFF(NOW(), NOW(), 'fortnights')",
        "DATEADD({Embargo}, 999999, 'years')", "DATETIME_PARSE('1.2.', 'DD.MM.YYYY')", "10 / {Clicks}",
    ],
)  # fmt: skip
def test_this_leaves_the_record_out(desk: Desk, formula: str) -> None:
    assert desk.listed(filterByFormula=formula) == []


def test_ids_in_formulas_are_unknown_names_unless_a_switch_lets_them_in() -> None:
    desk = Desk(campaigns=0)
    desk.create(Name="Spring")
    formula = f"{{{desk.server.base.table('Campaigns').column('Name').id}}} = 'Spring'"

    answer = desk.ask("GET", "Campaigns", {"filterByFormula": formula})
    assert kind_of(answer) == (422, "INVALID_FILTER_BY_FORMULA")
    desk.server.human("rules", {"ids_in_formulas": True})
    assert len(desk.listed(filterByFormula=formula)) == 1


def test_an_old_name_is_unknown_at_once() -> None:
    desk = Desk(campaigns=0)
    desk.server.human("rename", {"table": "Campaigns", "field": "Name", "name": "Title"})

    answer = desk.ask("GET", "Campaigns", {"filterByFormula": "{Name} = 'x'"})
    assert kind_of(answer) == (422, "INVALID_FILTER_BY_FORMULA")
    assert answer[1]["error"]["message"].endswith("Unknown field names: name")


@pytest.mark.parametrize("formula", ["LAST_MODIFIED_TIME('Name')", "LAST_MODIFIED_TIME({Name} {Brief})", "ISERROR()"])
def test_a_function_called_wrongly_makes_no_formula(desk: Desk, formula: Any) -> None:
    answer = desk.ask("GET", "Campaigns", {"filterByFormula": formula})

    assert kind_of(answer) == (422, "INVALID_FILTER_BY_FORMULA")
