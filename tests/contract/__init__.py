"""What our connectors say and our stand-ins answer, held against the vendors' own descriptions of their APIs."""
