"""The corporation's rental administration: its tables, in its own Dutch words, with VERA's codes (Aedes VERA reference data, CC0).

Made as such systems are: wide where they grew, codes where VERA has a list, and two views that the corporation made for the covenant,
so that what is shared is one row per tenant and can be tested on its own.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, MetaData, String, Table

metadata: Final = MetaData()

huurders: Final = Table(
    "huurders",
    metadata,
    Column("huurder_id", Integer, primary_key=True, autoincrement=False),
    Column("achternaam", String(100), nullable=False),
    Column("voornamen", String(100), nullable=False),
    Column("geboortedatum", Date, nullable=False),
    Column("telefoon", String(20)),
    Column("email", String(200)),
    Column("bezoek_met_twee", Boolean, nullable=False),
    Column("bankrekening", String(34)),  # no article names it, so no query of the broker ever does
)

adressen: Final = Table(
    "adressen",
    metadata,
    Column("adres_id", Integer, primary_key=True),
    Column("straat", String(100), nullable=False),
    Column("huisnummer", Integer, nullable=False),
    Column("postcode", String(7), nullable=False),
    Column("plaats", String(50), nullable=False),
    Column("complex", String(50), nullable=False),
    Column("woningtype", String(30), nullable=False),
)

overeenkomsten: Final = Table(
    "overeenkomsten",
    metadata,
    Column("overeenkomst_id", Integer, primary_key=True),
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), nullable=False, unique=True),
    Column("adres_id", ForeignKey(adressen.c.adres_id), nullable=False),
    Column("status", String(3), nullable=False),  # VERA OVEREENKOMSTSTATUS
    Column("ingangsdatum", Date, nullable=False),
    Column("einddatum", Date),
    Column("medehuurders", Integer, nullable=False),
)

signaleringen: Final = Table(
    "signaleringen",
    metadata,
    Column("signalering_id", Integer, primary_key=True),
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), nullable=False, index=True),
    Column("soort", String(3), nullable=False),  # VERA SIGNALERINGSOORT
    Column("detailsoort", String(3), nullable=False),  # VERA SIGNALERINGDETAILSOORT
    Column("status", String(3), nullable=False),  # VERA SIGNALERINGSTATUS
    Column("vertrouwelijkheid", String(3), nullable=False),  # VERA VERTROUWELIJKHEID
    Column("begindatum", Date, nullable=False),
    Column("einddatum", Date),
)

meldingen: Final = Table(
    "meldingen",
    metadata,
    Column("melding_id", Integer, primary_key=True),
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), nullable=False, index=True),  # about whom
    Column("melder_id", Integer, nullable=False),  # by whom: no view and no mapping has it
    Column("detailsoort", String(3), nullable=False),  # VERA SIGNALERINGDETAILSOORT
    Column("gemeld_op", Date, nullable=False),
    Column("uur", Integer, nullable=False),
)

#: made every night by the corporation: what cannot be counted in one query
overlastbeeld: Final = Table(
    "overlastbeeld",
    metadata,
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), primary_key=True),
    Column("meest_gemeld", String(3)),
    Column("melders_12m", Integer, nullable=False),
    Column("eerste_melding", Date),
    Column("vooral_nacht", Boolean),
    Column("peildatum", Date, nullable=False),
)

huurachterstand: Final = Table(
    "huurachterstand",
    metadata,
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), primary_key=True),
    Column("maanden", Integer, nullable=False),
    Column("bedrag", Integer, nullable=False),  # whole euros
    Column("sinds", Date),
    Column("betalingsregeling", Boolean, nullable=False),
    Column("deurwaarder", Boolean, nullable=False),
    Column("ontruiming_op", Date),
    Column("peildatum", Date, nullable=False),
)

waarschuwingen: Final = Table(
    "waarschuwingen",
    metadata,
    Column("waarschuwing_id", Integer, primary_key=True),
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), nullable=False, index=True),
    Column("verzonden_op", Date, nullable=False),
)

afspraken: Final = Table(
    "afspraken",
    metadata,
    Column("huurder_id", ForeignKey(huurders.c.huurder_id), primary_key=True),
    Column("buurtbemiddeling", String(20)),
    Column("buurtbemiddeling_op", Date),
    Column("gedragsafspraken", Boolean, nullable=False),
    Column("laatste_kans_tot", Date),
    Column("procedure", Boolean, nullable=False),
)

#: the corporation's own views for the covenant; the broker's database account may read these and the tables that sources.yaml names
VIEWS: Final = (
    """
    CREATE VIEW convenant_huurder AS
    SELECT h.huurder_id, a.straat || ' ' || a.huisnummer AS adres, a.postcode, a.complex, a.woningtype
    FROM huurders h JOIN overeenkomsten o ON o.huurder_id = h.huurder_id JOIN adressen a ON a.adres_id = o.adres_id
    """,
    """
    CREATE VIEW convenant_strafbaar AS
    SELECT huurder_id, detailsoort, begindatum FROM signaleringen WHERE detailsoort IN ('HEN', 'DRU', 'BRA') AND status = 'ACT'
    """,
)
