"""Versions as they were: the list, one of them, what happened to all of them, what a party received, and bringing an old text back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import click

from broker.api.showing import utc
from broker.cli.common import as_json, language, opened, print_json, print_rows
from broker.covenants import COVENANT_ZONE, Version
from broker.errors import CovenantUnknown
from broker.versions.rollback import brought_back
from broker.versions.steps import Effect, Step, StepKind
from policies.values import Label
from policies.vocabulary import CovenantId, PartyId
from policies.wording import in_language

STATES: Mapping[str, Label] = MappingProxyType(
    {
        "proposed": Label("voorgesteld", "proposed"),
        "requested": Label("aangevraagd", "requested"),
        "scheduled": Label("gepland", "scheduled"),
        "active": Label("van kracht", "active"),
        "superseded": Label("opgevolgd", "superseded"),
        "ended": Label("afgelopen", "ended"),
    }
)
STEPS: Mapping[StepKind, Label] = MappingProxyType(
    {
        StepKind.PROPOSED: Label("voorgesteld", "proposed"),
        StepKind.ACCEPTED: Label("geaccepteerd", "accepted"),
        StepKind.REVOKED: Label("ingetrokken", "taken back"),
        StepKind.REQUESTED: Label("aangevraagd", "requested"),
        StepKind.ACTIVATED: Label("geactiveerd", "activated"),
        StepKind.STARTED: Label("ingegaan", "took effect"),
        StepKind.ENDED: Label("afgelopen", "ended"),
    }
)
EFFECTS: Mapping[Effect, Label] = MappingProxyType(
    {
        Effect.NONE: Label("geen", "none"),
        Effect.WIDENS: Label("verruimt", "widens"),
        Effect.NARROWS: Label("beperkt", "narrows"),
        Effect.BOTH: Label("verruimt en beperkt", "widens and narrows"),
        Effect.SCHEDULED: Label("later", "later"),
    }
)
_VERSIONS = ("convenant covenant", "versie version", "stand state", "geaccepteerd accepted", "ingetrokken revoked", "sha256 sha256")
_STEPS = ("wanneer when", "versie version", "stap step", "wie who", "sleutel key", "gevolg effect")
#: of a hash or a thumbprint, in a table; `--json` has all of it
SHOWN = 10
_RECEIVED = ("zaak case", "verstrekkingen disclosures", "velden fields")


@click.command("list")
@as_json
@language
def list_versions(*, as_json: bool, language: str) -> None:
    """Every version, who accepted it and which one is in force."""
    with opened() as broker:
        versions = broker.covenants.versions()
    if as_json:
        print_json([_members(version) for version in versions])
        return
    table = [
        (
            v.covenant,
            v.version,
            in_language(STATES[v.state], language),
            " ".join(sorted(v.accepted)),
            " ".join(sorted(v.revoked)),
            v.sha256[:SHOWN],
        )
        for v in versions
    ]
    print_rows(in_language(Label("Versies", "Versions"), language), _columns(_VERSIONS, language), table)


@click.command()
@click.argument("covenant")
@as_json
@language
def history(covenant: str, *, as_json: bool, language: str) -> None:
    """Everything that happened to the versions of COVENANT: who, when, with which key, and what it changed for those who exchange."""
    with opened() as broker:
        steps = broker.covenants.history(CovenantId(covenant))
    if as_json:
        print_json([_step(step) for step in steps])
        return
    table = [
        (
            f"{datetime.fromtimestamp(step.at_ms / 1000, COVENANT_ZONE):%Y-%m-%d %H:%M:%S}",
            step.version,
            in_language(STEPS[step.kind], language),
            _who(step, language),
            (step.thumbprint or "")[:SHOWN],
            in_language(EFFECTS[step.effect], language),
        )
        for step in steps
    ]
    print_rows(in_language(Label("Geschiedenis", "History"), language), _columns(_STEPS, language), table)


@click.command()
@click.argument("covenant")
@click.argument("version")
@click.option("--canonical", is_flag=True, help="The canonical form (RFC 8785) instead, whose sha256 the parties sign.")
def show(covenant: str, version: str, *, canonical: bool) -> None:
    """Print the text of a version, byte for byte as it was proposed."""
    with opened() as broker:
        sha256 = _found(broker.covenants.versions(CovenantId(covenant)), version).sha256
        content = broker.covenants.canonical(sha256) if canonical else broker.covenants.text(sha256)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@click.command()
@click.argument("covenant")
@click.argument("version")
@click.option("--as-version", "new_name", required=True, metavar="NEW", help="The new version's name.")
def rollback(covenant: str, version: str, new_name: str) -> None:
    """Print the text of an older VERSION as a new one that supersedes the one in force; save it, check it, propose it.

    All parties sign it again and two people activate it: what was in force once never comes back by itself.
    """
    with opened() as broker:
        versions = broker.covenants.versions(CovenantId(covenant))
        text = broker.covenants.text(_found(versions, version).sha256)
        in_force = broker.covenants.in_force().policy(CovenantId(covenant)).covenant.version
    sys.stdout.buffer.write(brought_back(text, version=new_name, supersedes=in_force))
    sys.stdout.buffer.flush()


@click.command()
@click.argument("covenant")
@click.argument("party")
@as_json
@language
def received(covenant: str, party: str, *, as_json: bool, language: str) -> None:
    """What PARTY received under COVENANT, for one that leaves: cases, how many disclosures, names of fields; no values."""
    with opened() as broker:
        found = broker.received.of(PartyId(party), CovenantId(covenant))
    if as_json:
        print_json([{"case": one.case_id, "disclosures": one.disclosures, "fields": list(one.fields)} for one in found])
        return
    table = [(one.case_id, str(one.disclosures), " ".join(one.fields)) for one in found]
    print_rows(in_language(Label("Ontvangen", "Received"), language), _columns(_RECEIVED, language), table)


def _found(versions: tuple[Version, ...], name: str) -> Version:
    found = next((version for version in versions if version.version == name), None)
    if found is None:
        raise CovenantUnknown(f"expected a version of this covenant, found `{name}`")
    return found


def _columns(names: tuple[str, ...], language: str) -> tuple[str, ...]:
    return tuple(in_language(Label(*name.split()), language) for name in names)


def _who(step: Step, language: str) -> str:
    party = step.party or step.who.party
    if step.who.name is None and party is not None:
        return party
    if step.who.name is None:
        calendar = step.kind in {StepKind.STARTED, StepKind.ENDED}
        return in_language(Label("de kalender", "the calendar") if calendar else Label("niet genoemd", "not named"), language)
    named = f"{step.who.name} ({step.who.role or in_language(Label('beheerder', 'operator'), language)})"
    return named if party is None else f"{party}: {named}"


def _members(version: Version) -> dict[str, object]:
    plain = {name: getattr(version, name) for name in ("covenant", "version", "sha256", "state")}
    return plain | {"accepted": sorted(version.accepted), "revoked": sorted(version.revoked)}


def _step(step: Step) -> dict[str, object]:
    return {
        "id": step.id,
        "at": utc(step.at_ms),
        "version": step.version,
        "sha256": step.sha256,
        "kind": step.kind.value,
        "effect": step.effect.value,
        "party": step.party or step.who.party,
        "role": step.who.role,
        "name": step.who.name,
        "key": step.thumbprint,
        "signedAt": None if step.signed_ms is None else utc(step.signed_ms),
        "signature": step.jws,
    }
