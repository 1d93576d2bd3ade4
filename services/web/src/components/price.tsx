import { useLanguage } from '../i18n/language'

interface Props {
  price: number | null | undefined
  currency: string | null | undefined
}

export function Price({ price, currency }: Props) {
  const { language } = useLanguage()
  // A shop without prices, or a product without one, says nothing rather than something that may be wrong.
  if (price === null || price === undefined) return null
  return <>{priceText(price, currency ?? null, language)}</>
}

/** As the reader's language writes it; a currency that the browser does not know stands as it is. */
export function priceText(price: number, currency: string | null, language: string): string {
  if (currency) {
    try {
      return new Intl.NumberFormat(language, { style: 'currency', currency }).format(price)
    } catch {
      return `${price.toFixed(2)} ${currency}`
    }
  }
  return price.toFixed(2)
}
