"""What each code means to whoever runs the broker, and what to do first; the page docs/how-to/watch-the-log.md says more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from broker.health import Code
from policies.wording import Label, say

WORDS: Mapping[Code, Label] = MappingProxyType(
    {
        Code.TAMPERED: say(
            "volgens de laatste verificatie is het logboek veranderd: stop alles, verander niets; `broker audit verify` wijst de plek aan",
            "by its last verification the log was changed: stop everything, change nothing; `broker audit verify` names the place",
        ),
        Code.VERDICT_UNREADABLE: say(
            "wat de laatste verificatie uitwees, is niet te lezen en kan `tampered` zijn: kijk naar de rechten van `verified.json`, "
            "en doe `broker audit verify`",
            "what the last verification found cannot be read, and may be `tampered`: look at the rights of `verified.json`, "
            "and run `broker audit verify`",
        ),
        Code.SIGNER_REFUSED: say(
            "de ondertekenaar weigert: het logboek is niet het vervolg op wat is getekend; `broker audit sign` zegt waarom",
            "the signer refuses: the log is not the continuation of what was signed; `broker audit sign` says why",
        ),
        Code.APPEND_IMPOSSIBLE: say(
            "in het logboek kan nu niets worden bijgeschreven: kijk naar ruimte, rechten en de databaseserver; er wordt niets verstrekt",
            "nothing can be appended to the log now: look at space, rights and the database server; nothing is released",
        ),
        Code.CLOCK_APART: say(
            "de klok van deze machine loopt meer dan vijf minuten uit de pas met die van het logboek: zet de tijdsynchronisatie recht",
            "this machine's clock is more than five minutes from the log's: mend the synchronisation of time",
        ),
        Code.CHECKPOINT_LATE: say(
            "er staan al meer dan tien minuten regels zonder handtekening: draait `broker worker`, en kan hij bij zijn sleutel en anker?",
            "entries wait for a signature for more than ten minutes: is `broker worker` up, and can it reach its key and anchor?",
        ),
        Code.QUORUM_LATE: say(
            "te weinig getuigen bevestigen het logboek te lang niet, en hun woord is verplicht: zijn ze bereikbaar, en weigert er een?",
            "too few witnesses have vouched for the log for too long, and it is required: can they be reached, does one of them refuse?",
        ),
        Code.WITNESSES_LATE: say(
            "te weinig getuigen bevestigen het logboek te lang niet; uitwisselen gaat door, want hun woord is niet verplicht gesteld",
            "too few witnesses have vouched for the log for too long; exchange goes on, since their word is not required",
        ),
        Code.VERIFY_LATE: say(
            "het logboek is langer dan 26 uur niet geverifieerd: `broker audit verify`",
            "the log has not been verified for more than 26 hours: `broker audit verify`",
        ),
        Code.SETTLING_LATE: say(
            "wat een storing openliet, is na tien minuten nog niet afgemaakt: draait `broker worker`?",
            "what a crash left open is not settled after ten minutes: is `broker worker` up?",
        ),
        Code.UNGUARDED: say(
            "de database van het logboek verbiedt niet meer elke verandering, want triggers zijn weg of staan uit: "
            "`broker audit verify` noemt ze",
            "the log's database no longer forbids every change, for triggers are gone or switched off: `broker audit verify` names them",
        ),
        Code.RATES_OF_NOBODY: say(
            "BROKER_CLIENT_RATES noemt een systeem dat niet is ingeschreven; die grens geldt voor niemand: zie `broker party list`",
            "BROKER_CLIENT_RATES names a system that is not registered; that rate holds for nobody: see `broker party list`",
        ),
    }
)
GREEN = say("het logboek kan zijn belofte houden", "the log can keep its promise")
RED_WORD = say("rood", "red")
AMBER_WORD = say("oranje", "amber")
