"""The API of measurements: what each series says, and results as they stand on the slip."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response

from soleus.app.entry_keeping import Kept
from soleus.app.measurement_entry import MeasurementRead, MeasurementTold, keep_measurement, read_measurement
from soleus.app.measurement_report import SeriesReport, report_series
from soleus.app.measurement_series import report_all_series
from soleus.app.web.page import house_of
from soleus.app.web.wire import described, refuse, sent, taken
from soleus.core.record import Sample
from soleus.knowledge.laboratory_index import LaboratoryIndex

router = APIRouter(prefix="/api/measurements", tags=["measurements"])

TOLD = taken(MeasurementTold)
EXAMPLE = MeasurementTold(
    name="serum Ca", value="9,2", unit="mg/dL", low="8.5", high="10.5", taken="2026-11-20", zone="Europe/Berlin"
)


@router.get("", summary="What all series say", **described(gives=tuple[SeriesReport, ...]))
def get_measurements(request: Request) -> Response:
    """Return each measured quantity with its readings, the own level, and what has really changed."""
    house = house_of(request)
    return sent(report_all_series(house.diary, house.session().evidence))


@router.post(
    "/read",
    summary="How a result would be read",
    **described(takes=MeasurementTold, gives=MeasurementRead, example=EXAMPLE, errors=(413, 415, 422)),
)
def post_read(request: Request, told: MeasurementTold = TOLD) -> Response:
    """Return the quantity, the value in its usual unit, and every problem; nothing is stored."""
    return sent(_read(request, told, str(uuid.uuid4())))


@router.put(
    "/{id}",
    summary="Record a result as printed",
    **described(takes=MeasurementTold, gives=Kept[Sample], example=EXAMPLE, errors=(409, 413, 415, 422, 503)),
)
def put_measurement(request: Request, id: str, told: MeasurementTold = TOLD) -> Response:
    """Record it once: the same id with the same content again is the same result, however often it is sent."""
    known = keep_measurement(house_of(request).diary, _read(request, told, id), told, now=house_of(request).now())
    assert isinstance(known.entry, Sample)
    return sent(Kept(entry=known.entry, new=known.new, removed=known.removed))


@router.get("/{quantity:path}", summary="What one series says", **described(gives=SeriesReport, errors=(404, 422)))
def get_series(request: Request, quantity: str) -> Response:
    """Return the readings of one quantity (an id of the evidence base, or a name of one's own)."""
    house = house_of(request)
    samples = house.diary.samples(quantity=quantity)
    if not samples:
        raise refuse(
            404, "no_such_id", "quantity", "nothing of this name is measured", "it can't be shown", "look at the list"
        )
    return sent(report_series(quantity, samples, house.session().evidence))


def _read(request: Request, told: MeasurementTold, id: str) -> MeasurementRead:
    house = house_of(request)
    index = LaboratoryIndex(house.session().evidence.quantities)
    return read_measurement(told, index, id=id, now=house.now(), zone=house.zone())
