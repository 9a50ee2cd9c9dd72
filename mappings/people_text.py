"""People in fields of plain text: a column of names, a list to choose names from, a column of e-mail addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mappings.lens import Lens, read_plain, write_plain
from mappings.names import address
from mappings.people import Directory, gone, spellings, unknown_here
from mappings.shape import Account, Shape
from mappings.texts import length, one_line
from sync.model import Person, PersonEntry, Stranger, Value
from sync.ports import Refusal


@dataclass(frozen=True)
class PersonNameLens(Lens):
    """Somebody by the name or address that stands in a text.

    A text that is nobody's is a Stranger whose account is the text: unknown is not unassigned. A text that fits
    several people is not understood. `options` are the texts that the field can hold where it is a list to choose
    from. A person is written by the first of their spellings that means them alone; `addresses` wants the address.

    A Stranger whom the directory has got to know since is still shown as the one they were: that the next reading
    says Person is then an edit, which reaches the other tools.
    """

    where: str
    shape: Shape
    directory: Directory
    options: frozenset[str] = frozenset()
    addresses: bool = False

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if isinstance(value, Stranger):
            if value.tool != self.directory.tool:
                return unknown_here(self.where, value)
            return self._unfit(value.native) or value
        if not isinstance(value, Person):
            return Refusal(f"{self.where} holds a person only.")
        text = self._text(value)
        return text if isinstance(text, Refusal) else value

    def read(self, raw: Any) -> Value | Refusal:
        text = read_plain(self.shape, self.where, raw)
        return self._whose(text) if isinstance(text, str) else text

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        text: str | Refusal | None = value.native if isinstance(value, Stranger) else None
        if isinstance(value, Person):
            entry = self.directory.entries.get(value.id)
            text = gone(self.where, entry.name) if entry and not entry.active else self._text(value)
        return text if isinstance(text, Refusal) else write_plain(self.shape, self.where, text, raw)

    def accounts(self, raw: Any) -> tuple[Account, ...]:
        """The text as an account, as far as it is understood."""
        text = read_plain(self.shape, self.where, raw)
        line = one_line(text) if isinstance(text, str) else None
        return (Account(line, address(line) or "", line),) if line else ()

    def _whose(self, text: str) -> Value | Refusal:
        line = one_line(text)
        if line is None:
            return None
        found = self.directory.called(line)
        if len(found) > 1:
            return self._several(line, found)
        return Person(found[0]) if found else Stranger(self.directory.tool, line, line)

    def _text(self, person: Person) -> str | Refusal:
        """What is written for a person: reading it gives the person back."""
        entry = self.directory.entries.get(person.id)
        if entry is None:
            name = self.directory.name(person)
            return Refusal(f"{self.where} cannot show {name}, who is not in the people directory.")
        wanted = list(spellings(entry))
        if self.addresses:
            wanted.sort(key=lambda text: address(text) is None)
        wanted += sorted(self.options)
        meant = [text for text in wanted if self.directory.called(text) == (person.id,)]
        fitting = [text for text in meant if self._unfit(text) is None]
        return fitting[0] if fitting else self._none_fits(entry, meant)

    def _unfit(self, text: str) -> Refusal | None:
        if self.options:
            if text in self.options:
                return None
            return Refusal(f"{self.where} has no option '{text}'; add it there or choose somebody else.")
        limit = self.shape.limit
        if limit is not None and length(text) > limit:
            return Refusal(f"{self.where} holds at most {limit} characters, and this name has {length(text)}.")
        return None if one_line(text) == text else Refusal(f"{self.where} holds a name on one line only.")

    def _none_fits(self, entry: PersonEntry, meant: list[str]) -> Refusal:
        """Why nothing can be written for somebody."""
        others = self.directory.called(entry.name)
        if not meant and len(others) > 1:
            return self._several(entry.name, others)
        return self._unfit(entry.name) or Refusal(f"{self.where} cannot show the name '{entry.name}'.")

    def _several(self, text: str, ids: tuple[str, ...]) -> Refusal:
        return Refusal(
            f"{self.where} cannot tell who '{text}' is: {len(ids)} people of the directory are called so "
            f"({', '.join(ids)}). Write the person's address there, or tell them apart in the people file."
        )
