"""`python -m broker` is the command `broker`."""

from __future__ import annotations

from broker.command import main

main()
