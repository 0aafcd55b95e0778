from __future__ import annotations

from tests.stage import house, shared_house, shared_small_house, small_house

__all__ = ["house", "shared_house", "shared_small_house", "small_house"]
