"""Tokens that are taken back before they end: one of them, all of a client, or all that a party has for one professional.

Access tokens are not kept, so what is kept is what no longer counts. Each revocation has the next number of its client, and each token
has the number that its client had reached when it was made; the lower one loses. No clock decides, so it does not matter which of several
machines is ahead, and a token that is made while another worker revokes is on the right side of it.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from broker.oauth.tables import oauth_client, oauth_revocation
from broker.oauth.tokens import MAX_LIFETIME_S

#: every token of the client
ALL = "*"
#: a row is kept this much longer than any token that it can fit, so that a clock that steps back revives none
MARGIN_MS = 3_600_000


def of_token(token_id: str) -> str:
    """One token, by its `jti`."""
    return f"jti:{token_id}"


def of_professional(pseudonym: str) -> str:
    """Every token of the client for one professional."""
    return f"act:{pseudonym}"


def revoke(connection: Connection, client_id: str, what: str, now_ms: int) -> bool:
    """Take back what fits `what` of the client's tokens that were made until now; False where no client has this id."""
    # INVARIANT: the client's row is changed first, which makes every other revocation of it wait: numbers are in the order of commits.
    mine = oauth_client.c.client_id == client_id
    if not connection.execute(update(oauth_client).where(mine).values(revocations=oauth_client.c.revocations + 1)).rowcount:
        return False
    number = connection.execute(select(oauth_client.c.revocations).where(mine)).scalar_one()
    row = oauth_revocation.c
    # The client's own rows only: those of another could be held by somebody who waits for ours.
    connection.execute(delete(oauth_revocation).where((row.client_id == client_id) & ((row.what == what) | (row.expires_ms < now_ms))))
    expires_ms = now_ms + MAX_LIFETIME_S * 1000 + MARGIN_MS
    connection.execute(insert(oauth_revocation).values(client_id=client_id, what=what, number=number, expires_ms=expires_ms))
    return True
