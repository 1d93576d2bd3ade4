/** Colours as shops name them, in the languages of the page, where a browser does not know the name. */
const NAMES: Record<string, string> = {
  anthracite: '#383e42', anthrazit: '#383e42', charcoal: '#36454f', graphite: '#41424c', slate: '#708090',
  cream: '#fffdd0', creme: '#fffdd0', ecru: '#e8dcc0', offwhite: '#faf9f6', vanilla: '#f3e5ab',
  sand: '#d9c7a0', camel: '#c19a6b', taupe: '#8b7e70', nude: '#e3bc9a', stone: '#cbc3b2', natural: '#e5d3b3',
  natur: '#e5d3b3', cognac: '#9a463d', caramel: '#c68e4e', rust: '#b7410e', terracotta: '#c8664a', copper: '#b87333',
  bronze: '#cd7f32', mustard: '#e1ad01', senf: '#e1ad01', ochre: '#cc7722', lemon: '#fff44f', amber: '#ffbf00',
  peach: '#ffdab9', apricot: '#fbceb1', blush: '#f4c2c2', rose: '#f4a6b7', rosa: '#f7a8b8', pinkrosa: '#f7a8b8',
  burgundy: '#800020', bordeaux: '#6d071a', wine: '#722f37', weinrot: '#722f37', cherry: '#b0122b', berry: '#8e2557',
  aubergine: '#472c4c', eggplant: '#472c4c', plum: '#8e4585', mauve: '#c8a2c8', lilac: '#c8a2c8', lila: '#9b59b6',
  mint: '#aaf0d1', sage: '#9caf88', salbei: '#9caf88', emerald: '#2e8b57', forest: '#228b22', bottlegreen: '#006a4e',
  petrol: '#005f6a', jade: '#00a86b', denim: '#3b5b8c', cobalt: '#0047ab', royalblue: '#2b50c8', skyblue: '#87ceeb',
  babyblue: '#a6cbe7', midnight: '#191970', ice: '#dff3fb', chrome: '#c9ccd1', rosegold: '#dfa69a',
  rot: '#d62828', blau: '#1d4ed8', dunkelblau: '#1e2a5a', hellblau: '#8ec5f4', marine: '#1b2a4e', grün: '#2f8f46',
  dunkelgrün: '#1f5a32', hellgrün: '#9bd79b', gelb: '#f5d000', schwarz: '#000000', weiß: '#ffffff', weiss: '#ffffff',
  grau: '#808080', dunkelgrau: '#444444', hellgrau: '#cfcfcf', braun: '#7b4a21', violett: '#7b3fa0', türkis: '#30c5c0',
  silber: '#c0c0c0', gold: '#d4af37',
  أحمر: '#d62828', أزرق: '#1d4ed8', أخضر: '#2f8f46', أصفر: '#f5d000', أسود: '#000000', أبيض: '#ffffff',
  رمادي: '#808080', بني: '#7b4a21', وردي: '#f7a8b8', برتقالي: '#f08020', بنفسجي: '#7b3fa0', كحلي: '#1b2a4e',
}

const MANY = /^(multi.?colou?r(ed)?|multi|rainbow|bunt|mehrfarbig|assorted|متعدد الألوان)$/i
const WHEEL = 'conic-gradient(#e53935, #fdd835, #43a047, #1e88e5, #8e24aa, #e53935)'
const MOST_PARTS = 4

/** A CSS background for the name of a colour, or of several, as in “black/white”; null if it is unknown. */
export function swatchOf(name: string): string | null {
  if (MANY.test(name.trim())) return WHEEL
  const parts = name.split(/\s*(?:[/,+&|]|\band\b|\bund\b)\s*/i).filter(Boolean).slice(0, MOST_PARTS)
  const colours = parts.map(colourOf)
  if (colours.length === 0 || colours.some((one) => one === null)) return null
  const share = 100 / colours.length
  return colours.length === 1
    ? (colours[0] ?? null)
    : `linear-gradient(135deg, ${colours.map((one, at) => `${one} ${at * share}% ${(at + 1) * share}%`).join(', ')})`
}

/** The whole name, or else its last word: “washed navy” is navy. */
function colourOf(name: string): string | null {
  const words = name.trim().toLowerCase().split(/[\s-]+/)
  for (const one of [words.join(''), words.at(-1) ?? '']) {
    if (Object.hasOwn(NAMES, one)) return NAMES[one] ?? null
    // jsdom and old browsers have no CSS.supports.
    if (/^\p{L}+$/u.test(one) && typeof CSS !== 'undefined' && CSS.supports?.('color', one)) return one
  }
  return null
}
