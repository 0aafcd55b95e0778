"""People sign in: privacy officers, auditors, supervisors and operators, through a provider that their organisation runs (OpenID Connect).

The broker knows nobody's password. A list that the operator keeps says whom it trusts to know people, and which of them have which duty; a
provider says who somebody is; a session in the broker's database opens the door of covenants or of the log, and no other (docs/adr/0029).
"""
