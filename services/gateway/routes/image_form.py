"""The multipart form that a picture comes in, read in memory and checked field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.common.media_types import media_type_of
from services.common.problems import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from services.contracts.gateway import PictureOptions
from services.gateway.searching.picture_formats import looks_like_a_picture

IMAGE_FIELD = "image"
FORM_OVERHEAD_BYTES = 16_384
"""Room in a form beside the picture: other fields, boundaries and headers."""

Errors = list[dict[str, Any]]  # as Pydantic lists them


Options = TypeVar("Options", bound=PictureOptions)


@dataclass(frozen=True, slots=True)
class ImageForm(Generic[Options]):
    """A picture that looks like one by its first bytes, and what to do with it."""

    image: bytes
    options: Options


class _InMemoryParser(MultiPartParser):
    # Starlette writes files over 1 MB to disk; ours are bounded already, and disks are slow.
    spool_max_size = 1 << 40
    complete = False

    def on_end(self) -> None:
        self.complete = True

    def close(self) -> None:
        """Let go of what was read; Starlette forgets the file of a form that just stops."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_image_form(
    request: Request, max_image_bytes: int, options: type[Options], *, other: Collection[str] = ()
) -> ImageForm[Options]:
    """Read and check the form; a field of the form wins over the query parameter of its name.

    other: query parameters that are no option.
    Raises RequestValidationError naming each field at fault, UnsupportedMediaType, PayloadTooLarge.
    """
    media_type = media_type_of(request)
    if media_type != "multipart/form-data":
        raise UnsupportedMediaType(
            f"{request.url.path} takes `multipart/form-data` with the picture in the field "
            f"`{IMAGE_FIELD}`, not {media_type or 'a body without a type'}."
        )
    parser = _InMemoryParser(
        request.headers, request.stream(), max_files=4, max_fields=16, max_part_size=1_024
    )
    try:
        form = await parser.parse()
        if not parser.complete:
            raise InvalidRequest("The form ends before its last boundary.")
        parameters = [item for item in request.query_params.multi_items() if item[0] not in other]
        return await _check(form, parameters, max_image_bytes, options)
    except MultiPartException as error:
        raise InvalidRequest(f"The form cannot be read: {error.message}") from error
    finally:
        parser.close()


async def _check(
    form: FormData,
    parameters: Iterable[tuple[str, str]],
    max_image_bytes: int,
    options: type[Options],
) -> ImageForm[Options]:
    errors: Errors = []
    in_query = _options(options, "query", parameters, errors)
    in_form = _options(
        options,
        "body",
        ((name, value) for name, value in form.multi_items() if name != IMAGE_FIELD),
        errors,
    )
    file = _only_file(form.getlist(IMAGE_FIELD), errors)
    if errors or file is None:
        raise RequestValidationError(errors)
    if (file.size or 0) > max_image_bytes:
        raise PayloadTooLarge(f"The picture is larger than the {max_image_bytes} bytes allowed.")
    image = await file.read()
    if not looks_like_a_picture(image):
        raise UnsupportedMediaType("The file is no JPEG, PNG, WebP or AVIF picture.")
    return ImageForm(
        image,
        in_query.model_copy(
            update={name: getattr(in_form, name) for name in in_form.model_fields_set}
        ),
    )


def _only_file(values: list[UploadFile | str], errors: Errors) -> UploadFile | None:
    """The picture's file; None where something is wrong, and then `errors` says what."""
    match values:
        case [UploadFile() as file] if file.size:
            return file
        case [UploadFile()]:
            message = "The file is empty"
        case [_]:
            message = "A file is needed here, not text"
        case []:
            message = "Field required: the picture, as a file"
        case _:
            message = "One picture at a time"
    errors.append(_error("body", IMAGE_FIELD, message))
    return None


def _options(
    kind: type[Options],
    place: str,
    fields: Iterable[tuple[str, str | UploadFile]],
    errors: Errors,
) -> Options:
    """The options in these fields; what is wrong with them goes to `errors`."""
    values: dict[str, str | UploadFile] = {}
    for name, value in fields:
        if name in values:
            errors.append(_error(place, name, "Given more than once"))
        values[name] = value
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        errors.extend({**item, "loc": (place, *item["loc"])} for item in error.errors())
        return kind()


def _error(place: str, name: str, message: str) -> dict[str, Any]:
    return {"loc": (place, name), "msg": message}
