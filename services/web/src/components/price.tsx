import { useLanguage } from '../i18n/language'

interface Props {
  price: number | null | undefined
  currency: string | null | undefined
}

export function Price({ price, currency }: Props) {
  const { language, say } = useLanguage()
  if (price === null || price === undefined) return <span className="muted">{say.noPrice}</span>
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
