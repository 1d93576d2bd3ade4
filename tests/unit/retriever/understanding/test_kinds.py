"""Kinds of limits, negations and identifiers as people write them, in four languages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest

from services.retriever.catalogue.catalogue import Catalogue
from services.retriever.understanding.understand import understand
from services.retriever.words import Analyser, Language
from tests.unit.retriever.test_words import Row, catalogue

_SHOPS: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]] = {
    "en": (
        ["red", "blue", "green"],
        ["striped", "dotted", "plain"],
        ["mug", "handbag", "dress"],
        ["leather", "wool", "cotton"],
    ),
    "de": (
        ["rot", "blau", "grün"],
        ["gestreift", "Streifen", "uni"],
        ["Tasse", "Handtasche", "Kleid"],
        ["Leder", "Wolle", "Baumwolle"],
    ),
    "fr": (
        ["rouge", "bleu", "vert"],
        ["rayures", "pois", "uni"],
        ["tasse", "sac", "robe"],
        ["cuir", "laine", "coton"],
    ),
    "es": (
        ["rojo", "azul", "verde"],
        ["rayas", "lunares", "liso"],
        ["taza", "bolso", "vestido"],
        ["cuero", "lana", "algodón"],
    ),
}


@cache
def shop(language: Language) -> Catalogue:
    """Products of every colour, pattern and kind, for 10 each."""
    colours, patterns, things, materials = _SHOPS[language]
    rows: dict[str, Row] = {}
    for thing in things:
        for colour in colours:
            for pattern in patterns:
                rows[f"p{len(rows):03}"] = {
                    "title": f"{colour} {thing} {pattern}",
                    "category": thing,
                    "attributes": {
                        "color": colour,
                        "pattern": pattern,
                        "material": materials[len(rows) % 3],
                        "in_stock": "true",
                    },
                }
    rows["e1"] = {
        "title": "Thing",
        "attributes": {"ean": "4006381333931", "sku": "12345", "mpn": "GSR 12V-15"},
    }
    return catalogue(rows, Analyser(language), price=10.0)


def _rows(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split("|")) for line in text.strip().splitlines()]


NEGATIONS = {
    "en": """
any mug but red | any mug | red
every mug but the red ones | every mug | red
mugs that aren't red | mugs | red
mugs that aren’t red | mugs | red
mug that ain't red | mug | red
everything except striped | | striped
red or blue mug | red or blue mug |
mug red or blue but not striped | mug red or blue | striped
mug which is neither red nor blue | mug | red, blue
mug with neither stripes nor dots | mug | stripes, dots
mug not red or striped | mug | red, striped
mug w/o stripes | mug | stripes
mug sans stripes | mug | stripes
mug !red | mug | red
mug red not wanted | mug | red
mug stripes not allowed | mug | stripes
mug stripe-free | mug | stripe
stripeless mug | mug | stripe
unstriped mug | mug | striped
leather free handbag | handbag | leather
mug barring red | mug | red
mug rather than dress | mug | dress
alternative to leather handbag | handbag | leather
handbag, an alternative to leather | handbag | leather
all colours but red mug | mug | red
not too expensive | not too expensive |
mug not too expensive | mug not too expensive |
""",
    "de": """
Tasse ausser rot | Tasse | rot
alle Tassen außer rot | alle Tassen | rot
Tasse ohne Streifen | Tasse | Streifen
Tasse bloß kein Rot | Tasse | Rot
Tasse weder rot noch blau | Tasse | rot, blau
Tassen, die nicht rot sind | Tassen | rot
Tasse, bitte nicht rot | Tasse | rot
Handtasche statt Kleid | Handtasche | Kleid
Handtasche anstatt Kleid | Handtasche | Kleid
lederfreie Handtasche | Handtasche | leder
Tasse streifenfrei | Tasse | streifen
streifenlose Tasse | Tasse | streifen
Tasse nicht zu teuer | Tasse nicht zu teuer |
Tasse nicht rot, blau oder grün | Tasse | rot, blau, grün
nicht rote, grüne oder blaue Tasse | Tasse | rote, grüne, blaue
Tasse weder rot, blau noch grün | Tasse | rot, blau, grün
nicht rot, blaue Tasse | blaue Tasse | rot
rot oder blaue Tasse | rot oder blaue Tasse |
""",
    "fr": """
tasse sauf rouge | tasse | rouge
tasse sans rayures | tasse | rayures
tasse ni rouge ni bleu | tasse | rouge, bleu
tasses qui ne sont pas rouges | tasses | rouges
tasse qui ne soit pas rouge | tasse | rouge
tasse autre chose que rouge | tasse | rouge
tasse plutôt que robe | tasse | robe
tout sauf rouge | | rouge
tasse pas trop chère | tasse pas trop chère |
tasse pas rouge, bleue ou verte | tasse | rouge, bleue, verte
tasse sans rayures, pois ou uni | tasse | rayures, pois, uni
""",
    "es": """
taza menos rojo | taza | rojo
taza sin rayas | taza | rayas
taza que no sea roja | taza | roja
taza ni rojo ni azul | taza | rojo, azul
todo menos rojo | | rojo
taza en vez de vestido | taza | vestido
taza no muy cara | taza no muy cara |
taza ni roja, azul ni verde | taza | roja, azul, verde
""",
}

PRICES = {
    "en": """
cheaper than 20 | | | 19.999
mug between 10 and 20 | mug | 10 | 20
mug from 20 to 30 euros | mug | 20 | 30
mug under 20 bucks | mug | | 19.999
mug min 20 max 30 | mug | 20 | 30
mug min. 20 max. 30 | mug | 20 | 30
mug max 30 min 20 | mug | 20 | 30
mug under £20 | mug | | 19.999
mug €20 or less | mug | | 20
mug up to max. 20 € | mug | | 20
mug below 20.- | mug | | 19.999
mug 20,- max | mug | | 20
mug under 1.5k | mug | | 1499.999
mug over 10 but under 20 | mug | 10.001 | 19.999
mug in the 10 to 20 dollar range | mug | 10 | 20
mug in the range 10-20 € | mug | 10 | 20
mug price range 10-20 | mug | 10 | 20
mug price: 10-20 | mug | 10 | 20
mug don't want to spend more than 20 | mug | | 20
mug that does not cost more than 20 | mug | | 20
mug not over 20 | mug | | 20
mug not under 20 | mug | 20 |
mug i can spend 20 euros | mug | | 20
mug sub 20 | mug | | 19.999
mug approx. 20 € | mug | 16 | 24
mug 20-30 | mug 20-30 | |
mug not between 10 and 20 | mug not between 10 and 20 | |
mug not red, between 10 and 20 | mug | 10 | 20
mug without spending more than 20 | mug | | 20
mug not red and under 20 | mug | | 19.999
mug 20 cm | mug 20 cm | |
mug under 20 min | mug under 20 min | |
mug not red under 20 | mug | | 19.999
""",
    "de": """
Tasse unter 20 Euro | Tasse | | 19.999
Tasse unter 20,- € | Tasse | | 19.999
Tasse bis max. 20 Euro | Tasse | | 20
Tasse ca. 20 Euro | Tasse | 16 | 24
Tasse um die 20 Euro | Tasse | 16 | 24
Tasse mind. 10 Euro | Tasse | 10 |
Tasse nicht über 20 Euro | Tasse | | 20
Tasse die nicht mehr als 20 Euro kostet | Tasse | | 20
Tasse, soll nicht mehr als 20 Euro kosten | Tasse | | 20
Tasse zwischen 10 und 20 | Tasse | 10 | 20
Tasse Preis 10-20 | Tasse | 10 | 20
Tasse für 3 Personen | Tasse für 3 Personen | |
""",
    "fr": """
tasse moins de 20 euros | tasse | | 19.999
tasse moins chère que 20 euros | tasse | | 19.999
tasse ne dépassant pas 20 euros | tasse | | 20
tasse qui ne coûte pas plus de 20 euros | tasse | | 20
tasse autour de 20 euros | tasse | 16 | 24
tasse entre 10 et 20 | tasse | 10 | 20
tasse jusqu’à 20 € | tasse | | 20
""",
    "es": """
taza menos de 20 | taza | | 19.999
taza más barata que 20 euros | taza | | 19.999
taza que no pase de 20 euros | taza | | 20
taza que no supere los 20 euros | taza | | 20
taza que no cueste más de 20 euros | taza | | 20
taza no quiero gastar más de 20 euros | taza | | 20
taza entre 10 y 20 | taza | 10 | 20
""",
}


@pytest.mark.parametrize(
    ("language", "query", "text", "excluded"),
    [(language, *row) for language, table in NEGATIONS.items() for row in _rows(table)],
)
def test_negations(language: Language, query: str, text: str, excluded: str) -> None:
    found = understand(shop(language), query)
    expected = [one for one in excluded.split(", ") if one]
    assert (found.text, found.exclusions) == (text, expected)


@pytest.mark.parametrize(
    ("language", "query", "text", "low", "high"),
    [(language, *row) for language, table in PRICES.items() for row in _rows(table)],
)
def test_prices(language: Language, query: str, text: str, low: str, high: str) -> None:
    found = understand(shop(language), query)
    price = found.price
    ends = (None, None) if price is None else (price.min, price.max)
    assert (found.text, ends) == (
        text,
        (float(low) if low else None, float(high) if high else None),
    )


@pytest.mark.parametrize(
    "query",
    _rows("""
sku 12345
SKU: 12345
sku#12345
EAN: 4006381333931
ean4006381333931
EAN-Nummer 4006381333931
barcode 4006381333931
art.nr. 12345
Art.-Nr.: 12345
Artikelnummer 12345
Artikelnr. 12345
Bestell-Nr. 12345
Modellnummer GSR 12V-15
Typ GSR 12V-15
p/n GSR 12V-15
P/N: GSR12V15
mfr part GSR 12V-15
item # 12345
no. 12345
n° 12345
code 12345
stock code 12345
catalogue no 12345
order number 12345
réf. 12345
référence : 12345
numéro d'article 12345
referencia 12345
código 12345
número de artículo 12345
артикул 12345
货号 12345
do you have sku 12345?
I am looking for EAN 4006381333931
"12345"
"""),
)
def test_labelled_identifiers(query: tuple[str]) -> None:
    one = shop("en")
    found = one.words.identified(query[0]).tolist()
    assert [one.index.id_of(number) for number in found] == ["e1"]
    assert understand(one, query[0]).understood == []


@pytest.mark.parametrize(
    "query",
    ["model 3", "art 12345 posters", "type 12 plug", "mug 12345 red", "part of 12345 things"],
)
def test_other_numbers_are_no_identifiers(query: str) -> None:
    assert len(shop("en").words.identified(query)) == 0


def test_a_word_of_the_language_is_no_negation_of_its_part() -> None:
    one = catalogue({"a": {"title": "Basket", "attributes": {"material": "wire"}}})
    found = understand(one, "wireless mouse")
    assert (found.text, found.exclusions) == ("wireless mouse", [])
