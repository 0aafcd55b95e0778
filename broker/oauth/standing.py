"""What a token's client may do at this moment: one small query at every request, so that nothing of it is ever remembered.

A client that is suspended, a token that is revoked, a scope that is taken away and a professional without the registration that the
covenant in force asks for are refused from the next request on, in every worker and after a restart. A database that does not answer
refuses everybody.
"""

from __future__ import annotations

from collections.abc import Callable

from broker.authenticate import AccessToken, Unauthenticated, Unproven
from broker.oauth.revoking import ALL, of_professional, of_token
from broker.reader import Reader
from policies.vocabulary import RoleId

_NOW = """
SELECT scopes, certificate_required, epoch,
    (SELECT MAX(number) FROM oauth_revocation WHERE client_id = oauth_client.client_id AND what IN (?, ?, ?)),
    (SELECT COUNT(*) FROM designation WHERE party = ? AND professional = ? AND role = ?)
FROM oauth_client JOIN standing ON standing.id = 1 WHERE client_id = ? AND suspended = ?
"""


class Standing:
    """Looks a token's client up. `designated` says whether the covenants in force at an epoch want a role's professionals registered."""

    def __init__(self, reader: Reader, designated: Callable[[RoleId, int], bool]) -> None:
        self._reader = reader
        self._designated = designated

    def scopes_now(self, token: AccessToken) -> frozenset[str]:
        """The scopes of the token's client.

        Raises:
            Unauthenticated: the client is unknown or suspended, or by now needs a certificate; the token was revoked; or its professional
                is not registered for a role that wants it by now.
            sqlalchemy.exc.SQLAlchemyError: the database did not answer.
        """
        caller = token.caller
        fitting = (ALL, of_token(caller.token_id), of_professional(caller.professional))
        rows = self._reader.rows(_NOW, *fitting, caller.party, caller.professional, caller.role, caller.client_id, False)
        if not rows:
            raise Unauthenticated(Unproven.SUSPENDED)
        scopes, certificate_required, epoch, revoked, registered = rows[0]
        if revoked is not None and revoked > token.revocations:
            raise Unauthenticated(Unproven.REVOKED)
        if certificate_required and token.certificate is None:
            raise Unauthenticated(Unproven.CERTIFICATE)
        if not registered and self._designated(caller.role, epoch):
            raise Unauthenticated(Unproven.NOT_DESIGNATED)
        return frozenset(scopes.split())
