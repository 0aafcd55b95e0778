"""Putting this room together: what the composition root, the doors and the command line need of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from audit.log import Log
from broker.cases.reading import CaseReader
from broker.clock import Clock, Ids
from broker.covenants import Covenants
from broker.reporting.impact import Breaches
from broker.reporting.persons import Persons
from broker.reporting.subject_reports import SubjectReports
from broker.subjects import Subjects
from broker.tallying_parties import PartyTallies
from connectors.deposit import Deposit


@dataclass(frozen=True, slots=True)
class Reporting:
    """Reports about persons, the reach of a breach, and the tallies of the parties."""

    subject_reports: SubjectReports
    breaches: Breaches
    tallies: PartyTallies
    log_engine: Engine


def open_reporting(
    *,
    log_engine: Engine,
    log: Log,
    covenants: Covenants,
    cases: CaseReader,
    deposit: Deposit,
    subjects: Subjects,
    clock: Clock,
    ids: Ids,
) -> Reporting:
    """All of it, on one broker's log."""
    return Reporting(
        subject_reports=SubjectReports(
            log_engine=log_engine, log=log, covenants=covenants, persons=Persons(cases, deposit), subjects=subjects, ids=ids
        ),
        breaches=Breaches(log_engine=log_engine, log=log, covenants=covenants, subjects=subjects, ids=ids),
        tallies=PartyTallies(log_engine, log, covenants, clock),
        log_engine=log_engine,
    )
