/**
 * The path below which the page is served, such as `/shop`, or empty. The server writes it into the
 * page's <base>; where the address is not below it, the page was opened without the proxy.
 */
export function rootPath(base: string, pathname: string): string {
  const root = new URL('.', base).pathname
  return pathname.startsWith(root) ? root.slice(0, -1) : ''
}

export const ROOT_PATH = rootPath(document.baseURI, window.location.pathname)
