"""Which column of a register means what: the mapping file, in TOML.

A mapping says where the person's code, age and sex are, which columns are findings, measurements and medicines, and
which cells mean yes, no and unknown. What it doesn't name is not read. Nothing here looks at data: a mapping can be
checked before the first row is read (`soleus.cohort.mapping_file`).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from soleus.core.case import Setting

Cell = str | int | float | bool
Attribute = Literal["age", "sex", "pregnancy_month", "setting"]


class MappingRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all parts of a mapping: immutable, named fields only, unknown names refused."""


class CodedColumn(MappingRecord, frozen=True, kw_only=True):
    """A column of yes and no.

    Parameters
    ----------
    column : str
        Its name in the table.
    present, absent : tuple of cell
        The cells that mean yes and no, as they are in the table. When both are empty: 1, true, yes, y and 0, false,
        no, n. A cell that is in neither list and is not unknown can't be read, and its row is a reject.
    """

    column: str
    present: tuple[Cell, ...] = ()
    absent: tuple[Cell, ...] = ()


class SexColumn(MappingRecord, frozen=True, kw_only=True):
    """The column of the sex; when both lists are empty, female, f, woman and male, m, man are read."""

    column: str
    female: tuple[Cell, ...] = ()
    male: tuple[Cell, ...] = ()


class SettingColumn(MappingRecord, frozen=True, kw_only=True):
    """Where the person is seen: the same for all (``value``), or by a column whose cells ``codes`` translates.

    Without ``codes`` the cells are the settings themselves, such as ``primary_care``.
    """

    column: str = ""
    value: Setting | None = None
    codes: dict[str, Setting] = {}


class PersonColumns(MappingRecord, frozen=True, kw_only=True):
    """The columns that say who it is.

    Parameters
    ----------
    id : str
        The person's code. It is copied to the answer and never used otherwise.
    age : str, optional
        Years.
    pregnancy_month : str, optional
        1 to 10 from the last period; 0 is not pregnant.
    pregnant, postpartum : CodedColumn, optional
    """

    id: str
    age: str | None = None
    sex: SexColumn | None = None
    pregnancy_month: str | None = None
    pregnant: CodedColumn | None = None
    postpartum: CodedColumn | None = None
    setting: SettingColumn | None = None


class FindingColumn(CodedColumn, frozen=True, kw_only=True):
    """A column that says whether a finding (an id of the evidence) is present."""

    finding: str


class QuantityColumn(MappingRecord, frozen=True, kw_only=True):
    """A column of measurements.

    Parameters
    ----------
    column : str
        Numbers, numbers as text (``"<0.5"`` too), or lists of them (several readings).
    quantity : str
        An id of the evidence, such as ``calcium``.
    unit : str, optional
        The unit of every cell; without it and ``unit_column`` the only usual unit that fits is assumed, row by row.
    unit_column : str, optional
        The column with each row's own unit; where its cell is empty, ``unit`` holds.
    low_column, high_column : str, optional
        The columns with the laboratory's own limits, in the unit of the value.
    """

    column: str
    quantity: str
    unit: str | None = None
    unit_column: str | None = None
    low_column: str | None = None
    high_column: str | None = None


class MedicineColumn(MappingRecord, frozen=True, kw_only=True):
    """A column with names of medicines: one text cell, cut at ``separator``, or a list.

    ``complete`` says that the cell lists all that the person takes: a medicine that isn't in it is then absent.
    """

    column: str
    separator: str = ";"
    complete: bool = False


class LongTable(MappingRecord, frozen=True, kw_only=True):
    """A table with one row for each fact: person, code, value, unit, time (as OMOP and FHIR exports give)."""

    person: str
    code: str
    value: str | None = None
    unit: str | None = None
    time: str | None = None


class CodeRow(MappingRecord, frozen=True, kw_only=True):
    """What the rows of a long table with one of these codes say: a finding, a measurement or an attribute.

    Parameters
    ----------
    codes : tuple of str
        As in the column of codes, read as text.
    finding, quantity, attribute : str, optional
        Exactly one of them.
    unit : str, optional
        The unit of rows that give none.
    present, absent : tuple of cell
        For a finding: the values that mean yes and no; when both are empty, that there is a row means yes.
    """

    codes: tuple[str, ...]
    finding: str | None = None
    quantity: str | None = None
    attribute: Attribute | None = None
    unit: str | None = None
    present: tuple[Cell, ...] = ()
    absent: tuple[Cell, ...] = ()

    @property
    def target(self) -> str:
        """What it says, as one word such as ``finding diabetes``."""
        told = (("finding", self.finding), ("quantity", self.quantity), ("attribute", self.attribute))
        return " and ".join(f"{kind} {name}" for kind, name in told if name is not None)


class Mapping(MappingRecord, frozen=True, kw_only=True):
    """A whole mapping file.

    Parameters
    ----------
    person : PersonColumns
        ``[person]``.
    unknown : tuple of cell
        The cells that mean unknown in every column, beside empty ones, such as ``-9`` or ``"NA"``.
    findings, quantities, medicines : tuple
        ``[[finding]]``, ``[[quantity]]``, ``[[medicine]]``: one for each column.
    long : LongTable, optional
        ``[long]``: the table has one row for each fact; ``codes`` say what they mean.
    codes : tuple of CodeRow
        ``[[code]]``.
    """

    person: PersonColumns
    unknown: tuple[Cell, ...] = ()
    findings: tuple[FindingColumn, ...] = msgspec.field(default=(), name="finding")
    quantities: tuple[QuantityColumn, ...] = msgspec.field(default=(), name="quantity")
    medicines: tuple[MedicineColumn, ...] = msgspec.field(default=(), name="medicine")
    long: LongTable | None = None
    codes: tuple[CodeRow, ...] = msgspec.field(default=(), name="code")

    def columns(self) -> tuple[str, ...]:
        """Return every column that is read from the wide table, each once, the person's code first.

        Examples
        --------
        >>> Mapping(person=PersonColumns(id="pid", age="age"),
        ...         quantities=(QuantityColumn(column="ca", quantity="calcium", unit_column="u"),)).columns()
        ('pid', 'age', 'ca', 'u')
        """
        names: list[str | None] = list(person_columns(self.person))
        names += [finding.column for finding in self.findings]
        for one in self.quantities:
            names += [one.column, one.unit_column, one.low_column, one.high_column]
        names += [medicine.column for medicine in self.medicines]
        return tuple(dict.fromkeys(name for name in names if name))


def person_columns(person: PersonColumns) -> tuple[str, ...]:
    """Return the columns that say who it is, the person's code first."""
    names: list[str | None] = [person.id, person.age, person.pregnancy_month]
    names += [one.column for one in (person.sex, person.pregnant, person.postpartum, person.setting) if one is not None]
    return tuple(dict.fromkeys(name for name in names if name))


def wide_mapping(mapping: Mapping) -> Mapping:
    """Return the mapping of the wide table that a long one is turned into (`soleus.cohort.long_table`).

    Findings are columns ``finding:ID``, measurements ``quantity:ID`` with ``unit:ID`` (lists, in the order of time),
    attributes ``attribute:NAME``; columns of people and their cells stay as they are.

    Examples
    --------
    >>> long = Mapping(person=PersonColumns(id="pid"), long=LongTable(person="pid", code="code", value="value"),
    ...                codes=(CodeRow(codes=("2000-8",), quantity="calcium", unit="mg/dL"),))
    >>> wide_mapping(long).columns()
    ('pid', 'quantity:calcium', 'unit:calcium')
    """
    if mapping.long is None:
        return mapping
    told = {row.attribute for row in mapping.codes}
    person = mapping.person
    if "age" in told:
        person = msgspec.structs.replace(person, age="attribute:age")
    if "pregnancy_month" in told:
        person = msgspec.structs.replace(person, pregnancy_month="attribute:pregnancy_month")
    if "sex" in told:
        sex = person.sex or SexColumn(column="")
        person = msgspec.structs.replace(person, sex=msgspec.structs.replace(sex, column="attribute:sex"))
    if "setting" in told:
        setting = person.setting or SettingColumn()
        person = msgspec.structs.replace(
            person, setting=msgspec.structs.replace(setting, column="attribute:setting", value=None)
        )
    findings = dict.fromkeys(row.finding for row in mapping.codes if row.finding is not None)
    quantities = dict.fromkeys(row.quantity for row in mapping.codes if row.quantity is not None)
    return Mapping(
        person=person,
        unknown=mapping.unknown,
        findings=tuple(
            FindingColumn(column=f"finding:{name}", finding=name, present=(PRESENT,), absent=(ABSENT,))
            for name in findings
        ),
        quantities=tuple(
            QuantityColumn(column=f"quantity:{name}", quantity=name, unit_column=f"unit:{name}") for name in quantities
        ),
    )


PRESENT, ABSENT = "finding: present", "finding: absent"  # in a pivoted table; other cells are what could not be read
