"""The covenant as values, its compiler, and the decision. Pure: no web, database, clock or logging, and nothing of ours but itself."""
