"""What a token's client may do at this moment: one small query at every request, so that nothing of it is ever remembered.

A client that is suspended, a token that is revoked and a scope that is taken away are refused from the next request on, in every worker
and after a restart. A database that does not answer refuses everybody.
"""

from __future__ import annotations

from broker.authenticate import AccessToken, Unauthenticated, Unproven
from broker.oauth.revoking import ALL, of_professional, of_token
from broker.reader import Reader

_NOW = """
SELECT scopes, certificate_required,
    (SELECT MAX(number) FROM oauth_revocation WHERE client_id = oauth_client.client_id AND what IN (?, ?, ?))
FROM oauth_client WHERE client_id = ? AND suspended = ?
"""


class Standing:
    """Looks a token's client up."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def scopes_now(self, token: AccessToken) -> frozenset[str]:
        """The scopes of the token's client.

        Raises:
            Unauthenticated: the client is unknown or suspended, or by now needs a certificate; the token was revoked.
            sqlalchemy.exc.SQLAlchemyError: the database did not answer.
        """
        caller = token.caller
        fitting = (ALL, of_token(caller.token_id), of_professional(caller.professional))
        rows = self._reader.rows(_NOW, *fitting, caller.client_id, False)
        if not rows:
            raise Unauthenticated(Unproven.SUSPENDED)
        scopes, certificate_required, revoked = rows[0]
        if revoked is not None and revoked > token.revocations:
            raise Unauthenticated(Unproven.REVOKED)
        if certificate_required and token.certificate is None:
            raise Unauthenticated(Unproven.CERTIFICATE)
        return frozenset(scopes.split())
