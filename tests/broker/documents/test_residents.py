"""The page for residents: plain words, nothing that is not so, and nothing that should not be told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from broker.documents.markdown import markdown
from broker.documents.page_parts import Document, Paragraph, Section, plain
from broker.documents.residents import residents
from policies.canonical import covenant_sha256
from policies.compile import compile_covenant
from policies.covenant import Covenant
from policies.load import load_covenant
from policies.wording import LANGUAGES
from tests.broker.documents.papers import every_key, shipped
from tests.policies.builders import covenant as small_covenant

#: words that a resident should not need; a label of a covenant may use them, our own sentences may not
JARGON = (
    "grondslag",
    "verwerking",
    "verwerkingsverantwoordelijke",
    "betrokkene",
    "verstrekking",
    "verstrekken",
    "rechtmatig",
    "convenant",
    "casus",
    "AVG",
    "DPIA",
    "artikel",
    "bevoegd",
    "conform",
    "ingevolge",
    "derhalve",
    "alsmede",
    "teneinde",
    "dient te",
    "functionaris",
)
OUTSIDERS = sorted((Path(__file__).resolve().parents[2] / "covenants").glob("*.yaml"))


def paragraphs(document: Document) -> list[str]:
    """The paragraphs of the page in Dutch, without lists and tables."""

    def of(section: Section) -> list[str]:
        own = [plain(block.words, "nl") for block in section.blocks if isinstance(block, Paragraph)]
        return own + [text for inner in section.sections for text in of(inner)]

    lead = [plain(block.words, "nl") for block in document.lead if isinstance(block, Paragraph)]
    return lead + [text for section in document.sections for text in of(section)]


def sentences(document: Document) -> list[list[str]]:
    """Each sentence as its words; an address is one word, and an enumeration after a colon or between semicolons is no sentence."""
    parts = [part for text in paragraphs(document) for part in re.split(r"(?<=[.?!:;])\s+", text)]
    return [part.split() for part in parts if part.split()]


def test_sentences_are_short() -> None:
    """Language level B1: on average at most 10 words, and none beyond 20."""
    lengths = [len(words) for words in sentences(residents(shipped()))]
    assert max(lengths) <= 20
    assert sum(lengths) / len(lengths) <= 10


def test_words_are_short_on_average() -> None:
    """Beside short sentences the other half of the usual measures of reading (Flesch-Douma): short words."""
    words = [word for sentence in sentences(residents(shipped())) for word in sentence if "@" not in word]
    assert sum(map(len, words)) / len(words) <= 6


@pytest.mark.parametrize("covenant", [shipped, every_key, small_covenant])
def test_no_word_of_law_is_on_the_page_outside_the_covenants_own_labels(covenant: object) -> None:
    assert callable(covenant)
    text = " ".join(paragraphs(residents(covenant()))).lower()
    assert [word for word in JARGON if re.search(rf"\b{word.lower()}", text)] == []


@pytest.mark.parametrize("path", OUTSIDERS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_id_is_on_the_page(path: Path, language: str) -> None:
    covenant = load_covenant(path.read_bytes())
    text = before_the_seal(markdown(residents(covenant), language))
    assert not re.search(r"[a-z]\\_[a-z]|[a-z]_[a-z]|`", text)
    assert not any(re.search(rf"(?<![\w@.-]){re.escape(name)}\b", text) for name in (*covenant.fields, *covenant.legal_bases))


def before_the_seal(text: str) -> str:
    return text.rpartition("- **Conven")[0] or text.rpartition("- **Coven")[0]


def test_the_page_carries_the_hash_at_its_end() -> None:
    text = markdown(residents(shipped()), "nl")
    assert covenant_sha256(shipped()) in text
    assert covenant_sha256(shipped()) not in before_the_seal(text)


def test_what_serves_a_confidential_purpose_is_named_and_not_told() -> None:
    text = markdown(residents(shipped()), "nl")
    assert "Wat staat niet op deze pagina?" in text
    assert "Veiligheid van bewoners en voorkomen van escalatie" in text
    assert "kenmerk rapportage" not in text
    assert "Aan de adviseur openbare orde" not in text


def test_what_stands_on_the_page_is_what_the_compiled_covenant_gives() -> None:
    """Each role named with a field can receive it, and each that can is named: asked of the rules, not of the page's own code."""
    covenant = shipped()
    open_purposes = {name for name, purpose in covenant.purposes.items() if not purpose.confidential}
    rules = {(rule.field, rule.context.role) for rule in compile_covenant(covenant).rules if rule.context.purpose in open_purposes}
    page = residents(covenant)
    told = [
        (plain(inner.heading, "nl"), plain(name, "nl"), plain(words, "nl"))
        for section in page.sections
        for inner in section.sections
        for block in inner.blocks
        for name, words in getattr(block, "pairs", ())
        if plain(name, "nl").startswith("Aan ")
    ]
    for field, role in rules:
        category = covenant.categories[field.partition(".")[0]].title.nl
        label = covenant.parties[role.partition(".")[0]].roles[role].label.nl  # type: ignore[index]  # ids in a test
        title = covenant.fields[field].title.nl
        assert [heading for heading, who, what in told if heading == category and f"de {label}" in who and title in what]
    expected = {(covenant.categories[field.partition(".")[0]].title.nl, role) for field, role in rules}
    assert len(told) <= len(expected)


def test_only_whole_dates_and_names_are_told_as_such() -> None:
    text = markdown(residents(shipped()), "nl")
    assert "voornamen (alleen de voorletters)" in text
    assert "aantal in 12 maanden (alleen ongeveer)" in text
    assert "laatste incident (alleen de maand)" in text


def test_people_about_whom_nothing_is_shared_are_named() -> None:
    assert "Over deze mensen zelf delen zij niets: minderjarige, melder en slachtoffer." in markdown(residents(shipped()), "nl")


def test_a_report_without_a_name_is_offered_only_where_the_covenant_allows_it() -> None:
    named = replace(every_key(), signals={name: replace(one, anonymous=False) for name, one in every_key().signals.items()})
    assert "zonder uw naam" in markdown(residents(every_key()), "nl")
    assert "zonder uw naam" not in markdown(residents(named), "nl")


def test_a_report_that_goes_to_the_police_is_not_said_to_stay_away_from_them() -> None:
    """`every_key` sends an offence to the police."""
    assert "gaat niet naar de politie" not in markdown(residents(every_key()), "nl")
    to_the_town: Covenant = replace(every_key(), signals={name: replace(one, offence=None) for name, one in every_key().signals.items()})
    assert "gaat niet naar de politie" in markdown(residents(to_the_town), "nl")


def test_a_case_that_can_be_continued_elsewhere_and_a_counter_of_its_own_are_told() -> None:
    text = markdown(residents(every_key()), "nl").replace("\\@", "@")
    assert "hoeveel (alleen ongeveer), van de politie aan de procesregisseur" in text
    assert "Gaat het om gegevens van de politie? Ga dan naar balie@politie.example." in text


def test_help_in_danger_comes_first() -> None:
    text = markdown(residents(shipped()), "nl")
    assert text.index("Bel 112") < text.index("## ")


def test_what_the_covenant_leaves_out_is_said() -> None:
    assert "Daarover staat niets in de afspraken." in markdown(residents(small_covenant()), "nl")
