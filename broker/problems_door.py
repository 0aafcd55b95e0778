"""The problems of whoever is not let in: not known, at a wrong door, too often, too many. Rows of the table in `broker.problems`."""

from __future__ import annotations

from broker.authenticate import Unauthenticated, WrongDoor
from broker.certificates import CertificateRefused
from broker.errors import Overloaded, TooManyRequests
from broker.problem import Problem, challenge, narrower, pause, used_up
from broker.visits import CrossSite

DOOR_PROBLEMS: tuple[Problem, ...] = (
    Problem(
        (Unauthenticated,),
        "unauthenticated",
        401,
        "A valid access token is needed",
        "Send one access token of this broker that is still valid in the Authorization header; a person signs in at /sign-in.",
        headers=challenge,
    ),
    Problem(
        (CertificateRefused,),
        "certificate-refused",
        400,
        "Nobody may say this certificate",
        "The header that tells a client certificate is the broker's own proxy's to send. Come in through that proxy, without it.",
    ),
    Problem(
        (CrossSite,),
        "cross-site",
        403,
        "This was not sent by a page of this broker",
        "With a session, what changes something comes from our own origin and carries the session's token in X-CSRF-Token.",
    ),
    Problem(
        (WrongDoor,),
        "wrong-door",
        403,
        "This door is not yours",
        "The token does not open this door, or the path belongs to another party.",
        headers=narrower,
    ),
    Problem(
        (TooManyRequests,),
        "too-many-requests",
        429,
        "You ask too often",
        "Nothing was looked at. Try again after the number of seconds in `Retry-After`.",
        headers=used_up,
    ),
    Problem(
        (Overloaded,),
        "overloaded",
        503,
        "The broker has too much to do",
        "There is no room for this request in time. Nothing was released. Try again after the number of seconds in `Retry-After`.",
        headers=pause,
    ),
)
