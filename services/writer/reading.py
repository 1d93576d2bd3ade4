"""What a caller puts, held to the same rules as a row of a product file."""

from __future__ import annotations

from services.common.problems import InvalidRequest, UnreadableImage
from services.contracts.problems import FieldProblem
from services.contracts.writer import ProductInput
from services.pipeline.catalogue.product import CatalogueProduct
from services.pipeline.feeds import FeedRow
from services.pipeline.feeds.validation import Reject, RowValidator
from services.pipeline.pictures.media import MediaStore, StoredPicture, UnusablePicture


def read_product(
    product_id: str, given: ProductInput, media: MediaStore, model_id: str
) -> CatalogueProduct:
    """Check a product and keep its picture. Raises InvalidRequest, UnreadableImage.

    Decodes the picture: not for an event loop.
    """
    if given.product_id not in (None, product_id):
        raise _refused("product_id", "is another than the one of the address")
    picture = _picture(given, media)
    link = given.image_url if picture is None else None
    row = FeedRow(
        number=1,
        values=(),
        fields={
            "product_id": product_id,
            "title": given.title,
            "description": given.description,
            "brand": given.brand or "",
            "category": given.category or "",
            "price": "" if given.price is None else repr(given.price),
            "currency": given.currency or "",
            "image": link or "",
            "product_url": given.product_url or "",
        },
        attributes=given.attributes,
    )
    checked = RowValidator(media.folder).check(row)
    if isinstance(checked, Reject):
        raise InvalidRequest(f"The product can't be taken: {checked.reason}.")
    if checked.picture_file is not None:
        raise _refused("image_url", "is neither a picture that is kept here nor an address")
    return CatalogueProduct.of(checked, picture, model_id)


def _picture(given: ProductInput, media: MediaStore) -> StoredPicture | None:
    if given.image is not None and given.image_url is not None:
        raise _refused("image_url", "can't be given beside `image`")
    if given.image is not None:
        try:
            return media.take_bytes(given.image)
        except UnusablePicture as error:
            raise UnreadableImage(f"The picture {error}.") from error
    return None if given.image_url is None else media.find(given.image_url)


def _refused(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` {message}.", errors=[FieldProblem(field=f"body.{field}", message=message)]
    )
