import { useLanguage } from '../i18n/language'

interface Props {
  price: number | null | undefined
  currency: string | null | undefined
  /** The price before a reduction, in the same currency. */
  listPrice?: number | null | undefined
}

export function Price({ price, currency, listPrice }: Props) {
  const { language, say } = useLanguage()
  // A shop without prices, or a product without one, says nothing rather than something that may be wrong.
  if (price === null || price === undefined) return null
  const now = priceText(price, currency ?? null, language)
  if (listPrice === null || listPrice === undefined || listPrice <= price) return <>{now}</>
  // Screen readers announce no line through a text, so words say which price is which.
  return (
    <>
      <span className="sr-only">{say.priceNow} </span>
      <span>{now}</span>{' '}
      <span className="sr-only">{say.priceBefore} </span>
      <s className="muted text-sm font-normal">{priceText(listPrice, currency ?? null, language)}</s>
    </>
  )
}

/** The sign of a currency, as the reader's language writes it; empty for none. */
export function currencySign(currency: string | null | undefined, language: string): string {
  if (!currency) return ''
  try {
    const parts = new Intl.NumberFormat(language, { style: 'currency', currency }).formatToParts(0)
    return parts.find(({ type }) => type === 'currency')?.value ?? currency
  } catch {
    return currency
  }
}

/** As the reader's language writes it; a currency that the browser does not know stands as it is. */
export function priceText(price: number, currency: string | null, language: string, options: Intl.NumberFormatOptions = {}): string {
  const write = (money: Intl.NumberFormatOptions) => {
    const format = formatOf(language, { ...money, ...options })
    const least = 10 ** -(format.resolvedOptions().maximumFractionDigits ?? 0)
    // Less than the smallest coin, as one screw may cost, is not nothing.
    if (price <= 0 || price >= least) return format.format(price)
    return formatOf(language, { ...money, maximumSignificantDigits: 2 }).format(price)
  }
  if (!currency) return write(FIGURE)
  try {
    return write({ style: 'currency', currency })
  } catch {
    return `${write(FIGURE)} ${currency}`
  }
}

const formats = new Map<string, Intl.NumberFormat>()

/** Making one takes longer than all that it writes on a card. */
function formatOf(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options)
  const format = formats.get(key) ?? new Intl.NumberFormat(language, options)
  formats.set(key, format)
  return format
}

const FIGURE = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const
