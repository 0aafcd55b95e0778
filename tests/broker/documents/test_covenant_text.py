"""The covenant text: everything that is signed stands in it, and nothing else gets in."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path

import pytest

from broker.documents.covenant_text import CHAPTERS, covenant_text, text_under
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.page_parts import Document, Seal, plain
from policies.canonical import covenant_sha256
from policies.covenant import Covenant, Label
from policies.load import load_covenant
from policies.wording import LANGUAGES, in_language
from tests.broker.documents.papers import Page, every_key, leaves, otherwise, shipped
from tests.policies.builders import covenant as small_covenant

DUTCH_MONTHS = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"]


def test_the_covenant_of_this_test_uses_every_key_of_the_language() -> None:
    """When the language grows this fails, until the covenant of the test has the new key and the next test asks where it is said."""
    said: dict[tuple[type, str], bool] = {}

    def look(value: object) -> None:
        if is_dataclass(value) and not isinstance(value, type | Label):
            for one in fields(value):
                if one.name != "places":
                    inner = getattr(value, one.name)
                    unsaid = inner is None or inner is False or (hasattr(inner, "__len__") and not inner)
                    key = type(value), one.name
                    said[key] = said.get(key, False) or not unsaid
                    look(inner)
        elif hasattr(value, "values") and not isinstance(value, type):
            for inner in value.values():
                look(inner)
        elif isinstance(value, tuple | frozenset):
            for inner in value:
                look(inner)

    look(every_key())
    never_said = {f"{kind.__name__}.{name}" for (kind, name), somewhere in said.items() if not somewhere}
    assert never_said == {"Insight.complementary_suppression"}  # it is on unless a covenant turns it off, and this one does


def test_whatever_changes_in_a_covenant_changes_its_text() -> None:
    """Each leaf in turn is something else; a text that stays the same has dropped it silently."""
    before = unhashed(every_key())
    silent, fixed = [], []
    for path, value, rebuild in leaves(every_key(), lambda new: new):
        for other in otherwise(value, every_key()):
            try:
                after = unhashed(rebuild(other))
            except (KeyError, ValueError):
                continue  # the language does not allow this here; another will do
            if not differ(before, after):
                silent.append("/".join(map(str, path)))
            break
        else:
            fixed.append("/".join(map(str, path)))
    # A field has its category's holder and no key to say another; the text says it once, with the category.
    assert silent == [f"fields/{name}/holder" for name in every_key().fields]
    # What a word beside it decides already: that somebody designates, that there are codes, or bands, that it is anonymous.
    assert fixed == [
        "parties/town/roles/town.adviser/designated",
        "fields/calls.kind/type",
        "articles/0/fields/calls.count/kind",
        "handovers/0/fields/calls.count/kind",
        "signals/noise/from_/0",
    ]


def unhashed(covenant: Covenant) -> Document:
    """The text without its hash, in which every change shows."""
    return text_under(Seal(covenant.id, covenant.version, "0" * 64), covenant)


def differ(one: Document, other: Document) -> bool:
    """Whether the two read differently in Dutch; only chapters that are made differently are written out to see."""
    changed = [pair for pair in zip(one.sections, other.sections, strict=True) if pair[0] != pair[1]]
    pages = [markdown(replace(each, sections=tuple(pair[at] for pair in changed)), "nl") for at, each in enumerate((one, other))]
    return pages[0] != pages[1]


def test_every_text_id_and_date_stands_in_the_text() -> None:
    dutch = Page(html(covenant_text(every_key()), "nl")).text
    missing = []
    for path, value, _ in leaves(every_key(), lambda new: new):
        if isinstance(value, Label):
            wanted = value.nl
        elif isinstance(value, date):
            wanted = f"{value.day} {DUTCH_MONTHS[value.month - 1]} {value.year}"
        elif isinstance(value, str) and not isinstance(value, Enum):
            wanted = value
        else:
            continue
        if wanted not in dutch:
            missing.append((path, wanted))
    assert missing == []


def test_every_label_is_read_in_english_too() -> None:
    page = Page(html(covenant_text(every_key()), "en"))
    labels = [value for _, value, _ in leaves(every_key(), lambda new: new) if isinstance(value, Label)]
    assert [label.en for label in labels if label.en not in page.text] == []
    assert page.named("html")[0]["lang"] == "en"
    assert {"lang": "nl"} in page.named("span")  # the parties' own words, for whoever has the page read out


def test_what_a_covenant_leaves_out_is_said_to_be_left_out() -> None:
    text = markdown(covenant_text(small_covenant()), "nl")
    for part in (
        "Niet geregeld: een noodprocedure",
        "hoe lang ontvangen gegevens",
        "wie de betrokkene informeert",
        "een datalek",
        "proeven op de som",
    ):
        assert part in text
    assert text.count("Niet geregeld") == 16


def test_an_article_is_a_sentence() -> None:
    text = markdown(covenant_text(shipped()), "nl")
    assert (
        "**De politie** geeft aan **de regisseur van de gemeente** gegevens over de huurder en de volwassen huisgenoot, voor het doel "
        "**Ernstige woonoverlast beëindigen**, in casussen van de soort Ernstige woonoverlast, in de fasen casusoverleg, plan van aanpak "
        "en opgeschaald." in text
    )
    assert "| Incidenten (dagelijkse politietaak): laatste incident (`incidents.last_on`) | alleen de maand |" in text


def test_the_text_carries_the_hash_that_the_parties_sign() -> None:
    sha256 = covenant_sha256(shipped())
    for language in LANGUAGES:
        for print_it in (markdown, html):
            text = print_it(covenant_text(shipped()), language)
            assert sha256 in text
            assert "broker covenant check" in text
    assert f'@bottom-left{{content:"waterstad-noord {shipped().version} · sha256 {sha256[:16]}"}}' in html(covenant_text(shipped()), "nl")


def test_the_chapters_have_letters_because_the_numbers_are_the_articles_own() -> None:
    headings = [plain(section.heading, "nl") for section in covenant_text(shipped()).sections]
    assert [heading[:2] for heading in headings[: len(CHAPTERS)]] == [f"{chr(65 + position)}." for position in range(len(CHAPTERS))]
    assert headings[-2:] == ["Bijlage 1. Proeven op de som", "Bijlage 2. Ondertekening"]


def test_two_parties_of_one_kind_are_called_by_their_names() -> None:
    one = small_covenant()
    landlord = one.parties["landlord"]  # type: ignore[index]  # an id in a test
    twins = replace(one, parties={**one.parties, "other": replace(landlord, id="other", name="De Andere")})  # type: ignore[arg-type]
    text = markdown(covenant_text(twins), "nl")
    assert "de corporatie" not in text.replace("hierna: de corporatie", "")
    assert "**Landlord** geeft aan" in text


@pytest.mark.parametrize("name", ["woonoverlast-krimpenveld", "zorg-en-veiligheidshuis-oostmeer", "ondermijning-delta"])
def test_covenants_of_outsiders_have_a_text_in_which_every_label_stands(name: str) -> None:
    path = Path(__file__).resolve().parents[2] / "covenants" / f"{name}.yaml"
    covenant = load_covenant(path.read_bytes())
    for language in LANGUAGES:
        text = Page(html(covenant_text(covenant), language)).text
        labels = [value for _, value, _ in leaves(covenant, lambda new: new) if isinstance(value, Label)]
        assert [label for label in labels if re.sub(r"\s+", " ", in_language(label, language)) not in text] == []
