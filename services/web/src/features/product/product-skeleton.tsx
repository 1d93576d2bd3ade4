import { useLanguage } from '../../i18n/language'

const BAR = 'rounded bg-stone-200 dark:bg-stone-800'

/** In the shape of a product, so that nothing jumps when it comes. */
export function ProductSkeleton() {
  const { say } = useLanguage()
  return (
    <div aria-busy className="grid animate-pulse gap-8 md:grid-cols-2">
      <h1 className="sr-only">{say.loadingProduct}</h1>
      <div className="panel self-start p-4">
        <div className="aspect-square rounded-xl bg-stone-200 dark:bg-stone-800" />
      </div>
      <div className="space-y-5">
        <div className={`h-9 w-5/6 ${BAR}`} />
        <div className={`h-7 w-1/4 ${BAR}`} />
        <div className={`h-20 ${BAR}`} />
        <div className={`h-11 w-1/2 ${BAR}`} />
        <div className={`h-60 ${BAR}`} />
      </div>
    </div>
  )
}
