"""`POST /pictures`: a picture becomes an id for searches, with proposals of its parts."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from services.common.client import ServiceClient
from services.common.context import request_id
from services.common.problems import (
    ServiceError,
    UnreadableImage,
    problem_responses,
)
from services.contracts.encoder import Crop
from services.contracts.gateway import AddPictureOptions, PictureResponse
from services.gateway.routes.dependencies import QUERY_ERRORS, TimingsDependency
from services.gateway.routes.examples import PICTURE_ANSWER, answered, image_form_schema
from services.gateway.routes.image_form import ImageForm, read_image_form
from services.gateway.searching.encoding import encode_picture, find_regions
from services.gateway.searching.picture_ids import EncodedPicture, picture_id
from services.gateway.searching.timings import Timings
from services.gateway.state import State

logger = logging.getLogger(__name__)

router = APIRouter(tags=["search"])


@router.post(
    "/pictures",
    summary="Prepare a picture for searches",
    responses=answered("The id of the picture.", PICTURE_ANSWER)
    | problem_responses(*QUERY_ERRORS, UnreadableImage),
    openapi_extra=image_form_schema(AddPictureOptions),
)
async def add_picture(
    request: Request, response: Response, state: State, timings: TimingsDependency
) -> PictureResponse:
    """A form with the picture in the field `image`. Nothing is stored: the id holds the vector.

    The id goes into `terms` of `POST /search`, or into the address of a page.
    """
    form = await read_image_form(request, state.settings.max_image_bytes, AddPictureOptions)
    encoder = state.services.encoder
    (vector, model), proposals = await asyncio.gather(
        encode_picture(encoder, form.image, form.options.crop, timings),
        _proposals(encoder, form, timings),
    )
    expires_at = int(time.time()) + state.settings.picture_ttl_s
    answer = PictureResponse(
        picture_id=picture_id(EncodedPicture(vector, model, expires_at)),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        proposals=proposals,
        model=model,
        request_id=request_id.get(),
    )
    response.headers["Server-Timing"] = timings.server_timing()
    return answer


async def _proposals(
    encoder: ServiceClient, form: ImageForm[AddPictureOptions], timings: Timings
) -> list[Crop] | None:
    """None too where they cannot be had: the picture is searched with all the same."""
    if not form.options.proposals:
        return None
    try:
        return await find_regions(encoder, form.image, timings)
    except ServiceError as error:
        logger.warning("no proposals", extra={"reason": error.detail})
        return None
