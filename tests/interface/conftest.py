from __future__ import annotations

from tests.stage import shared_small_house

__all__ = ["shared_small_house"]
