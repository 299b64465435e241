"""Make the fast copy of the evidence when a wheel is built, so that an installed command answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SnapshotHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the snapshot of the evidence into the wheel; needs the packages of [build-system] only."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the snapshot before files are collected (not for editable installs, where make does it)."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from soleus.knowledge.load import load_evidence, write_snapshot
        from soleus.knowledge.word_lists import write_words_snapshot

        for path in (write_snapshot(root / "evidence"), write_words_snapshot(load_evidence(root / "evidence"))):
            build_data["force_include"][str(path)] = f"soleus/knowledge/{path.name}"
