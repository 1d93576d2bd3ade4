"""Columns in other languages than English."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.pipeline.feeds import open_feed
from services.pipeline.feeds.costs import is_cost
from services.pipeline.feeds.own_languages import _NAMES, _folded
from services.pipeline.feeds.validation import FeedProduct, RowValidator


def first(folder: Path, content: str) -> FeedProduct:
    path = folder / "feed.csv"
    path.write_text(content)
    feed = open_feed(path)
    found = RowValidator(feed.folder).check(next(iter(feed.rows())))
    assert isinstance(found, FeedProduct)
    return found


@pytest.mark.parametrize(
    ("header", "stock"),
    [
        ("Artikelnummer;Bezeichnung;Preis;Währung;Marke;Beschreibung;Bild 1;Verfügbarkeit;"
         "Kategorie;Farbe;Größe;EAN;Lagerbestand;Link", "auf Lager"),
        ("Référence;Désignation;Prix TTC;Devise;Marque;Description;Image 1;Disponibilité;Catégorie;"
         "Couleur;Taille;EAN;Quantité en stock;Lien", "en stock"),
        ("Referencia;Nombre;Precio;Moneda;Marca;Descripción;Imagen 1;Disponibilidad;Categoría;"
         "Color;Talla;EAN;Existencias;Enlace", "sí"),
        ("Codice;Nome prodotto;Prezzo;Valuta;Marca;Descrizione;Immagine 1;Disponibilità;Categoria;"
         "Colore;Taglia;EAN;Giacenza;Link", "disponibile"),
        ("Artikelnummer;Naam;Prijs;Valuta;Merk;Omschrijving;Afbeelding 1;Beschikbaarheid;Categorie;"
         "Kleur;Maat;EAN;Voorraad;Link", "op voorraad"),
        ("Kod produktu;Nazwa;Cena brutto;Waluta;Marka;Opis;Zdjęcie 1;Dostępność;Kategoria;"
         "Kolor;Rozmiar;EAN;Stan magazynowy;Link", "tak"),
        ("Código;Nome;Preço;Moeda;Marca;Descrição;Imagem 1;Disponibilidade;Categoria;"
         "Cor;Tamanho;EAN;Estoque;Link", "em estoque"),
        ("Artikelnummer;Benämning;Pris inkl. moms;Valuta;Varumärke;Beskrivning;Bild 1;"
         "Tillgänglighet;Kategori;Färg;Storlek;EAN;Lagersaldo;Länk", "i lager"),
    ],
)  # fmt: skip
def test_columns_in_eight_languages_are_those_in_english(
    tmp_path: Path, header: str, stock: str
) -> None:
    row = (
        f"m1;Mug;12,90;EUR;Lumo;Holds tea;https://x.example/1.jpg;{stock};Mugs;red;M;"
        "4006381333931;3;https://x.example/m1"
    )
    for written in (header, header.upper(), header.replace(" ", "_")):
        found = first(tmp_path, f"{written}\n{row}\n")
        assert (found.product_id, found.title, found.price) == ("m1", "Mug", 12.9)
        assert (found.currency, found.brand, found.description) == ("EUR", "Lumo", "Holds tea")
        assert (found.picture_link, found.category) == ("https://x.example/1.jpg", "Mugs")
        assert found.product_url == "https://x.example/m1"
        said = {name: found.attributes[name] for name in ("color", "size", "ean", "in_stock")}
        assert said == {"color": "red", "size": "M", "ean": "4006381333931", "in_stock": "true"}


def test_a_price_may_have_its_currency_in_its_name_and_one_without_tax_is_none(
    tmp_path: Path,
) -> None:
    found = first(
        tmp_path, "SKU;Titel;Preis netto;Preis (CHF);Streichpreis;Verfügbar\n1;Mug;9;12;15;nein\n"
    )
    assert (found.price, found.currency) == (12.0, "CHF")
    assert found.attributes == {"preis_netto": "9", "list_price": "15"} | {
        "availability": "nein",
        "in_stock": "false",
    }


def test_an_english_column_counts_and_the_other_stays_an_attribute(tmp_path: Path) -> None:
    found = first(tmp_path, "id,name,Bezeichnung,Artikelnummer\n1,Mug,Tasse,a7\n")
    assert (found.product_id, found.title) == ("1", "Mug")
    assert found.attributes == {"bezeichnung": "Tasse", "sku": "a7"}


def test_no_name_stands_for_two() -> None:
    places: dict[str, set[str]] = {}
    for english, names in _NAMES.items():
        for name in names.split():
            places.setdefault(_folded(name), set()).add(english)
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_a_word_of_another_language_takes_no_field_from_an_english_column(tmp_path: Path) -> None:
    file = tmp_path / "feed.csv"
    file.write_text(
        "id,name,titre,price_eur,prix,image_link,bild\n"
        "1,Mug,Subtitle,11,9,https://x.example/a.jpg,https://x.example/b.jpg\n"
    )
    (row,) = open_feed(file).rows()
    assert row.fields["title"] == "Mug"
    assert row.fields["price"] == "11"
    assert row.fields["image"] == "https://x.example/a.jpg"
    assert row.attributes["titre"] == "Subtitle"


@pytest.mark.parametrize("name", ["cost_old", "margin_top", "ek_num"])
def test_only_a_currency_behind_a_name_of_costs_is_left_out_of_it(name: str) -> None:
    assert not is_cost(name)
    assert is_cost("cost_eur")
    assert is_cost("cost_price_(€)")
