"""`GET /images/…`: the catalogue's own pictures, named after their content."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse
from starlette.responses import MalformedRangeHeader

from services.common.problems import NotFound, problem_responses
from services.gateway.picture_names import MEDIA_TYPES, PICTURE_NAME
from services.gateway.routes.etags import holds
from services.gateway.smaller_pictures import MEDIA_TYPE
from services.gateway.state import State

router = APIRouter(tags=["products"])

Width = Literal["240", "480", "960"]


@router.get(
    "/images/{path:path}",
    summary="A picture of the catalogue",
    response_class=Response,
    responses={
        200: {
            "description": "The picture.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in sorted(set(MEDIA_TYPES.values()))
            },
        },
        304: {"description": "The picture that the caller holds is still the same."},
        **problem_responses(NotFound),
    },
)
async def get_image(
    path: Annotated[
        str,
        PathParameter(
            description="As in a product's `image_url`.",
            examples=[f"3f/3f{'a9c1' * 15}e2.webp"],
        ),
    ],
    request: Request,
    state: State,
    width: Annotated[
        Width | None,
        Query(description="Width in pixels, as WebP. A picture that is no wider is sent as it is."),
    ] = None,
) -> Response:
    """A name stands for one content for ever, so a browser may keep it for ever."""
    match = PICTURE_NAME.fullmatch(path)
    folder = state.settings.media_dir
    file = folder / path if match and folder else None
    found = None if file is None else await anyio.to_thread.run_sync(_regular_file, file)
    if match is None or file is None or found is None:
        raise NotFound("There is no picture of this name.")
    etag = f'"{match["digest"]}{f"-{width}" if width else ""}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=31536000, immutable"}
    if holds(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    small = await state.smaller_pictures.get(file, int(width)) if width else None
    if small is not None:
        return Response(small, headers=headers, media_type=MEDIA_TYPE)
    return _Picture(file, headers=headers, media_type=MEDIA_TYPES[match["kind"]], stat_result=found)


class _Picture(FileResponse):
    """A `Range` that makes no sense is ignored (RFC 9110, 14.2); Starlette refuses it."""

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader:
            return []


def _regular_file(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None
