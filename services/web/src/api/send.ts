import { AxiosError, AxiosHeaders, type AxiosAdapter, type AxiosResponse } from 'axios'

/** Sends a request of axios with fetch. Rejects with an AxiosError for each way that it can fail. */
export const send: AxiosAdapter = async (config) => {
  const control = new AbortController()
  const abort = () => control.abort()
  config.signal?.addEventListener?.('abort', abort)
  const timer = setTimeout(abort, config.timeout)
  const failed = (code: string, response?: AxiosResponse) =>
    new AxiosError(`${config.url ?? ''}: ${code}`, code, config, null, response)
  // The browser names the boundary of a form itself.
  if (config.data instanceof FormData) config.headers.delete('Content-Type')
  try {
    const answer = await fetch(address(config), {
      method: (config.method ?? 'get').toUpperCase(),
      headers: config.headers.toJSON() as Record<string, string>,
      body: (config.data as BodyInit | undefined) ?? null,
      signal: control.signal,
    })
    const response: AxiosResponse = {
      data: await answer.text(),
      status: answer.status,
      statusText: answer.statusText,
      headers: AxiosHeaders.from(Object.fromEntries(answer.headers)),
      config,
    }
    if (answer.ok) return response
    throw failed(AxiosError.ERR_BAD_RESPONSE, response)
  } catch (error) {
    if (error instanceof AxiosError) throw error
    throw failed(control.signal.aborted ? AxiosError.ETIMEDOUT : AxiosError.ERR_NETWORK)
  } finally {
    clearTimeout(timer)
    config.signal?.removeEventListener?.('abort', abort)
  }
}

function address({ baseURL = '', url = '', params }: Parameters<AxiosAdapter>[0]): string {
  const query = new URLSearchParams(params as Record<string, string>).toString()
  return baseURL + url + (query && `?${query}`)
}
