"""Names of columns in our own format, and in exports of systems that are read as our own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.contracts.products import LIST_PRICE
from services.contracts.search import IN_STOCK
from services.pipeline.feeds.currencies import CODES, currency_of

_RANGES = (
    *("price_range_v2_min_variant_price", "price_range_min_variant_price"),
    *("price_range_minimum_price_final_price", "pricing_price_range_start_gross", "prices_price"),
)
"""Lowest prices of a product in the GraphQL of Shopify, Magento, Saleor and BigCommerce."""

FIELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "product_id": (
        *("product_id", "id", "item_id", "sku", "item_sku", "seller_sku", "product_sku"),
        *("sku_id", "offer_id", "object_id", "handle", "handle_id", "url_handle"),
        *("merchant_product_id", "aw_product_id", "td_product_id", "entity_id", "@id"),
    ),
    "title": (
        *("title", "name", "product_title", "product_name", "item_name", "productdisplayname"),
    ),
    "description": (
        *("description", "product_description", "item_description", "body", "body_html"),
        *("description_html", "long_description", "short_description"),
    ),
    "brand": ("brand", "brand_name", "manufacturer", "manufacturer_name", "vendor"),
    "category": (
        *("category", "categories", "category_path", "category_name", "category_1"),
        *("merchant_category", "product_type", "google_product_category"),
    ),
    "price": (
        "price",
        "regular_price",
        "standard_price",
        "retail_price",
        "sales_price",
        "price_amount",
        "price_value",
        "search_price",
        "offers_low_price",
        *(f"{one}_amount" for one in _RANGES),
        *(f"{one}_value" for one in _RANGES),
    ),
    "currency": (
        *("currency", "price_currency", "currency_code", "price_currency_code"),
        *(f"{one}_currency_code" for one in _RANGES),
        *(f"{one}_currency" for one in _RANGES),
    ),
    "image": (
        *("image_path", "image", "image_url", "image_link", "image_src", "picture"),
        "main_image_url",
        *(
            "picture_url",
            "photo",
            "photo_url",
            "main_image",
            "hosted_image_urls",
            "merchant_image_url",
        ),
        *("cover_media_url", "media_main_image_url", "variant_image_url"),
        *("internal_image_url_(export)", "image_url_(import)"),
        *("aw_image_url", "image_large_url", "image_small_url"),
        *("featured_image_url", "featured_media_preview_image_url", "default_image_url"),
        *("small_image_url", "thumbnail_url"),
    ),
    "product_url": (
        *("product_url", "url", "link", "permalink", "deep_link", "merchant_deep_link"),
        *("page_url", "buy_url", "aw_deep_link", "online_store_url"),
    ),
}
"""Field of a product → the columns that may hold it, the preferred one first."""

CATEGORIES = "categories"
"""Column of several categories, with `;`, `|` or `,` between them."""

_ODOO = frozenset({"defaultcode", "categid"})
ODOO_COST = "standard_price"
_ODOO_PRICES = ("list_price", "lst_price")

SALE, SALE_DATES = "sale_price", "sale_price_effective_date"
SALE_START, SALE_END, ON_SALE = "sale_start", "sale_end", "on_sale"
DISCOUNT, DISCOUNT_MODE = "discount_value", "discount_mode"
DISCOUNT_AMOUNT, DISCOUNT_PERCENT = "discount_amount", "discount_percent"
TRACKED = "track_inventory"
OFFER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    LIST_PRICE: (
        *("compare_at_price", "compare_to_price", "compare_price", "regular_price"),
        *("original_price", "old_price", "price_old", "was_price"),
        *("former_price", "strikethrough_price", "msrp", "mrp", "rrp", "uvp", "retail_price"),
        *("rrp_price", "product_price_old"),
    ),
    SALE: (
        *("special_price", "discounted_price", "offer_price", "promotional_price"),
        *("selling_price", "final_price"),
    ),
    SALE_DATES: (),
    SALE_START: (
        *("sale_start_date", "sale_price_start_date", "sale_from_date"),
        *("special_price_from_date", "date_sale_price_starts"),
        *("discount_from", "discount_from_yyyymmdd"),
    ),
    SALE_END: (
        *("sale_end_date", "sale_price_end_date", "sale_to_date"),
        *("special_price_to_date", "date_sale_price_ends"),
        *("discount_to", "discount_to_yyyymmdd"),
    ),
    ON_SALE: ("is_on_sale",),
    DISCOUNT: (),
    DISCOUNT_MODE: (),
    DISCOUNT_AMOUNT: (),
    DISCOUNT_PERCENT: (),
    IN_STOCK: (
        *("availability", "stock_status", "inventory_status", "available", "is_available"),
        *("available_for_sale", "stock", "stock_quantity", "total_inventory"),
        *("stock_level", "current_stock", "current_stock_level", "inventory", "inventory_level"),
        *("inventory_quantity", "quantity", "qty"),
    ),
    TRACKED: ("inventory_tracking", "is_inventory_tracked", "manage_stock"),
}
"""Preferred column of an offer → the other columns that may say the same, in order."""

PRICES = frozenset({"price", LIST_PRICE, SALE})

SHOWN = re.compile(
    r"(?:is|product|item)*(?:visible|published|active|enabled|online|forsale)(?:flag|yn)?"
)
"""Columns in which a "no" hides a product, without the marks in their names."""
HIDDEN = re.compile(
    r"(?:is|product|item)*(?:hidden|archived|deleted|draft|disabled|unpublished)(?:flag|yn)?"
)
"""Columns in which a "yes" hides it."""
STATUS = re.compile(r"(?:product|squareonlineitem|item|publish|publication)?(?:status|visibility)")

VARIANT_CODES = frozenset(
    {"color", "colour", "size", "material", "pattern", "sku", "barcode", "gtin", "ean", "upc"}
)
"""Columns by which the variants of a product differ, without the marks in their names."""

FURTHER = re.compile(
    r"(?:more|further|additional|extra|other|alternat(?:e|ive))"
    r"(?:image|picture|photo)(?:link|url|path)?s?(?:two|three|four)?"
    r"|(?:image|picture|photo)(?:link|url|path)?s|(?:media|image)?gallery"
    r"|(?:product)?(?:additional|other|mediagallery)?"
    r"(?:image|img|picture|photo)(?:link|url|path|src|file)?[0-9]{1,2}"
)
"""Columns of further pictures, without the marks in their names."""

_MARKS = re.compile(r"\[non_editable\]|\(0/1\)|\(x,_?y,_?z[^)]*\)|[^\w@]|_")
"""Marks in a name, and the remarks of Squarespace and PrestaShop. JSON-LD's `@id` is no `id`."""
_OF = re.compile(r"^(?:product|item|offers)(?=.)|^variant(?=.*price)")
_SIGN = re.compile(r"[^\w\s.,:;*?()\[\]/-]")
_GROSS = re.compile(
    r"(?:tax|vat|gst)?inc(?:l(?:uding|uded|usive)?)?(?:tax|vat|gst)?$|with(?:tax|vat|gst)$"
    r"|(?:inkl?|incl?)(?:mwst|ust|btw|moms|iva|tva)$|(?:mwst|ust|btw|moms)ink?l$"
    r"|(?:con|com|avec)?(?:iva|tva)(?:incl\w*|comprise|inbegrepen)?$"
    r"|gross|brutto|ttc$|(?<=price)vat$"
)
"""Words for the tax in the name of a price."""
_WORDS_TOO = frozenset({"ALL", "TOP"})
"""Codes that are words: `price_all` is in no currency, `Price (ALL)` is in Albania's."""


def bare(name: str) -> str:
    """Without the marks in it: `imageUrl`, `image-url` and `Image URL*` are one."""
    return _MARKS.sub("", name)


def named(names: Sequence[str], field: str, wanted: Sequence[str]) -> list[tuple[int, str]]:
    """Their places, the preferred first: `product_brand` is `brand` too.

    A price may have its tax or currency in its name.
    """
    readings = (bare, price_name if field in PRICES else of_product)
    forms = [[read(name) for name in names] for read in readings]
    found = {
        at: names[at]
        for other in wanted
        for form in forms
        for at, name in enumerate(form)
        if name == bare(other)
    }
    return list(found.items())


def field_columns(names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Columns by field. In Odoo's files `standard_price` is the cost, not the price."""
    return {**FIELD_COLUMNS, "price": _ODOO_PRICES} if is_odoo(names) else FIELD_COLUMNS


def is_odoo(names: Sequence[str]) -> bool:
    return not _ODOO.isdisjoint(map(bare, names))


def of_product(name: str) -> str:
    """The bare name, without `product` before it, or schema.org's `offers`."""
    return _OF.sub("", bare(name))


def price_name(name: str) -> str:
    """`price` for `Price (tax incl.)`, `product_price` and `price_eur`."""
    plain = of_product(name)
    for _ in range(2):
        plain = _GROSS.sub("", plain)
        plain = plain[:-3] if _code(plain[-3:], name) else plain
    return plain


def currency_in(name: str) -> str:
    """The code that the name of a price's column ends with, `Price (EUR)` or `Price €`."""
    sign = _SIGN.search(name)
    return currency_of(sign[0]) or "" if sign else _code(_GROSS.sub("", bare(name))[-3:], name)


def _code(letters: str, name: str) -> str:
    """The currency's code at the end of a column's name; empty for other letters."""
    code = letters.upper()
    return code if code in CODES and (code not in _WORDS_TOO or f"({letters})" in name) else ""
