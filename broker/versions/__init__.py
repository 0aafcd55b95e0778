"""The versions of covenants: what is kept of them, the steps they take, and what is in force.

`broker.covenants` reads (what is in force, kept compiled), `broker.enactment` acts (with the log); between them stand the rows.
"""
