"""What is said of how sharing runs: the ladder, what is shown, emergencies, duties, dates, and what nothing uses."""

# ruff: noqa: E501 - a finding stands on one line, as it is printed

from __future__ import annotations

#: what is said in Dutch and in English, in the order of the rules
TOLD = [
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
