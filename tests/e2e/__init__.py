"""The whole thing over real HTTP: connectors, mappings, engine and database against the sandbox."""
