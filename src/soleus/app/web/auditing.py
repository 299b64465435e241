"""Noting who read and wrote over the network, without making anyone wait for it.

Rows are gathered and written together about twice a second: a tap at night must not wait for a second write to the
disk. A power cut can cost the rows of the last half second; it can't cost an entry of the diary.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from soleus.app.web.faults import tell_fault
from soleus.diary import AuditEvent, Diary, append_audit

EVERY_S = 0.5  # choice: see above
MOST_REFUSED = 60  # choice: rows of refused calls in a minute; a flood must not fill the disk
MOST_WAITING = 20_000


class Auditor:
    """Gathers events and appends them to the audit of a diary; safe to use from several threads.

    Parameters
    ----------
    diary : Diary
    now : callable
    """

    def __init__(self, diary: Diary, now: Callable[[], datetime]) -> None:
        self._diary, self._now = diary, now
        self._waiting: list[AuditEvent] = []
        self._refused: list[datetime] = []
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._timer: threading.Timer | None = None

    def note(self, event: AuditEvent) -> None:
        """Take an event; it is on the disk half a second later."""
        at = self._now()
        with self._lock:
            if event.action == "refused":
                self._refused = [one for one in self._refused if abs((at - one).total_seconds()) < 60]
                if len(self._refused) >= MOST_REFUSED:
                    return
                self._refused.append(at)
            if len(self._waiting) >= MOST_WAITING:
                return
            self._waiting.append(
                AuditEvent(
                    who=event.who,
                    source=event.source,
                    action=event.action,
                    resource=event.resource,
                    status=event.status,
                    at=event.at or at,
                )
            )
            if self._timer is None:
                self._timer = threading.Timer(EVERY_S, self._flush_quietly)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits; those that could not be written wait on."""
        with self._writing:
            with self._lock:
                some, self._waiting = self._waiting, []
                timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
            try:
                append_audit(self._diary, some, now=self._now())
            except Exception:
                with self._lock:
                    self._waiting = some + self._waiting
                raise

    def forget(self) -> None:
        """Drop what waits; for erasing everything."""
        with self._writing, self._lock:
            self._waiting = []

    def _flush_quietly(self) -> None:
        try:
            self.flush()
        except Exception as error:
            tell_fault(error)
