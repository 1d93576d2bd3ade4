/**
 * Where the gateway is, as the build says with `VITE_API_URL`: empty for the page's own origin, else an
 * http(s) address without a trailing slash. Raises an Error that says what is wrong with the value.
 */
export function toBaseUrl(value: string | undefined): string {
  const text = value?.trim() ?? ''
  if (text === '') return ''
  const address = URL.canParse(text) ? new URL(text) : null
  if (!address || !/^https?:$/.test(address.protocol) || address.search || address.hash)
    throw new Error(
      `VITE_API_URL must be an http(s) address such as https://api.example.org, or empty, not "${text}".`,
    )
  return address.href.replace(/\/+$/, '')
}
