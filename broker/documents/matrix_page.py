"""The matrix as one page: a table per receiver, purpose and sort of case, for a screen, a reader's voice, and A4 on its side."""

from __future__ import annotations

from markupsafe import Markup

from broker.documents.matrix import ALWAYS, NOTHING, READING, Laid, title_of
from broker.documents.matrix_words import SHIELDED, SHIELDED_MEANS
from broker.documents.page import frame, sheet, template
from broker.documents.wording import seal_of
from policies.covenant import party_of
from policies.values import Label
from policies.wording import in_language


def matrix_page(laid: Laid) -> str:
    """A whole page, with nothing loaded from elsewhere."""
    covenant, language = laid.policy.covenant, laid.naming.language
    words = {
        "field": Label("gegeven", "field"),
        "purpose": Label("doel", "purpose"),
        "only": Label("alleen", "only"),
        "version": Label("versie", "version"),
        "receivers": Label("Ontvangers", "Receivers"),
        "legend": Label("Legenda", "Legend"),
        "reading": READING,
        "always": ALWAYS,
        "nothing": NOTHING,
        "shielded_means": SHIELDED_MEANS,
    }
    body = template("matrix_page.html").render(
        laid=laid,
        naming=laid.naming,
        covenant=covenant,
        title=title_of(laid),
        party_of=party_of,
        shielded=SHIELDED,
        say={name: in_language(label, language) for name, label in words.items()},
    )
    title = f"{title_of(laid)}: {covenant.id} {covenant.version}"
    return frame(title, language, seal_of(covenant), Markup(body), sheet("matrix_page.css"))  # noqa: S704 - the template escaped every value
