import type { Product } from '../../api/client'
import { useLanguage } from '../../i18n/language'
import type { Messages } from '../../i18n/english'
import { fieldName } from '../../i18n/field-name'
import { MORE_IMAGES } from './pictures-of'

const IN_STOCK = 'in_stock'

/** Everything else that the catalogue says of a product. */
export function ProductDetails({ product }: { product: Product }) {
  const { say } = useLanguage()
  const facts = factsOf(product)
  if (facts.length === 0) return null
  return (
    <section aria-labelledby="details">
      <h2 id="details" className="mb-2 text-lg font-semibold">
        {say.details}
      </h2>
      <dl className="panel divide-y divide-stone-200 dark:divide-stone-800">
        {facts.map(([field, value]) => (
          <div key={field} className="flex gap-4 px-4 py-2.5">
            <dt className="muted w-28 shrink-0 wrap-anywhere">{fieldName(field, say)}</dt>
            <dd dir="auto" className="text-parent min-w-0 flex-1 wrap-anywhere">
              {field === IN_STOCK ? stockText(value, say) : value}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function factsOf({ brand, category, attributes }: Product): [string, string][] {
  const others = Object.entries(attributes ?? {}).filter(([name]) => name !== MORE_IMAGES)
  const all = [['brand', brand], ['category', category], ...others]
  return all.filter((fact): fact is [string, string] => Boolean(fact[1]))
}

/** The catalogue says it as a program does. */
function stockText(value: string, say: Messages): string {
  if (value === 'true') return say.inStockYes
  return value === 'false' ? say.inStockNo : value
}
