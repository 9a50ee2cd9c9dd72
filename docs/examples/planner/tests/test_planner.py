"""The planner keeps the laws of connectors."""

import sqlite3
from contextlib import contextmanager
from importlib.resources import files

import pytest
from campaign_sync_planner.connector import PlannerConnector

from connectors.conformance import ConnectorConformance
from sync.model import Kind

TABLES = files("campaign_sync_planner") / "planner.sql"


class TestPlanner(ConnectorConformance):
    needed = ("Name",)

    @pytest.fixture(autouse=True)
    def plan(self, tmp_path):
        self.file = tmp_path / "plan.db"
        self.people(TABLES.read_text("utf-8"))

    def connect(self):
        return PlannerConnector("planner", self.file, patience=0.01)

    def connect_wrongly(self):
        return PlannerConnector("planner", self.file.with_name("other.db"))

    def sample(self, kind, number):
        shared = {"Name": ("Design", "QA")[number], "Status": ("idea", "in work")[number]}
        if kind is Kind.STAGE:
            return {**shared, "Due": f"2026-04-0{number + 1}"}
        return {**shared, "Subject line": f"Hello {number}", "Tags": [["spring", "sale"], ["vip"]][number]}

    def person_creates(self, kind, title, parent):
        return self.people("INSERT INTO item (kind, name, campaign) VALUES (?, ?, ?)", kind, title, parent)

    def person_renames(self, ref, title):
        self.people("UPDATE item SET name = ? WHERE id = ?", title, ref.native)

    def person_deletes(self, ref):
        self.people("DELETE FROM item WHERE id = ?", ref.native)

    @contextmanager
    def outage(self):
        locker = sqlite3.connect(self.file, isolation_level=None)
        locker.execute("BEGIN EXCLUSIVE")
        yield
        locker.close()

    def people(self, order, *values):
        """Somebody works in the planner itself."""
        db = sqlite3.connect(self.file)
        with db:
            done = db.execute(order, values) if values else db.executescript(order)
        db.close()
        return str(done.lastrowid)
