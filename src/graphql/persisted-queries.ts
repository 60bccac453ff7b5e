import { LRUCache } from 'lru-cache'

/** Total characters of the cached documents. A frontend has a few dozen documents of a few hundred characters. */
const MAX_CHARACTERS = 1_000_000
/** The hash and the entry of a document count too: otherwise many tiny documents would take many times the limit. */
const ENTRY_CHARACTERS = 200

/** The cache of automatic persisted queries: documents by hash. When a hash is not found, the client sends the document again. */
export function createPersistedQueries() {
  const documents = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ length }) => length + ENTRY_CHARACTERS,
  })
  return {
    async get(hash: string) {
      return documents.get(hash)
    },
    async set(hash: string, document: string) {
      documents.set(hash, document)
    },
    async delete(hash: string) {
      documents.delete(hash)
      return true
    },
  }
}
