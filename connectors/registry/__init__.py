"""Which source serves which field: from `sources.yaml` to one parallel reading with one deadline."""

from connectors.registry.check import CovenantField, check_sources
from connectors.registry.circuit import Pressure
from connectors.registry.config import DepositConfig, HttpJsonConfig, SourcesConfig, SqlConfig
from connectors.registry.load import load_sources, read_sources
from connectors.registry.opening import open_sources
from connectors.registry.reading import Reading
from connectors.registry.sources import Sources

__all__ = [
    "CovenantField",
    "DepositConfig",
    "HttpJsonConfig",
    "Pressure",
    "Reading",
    "Sources",
    "SourcesConfig",
    "SqlConfig",
    "check_sources",
    "load_sources",
    "open_sources",
    "read_sources",
]
