"""The register of processing activities: what AVG art. 30 asks for, worked out from the articles."""

from __future__ import annotations

import pytest

from broker.documents.markdown import markdown
from broker.documents.page_parts import plain
from broker.documents.register import register
from broker.documents.register_activities import activities
from policies.canonical import covenant_sha256
from policies.covenant import party_of
from policies.vocabulary import PartyId
from tests.broker.documents.papers import every_key, shipped
from tests.policies.builders import CARE, LANDLORD
from tests.policies.builders import covenant as small_covenant


def test_a_party_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of municipality, corporation, police, care, operator, found nobody"):
        register(shipped(), "nobody")


def test_a_party_without_a_part_has_no_activity() -> None:
    assert list(activities(small_covenant(), CARE)) == []
    assert [activity.purpose.id for activity in activities(small_covenant(), LANDLORD)] == ["nuisance"]


def test_every_article_stands_with_its_giver_and_with_each_receiver() -> None:
    covenant = shipped()
    for article in covenant.articles:
        for party in {article.from_, *map(party_of, article.to)}:
            found = [activity for activity in activities(covenant, party) if article in activity.articles]
            assert [activity.purpose.id for activity in found] == [article.purpose]


def test_no_activity_has_more_than_its_articles_permit() -> None:
    covenant = shipped()
    for party in covenant.parties:
        for activity in activities(covenant, party):
            assert all(article.from_ == party for article in activity.gives)
            assert {party_of(role) for role in activity.own_roles} <= {party}


@pytest.mark.parametrize("letter", ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "(g)"])
def test_every_letter_of_the_first_paragraph_is_there_for_every_party(letter: str) -> None:
    for party in shipped().parties:
        assert letter in markdown(register(shipped(), party), "nl")


def test_one_party_has_its_own_register_and_no_other() -> None:
    text = markdown(register(shipped(), "care"), "nl")
    assert "## Stichting Steun Dichtbij" in text
    assert "## Gemeente Waterstad" not in text
    assert covenant_sha256(shipped()) in text


def test_what_is_received_has_its_term_and_its_classes() -> None:
    text = markdown(register(shipped(), "municipality"), "nl")
    assert "1 jaar na sluiting: Incidenten (dagelijkse politietaak)" in text
    assert "Incidenten (dagelijkse politietaak): politiegegeven (Wpg art. 8)" in text


def test_a_register_to_publish_names_a_confidential_purpose_and_tells_nothing_of_it() -> None:
    whole, published = (markdown(register(shipped(), "police", to_publish=flag), "nl") for flag in (False, True))
    assert "Bestuurlijke rapportage" in whole
    assert "Bestuurlijke rapportage" not in published
    assert "### Veiligheid van bewoners en voorkomen van escalatie" in published
    assert "Deze verwerking is vertrouwelijk" in published


def test_the_police_have_their_decisions_to_provide() -> None:
    text = markdown(register(shipped(), "police"), "nl")
    for article in shipped().articles:
        if article.wpg20 is not None:
            assert f"| {article.id} | {article.wpg20.decision.ref} |" in text
    assert "Wpg art. 20" not in markdown(register(shipped(), "care"), "nl")


def test_what_leaves_for_another_covenant_stands_with_whoever_gives_it() -> None:
    assert "Overdracht: Naar het Veiligheidshuis" in markdown(register(every_key(), "police"), "nl")
    assert "Overdracht: " not in markdown(register(every_key(), "town"), "nl")


def test_each_party_has_its_own_processing_activity() -> None:
    assert "https://politie.example/calm" in markdown(register(every_key(), "police"), "nl")
    assert "https://register.example/calm" in markdown(register(every_key(), "town"), "nl")


def test_the_processor_has_the_second_paragraph_and_what_the_covenant_does_not_know_is_asked_for() -> None:
    text = markdown(register(shipped(), "operator"), "nl")
    assert "De uitvoerder (AVG art. 30, lid 2)" in text
    assert "vul in: naam en contactgegevens van de uitvoerder" in text
    assert "Het convenant noemt geen uitvoerder" in markdown(register(small_covenant(), "operator"), "nl")


def test_the_whole_register_has_every_party_and_the_operator() -> None:
    headings = [plain(section.heading, "en") for section in register(every_key()).sections]
    assert headings == [*(party.name for party in every_key().parties.values()), "The operator (GDPR art. 30(2))"]
    assert PartyId("town") in every_key().parties
