"""What the lists, segments and tags of an ESP's account are called: asked once, and told to later runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from connectors.calendar import Esp

Options = tuple[tuple[str, str], ...]  # id and name


@dataclass(slots=True)
class Names:
    """The names of one account.

    `listed` are the audiences of the last listing, None before there was one; `singly` those that only a look of their
    own finds, and `nameless` ids that not even that finds: lists that were deleted. `fresh` says that all was listed by
    this connector, and not recalled from an earlier one.
    """

    esp: Esp
    listed: dict[str, str] | None = None
    tags: dict[str, str] = field(default_factory=dict)  # id by name
    singly: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int | None] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)
    fresh: bool = True

    @classmethod
    def recalled(cls, esp: Esp, known: Any) -> Self:
        """By what `known` told; knows nothing where that is of another form."""
        if not isinstance(known, dict):
            return cls(esp)
        texts = [_texts(known.get(key)) for key in ("audiences", "tags", "singly")]
        sizes, nameless = known.get("sizes"), known.get("nameless")
        if not (isinstance(sizes, dict) and all(isinstance(size, int | None) for size in sizes.values())):
            return cls(esp)
        if None in texts or not (isinstance(nameless, list) and all(isinstance(id_, str) for id_ in nameless)):
            return cls(esp)
        listed, tags, singly = (one or {} for one in texts)
        return cls(esp, listed, tags, singly, {}, dict(sizes), set(nameless), fresh=False)

    def known(self) -> dict[str, Any] | None:
        """What `recalled` takes, as JSON; None where nothing was asked yet."""
        if self.listed is None:
            return None
        return {
            "audiences": self.listed, "tags": self.tags, "singly": self.singly, "sizes": self.sizes,
            "nameless": sorted(self.nameless),
        }  # fmt: skip

    def options(self) -> tuple[Options, Options]:
        """The audiences and the tags that campaigns may have. Asks the ESP but for what is recalled, which is sorted as
        the answers were, whatever order those come in."""
        if self.fresh or self.listed is None:
            self._list_audiences()
            self._list_tags()
        return tuple(sorted((self.listed or {}).items())), tuple(sorted((id_, name) for name, id_ in self.tags.items()))

    def of(self, ids: Iterable[str]) -> dict[str, str]:
        """The names of these audiences, an id for its own name where none is to be found.

        One that is not known is looked for in a fresh listing, once, then by itself: a silently empty listing renames
        nothing.
        """
        return {id_: self._name(id_) or id_ for id_ in ids}

    def has_audience(self, id_: str) -> bool:
        """Whether there is one of this id, after a fresh look where none is known."""
        if self._held(id_) is None:
            self._list_audiences()
        return self._held(id_) is not None

    def has_tag(self, name: str) -> bool:
        """Whether there is a tag of this name, after a fresh look where none is known."""
        if name not in self.tags:
            self._list_tags()
        return name in self.tags

    def size_of(self, name: str) -> int | None:
        """About how many people an audience has; None where that is not told, or there is none of this name."""
        names = {**self.earlier, **self.singly, **(self.listed or {})}
        id_ = next((id_ for id_, known in names.items() if known == name), None)
        if id_ is not None and id_ not in self.sizes:
            found = self.esp.audience(id_)
            self.sizes[id_] = found.size if found else None
        return self.sizes[id_] if id_ is not None else None

    def _name(self, id_: str) -> str | None:
        if id_ in self.nameless:
            return None
        known = self._held(id_)
        if known is None and not (self.fresh and self.listed is not None):
            self._list_audiences()
            known = self._held(id_)
        if known is None and (found := self.esp.audience(id_)):
            known = self.singly[id_] = found.name
        if known is None:
            self.nameless.add(id_)
        return known

    def _held(self, id_: str) -> str | None:
        return next((names[id_] for names in (self.listed or {}, self.singly, self.earlier) if id_ in names), None)

    def _list_audiences(self) -> None:
        """All that a listing shows. What an earlier one showed keeps its name, in case this one is silently empty."""
        found = self.esp.audiences()
        self.earlier |= self.listed or {}
        self.listed = {audience.id: audience.name for audience in found}
        self.sizes |= {audience.id: audience.size for audience in found if audience.size is not None}
        self.nameless -= self.listed.keys()
        self.fresh = True

    def _list_tags(self) -> None:
        self.tags = {name: id_ for id_, name in self.esp.tag_names()} if self.esp.tags else {}


def _texts(told: Any) -> dict[str, str] | None:
    """A map of texts; None where it is anything else."""
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in (*told, *told.values())):
        return None
    return told
