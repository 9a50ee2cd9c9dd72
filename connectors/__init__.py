"""The wire to each tool: its ids, its values, its errors; no canonical field."""
