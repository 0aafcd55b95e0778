"""The client kit: what a partner's system needs to ask, give, report, and keep its receipts (docs/partner-guide.md).

It stands on `audit`, httpx, joserfc and cryptography, and on nothing else of the broker, so that a partner installs no server.
"""

from broker.client.client import Client, Professional, connect
from broker.client.connection import Connection, read_connection
from broker.client.errors import AnswerUnusable, ClientError, NoAnswer, Problem, ReceiptUnusable, Refused, TokenRefused, Unusable
from broker.client.receipts import Checked
from broker.client.signing import KeySigner, Signer, SignerElsewhere, read_key
from broker.client.store import ReceiptStore
from broker.client.transport import open_http
from broker.client.values import Ask, Case, Disclosure, GivenField, KeptReceipt, Permission, Person, Recall, Released, Signal, Withheld
from broker.client.world import Limits, World

__all__ = [
    "AnswerUnusable",
    "Ask",
    "Case",
    "Checked",
    "Client",
    "ClientError",
    "Connection",
    "Disclosure",
    "GivenField",
    "KeptReceipt",
    "KeySigner",
    "Limits",
    "NoAnswer",
    "Permission",
    "Person",
    "Problem",
    "Professional",
    "Recall",
    "ReceiptStore",
    "ReceiptUnusable",
    "Refused",
    "Released",
    "Signal",
    "Signer",
    "SignerElsewhere",
    "TokenRefused",
    "Unusable",
    "Withheld",
    "World",
    "connect",
    "open_http",
    "read_connection",
    "read_key",
]
