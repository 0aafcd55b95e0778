"""What a step of a version is refused for, in the reader's language: what stands in the way and what to do."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from broker.cli.common import language_of
from broker.errors import CovenantRefused, CovenantUnknown

#: by the codes of docs/problems/covenant-refused.md; English is what the refusal says of itself
IN_DUTCH: Mapping[str, str] = MappingProxyType(
    {
        "not_verified": "de handtekening past niet bij deze tekst, partij en stap; vergelijk de sha256 met `check`, en teken opnieuw",
        "wrong_key": "dit is niet de sleutel van deze partij in het convenant; teken met het bestand dat bij haar `signing_key` hoort",
        "old_answer": "dit is ondertekend vóór het laatste antwoord van deze partij; staat de klok goed waar is getekend?",
        "signed_in_future": "dit is later ondertekend dan nu; staat de klok goed waar is getekend?",
        "changed_meanwhile": "de versie veranderde terwijl dit antwoord onderweg was; bied het opnieuw aan",
        "unknown_step": "een antwoord is `accept` of `revoke`",
        "not_a_party": "het convenant noemt deze partij niet",
        "not_accepted": "nog niet elke partij heeft geaccepteerd; `broker covenant list` toont wie wel",
        "not_proposed": "deze versie is of was al van kracht; een oude tekst komt terug als nieuwe versie (`broker covenant rollback`)",
        "supersedes": "bij `supersedes` hoort de versie die nu van kracht is",
        "dates_over": "de laatste dag van deze versie is voorbij; een nieuwe versie heeft een nieuwe `in_force`",
        "name_taken": "een andere tekst heeft deze versienaam al; geef uw tekst een nieuwe: `broker covenant set FILE version NIEUW`",
        "scenario_fails": "een proef in de tekst zakt; `broker covenant test` zegt welke, en waarom",
        "nobody_stays": "minstens één partij van de versie die geldt blijft",
        "same_person": "de tweede is iemand anders dan wie het vroeg",
        "unknown_person": "de naam bij `--as` heeft kleine letters, cijfers, punten en streepjes, zoals a.waterman",
    }
)
_UNKNOWN = "deze versie is hier niet; `broker covenant list` toont welke er zijn"


class Refusing(click.Group):
    """A group whose commands say a refusal in the language they were asked in, and end with exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (CovenantRefused, CovenantUnknown) as refused:
            if language_of(ctx) != "nl":
                raise
            dutch = IN_DUTCH[refused.code] if isinstance(refused, CovenantRefused) else _UNKNOWN
            click.echo(f"geweigerd: {dutch} ({refused})", err=True)
            sys.exit(1)
