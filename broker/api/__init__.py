"""The routes: each parses with a schema, calls one verb of the domain and dumps with a schema."""
