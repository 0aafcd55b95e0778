from __future__ import annotations

from tests.stage import house, small_house

__all__ = ["house", "small_house"]
