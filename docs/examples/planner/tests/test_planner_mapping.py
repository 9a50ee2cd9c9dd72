"""The planner's mapping keeps the laws of mappings."""

from importlib.resources import files
from zoneinfo import ZoneInfo

from campaign_sync_planner.connector import FIELDS

from mappings.bind import bind
from mappings.conformance import MappingConformance
from mappings.load import load
from sync.model import Kind, Record, Ref, schema


class TestMapping(MappingConformance):
    def bound(self):
        file = load(files("campaign_sync_planner") / "planner.toml", "airtable")
        return bind(file, "planner", FIELDS, schema(), (), ZoneInfo("Europe/Berlin"))

    def records(self):
        full = {"status": "in work", "subject": "Hello", "tags": ["vip"]}
        campaigns = [{"name": "Spring", **full}, {"name": "Autumn"}]
        stages = [{"name": "Design", "status": "idea", "due": "2026-04-01"}, {"name": "QA"}]
        return [
            Record(Ref("planner", kind, f"{kind}-{number}"), fields)
            for kind, rows in ((Kind.CAMPAIGN, campaigns), (Kind.STAGE, stages))
            for number, fields in enumerate(rows)
        ]
