"""One mistake in the small covenant, and everything that is said of it."""

# ruff: noqa: E501 - a message stands on one line, as it is printed

from __future__ import annotations

import pytest

from tests.policies.yaml_edits import mistakes_of

#: one edit of the small covenant, and all that is said of it
MISTAKES = [
    (
        'version: "1"\n',
        "",
        "1:1: error[missing-key]: the covenant lacks `version`: expected a version such as `2026.2`",
    ),
    (
        'version: "1"\n',
        "version: 1.0\n",
        "3:10: error[wrong-type]: expected a version such as `2026.2`, found `1.0`, which reads as a number; put it in quotes",
    ),
    (
        "covenant: 1\n",
        "covenant: 2\n",
        "1:11: error[wrong-value]: expected 1, found `2`",
    ),
    (
        "id: small",
        "id: Small One",
        "2:5: error[bad-name]: expected a name of lower-case letters, digits and hyphens, found `Small One`; a name matches [a-z][a-z0-9-]{0,47}",
    ),
    (
        "from: 2026-01-01",
        "from: 2026-02-30",
        "5:18: error[wrong-value]: expected a date such as 2026-01-31, found `2026-02-30`",
    ),
    (
        "review: 2027-06-01",
        "review: 2028-06-01",
        "5:11: error[impossible]: in_force: expected from <= review <= until, found 2026-01-01, 2028-06-01, 2027-12-31",
    ),
    (
        "kind: municipality",
        "kind: municipalty",
        "9:11: error[wrong-value]: expected one of municipality, housing_corporation, police, care, youth_protection, other, found `municipalty`; did you mean `municipality`?",
    ),
    (
        'oin: "00000001001234567000"',
        "oin: 00000001001234567000",
        "10:10: error[wrong-type]: expected an OIN of 20 digits, found `00000001001234567000`, which reads as a number; put it in quotes",
    ),
    (
        '    kvk: "00000001"\n',
        "",
        "24:3: error[no-registration]: party care has neither `oin` nor `kvk`: expected the number it is registered under",
    ),
    (
        "caretaker: {nl: beheerder, en: caretaker}",
        "caretaker: {nl: beheerder}",
        "23:18: error[missing-key]: a role lacks `en`: expected text",
    ),
    (
        "organ: mayor}",
        "organ: council}",
        "15:54: error[unknown-organ]: unknown organ `council` of city",
    ),
    (
        "kind: gdpr9",
        "kind: gdpr99",
        "37:20: error[wrong-value]: expected one of gdpr6, gdpr9, gdpr10, wpg, wgs, secrecy_exception, bsn, duty, found `gdpr99`; did you mean `gdpr9`?",
    ),
    (
        "legal_basis: {city: [task]",
        "legal_basis: {city: [tusk]",
        "43:26: error[unknown-legal-basis]: unknown legal basis `tusk`; did you mean `task`?",
    ),
    (
        "within: 14 days",
        "within: 14 dagen",
        "50:46: error[wrong-value]: expected a period such as `14 days` or `1 month`, found `14 dagen`",
    ),
    (
        "within: 14 days",
        "within: 1 month",
        "50:46: error[wrong-value]: expected minutes, hours, days or weeks, found `1 month`: a month has no fixed length",
    ),
    (
        "owner: city.director, next: [closed]",
        "owner: city.directer, next: [closed]",
        "51:21: error[unknown-role]: unknown role `city.directer`; did you mean `city.director`?",
    ),
    (
        "next: [plan, closed]",
        "next: [plam, closed]",
        "50:98: error[unknown-phase]: unknown phase `plam`; did you mean `plan`?",
    ),
    (
        ", shielded: true",
        "",
        "49:5: error[cannot-close]: case type street has no phase with `shielded: true`, so no case of it can be closed",
    ),
    (
        "unfounded: 30 days",
        "duplicate: 30 days",
        "52:96: error[unknown-reason]: `duplicate` is not among the reasons to close: expected default or one of resolved, unfounded",
    ),
    (
        "holder: care\n",
        "holder: cares\n",
        "64:13: error[unknown-party]: unknown party `cares`; did you mean `care`?",
    ),
    (
        "    classes: [ordinary]",
        "    classes: [ordinairy]",
        "56:15: error[wrong-value]: expected one of ordinary, special, criminal, bsn, police_8, police_9, police_10, secrecy, found `ordinairy`; did you mean `ordinary`?",
    ),
    (
        "    delivery: released_by_holder\n",
        "",
        "69:7: error[must-be-released]: `help.contact` (secrecy) is delivered live: expected released_by_holder (BW 7:457); a person at the holder releases police data and secrets for the case",
    ),
    (
        "last_on: {type: date",
        "last_on: {type: datum",
        "61:23: error[wrong-value]: expected one of string, text, integer, date, boolean, code, found `datum`; did you mean `date`?",
    ),
    (
        "codes: {from: vera:SOORT, only: [GEL, VER]}, ",
        "",
        "62:13: error[impossible]: a field: `codes` goes with `type: code`, and with nothing else",
    ),
    (
        "only: [GEL, VER]",
        "only: [GEL, NO]",
        "62:64: error[wrong-type]: expected a code, found `NO`, which reads as yes or no; put it in quotes",
    ),
    (
        "complaints.last_on: month",
        "complaints.last_in: month",
        "80:56: error[unknown-field]: unknown field `complaints.last_in`; did you mean `complaints.last_on`?",
    ),
    (
        "complaints.last_on: month",
        "complaints.last_on: maand",
        "80:76: error[wrong-form]: expected a form: full, month, year, initials, postcode4, present, or {bands: [...]}, found `maand`",
    ),
    (
        "complaints.last_on: month",
        "complaints.last_on: initials",
        "80:76: error[form-of-another-type]: `complaints.last_on` is a date and has no form initials: expected one of full, month, present, year",
    ),
    (
        '["0-2", "3+"]',
        '["0-2", "4+"]',
        "80:40: error[wrong-bands]: band `4+` does not follow `0-2`: bands ascend without gap or overlap",
    ),
    (
        '["0-2", "3+"]',
        '["0-2", "few"]',
        "80:40: error[wrong-bands]: expected a band such as `3-9`, `0` or `10+`, found `few`",
    ),
    (
        "phases: [plan]",
        "phases: [closed]",
        "89:13: error[shielded-phase]: article 2 gives in phase `closed`, which is shielded: a closed case gives nothing",
    ),
    (
        'article: "2"',
        'article: "1"',
        "83:14: error[duplicate-article]: article `1` stands here a second time",
    ),
    (
        "[city.director]\n    purpose: nuisance\n    case_types: [street]\n    phases: [plan]",
        "[]\n    purpose: nuisance\n    case_types: [street]\n    phases: [plan]",
        "86:9: error[empty]: expected a list, each item a role, found an empty list",
    ),
    (
        "receiver: {city: [task, explicit]}",
        "receiver: {landlord: [task, explicit]}",
        "92:57: error[not-a-receiver]: landlord receives nothing by article 2, so it needs no basis to receive",
    ),
    (
        "onward: no",
        "onward: maybe",
        "95:13: error[wrong-value]: expected one of no, with_agreement, found `maybe`",
    ),
    (
        "refusal_has_no_effect: true",
        "refusal_has_no_effect: yes",
        "93:64: error[wrong-value]: expected true or false, found `yes`",
    ),
    (
        "because: een verhuurder heeft daar geen taak",
        "because: null",
        "101:14: error[wrong-type]: expected text, found `null`, which reads as nothing; put it in quotes",
    ),
    (
        "    to: landlord\n    classes: [special, secrecy]\n",
        "",
        "97:5: error[impossible]: a never statement: expected at least one of to, from, classes, fields, about",
    ),
    (
        'never_sees: ["help.*"]',
        'never_sees: ["halp.*"]',
        "105:18: error[unknown-category]: unknown category `halp`; did you mean `help`?",
    ),
    (
        '    never_sees: ["help.*"]\n',
        "",
        "103:5: error[impossible]: a scenario: expected at least one of sees, never_sees, withheld",
    ),
    (
        "    about: [tenant, minor]\n",
        "    about: [minor]\n",
        "91:14: error[about-nobody]: article 2 is about tenant, but `help.contact` is about minor",
    ),
    (
        "privacy_officer: fg@care.example",
        "privacy_officer: [fg@care.example]",
        "29:22: error[wrong-type]: expected text, found a list",
    ),
    (
        "subjects:\n  tenant: {nl: huurder, en: tenant}\n  minor: {nl: minderjarige, en: minor}\n",
        "subjects: {}\n",
        "32:11: error[empty]: expected a map from a name in lower case to a label, found an empty map",
    ),
    (
        "phase: open_or_closed",
        "phase: {triage: full}",
        "48:25: error[missing-key]: `phase` lacks `otherwise`: expected how every other phase is shown",
    ),
    (
        "about: [tenant]\n    fields: {help",
        "about: [tenant, tenant]\n    fields: {help",
        "90:21: error[repeated]: `tenant` stands here a second time",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_each_mistake_is_told_once_at_its_own_words(old: str, new: str, message: str) -> None:
    assert mistakes_of((old, new)) == [message]
