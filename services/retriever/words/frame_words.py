"""Words around what a query asks for, by language, folded: "do you sell", "gift idea", "brand".

They say nothing of a product unless the catalogue itself uses them in its titles or values. Nor do
negations that exclude nothing: "nicht teuer".
"""

from __future__ import annotations

_WORDS = {
    "en": "do does did doing done have has had having can could will would shall should may "
    "might am was were been being there here where when how why what whatever you yours "
    "mine ours theirs hers someone somebody everyone anyone anybody want wants wanted "
    "need needs needed buy buying bought get gets getting got give gives find finding "
    "found show search searching seek seeking looking look sell sells selling sold carry "
    "carries offer offers recommend recommendation suggest suggestion please ideally "
    "preferably maybe perhaps also too still again just only really very much like love "
    "loves loved wish make makes making brand brands shop store online assortment "
    "collection selection variety kind kinds type types sort product products item items "
    "thing things stuff something anything everything nothing gift gifts present presents "
    "idea ideas thanks thank hello hi hey order ordering cheap cheaper cheapest affordable "
    "inexpensive best good nice great newest latest rated sale deal deals discounted stock "
    "available similar under over below above least between than more less longer shorter "
    "perfect quality but daughter son mother father mom mum dad wife husband girlfriend "
    "boyfriend friend kid",
    "de": "nicht kein keine so zu "
    "haben habt hat hatte gibt gebt kann konnen konnt mochte mochten will wollen suche "
    "suchen sucht brauche brauchen kaufen bestellen finde finden zeig zeige verkauft "
    "verkaufen fuhrt bitte gerne etwas irgendetwas geschenk geschenke idee ideen marke "
    "marken sorte art sorten auswahl sortiment artikel produkt produkte laden wo was wie "
    "welche welcher welches mir mich du euch auch noch nur sehr "
    "schon schone",
    "fr": "trop peu si marche "
    "avez avoir as ont peut peux puis veux voudrais cherche chercher trouver trouve "
    "besoin acheter montrez montre vendez vend sil plait svp quelque chose cadeau cadeaux "
    "idee idees marque marques sorte type gamme choix article articles produit produits "
    "magasin ou quoi quel quelle quels quelles comment aussi encore seulement tres "
    "pas moi me te",
    "es": "no tan demasiado "
    "tiene tienen tienes hay puedo puede quiero quisiera busco buscar encontrar necesito "
    "comprar mostrar muestra vende venden favor algo cosa cosas regalo regalos idea ideas "
    "marca marcas tipo tipos gama seleccion articulo articulos producto productos tienda "
    "donde que cual como tambien solo muy me te",
    "it": "non poco troppo cosi "
    "avete ha hanno posso puo vorrei voglio cerco cercare trovare bisogno comprare mostra "
    "vendete favore qualcosa cosa regalo regali idea idee marca marche tipo tipi gamma "
    "scelta articolo articoli prodotto prodotti negozio dove che quale quali come anche "
    "solo molto mi ti",
    "pt": "nao tao demais "
    "tem tens ha posso pode quero queria procuro procurar encontrar preciso comprar "
    "mostra mostrar vende vendem favor algo coisa coisas presente presentes ideia ideias "
    "marca marcas tipo tipos gama selecao artigo artigos produto produtos loja onde que "
    "qual como tambem so muito me te",
    "nl": "niet geen te zo "
    "heb hebben heeft kan kunnen wil willen zoek zoeken vinden nodig kopen toon verkoopt "
    "verkopen graag iets cadeau cadeaus idee ideeen merk merken soort soorten assortiment "
    "artikel product producten winkel waar wat welke hoe ook nog alleen zeer "
    "mij me je",
    "sv": "inte sa "
    "har kan vill soker soka hitta behover kopa visa saljer garna nagot present presenter "
    "ide marke marken sort sorter sortiment produkt produkter butik var vad vilken vilka "
    "hur ocksa bara mycket bra mig",
    "da": "sa "
    "har kan vil soger finde mangler kobe vis saelger gerne noget gave gaver ide maerke "
    "maerker slags sortiment produkt produkter butik hvor hvad hvilken hvilke hvordan "
    "ogsa kun meget mig",
    "no": "sa "
    "har kan vil soker leter finne trenger kjope vis selger gjerne noe gave gaver ide "
    "merke merker slags utvalg produkt produkter butikk hvor hva hvilken hvilke hvordan "
    "ogsa bare meget meg",
    "pl": "nie za zbyt tak "
    "macie ma maja moge mozna chce chcialbym szukam szukac znalezc potrzebuje kupic pokaz "
    "prosze cos prezent prezenty pomysl marka marki rodzaj typ wybor artykul produkt "
    "produkty sklep gdzie jaki jaka jakie jak tez tylko bardzo mi "
    "mnie",
    "ru": "не дешевле слишком "
    "есть можно хочу хотел ищу искать найти нужен нужна нужно купить покажите покажи "
    "продаете пожалуйста что нибудь подарок подарки идея бренд бренда марка марки вид тип "
    "товар товары магазин где какой какая какие как тоже только очень мне",
    "tr": "var mi misiniz ariyorum istiyorum lazim almak satin goster lutfen bir sey hediye "
    "fikir marka markasi cesit tur urun urunler magaza nerede ne hangi nasil cok "
    "bana",
}

_ADJECTIVES = {
    "de": "billig gunstig gut gute guter neu preiswert teuer teure",
    "fr": "bon bonne cher chere economique nouveau nouvelle",
    "es": "barata barato buena bueno cara caro economica economico nueva nuevo",
    "it": "buona buono caro costoso economica economico nuovo",
    "pt": "barata barato boa bom cara caro economico nova novo",
    "nl": "duur goed goede goedkoop nieuw",
    "sv": "billig dyr ny",
    "da": "billig dyr god ny",
    "no": "billig dyr god ny",
    "pl": "dobra dobry drogi niedrogi nowy tani tania",
    "ru": "дешевый дорогой недорогой новый хороший",
    "tr": "ekonomik iyi pahali ucuz yeni",
}
"""Adjectives around it: their other forms count too (`günstige`). Those of nouns and verbs do not:
a "Kanne" is a jug, though it has the stem of "kann".
"""

_BY_LANGUAGE = {
    language: frozenset(f"{words} {_ADJECTIVES.get(language, '')}".split())
    for language, words in _WORDS.items()
}


def frame_adjectives(language: str) -> list[str]:
    """The adjectives of one language whose other forms count too; English has all forms listed."""
    return _ADJECTIVES.get(language, "").split()


def own_frame_words(language: str) -> frozenset[str]:
    """Those of one language."""
    return _BY_LANGUAGE.get(language, frozenset())


def frame_words(language: str) -> frozenset[str]:
    """Those of English and of the catalogue's language."""
    return _BY_LANGUAGE["en"] | _BY_LANGUAGE.get(language, frozenset())
