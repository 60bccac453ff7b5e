import { LRUCache } from 'lru-cache'

/** Characters of all documents that are remembered. A frontend has some dozens of a few hundred. */
const MAX_CHARACTERS = 1_000_000
/** What a document takes beside its text: its hash and its entry. Without it, many tiny documents would take many times the bound. */
const ENTRY_CHARACTERS = 200

/**
 * The documents that clients have sent together with their hashes, for clients that send the hash alone from then on. One that is not
 * remembered, or that another gateway has heard, is sent again: the protocol says so.
 */
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
