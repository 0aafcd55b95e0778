"""What `broker covenant explain` prints for people: what was asked, what is given and on which grounds, and what is not and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from broker.cli.common import print_rows
from broker.documents.matrix_words import Naming
from broker.documents.page_parts import plain
from broker.documents.wording_codes import citation_with_national_law, code
from policies.covenant import party_of
from policies.decide import Ask, Facts
from policies.explain import Answered, Elsewhere, Explained
from policies.policy import Policy
from policies.reasons import WHY_NOT, remedy_words
from policies.remedies import ChangeKind, Remedy
from policies.values import Label
from policies.vocabulary import COVENANT_REASONS, BasisId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, RoleId, SubjectKind
from policies.wording import say

#: remedies and roles shown of one field; `--json` has all of them
SHOWN = 3

_STATUS: Mapping[Answered, Label] = {
    "disclosure": Label(
        "een antwoord: wat is gegeven, en van elk ander gegeven dat het niet is gegeven",
        "an answer: what is given, and of each other field that it is not given",
    ),
    "unauthorized-field": Label(
        "een weigering: geen van deze gegevens is er voor deze functie en dit doel",
        "a refusal: none of these fields is there for this role and purpose",
    ),
    "unknown-case": Label("dat er geen casus is", "that there is no case"),
}
#: the same, as its system gets it
_PROTOCOL: Mapping[Answered, str] = {
    "disclosure": "200",
    "unauthorized-field": "403 unauthorized-field",
    "unknown-case": "404 unknown-case",
}
_PARTIES = frozenset({ChangeKind.PARTICIPATION, ChangeKind.IDENTIFICATION, ChangeKind.HIT, ChangeKind.PARTY_VETO})


class Telling:
    """One explanation, in the words of the covenant. `ids`: ids, reasons and statuses are said as systems know them."""

    def __init__(self, policy: Policy, language: str, *, ids: bool = False) -> None:
        self._policy = policy
        self._covenant = policy.covenant
        self._naming = Naming(policy.covenant, language, ids=ids)
        self._ids = ids

    def head(self, ask: Ask, facts: Facts, seen: Answered, *, without: Sequence[str], vetoed: Sequence[FieldName]) -> None:
        """What was asked, in what situation, and what the partner sees of it as a whole."""
        naming, covenant = self._naming, self._covenant
        asked = self._words(
            "{role} vraagt voor {purpose}; {case_type}, fase {phase}, over: {subject}",
            "{role} asks for {purpose}; {case_type}, phase {phase}, about: {subject}",
            role=self._role(ask.role),
            purpose=self._title(naming.purpose(ask.purpose)),
            case_type=self._title(naming.case_type(facts.case_type)),
            phase=naming.phase(facts.phase),
            subject=naming.subject(facts.subject),
        )
        veto = naming.say(Label("veto op", "veto on"))
        but = [word if self._ids else naming.words(code(word)) for word in without] + [f"{veto} {self._field(name)}" for name in vetoed]
        situation = self._words(
            "iedereen neemt deel en aan elke voorwaarde is voldaan{but}",
            "everybody takes part and every condition is met{but}",
            but=self._words(", behalve: {those}", ", except: {those}", those=", ".join(but)) if but else "",
        )
        status = f"{naming.say(_STATUS[seen])} ({_PROTOCOL[seen]})" if self._ids else naming.say(_STATUS[seen])
        _print_line(f"{covenant.id} {covenant.version}")
        _print_line(f"sha256 {self._policy.covenant_sha256}")
        _print_line(asked)
        _print_line(situation)
        _print_line(self._words("de partner ziet: {status}", "the partner sees: {status}", status=status))

    def given(self, given: Sequence[Explained]) -> None:
        """Each field with its form and article, and then each article with on whose grounds it gives."""
        if not given:
            return
        rows, grounds = [], dict[tuple[str, str, str], None]()
        for one in given:
            grant = one.grant
            if grant is not None:
                form = f"{self._naming.form(grant.form)}{self._release(one)}"
                rows.append((self._field(one.field), form, grant.article))
                giver = (self._naming.holder(grant.holder), *map(self._basis, grant.giver))
                grounds[grant.article, "\n".join(giver), "\n".join(map(self._basis, grant.receiver))] = None
        article = self._words("artikel", "article")
        _print_line("")
        print_rows(
            self._words("Gegeven: {n}", "Given: {n}", n=len(given)),
            (self._words("gegeven", "field"), self._words("vorm", "form"), article),
            rows,
        )
        _print_line("")
        print_rows(
            self._words("Op welke gronden", "On which grounds"),
            (article, self._words("gever en grond", "giver and ground"), self._words("grond van de ontvanger", "the receiver's ground")),
            [*grounds],
            spaced=True,
        )

    def withheld(self, withheld: Sequence[Explained]) -> None:
        """What depends on the case, and apart from it what no case changes; one row for all fields of which the same is to be said."""
        here = [one for one in withheld if one.reason not in COVENANT_REASONS]
        never = [one for one in withheld if one.reason in COVENANT_REASONS]
        code_seen = " (not_in_covenant)" if self._ids else ""
        self._table(
            self._words("Niet gegeven in deze situatie: {n}", "Not given in this situation: {n}", n=len(here)),
            (self._words("waarom niet", "why not"), self._words("wat anders zou moeten zijn", "what would have to be different")),
            [(one.field, (self._why(one), self._different(one))) for one in here],
        )
        self._table(
            self._words(
                "Nooit gegeven aan deze functie voor dit doel: {n}; de partner ziet dat het convenant het niet geeft{code}",
                "Never given to this role for this purpose: {n}; the partner sees that the covenant does not give it{code}",
                n=len(never),
                code=code_seen,
            ),
            (self._words("wie wel, of waarom niemand", "who is given it, or why nobody"),),
            [(one.field, (_listed([*self._outside(one)]),)) for one in never],
        )

    def _table(self, title: str, columns: Sequence[str], said: Iterable[tuple[FieldName, tuple[str, ...]]]) -> None:
        fields: dict[tuple[str, ...], list[str]] = {}
        for field, words in said:
            fields.setdefault(words, []).append(self._field(field))
        if fields:
            _print_line("")
            rows = [(",\n".join(names), *words) for words, names in fields.items()]
            _print_line(title)  # a title inside the table would be as narrow as the table
            print_rows("", (self._words("gegeven", "field"), *columns), rows, spaced=True)

    def _words(self, nl: str, en: str, **parts: str | int | Label) -> str:
        return self._naming.say(say(nl, en, **parts))

    def _field(self, field: FieldName) -> str:
        """`huurgegevens: einddatum`: fields of several categories may have the same title."""
        category, _, _ = field.partition(".")
        return field if self._ids else f"{self._naming.category(category)}: {self._naming.field(field)}"

    def _title(self, name: str) -> str:
        return name if self._ids else f"“{name}”"

    def _basis(self, basis: BasisId) -> str:
        return basis if self._ids else self._naming.words(citation_with_national_law(self._covenant.legal_bases[basis]))

    def _release(self, one: Explained) -> str:
        if one.released_by is None:
            return ""
        return self._words(" (als {holder} het vrijgeeft)", " (once {holder} releases it)", holder=self._naming.holder(one.released_by))

    def _why(self, one: Explained) -> str:
        if one.reason is None:
            return ""
        if self._ids:
            seen = self._words("(partner ziet {outward})", "(partner sees {outward})", outward=one.outward or "")
            return f"{self._naming.say(WHY_NOT[one.reason])}\n({one.reason})\n{seen}"
        told = (
            self._words("(dat ziet de partner ook)", "(the partner sees this too)")
            if one.outward == one.reason
            else self._words("(de partner ziet niet waarom)", "(the partner does not see why)")
        )
        return f"{self._naming.say(WHY_NOT[one.reason])}\n{told}"

    def _different(self, one: Explained) -> str:
        return _listed([*self._first(self._remedies(one)), *self._emergency(one)])

    def _remedies(self, one: Explained) -> list[str]:
        return [self._remedy(remedy) + self._release(one) for remedy in one.remedies]

    def _remedy(self, remedy: Remedy) -> str:
        return self._naming.say(remedy_words(remedy, self._named, self._naming.form(remedy.form)))

    def _named(self, kind: ChangeKind, value: str) -> Label:
        """What a value is called; the language is chosen already, so both are the same."""
        naming, word = self._naming, value
        if kind in _PARTIES:
            word = naming.holder(PartyId(value))
        elif kind is ChangeKind.PHASE:
            word = naming.phase(Phase(value))
        elif kind is ChangeKind.SUBJECT:
            word = naming.subject(SubjectKind(value))
        elif kind is ChangeKind.CASE_TYPE:
            word = self._title(naming.case_type(CaseTypeId(value)))
        elif kind is ChangeKind.PURPOSE:
            word = self._title(naming.purpose(PurposeId(value)))
        return Label(word, word)

    def _outside(self, one: Explained) -> Iterator[str]:
        for never in one.never:
            yield self._words(
                "nooit volgens {statement}: {why}", "never by {statement}: {why}", statement=never.statement, why=never.because
            )
        yield from self._emergency(one)
        yield from self._first(self._remedies(one))
        yield from self._first(() if one.remedies else [*self._others(one.elsewhere)])
        if not one.elsewhere:
            yield self._words("niemand", "nobody")

    def _emergency(self, one: Explained) -> Iterator[str]:
        required = dict.fromkeys(word for emergency in one.emergencies for word in emergency.requires)
        if one.emergencies:
            requires = ", ".join(word if self._ids else plain(code(word), self._naming.language) for word in required)
            yield self._words("in acute nood wel ({requires})", "in an emergency it is ({requires})", requires=requires)

    def _first(self, lines: Sequence[str]) -> Iterator[str]:
        yield from lines[:SHOWN]
        if len(lines) > SHOWN:
            yield self._words("… en nog {n}", "… and {n} more", n=len(lines) - SHOWN)

    def _others(self, others: Sequence[Elsewhere]) -> Iterator[str]:
        """Each role with its purposes and what it gets there."""
        found: dict[RoleId, dict[PurposeId, list[str]]] = {}
        for other in others:
            form = f"{self._naming.form(other.form)}, art. {other.article}"
            found.setdefault(other.role, {}).setdefault(other.purpose, []).append(form)
        for role, purposes in found.items():
            what = "; ".join(f"{self._title(self._naming.purpose(purpose))} ({' / '.join(forms)})" for purpose, forms in purposes.items())
            yield self._words("{role} voor {what}", "{role} for {what}", role=self._role(role), what=what)

    def _role(self, role: RoleId) -> str:
        if self._ids:
            return role
        holder = self._naming.holder(party_of(role))
        return self._words("{role} van {party}", "{role} of {party}", role=self._naming.role(role), party=holder)


def _listed(lines: Sequence[str]) -> str:
    """The lines of a cell; of several each has a mark, so that it shows where one ends."""
    return "\n".join(lines if len(lines) == 1 else [f"· {line}" for line in lines])


def _print_line(line: str) -> None:
    """A line that breaks between words where the terminal is narrow."""
    Console().print(Text(line))
