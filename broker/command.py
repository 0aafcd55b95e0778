"""The command `broker`; where only the client kit's libraries are installed (docs/partner-guide.md), one sentence that says so."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from functools import partial
from typing import Never

#: packages of this project: that one of these is not there is a defect, and shows its traceback
OURS = frozenset({"audit", "broker", "connectors", "policies"})


def without_a_broker(absent: str) -> Never:
    """Say what is missing, and where a partner's commands are."""
    sys.exit(
        f"error: expected the broker's dependencies, not found: `{absent}`. The commands of the client kit are `python -m broker.client`; "
        "to run a broker, install the package without --no-deps"
    )


main: Callable[[], None]
# What importing makes stays for good. The collector would go through all of it again and again, a fifth of the time until a command begins.
gc.disable()
try:
    from broker.cli import main
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] in OURS:
        raise
    main = partial(without_a_broker, missing.name)
finally:
    gc.freeze()
    gc.enable()
