"""The deposit's wrapping keys as their file has them now, so that a new line counts in every process from the moment it is written.

`broker audit rotate deposit` is another process than the server. One that went on with the ring of its start could not open what was
brought under the new key, and would seal under the old one, which the operator then destroys.
"""

from __future__ import annotations

from broker.clock import Random
from broker.key_files import KeyDirectoryError
from broker.keys import KeyDirectory
from broker.logs import Events
from connectors.errors import DepositUnavailable
from connectors.sealing import Keyring


class FollowedKeyring:
    """The keyring of this moment. Thread-safe: file and keyring are replaced together.

    Raises:
        KeyDirectoryError: at the start there is no ring that can be used.
    """

    def __init__(self, directory: KeyDirectory, random: Random, events: Events) -> None:
        self._directory = directory
        self._random = random
        self._events = events
        self._index_key = directory.deposit_index()
        self._present = directory.deposit_wrapping_file(), self._read()
        self._refused = False

    def __call__(self) -> Keyring:
        """The keys that the file has; it is looked at each time, and read where it is another one.

        Raises:
            DepositUnavailable: the file is gone or no ring. Nothing is sealed or opened then: nobody knows which keys still count.
        """
        try:
            # Looked at before it is read: what is written in between is read again the next time.
            found = self._directory.deposit_wrapping_file()
            if found != self._present[0]:
                self._present = found, self._read()
        except KeyDirectoryError as error:
            if not self._refused:
                self._events.error("keys.refused", where="deposit-wrapping.ring")
            self._refused = True
            raise DepositUnavailable from error
        self._refused = False
        return self._present[1]

    def _read(self) -> Keyring:
        ring = self._directory.deposit_wrapping()
        try:
            return Keyring(ring.current, ring.keys, self._index_key, self._random)
        except ValueError as error:
            raise KeyDirectoryError(f"deposit-wrapping.ring: {error}") from None
