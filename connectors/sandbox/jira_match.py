"""Other ways to ask with JQL: Data Center's search by offset, and Cloud's parser and matcher (reference §4.1, §4.3)."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from connectors.sandbox.jira_call import BAD_PAYLOAD, Call, Refusal
from connectors.sandbox.jira_jql import parse
from connectors.sandbox.jira_jql_tokens import Clause, Empty, JqlError, Junction, Negation, Node, Operand, Query, Text
from connectors.sandbox.jira_names import Names
from connectors.sandbox.jira_query import Asker, matcher
from connectors.sandbox.jira_search import found, ordered
from connectors.sandbox.jira_show import issue_json

JSON = dict[str, Any]
MOST_ON_DATA_CENTER = 1000
_TYPES: dict[str, type | tuple[type, ...]] = {
    "jql": str, "startAt": int, "maxResults": int, "validateQuery": bool, "fields": list, "expand": list,
}  # fmt: skip


def search_by_query(call: Call) -> Response:
    """Data Center's `GET /search`."""
    params = call.request.query_params
    given: JSON = {"jql": call.query("jql"), "validateQuery": call.flag("validateQuery", default=True)}
    given |= {name: call.whole(name, 0) for name in ("startAt", "maxResults") if name in params}
    for name in ("fields", "expand"):
        given[name] = [part for text in params.getlist(name) for part in text.split(",") if part]
    return _search(call, given)


def search_by_body(call: Call) -> Response:
    """Data Center's `POST /search`."""
    call.request.state.write = False
    body = call.body()
    if not isinstance(body, dict):
        raise Refusal(400, "Can not deserialize the request: an object is expected.")
    given = {name: value for name, value in body.items() if value is not None}
    for name, value in given.items():
        if name not in _TYPES:
            raise Refusal(400, f'Unrecognized field "{name}", not marked as ignorable')
        if not isinstance(value, _TYPES[name]):
            raise Refusal(400, f"Can not deserialize the member '{name}'.")
    return _search(call, given)


def _search(call: Call, given: JSON) -> Response:
    """A page by offset. `maxResults` is silently lowered; a query need not be bounded; the index lags here too."""
    start, asked = max(given.get("startAt", 0), 0), given.get("maxResults", 50)
    most = MOST_ON_DATA_CENTER if asked < 0 else min(asked, MOST_ON_DATA_CENTER)
    answer: JSON = {"startAt": start, "maxResults": most, "total": 0, "issues": []}
    if call.viewer is None:
        return JSONResponse(answer)
    try:
        issues, order = found(call, given.get("jql", ""), bounded=False)
    except JqlError as error:
        if given.get("validateQuery", True):
            raise Refusal(400, *error.messages) from None
        return JSONResponse(answer | {"warningMessages": error.messages})
    rows = ordered(call, issues, order)
    expand, fields = set(given.get("expand", [])), given.get("fields") or ["*navigable"]
    shown = [issue_json(call, issue, fields, [], expand) for _, issue in rows[start : start + most]]
    return JSONResponse(answer | {"total": len(rows), "issues": shown, "expand": "schema,names"})


def match(call: Call) -> Response:
    """`POST /jql/match`: which of the issues each query means. Not through the index."""
    call.request.state.write = False
    given = call.strict_body({"jqls": list, "issueIds": list})
    if set(given) != {"jqls", "issueIds"} or not all(isinstance(id, int) for id in given["issueIds"]):
        raise Refusal(400, BAD_PAYLOAD)
    known = [i for id in given["issueIds"] if (i := call.state.find(str(id))) and call.sees(i) and not i.archived]
    matches: list[JSON] = []
    for text in given["jqls"]:
        try:
            query = parse(text)
            asker = Asker(call.user().id, call.zone, call.now)
            test = matcher(query.where, Names(call.state), asker) if query.where is not None else lambda _: True
            matches.append({"matchedIssues": [int(i.id) for i in known if test(i)], "errors": []})
        except JqlError as error:
            matches.append({"matchedIssues": [], "errors": [f"Invalid JQL: {'; '.join(error.messages)}"]})
    return JSONResponse({"matches": matches})


def parse_queries(call: Call) -> Response:
    """`POST /jql/parse`: the structure of queries, or what is wrong with them."""
    call.request.state.write = False
    given = call.strict_body({"queries": list})
    level = call.query("validation", "strict")
    if not given.get("queries") or level not in ("strict", "warn", "none"):
        raise Refusal(400, BAD_PAYLOAD)
    return JSONResponse({"queries": [_parsed(call, text, level) for text in given["queries"]]})


def _parsed(call: Call, text: str, level: str) -> JSON:
    shown: JSON = {"query": text}
    try:
        query = parse(text)
    except JqlError as error:
        return shown | {"errors": error.messages}
    try:
        if level != "none" and query.where is not None:
            matcher(query.where, Names(call.state), Asker(call.user().id, call.zone, call.now))
    except JqlError as error:
        if level == "strict":
            return shown | {"errors": error.messages}
        shown["warnings"] = error.messages
    return shown | {"structure": _structure(query)}


def _structure(query: Query) -> JSON:
    shown: JSON = {} if query.where is None else {"where": _node(query.where)}
    if query.order:
        fields = [{"field": {"name": name}, "direction": "desc" if down else "asc"} for name, down in query.order]
        shown["orderBy"] = {"fields": fields}
    return shown


def _node(node: Node) -> JSON:
    match node:
        case Clause(field, operator, operands):
            values = [_operand(one) for one in operands]
            listed = operator in ("in", "not in")
            return {
                "field": {"name": field},
                "operator": operator,
                "operand": {"values": values} if listed else values[0],
            }
        case Negation(part):
            return {"operator": "not", "clauses": [_node(part)]}
        case Junction(word, parts):
            return {"operator": word, "clauses": [_node(part) for part in parts]}


def _operand(operand: Operand) -> JSON:
    match operand:
        case Text(text):
            return {"value": text, "encodedValue": f'"{text}"' if operand.quoted else text}
        case Empty():
            return {"keyword": "empty"}
    return {"function": operand.name, "arguments": list(operand.arguments)}
