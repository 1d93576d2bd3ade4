"""Column names of WooCommerce's export, which are in the language of the shop's administrators."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

_NAMES: Mapping[str, str] = {
    "type": "typ | tipo | rodzaj | тип | tür | tyyppi | tip | jenis | 类型 | 種類 | τύπος | סוג",
    "sku": (
        "artikelnummer | ugs | cod | ref | reference | referencia | référence | varenummer | "
        "varenummer sku | артикул | stok kodu | stok kodu sku | katalogové číslo | cikkszám | "
        "tuotetunnus | κωδικός προϊόντος | מקט | 货号"
    ),
    "name": (
        "nom | nombre | nome | naam | nazwa | namn | navn | имя | название | i̇sim | isim | název "
        "| jméno | név | nimi | nume | όνομα | назва | 名称 | 名前 | שם"
    ),
    "published": (
        "veröffentlicht | publié | publicado | pubblicato | gepubliceerd | opublikowano | "
        "opublikowane | opublikowany | publicerad | udgivet | publisert | опубликован | "
        "опубликовано | опубліковано | yayımlanmış | yayınlandı | publikováno | közzétéve | "
        "julkaistu | publicat | δημοσιευμένο | 已发布 | 公開済み | פורסם"
    ),
    "is_featured?": (
        "ist hervorgehoben | empfohlen | hervorgehoben | mis en avant | está destacado | "
        "destacado | in primo piano | è in primo piano | em destaque | uitgelicht | is uitgelicht "
        "| wyróżniony | polecany | czy jest wyróżniony | är utvald | utvald | er fremhævet | "
        "fremhævet | рекомендуемый | öne çıkan | öne çıkarılmış | doporučené"
    ),
    "visibility_in_catalog": (
        "sichtbarkeit im katalog | visibilité dans le catalogue | visibilidad en el catálogo | "
        "visibilità nel catalogo | visibilidade no catálogo | zichtbaarheid in catalogus | "
        "zichtbaarheid in de catalogus | widoczność w katalogu | synlighet i katalog | synlighet "
        "i katalogen | synlighed i katalog | synlighed i kataloget | видимость в каталоге | "
        "видимість в каталозі | katalogda görünürlük | katalog görünürlüğü | viditelnost v "
        "katalogu | láthatóság a katalógusban"
    ),
    "short_description": (
        "kurzbeschreibung | description courte | descripción corta | breve descrizione | "
        "descrizione breve | descrição curta | breve descrição | korte beschrijving | korte "
        "omschrijving | krótki opis | kort beskrivning | kort beskrivelse | короткое описание | "
        "краткое описание | короткий опис | kısa açıklama | krátký popis | stručný popis | rövid "
        "leírás | lyhyt kuvaus | descriere scurtă"
    ),
    "description": (
        "beschreibung | descripción | descrizione | descrição | beschrijving | omschrijving | "
        "opis | beskrivning | beskrivelse | описание | опис | açıklama | popis | leírás | kuvaus "
        "| descriere | περιγραφή | 描述 | 説明 | תיאור"
    ),
    "date_sale_price_starts": (
        "datum an dem angebotspreis beginnt | datum angebotspreis beginnt | date de début de "
        "promo | día en que empieza el precio rebajado | data di partenza del prezzo in saldo | "
        "data di inizio del prezzo in offerta | data de preço promocional começa em | data de "
        "início da promoção | startdatum actieprijs | startdatum van de aanbiedingsprijs | data "
        "rozpoczęcia promocji | data rozpoczęcia ceny promocyjnej | datum när reapriset börjar | "
        "дата начала действия скидки | дата начала действия цены со скидкой"
    ),
    "date_sale_price_ends": (
        "datum an dem angebotspreis endet | datum angebotspreis endet | date de fin de promo | "
        "día en que termina el precio rebajado | data in cui termina l offerta | termine data del "
        "prezzo di vendita | data di fine del prezzo in offerta | data de preço promocional "
        "termina em | data de fim da promoção | einddatum actieprijs | einddatum van de "
        "aanbiedingsprijs | data zakończenia promocji | data zakończenia ceny promocyjnej | datum "
        "när reapriset upphör | дата окончания действия скидки | дата окончания действия цены со "
        "скидкой"
    ),
    "tax_status": (
        "steuerstatus | état de la tva | statut de tva | estado del impuesto | stato delle "
        "imposte | status do imposto | estado do imposto | btw status | status podatku | "
        "momsstatus | статус налога | vergi durumu | stav daně"
    ),
    "tax_class": (
        "steuerklasse | classe de tva | classe tva | clase de impuesto | aliquota di imposta | "
        "classe de imposto | belastingklasse | klasa podatkowa | momsgrupp | momsklass | "
        "налоговый класс | vergi sınıfı | daňová třída"
    ),
    "in_stock?": (
        "vorrätig | auf lager | en stock | en inventario | existencias | hay existencias | "
        "disponibile | em estoque | em stock | op voorraad | w magazynie | na stanie | i lager | "
        "på lager | в наличии | наличие | stokta | stokta var mı | skladem | raktáron | "
        "varastossa | în stoc | σε απόθεμα | в наявності | 有库存吗 | 在庫あり | במלאי"
    ),
    "stock": (
        "lager | lagerbestand | bestand | inventario | magazzino | estoque | voorraad | stan "
        "magazynowy | magazyn | lagersaldo | запасы | stok | sklad | készlet"
    ),
    "low_stock_amount": (
        "geringe lagermenge | montant de stock faible | cantidad de bajo inventario | quantità in "
        "magazzino bassa | quantidade baixa de estoque | lage voorraad | niski stan magazynowy | "
        "lågt lagerantal | величина малых запасов"
    ),
    "backorders_allowed?": (
        "lieferrückstande erlaubt | lieferrückstände erlaubt | rückstände erlaubt | autoriser les "
        "commandes de produits en rupture | permitir reservas de productos agotados | abilita gli "
        "ordini arretrati | são permitidas encomendas | nabestellingen toestaan | zamówienia "
        "oczekujące | dozwolone zamówienia oczekujące | tillåt restnoteringar | возможен ли "
        "предзаказ"
    ),
    "sold_individually?": (
        "nur einzeln verkaufen | einzeln verkaufen | vendre individuellement | vendido "
        "individualmente | venduto singolarmente | wordt individueel verkocht | sprzedawany "
        "indywidualnie | säljes styckvis | продано индивидуально"
    ),
    "allow_customer_reviews?": (
        "kundenrezensionen erlauben | kundenbewertungen erlauben | autoriser les avis clients | "
        "permitir valoraciones de clientes | permetti le recensioni clienti | permitir avaliações "
        "de clientes | klantbeoordelingen toestaan | zezwolić na opinie klientów | tillåt "
        "kundrecensioner | разрешить отзывы от клиентов"
    ),
    "purchase_note": (
        "hinweis zum kauf | note de commande | nota de compra | nota di acquisto | nota da compra "
        "| aankoopnotitie | notatka zakupu | köpmeddelande | примечание к покупке"
    ),
    "sale_price": (
        "angebotspreis | aktionspreis | tarif promo | prix promo | prix de vente | precio "
        "rebajado | prezzo in offerta | preço promocional | actieprijs | aanbiedingsprijs | cena "
        "promocyjna | reapris | tilbudspris | salgspris | акционная цена | цена распродажи | ціна "
        "розпродажу | i̇ndirimli satış fiyatı | i̇ndirimli fiyat | zlevněná cena | akční cena | "
        "akciós ár | alennushinta | preț redus | τιμή προσφοράς | 促销价格 | セール価格 | מחיר מבצע"
    ),
    "regular_price": (
        "regulärer preis | normaler preis | tarif régulier | prix régulier | prix de base | "
        "precio normal | prezzo di listino | preço | preço normal | reguliere prijs | normale "
        "prijs | cena | cena regularna | ordinarie pris | normalpris | vanlig pris | базовая цена "
        "| обычная цена | звичайна ціна | normal fiyat | běžná cena | normál ár | normaali hinta "
        "| preț obișnuit | κανονική τιμή | 常规售价 | 通常価格 | מחיר רגיל"
    ),
    "categories": (
        "kategorien | catégories | categorías | categorie | categorias | categorieën | kategorie "
        "| kategorier | категории | категорії | kategoriler | kategóriák | kategoriat | categorii "
        "| κατηγορίες | 分类 | カテゴリー | קטגוריות"
    ),
    "tags": (
        "schlagwörter | étiquettes | etiquetas | etichette | tag | tagi | znaczniki | etiketter | "
        "метки | теги | позначки | etiketler | štítky | címkék | avainsanat | etichete"
    ),
    "shipping_class": (
        "versandklasse | classe d expédition | classe de livraison | clase de envío | classe di "
        "spedizione | classe de entrega | verzendklasse | klasa wysyłkowa | fraktklass | класс "
        "доставки"
    ),
    "images": (
        "bilder | imágenes | immagine | immagini | imagens | afbeeldingen | obrazki | zdjęcia | "
        "billeder | изображения | зображення | görseller | obrázky | képek | kuvat | imagini | "
        "εικόνες | 图片 | 画像 | תמונות"
    ),
    "download_limit": (
        "downloadlimit | limite de téléchargement | límite de descargas | limite di download | "
        "limite de downloads | limite de download | limit pobrań | лимит загрузок"
    ),
    "download_expiry_days": (
        "ablauftage des downloads | jours d expiration du téléchargement | días de caducidad de "
        "la descarga | scarica i giorni di scadenza | giorni di scadenza del download | dias para "
        "expirar o download | dagen vervaltijd download | dni do wygaśnięcia pobierania"
    ),
    "parent": (
        "übergeordnetes produkt | übergeordnet | superior | principal | padre | genitore | "
        "ascendente | produto ascendente | hoofd | bovenliggend | nadrzędny | produkt nadrzędny | "
        "överordnad | forælder | overordnet | родительский | батьківський | ebeveyn | nadřazené | "
        "szülő | γονικό | 父级 | 親 | אב"
    ),
    "grouped_products": (
        "gruppierte produkte | groupes de produits | productos agrupados | prodotti raggruppati | "
        "grupo de produtos | gegroepeerde producten | produkty grupowane | grupperade produkter | "
        "сгруппированные товары"
    ),
    "upsells": (
        "zusatzverkäufe | produits suggérés | ventas dirigidas | up sell | aumenta vendas | "
        "aumentar vendas | produkty up sell | апсэлы | upsell"
    ),
    "cross-sells": (
        "cross sells querverkäufe | ventes croisées | ventas cruzadas | cross sell | venda "
        "cruzada | vendas cruzadas | sprzedaż krzyżowa | кросселы | cross sells"
    ),
    "external_url": (
        "externe url | url externe | url externa | url esterno | url esterna | zewnętrzny adres "
        "url | extern url | ekstern url | внешний url | harici url | externí url"
    ),
    "button_text": (
        "button text | libellé du bouton | texto del botón | testo del pulsante | texto do botão "
        "| knoptekst | knop tekst | tekst przycisku | knapptext | текст кнопки"
    ),
    "position": "posición | posizione | posição | positie | pozycja | позиция | konum",
    "brands": (
        "marken | marke | marques | marque | marcas | marca | marchi | merken | merk | marki | "
        "marka | varumärken | mærker | бренды | markalar | značky"
    ),
    "attribute_#_name": (
        "attribut # name | attribut name # | nom de l attribut # | nombre del atributo # | nome "
        "dell attributo # | attributo # nome | nome do atributo # | naam eigenschap # | naam "
        "attribuut # | attribuut # naam | attribuutnaam # | nazwa atrybutu # | atrybut # nazwa | "
        "attribut # namn | attribut # navn | egenskab # navn | имя атрибута # | название атрибута "
        "# | назва атрибуту # | nitelik # ismi | özellik # adı | název vlastnosti # | vlastnost # "
        "název | tulajdonság # neve"
    ),
    "attribute_#_value(s)": (
        "attribut # wert e | attribut # werte | valeur s de l attribut # | valeurs de l attribut "
        "# | valor es del atributo # | valores del atributo # | valore dell attributo # | valori "
        "dell attributo # | valore i dell attributo # | attributo # valuta e | attributo # valore "
        "i | valores do atributo # | valor es do atributo # | waarde eigenschap # | waarde n "
        "eigenschap # | waarde n attribuut # | attribuut # waarde n | wartości atrybutu # | "
        "wartość atrybutu # | attribut # värde n | attribut # värden | attribut # værdi er | "
        "egenskab # værdi er | значение я атрибута ов # | значение я аттрибута ов # | значения "
        "атрибутов # | значения атрибута # | значение я атрибута # | nitelik # değer ler i | "
        "nitelik # değer leri | hodnota vlastnosti # | hodnoty vlastnosti # | tulajdonság # "
        "értéke i"
    ),
    "attribute_#_visible": (
        "attribut # sichtbar | attribut # visible | atributo visible # | attributo # visibile | "
        "visibilidade do atributo # | zichtbare eigenschap # | atrybut # widoczny | atrybut "
        "widoczny # | attribut # synligt | видимость атрибута #"
    ),
    "attribute_#_global": (
        "attribut # global | atributo global # | attributo # globale | globale eigenschap # | "
        "atrybut # globalny | глобальный атрибут #"
    ),
    "attribute_#_default": (
        "attribut # standard | attribut # par défaut | atributo por defecto # | atributo "
        "predeterminado # | attributo # predefinito | atributo padrão # | standaardeigenschap # | "
        "domyślny atrybut # | атрибут # по умолчанию"
    ),
}
"""English name, as tables compare names → the others, as `_words` gives them."""

_META = re.compile(r"(?:m[eé]tas?|metadati|pola|мета)[_\s]*:[_\s]?", re.IGNORECASE)
"""With the blank that stands behind it: what is hidden begins with `_` after that."""
_NUMBER = re.compile(r"\d+")
_BETWEEN = re.compile(r"[\W_]+")


def in_english(names: Sequence[str]) -> list[str]:
    """The same columns with English names; unknown ones stay as they are.

    names: as `Table.names` gives them.
    """
    return [_english(name) for name in names]


def _english(name: str) -> str:
    if (found := _META.match(name)) is not None:
        return f"meta:{name[found.end() :]}"
    number = _NUMBER.search(name)
    words = _words(_NUMBER.sub("#", name, count=1) if number else name)
    translated = _ENGLISH.get(words)
    if translated is None:
        return name
    return translated.replace("#", number[0] if number else "#")


def _words(name: str) -> str:
    """In lower case, with one blank for all that stands between words."""
    plain = unicodedata.normalize("NFC", name).casefold().replace("#", " # ")
    return " ".join(_BETWEEN.sub(" ", plain.replace("#", "0")).split())


_ENGLISH: Mapping[str, str] = MappingProxyType(
    {_words(form): column for column, forms in _NAMES.items() for form in forms.split(" | ")}
)
