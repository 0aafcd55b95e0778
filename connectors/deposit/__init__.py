"""The deposit: what parties without an API of their own gave for a case, and every other content the registry may not hold.

Everything in it is sealed (`connectors.sealing`); the keys live outside its database. As a store of people's data it is a source like
any other: fields leave it through an exchange only.
"""

from connectors.deposit.source import DepositSource
from connectors.deposit.store import Deposit, TextKind
from connectors.deposit.tables import metadata

__all__ = ["Deposit", "DepositSource", "TextKind", "metadata"]
