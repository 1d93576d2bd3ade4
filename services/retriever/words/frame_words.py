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
    "inexpensive best good nice great "
    "perfect quality but daughter son mother father mom mum dad wife husband girlfriend "
    "boyfriend friend kid",
    "de": "nicht kein keine billig preiswert teuer teure neu so zu "
    "haben habt hat hatte gibt gebt kann konnen konnt mochte mochten will wollen suche "
    "suchen sucht brauche brauchen kaufen bestellen finde finden zeig zeige verkauft "
    "verkaufen fuhrt bitte gerne etwas irgendetwas geschenk geschenke idee ideen marke "
    "marken sorte art sorten auswahl sortiment artikel produkt produkte laden wo was wie "
    "welche welcher welches mir mich du euch auch noch nur sehr gut gute guter gunstig "
    "schon schone",
    "fr": "trop peu si bon marche economique chere nouveau nouvelle "
    "avez avoir as ont peut peux puis veux voudrais cherche chercher trouver trouve "
    "besoin acheter montrez montre vendez vend sil plait svp quelque chose cadeau cadeaux "
    "idee idees marque marques sorte type gamme choix article articles produit produits "
    "magasin ou quoi quel quelle quels quelles comment aussi encore seulement tres bon "
    "bonne pas cher moi me te",
    "es": "no economico economica caro cara nuevo nueva tan demasiado "
    "tiene tienen tienes hay puedo puede quiero quisiera busco buscar encontrar necesito "
    "comprar mostrar muestra vende venden favor algo cosa cosas regalo regalos idea ideas "
    "marca marcas tipo tipos gama seleccion articulo articulos producto productos tienda "
    "donde que cual como tambien solo muy bueno buena barato barata me te",
    "it": "non economico economica caro costoso nuovo poco troppo cosi "
    "avete ha hanno posso puo vorrei voglio cerco cercare trovare bisogno comprare mostra "
    "vendete favore qualcosa cosa regalo regali idea idee marca marche tipo tipi gamma "
    "scelta articolo articoli prodotto prodotti negozio dove che quale quali come anche "
    "solo molto buono buona mi ti",
    "pt": "nao economico caro cara novo nova tao demais "
    "tem tens ha posso pode quero queria procuro procurar encontrar preciso comprar "
    "mostra mostrar vende vendem favor algo coisa coisas presente presentes ideia ideias "
    "marca marcas tipo tipos gama selecao artigo artigos produto produtos loja onde que "
    "qual como tambem so muito bom boa barato me te",
    "nl": "niet geen duur nieuw te zo "
    "heb hebben heeft kan kunnen wil willen zoek zoeken vinden nodig kopen toon verkoopt "
    "verkopen graag iets cadeau cadeaus idee ideeen merk merken soort soorten assortiment "
    "artikel product producten winkel waar wat welke hoe ook nog alleen zeer goed goede "
    "goedkoop mij me je",
    "sv": "inte dyr ny sa "
    "har kan vill soker soka hitta behover kopa visa saljer garna nagot present presenter "
    "ide marke marken sort sorter sortiment produkt produkter butik var vad vilken vilka "
    "hur ocksa bara mycket bra billig mig",
    "da": "dyr ny sa "
    "har kan vil soger finde mangler kobe vis saelger gerne noget gave gaver ide maerke "
    "maerker slags sortiment produkt produkter butik hvor hvad hvilken hvilke hvordan "
    "ogsa kun meget god billig mig",
    "no": "dyr ny sa "
    "har kan vil soker leter finne trenger kjope vis selger gjerne noe gave gaver ide "
    "merke merker slags utvalg produkt produkter butikk hvor hva hvilken hvilke hvordan "
    "ogsa bare meget god billig meg",
    "pl": "nie za drogi niedrogi nowy zbyt tak "
    "macie ma maja moge mozna chce chcialbym szukam szukac znalezc potrzebuje kupic pokaz "
    "prosze cos prezent prezenty pomysl marka marki rodzaj typ wybor artykul produkt "
    "produkty sklep gdzie jaki jaka jakie jak tez tylko bardzo dobry dobra tani tania mi "
    "mnie",
    "ru": "не недорогой дорогой дешевле новый слишком "
    "есть можно хочу хотел ищу искать найти нужен нужна нужно купить покажите покажи "
    "продаете пожалуйста что нибудь подарок подарки идея бренд бренда марка марки вид тип "
    "товар товары магазин где какой какая какие как тоже только очень хороший дешевый мне",
    "tr": "pahali yeni ekonomik "
    "var mi misiniz ariyorum istiyorum lazim almak satin goster lutfen bir sey hediye "
    "fikir marka markasi cesit tur urun urunler magaza nerede ne hangi nasil cok iyi ucuz "
    "bana",
}

_BY_LANGUAGE = {language: frozenset(words.split()) for language, words in _WORDS.items()}


def own_frame_words(language: str) -> frozenset[str]:
    """Those of one language."""
    return _BY_LANGUAGE.get(language, frozenset())


def frame_words(language: str) -> frozenset[str]:
    """Those of English and of the catalogue's language."""
    return _BY_LANGUAGE["en"] | _BY_LANGUAGE.get(language, frozenset())
