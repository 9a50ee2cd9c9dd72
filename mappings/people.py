"""People: who in the directory a tool's account is, and which account there a person has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from mappings.lens import Lens, read_plain, write_plain
from mappings.shape import Account, Shape
from sync.errors import ConfigError
from sync.model import Person, PersonEntry, Stranger, Value
from sync.ports import Refusal


@dataclass(frozen=True, slots=True)
class Directory:
    """The people directory as one tool needs it.

    An account id decides. The e-mail address decides only for people whose entry names no account in this tool, so
    that a second account of somebody does not pass for the first.
    """

    tool: str
    entries: dict[str, PersonEntry]
    by_account: dict[str, str]
    by_email: dict[str, str]

    @classmethod
    def of(cls, tool: str, people: Iterable[PersonEntry]) -> Self:
        """The directory for a tool; ConfigError when two people share an account or an address."""
        directory = cls(tool, {}, {}, {})
        for entry in people:
            directory.entries[entry.id] = entry
            account = entry.accounts.get(tool)
            if account:
                directory._claim(directory.by_account, account, entry, f"the account '{account}' in {tool}")
            elif entry.email:
                directory._claim(directory.by_email, entry.email.casefold(), entry, f"the address {entry.email}")
        return directory

    def _claim(self, index: dict[str, str], key: str, entry: PersonEntry, what: str) -> None:
        owner = index.setdefault(key, entry.id)
        if owner != entry.id:
            raise ConfigError(f"The people directory gives {what} to '{owner}' and to '{entry.id}'; keep one of them.")

    def person(self, account: Account) -> Person | Stranger:
        """Whose account it is; a Stranger when nobody's."""
        found = self.by_account.get(account.id) if account.id else None
        found = found or (self.by_email.get(account.email.casefold()) if account.email else None)
        if found:
            return Person(found)
        native = account.id or account.email
        return Stranger(self.tool, native, account.name or native)

    def account(self, person: Person) -> Account | None:
        """The account of a person, with an empty id where only the e-mail address is known."""
        entry = self.entries.get(person.id)
        if entry is None or not (entry.accounts.get(self.tool) or entry.email):
            return None
        return Account(entry.accounts.get(self.tool, ""), entry.email, entry.name, entry.active)

    def name(self, person: Person) -> str:
        entry = self.entries.get(person.id)
        return entry.name if entry else f"'{person.id}'"


@dataclass(frozen=True)
class PersonLens(Lens):
    """A person of the directory, or somebody whom only this tool knows."""

    where: str
    shape: Shape
    directory: Directory

    def project(self, value: Value) -> Value | Refusal:
        tool = self.directory.tool
        if value is None:
            return None
        if isinstance(value, Stranger):
            if value.tool == tool:
                return value
            return Refusal(
                f"{self.where} cannot show {value.name}: nobody in the people directory has the {value.tool} account "
                f"'{value.native}'. Add them to the people file."
            )
        if not isinstance(value, Person):
            return Refusal(f"{self.where} holds a person only.")
        if self.directory.account(value) is None:
            return self._unknown(value)
        return value

    def read(self, raw: Any) -> Value | Refusal:
        account = read_plain(self.shape, self.where, raw)
        return self.directory.person(account) if isinstance(account, Account) else account

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        account = None
        if isinstance(shown, Stranger):
            account = Account(shown.native, name=shown.name)
        elif isinstance(shown, Person):
            account = self.directory.account(shown)
            if account is None or not (account.id or self.shape.by_email):
                return self._unknown(shown)
        return write_plain(self.shape, self.where, account, raw)

    def inactive(self, raw: Any) -> str | None:
        """The person's id (a stranger's native one) when the tool says that the account is switched off."""
        account = read_plain(self.shape, self.where, raw)
        if not isinstance(account, Account) or account.active:
            return None
        person = self.directory.person(account)
        return person.id if isinstance(person, Person) else person.native

    def _unknown(self, person: Person) -> Refusal:
        tool = self.directory.tool
        return Refusal(
            f"{self.where} cannot show {self.directory.name(person)}, who has no {tool} account in the people "
            f"directory. Add accounts.{tool} to their entry in the people file."
        )
