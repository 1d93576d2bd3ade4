"""Words that say nothing of a product, by language, folded. Numbers and negations are not here."""

from __future__ import annotations

_WORDS = {
    "en": "a an the and or of for with in on at to from by as is are be it its this that these "
    "those i me my we us our you your he she his her they them their some any which who whom what "
    "because hence although though while during until between rather must",
    "de": "der die das den dem des ein eine einen einem einer und oder fur mit in im an am auf zu "
    "zum zur von vom aus bei als ist sind es ich mein meine wir uns unser sie ihr ihre",
    "fr": "le la les l un une des du de d et ou pour avec dans sur a au aux en par est sont ce cet "
    "cette ces je mon ma mes nous notre vous votre il elle",
    "es": "el la los las un una unos unas y o de del para con en por a al es son este esta estos "
    "estas mi mis su sus",
    "it": "il lo la i gli le l un uno una e o di del della dei delle per con in su da al alla e "
    "sono questo questa mio mia",
    "pt": "o a os as um uma uns umas e ou de do da dos das para com em no na por ao e sao este "
    "esta meu minha",
    "nl": "de het een en of van voor met in op aan bij te is zijn dit dat deze die mijn ons onze",
    "sv": "en ett den det de och eller av for med i pa till fran ar min mitt",
    "da": "en et den det de og eller af for med i pa til fra er min mit",
    "no": "en et ei den det de og eller av for med i pa til fra er min mitt",
    "pl": "i lub oraz w we z ze na do dla od po o jest sa ten ta to moj moja",
    "ru": "и или в во с со на для от по о это этот эта мой мои моя",
}

PARTICLES = frozenset("的了吗呢吧和与のをはがにでともやへいな")
"""Letters of Chinese and Japanese that join words, in catalogues of any language."""

FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _WORDS.items()}

WITHOUT = frozenset(
    {
        "without", "no", "sans", "ohne", "kein", "keine", "keinen", "sin", "senza", "sem",
        "zonder", "geen", "utan", "uden", "uten", "bez", "без",
    }
)  # fmt: skip
"""Negators of a noun, so that an adjective before the noun belongs to it: no red stripes."""

SIZE = frozenset(
    {
        "size", "sizes", "grosse", "gr", "taille", "pointure", "talla", "taglia", "tamanho", "maat",
        "storlek", "storrelse", "rozmiar", "размер", "размера", "beden",
    }
)  # fmt: skip
"""Words before a size: what matters is the letter or the number behind them."""
