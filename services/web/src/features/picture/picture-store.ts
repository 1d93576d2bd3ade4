import type { ChosenPicture } from './chosen-picture'

const NAME = 'pictures'
/** As many as somebody goes back to. */
const MOST = 6

interface Kept extends ChosenPicture {
  id: string
  at: number
}

/** Keeps the picture in this browser, so that a reload of the page has it too. Never rejects. */
export async function keepPicture(id: string, { file, crop, shown = file }: ChosenPicture): Promise<void> {
  await within('readwrite', async (store) => {
    store.put({ id, file: shown, crop, at: Date.now() } satisfies Kept)
    const all = ((await done(store.getAll())) as Kept[]).sort((one, other) => other.at - one.at)
    for (const old of all.slice(MOST)) store.delete(old.id)
  })
}

/** Null if this browser has not kept it. Never rejects. */
export async function keptPicture(id: string): Promise<ChosenPicture | null> {
  const found = await within('readonly', async (store) => (await done(store.get(id))) as Kept | undefined)
  return found ? { file: found.file, crop: found.crop } : null
}

/** Undefined where the browser keeps nothing, as in a private window. */
async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<T>): Promise<T | undefined> {
  try {
    const opening = indexedDB.open(NAME, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(NAME, { keyPath: 'id' })
    const database = await done(opening)
    try {
      return await act(database.transaction(NAME, mode).objectStore(NAME))
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the store failed'))
  })
