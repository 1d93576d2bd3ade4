"""WooCommerce's export in other languages, with the headers that shops publish."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from services.pipeline.feeds import open_feed
from services.pipeline.feeds.validation import FeedProduct, RowValidator

GERMAN = (
    'ID,Typ,Artikelnummer,"GTIN, UPC, EAN oder ISBN",Name,Veröffentlicht,"Ist hervorgehoben?",'
    '"Sichtbarkeit im Katalog",Kurzbeschreibung,Beschreibung,'
    '"Datum, an dem Angebotspreis beginnt","Datum, an dem Angebotspreis endet",Steuerstatus,'
    'Vorrätig?,Bestand,"Gewicht (kg)",Angebotspreis,"Regulärer Preis",Kategorien,Schlagwörter,'
    'Bilder,"Übergeordnetes Produkt",Position,Marken,"Attribut 1 Name","Attribut 1 Wert(e)",'
    '"Attribut 1 Sichtbar","Attribut 1 Global","Meta: _edit_lock"'
)
FRENCH = (
    'ID,Type,UGS,"GTIN, UPC, EAN ou ISBN",Nom,Publié,"Mis en avant ?",'
    '"Visibilité dans le catalogue","Description courte",Description,"Date de début de promo",'
    '"Date de fin de promo","État de la TVA","En stock ?",Stock,"Poids (kg)","Tarif promo",'
    '"Tarif régulier",Catégories,Étiquettes,Images,Parent,Position,Marques,'
    '"Nom de l’attribut 1","Valeur(s) de l’attribut 1 ","Attribut 1 visible",'
    '"Attribut 1 global","Méta : _edit_lock"'
)
SPANISH = (
    'ID,Tipo,SKU,"GTIN, UPC, EAN o ISBN",Nombre,Publicado,"¿Está destacado?",'
    '"Visibilidad en el catálogo","Descripción corta",Descripción,'
    '"Día en que empieza el precio rebajado","Día en que termina el precio rebajado",'
    '"Estado del impuesto",¿Existencias?,Inventario,"Peso (kg)","Precio rebajado",'
    '"Precio normal",Categorías,Etiquetas,Imágenes,Superior,Posición,Marcas,'
    '"Nombre del atributo 1","Valor(es) del atributo 1","Atributo visible 1",'
    '"Atributo global 1","Meta: _edit_lock"'
)
ITALIAN = (
    'ID,Tipo,SKU,"GTIN, UPC, EAN, o ISBN",Nome,Pubblicato,"In primo piano?",'
    '"Visibilità nel catalogo","Breve descrizione",Descrizione,'
    '"Data di partenza del prezzo in saldo","Data in cui termina l\'offerta",'
    '"Stato delle imposte","In stock?",Magazzino,"Peso (kg)","Prezzo in offerta",'
    '"Prezzo di listino",Categorie,Tag,Immagine,Genitore,Posizione,Marchi,'
    '"Nome dell\'attributo 1","Valore dell\'attributo 1","Attributo 1 visibile",'
    '"Attributo 1 globale","Meta: _edit_lock"'
)
PORTUGUESE = (
    'ID,Tipo,SKU,"GTIN, UPC, EAN, ou ISBN",Nome,Publicado,"Em destaque?",'
    '"Visibilidade no catálogo","Descrição curta",Descrição,'
    '"Data de preço promocional começa em","Data de preço promocional termina em",'
    '"Status do imposto","Em estoque?",Estoque,"Peso (kg)","Preço promocional",Preço,'
    "Categorias,Tags,Imagens,Ascendente,Posição,Marcas,"
    '"Nome do atributo 1","Valores do atributo 1","Visibilidade do atributo 1",'
    '"Atributo global 1","Meta: _edit_lock"'
)
DUTCH = (
    'ID,Type,Artikelnummer,"GTIN, UPC, EAN of ISBN",Naam,Gepubliceerd,Uitgelicht?,'
    '"Zichtbaarheid in catalogus","Korte omschrijving",Beschrijving,"Startdatum actieprijs",'
    '"Einddatum actieprijs","Btw status","Op voorraad?",Voorraad,"Gewicht (kg)",Actieprijs,'
    '"Reguliere prijs",Categorieën,Tags,Afbeeldingen,Hoofd,Positie,Merken,'
    '"Naam eigenschap 1","Waarde eigenschap 1","Zichtbare eigenschap 1",'
    '"Globale eigenschap 1","Meta: _edit_lock"'
)
POLISH = (
    'ID,Rodzaj,SKU,"GTIN, UPC, EAN lub ISBN",Nazwa,Opublikowano,"Czy jest wyróżniony?",'
    '"Widoczność w katalogu","Krótki opis",Opis,"Data rozpoczęcia promocji",'
    '"Data zakończenia promocji","Status podatku","W magazynie?","Stan magazynowy",'
    '"Waga (kg)","Cena promocyjna",Cena,Kategorie,Tagi,Obrazki,Nadrzędny,Pozycja,Marki,'
    '"Nazwa atrybutu 1","Wartości atrybutu 1","Atrybut 1 widoczny","Atrybut 1: globalny",'
    '"Pola: _edit_lock"'
)
RUSSIAN = (
    'ID,Тип,Артикул,"GTIN, UPC, EAN или ISBN",Имя,Опубликован,рекомендуемый?,'
    '"Видимость в каталоге","Краткое описание",Описание,"Дата начала действия скидки",'
    '"Дата окончания действия скидки","Статус налога",Наличие,Запасы,"Вес (kg)",'
    '"Акционная цена","Базовая цена",Категории,Метки,Изображения,Родительский,Позиция,Бренды,'
    '"Имя атрибута 1","Значение(-я) атрибута(-ов) 1","Видимость атрибута 1",'
    '"Глобальный атрибут 1","Мета: _edit_lock"'
)
LANGUAGES = {
    "german": GERMAN,
    "french": FRENCH,
    "spanish": SPANISH,
    "italian": ITALIAN,
    "portuguese": PORTUGUESE,
    "dutch": DUTCH,
    "polish": POLISH,
    "russian": RUSSIAN,
}
PARENT = (
    *("1", "variable", "MUG", "4006381333931", "Mug", "1", "0", "visible", "Short", "Long"),
    *("", "", "taxable", "1", "5", "0.3", "", "", "Kitchen > Mugs", "gift"),
    *("https://s.example/1.jpg, https://s.example/2.jpg", "", "0", "Lumo"),
    *("Colour", "Red, Blue", "1", "1", "1700000000:1"),
)
RED = (
    *("2", "variation", "MUG-R", "", "Mug - Red", "1", "0", "visible", "", ""),
    *("2020-01-01", "2999-01-01", "taxable", "1", "5", "", "9,50", "12,90", "", ""),
    *("https://s.example/red.jpg", "MUG", "1", "", "Colour", "Red", "", "", ""),
)
DRAFT = ("3", "simple", "CUP", "", "Cup", "-1", *PARENT[6:16], "", "5", *PARENT[18:])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_export_in_another_language_is_read_as_the_english_one(
    tmp_path: Path, language: str
) -> None:
    header = next(csv.reader([LANGUAGES[language]]))
    out = io.StringIO()
    csv.writer(out).writerows([header, RED, PARENT, DRAFT])
    path = tmp_path / "export.csv"
    path.write_text(out.getvalue(), encoding="utf-8-sig")
    feed = open_feed(path)
    assert feed.format == "woocommerce"
    mug, draft = feed.rows()
    assert mug.fields == {
        "product_id": "MUG",
        "title": "Mug",
        "description": "Long",
        "brand": "Lumo",
        "category": "Kitchen > Mugs",
        "price": "9,50",
        "list_price": "12,90",
        "image": "https://s.example/1.jpg",
    }
    assert {name: mug.attributes[name] for name in ("colour", "in_stock", "short_description")} == {
        "colour": "Red, Blue",
        "in_stock": "true",
        "short_description": "Short",
    }
    assert mug.attributes["more_images"] == "https://s.example/2.jpg https://s.example/red.jpg"
    assert not [name for name in mug.attributes if "edit_lock" in name]
    product = RowValidator(tmp_path, currency="EUR").check(mug)
    assert isinstance(product, FeedProduct)
    assert (product.price, product.attributes["list_price"]) == (9.5, "12.9")
    assert draft.problem == "it is a draft"
    assert feed.column(mug, "title") == header[4]


def test_a_table_in_another_language_is_not_taken_for_an_export(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("id,name,typ,cena\n1,Mug,a,5\n")
    assert open_feed(path).format == "own"
