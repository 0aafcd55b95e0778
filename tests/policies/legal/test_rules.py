"""Every rule of the lint, fired by the wrong example of its page: line, column, severity, sentence, law and hint, in both languages.

The examples stand in docs/findings; there each right example, and the small covenant itself, is held to have no finding at all.
"""

# ruff: noqa: E501 - a finding stands on one line, as it is printed

from __future__ import annotations

import re

import pytest

from policies.legal import RULES
from tests.policies.legal.fragments import examples, told_of

#: what is said in Dutch and in English, in the order of the rules
TOLD = [
    (
        "54:28: warning[law-not-recognised]: grondslag task staat in `AVG`: verwacht een BWB-nummer of een CELEX-nummer; zoals BWBR0022463 of 32016R0679",
        "54:28: warning[law-not-recognised]: legal basis task stands in `AVG`: expected a BWB id or a CELEX number; such as BWBR0022463 or 32016R0679",
    ),
    (
        "57:3: warning[basis-without-article]: grondslag contract noemt een wet en geen artikel",
        "57:3: warning[basis-without-article]: legal basis contract names a law and no article",
    ),
    (
        "55:56: error[law-of-another-kind]: grondslag task_health heet gdpr9, maar 32016R0679 artikel 6(1)(e) is dat niet",
        "55:56: error[law-of-another-kind]: legal basis task_health is called gdpr9, but 32016R0679 article 6(1)(e) is not",
    ),
    (
        "56:100: error[basis-not-yet-in-force]: grondslag interest geldt vanaf 2026-07-01; het convenant begint op 2026-01-01",
        "56:100: error[basis-not-yet-in-force]: legal basis interest is in force from 2026-07-01; the covenant begins on 2026-01-01",
    ),
    (
        "57:3: warning[basis-without-date]: van grondslag contract staat er niet bij sinds wanneer zij geldt; vul `valid_from` in",
        "57:3: warning[basis-without-date]: legal basis contract does not say since when it is in force; fill in `valid_from`",
    ),
    (
        "56:3: error[balancing-missing]: grondslag interest is een gerechtvaardigd belang zonder belangenafweging (AVG art. 6(1)(f)); noem de afweging in `balancing`",
        "56:3: error[balancing-missing]: legal basis interest is a legitimate interest without a balancing test (AVG art. 6(1)(f)); name the test in `balancing`",
    ),
    (
        "70:33: warning[interest-of-public-body]: municipality is een overheid en steunt voor haar taak op een gerechtvaardigd belang (interest) (AVG art. 6(1))",
        "70:33: warning[interest-of-public-body]: municipality is a public body and rests its task on a legitimate interest (interest) (AVG art. 6(1))",
    ),
    (
        "54:3: warning[task-without-law]: grondslag task is een taak of een plicht; welke wet haar geeft, staat er niet bij (AVG art. 6(1)); noem de wet in `rests_on`",
        "54:3: warning[task-without-law]: legal basis task is a task or a duty; which law lays it down is not said (AVG art. 6(1)); name the law in `rests_on`",
    ),
    (
        "126:57: warning[basis-outside-purpose]: artikel 1: municipality ontvangt op vital, maar steunt voor doel `nuisance` op task (AVG art. 5(1)(b))",
        "126:57: warning[basis-outside-purpose]: article 1: municipality receives on vital, but rests purpose `nuisance` on task (AVG art. 5(1)(b))",
    ),
    (
        "71:54: error[wgs-of-corporation]: corporation is een woningcorporatie en steunt op de Wgs (partnership); corporaties zijn daarin geen deelnemer (Wgs art. 2.27)",
        "71:54: error[wgs-of-corporation]: corporation is a housing corporation and rests on the Wgs (partnership); corporations are no participants in it (Wgs art. 2.27)",
    ),
    (
        "163:14: error[consent-never-asked]: municipality steunt op toestemming (consent), maar het artikel vraagt er niet om (AVG art. 6(1)(a), 9(2)(a)); voeg `conditions: {consent: …}` toe",
        "163:14: error[consent-never-asked]: municipality rests on consent (consent), but the article does not ask for it (AVG art. 6(1)(a), 9(2)(a)); add `conditions: {consent: …}`",
    ),
    (
        "150:32: warning[consent-of-public-body]: municipality is een overheid en steunt op toestemming zonder hulpvraag, of waarvan weigeren gevolgen heeft (AVG overw. 43); `help_request: true` en `refusal_has_no_effect: true`",
        "150:32: warning[consent-of-public-body]: municipality is a public body and rests on consent without a request for help, or whose refusal has an effect (AVG overw. 43); `help_request: true` and `refusal_has_no_effect: true`",
    ),
    (
        "150:47: warning[consent-not-explicit]: artikel 3 steunt op uitdrukkelijke toestemming, maar vraagt om `unambiguous` (AVG art. 9(2)(a))",
        "150:47: warning[consent-not-explicit]: article 3 rests on explicit consent, but asks for `unambiguous` (AVG art. 9(2)(a))",
    ),
    (
        "151:32: warning[consent-of-a-child]: artikel 3 gaat over `minor` en vraagt alleen die zelf om toestemming; `by: representative` of `subject_or_representative`",
        "151:32: warning[consent-of-a-child]: article 3 is about `minor` and asks only that person for consent; `by: representative` or `subject_or_representative`",
    ),
    (
        "149:20: warning[secrecy-without-consent]: artikel 3 geeft wat onder het beroepsgeheim valt zonder toestemming te vragen; conflict moet dat dragen (BW 7:457, Wgs art. 2.29)",
        "149:20: warning[secrecy-without-consent]: article 3 gives what is under professional secrecy without asking for consent; conflict has to carry that (BW 7:457, Wgs art. 2.29)",
    ),
    (
        "128:5: error[wpg-decision-missing]: artikel 2 geeft op Wpg 20 zonder de elementen van een besluit (`wpg20`) (Wpg art. 20(2))",
        "128:5: error[wpg-decision-missing]: article 2 gives on Wpg 20 without the elements of a decision (`wpg20`) (Wpg art. 20(2))",
    ),
    (
        "139:210: error[wpg-decision-late]: artikel 2: het besluit is van 2026-02-01; het convenant begint op 2026-01-01 (Wpg art. 20)",
        "139:210: error[wpg-decision-late]: article 2: the decision is of 2026-02-01; the covenant begins on 2026-01-01 (Wpg art. 20)",
    ),
    (
        "61:3: error[wpg-only-gives]: grondslag police_gives is Wpg 20 en mag alleen geven; dat staat er niet bij (Wpg art. 20); voeg `gives_only: true` toe",
        "61:3: error[wpg-only-gives]: legal basis police_gives is Wpg 20 and can only give; that is not said (Wpg art. 20); add `gives_only: true`",
    ),
    (
        "136:20: warning[wpg-no-provision]: artikel 2: Wpg 8 is een grond om te verwerken, niet om te verstrekken (Wpg art. 16-20); noem Wpg 16, 18, 19 of 20",
        "136:20: warning[wpg-no-provision]: article 2: Wpg 8 is a ground to process, not to provide (Wpg art. 16-20); name Wpg 16, 18, 19 or 20",
    ),
    (
        "137:20: warning[wpg-incidental]: artikel 2 geeft keer op keer op een grond voor incidentele gevallen (Wpg art. 19, 20); structureel verstrekken gaat op Wpg 20",
        "137:20: warning[wpg-incidental]: article 2 gives time and again on a ground for incidental cases (Wpg art. 19, 20); structural provision rests on Wpg 20",
    ),
    (
        "137:20: warning[wpg-purpose-unnamed]: artikel 2: Wpg 20(1) zegt niet voor welk van de vier doelen (Wpg art. 20(1)); 20(1)(a), (b), (c) of (d)",
        "137:20: warning[wpg-purpose-unnamed]: article 2: Wpg 20(1) does not say for which of the four purposes (Wpg art. 20(1)); 20(1)(a), (b), (c) or (d)",
    ),
    (
        "139:168: warning[wpg-authority]: artikel 2 geeft op Wpg 20(1)(b), maar de burgemeester stemde niet in (Wpg art. 20(1))",
        "139:168: warning[wpg-authority]: article 2 gives on Wpg 20(1)(b), but the mayor did not agree (Wpg art. 20(1))",
    ),
    (
        "136:13: warning[wpg-stricter]: artikel 2 geeft gegevens van Wpg 9 of 10 (police_9) zonder instemming per keer, vier ogen en advies (Wpg art. 9, 10)",
        "136:13: warning[wpg-stricter]: article 2 gives data of Wpg 9 or 10 (police_9) without agreement each time, four eyes and advice (Wpg art. 9, 10)",
    ),
    (
        "140:13: warning[police-passed-on]: artikel 2 laat politiegegevens doorgeven; de voorwaarden van het besluit zeggen daar niets over (Wpg art. 7(2), 20(2))",
        "140:13: warning[police-passed-on]: article 2 lets police data be passed on; the conditions of the decision say nothing of it (Wpg art. 7(2), 20(2))",
    ),
    (
        "108:7: warning[police-without-class]: `incidents.contact` is van de politie en heeft geen politieklasse (Wpg); police_8, police_9 of police_10",
        "108:7: warning[police-without-class]: `incidents.contact` is held by the police and has no police class (Wpg); police_8, police_9 or police_10",
    ),
    (
        "179:7: error[not-for-a-landlord]: artikel 5 geeft `support.known` (special) aan woningcorporatie corporation; ook ja of nee is een verstrekking (AVG art. 9, 10)",
        "179:7: error[not-for-a-landlord]: article 5 gives `support.known` (special) to housing corporation corporation; yes or no is a disclosure too (AVG art. 9, 10)",
    ),
    (
        "179:9: warning[no-care-task]: artikel 5 geeft `support.known` zonder toestemming aan police, die geen taak in de zorg heeft (AVG art. 9)",
        "179:9: warning[no-care-task]: article 5 gives `support.known` without consent to police, which has no task in care (AVG art. 9)",
    ),
    (
        "180:14: warning[bsn-to-a-landlord]: artikel 5 geeft een BSN aan woningcorporatie corporation (UAVG art. 46)",
        "180:14: warning[bsn-to-a-landlord]: article 5 gives a BSN to housing corporation corporation (UAVG art. 46)",
    ),
    (
        "65:32: warning[bsn-without-law]: grondslag number_law voor het BSN is geen Nederlandse wet: `32016R0679` (UAVG art. 46); een BSN mag alleen waar een wet erin voorziet",
        "65:32: warning[bsn-without-law]: legal basis number_law for the BSN is no Dutch law: `32016R0679` (UAVG art. 46); a BSN only where a law provides for it",
    ),
    (
        "116:7: warning[care-without-secrecy]: `help.since` is een gezondheidsgegeven bij care en heeft niet de klasse secrecy (BW 7:457)",
        "116:7: warning[care-without-secrecy]: `help.since` is health data at care and does not have the class secrecy (BW 7:457)",
    ),
    (
        "92:33: error[code-list-mixes-classes]: codelijst van `complaints.kind` mengt klassen: AMB is special, het veld is ordinary (AVG art. 9, 10); splits het veld, zodat geen besluit van een waarde afhangt",
        "92:33: error[code-list-mixes-classes]: the code list of `complaints.kind` mixes classes: AMB is special, the field is ordinary (AVG art. 9, 10); split the field, so that no decision needs a value",
    ),
    (
        "93:36: warning[code-in-two-classes]: code VER van vera:SIGNALERINGDETAILSOORT staat in `complaints.offence` (criminal) en in `complaints.kind` (ordinary) (AVG art. 9, 10)",
        "93:36: warning[code-in-two-classes]: code VER of vera:SIGNALERINGDETAILSOORT stands in `complaints.offence` (criminal) and in `complaints.kind` (ordinary) (AVG art. 9, 10)",
    ),
    (
        "149:7: warning[identifies-too-much]: artikel 3 geeft `help.contact` (secrecy, special) voordat is bevestigd om wie het gaat (AVG art. 5(1)(c))",
        "149:7: warning[identifies-too-much]: article 3 gives `help.contact` (secrecy, special) before it is confirmed whom it is about (AVG art. 5(1)(c))",
    ),
    (
        "125:12: warning[minor-implied]: artikel 1 gaat ook over `minor`, en de noodzaak noemt die niet (AVG art. 5(1)(c)); zeg waarom, of maak er een eigen artikel van",
        "125:12: warning[minor-implied]: article 1 is also about `minor`, and its necessity does not name them (AVG art. 5(1)(c)); say why, or make it an article of its own",
    ),
    (
        "143:9: warning[accumulation]: municipality.director verzamelt politie- én zorggegevens (artikel 2 en 3) (AVG art. 5(1)(b), (c)); verdeel het over functies, of begrens deze functie met een `never`",
        "143:9: warning[accumulation]: municipality.director collects police and care data (articles 2 and 3) (AVG art. 5(1)(b), (c)); spread it over roles, or bound this role by a `never` statement",
    ),
    (
        "129:17: warning[reporter-identified]: artikel 1 zegt wie `reporter` is, voordat iemand heeft bevestigd om wie het gaat (AVG art. 5(1)(c))",
        "129:17: warning[reporter-identified]: article 1 tells who `reporter` is before anybody has confirmed whom it is about (AVG art. 5(1)(c))",
    ),
    (
        "173:27: warning[wider-than-needed]: artikel 5 geeft `complaints.last_on` als full aan municipality.director, waar artikel 1 met month volstaat (AVG art. 5(1)(c))",
        "173:27: warning[wider-than-needed]: article 5 gives `complaints.last_on` as full to municipality.director, where article 1 does with month (AVG art. 5(1)(c))",
    ),
    (
        "173:7: warning[given-twice]: artikel 5 geeft `complaints.kind` nog eens aan municipality.director; artikel 1 doet dat al in dezelfde situatie (AVG art. 5(1)(c))",
        "173:7: warning[given-twice]: article 5 gives `complaints.kind` to municipality.director once more; article 1 does so in the same situation (AVG art. 5(1)(c))",
    ),
    (
        "126:25: warning[full-without-reason]: artikel 1 geeft `complaints.count` volledig en zegt niet waarom een kleinere vorm niet volstaat (AVG art. 5(1)(c)); necessity.smaller_form, of een kleinere vorm",
        "126:25: warning[full-without-reason]: article 1 gives `complaints.count` in full and does not say why a smaller form would not do (AVG art. 5(1)(c)); necessity.smaller_form, or a smaller form",
    ),
    (
        "127:64: warning[necessity-empty]: artikel 1: `without` zegt niets: `n.v.t.` (AVG art. 5(1)(c))",
        "127:64: warning[necessity-empty]: article 1: `without` says nothing: `n.v.t.` (AVG art. 5(1)(c))",
    ),
    (
        "162:5: warning[necessity-copied]: artikel 4 heeft woord voor woord de noodzaak van artikel 3 (AVG art. 5(1)(c))",
        "162:5: warning[necessity-copied]: article 4 has word for word the necessity of article 3 (AVG art. 5(1)(c))",
    ),
    (
        "160:33: warning[free-text]: artikel 4 geeft vrije tekst (`coordination.lead`) en niemand leest haar eerst (AVG art. 5(1)(c)); `agreement_of_source` of `four_eyes`, of een codelijst",
        "160:33: warning[free-text]: article 4 gives free text (`coordination.lead`) and nobody reads it first (AVG art. 5(1)(c)); `agreement_of_source` or `four_eyes`, or a code list",
    ),
    (
        "136:31: warning[band-of-zero]: artikel 2: band `0` van `incidents.count` zegt of er iets is (AVG art. 5(1)(c)); laat de laagste band meer dan nul omvatten, zoals 0-2",
        "136:31: warning[band-of-zero]: article 2: band `0` of `incidents.count` tells whether there is anything (AVG art. 5(1)(c)); let the lowest band hold more than zero, such as 0-2",
    ),
    (
        "81:7: error[nobody-can-leave]: vanuit fase `plan` van street kan geen casus ooit worden gesloten; noem in `next` een weg naar een gesloten fase",
        "81:7: error[nobody-can-leave]: from phase `plan` of street no case can ever be closed; name a way to a closed phase in `next`",
    ),
    (
        "83:7: warning[phase-unreachable]: geen casus van street komt ooit in fase `escalated`",
        "83:7: warning[phase-unreachable]: no case of street ever comes into phase `escalated`",
    ),
    (
        "81:7: warning[owner-missing]: fase `plan` van street is van niemand",
        "81:7: warning[owner-missing]: phase `plan` of street has no owner",
    ),
    (
        "81:7: warning[limit-missing]: fase `plan` van street mag eeuwig duren: er is geen termijn, of niets gebeurt als die voorbij is; `within` en `overdue`",
        "81:7: warning[limit-missing]: phase `plan` of street may last for ever: there is no limit, or nothing happens when it has passed; `within` and `overdue`",
    ),
    (
        "81:21: warning[owner-is-blind]: municipality.social_team leidt fase `plan` van street, en geen artikel geeft die functie dan iets",
        "81:21: warning[owner-is-blind]: municipality.social_team owns phase `plan` of street, and no article gives that role anything then",
    ),
    (
        "89:63: warning[agreement-of-outsider]: fase `plan` van block wacht op police, die in zulke casussen niets geeft of krijgt",
        "89:63: warning[agreement-of-outsider]: phase `plan` of block waits for police, which gives and receives nothing in such cases",
    ),
    (
        "81:51: warning[agreement-may-block]: fase `plan` van street wacht op instemming, ook als 's nachts niemand antwoordt; `or_after` zegt hoe lang",
        "81:51: warning[agreement-may-block]: phase `plan` of street waits for agreement, even when nobody answers at night; `or_after` says how long",
    ),
    (
        "82:7: warning[purge-missing]: een gesloten casus van street wordt niet vernietigd bij: resolved (AVG art. 5(1)(e)); `reasons` en `purge_after: {default: …}`",
        "82:7: warning[purge-missing]: a closed case of street is not destroyed for: resolved (AVG art. 5(1)(e)); `reasons` and `purge_after: {default: …}`",
    ),
    (
        "77:23: warning[metadata-leak]: police ziet fase `plan` van street en weet daardoor dat care meedoet, wat haar niet wordt getoond (AVG art. 5(1)(c)); laat de fase als open_or_closed zien, of noem de partij bij `participants`",
        "77:23: warning[metadata-leak]: police sees phase `plan` of street and so knows that care takes part, which it is not shown (AVG art. 5(1)(c)); show the phase as open_or_closed, or name the party in `participants`",
    ),
    (
        "77:23: warning[phase-by-elimination]: police ziet elke open fase van street behalve `plan`: wie alleen `open` ziet, weet welke dat is (AVG art. 5(1)(c))",
        "77:23: warning[phase-by-elimination]: police sees every open phase of street but `plan`: whoever sees only `open` knows which it is (AVG art. 5(1)(c))",
    ),
    (
        "80:81: warning[reminder-leak]: corporation.manager leidt fase `triage` of wordt eraan herinnerd, maar corporation wordt die fase niet getoond (AVG art. 5(1)(c))",
        "80:81: warning[reminder-leak]: corporation.manager owns phase `triage` or is reminded of it, but corporation is not shown that phase (AVG art. 5(1)(c))",
    ),
    (
        "180:88: warning[signal-leak]: corporation meldt `nuisance` aan police en weet dus wie meedoet, wat haar in street niet wordt getoond (AVG art. 5(1)(c))",
        "180:88: warning[signal-leak]: corporation reports `nuisance` to police and so knows who takes part, which it is not shown in street (AVG art. 5(1)(c))",
    ),
    (
        "173:70: error[no-vital-interest]: nood: police noemt geen vitaal belang, AVG 9(2)(c) (AVG art. 6(1)(d), 9(2)(c))",
        "173:70: error[no-vital-interest]: emergency: police names no vital interest, GDPR 9(2)(c) (AVG art. 6(1)(d), 9(2)(c))",
    ),
    (
        "176:5: warning[emergency-not-told]: nood: wie het hoort te horen, hoort het niet: privacy_officer (AVG art. 5(2))",
        "176:5: warning[emergency-not-told]: emergency: who should be told is not told: privacy_officer (AVG art. 5(2))",
    ),
    (
        "175:12: warning[emergency-too-long]: nood duurt 14 dagen; langer dan 3 dagen is geen nood meer (AVG art. 5(1)(e))",
        "175:12: warning[emergency-too-long]: an emergency lasts 14 days; longer than 3 days it is no emergency (AVG art. 5(1)(e))",
    ),
    (
        "177:20: warning[emergency-reviewed-late]: nood wordt pas na 30 dagen beoordeeld; verwacht uiterlijk 7 dagen (AVG art. 5(2))",
        "177:20: warning[emergency-reviewed-late]: an emergency is reviewed only after 30 days; expected 7 days at the latest (AVG art. 5(2))",
    ),
    (
        "174:15: warning[emergency-too-easy]: nood vraagt niet om: call_back, cannot_consent (AVG art. 6(1)(d))",
        "174:15: warning[emergency-too-easy]: an emergency does not ask for: call_back, cannot_consent (AVG art. 6(1)(d))",
    ),
    (
        "171:10: warning[emergency-not-on-duty]: nood staat open voor een functie zonder dienst: police.duty_officer (AVG art. 32); `duty: true` bij de functie, of een andere functie",
        "171:10: warning[emergency-not-on-duty]: an emergency is open to a role that is not on duty: police.duty_officer (AVG art. 32); `duty: true` at the role, or another role",
    ),
    (
        "1:1: warning[dpia-missing]: `dpia` ontbreekt: welke effectbeoordeling ging vooraf (AVG art. 35)",
        "1:1: warning[dpia-missing]: `dpia` is missing: which impact assessment came before (AVG art. 35)",
    ),
    (
        "1:1: warning[operator-missing]: `operator` ontbreekt: wie de makelaar draait, en op welk contract (AVG art. 28)",
        "1:1: warning[operator-missing]: `operator` is missing: who runs the broker, on which contract (AVG art. 28)",
    ),
    (
        "1:1: warning[inform-missing]: `inform` ontbreekt: wie het de bewoner vertelt, en wanneer (AVG art. 13, 14)",
        "1:1: warning[inform-missing]: `inform` is missing: who tells the resident, and when (AVG art. 13, 14)",
    ),
    (
        "1:1: warning[withdrawal-missing]: `withdrawal` ontbreekt: hoe een partij vertrekt (AVG art. 26)",
        "1:1: warning[withdrawal-missing]: `withdrawal` is missing: how a party leaves (AVG art. 26)",
    ),
    (
        "1:1: warning[log-missing]: `log` ontbreekt: wie verantwoordelijk is voor het logboek (AVG art. 5(2))",
        "1:1: warning[log-missing]: `log` is missing: who is responsible for the log (AVG art. 5(2))",
    ),
    (
        "1:1: warning[retention-missing]: `retention` ontbreekt: hoe lang bewaard mag worden (AVG art. 5(1)(e))",
        "1:1: warning[retention-missing]: `retention` is missing: how long may be kept (AVG art. 5(1)(e))",
    ),
    (
        "1:1: warning[rights-missing]: `rights` ontbreekt: waar de bewoner terecht kan (AVG art. 26(1))",
        "1:1: warning[rights-missing]: `rights` is missing: where the resident can go (AVG art. 26(1))",
    ),
    (
        "1:1: warning[breach-missing]: `breach` ontbreekt: wie een datalek meldt, en hoe snel (AVG art. 33)",
        "1:1: warning[breach-missing]: `breach` is missing: who reports a breach, how soon (AVG art. 33)",
    ),
    (
        "1:1: warning[evaluation-missing]: `evaluation` ontbreekt: wie het convenant evalueert (AVG art. 5(2))",
        "1:1: warning[evaluation-missing]: `evaluation` is missing: who evaluates the covenant (AVG art. 5(2))",
    ),
    (
        "8:58: warning[processor-contract]: het contract met de verwerker noemt AVG 28, Wpg niet: `mondeling` (AVG art. 28)",
        "8:58: warning[processor-contract]: the contract with the processor does not name AVG 28, Wpg: `mondeling` (AVG art. 28)",
    ),
    (
        "9:50: warning[inform-late]: de bewoner hoort het pas na 3 maanden; verwacht binnen een maand (AVG art. 14)",
        "9:50: warning[inform-late]: the resident is told only after 3 months; expected within a month (AVG art. 14)",
    ),
    (
        "9:14: warning[inform-unable]: care moet de bewoner informeren vanaf `plan`, maar ziet in street die fase niet (AVG art. 14)",
        "9:14: warning[inform-unable]: care is to inform the resident from `plan`, but does not see that phase in street (AVG art. 14)",
    ),
    (
        "185:1: warning[rights-without-party]: `rights` zegt niet welke partij het loket heeft (AVG art. 26(1))",
        "185:1: warning[rights-without-party]: `rights` does not say which party has the counter (AVG art. 26(1))",
    ),
    (
        "186:49: warning[breach-late]: een datalek wordt pas na 5 dagen gemeld; de wet zegt binnen 72 uur (AVG art. 33, Wpg art. 33a)",
        "186:49: warning[breach-late]: a breach is reported only after 5 days; the law says within 72 hours (AVG art. 33, Wpg art. 33a)",
    ),
    (
        "42:3: warning[signing-key-missing]: care heeft geen `signing_key` en kan dus niet ondertekenen; `broker covenant new-key` maakt er een",
        "42:3: warning[signing-key-missing]: care has no `signing_key` and so cannot sign; `broker covenant new-key` makes one",
    ),
    (
        "66:3: warning[activity-missing]: doel `nuisance` noemt zijn verwerking in het register niet (AVG art. 30); vul `activity` in",
        "66:3: warning[activity-missing]: purpose `nuisance` does not name its processing in the register (AVG art. 30); fill in `activity`",
    ),
    (
        "69:10: warning[dpv-unknown]: `openbare-orde` is geen begrip van de Data Privacy Vocabulary; zoals https://w3id.org/dpv/pd#Name",
        "69:10: warning[dpv-unknown]: `openbare-orde` is no concept of the Data Privacy Vocabulary; such as https://w3id.org/dpv/pd#Name",
    ),
    (
        "181:1: warning[small-cells]: aantallen vanaf 5 per stairwell kunnen iemand aanwijzen (Wpg art. 22); `minimum_cell: 10` en `complementary_suppression: true`",
        "181:1: warning[small-cells]: counts from 5 per stairwell can point at somebody (Wpg art. 22); `minimum_cell: 10` and `complementary_suppression: true`",
    ),
    (
        "184:12: error[kept-over-wgs-maximum]: 7 jaar bewaren is langer dan vijf jaar (Wgs art. 1.8(7))",
        "184:12: error[kept-over-wgs-maximum]: keeping for 7 years is longer than five years (Wgs art. 1.8(7))",
    ),
    (
        "183:12: warning[kept-long]: 7 jaar bewaren is langer dan vijf jaar (AVG art. 5(1)(e))",
        "183:12: warning[kept-long]: keeping for 7 years is longer than five years (AVG art. 5(1)(e))",
    ),
    (
        "184:15: warning[retention-of-category]: categorie help is niet gewoon en heeft geen eigen bewaartermijn (AVG art. 5(1)(e))",
        "184:15: warning[retention-of-category]: category help is not ordinary and has no retention of its own (AVG art. 5(1)(e))",
    ),
    (
        "11:47: warning[log-kept-short]: het logboek wordt 6 maanden bewaard, korter dan de gegevens waarvan het rekenschap geeft (AVG art. 5(2))",
        "11:47: warning[log-kept-short]: the log is kept for 6 months, shorter than the data that it accounts for (AVG art. 5(2))",
    ),
    (
        "7:30: warning[dpia-late]: de DPIA is van 2026-03-01, na het begin van het convenant op 2026-01-01 (AVG art. 35)",
        "7:30: warning[dpia-late]: the DPIA is of 2026-03-01, after the covenant began on 2026-01-01 (AVG art. 35)",
    ),
    (
        "7:30: warning[dpia-old]: de DPIA van 2021-11-01 is ouder dan drie jaar (AVG art. 35)",
        "7:30: warning[dpia-old]: the DPIA of 2021-11-01 is more than three years old (AVG art. 35)",
    ),
    (
        "6:57: warning[review-late]: het convenant wordt pas op 2029-01-01 herzien, meer dan twee jaar na het begin (AVG art. 5(2))",
        "6:57: warning[review-late]: the covenant is reviewed only on 2029-01-01, more than two years after it begins (AVG art. 5(2))",
    ),
    (
        "6:57: warning[review-due]: de herziening stond op 2026-05-01 (AVG art. 5(2))",
        "6:57: warning[review-due]: the review was due on 2026-05-01 (AVG art. 5(2))",
    ),
    (
        "143:11: warning[party-withdrawn]: care is op 2026-03-01 uitgetreden en staat nog in artikel 3",
        "143:11: warning[party-withdrawn]: care withdrew on 2026-03-01 and still stands in article 3",
    ),
    (
        "6:37: warning[ends-soon]: het convenant eindigt op 2026-07-31, over 60 dagen; begin aan de volgende versie",
        "6:37: warning[ends-soon]: the covenant ends on 2026-07-31, in 60 days; begin on the next version",
    ),
    (
        "6:37: warning[ended]: het convenant is op 2026-05-31 geëindigd",
        "6:37: warning[ended]: the covenant ended on 2026-05-31",
    ),
    (
        "65:3: warning[unused-legal-basis]: niemand steunt op grondslag spare",
        "65:3: warning[unused-legal-basis]: nobody rests on legal basis spare",
    ),
    (
        "71:3: warning[unused-purpose]: geen artikel dient doel `study` (AVG art. 5(1)(b))",
        "71:3: warning[unused-purpose]: no article serves purpose `study` (AVG art. 5(1)(b))",
    ),
    (
        "53:3: warning[unused-subject]: geen artikel en geen `never` gaat over `visitor`",
        "53:3: warning[unused-subject]: no article and no `never` statement is about `visitor`",
    ),
    (
        "83:3: warning[unused-case-type]: in casussen van other geeft geen artikel iets",
        "83:3: warning[unused-case-type]: no article gives anything in cases of other",
    ),
    (
        "93:7: warning[unused-field]: niemand ziet veld `complaints.at_night` (AVG art. 5(1)(c))",
        "93:7: warning[unused-field]: nobody sees field `complaints.at_night` (AVG art. 5(1)(c))",
    ),
    (
        "51:7: warning[unused-role]: functie care.director ziet niets en leidt niets",
        "51:7: warning[unused-role]: role care.director sees nothing and owns nothing",
    ),
    (
        "51:3: warning[unused-party]: youth geeft niets en krijgt niets",
        "51:3: warning[unused-party]: youth gives nothing and receives nothing",
    ),
    (
        "169:16: warning[never-untested]: geen scenario beproeft wat N2 belooft; schrijf er een met `never_sees`",
        "169:16: warning[never-untested]: no scenario tries what N2 promises; write one with `never_sees`",
    ),
]


def code_of(sentence: str) -> str:
    found = re.search(r"(?:error|warning)\[([a-z0-9-]+)\]", sentence)
    assert found is not None
    return found[1]


def test_every_rule_is_here_once_and_there_are_many() -> None:
    assert [code_of(dutch) for dutch, _ in TOLD] == list(RULES)
    assert len(RULES) > 30


@pytest.mark.parametrize(("dutch", "english"), TOLD, ids=[code_of(dutch) for dutch, _ in TOLD])
def test_a_rule_fires_at_the_words_at_fault_in_both_languages(dutch: str, english: str) -> None:
    code = code_of(dutch)
    wrong = next(example for example in examples("wrong") if code in example.codes)
    found = [finding for finding in told_of(wrong.text) if finding.code == code]
    assert (found[0].text("nl"), found[0].text("en")) == (f"covenant.yaml:{dutch}", f"covenant.yaml:{english}")
    assert found[0].law == RULES[code].law
    assert found[0].severity is RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_silent_on_the_right_example_of_its_page(code: str) -> None:
    right = [example for example in examples("right") if code in example.codes]
    assert right
    assert [str(finding) for example in right for finding in told_of(example.text)] == []


def test_both_languages_say_something_of_their_own() -> None:
    for rule in RULES.values():
        assert rule.title.nl != rule.title.en
    assert [dutch for dutch, english in TOLD if dutch == english] == []


def test_no_rule_ever_says_that_anything_is_lawful() -> None:
    for sentence in (words for told in TOLD for words in told):
        assert not re.search(r"\b(lawful|legally|rechtmatig|toegestaan|mag wel|permitted)", sentence), sentence
