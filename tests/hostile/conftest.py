from __future__ import annotations

from tests.stage import shared_house, shared_small_house

__all__ = ["shared_house", "shared_small_house"]
