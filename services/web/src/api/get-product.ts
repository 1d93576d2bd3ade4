import { http, type Product } from './client'

export async function getProduct(id: string, signal: AbortSignal): Promise<Product> {
  return (await http.get<Product>(`/products/${encodeURIComponent(id)}`, { signal })).data
}
