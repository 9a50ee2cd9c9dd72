"""The sandbox, tested against what the vendors' references say."""
