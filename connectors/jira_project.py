"""One Jira project as its connector knows it: the site, the place, the fields, and what it learned on the way."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.answers import items, part, understood, word
from connectors.jira_fields import Layout, read_layout
from connectors.jira_place import Place, confirm, find_place, number
from connectors.jira_setup import SAMPLES, Setup, setup_of, text_of
from connectors.jira_site import Site
from connectors.jira_steps import Given, Step
from sync.errors import Rejected
from sync.model import Kind, Record
from sync.ports import NativeSchema

EPICS = 100  # keys of one question
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+")
PROVEN = timedelta(seconds=60)  # how long a proof that we are signed in counts for an empty page


class Project:
    """The configured project. Reads its set-up at the first use; raises as `Site` does."""

    def __init__(self, site: Site, key: str, types: Mapping[Kind, str], given: Given) -> None:
        self.site = site
        self.key = key
        self.given = given
        self.steps: dict[tuple[Kind, str], tuple[Step, ...]] = {}  # by kind and status: what was seen to lead on
        self.first: dict[Kind, Mapping[str, Any]] = {}  # the status in which issues of a type are created
        self._types = types
        self._place: Place | None = None
        self._layout: Layout | None = None
        self._epics: dict[str, str] = {}  # key -> id; a key that an epic once had goes on meaning it
        self._keys: dict[str, str] = {}
        self._proven_at: datetime | None = None
        self.recalled = False  # whether it goes by what an earlier run was told
        self._seen: list[str] = []  # a few issues that are in their place here

    @property
    def tool(self) -> str:
        """The name the user gave the tool."""
        return self.site.tool

    @property
    def place(self) -> Place:
        """The project and its issue types, once found by an account that is proven to be signed in."""
        if self._place is None:
            self._place = find_place(self.site, self.key, self._types)
            self._proven_at = self.site.clock.now()
        return self._place

    @property
    def layout(self) -> Layout:
        """Its fields."""
        if self._layout is None:
            self._layout = read_layout(self.site, self.place)
        return self._layout

    @property
    def schema(self) -> NativeSchema:
        """Its fields, as the mapping sees them."""
        return self.layout.schema

    def setup(self) -> str | None:
        """What `recall` is to be told in a later run."""
        site = self.site.introduction
        if site is None or self._place is None or self._layout is None:
            return None
        return text_of(Setup(site, self._place, self._layout, tuple(self._seen)), self._asked())

    def recall(self, text: str | None) -> None:
        """Go by an earlier run's set-up; by none after None, and after what is not understood."""
        told = setup_of(text, self._asked()) if text is not None else None
        self.recalled = told is not None
        # What the site is, and who we are there, need not be asked of one that has just answered us well.
        if told or not self.site.answers:
            self.site.presume(told.site if told else None)
        self._place, self._layout = (told.place, told.layout) if told else (None, None)
        self._seen = list(told.seen) if told else self._seen
        self._proven_at = None
        self.steps.clear()
        self.first.clear()

    def _asked(self) -> list[str]:
        return [self.site.url, self.key, *(self._types[kind] for kind in Kind), str(self.site.login)]

    @property
    def witnesses(self) -> list[str]:
        """Issues by which an answer shows that it is for an account which sees this project: a run that goes by an
        earlier one's set-up has proven nothing yet, and Cloud shows strangers an empty list (reference jira §2)."""
        return self._seen if self.recalled and self._proven_at is None and self.site.cloud else []

    def confirm(self) -> None:
        """Raises unless we are signed in and see the project: before anything is called empty or gone."""
        confirm(self.site, self.key)
        self._proven_at = self.site.clock.now()

    def prove_once(self) -> None:
        """`confirm`, unless that was done a moment ago: what a question that may well have no answer costs."""
        if self.recalled and self._proven_at is None:
            if not self.site.vouched:  # whom it knows, it refuses a question about a project that they do not see
                self.confirm()
            return
        now = self.site.clock.now()
        if self._place is None or (now and self._proven_at and now - self._proven_at > PROVEN):
            self.confirm()

    # A Data Center names a stage's epic by the epic's key, which is not what we go by (reference jira §5.9).

    def learn(self, record: Record) -> None:
        """Remember an epic's key, and a few issues that are in their place."""
        if record.locked is None:
            self.note(record.ref.native)
        if record.ref.kind is Kind.CAMPAIGN and record.key:
            self._epics[record.key] = record.ref.native
            self._keys[record.ref.native] = record.key

    def note(self, native: str) -> None:
        """An issue that is in its place here: one of a few by which a later run knows that it sees the project."""
        if len(self._seen) < SAMPLES and native not in self._seen:
            self._seen.append(native)

    def epic_id(self, key: str) -> str:
        """The id of the epic with this key; the key itself where we do not see that issue, which is then no epic of
        ours."""
        if key not in self._epics:
            found = self.site.find("looking an epic up", f"issue/{quote(key, safe='')}", params={"fields": "issuetype"})
            with understood(self.tool, "looking an epic up"):
                self._epics[key] = number(found, "id") if found is not None else key
        return self._epics[key]

    def meet(self, keys: Collection[object], here: Mapping[str, str]) -> None:
        """Learn the ids of several epics: of those `here` at once, of the others in one question to the index. What it
        does not know, or has under another key by now, is looked up by itself; that it lags does no harm, for a key
        never becomes another issue's."""
        wanted = {key for key in keys if isinstance(key, str) and _KEY.fullmatch(key)} - self._epics.keys()
        self._epics |= {key: here[key] for key in wanted & here.keys()}
        unknown = sorted(wanted - here.keys())
        if len(unknown) < 2:
            return
        doing = "looking epics up"
        for start in range(0, len(unknown), EPICS):
            some = unknown[start : start + EPICS]
            body = {
                "jql": f"key in ({', '.join(some)})", "fields": ["issuetype"], "maxResults": EPICS,
                "validateQuery": False,
            }  # fmt: skip
            try:
                answer = self.site.ask(doing, "POST", "search", json=body)
            except Rejected:
                return
            with understood(self.tool, doing):
                found = {word(issue, "key"): number(issue, "id") for issue in items(answer, "issues")}
            self._epics |= {key: native for key, native in found.items() if key in some}

    def epic_key(self, native: str) -> str:
        """The key of the epic with this id. Missing when there is none."""
        if native not in self._keys:
            doing = "looking an epic up"
            found = self.site.ask(doing, "GET", f"issue/{native}", params={"fields": "issuetype"})
            with understood(self.tool, doing):
                key = word(found, "key")
            self._keys[native], self._epics[key] = key, native
        return self._keys[native]

    def hangs_on(self, kind: Kind, parent: str) -> dict[str, Any]:
        """The field that hangs an issue on its parent."""
        if kind is Kind.STAGE and self.layout.epic_link is not None:
            return {self.layout.epic_link: self.epic_key(parent)}
        return {"parent": {"id": parent}}

    def parent_of(self, kind: Kind, native: Mapping[str, Any]) -> str | None:
        """The id of the issue that one with these fields hangs on."""
        if kind is Kind.STAGE and self.layout.epic_link is not None:
            key = native.get(self.layout.epic_link)
            return self.epic_id(key) if isinstance(key, str) and key else None
        try:
            held = part(native, "parent").get("id")
        except (LookupError, TypeError):
            return None
        return str(held) if isinstance(held, str | int) and held else None
