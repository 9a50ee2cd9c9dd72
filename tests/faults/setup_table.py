"""The table of faults in a tool's set-up: fault, operation and tool -> what is told and what is written."""

# Long because it is one table, and a fault's rows are read side by side.

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.native import Who
from tests.faults import setups as do
from tests.faults.company import TOOLS
from tests.faults.setups import Edit, Fault, orders, pair, remade, renamed, retyped

OPERATIONS = ("read", "update", "create")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`told`: every finding that opens about the record has one of these texts, and each text has a finding.

    `reaches`: the tools that show the edit (update) or the campaign (create) as it was meant, and those in which what
    nobody touched may be written (read). `out`: the whole tool is left out until the fault is undone.
    """

    told: tuple[str, ...] = ()
    reaches: str = ""
    out: bool = False


Row = tuple[Fault, dict[str, Outcome]]


def each(fault: Fault, read: Outcome, update: Outcome, create: Outcome) -> Row:
    return fault, dict(zip(OPERATIONS, (read, update, create), strict=True))


def same(fault: Fault, told: tuple[str, ...], update: str, create: str, *, out: bool = False) -> Row:
    """The same is told whatever the run has to do."""
    return each(fault, Outcome(told, "", out), Outcome(told, update, out), Outcome(told, create, out))


J, A, K = TOOLS
LACKS = {tool: f"Program in {tool.capitalize()} has no option 'Event'" for tool in (J, A)}
UK, BRITAIN = "Newsletter UK", "Newsletter Britain"
EVENT = {"field": "Program", "option": "Event"}
PLANNED = {"table": "Campaigns", "field": "Status", "option": "Planned"}
NEW_PROGRAM = do.PROGRAM | {"type": "singleSelect", "choices": do.CHOICES}
IDEA = "Status in Airtable is 'Idea', a word that the mapping file does not know"


def no_choice(tool: str, word: str) -> str:
    return f"could not be given to {tool}: there is no such choice as {word}"


def no_program(tool: str) -> tuple[str, ...]:
    return (f"cannot be understood: {tool} has no campaign field 'Program' now",)


def unfit(where: str, field: str) -> tuple[str, ...]:
    return (f"{where} cannot hold '{field}'",)


def differs(name: str) -> str:
    return f"Program of {name} differs in Airtable and Jira"


def left_out(tool: str, reason: str) -> tuple[str, ...]:
    return (f"{tool.capitalize()} was left out: {reason}",)


def out(fault: Fault, tool: str, reason: str) -> Row:
    """Klaviyo has no part in Jira's and Airtable's set-up: their edits of each other wait, and Klaviyo goes on."""
    told = left_out(tool, reason)
    return each(fault, Outcome(told, "", True), Outcome((), K), Outcome((), K))


RENAMED = {
    J: renamed(J, {"field": "Program"}, "field", "Programme", do.TO_LIFECYCLE[A]),
    A: renamed(A, do.PROGRAM, "field", "Programme", do.TO_LIFECYCLE[J]),
}
REMOVED = {
    J: pair(J, "remove", "restore", {"field": "Program"}, do.TO_LIFECYCLE[A]),
    A: pair(A, "remove", "restore", do.PROGRAM, do.TO_LIFECYCLE[J]),
}
ANEW = {
    J: Fault(remade("option", "Program", options=do.CHOICES).breaks, do.nothing, do.TO_LIFECYCLE[A]),
    A: Fault(orders((f"{A}/remove", do.PROGRAM), (f"{A}/add", NEW_PROGRAM)), do.nothing, do.TO_LIFECYCLE[J]),
}
UNDUE = "Due in Airtable (type 'singleLineText') cannot hold 'due'"
TO_TEXT = {"type": "date", "options": do.DAYS}
TEXTLIKE = {J: "Subject line in Jira (type 'option')", A: "Subject line in Airtable (type 'singleSelect')"}
MULTIPLE = {J: "Program in Jira (type 'array:option')", A: "Program in Airtable (type 'multipleSelects')"}
OTHER = {J: "Airtable", A: "Jira"}

FIELDS: dict[str, dict[str, Row]] = {
    "a field was renamed": {t: same(RENAMED[t], no_program(t), "", f"{t} {K}") for t in (J, A)},
    "a field was removed": {t: same(REMOVED[t], no_program(t), "", f"{t} {K}") for t in (J, A)},
    "a field was removed and made anew": {
        t: each(ANEW[t], Outcome((), t), Outcome((), t), Outcome((), f"{t} {K}")) for t in (J, A)
    },
    "a text became a select": {
        J: same(remade("option", "Subject line"), unfit(TEXTLIKE[J], "subject"), K, f"{J} {K}"),
        A: same(
            retyped(do.SUBJECT, "singleSelect", do.TEXT, do.TO_NOW[J]), unfit(TEXTLIKE[A], "subject"), K, f"{A} {K}"
        ),
    },
    "a date became a text": {
        A: each(
            retyped(do.DUE, "singleLineText", TO_TEXT, do.LATER),
            Outcome((UNDUE,)), Outcome((UNDUE,)), Outcome((), f"{A} {K}"),
        ),
    },
    "a single select became a multiple one": {
        J: same(remade("options", "Program"), unfit(MULTIPLE[J], "program"), "", f"{J} {K}"),
        A: same(
            retyped(do.PROGRAM, "multipleSelects", {"type": "singleSelect"}, do.TO_LIFECYCLE[J]),
            unfit(MULTIPLE[A], "program"), "", f"{A} {K}",
        ),
    },
}  # fmt: skip
OPTION_REMOVED = {
    J: pair(J, "remove", "add", EVENT, do.TO_LIFECYCLE[A]),
    A: pair(A, "remove", "add", do.PROGRAM | EVENT, do.TO_LIFECYCLE[J]),
}
OPTION_RENAMED = {
    J: renamed(J, EVENT, "option", "Happening", do.TO_LIFECYCLE[A]),
    A: renamed(A, do.PROGRAM | EVENT, "option", "Happening", do.TO_LIFECYCLE[J]),
}
TAG_RENAMED = Fault(
    orders((f"{K}/rename", {"tag": "sale", "name": "discount"})),
    do.both(orders((f"{K}/rename", {"tag": "discount", "name": "sale"})), do.unlabelled),
    do.PRESS_TOO,
)
OPTIONS: dict[str, dict[str, Row]] = {
    "an option was removed": {
        **{
            t: each(
                OPTION_REMOVED[t],
                Outcome((LACKS[t],)),
                Outcome((), t),
                Outcome((LACKS[t],), f"{t} {K}"),
            )
            for t in (J, A)
        },
        K: each(
            Fault(do.list_removed, do.list_back, do.VIP_TOO),
            Outcome((no_choice("Klaviyo", UK),)), Outcome((no_choice("Klaviyo", UK),), J), Outcome((), J),
        ),
    },
    "a tag was removed": {
        K: same(
            pair(K, "remove", "add", {"tag": "sale"}, do.PRESS_TOO),
            (no_choice("Klaviyo", "sale"),), J, f"{J} {K}",
        ),
    },
    "an option was renamed": {
        **{
            t: each(
                OPTION_RENAMED[t],
                Outcome((differs("Beta"), differs("Gamma two"))),
                Outcome((differs("Alpha"),)),
                Outcome((LACKS[t],), f"{t} {K}"),
            )
            for t in (J, A)
        },
        K: each(
            renamed(K, {"audience": UK}, "audience", BRITAIN, do.VIP_TOO),
            Outcome((no_choice("Klaviyo", UK), no_choice("Airtable", BRITAIN), no_choice("Jira", BRITAIN))),
            Outcome((no_choice("Klaviyo", UK), no_choice("Airtable", BRITAIN), no_choice("Jira", BRITAIN)), J),
            Outcome((), J),
        ),
    },
    "a tag was renamed": {
        K: each(
            TAG_RENAMED,
            Outcome((no_choice("Klaviyo", "sale"), no_choice("Airtable", "discount")), J),
            Outcome((no_choice("Klaviyo", "sale"), no_choice("Airtable", "discount"))),
            Outcome((no_choice("Klaviyo", "sale"),), f"{J} {K}"),
        ),
    },
    "a status was renamed": {
        A: each(
            renamed(A, PLANNED, "option", "Idea", do.TO_PROGRESS[J]),
            Outcome((IDEA,)),
            Outcome((IDEA,)),
            Outcome(("Status in Airtable has no option 'Planned'",), f"{A} {K}"),
        ),
    },
}  # fmt: skip
WAY = {"type": "Epic", "status": "In Progress"}
NO_WAY = ("the workflow offers",)
REQUIRE = {"field": "Subject line", "required": True}
NOTHING_SAID = Edit(A, {"Subject line": None}, "subject", None)
NOBODY = Edit(A, {"Audiences": None}, "audiences", frozenset())
RULES: dict[str, dict[str, Row]] = {
    "a transition was removed": {
        J: each(
            pair(J, "remove", "restore", WAY, do.TO_PROGRESS[A], Status="In progress"),
            Outcome(), Outcome(NO_WAY), Outcome(NO_WAY, f"{J} {K}"),
        ),
    },
    "a field is required": {
        J: each(
            Fault(
                orders((f"{J}/require", REQUIRE)), orders((f"{J}/require", REQUIRE | {"required": False})),
                NOTHING_SAID, {"Subject line": None},
            ),
            Outcome(), Outcome(("Subject line is required",), K), Outcome(("Subject line is required",), K),
        ),
        K: each(
            Fault(do.nothing, do.audience_back, NOBODY, {"Audiences": None}, frozenset({UK})),
            Outcome(), Outcome(("needs at least one list or segment",), J), Outcome((), J),
        ),
    },
}  # fmt: skip
LEAVES = {
    J: pair(J, "leave", "return", {"person": "marta@acme.example"}, do.TO_MARTA, Owner=Who("marta")),
    A: pair(A, "leave", "return", {"person": "ann@acme.example"}, do.STAGE_TO_ANN, Assignee=Who("ann")),
}
INACTIVE = "Marta Nowak, who is not active any more"
STRANGERS = {J: ("contractor", "Kim Delacroix (Studio Nord)"), A: ("freelancer", "R. Osei")}
PEOPLE: dict[str, dict[str, Row]] = {
    "an owner's account was switched off": {
        J: each(
            LEAVES[J],
            Outcome((INACTIVE,)),
            Outcome((INACTIVE, "Owner of Design of Alpha (Marta Nowak) could not be given to Jira")),
            Outcome((INACTIVE, "Owner of Delta (Marta Nowak) could not be given to Jira"), f"{J} {K}"),
        ),
        A: each(
            LEAVES[A],
            Outcome(),
            Outcome(("Owner of Design of Alpha (Ann Lee) could not be given to Airtable",)),
            Outcome(("Owner of Delta (Ann Lee) could not be given to Airtable",), f"{A} {K}"),
        ),
    },
    "somebody unknown owns a campaign": {
        t: each(
            Fault(
                do.assigns(t, STRANGERS[t][0], "Alpha", "Beta"), do.assigns(t, "marta", "Alpha", "Beta"),
                do.TO_ANN[OTHER[t].lower()],
            ),
            Outcome((f"Beta belongs to {STRANGERS[t][1]}, whom only {t.capitalize()} knows",)),
            Outcome(("Owner of Alpha differs in Airtable and Jira",)),
            Outcome((), f"{t} {K}"),
        )
        for t in (J, A)
    },
    "somebody has two accounts with one address": {
        t: each(
            Fault(do.doubled(t), do.assigns(t, "marta", "Alpha", "Beta"), do.TO_ANN[OTHER[t].lower()]),
            Outcome((f"Beta belongs to Marta Nowak, whom only {t.capitalize()} knows",)),
            Outcome(("Owner of Alpha differs in Airtable and Jira",)),
            Outcome((), f"{t} {K}"),
        )
        for t in (J, A)
    },
}  # fmt: skip
NAMED = {J: do.NEW_NAME[A], A: do.NEW_NAME[J], K: do.NEW_NAME[A]}
REST = {J: f"{J} {K}", A: f"{A} {K}", K: f"{J} {K}"}
STAGES, SYNC_ID = {"table": "Stages"}, {"table": "Campaigns", "field": "Sync ID"}
TITLE, LINK = STAGES | {"field": "Title"}, STAGES | {"field": "Campaign"}
COPY_OF = {J: "is a copy of", A: "is a copy of", K: "is a copy of"}
PLACES: dict[str, dict[str, Row]] = {
    "a type or table was renamed": {
        J: out(renamed(J, {"type": "Task"}, "type", "Chore", NAMED[J]), J, "jira project CAM has no issue type 'Task'"),
        A: out(renamed(A, STAGES, "table", "Steps", NAMED[A]), A, "airtable: base"),
    },
    "a table was removed": {A: out(pair(A, "remove", "restore", STAGES, NAMED[A]), A, "airtable: base")},
    "our own field was removed": {
        A: out(pair(A, "remove", "restore", SYNC_ID, NAMED[A]), A, "airtable: table 'Campaigns'"),
    },
    "the link to the campaign was removed": {
        A: out(pair(A, "remove", "restore", LINK, NAMED[A]), A, "airtable: table 'Stages'"),
    },
    "a field that creations need was renamed": {
        A: out(renamed(A, TITLE, "field", "Task", NAMED[A]), A, "mappings/airtable.toml"),
    },
    "a mark was wiped": {
        t: each(Fault(do.wiped(t), do.nothing, NAMED[t]), Outcome(), Outcome((), REST[t]), Outcome((), REST[t]))
        for t in TOOLS
    },
    "a mark was copied": {
        t: each(
            Fault(do.copied(t), do.copy_deleted(t), NAMED[t]),
            Outcome((COPY_OF[t],)), Outcome((), REST[t]), Outcome((), REST[t]),
        )
        for t in TOOLS
    },
    "a task became an epic": {
        J: each(
            Fault(do.converted("Epic"), do.converted("Task"), do.QA_LATER),
            Outcome(), Outcome(("its issue type is now Epic", "Status in Jira is 'Planned'")), Outcome((), REST[J]),
        ),
    },
}  # fmt: skip
# What each tool says of a project, base or account that the credentials have lost, or that shows nothing any more.
HIDDEN = {
    J: {"lost": (404, "/project/"), "empty": (200, "/search/jql")},
    A: {"lost": (403, r"/tbl\w+$"), "empty": (200, r"/tbl\w+$")},
    K: {"lost": (403, "/api/campaigns$"), "empty": (200, "/api/campaigns$")},
}
NONE = {J: {"issues": [], "isLast": True}, A: {"records": []}, K: {"data": [], "links": {"next": None}}}
METHOD = {J: "POST", A: "GET", K: "GET"}


def hidden(tool: str, how: str) -> Fault:
    status, path = HIDDEN[tool][how]
    body = NONE[tool] if how == "empty" else None
    method = METHOD[tool] if how == "empty" else None
    return Fault(do.injected(tool, status, path, body, method), do.cleared, NAMED[tool])


GOING_ON = {J: K, A: K, K: J}
SIGHT: dict[str, dict[str, Row]] = {
    "a project is out of sight": {
        t: each(
            hidden(t, "lost"),
            Outcome((f"{t.capitalize()} was left out",), "", True), Outcome((), GOING_ON[t]), Outcome((), GOING_ON[t]),
        )
        for t in TOOLS
    },
    "a project is silently empty": {
        t: each(
            hidden(t, "empty"),
            Outcome((f"{t.capitalize()} looks emptied",), "", True), Outcome((), GOING_ON[t]), Outcome((), GOING_ON[t]),
        )
        for t in TOOLS
    },
}  # fmt: skip
TABLE = FIELDS | OPTIONS | RULES | PEOPLE | PLACES | SIGHT
FIXED = "The attributes of a Klaviyo campaign are part of its API: nobody renames, removes or retypes them."
NO_PEOPLE = "A Klaviyo campaign has no owner."
ONE_ACCOUNT = "Klaviyo has campaigns and no tables or types of them."
# Combinations that do not exist, and why.
ABSENT: dict[tuple[str, str], str] = {
    **{(name, K): FIXED for name in FIELDS},
    ("a date became a text", J): "The due date is a field of Jira's own, which cannot be removed or made anew.",
    **{("a tag was removed", t): "Jira's labels are free text; Airtable's are options, as above." for t in (J, A)},
    **{("a tag was renamed", t): "Jira's labels are free text; Airtable's are options, as above." for t in (J, A)},
    (
        "a status was renamed",
        J,
    ): "Jira's statuses are the site's; the row of the transition stands for one.",
    ("a status was renamed", K): FIXED,
    ("a transition was removed", A): "An Airtable status is an option: every one can be chosen at any time.",
    ("a transition was removed", K): "The status of a Klaviyo campaign is never written.",
    ("a field is required", A): "Airtable's API takes records with any field empty.",
    **{(name, K): NO_PEOPLE for name in PEOPLE},
    **{(name, K): ONE_ACCOUNT for name in PLACES if "mark" not in name},
    ("a table was removed", J): "Jira removes an issue type only after its issues have become another one: see there.",
    ("our own field was removed", J): "Our mark is a label and a property: no field of its own.",
    ("the link to the campaign was removed", J): "The parent is a field of Jira's own, which cannot be removed.",
    ("a field that creations need was renamed", J): "The summary is a field of Jira's own, which cannot be renamed.",
    ("a task became an epic", A): "A row cannot move to another table; people copy it and delete it.",
}
