"""Phrases of limits and negations by language and meaning, separated by `|`.

Each wording has English and the languages in other scripts (`wording.of`), so that no other list
repeats their phrases.

Languages without spaces are cut at these phrases. `measure`: a number behind it is no price;
`unit`: a number before it is none. `money`: a range behind it is one of prices, without a currency
too. `idiom`: a word behind "not" that it does not negate. `either`: all that it joins is negated.
`but`: a negation behind a word of `any` only. `article`: words and signs between a negation and
what it negates. `larger`, `smaller`: limits of a quantity, but not of a price.
"""

from __future__ import annotations

from typing import Literal

Meaning = Literal[
    "below", "up_to", "above", "at_least", "or_less", "or_more", "between", "and", "to",
    "or_between", "larger", "smaller", "or_larger", "or_smaller", "price", "money", "behind_price",
    "more_less", "measure", "unit", "in_stock", "out_of_stock", "not", "after_not", "article", "or",
    "either", "idiom", "on_it", "any", "but",
]  # fmt: skip

PHRASES: dict[str, dict[Meaning, str]] = {}

PHRASES["en"] = {
    "below": "under|below|less than|cheaper than|lower than|beneath|smaller than|<|fewer than|sub",
    "up_to": "up to|at most|no more than|not more than|nothing more than|max|maximum|"
    "maximum of|max of|max price|maximum price|price limit|within|limit of|budget|"
    "budget of|budget is|a budget of|not higher than|<=|=<|≤|≦|⩽|upto|"
    "at the most|maximal|tops|not over|not above|no more expensive than|"
    "not more expensive than|nothing over|nothing above|not exceeding|not to exceed|"
    "without exceeding|no higher than|i can spend|can spend|willing to spend|happy to spend|"
    "to spend|spending limit|spending limit of|no pricier than|not pricier than|no dearer than|"
    "can't spend more than|cannot spend more than|can't pay more than|cannot pay more than|"
    "won't spend more than|won't pay more than|will not pay more than|will not spend more than|"
    "must not cost more than|should not cost more than|shouldn't cost more than|"
    "mustn't cost more than|can't go over|cannot go over|can't afford more than|"
    "cannot afford more than",
    "above": "over|above|more than|greater than|higher than|pricier than|more expensive than|>|"
    "exceeding|beyond",
    "at_least": "at least|from|starting at|starting from|minimum|minimum of|min of|"
    "min price|minimum price|"
    "no less than|min|not less than|upwards of|>=|=>|≥|≧|⩾|a minimum of|not under|not below|"
    "nothing under|nothing below|no cheaper than|not cheaper than",
    "or_less": "or less|or under|or below|or cheaper|max|maximum|tops|and under|and below|"
    "and less|at most|or lower|at the most",
    "or_more": "or more|or over|or above|and up|and over|and above|and more|upwards|+|minimum|"
    "min|at least|plus|or higher",
    "between": "between|in between|from|range from|ranging from",
    "and": "and|&|to|-|–|—|−|till|until|up to",
    "to": "to|-|–|—|−|~|..|...|…|till|until|up to",
    "price": "price|prices|priced|pricing|costing|costs|cost|that costs|that cost|which costs|for|"
    "with a price|at a price|in the price range|budget|the price|a price|is|of|:|that is|that are|"
    "which is|anything|something|it|should|be|must|a price of|that's|for sale|spend|spending|"
    "around|with|whose|at|i can|pay|but|and|in the|in a|in the range|in the range of|"
    "in a range of|range|in the price range of|but also|yet|want to spend|want to pay|to pay|"
    "to spend|want|would like|like to spend|going|go|costing me",
    "not": "not|no|without|alternative to|alternatives to|an alternative to|"
    "no added|without added|without any added|except|except for|"
    "excepting|excluding|exclude|excl|anything but|"
    "anything except|in anything but|in anything except|anything other than|any color but|"
    "any colour but|any color except|any colour except|in any color but|in any colour but|"
    "in any color except|in any colour except|but not|but no|but nothing|just not|but without|"
    "only not|nothing|nothing in|nothing with|other than|minus|non|is not|isn't|isnt|are not|"
    "aren't|arent|that is not|that isn't|that are not|that aren't|which is not|which isn't|"
    "does not have|doesn't have|doesnt have|do not have|don't have|dont have|that has no|"
    "that have no|with no|having no|has no|have no|do not want|don't want|dont want|don't like|"
    "dont like|i hate|hate|avoid|avoiding|never|and not|and no|neither|never in|apart from|"
    "aside from|besides|everything but|everything except|all but|all except|must not be|"
    "must not have|mustn't be|should not be|shouldn't be|should not have|can't be|cannot be|"
    "not in|lacking|free of|free from|devoid of|absent|leave out|skip|i do not want|"
    "i don't want|i don't like|please no|definitely not|certainly not|absolutely no|"
    "absolutely not|whichever but|that does not have|that doesn't have|anything not|"
    "anything that is not|anything that isn't|any but|in any but|save for|excludes|ex|"
    "not being|not made of|not made from|not made out of|made without|not of|no to|not with|"
    "sans|w/o|w/out|instead of|rather than|as opposed to|barring|ain't|aint|that ain't|"
    "which is neither|that is neither|that are neither|which are neither|with neither|"
    "is neither|are neither|having neither|has neither|all colors but|all colours but|"
    "all colors except|all colours except|every color but|every colour but|every color except|"
    "every colour except|whatever but|were not|was not|wasn't|weren't|not any|never any|"
    "anything with no|not something|not one with|not ones with|does not|do not|doesn't|doesnt|"
    "don't|dont|that does not|that doesn't|that doesnt|which does not|which doesn't|"
    "that do not|that don't",
    "article": "a|an|the|any|in|with|of|it|one|ones|color|colour|colored|coloured|some|those|that|"
    "being|is|are|having|have|type|kind|:|\"|'|“|”|has|want|on|-|(|[|*|„|«|»|…|.|by|from|made|"
    "the brand|from brand|by brand|produced|manufactured|out of|–|—|−",
    "or": "or|nor|and|,|and no|or in|nor in|and not|/|or a|or any|and in|or the|and the|, no|"
    ", not|and without|or with|&|+",
    "in_stock": "in stock|on stock|in-stock|available|that are available|that is available|"
    "which are available|which is available|is available|are available|available now|"
    "available today|immediately available|available immediately|that are in stock|"
    "that is in stock|only in stock|in stock only|currently available|ready to ship|"
    "currently in stock|which are in stock|which is in stock|not sold out|not out of stock|"
    "in stock now|available in stock|must be in stock|should be in stock|have in stock|"
    "has in stock|that you have in stock|you have in stock|in stock items|in stock products|"
    "and in stock|and available now|in stock please|available right now|available for delivery|"
    "is in stock|are in stock|instock|hide sold out|hide out of stock",
    "out_of_stock": "out of stock|out-of-stock|sold out|sold-out|unavailable|"
    "currently unavailable|no longer available|that are out of stock|that is out of stock|"
    "which are out of stock|which is out of stock|is out of stock|are out of stock|"
    "currently out of stock|out of stock items|no stock|no longer in stock",
    "larger": "longer than|larger than|bigger than|heavier than|taller than|wider than|"
    "deeper than|thicker than|stronger than|faster than",
    "smaller": "shorter than|lighter than|narrower than|thinner than|weaker than|slower than",
    "or_larger": "or longer|or larger|or bigger|or heavier|or taller|or wider|or stronger",
    "or_smaller": "or shorter|or smaller|or lighter|or narrower|or thinner",
    "idiom": "only|sure|matter|too|very|so|necessarily|really|problem|idea|need|more|less|longer|"
    "one|just|even|yet|much|many|quite|that|to|be|allowed|wonder|worries|way|but|than|if|for|my|"
    "your|his|her|their|our|i|you|he|she|we|they|what|expensive|cheap|big|small|at|important|"
    "whose|which|who|whom|where|when|why|how|bad|good|thanks|doubt|same|like|as|him|them|me|us|"
    "show",
    "on_it": "on it|in it|on them|please|at all|on the front|ones|one|in it please|whatsoever|"
    "color|colour|colors|colours|things|stuff|, please|added|thanks|, thanks",
    "measure": "age|ages|aged|size|sizes|length|width|height|weight|capacity|wattage|model|"
    "version|number|page|pages|diameter|depth|volume|us|uk|eu|no|nr|art|sku|id|item|spf|weighs|"
    "weighing|long|wide|tall|high|holds|holding|rated|rating|load|years|power",
    "unit": "cm|mm|m|km|dm|inch|inches|ft|feet|foot|yard|yards|l|ml|cl|dl|liter|liters|litre|"
    "litres|gallon|gallons|oz|ounce|ounces|kg|g|mg|gram|grams|lb|lbs|ton|tons|w|watt|watts|kw|v|"
    "volt|volts|amp|amps|ah|mah|wh|kwh|hz|khz|mhz|ghz|gb|mb|tb|kb|mp|megapixel|megapixels|px|dpi|"
    "rpm|bar|psi|db|lumen|lumens|lm|k|kelvin|degrees|degree|°|c|f|%|percent|year|years|yr|yrs|"
    "month|months|week|weeks|day|days|hour|hours|h|hr|hrs|minute|minutes|min|second|seconds|sec|"
    "piece|pieces|pcs|pc|pack|packs|count|ct|people|persons|person|players|player|stars|star|"
    "reviews|review|pages|page|sheets|seats|seater|doors|drawers|shelves|levels|speeds|gears|"
    "teeth|holes|way|ways|in-1|x|\"|″|''|′|sqm|m2|m²|thread|threads|denier|den|carat|carats|karat|"
    "mph|kmh|calories|kcal|cal|servings|items|colors|colours|sizes|size|d|p|n|nm|cc|hp|bit|cores|"
    "fps|old|year-old|ply|tiers|tier|layers|mmhg|cups|tablets|capsules|sachets|bags|rolls|meter|"
    "meters|metre|metres|centimeters|centimetres|millimeters|pound|pounds|am|pm|st|nd|rd|th|s",
    "more_less": "about|around|approximately|approx|ca|circa|roughly|only|just|a|the|:|is|of|"
    "my|than|~|≈|±|near|close to|in the region of",
    "money": "price|prices|priced|pricing|price range|price is|price:|budget|cost|costs|"
    "costing|price from|priced from|for sale|cheaper than|more expensive than|spend|pay",
    "behind_price": "range|price range|budget|in price|or so|each|apiece|in total|price|money",
    "after_not": "excluded|are excluded|is excluded|not wanted|is not wanted|are not wanted|"
    "unwanted|not allowed|are not allowed|is not allowed|not please|not included|no thanks|"
    "no thank you|not needed",
    "either": "or|nor|or in|nor in|or any|nor any",
    "any": "any|all|every|each|whatever|whichever|everything|anything",
    "but": "but|bar|save",
}

PHRASES["de"] = {
    "below": "unter|weniger als|billiger als|gunstiger als|unterhalb|unterhalb von|kleiner als|"
    "preiswerter als|niedriger als",
    "up_to": "bis|bis zu|hochstens|nicht mehr als|nicht teurer als|maximal fur|bis maximal|"
    "nicht uber|bis max|bis hochstens|nicht hoher als|mehr als nicht|hochstens fur|obergrenze|"
    "limit",
    "above": "uber|mehr als|teurer als|oberhalb|oberhalb von|grosser als",
    "at_least": "ab|mindestens|nicht weniger als|wenigstens|mind|nicht unter|nicht billiger als",
    "or_less": "oder weniger|oder billiger|und weniger|oder gunstiger|maximal|hochstens|"
    "und darunter|oder darunter|und gunstiger",
    "or_more": "oder mehr|und mehr|aufwarts|und daruber|oder daruber|mindestens",
    "between": "zwischen|von",
    "and": "und|bis",
    "to": "bis",
    "price": "preis|preise|kosten|kostet|fur|zu|zum preis|die|das|der|preislich|liegt|von|"
    "im preis|im preisbereich|preisbereich|im bereich|preisspanne|soll|darf|maximaler preis|aber|"
    "und|zu einem preis|dass|welche|welcher|welches|ausgeben|bezahlen|zahlen|will|mochte",
    "not": "nicht|kein|keine|keinen|keiner|keines|keinem|ohne|ausser|nur nicht|aber nicht|"
    "aber kein|aber keine|aber ohne|aber keinen|bloss nicht|alles ausser|alles nur nicht|"
    "ausgenommen|nicht in|exklusive|bis auf|statt|auf keinen fall|und kein|und keine|und nicht|"
    "nichts|nichts mit|nichts in|die nicht|der nicht|das nicht|in jeder farbe ausser|"
    "jede farbe ausser|nicht aus|weder|die weder|der weder|das weder|anstatt|anstelle von|"
    "statt in|bloss kein|bloss keine|bloss keinen|bitte nicht|bitte kein|bitte keine|"
    "bitte ohne|mit ausnahme von|abgesehen von|alle farben ausser|alles ohne|nicht mit|"
    "kein bisschen",
    "article": "ein|eine|einen|einem|der|die|das|den|dem|mit|aus|farbe|von|vom|der marke|"
    "hergestellt|gemacht|gefertigt|produziert|von der marke|die marke",
    "or": "oder|und|noch|oder in|und in|und ohne|und kein|und keine|oder mit",
    "in_stock": "auf lager|lieferbar|sofort lieferbar|sofort verfugbar|vorratig|verfugbar|"
    "ab lager|lagernd|auf vorrat|jetzt lieferbar|nur lieferbare|nicht ausverkauft|"
    "nur auf lager|nur lieferbar|nur verfugbare",
    "out_of_stock": "ausverkauft|vergriffen|nicht mehr lieferbar|nicht mehr auf lager|"
    "nicht mehr verfugbar|nicht vorratig|ausverkaufte|ausverkauften|vergriffene|nicht lieferbare|"
    "nicht lieferbaren|nicht verfugbare|nicht verfugbaren|nicht vorratige",
    "larger": "langer als|schwerer als|breiter als|hoher als|dicker als|tiefer als|starker als",
    "smaller": "kurzer als|leichter als|schmaler als|dunner als|schwacher als",
    "or_larger": "oder langer|oder grosser|oder schwerer|oder breiter|oder hoher",
    "or_smaller": "oder kurzer|oder kleiner|oder leichter|oder schmaler",
    "idiom": "nur|sicher|zu|sehr|mehr|weniger|unbedingt|ganz|viel|teuer|gross|klein|als|wenn|dass|"
    "ich|ahnung|besonders|teure|teuren|teurer|teures|grosse|grossen|kleine|kleinen",
    "on_it": "darauf|drauf|bitte|dabei|ist|sind|hat|haben|, bitte|danke|, danke",
    "measure": "alter|grosse|grossen|lange|breite|hohe|gewicht|modell|nummer|volumen|leistung",
    "unit": "stuck|stk|jahre|jahren|jahr|monate|monaten|zoll|gramm|kilo|personen|teile|teilig|"
    "tage|stunden|minuten|seiten|grad|prozent|zentimeter|millimeter|tlg",
    "more_less": "etwa|ungefahr|nur|von|rund|um|um die|zirka|so um die|rund um",
    "money": "preis|preise|preisbereich|preisspanne|kosten|kostet",
    "behind_price": "kostet|kosten|kosten soll|kosten sollen|kosten darf|kosten durfen|ausgeben|"
    "pro stuck|liegt",
    "after_not": "ausgeschlossen|nicht erwunscht|unerwunscht|ausgenommen|nicht bitte|"
    "nein danke|egal nur nicht",
    "either": "oder|noch|oder in|noch in",
}

PHRASES["fr"] = {
    "below": "moins de|en dessous de|sous|inferieur a|inferieure a|moins cher que|"
    "au-dessous de|au dessous de|en dessous|a moins de|moins chere que|moins cheres que|"
    "moins chers que|inferieurs a|inferieures a",
    "up_to": "jusqu'a|jusqua|au plus|pas plus de|au maximum|budget de|ne depassant pas|"
    "qui ne depasse pas|qui ne depassent pas|sans depasser|pas plus cher que|pas au-dessus de|"
    "dans la limite de|ne pas depasser|max.|maxi",
    "above": "plus de|au-dessus de|au dessus de|superieur a|superieure a|plus cher que|"
    "a plus de|plus chere que|plus cheres que|plus chers que|superieurs a|superieures a",
    "at_least": "a partir de|au moins|des|pas moins de",
    "or_less": "ou moins|au plus|au maximum|et moins|maxi",
    "or_more": "ou plus|et plus|au moins",
    "between": "entre|de",
    "and": "et|a",
    "to": "a",
    "price": "prix|coutant|coute|coutent|pour|un prix|a un prix|qui coute|d'un prix|de|"
    "qui coutent|gamme de prix|dans une fourchette de|fourchette de|mais|prix entre|au prix de|"
    "a un prix de|qui ne coute|qui ne coutent|ne|depenser|payer|debourser",
    "not": "pas|pas de|pas en|sauf|sauf en|excepte|hormis|a l'exception de|mais pas|mais pas de|"
    "mais pas en|mais sans|tout sauf|autre que|hors|a part|ni|surtout pas|"
    "n'importe quelle couleur sauf|rien de|qui n'est pas|et pas|et sans|aucun|aucune|jamais|"
    "pas avec|ne soit pas|autre chose que|autres que|n'importe quoi sauf|ne sont pas|n'est pas|"
    "qui ne sont pas|qui ne soit pas|qui ne soient pas|plutot que|au lieu de|a l'exclusion de|"
    "exclure|excluant|toutes les couleurs sauf|je ne veux pas de|je ne veux pas|mis a part|"
    "en dehors de",
    "article": "le|la|les|un|une|des|du|de|d'|en|avec|couleur|au|aux|l'|par|la marque|fabrique|"
    "fabriquee|fabriques|fabriquees|fait|faite|faits|faites|produit par|chez|provenant|"
    "de la marque",
    "or": "ou|et|ni|ou de|et de|ou en|ni de|ni en",
    "in_stock": "en stock|disponible|disponibles|disponible immediatement|"
    "disponible tout de suite|en stock uniquement|livrable|non epuise",
    "out_of_stock": "rupture de stock|en rupture de stock|en rupture|epuise|epuises|epuisee|"
    "epuisees|hors stock|indisponible|indisponibles|plus en stock|plus disponible|"
    "plus disponibles|non disponible|non disponibles",
    "larger": "plus long que|plus longue que|plus grand que|plus grande que|plus lourd que|"
    "plus large que",
    "smaller": "plus court que|plus courte que|plus petit que|plus petite que|plus leger que",
    "or_larger": "ou plus long|ou plus grand|ou plus lourd|ou plus large",
    "or_smaller": "ou plus court|ou plus petit|ou plus leger",
    "idiom": "seulement|sur|trop|tres|si|plus|moins|cher|chere|chers|cheres|couteux|grand|petit|"
    "beaucoup|que|mal|"
    "forcement|vraiment|probleme|encore|besoin",
    "on_it": "dessus|svp|s'il vous plait|, svp|, s'il vous plait|merci|, merci",
    "measure": "taille|tailles|longueur|largeur|hauteur|poids|modele|numero|pointure",
    "unit": "ans|an|mois|jours|heures|personnes|pouces|grammes|kilos|pour cent|degres|lots",
    "more_less": "environ|vers|seulement|autour de|aux alentours de|a peu pres|dans les",
    "money": "prix|gamme de prix|fourchette de prix|coute|coutant",
    "after_not": "exclu|exclue|exclus|exclues|non merci",
    "either": "ou|ni|ou de|ni de|ou en|ni en",
}

PHRASES["es"] = {
    "below": "menos de|por debajo de|bajo|debajo de|mas barato que|mas baratos que|inferior a|"
    "por menos de|de menos de|menor que|menor a|menor de|mas barata que|mas baratas que|"
    "mas economico que|mas economica que|inferiores a",
    "up_to": "hasta|como maximo|maximo|no mas de|a lo sumo|presupuesto de|presupuesto|"
    "un maximo de|que no pase de|que no pasen de|que no supere|que no supere los|que no superen|"
    "que no superen los|no superior a|sin pasar de|no mayor de|no mas caro que|no mas cara que|"
    "tope de|como mucho",
    "above": "mas de|por encima de|sobre|superior a|mas caro que|mayor que|mayor a|mayor de|"
    "mas cara que|mas caros que|mas caras que|superiores a",
    "at_least": "desde|a partir de|al menos|como minimo|minimo|por lo menos|no menos de",
    "or_less": "o menos|como maximo|maximo|y menos|como mucho|o mas barato|tope",
    "or_more": "o mas|en adelante|y mas|como minimo|minimo",
    "between": "entre|de|desde",
    "and": "y|a|e|hasta",
    "to": "a|hasta",
    "price": "precio|precios|que cueste|que cuesten|cuesta|por|un precio|con un precio|de|"
    "a un precio|que cuestan|con precio|rango de precio|en el rango de|pero|gastar|que valga|"
    "que valgan|vale|cueste|cuesten|costar|pagar|gastar mas",
    "not": "sin|excepto|salvo|menos|pero no|pero sin|que no sea|que no sean|todo menos|excepto en|"
    "cualquier color menos|cualquier color excepto|distinto de|que no tenga|que no tengan|nada de|"
    "y no|y sin|ni|tampoco|a excepcion de|ningun|ninguna|no en|no de|nunca|excluyendo|quitando|"
    "pero nada de|no sea|que no este|cualquiera menos|en vez de|en lugar de|que no sean de|"
    "que no sea de|que no lleve|que no lleven|exceptuando|a excepcion del|todos menos|todas menos|"
    "aparte de|no quiero|cualquier cosa menos|de cualquier color menos|que no",
    "article": "el|la|los|las|un|una|de|en|con|del|unos|unas|por|la marca|hecho|hecha|hechos|"
    "hechas|fabricado|fabricada|fabricados|fabricadas",
    "or": "o|y|ni|u|o de|ni de|o con",
    "in_stock": "en stock|disponible|disponibles|en existencia|en existencias|en almacen|"
    "disponible ya|disponibles ya|solo disponibles|con stock|no agotado|no agotados",
    "out_of_stock": "agotado|agotados|agotada|agotadas|sin stock|sin existencias|fuera de stock|"
    "no disponible|no disponibles",
    "idiom": "solo|seguro|muy|tan|demasiado|mas|menos|importa|se|caro|cara|caros|caras|costoso|"
    "grande|"
    "necesario|obstante|problema|hay|es",
    "on_it": "por favor|, por favor|gracias|, gracias",
    "measure": "talla|tallas|edad|edades|longitud|ancho|altura|peso|modelo|numero|tamano|largo",
    "unit": "anos|ano|meses|dias|horas|piezas|pieza|personas|pulgadas|litros|metros|gramos|"
    "kilos|unidades|paginas|grados|por ciento|centimetros",
    "more_less": "unos|unas|aproximadamente|alrededor de|solo|de|cerca de|mas o menos|"
    "en torno a|sobre los",
    "money": "precio|precios|cueste|cuesta|cuesten|rango de precio|presupuesto",
    "after_not": "no gracias|excluido|excluidos|excluida|excluidas",
    "either": "o|ni|u|o de|ni de",
}

PHRASES["it"] = {
    "below": "sotto|sotto i|sotto ai|meno di|al di sotto di|al di sotto dei|inferiore a|"
    "a meno di|per meno di|minore di|piu economico di|piu economica di|meno caro di|"
    "meno cara di|piu economici di",
    "up_to": "fino a|al massimo|massimo|non piu di|un massimo di|entro|entro i|budget di|"
    "che non superi|che non superino|non superiore a|non oltre|non piu caro di",
    "above": "sopra|sopra i|piu di|oltre|oltre i|superiore a|al di sopra di|maggiore di",
    "at_least": "da|a partire da|almeno|minimo|come minimo|non meno di|dai",
    "or_less": "o meno|massimo|al massimo|e meno",
    "or_more": "o piu|in su|e oltre|minimo|almeno",
    "between": "tra|fra|da|dai|tra i",
    "and": "e|a|ai|ed|e i",
    "to": "a|ai|fino a",
    "price": "prezzo|prezzi|che costa|che costano|costa|per|a un prezzo|un prezzo|di|"
    "con prezzo|costi|costino|spendere|pagare",
    "not": "senza|tranne|eccetto|salvo|ma non|ma senza|che non sia|che non siano|tutto tranne|"
    "esclusi|escluso|esclusa|a parte|diverso da|niente|ne|e non|e senza|qualsiasi colore tranne|"
    "nessun|nessuna|mai|non in|non di|meno che|fuorche|ma niente|che non abbia|invece di|"
    "al posto di|ad eccezione di|eccetto il|tranne il|tutti tranne|tutte tranne|che non sono|"
    "che non e|che non",
    "article": "il|lo|la|i|gli|le|un|una|di|con|colore|del|della|uno|l'|da|dal|dalla|la marca|"
    "fatto|fatta|fatti|fatte|prodotto|prodotta|realizzato|realizzata|della marca|prodotti|prodotte",
    "or": "o|e|ne|oppure|o di|ne di|o in",
    "in_stock": "disponibile|disponibili|in magazzino|disponibilita immediata|subito disponibile|"
    "pronta consegna|disponibile subito|non esaurito",
    "out_of_stock": "esaurito|esauriti|esaurita|esaurite|non disponibile|non disponibili|"
    "fuori stock",
    "idiom": "solo|sicuro|molto|cosi|troppo|piu|meno|importa|caro|cara|cari|care|costoso|costosa|"
    "costosi|costose|grande|problema|e",
    "on_it": "per favore|, per favore|grazie|, grazie",
    "measure": "taglia|taglie|eta|lunghezza|larghezza|altezza|peso|modello|numero|misura",
    "unit": "anni|anno|mesi|giorni|ore|pezzi|pezzo|persone|pollici|litri|metri|grammi|chili|"
    "pagine|gradi|per cento|centimetri",
    "more_less": "solo|soli|intorno a|attorno a|sui|intorno ai|piu o meno",
    "money": "prezzo|prezzi|costa|costano|fascia di prezzo",
    "either": "o|ne|oppure|o di|ne di",
}

PHRASES["pt"] = {
    "below": "abaixo de|menos de|por menos de|mais barato que|inferior a|menor que|sob|"
    "mais barata que|mais baratos que|mais baratas que|mais barato do que|mais barata do que|"
    "inferiores a",
    "up_to": "ate|no maximo|maximo|nao mais de|nao mais que|orcamento de|um maximo de|"
    "que nao passe de|que nao ultrapasse|nao superior a|sem passar de|ate no maximo",
    "above": "acima de|mais de|superior a|mais caro que|maior que",
    "at_least": "a partir de|pelo menos|no minimo|minimo|desde|ao menos",
    "or_less": "ou menos|no maximo|maximo|e menos",
    "or_more": "ou mais|para cima|e mais|no minimo",
    "between": "entre|de",
    "and": "e|a|ate",
    "to": "a|ate",
    "price": "preco|precos|que custe|que custem|custa|por|um preco|de|com preco|custe|custem|"
    "gastar|pagar",
    "not": "nao|sem|exceto|excepto|menos|salvo|mas nao|mas sem|que nao seja|que nao sejam|"
    "tudo menos|qualquer cor menos|qualquer cor exceto|nem|e nao|e sem|nada de|nenhum|nenhuma|"
    "a nao ser|fora|nunca|nao em|que nao tenha|diferente de|em vez de|em lugar de|todos menos|"
    "todas menos|com excecao de|tirando|que nao e|que nao tenham|que nao",
    "article": "o|os|as|um|uma|de|em|com|cor|da|do|na cor|por|pela|pelo|a marca|da marca|feito|"
    "feita|feitos|feitas|fabricado|fabricada|dos|das",
    "or": "ou|e|nem|ou de|nem de",
    "in_stock": "em estoque|em stock|disponivel|disponiveis|disponivel agora|pronta entrega|"
    "a pronta entrega|nao esgotado",
    "out_of_stock": "esgotado|esgotados|esgotada|esgotadas|sem estoque|sem stock|fora de estoque|"
    "indisponivel|indisponiveis",
    "idiom": "apenas|certeza|muito|tao|demais|mais|menos|importa|sei|caro|cara|caros|caras|grande|"
    "problema",
    "on_it": "por favor|, por favor",
    "measure": "tamanho|tamanhos|idade|comprimento|largura|altura|peso|modelo|numero",
    "unit": "anos|ano|meses|dias|horas|pecas|peca|pessoas|polegadas|litros|metros|gramas|"
    "quilos|unidades|paginas|graus|por cento|centimetros",
    "more_less": "cerca de|uns|apenas|so|por volta de|mais ou menos|em torno de|perto de",
    "money": "preco|precos|custa|custe|orcamento|faixa de preco",
    "either": "ou|nem|ou de|nem de",
}

PHRASES["nl"] = {
    "below": "onder|onder de|minder dan|goedkoper dan|beneden|lager dan|kleiner dan|"
    "voordeliger dan",
    "up_to": "tot|tot en met|maximaal|hoogstens|niet meer dan|ten hoogste|niet boven|"
    "niet duurder dan|niet hoger dan|niet over|tot maximaal|tot max",
    "above": "boven|boven de|meer dan|duurder dan|hoger dan",
    "at_least": "vanaf|minstens|minimaal|ten minste|niet minder dan|niet goedkoper dan|niet onder",
    "or_less": "of minder|maximaal|en minder|of goedkoper",
    "or_more": "of meer|en meer|en hoger|minimaal",
    "between": "tussen|tussen de|van",
    "and": "en|tot|en de",
    "to": "tot",
    "price": "prijs|prijzen|voor|kost|kosten|die kost|die kosten|met een prijs|van",
    "not": "niet|geen|zonder|behalve|uitgezonderd|maar niet|maar geen|maar zonder|"
    "alles behalve|anders dan|elke kleur behalve|niet in|en niet|en geen|noch|nooit|"
    "met uitzondering van|niets|die niet|dat niet|behalve in|niet van|met geen|in plaats van|"
    "op na|liever geen|graag geen",
    "article": "de|het|een|met|van|kleur|door|het merk|gemaakt|vervaardigd|uit",
    "or": "of|en|noch|of in|en geen|of met",
    "in_stock": "op voorraad|leverbaar|direct leverbaar|beschikbaar|uit voorraad leverbaar|"
    "niet uitverkocht|alleen op voorraad|voorradig",
    "out_of_stock": "uitverkocht|uitverkochte|niet meer leverbaar|niet meer op voorraad|"
    "niet beschikbare|niet leverbare",
    "idiom": "alleen|zeker|te|zo|heel|erg|meer|minder|duur|dure|groot|per se|echt|probleem",
    "on_it": "erop|alstublieft|graag|, graag|, alstublieft",
    "measure": "maat|maten|leeftijd|lengte|breedte|hoogte|gewicht|nummer",
    "unit": "jaar|maanden|dagen|uur|stuks|stuk|personen|kilo|delig|graden|procent|pagina's|"
    "centimeter",
    "more_less": "ongeveer|slechts|rond|rond de|om en nabij|zo'n",
    "money": "prijs|prijzen|kost|kosten|prijsklasse",
    "behind_price": "kost|kosten|mag kosten",
    "either": "of|noch|of in",
}

PHRASES["sv"] = {
    "below": "mindre an|billigare an|lagre an",
    "up_to": "upp till|hogst|maximalt|inte mer an|som mest|inte over|inte dyrare an",
    "above": "mer an|dyrare an|hogre an",
    "at_least": "fran|minst|lagst|minimalt",
    "or_less": "eller mindre|eller billigare",
    "or_more": "eller mer|och uppat|minst",
    "between": "mellan|fran",
    "and": "och",
    "price": "pris|priser|kostar|som kostar|med pris",
    "not": "inte|ej|utan|forutom|utom|men inte|men utan|ingen|inga|inget|allt utom|icke|"
    "som inte ar|inte i|och inte|alla farger utom|men ingen|men inga|aldrig|inte av|"
    "i stallet for|varken|inte nagot",
    "article": "en|ett|den|det|de|i|med|av|farg|fargen|fran|gjord|gjort|gjorda|tillverkad|"
    "tillverkade|market",
    "or": "eller|och|eller i|varken",
    "in_stock": "i lager|pa lager|finns i lager|tillganglig|tillgangliga|ej slutsald|lagervara",
    "out_of_stock": "slutsald|slutsalda|slut i lager|ej i lager",
    "idiom": "bara|saker|sa|mycket|mer|mindre|dyr|dyrt|dyra|stor|endast",
    "on_it": "pa|tack|, tack",
    "measure": "storlek|storlekar|alder|langd|bredd|hojd|vikt|modell|nummer",
    "unit": "ar|manader|dagar|timmar|delar|personer|tum|kilo|sidor|grader|procent|centimeter|bitar",
    "more_less": "cirka|ungefar|bara|runt",
    "money": "pris|priser|kostar",
    "either": "eller",
}

PHRASES["da"] = {
    "below": "mindre end|billigere end|lavere end",
    "up_to": "op til|hojst|maks|maksimalt|ikke mere end|maksimum|ikke over|ikke dyrere end",
    "above": "mere end|dyrere end|hojere end",
    "at_least": "fra|mindst",
    "or_less": "eller mindre|maks|eller billigere",
    "or_more": "eller mere|og opefter|mindst",
    "between": "mellem|fra",
    "and": "og|til",
    "to": "til",
    "price": "pris|priser|koster|som koster|der koster|til",
    "not": "ikke|uden|undtagen|bortset fra|men ikke|men uden|ingen|intet|alt undtagen|"
    "som ikke er|der ikke er|ikke i|og ikke|alle farver undtagen|aldrig|ikke af|men ingen|"
    "i stedet for|hverken|undtaget",
    "article": "en|et|den|det|de|i|med|af|farve|farven|fra|lavet|fremstillet|maerket",
    "or": "eller|og|eller i|hverken",
    "in_stock": "pa lager|tilgaengelig|kan leveres|ikke udsolgt",
    "out_of_stock": "udsolgt|udsolgte",
    "idiom": "kun|sikker|sa|meget|mere|mindre|dyr|dyrt|dyre|stor|bare",
    "on_it": "pa|tak|, tak",
    "measure": "storrelse|alder|laengde|bredde|hojde|vaegt|nummer",
    "unit": "ar|maneder|dage|timer|dele|stk|personer|tommer|kilo|sider|grader|procent|centimeter|"
    "stykker",
    "more_less": "cirka|omkring|kun",
    "money": "pris|priser|koster",
    "either": "eller",
}

PHRASES["no"] = {
    **PHRASES["da"],
    "below": "mindre enn|billigere enn|lavere enn",
    "up_to": "opptil|opp til|hoyst|maks|maksimalt|ikke mer enn|maksimum|budsjett",
    "above": "mer enn|dyrere enn|hoyere enn",
    "between": "mellom|fra",
    "or_more": "eller mer|og oppover|minst",
    "at_least": "fra|minst",
    "not": "ikke|uten|unntatt|bortsett fra|men ikke|men uten|ingen|intet|alt unntatt|"
    "som ikke er|ikke i|og ikke|alle farger unntatt|aldri|ikke av|men ingen|foruten",
    "in_stock": "pa lager|tilgjengelig|kan leveres|ikke utsolgt",
    "out_of_stock": "utsolgt|utsolgte",
    "article": "fra|laget|merket|en|et|den|det|de|i|med|av|farge|fargen|gjort",
}

PHRASES["pl"] = {
    "below": "ponizej|mniej niz|tansze niz|tanszy niz|pod|tansza niz",
    "up_to": "do|maksymalnie|najwyzej|nie wiecej niz|co najwyzej|budzet|maksimum",
    "above": "powyzej|wiecej niz|ponad|drozsze niz|drozszy niz",
    "at_least": "od|co najmniej|przynajmniej|minimalnie",
    "or_less": "lub mniej|maksymalnie|i mniej",
    "or_more": "lub wiecej|i wiecej|wzwyz",
    "between": "miedzy|pomiedzy|od",
    "and": "a|i|do",
    "to": "do",
    "price": "cena|cenie|w cenie|ceny|za|kosztuje|kosztujace|kosztujacy",
    "not": "nie|bez|oprocz|z wyjatkiem|ale nie|ale bez|poza|byle nie|wszystko oprocz|tylko nie|"
    "zaden|zadna|zadne|i nie|i bez|ani|nigdy|kazdy kolor oprocz|nie w|procz|zamiast|"
    "z wylaczeniem|wszystkie oprocz",
    "article": "w|we|z|ze|kolor|koloru|kolorze|od|firmy|zrobione|zrobiony|zrobiona|wykonane|"
    "wykonany|wykonana|wyprodukowane przez|przez",
    "or": "lub|albo|i|ani|czy",
    "in_stock": "dostepne|dostepny|dostepna|w magazynie|na stanie|od reki|dostepne od reki",
    "out_of_stock": "niedostepne|niedostepny|niedostepna|wyprzedane|brak w magazynie|"
    "brak na stanie",
    "idiom": "tylko|pewien|zbyt|tak|bardzo|wiecej|mniej|drogi|drogie|droga|drogich|duzy|za|wiem|ma",
    "on_it": "prosze|, prosze",
    "measure": "rozmiar|rozmiary|wiek|dlugosc|szerokosc|wysokosc|waga|numer",
    "unit": "lat|lata|rok|miesiecy|dni|godzin|sztuk|szt|osob|cali|litrow|litry|metrow|gramow|"
    "stron|stopni|procent|elementow",
    "more_less": "okolo|ok|tylko",
    "money": "cena|ceny|cenie|kosztuje|budzet",
    "either": "lub|albo|ani",
}

PHRASES["ru"] = {
    "below": "ниже|меньше|меньше чем|менее|дешевле|дешевле чем",
    "up_to": "до|максимум|не больше|не более|не дороже",
    "above": "выше|больше|больше чем|более|дороже|дороже чем|свыше",
    "at_least": "от|минимум|не менее|не меньше",
    "or_less": "или меньше|и меньше|максимум",
    "or_more": "или больше|и выше|и больше|минимум",
    "between": "между|от|с",
    "and": "и|до|по",
    "to": "до|по",
    "price": "цена|ценой|по цене|стоимостью|за|стоит|цене",
    "not": "не|без|кроме|исключая|но не|но без|за исключением|только не|все кроме|любой кроме|"
    "ни|и не|и без|никаких|нет|любого цвета кроме|не из|не в|вместо|помимо",
    "article": "в|с|со|цвет|цвета|из|от|фирмы|сделано|сделанный|сделанная|сделанные|изготовлено|"
    "производства",
    "or": "или|и|ни|либо",
    "in_stock": "в наличии|есть в наличии|на складе|доступно|только в наличии",
    "out_of_stock": "нет в наличии|распродано|отсутствует в наличии|закончился|недоступно",
    "idiom": "только|очень|так|слишком|больше|меньше|дорогой|дорогая|дорогое|дорогие|дорого|"
    "большой|обязательно|знаю|"
    "важно|надо|нужно",
    "on_it": "пожалуйста|, пожалуйста",
    "measure": "размер|размеры|возраст|длина|ширина|высота|вес|модель|номер",
    "unit": "см|мм|м|л|мл|кг|г|лет|год|года|месяцев|дней|часов|шт|штук|человек|дюймов|литров|"
    "метров|грамм|страниц|градусов|вт|в",
    "more_less": "около|примерно|только",
    "money": "цена|цены|цене|стоит|бюджет",
    "either": "или|ни|либо",
}

PHRASES["tr"] = {
    "below": "altinda|alti",
    "or_less": "altinda|alti|ve alti|altindaki|ucuz|daha ucuz|az|daha az|kadar|asagi|asagisi|"
    "ve daha az|a kadar|e kadar",
    "or_more": "ustu|uzeri|ve ustu|ve uzeri|uzerinde|ustunde|ustundeki|uzerindeki|fazla|"
    "daha fazla|pahali|daha pahali|baslayan|itibaren",
    "up_to": "en fazla|maksimum|en cok",
    "at_least": "en az",
    "and": "ile|ve",
    "to": "ile|ila",
    "or_between": "arasi|arasinda|arasindaki",
    "price": "fiyat|fiyati",
    "in_stock": "stokta|stokta olan|stokta var|mevcut",
    "out_of_stock": "stokta yok|stokta olmayan|tukendi|tukenen",
    "after_not": "olmayan|haric|disinda|disindaki|degil|olmasin|istemiyorum|renk olmayan|"
    "renk haric",
    "or": "veya|ve|ya da",
    "unit": "yas|adet|parca|kisi|kilo",
}

PHRASES["ar"] = {
    "below": "اقل من|أقل من|تحت|ارخص من|أرخص من|دون",
    "up_to": "حتى|لا يتجاوز|بحد اقصى|لا يزيد عن|الى",
    "above": "اكثر من|أكثر من|فوق|اعلى من|أعلى من",
    "at_least": "من|على الاقل|ابتداء من",
    "or_less": "او اقل|أو أقل|فاقل",
    "or_more": "او اكثر|أو أكثر|فاكثر",
    "between": "بين|من",
    "and": "و|الى|إلى",
    "to": "الى|إلى",
    "price": "سعر|بسعر|السعر|ثمن",
    "not": "ليس|ليست|بدون|غير|ما عدا|باستثناء|عدا|بلا|لا|الا|ولكن ليس|من دون|لكن بدون",
    "article": "لون|باللون|اللون|ب|من|من ماركة|مصنوع|مصنوعة|صنع",
    "or": "او|أو|و|ولا",
    "in_stock": "متوفر|متوفرة|في المخزون|متاح|متوفر الان",
    "out_of_stock": "غير متوفر|غير متوفرة|نفدت الكمية|غير متاح",
    "idiom": "فقط|جدا",
    "unit": "سم|مم|متر|لتر|مل|كجم|كغ|غرام|جرام|سنة|سنوات|شهر|قطعة|قطع|بوصة|واط",
    "measure": "مقاس|حجم|عمر|طول|عرض|وزن|رقم",
}

PHRASES["zh"] = {
    "below": "低于|低於|少于|少於|小于|小於|便宜过|不到|低過",
    "up_to": "不超过|不超過|最多|不高于|不高於|最高|至多",
    "above": "高于|高於|超过|超過|大于|大於|多于|多於",
    "at_least": "至少|不低于|不低於|不少于|最低|起码",
    "or_less": "以下|以内|以內|之内|之內|内|以下的|以内的",
    "or_more": "以上|起|以上的|及以上",
    "between": "介于|在|从|從",
    "and": "到|至|和|与",
    "to": "到|至",
    "or_between": "之间|之間",
    "price": "价格|價格|售价|售價|价钱|价格在|预算|預算|的",
    "not": "不要|不是|没有|沒有|除了|不含|无|無|非|不带|不帶|除|别要|排除|但不要|但不是|不要有|"
    "不想要",
    "article": "是|颜色|顏色|的|来自|來自",
    "or": "或|和|或者|、|与|及",
    "in_stock": "有货|有貨|现货|現貨|有库存|有庫存|有现货",
    "out_of_stock": "缺货|缺貨|无货|無貨|没货|沒貨|断货|斷貨|售罄|无现货",
    "on_it": "的|色的|外|以外|之外",
    "idiom": "太|只|会|同|限",
    "unit": "厘米|公分|毫米|米|升|毫升|公斤|千克|克|岁|歲|个月|件|片|个|個|人|英寸|寸|瓦|天|年|"
    "码|碼",
    "behind_price": "的|左右|左右的|上下",
    "money": "价格|價格|预算|預算|售价|售價",
}

PHRASES["ja"] = {
    "below": "未満",
    "or_less": "まで|未満|以下の|以内の|までの|未満の|より安い|より安く",
    "or_more": "から|以上の|より高い",
    "up_to": "最大|上限",
    "at_least": "下限",
    "to": "から|〜",
    "and": "から|~|〜",
    "price": "価格|値段|予算|価格が|値段が",
    "in_stock": "在庫あり|在庫有り|在庫有|在庫のある|在庫がある|即納",
    "out_of_stock": "在庫なし|在庫無し|在庫切れ|売り切れ|品切れ|完売",
    "after_not": "以外|くない|以外の|じゃない|ではない|でない|抜き|なし|無し|なしの|を除く",
    "unit": "センチ|ミリ|メートル|リットル|キロ|グラム|歳|才|ヶ月|枚|インチ|ワット|本|点|号",
    "money": "価格|値段|予算",
}

PHRASES["th"] = {
    "below": "ต่ำกว่า|น้อยกว่า|ไม่ถึง|ถูกกว่า",
    "up_to": "ไม่เกิน|สูงสุด",
    "above": "มากกว่า|สูงกว่า|เกิน|แพงกว่า",
    "at_least": "อย่างน้อย|ขั้นต่ำ|ตั้งแต่",
    "between": "ระหว่าง|ตั้งแต่",
    "and": "ถึง|กับ",
    "to": "ถึง",
    "price": "ราคา|งบ|ในราคา",
    "not": "ไม่เอา|ไม่ใช่|ไม่มี|ยกเว้น|ปราศจาก|ไม่",
    "article": "สี|จาก",
    "in_stock": "มีสินค้า|พร้อมส่ง|มีของ",
    "out_of_stock": "สินค้าหมด|หมดสต็อก|ของหมด|ไม่มีสินค้า",
    "unit": "ซม|มม|เมตร|ลิตร|กก|กรัม|ปี|เดือน|ชิ้น|คน|นิ้ว|วัตต์",
    "money": "ราคา|งบ",
}

PHRASES["ko"] = {
    "or_less": "이하|미만|이내|이하의|미만의|까지",
    "or_more": "이상|초과|이상의|부터",
    "to": "에서|부터",
    "and": "에서",
    "price": "가격|가격이|예산",
    "in_stock": "재고 있음|재고있음|재고 있는|구매 가능",
    "out_of_stock": "품절|재고 없음|재고없음|재고 없는|매진",
    "after_not": "제외|빼고|아닌|없는|말고|제외한|외|제외하고|이 아닌|가 아닌|을 제외한|를 제외한|"
    "을 제외하고|를 제외하고|을 빼고|를 빼고|은 제외|는 제외|이 없는|가 없는|은 빼고|는 빼고",
    "unit": "센티|미터|리터|그램|살|세|개월|개|명|인치|와트|년",
    "money": "가격|예산",
}

PHRASES["hi"] = {
    "or_less": "से कम|तक|से नीचे|से सस्ता|से सस्ते|से सस्ती|या कम|के अंदर|के नीचे",
    "or_more": "से अधिक|से ज्यादा|से ऊपर|या अधिक|या ज्यादा|से महंगा|से महंगे|से शुरू",
    "to": "से",
    "and": "और|से",
    "or_between": "के बीच|तक",
    "price": "कीमत|दाम",
    "more_less": "लगभग|करीब",
    "in_stock": "उपलब्ध|स्टॉक में",
    "out_of_stock": "अनुपलब्ध|स्टॉक में नहीं|उपलब्ध नहीं",
    "not": "बिना",
    "after_not": "के अलावा|के बिना|को छोड़कर|रहित|के सिवा|नहीं चाहिए|रंग नहीं",
    "unit": "सेमी|मीटर|लीटर|किलो|ग्राम|साल|इंच|मिली",
    "money": "कीमत|दाम",
}
