"""Names of columns in German, French, Spanish, Italian, Dutch, Polish, Portuguese and Swedish.

A file with such names is read as if it had the English ones. A word that means something else in
another of these languages is not here, such as `Bestand`, which is a file in Dutch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from services.contracts.products import LIST_PRICE
from services.pipeline.feeds.own_columns import (
    FIELD_COLUMNS,
    OFFER_COLUMNS,
    PRICES,
    SALE,
    bare,
    currency_in,
    named,
    price_name,
)

_NAMES: Mapping[str, str] = {
    "sku": (
        "artikelnummer artikelnr artnr art-nr artikel-id produktnummer produkt-id référence réf "
        "référence_produit code_article code_produit id_produit referencia referencia_producto "
        "id_producto código código_producto riferimento codice codice_prodotto codice_articolo "
        "id_prodotto productnummer productcode kod_produktu kod numer_artykułu id_produktu indeks "
        "referência código_do_produto id_produto id_do_produto produktkod"
    ),
    "title": "titel produkttitel titre título titolo tytuł",
    "name": (
        "bezeichnung artikelbezeichnung produktbezeichnung artikelname produktname nom nom_produit "
        "nom_du_produit libellé désignation nombre nombre_producto nombre_del_producto nome "
        "nome_prodotto denominazione naam productnaam artikelnaam nazwa nazwa_produktu "
        "nome_produto nome_do_produto designação namn produktnamn benämning"
    ),
    "description": (
        "beschreibung artikelbeschreibung produktbeschreibung descriptif description_produit "
        "descripción descrizione beschrijving omschrijving productbeschrijving opis opis_produktu "
        "descrição beskrivning produktbeskrivning"
    ),
    "long_description": "langbeschreibung description_longue descripción_larga descrizione_lunga",
    "short_description": (
        "kurzbeschreibung description_courte descripción_corta descrizione_breve "
        "korte_beschrijving korte_omschrijving krótki_opis descrição_curta kort_beskrivning"
    ),
    "brand": "marke marque marca merk marka märke varumärke",
    "manufacturer": "hersteller fabricant fabricante produttore fabrikant producent tillverkare",
    "category": (
        "kategorie warengruppe produktgruppe catégorie categoría categoria categorie kategoria "
        "kategori"
    ),
    "categories": "kategorien catégories categorías categorieën kategorier",
    "price": "preis verkaufspreis prix prix_de_vente precio prezzo prijs cena preço pris",
    "regular_price": (
        "normalpreis regulärer_preis listenpreis prix_normal prix_régulier precio_normal "
        "prezzo_di_listino normale_prijs cena_regularna preço_normal ordinarie_pris"
    ),
    LIST_PRICE: (
        "streichpreis alter_preis prix_barré ancien_prix prix_conseillé precio_anterior "
        "precio_original prezzo_originale prezzo_precedente adviesprijs oude_prijs stara_cena "
        "cena_katalogowa preço_original preço_antigo tidigare_pris rekommenderat_pris"
    ),
    "sale_price": (
        "angebotspreis sonderpreis aktionspreis prix_promo prix_promotionnel prix_soldé "
        "precio_rebajado precio_oferta precio_de_oferta prezzo_scontato prezzo_in_offerta "
        "actieprijs aanbiedingsprijs cena_promocyjna preço_promocional reapris kampanjpris"
    ),
    "currency": "währung devise moneda divisa valuta waluta moeda",
    "image": (
        "bild bildurl bildlink bild-datei produktbild hauptbild foto image_principale url_image "
        "imagen imagen_principal url_imagen immagine immagine_principale url_immagine afbeelding "
        "afbeeldingurl zdjęcie obraz url_zdjęcia imagem imagem_principal url_imagem bildadress"
    ),
    "images": "bilder images_produit imágenes immagini afbeeldingen zdjęcia imagens",
    "product_url": (
        "produktlink produkturl artikellink lien lien_produit url_produit enlace url_producto "
        "collegamento url_prodotto productlink adres_url link_do_produktu url_produto länk "
        "produktlänk"
    ),
    "availability": (
        "verfügbarkeit verfügbar vorrätig auf_lager lieferbar disponibilité disponible en_stock "
        "disponibilidad disponibilità disponibile beschikbaarheid beschikbaar op_voorraad "
        "dostępność dostępny disponibilidade disponível em_estoque em_stock tillgänglighet "
        "tillgänglig lagerstatus i_lager"
    ),
    "stock": (
        "lagerbestand lagermenge quantité_en_stock existencias giacenza voorraad stan_magazynowy "
        "estoque lagersaldo"
    ),
    "active": "aktiv actif activo attivo actief aktywny ativo",
    "color": "farbe couleur colore kleur kolor cor färg",
    "size": "größe taille talla tamaño taglia maat rozmiar tamanho storlek",
    "material": "matériau matière materiale materiaal materiał",
    "barcode": (
        "strichcode code_barres código_de_barras codice_a_barre streepjescode kod_kreskowy "
        "streckkod"
    ),
}
"""English name → others for it. `_` stands for any blank or mark; accents may be missing."""

_FIELDS: Mapping[str, Sequence[str]] = {
    **FIELD_COLUMNS,
    **{one: (one, *OFFER_COLUMNS[one]) for one in (LIST_PRICE, SALE)},
}
_NUMBER = re.compile(r"[0-9]{0,2}$")
"""Behind the name of one picture of several: `Bild 2`."""
_WORD = re.compile(r"[^\W_]+")
_LIKE: Mapping[str, frozenset[str]] = {
    "product_id": frozenset(
        ["identifier", "code", "asin", "reference", "ref", "model", "number", "nummer"]
    ),
    "title": frozenset({"navn", "название"}),
}
"""Field → words in the names of columns that are likely meant, beside the names of the field."""


def _folded(name: str) -> str:
    """Without accents and marks."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    return bare("".join(one for one in letters if not unicodedata.combining(one)))


_ENGLISH = {_folded(one): english for english, names in _NAMES.items() for one in names.split()}


def in_english(names: Sequence[str]) -> list[str]:
    """The names of columns, as they are compared, with the English ones for those known here.

    An English name that the file has itself, or that an earlier column got, is not given again,
    nor one that would count before the file's own column of that field.
    """
    taken = {bare(name) for name in names}
    for field, others in _FIELDS.items():
        if found := named(names, field, others):
            own = found[0][1]
            first = next(at for at, one in enumerate(others) if named([own], field, [one]))
            taken |= {bare(one) for one in others[: first + 1]}
    translated = []
    for name in names:
        english = _english(name)
        if english and bare(english) not in taken:
            taken.add(bare(english))
            translated.append(english)
        else:
            translated.append(name)
    return translated


def _english(name: str) -> str:
    """Empty for an unknown name. A price keeps the currency in its name: `Preis (EUR)`."""
    folded = _folded(name)
    if english := _ENGLISH.get(folded):
        return english
    stem = _NUMBER.sub("", folded)
    if stem != folded and _ENGLISH.get(stem) == "image":
        return f"image_{folded.removeprefix(stem)}"
    english = _ENGLISH.get(_folded(price_name(name)), "")
    if english in PRICES or english == "regular_price":
        return f"{english}_{currency_in(name).lower()}".rstrip("_")
    return ""


def is_like(column: str, field: str) -> bool:
    """True for a column that a person may have meant for the field."""
    return any(
        word in _LIKE[field] or {word, _ENGLISH.get(_folded(word))} & {*FIELD_COLUMNS[field]}
        for word in _WORD.findall(column.casefold())
    )
