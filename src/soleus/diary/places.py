"""Where the diary lies on this computer, and who may read it: its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

DATA_VARIABLE = "SOLEUS_DATA_DIR"
DIARY_NAME = "diary.sqlite"
BACKUP_FOLDER = "backups"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def data_folder() -> Path:
    """Return the folder of the person's own data: ``SOLEUS_DATA_DIR``, else the platform's; it need not exist yet.

    Examples
    --------
    >>> import os
    >>> from unittest import mock
    >>> with mock.patch.dict(os.environ, {"SOLEUS_DATA_DIR": "/srv/me"}):
    ...     data_folder().as_posix()
    '/srv/me'
    """
    own = os.environ.get(DATA_VARIABLE)
    if own:
        return Path(own).expanduser()
    import platformdirs  # only here, so that opening a named file does not wait for it

    return Path(platformdirs.user_data_dir("soleus", appauthor=False))


def make_private_folder(folder: Path, *, own: bool = False) -> None:
    """Make a folder that only its owner may enter; parents that are missing are made the same way.

    Parameters
    ----------
    folder : Path
    own : bool
        True for a folder that is Soleus' own: then it is closed to others also if it was there already. A folder the
        person chose keeps its permissions.
    """
    if not folder.exists():
        make_private_folder(folder.parent)
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    elif own:
        _close(folder, PRIVATE_FOLDER)


def make_private_file(path: Path) -> None:
    """Make an empty file that only its owner may read, or close an existing one to all others."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
    except FileExistsError:
        _close(path, PRIVATE_FILE)


def _close(path: Path, mode: int) -> None:
    """Take the rights of group and others away, if there are any and the file is ours."""
    state = path.stat()
    if state.st_mode & 0o077 and (not hasattr(os, "getuid") or state.st_uid == os.getuid()):
        path.chmod(mode)


def wipe(path: Path) -> None:
    """Overwrite a file with zeros and remove it; a file that is not there is fine.

    This clears what the file system rewrites in place. It can't reach copies that a solid state disk, a snapshot or a
    synchronized folder keeps.
    """
    if path.is_symlink():
        path.unlink()
        return
    if not path.is_file():
        return
    size = path.stat().st_size
    with path.open("r+b") as file:
        block = bytes(1 << 20)
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def sync_folder(folder: Path) -> None:
    """Make sure that new names in a folder survive a power cut (where the system can do it)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
