"""The table: every term of a covenant that has an effect beside the fields, where it is read, and how a change of it is judged.

A row has a name, the parts of its key, a reader and a judge. A reader gives the value for every key there is; a key that only one of
two covenants has belongs to a thing that is new or gone, which has a row of its own. What stands in no row is words: titles, reasons, the
names of articles and bases, DPV terms. tests/policies/test_diff_whole.py changes every leaf of a covenant, and finds each here or there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.covenant import Covenant
from policies.effects.changes import Value
from policies.effects.judges import (
    Judge,
    cautious,
    earlier,
    fewer,
    gives,
    guards,
    larger,
    later,
    longer,
    more,
    other,
    rising,
    shorter,
    told,
)
from policies.effects.readers import cases, header, parties, sharing, tail
from policies.effects.readers.keyed import Reader

__all__ = ["PARTS", "TERMS", "Term", "Values"]

Values = dict[tuple[str, ...], Value]


@dataclass(frozen=True, slots=True)
class Term:
    """One row. `thing`: a key that one side lacks is itself the change. `needs_seeing`: without effect for a field that nobody sees."""

    name: str
    parts: tuple[str, ...]
    read: Reader
    judge: Judge
    thing: bool = False
    needs_seeing: bool = False

    def values(self, covenant: Covenant) -> Values:
        """The value for every key of a covenant."""
        return dict(self.read(covenant))


_CASE, _PHASE, _PARTY, _ROLE, _FIELD, _SIGNAL = ("case_type",), ("case_type", "phase"), ("party",), ("role",), ("field",), ("signal",)

TERMS: tuple[Term, ...] = (
    # ── the head ──
    Term("covenant", (), header.identity, other),
    Term("in_force_from", (), header.in_force_from, earlier),
    Term("in_force_until", (), header.in_force_until, later),
    Term("in_force_review", (), header.in_force_review, later),
    Term("area", (), header.area, other),
    Term("area_description", (), header.area_description, told),
    Term("dpia", (), header.dpia, guards),
    Term("operator", (), header.operator, told),
    Term("operator_sees_values", (), header.operator_sees_values, rising("never", "in_transit", "stored")),
    Term("inform", (), header.inform, guards),
    Term("inform_by", (), header.inform_by, told),
    Term("inform_from", (), header.inform_from, told),
    Term("inform_within", (), header.inform_within, longer),
    Term("inform_about", (), header.inform_about, fewer),
    Term("inform_defer", (), header.inform_defer, gives),
    Term("inform_defer_recheck", (), header.inform_defer_recheck, longer),
    Term("inform_defer_by", (), header.inform_defer_by, told),
    Term("inform_defer_at_most", (), header.inform_defer_at_most, longer),
    Term("withdrawal", (), header.withdrawal, told),
    Term("withdrawal_destroyed_within", (), header.withdrawal_destroyed_within, longer),
    Term("withdrawal_received_data", (), header.withdrawal_received_data, rising("destroy", "destroy_or_own_ground", "own_ground")),
    Term("accession", (), header.accession, told),
    Term("accession_conditions", (), header.accession_conditions, fewer),
    Term("partnership", (), header.partnership, told),
    Term("partnership_kind", (), header.partnership_kind, cautious),
    Term("partnership_officer", (), header.partnership_officer, guards),
    Term("partnership_advice", (), header.partnership_advice, guards),
    Term("partnership_audit", (), header.partnership_audit, longer),
    Term("partnership_report", (), header.partnership_report, guards),
    Term("log", (), header.log, told),
    Term("log_retention", (), header.log_retention, longer),
    Term("log_readers", (), header.log_readers, more),
    # ── who takes part ──
    Term("party", _PARTY, parties.each_party, gives, thing=True),
    Term("party_kind", _PARTY, parties.kind, cautious),
    Term("party_number", _PARTY, parties.number, other),
    Term("party_signing", _PARTY, parties.signing, told),
    Term("party_privacy_officer", _PARTY, parties.privacy_officer, told),
    Term("party_organs", _PARTY, parties.organs, told),
    Term("party_accession", _PARTY, parties.accession, earlier),
    Term("party_withdrawal", _PARTY, parties.withdrawal, later),
    Term("role", _ROLE, parties.each_role, told, thing=True),
    Term("role_designated", _ROLE, parties.designated, guards),
    Term("role_designated_by", _ROLE, parties.designated_by, told),
    Term("role_function", _ROLE, parties.function, told),
    Term("role_duty", _ROLE, parties.duty, told),
    Term("role_organ", _ROLE, parties.organ, told),
    Term("subject", ("subject",), parties.each_subject, told, thing=True),
    Term("purpose", ("purpose",), parties.each_purpose, told, thing=True),
    Term("purpose_confidential", ("purpose",), parties.confidential, guards),
    Term("purpose_grounds", ("purpose", "party"), parties.purpose_grounds, told),
    # ── cases: what is shown of them, and how they move ──
    Term("case_type", _CASE, cases.each_case_type, gives, thing=True),
    Term("phase", _PHASE, cases.each_phase, told, thing=True),
    Term("shown_phase", ("case_type", "party", "phase"), cases.shown_phase, rising("open_or_closed", "full")),
    Term("shown_participants", ("case_type", "party"), cases.shown_participants, more),
    Term("opens_in", _CASE, cases.opens_in, other),
    Term("shielded", _PHASE, cases.shielded, guards),
    Term("moves", _PHASE, cases.moves, more),
    Term("closing_moves", _PHASE, cases.closing_moves, fewer),
    Term("move_needs_reason", _PHASE, cases.needs_reason, guards),
    Term("move_needs_agreement", _PHASE, cases.needs_agreement, fewer),
    Term("move_or_after", _PHASE, cases.or_after, shorter),
    Term("phase_owner", _PHASE, cases.owner, told),
    Term("phase_law", _PHASE, cases.law, told),
    Term("phase_within", _PHASE, cases.within, longer),
    Term("phase_falls_back_to", _PHASE, cases.falls_back_to, guards),
    Term("phase_warns", _PHASE, cases.warns, told),
    Term("phase_reminds", _PHASE, cases.reminds, told),
    Term("close_reasons", _PHASE, cases.reasons, told),
    Term("purge", ("case_type", "phase", "reason"), cases.purge, longer),
    # ── the data, beside who sees them ──
    Term("field", _FIELD, sharing.each_field, told, thing=True),
    Term("field_holder", _FIELD, sharing.holder, other, needs_seeing=True),
    Term("field_type", _FIELD, sharing.type_, other, needs_seeing=True),
    Term("field_codes", _FIELD, sharing.codes, more, needs_seeing=True),
    Term("field_code_list", _FIELD, sharing.code_list, told),
    Term("field_classes", _FIELD, sharing.classes, cautious),
    Term("field_about", _FIELD, sharing.about, told),
    Term("field_of", _FIELD, sharing.concerns, rising("subject", "household", "address"), needs_seeing=True),
    Term("field_delivery", _FIELD, sharing.delivery, rising("released_by_holder", "live"), needs_seeing=True),
    Term("category_law", ("category",), sharing.category_law, told),
    Term("never_kind", ("statement",), sharing.never_kind, told),
    # ── signals, insight, keeping, rights ──
    Term("signal", _SIGNAL, sharing.each_signal, gives, thing=True),
    Term("signal_from", _SIGNAL, sharing.signal_from, more),
    Term("signal_to", _SIGNAL, sharing.signal_to, more),
    Term("signal_opens", _SIGNAL, sharing.signal_opens, other),
    Term("signal_within", _SIGNAL, sharing.signal_within, told),
    Term("signal_anonymous", _SIGNAL, sharing.signal_anonymous, told),
    Term("signal_reminds", _SIGNAL, sharing.signal_reminds, told),
    Term("signal_offence_to", _SIGNAL, sharing.signal_offence_to, more),
    Term("signal_offence_opens", _SIGNAL, sharing.signal_offence_opens, other),
    Term("signal_offence_within", _SIGNAL, sharing.signal_offence_within, told),
    Term("insight", (), tail.insight, gives),
    Term("insight_geography", (), tail.insight_geography, rising("neighbourhood", "street", "block", "stairwell")),
    Term("insight_minimum_cell", (), tail.insight_minimum_cell, larger),
    Term("insight_round_to", (), tail.insight_round_to, larger),
    Term("insight_suppression", (), tail.insight_suppression, guards),
    Term("insight_readers", (), tail.insight_readers, more),
    Term("insight_counts", (), tail.insight_counts, more),
    Term("insight_every", (), tail.insight_every, told),
    Term("retention", ("category",), sharing.retention, longer),
    Term("legal_hold", (), tail.legal_hold, more),
    Term("legal_hold_recheck", (), tail.legal_hold_recheck, longer),
    Term("rights", (), tail.rights, guards),
    Term("rights_within", (), tail.rights_within, longer),
    Term("rights_contact", (), tail.rights_contact, told),
    Term("rights_counters", (), tail.rights_counters, told),
    Term("rights_exceptions", (), tail.rights_exceptions, more),
    Term("breach", (), tail.breach, guards),
    Term("breach_contact", (), tail.breach_contact, told),
    Term("breach_within", (), tail.breach_within, longer),
    Term("evaluation", (), tail.evaluation, guards),
    Term("evaluation_by", (), tail.evaluation_by, told),
    Term("evaluation_every", (), tail.evaluation_every, longer),
    Term("evaluation_first", (), tail.evaluation_first, later),
    Term("evaluation_report", (), tail.evaluation_report, guards),
    Term("scenario", ("scenario",), sharing.scenario, told, thing=True),
)

#: the parts of the key of every `TermChange`, those that are no row of the table too
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {term.name: term.parts for term in TERMS}
    | {
        "emergency": ("role", "field", "subject"),
        "handover": ("role", "case_type", "phase", "subject", "field"),
        "never": ("statement",),
    }
)
