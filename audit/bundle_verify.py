"""Verifying a bundle: the checks of a database, on the one log that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audit.bundle_read import BundleSource
from audit.check_across import Across
from audit.check_signed import Kept, collect_signed, given_checkpoints, starting_points
from audit.errors import NotALog
from audit.quorum import TrustPolicy
from audit.verdict import Verdict
from audit.verify import Progress, check_logs, keys_of, stored_notes, verdict_of


def verify_bundle(
    path: Path,
    *,
    checkpoint_keys: Sequence[bytes],
    checkpoints: Sequence[str] = (),
    since: Sequence[str] = (),
    policy: TrustPolicy | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check a bundle; what its manifest says about keys is not believed.

    A decision may be closed in another log than this one, and what closes one here may have been made in another: only what this log
    can tell by itself is held against it. The arguments are those of `audit.verify.verify`.

    Raises:
        NotALog: the file is no bundle, or one of another log than `checkpoints` and `since` are of.
        NoteMalformed, NoteUnverified: one of those is no checkpoint that the keys signed.
    """
    keys = keys_of(checkpoint_keys, policy)
    begun, kept = starting_points(since, keys), given_checkpoints((*checkpoints, *since), keys)
    source = BundleSource(path)
    if any(one.origin != source.log.origin for one in kept):
        raise NotALog("expected the bundle of the log that your checkpoints are of, found one of another log")
    given = [Kept("given checkpoint", note) for note in (*checkpoints, *since)]
    signed, findings = collect_signed({source.log.origin}, [*stored_notes([source]), *given], keys, covered=False)
    across = Across(whole=False)
    for core in source.accounts(keys):
        across.absences.account(core, None)
    (check,) = check_logs([source], signed, across, None, begun, progress)
    return verdict_of([check.verdict(policy)], [*findings, *check.findings, *across.findings])
