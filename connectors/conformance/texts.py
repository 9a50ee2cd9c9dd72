"""Laws of texts: whatever people type is data. It comes back as it was, or it is refused with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.conformance.workbench import Workbench
from sync.errors import Rejected
from sync.ports import Change, Connector, Failed, Update

ODD_TEXTS = {
    "scripts": (
        "Sale 🎉 👩‍👩‍👧 🇩🇪",
        "מבצע אביב / عرض الربيع now",
        "Cafe\u0301 A\u030angstro\u0308m",
    ),
    "lengths": ("x" * 255, "y" * 256, "z" * 40_000),
    "blanks": ("one\ntwo\r\nthree\u2028four", "one\ttwo\u200bthree", "one\x07two"),
    "quotes": ("""O'Reilly's "5 > 3" `x` \\ / & <b>bold</b>""", "[a|http://b.example] {code}x{code} *bold* !img!"),
    "orders": (
        "=HYPERLINK(1)",
        "'), TRUE(), OR('",
        '" OR project is not EMPTY ORDER BY created --',
        "Robert'); DROP TABLE campaigns; --",
        "{{ person.email }} ${7*7} %s {0}",
        "<script>alert(1)</script>",
        "../../etc/passwd?x=1&y=%2F#z",
    ),
}


class TextLaws(Workbench):
    """What holds for the field that people know a record by."""

    @pytest.mark.parametrize("texts", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_an_odd_text_comes_back_or_is_refused(self, tool: Connector, texts: tuple[str, ...]) -> None:
        """Updated and created alike; no other field and no other record takes part."""
        kind = self.kinds[0]
        title = self.title(tool, kind)
        record, other = self.made(tool, kind, 0), self.made(tool, kind, 1)
        for text in texts:
            orders: list[Change] = [Update(self.held(tool, record.ref), {title: text})]
            if tool.capability.creates:
                change = self.creation(tool, kind, 0, record.parent)
                orders.append(replace(change, fields={**change.fields, title: text}))
            for order in orders:
                self.survives(tool, order, title, text)
                assert self.rest(tool, self.held(tool, record.ref), title) == self.rest(tool, record, title)
        assert self.held(tool, other.ref) == other

    def survives(self, tool: Connector, order: Change, title: str, text: str) -> None:
        """The text is held as it was given, or the order for it was rejected."""
        outcome = self.outcome(tool, order)
        if isinstance(outcome, Failed):
            assert isinstance(outcome.error, Rejected), f"{text[:60]!r} failed with {outcome.error!r}"
            return
        assert outcome.record is not None
        shown = outcome.record.fields.get(title)
        assert self.same(text, shown), f"{text[:60]!r} came back as {str(shown)[:60]!r}"
        assert self.held(tool, outcome.record.ref) == outcome.record
