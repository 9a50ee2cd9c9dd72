"""Lenses between the records of tools and canonical cells, and one declarative mapping file per tool."""
