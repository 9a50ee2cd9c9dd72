"""Which endpoint each handler answers, on Cloud, on Data Center, or on both (reference jira §1)."""

from __future__ import annotations

from connectors.sandbox import jira_changelog as changelog
from connectors.sandbox import jira_comments as comments
from connectors.sandbox import jira_extras as extras
from connectors.sandbox import jira_issues as issues
from connectors.sandbox import jira_match as match
from connectors.sandbox import jira_meta as meta
from connectors.sandbox import jira_search as search
from connectors.sandbox import jira_users as users
from connectors.sandbox import jira_webhooks as webhooks
from connectors.sandbox import jira_webhooks_dc as webhooks_dc
from connectors.sandbox.jira_call import Handler

Endpoint = tuple[str, str, Handler]

_ISSUE = "/issue/{issue}"
_META = "/issue/createmeta/{project}/issuetypes"
BOTH: tuple[Endpoint, ...] = (
    ("GET", "/serverInfo", meta.server_info),
    ("GET", "/myself", users.myself),
    ("GET", "/mypermissions", meta.permissions),
    ("GET", "/field", meta.fields),
    ("GET", "/status", meta.statuses),
    ("GET", "/status/{id}", meta.status),
    ("GET", "/priority", meta.priorities),
    ("GET", "/resolution", meta.resolutions),
    ("GET", "/issuetype", meta.issue_types),
    ("GET", "/project", meta.projects),
    ("GET", "/project/{project}/components", meta.components),
    ("GET", "/project/{project}/versions", meta.versions),
    ("GET", "/project/{project}/statuses", meta.project_statuses),
    ("GET", "/user", users.user),
    ("GET", "/user/search", users.search),
    ("GET", "/user/assignable/search", users.assignable),
    ("POST", "/issue", issues.create),
    ("POST", "/issue/bulk", issues.create_many),
    ("GET", _META, meta.create_types),
    ("GET", f"{_META}/{{type}}", meta.create_fields),
    ("PUT", f"{_ISSUE}/assignee", issues.assign),
    ("GET", f"{_ISSUE}/editmeta", issues.edit_metadata),
    ("GET", f"{_ISSUE}/transitions", issues.transitions),
    ("POST", f"{_ISSUE}/transitions", issues.transit),
    ("GET", f"{_ISSUE}/properties", extras.properties),
    ("GET", f"{_ISSUE}/properties/{{key}}", extras.read_property),
    ("PUT", f"{_ISSUE}/properties/{{key}}", extras.write_property),
    ("DELETE", f"{_ISSUE}/properties/{{key}}", extras.delete_property),
    ("GET", f"{_ISSUE}/remotelink", extras.remote_links),
    ("GET", f"{_ISSUE}/remotelink/{{link}}", extras.remote_link),
    ("POST", f"{_ISSUE}/remotelink", extras.write_remote_link),
    ("DELETE", f"{_ISSUE}/remotelink", extras.delete_remote_link),
    ("DELETE", f"{_ISSUE}/remotelink/{{link}}", extras.delete_remote_link),
    ("GET", f"{_ISSUE}/comment", comments.comments),
    ("POST", f"{_ISSUE}/comment", comments.write_comment),
    ("GET", f"{_ISSUE}/comment/{{comment}}", comments.comment),
    ("PUT", f"{_ISSUE}/comment/{{comment}}", comments.write_comment),
    ("DELETE", f"{_ISSUE}/comment/{{comment}}", comments.delete_comment),
)
CLOUD_ONLY: tuple[Endpoint, ...] = (
    ("GET", "/field/search", meta.find_fields),
    ("GET", "/project/search", meta.projects),
    ("GET", "/user/bulk", users.bulk),
    ("GET", "/users/search", users.everybody),
    ("GET", "/search", search.retired),
    ("POST", "/search", search.retired),
    ("GET", "/search/jql", search.search_by_query),
    ("POST", "/search/jql", search.search_by_body),
    ("POST", "/search/approximate-count", search.count),
    ("POST", "/jql/match", match.match),
    ("POST", "/jql/parse", match.parse_queries),
    ("POST", "/issue/bulkfetch", search.bulk_fetch),
    ("POST", "/changelog/bulkfetch", changelog.bulk_fetch),
    ("GET", f"{_ISSUE}/changelog", changelog.changelog),
    ("GET", "/webhook", webhooks.list_dynamic),
    ("POST", "/webhook", webhooks.register_dynamic),
    ("DELETE", "/webhook", webhooks.delete_dynamic),
    ("GET", "/webhook/failed", webhooks.failed),
    ("PUT", "/webhook/refresh", webhooks.refresh_dynamic),
)
DATA_CENTER_ONLY: tuple[Endpoint, ...] = (
    ("GET", "/search", match.search_by_query),
    ("POST", "/search", match.search_by_body),
    ("PUT", f"{_ISSUE}/archive", issues.archive),
    ("PUT", f"{_ISSUE}/restore", issues.archive),
    ("GET", f"{_ISSUE}/subtask", issues.subtasks),
)
# Behind the others: their paths fit what those have literally.
LAST: tuple[Endpoint, ...] = (
    ("GET", "/project/{project}", meta.project),
    ("GET", _ISSUE, issues.read),
    ("PUT", _ISSUE, issues.edit),
    ("DELETE", _ISSUE, issues.delete),
)
WEBHOOKS_DC: tuple[Endpoint, ...] = (
    ("GET", "/webhooks", webhooks_dc.collection),
    ("POST", "/webhooks", webhooks_dc.collection),
    ("GET", "/webhooks/{webhook}", webhooks_dc.single),
    ("PUT", "/webhooks/{webhook}", webhooks_dc.single),
    ("DELETE", "/webhooks/{webhook}", webhooks_dc.single),
)
WEBHOOKS: tuple[Endpoint, ...] = (
    ("GET", "/webhook", webhooks.list_admin),
    ("POST", "/webhook", webhooks.register_admin),
    ("GET", "/webhook/{webhook}", webhooks.one_admin),
    ("PUT", "/webhook/{webhook}", webhooks.one_admin),
    ("DELETE", "/webhook/{webhook}", webhooks.one_admin),
)
