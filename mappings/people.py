"""People: who in the directory a tool's account or plain-text name is, and what a person is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from mappings.lens import Lens, read_plain, write_plain
from mappings.names import address, name_key
from mappings.shape import Account, Shape
from sync.errors import ConfigError
from sync.model import Person, PersonEntry, Stranger, Value
from sync.ports import Refusal

ADD = "Add them to the people file; `campaign-sync people suggest` finds out who they may be."


@dataclass(frozen=True, slots=True)
class Aliased(PersonEntry):
    """Somebody whose name plain text spells in other ways as well."""

    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """The people directory as one tool needs it.

    An account id decides. The e-mail address decides only for people whose entry names no account in this tool, so
    that a second account of somebody does not pass for the first. Plain text has no accounts: there names and
    addresses decide, those of everybody, and one that fits several people fits none.
    """

    tool: str
    entries: dict[str, PersonEntry]
    by_account: dict[str, str]
    by_email: dict[str, str]
    by_words: dict[str, tuple[str, ...]] = field(default_factory=dict)

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
            for text in spellings(entry):
                held = directory.by_words.get(_words(text), ())
                directory.by_words[_words(text)] = tuple(dict.fromkeys((*held, entry.id)))
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

    def called(self, text: str) -> tuple[str, ...]:
        """The ids of the people whose name, alias or address a plain text is; its spelling may differ in case,
        accents, punctuation and the order "Lee, Ann"."""
        key = _words(text)
        return self.by_words.get(key, ()) if key else ()

    def account(self, person: Person) -> Account | None:
        """The account of a person, with an empty id where only the e-mail address is known."""
        entry = self.entries.get(person.id)
        if entry is None or not (entry.accounts.get(self.tool) or entry.email):
            return None
        return Account(entry.accounts.get(self.tool, ""), entry.email, entry.name, entry.active)

    def name(self, person: Person) -> str:
        entry = self.entries.get(person.id)
        return entry.name if entry else f"'{person.id}'"


def spellings(entry: PersonEntry) -> tuple[str, ...]:
    """What plain text may call somebody, the first before the others: their name, aliases, address."""
    aliases = entry.aliases if isinstance(entry, Aliased) else ()
    return tuple(text for text in (entry.name, *aliases, entry.email) if _words(text))


def _words(text: str) -> str:
    return address(text) or name_key(text)


@dataclass(frozen=True)
class PersonLens(Lens):
    """A person of the directory, or somebody whom only this tool knows.

    With `many` the field holds a list. Nobody but people can say which of several is the accountable one: the tools
    keep such lists in no order. A list of one is that person; one of several is not understood and left alone.
    """

    where: str
    shape: Shape
    directory: Directory
    many: bool = False

    def project(self, value: Value) -> Value | Refusal:
        tool = self.directory.tool
        if value is None:
            return None
        if isinstance(value, Stranger):
            return value if value.tool == tool else unknown_here(self.where, value)
        if not isinstance(value, Person):
            return Refusal(f"{self.where} holds a person only.")
        if self.directory.account(value) is None:
            return self._unknown(value)
        return value

    def read(self, raw: Any) -> Value | Refusal:
        account = self._account(raw)
        return self.directory.person(account) if isinstance(account, Account) else account

    def write(self, value: Value, raw: Any) -> Any:
        shown = self.project(value)
        if isinstance(shown, Refusal):
            return shown
        if self.many and len(raw or ()) > 1:
            return self._several(raw)
        account = None
        if isinstance(shown, Stranger):
            account = Account(shown.native, name=shown.name)
        elif isinstance(shown, Person):
            account = self.directory.account(shown)
            if account is None or not (account.id or self.shape.by_email):
                return self._unknown(shown)
            if account.active is False:
                return gone(self.where, account.name)
        if not self.many:
            return write_plain(self.shape, self.where, account, raw)
        written = write_plain(self.shape, self.where, account, None)
        return written if isinstance(written, Refusal) else [written] if account else []

    def accounts(self, raw: Any) -> tuple[Account, ...]:
        """Every account that the field names, as far as it is understood."""
        found = [read_plain(self.shape, self.where, one) for one in self._each(raw)]
        return tuple(account for account in found if isinstance(account, Account))

    def told(self, raw: Any) -> tuple[str, bool] | None:
        """The person's id (a stranger's native one) and whether the tool calls the account active.

        None for nobody, and where the tool does not tell.
        """
        account = self._account(raw)
        if not isinstance(account, Account) or account.active is None:
            return None
        person = self.directory.person(account)
        return (person.id if isinstance(person, Person) else person.native), account.active

    def _account(self, raw: Any) -> Any:
        """The one account that the field names, None when none, or a Refusal."""
        held = self._each(raw)
        if len(held) > 1:
            return self._several(held)
        return read_plain(self.shape, self.where, held[0]) if held else None

    def _each(self, raw: Any) -> list[Any]:
        if not self.many:
            return [raw]
        if raw is not None and not isinstance(raw, list):
            raise TypeError(f"{self.where} holds no list")
        return raw or []

    def _several(self, held: list[Any]) -> Refusal:
        names = [account.name or account.id or account.email for account in self.accounts(held)]
        return Refusal(
            f"{self.where} names {len(held)} people ({', '.join(names)}), and one is accountable. "
            "Leave one of them there, or map another field."
        )

    def _unknown(self, person: Person) -> Refusal:
        tool = self.directory.tool
        return Refusal(
            f"{self.where} cannot show {self.directory.name(person)}, who has no {tool} account in the people "
            f"directory. Add accounts.{tool} to their entry in the people file, or run: campaign-sync people suggest"
        )


def unknown_here(where: str, somebody: Stranger) -> Refusal:
    """A stranger of another tool, whom no account here stands for."""
    return Refusal(
        f"{where} cannot show {somebody.name}: nobody in the people directory has the {somebody.tool} account "
        f"'{somebody.native}'. {ADD}"
    )


def gone(where: str, name: str) -> Refusal:
    """Somebody who left is nobody to give work to."""
    return Refusal(f"{where} cannot be changed: {name} is not active any more and cannot be assigned.")
