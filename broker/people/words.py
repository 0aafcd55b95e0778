"""What the pages say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from broker.authenticate import Door
from broker.people.errors import Failure
from broker.people.roll import Kind
from policies.wording import Label, say

#: each language by its own name
OWN_NAME = say("Nederlands", "English")

SIGN_IN = say("Aanmelden", "Sign in")
FOR_WHOM = say(
    "Voor functionarissen gegevensbescherming, auditors, toezichthouders en beheerders van partijen van een convenant.",
    "For privacy officers, auditors, supervisors and operators of the parties of a covenant.",
)
AT_PROVIDER = say(
    "U meldt zich aan bij uw eigen organisatie. De broker krijgt uw wachtwoord niet te zien en bewaart uw naam niet.",
    "You sign in at your own organisation. The broker does not see your password and does not keep your name.",
)
NOBODY_SIGNS_IN = say(
    "Hier meldt niemand zich aan: de beheerder heeft dat niet ingesteld.", "Nobody signs in here: the operator has not set it up."
)
SIGNED_IN = say("U bent aangemeld", "You are signed in")
ON_RECORD = say(
    "Uw aanmelding staat in het logboek, onder het pseudoniem hieronder. Alles wat u hier doet en leest komt er ook in.",
    "Your signing in is in the log, under the pseudonym below. So will be all that you do and read here.",
)
PROVIDER = say("Aangemeld bij", "Signed in at")
NAME_IN_LOG = say("Pseudoniem in het logboek", "Pseudonym in the log")
UNTIL = say("Tot", "Until")
HOW_TO_GO_ON = say("Hoe verder", "How to go on")
PROGRAMS = say(
    "De deuren geven JSON. Wat iets verandert of een zoekvraag stelt gaat als POST, met in de kop X-CSRF-Token het teken uit deze sessie:",
    "The doors give JSON. What changes something or searches goes as a POST, with the token of this session in the header X-CSRF-Token:",
)
SIGN_OUT = say("Afmelden", "Sign out")
SIGNED_OUT = say("U bent afgemeld", "You are signed out")
SIGNED_OUT_HERE = say(
    "Uw sessie bij de broker is beëindigd. Sluit op een gedeelde computer ook de browser.",
    "Your session at the broker has ended. On a shared computer, close the browser as well.",
)
SIGN_IN_AGAIN = say("Opnieuw aanmelden", "Sign in again")
TRY_AGAIN = say("Opnieuw proberen", "Try again")

KINDS: Mapping[Kind, Label] = MappingProxyType(
    {
        Kind.PRIVACY_OFFICER: say("functionaris gegevensbescherming", "privacy officer"),
        Kind.AUDITOR: say("auditor", "auditor"),
        Kind.SUPERVISOR: say("toezichthouder", "supervisor"),
        Kind.OPERATOR: say("beheerder", "operator"),
    }
)
DOORS: Mapping[Door, Label] = MappingProxyType({Door.COVENANTS: say("Convenanten", "Covenants"), Door.AUDIT: say("Het logboek", "The log")})
#: goes on from `duty_at`
OPENS: Mapping[Door, Label] = MappingProxyType(
    {
        Door.COVENANTS: say(
            "kunt u voor uw partij een versie van een convenant voorstellen, het antwoord indienen en met een ander een versie activeren.",
            "you can propose a version of a covenant for your party, hand in its answer, and with somebody else activate a version.",
        ),
        Door.AUDIT: say(
            "kunt u het logboek lezen, voor een van de vier doelen van de wet die u bij elke vraag noemt.",
            "you can read the log, for one of the four purposes of the law, which you state with each question.",
        ),
    }
)
BEGINNINGS: Mapping[Door, tuple[tuple[str, Label], ...]] = MappingProxyType(
    {
        Door.COVENANTS: (("/v1/covenants", say("wat er geldt", "what is in force")),),
        Door.AUDIT: (("/v1/audit/checkpoints", say("de nieuwste controlepunten", "the newest checkpoints")),),
    }
)

_START_AGAIN = say(
    "Het antwoord hoort niet bij een aanmelding die in deze browser is begonnen, of kwam te laat. Begin opnieuw.",
    "The answer does not belong to a sign-in that was begun in this browser, or came too late. Begin again.",
)
_NOT_USABLE = say(
    "Uw organisatie gaf een antwoord dat de broker niet kan aannemen. Begin opnieuw; lukt het dan niet, waarschuw de beheerder.",
    "Your organisation gave an answer that the broker cannot accept. Begin again; if that fails, tell the operator.",
)
_NOT_SIGNED_IN = say("U bent niet aangemeld", "You are not signed in")

#: a page's title, and what it says
FAILURES: Mapping[Failure, tuple[Label, Label]] = MappingProxyType(
    {
        Failure.STATE: (_NOT_SIGNED_IN, _START_AGAIN),
        Failure.ISSUER: (_NOT_SIGNED_IN, _NOT_USABLE),
        Failure.CODE: (_NOT_SIGNED_IN, _NOT_USABLE),
        Failure.ID_TOKEN: (_NOT_SIGNED_IN, _NOT_USABLE),
        Failure.DENIED: (
            _NOT_SIGNED_IN,
            say(
                "Bij uw organisatie is de aanmelding afgebroken of geweigerd.",
                "At your organisation the sign-in was broken off or refused.",
            ),
        ),
        Failure.PROVIDER: (
            say("Aanmelden kan nu niet", "Signing in is not possible now"),
            say(
                "De aanmelddienst van uw organisatie is voor de broker niet bereikbaar of niet goed ingesteld. Probeer het later opnieuw.",
                "The broker cannot reach your organisation's sign-in service, or it is not set up well. Try again later.",
            ),
        ),
        Failure.LOG: (
            say("Aanmelden kan nu niet", "Signing in is not possible now"),
            say(
                "Een aanmelding moet eerst in het logboek staan, en dat kan nu niet geschreven worden. Probeer het later opnieuw.",
                "Signing in must be in the log first, and the log cannot be written now. Try again later.",
            ),
        ),
        Failure.SECOND_FACTOR: (
            _NOT_SIGNED_IN,
            say("Meld u bij uw organisatie aan met twee factoren.", "Sign in at your organisation with two factors."),
        ),
        Failure.UNKNOWN_PERSON: (
            say("U hebt hier geen toegang", "You have no access here"),
            say("Vraag het aan uw functionaris gegevensbescherming of uw beheerder.", "Ask your privacy officer or your operator."),
        ),
    }
)


def sign_in_with(provider: Label) -> Label:
    """The button of a provider."""
    return say("Aanmelden bij {provider}", "Sign in at {provider}", provider=provider)


def duty_at(kind: Kind, party: str, opens: Label) -> Label:
    """Somebody's duty at a party, and what it opens."""
    return say("Als {kind} van {party} {opens}", "As {kind} of {party} {opens}", kind=KINDS[kind], party=party, opens=opens)


def until(moment: str, minutes: int) -> Label:
    """When a session ends."""
    return say(
        "{moment}, of na {minutes} minuten zonder gebruik",
        "{moment}, or after {minutes} minutes without use",
        moment=moment,
        minutes=minutes,
    )


def go_on(path: str) -> Label:
    """The link to where somebody was going."""
    return say("Verder naar {path}", "Go on to {path}", path=path)
