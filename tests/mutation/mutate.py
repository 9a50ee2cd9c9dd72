"""Finds every small change of a module that could be a bug: one operator, constant, argument or statement at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.BitOr,), ast.Mult: (ast.Add,),
    ast.BitOr: (ast.BitAnd,), ast.BitAnd: (ast.BitOr,),
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "add": "discard", "discard": "add",
    "union": "intersection", "update": "intersection_update", "extend": "clear", "sorted": "list",
}  # fmt: skip
DROPPED = (ast.AugAssign, ast.Return, ast.Continue, ast.Break, ast.Raise, ast.Delete)


@dataclass(frozen=True, slots=True)
class Change:
    """One changed place: the lines it is in before and after, in one line each, and the whole module with it."""

    file: str
    line: int
    old: str
    new: str
    source: str = field(repr=False)
    name: str = ""
    suites: tuple[str, ...] = ()  # what has to notice; everything, where nothing is said

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  - {self.old}\n{' ' * len(f'{self.file}:{self.line}')}  + {self.new}"


def mutants(root: Path, file: str) -> list[Change]:
    """Every mutant of a module, each once, from its first line to its last."""
    source = (root / file).read_text(encoding="utf-8")
    found: dict[str, Change] = {}
    for start, end, text in _edits(ast.parse(source), _Offsets(source)):
        change = _change(file, source, start, end, text)
        found.setdefault(change.source, change)
    return sorted(found.values(), key=lambda c: (c.line, c.old, c.new))


def _change(file: str, source: str, start: int, end: int, text: str) -> Change:
    data = source.encode()
    first = data.rfind(b"\n", 0, start) + 1
    last = data.find(b"\n", end)
    words = data[first:last].split()
    if words[0] in {b"continue", b"break", b"return"} and len(words) <= 2:  # says little without what it stands under
        first = data.rfind(b"\n", 0, first - 1) + 1
    old, new = data[first:last], data[first:start] + text.encode() + data[end:last]
    line = data.count(b"\n", 0, start) + 1
    return Change(file, line, _words(old), _words(new), (data[:first] + new + data[last:]).decode())


def _words(lines: bytes) -> str:
    return " ".join(lines.decode().split())


Node = TypeVar("Node", bound=ast.AST)


class _Offsets:
    """Where a node stands in the UTF-8 text, in bytes from its beginning."""

    def __init__(self, source: str) -> None:
        lines = source.encode().splitlines(keepends=True)
        self._starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]

    def of(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end = self._starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        return self._starts[node.lineno - 1] + node.col_offset, end


def _edits(tree: ast.Module, offsets: _Offsets) -> Iterator[tuple[int, int, str]]:
    for node in _inside(tree):
        if isinstance(node, ast.expr):
            for expression in _expressions(node):
                text = ast.unparse(ast.fix_missing_locations(expression))
                is_plain = isinstance(expression, ast.Call | ast.Name | ast.Constant | ast.Attribute | ast.Dict)
                yield *offsets.of(node), text if is_plain else f"({text})"
        elif isinstance(node, ast.stmt):
            for text in _statements(node):
                yield *offsets.of(node), text
            if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare | ast.UnaryOp):
                yield *offsets.of(node.test), f"not ({ast.unparse(node.test)})"


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """All that runs below a node: no decorators, no annotations, no texts for people."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"decorator_list", "annotation", "returns", "bases"} or isinstance(node, ast.JoinedStr):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _inside(child)


def _statements(node: ast.stmt) -> Iterator[str]:
    is_call = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant | ast.Yield)
    if is_call or isinstance(node, DROPPED):
        yield "pass"
    if isinstance(node, ast.Continue):
        yield "break"
    if isinstance(node, ast.Break):
        yield "continue"
    if isinstance(node, ast.AugAssign):
        for op in SWAPPED.get(type(node.op), ()):
            yield ast.unparse(_with(node, op=op()))
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield "pass"


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(ops=[op]):
            yield from (_with(node, ops=[other()]) for other in SWAPPED[type(op)])
        case ast.BoolOp(op=op, values=values):
            yield from (_with(node, op=other()) for other in SWAPPED[type(op)])
            for at in range(len(values)):
                rest = values[:at] + values[at + 1 :]
                yield rest[0] if len(rest) == 1 else _with(node, values=rest)
        case ast.BinOp(op=op):
            yield from (_with(node, op=other()) for other in SWAPPED.get(type(op), ()))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=float(value)):
            yield from (ast.Constant(value * 2), ast.Constant(value / 2))
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Dict() | ast.Set() | ast.List():
            yield from _shortened(node)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _unfiltered(node)
        case ast.Call():
            yield from _calls(node)


def _shortened(node: ast.Dict | ast.Set | ast.List) -> Iterator[ast.expr]:
    """One element less."""
    values = node.values if isinstance(node, ast.Dict) else node.elts
    for at in range(len(values) if len(values) > 1 or isinstance(node, ast.Dict) else 0):
        rest = values[:at] + values[at + 1 :]
        if isinstance(node, ast.Dict):
            yield ast.Dict(node.keys[:at] + node.keys[at + 1 :], rest)
        else:
            yield _with(node, elts=rest)


def _unfiltered(node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[ast.expr]:
    for at, generator in enumerate(node.generators):
        for which in range(len(generator.ifs)):
            changed = deepcopy(node)
            del changed.generators[at].ifs[which]
            yield changed


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """Another function of the same kind, or one argument less: the last by place, any by name."""
    match node.func:
        case ast.Name(id=name) if name in NAMES:
            kept = [] if name == "sorted" else node.keywords
            yield _with(node, func=ast.Name(NAMES[name]), keywords=kept)
        case ast.Attribute(attr=name) if name in NAMES:
            yield _with(node, func=_with(node.func, attr=NAMES[name]))
    if len(node.args) > 1 and not (isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
        yield _with(node, args=node.args[:-1])
    for at in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:at] + node.keywords[at + 1 :])


def _with(node: Node, **changes: object) -> Node:
    changed = deepcopy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed
