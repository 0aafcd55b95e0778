"""`python -m broker` is the command `broker`."""

from __future__ import annotations

import gc

# What importing makes stays for good. The collector would go through all of it again and again, a fifth of the time until a command begins.
gc.disable()

from broker.command import main  # noqa: E402 - see above

gc.freeze()
gc.enable()

main()
