"""What every page and every call of the API stands on, made once when the server starts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from soleus.app.web.access import Access
from soleus.app.web.auditing import Auditor
from soleus.diary import Diary, read_document, write_document

if TYPE_CHECKING:
    from soleus.app.session import Session

SETTINGS = "settings"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the person wants the pages; kept in the diary as a document.

    ``language`` is "" until one is chosen: then the browser's is taken. ``speak`` and ``vibrate`` are the cues
    of the night page; sound is off unless chosen.
    """

    language: Literal["", "en", "de"] = ""
    theme: Literal["system", "light", "dark"] = "system"
    text: Literal["normal", "large"] = "normal"
    contrast: Literal["system", "high"] = "system"
    motion: Literal["system", "reduced"] = "system"
    speak: bool = False
    vibrate: bool = True


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _machine_zone() -> str:
    from soleus.app.cli.record import here

    return here()


@dataclass(frozen=True)
class House:
    """The diary, the clock and the rules of one running server.

    Parameters
    ----------
    diary : Diary
        Open; closed by whoever opened it.
    hosts : frozenset of str
        Values of the Host header (with port) by which this computer itself may be addressed.
    lan_hosts : frozenset of str
        Values of the Host header by which linked devices may address it; empty without ``--lan`` and ``--name``.
    lan : bool
        Whether it listens on the home network; then linked devices may also use the address they reached.
    addresses : tuple of str
        What to type into a phone, the best first.
    now, zone : callable
        Clock and time zone of this computer; tests give their own.
    secret : bytes
        Signs the tokens against forged requests; new at every start is enough, pages fetch a new token when refused.
    """

    diary: Diary
    hosts: frozenset[str]
    lan_hosts: frozenset[str] = frozenset()
    lan: bool = False
    addresses: tuple[str, ...] = ()
    now: Callable[[], datetime] = _utc_now
    zone: Callable[[], str] = _machine_zone
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    access: Access = field(default_factory=Access)
    auditor: Auditor = field(init=False)
    started_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "auditor", Auditor(self.diary, self.now))
        object.__setattr__(self, "started_at", self.now())

    @property
    def links_devices(self) -> bool:
        """Whether phones can be linked at all."""
        return self.lan or bool(self.lan_hosts)

    def session(self) -> Session:
        """Return the evidence base, its network and its word lists, loaded at the first call."""
        from soleus.app.session import load_session

        return load_session()

    def settings(self) -> Settings:
        """Return the person's settings, the usual ones until they are changed."""
        text = read_document(self.diary, SETTINGS)
        try:
            return Settings() if text is None else msgspec.json.decode(text, type=Settings)
        except msgspec.MsgspecError:  # brought in from elsewhere: no page may fail for it
            return Settings()

    def keep_settings(self, settings: Settings) -> None:
        """Keep the settings."""
        write_document(self.diary, SETTINGS, msgspec.json.encode(settings).decode(), now=self.now())
