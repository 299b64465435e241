"""A register of synthetic people, as a hospital would export it: 30 columns, most cells empty, written in a stream.

Nobody in it is real. Ages, findings, medicines and laboratory values are drawn independently with plausible rates from
a seeded generator; the same seed and number of people give the same file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 250_000
# finding: (share of people of whom it is known, share of these who have it)
FINDINGS = {
    "site_calf": (0.7, 0.75),
    "at_night": (0.7, 0.7),
    "hard_knot": (0.4, 0.5),
    "eased_by_stretching": (0.4, 0.6),
    "weekly_or_more": (0.6, 0.4),
    "one_sided": (0.5, 0.45),
    "leg_swelling_one_sided": (0.3, 0.02),
    "urge_to_move": (0.3, 0.1),
    "tingling": (0.3, 0.12),
    "on_exertion": (0.3, 0.06),
    "diabetes": (0.9, 0.12),
    "hypertension": (0.9, 0.35),
    "kidney_disease": (0.9, 0.06),
    "varicose_veins": (0.4, 0.2),
    "takes_thiazide": (0.95, 0.12),
    "takes_loop_diuretic": (0.95, 0.05),
    "takes_statin": (0.95, 0.28),
    "takes_laba": (0.95, 0.04),
    "takes_ppi": (0.95, 0.16),
    "takes_metformin": (0.95, 0.08),
}
# quantity: (column's unit, mean, SD, digits, share of people who have it)
QUANTITIES = {
    "calcium": ("mmol/L", 2.36, 0.09, 2, 0.4),
    "potassium": ("mmol/L", 4.1, 0.4, 1, 0.6),
    "magnesium": ("mmol/L", 0.84, 0.07, 2, 0.15),
    "creatinine": ("umol/L", 78.0, 20.0, 0, 0.6),
}


def mapping_text(findings: list[str]) -> str:
    """Return the mapping file of the register."""
    lines = ['[person]\nid = "person_id"\nage = "age"\nsex = { column = "sex", female = ["F"], male = ["M"] }']
    lines += [f'[[finding]]\ncolumn = "{name}"\nfinding = "{name}"' for name in findings]
    lines += [
        f'[[quantity]]\ncolumn = "{name}"\nquantity = "{name}"\nunit = "{unit}"'
        for name, (unit, *_) in QUANTITIES.items()
    ]
    return "\n\n".join(lines) + "\n"


def write_register(path: Path, people: int, findings: list[str], seed: int = 20261126) -> None:
    """Write the register as Parquet, in chunks: memory stays small whatever the number of people."""
    rng = np.random.default_rng(seed)
    writer: pq.ParquetWriter | None = None
    for first in range(0, people, CHUNK):
        n = min(CHUNK, people - first)
        columns: dict[str, pa.Array] = {"person_id": pa.array(np.arange(first, first + n) + 1_000_000)}
        columns["age"] = pa.array(np.clip(rng.normal(58, 18, n), 18, 97).astype(np.int16))
        columns["sex"] = pa.array(np.array(["F", "M"], dtype=object)[rng.integers(0, 2, n)], pa.string())
        for name in findings:
            known, share = FINDINGS[name]
            columns[name] = pa.array((rng.random(n) < share).astype(np.int8), mask=rng.random(n) >= known)
        for name, (_, mean, sd, digits, known) in QUANTITIES.items():
            values = np.round(np.maximum(rng.normal(mean, sd, n), 0.5 * mean), digits)
            columns[name] = pa.array(values, mask=rng.random(n) >= known)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=CHUNK)
    if writer:
        writer.close()
