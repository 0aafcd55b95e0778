"""What a log may be read for: the closed list of the law."""

from __future__ import annotations

#: the four purposes for which a log of processing may be read (Wpg art. 32a, Wgs art. 1.8(4))
PURPOSES = ("lawfulness", "internal_control", "integrity_and_security", "legal_proceedings")
