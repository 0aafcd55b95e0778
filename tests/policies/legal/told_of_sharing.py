"""What is said of sharing itself: grounds, consent, police data, protected data, people, and no more than needed."""

# ruff: noqa: E501 - a finding stands on one line, as it is printed

from __future__ import annotations

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
]
