"""A Jira status, which is never set but only reached: by the shortest way that the workflow is known to allow."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from connectors.answers import items, part, understood, word
from connectors.jira_place import number
from connectors.jira_project import Project
from connectors.jira_site import signed
from connectors.jira_steps import Status, Step, best, name_of, offered, same
from sync.errors import Ambiguous, Rejected, Unavailable
from sync.model import Kind, Record

DONE = "done"  # the category of statuses that end an issue's work


class Walk:
    """An issue on its way into a status, by several steps where the workflow needs them (reference jira §5.6).

    Each step was seen offered to an issue of its type in the same status, this one or another, so that no issue is sent
    anywhere from where no way is known. What another was offered is taken on trust: Jira refuses it where this issue,
    or this account, may not take it (§5.6), and then what this issue is offered is asked, as at the beginning. No way
    leads through a status that ends the work. With `direct` only one step is taken.

    `reached` is the last status that we brought the issue into, `perhaps` where a step led that got no answer.
    """

    def __init__(self, project: Project, record: Record, wanted: Status, *, direct: bool = False) -> None:
        self.project, self.record, self.wanted, self.direct = project, record, wanted, direct
        self.native, self.key = record.ref.native, record.key or record.ref.native
        self.passed: list[str] = []  # the statuses it was brought into, by name
        self.left: set[str] = set()  # the statuses it was in, by id: never again, or it might walk in circles
        self.reached: Status | None = None
        self.perhaps: Status | None = None
        self.trusting = True  # whether this issue is taken to be offered what others were

    def go(self) -> None:
        """Raises Rejected where there is no way, or where one ends halfway; the text says where the issue stands.

        Where a request gets no answer the whole is repeated from a fresh look, since the step may have been taken.
        """
        self.project.site.repeat(self._go)

    def ours(self, shown: Record) -> Record:
        """What the issue shows, but for a status that somebody else has brought it into meanwhile: the one before."""
        now = shown.fields.get("status")
        if any(same(one, now) for one in (self.reached, self.perhaps) if one is not None):
            return shown
        kept = self.reached or self.record.fields.get("status")
        return shown._replace(fields={**shown.fields, "status": kept}) if kept else shown

    def known(self) -> Record | None:
        """The record in the status that we brought it into, as far as that is known without looking."""
        if self.perhaps is not None:
            return None
        return (
            self.record._replace(fields={**self.record.fields, "status": self.reached}) if self.reached else self.record
        )

    def _go(self) -> None:
        self.trusting = self.trusting and self.perhaps is None
        while True:
            if (trusted := self._trusted()) is not None:
                if self._tried(trusted) and same(self.wanted, trusted.to):
                    return
                continue
            steps = self._offered()
            step = best(self._usable([one for one in steps if same(self.wanted, one.to)]))
            if step is None:
                now = self._status()
                if self.perhaps is not None and same(self.perhaps, now):
                    self._arrived(self.perhaps)
                if same(self.wanted, now):
                    return
                step = self._first_step(now, steps)
            self._take(step)
            self._arrived(step.to)
            if same(self.wanted, step.to):
                return

    def _here(self) -> str | None:
        """The status in which we believe the issue, by its id."""
        status = self.reached or self.record.fields.get("status")
        native = str(status.get("id")) if isinstance(status, Mapping) else ""
        return native if native.isdigit() else None

    def _trusted(self) -> Step | None:
        """The next step by what others were offered in the same status; None where nothing is known of that."""
        here = self._here()
        if not self.trusting or here is None or (self.record.ref.kind, here) not in self.project.steps:
            return None
        steps = self.project.steps[self.record.ref.kind, here]
        step = best(self._usable([one for one in steps if same(self.wanted, one.to)]))
        if step is None and not self.direct:
            step = self._route(here)
        if step is not None:
            self.left.add(here)
        return step

    def _tried(self, step: Step) -> bool:
        """Whether it was taken. After a refusal nothing is trusted any more for this issue, and the next one asks."""
        here = self._here()
        try:
            self._take(step)
        except Rejected as exc:
            if type(exc) is not Rejected:
                raise
            self.trusting = False
            self.project.steps.pop((self.record.ref.kind, str(here)), None)
            return False
        self._arrived(step.to)
        return True

    def _offered(self) -> tuple[Step, ...]:
        """What this issue is offered, which others in its status are then trusted to be offered too."""
        steps = offered(self.project.site, self.native, self.key)
        here = self._here()
        if self.trusting and here is not None:
            self.project.steps[self.record.ref.kind, here] = steps
        return steps

    def _take(self, step: Step) -> None:
        body: dict[str, object] = {"transition": {"id": step.id}}
        if fields := step.filled(self.project.given, cloud=self.project.site.cloud):
            body["fields"] = fields
        try:
            path, doing = f"issue/{self.native}/transitions", f"moving {self.key} to {step.name!r}"
            self.project.site.tell(doing, "POST", path, json=signed(body), creating=True)
        except Ambiguous as exc:
            self.perhaps = step.to
            raise Unavailable(str(exc), exc.retry_after) from None
        except Rejected as exc:
            if type(exc) is not Rejected or not self.passed:
                raise
            raise Rejected(f"{self._halfway()} {exc}") from None

    def _arrived(self, status: Status) -> None:
        self.passed.append(name_of(status))
        self.reached, self.perhaps = status, None

    def _first_step(self, now: Status, steps: tuple[Step, ...]) -> Step:
        here = str(now.get("id"))
        kind = self.record.ref.kind
        if here != (believed := self._here()):
            self.project.steps.pop((kind, str(believed)), None)  # they were taken for those of another status
        self.project.steps[kind, here] = steps
        self.left.add(here)
        step = None if self.direct else self._route(here)
        if step is None:
            raise Rejected(self._no_way(now, steps))
        return step

    def _route(self, here: str) -> Step | None:
        """The first step of a shortest way, None where none is known; breadth first, learning as far as it must."""
        kind, place = self.record.ref.kind, self.project.place
        if not any(same(self.wanted, {"id": id_, "name": name}) for id_, name in place.statuses[kind]):
            return None
        seen = {here, *self.left}
        ways: deque[tuple[str, Step | None]] = deque([(here, None)])  # a status, and the first step of the way there
        while ways:
            status, first = ways.popleft()
            for step in self._usable(_steps_from(self.project, kind, status)):
                if same(self.wanted, step.to):
                    return first or step
                following = str(step.to.get("id"))
                if following.isdigit() and following not in seen and not _ends(step.to):
                    seen.add(following)
                    ways.append((following, first or step))
        return None

    def _usable(self, steps: Sequence[Step]) -> list[Step]:
        return [one for one in steps if not self._lacking(one)]

    def _status(self) -> Status:
        doing = f"reading the status of {self.key}"
        issue = self.project.site.once(doing, "GET", f"issue/{self.native}", params={"fields": "status"})
        with understood(self.project.tool, doing):
            now = part(part(issue, "fields"), "status")
            word(now, "name")
        return now

    def _halfway(self) -> str:
        before = self.record.fields.get("status")
        start = f" from {name_of(before)!r}" if isinstance(before, dict) else ""
        return (
            f"{self.project.tool} moved {self.key}{start} on the way to {name_of(self.wanted)!r} only as far as "
            f"{self.passed[-1]!r}, where it stands now."
        )

    def _no_way(self, now: Status, steps: Sequence[Step]) -> str:
        tool, wanted = self.project.tool, name_of(self.wanted)
        told = f"{self._halfway()} " if self.passed else ""
        blocked = [one for one in steps if same(self.wanted, one.to)]
        if blocked:
            fields = self._lacking(blocked[0])
            table = f"[tools.{tool}.transition_fields.{_toml(wanted)}]"
            return (
                f"{told}{tool} wants {', '.join(map(repr, fields))} for the step of {self.key} from {name_of(now)!r} "
                f"to {wanted!r}. Give it in {table} as {_toml(fields[0])} = …, or move the issue in {tool} by hand."
            )
        return (
            f"{told}{tool} cannot move {self.key} from {name_of(now)!r} to {wanted!r}: the workflow offers "
            f"{_names(steps)}, and no way on from there is known.{self._beyond()} Move it in {tool} by hand, or let "
            "the workflow allow that step."
        )

    def _beyond(self) -> str:
        """Which steps to the status would do if they did not want something filled in, and from where none is known."""
        kind, names = self.record.ref.kind, dict(self.project.place.statuses[self.record.ref.kind])
        seen = {status: steps for (of, status), steps in self.project.steps.items() if of is kind}
        wanting = sorted(
            f"from {names.get(status, status)!r} wants {', '.join(map(repr, self._lacking(step)))}"
            for status, steps in seen.items()
            for step in steps
            if same(self.wanted, step.to) and self._lacking(step)
        )
        empty = sorted(repr(names.get(status, status)) for status, steps in seen.items() if not steps)
        table = f"[tools.{self.project.tool}.transition_fields.{_toml(name_of(self.wanted))}]"
        told = f" The step to it {' and '.join(wanting)}, which {table} may give." if wanting else ""
        return f"{told} What follows {', '.join(empty)} is not known while no issue is in it." if empty else told

    def _lacking(self, step: Step) -> list[str]:
        return step.lacking(self.project.given, self.record.fields)


def _steps_from(project: Project, kind: Kind, status: str) -> tuple[Step, ...]:
    """What leads on from a status, as an issue of this type that is in it is offered; learned once."""
    if (kind, status) not in project.steps:
        place, site, doing = project.place, project.site, "learning the workflow"
        jql = (
            f"project = {place.project} AND issuetype = {place.types[kind]} AND status = {int(status)} ORDER BY id DESC"
        )
        asking = {"jql": jql, "fields": ["status"], "maxResults": 1}
        found = site.once(doing, "POST", "search/jql" if site.cloud else "search", json=asking)
        with understood(site.tool, doing):
            samples = [
                number(one, "id")
                for one in items(found, "issues")
                if str(part(part(one, "fields"), "status").get("id")) == status  # the index may lag behind
            ]
        project.steps[kind, status] = offered(site, samples[0], f"issue {samples[0]}") if samples else ()
    return project.steps[kind, status]


def _ends(status: Status) -> bool:
    category = status.get("statusCategory")
    return isinstance(category, dict) and category.get("key") == DONE


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(sorted({repr(one.name) for one in steps})) or "nothing to this account"


def _toml(word: str) -> str:
    return word if word.replace("_", "").replace("-", "").isalnum() and word.isascii() else f'"{word}"'
