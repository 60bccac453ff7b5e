import type { ByteSpan } from './serve/byte-range.js'

/**
 * Where the bytes of GetClip answers are kept, each complete or not at all. A part is known by its key: a hash of what it was made
 * from. Nothing outside an implementation may know whether the bytes are on a local disk or in an object store.
 */
export interface PartStore {
  /**
   * The part, from the store, from a fetch that is under way, or by calling `fetch` (once, however many ask at the same time).
   * Resolves once there is something to read: the stored part, or a fetch whose headers have come. What `fetch` throws reaches all who
   * wait. Throws StoreFull when there is no room. When `signal` aborts, this caller stops waiting; the fetch goes on for the others.
   * The handle keeps the part from being evicted, and its fetch going, until it is released; but a whole part that nobody has read for
   * minutes may make way where there is no other room, and is then fetched again for whoever reads on.
   */
  open(key: string, fetch: PartFetch, signal?: AbortSignal): Promise<PartHandle>
  /** Whether all of the part is kept, so that opening it calls no fetch. */
  has(key: string): Promise<boolean>
  /** Removes the part, once it has arrived: its bytes cannot be what its source has. Those who hold it keep it; the next `open` fetches it. */
  discard(key: string): Promise<void>
  /** Bytes kept now, those of arriving parts included. */
  readonly sizeBytes: number
  /** Called when there is no room because every part is held: the listener releases those that nobody waits for. */
  onPressure?(listener: () => void): void
}

/**
 * Asks for the bytes; resolves when the headers are there. Aborted when nobody holds the part any more. The chunks belong to the store
 * from then on, which frees their memory: nobody may look at one after the next was asked for.
 */
export type PartFetch = (signal: AbortSignal) => Promise<PartBody>
export interface PartBody {
  /** Null when it is not known before the end. A body of any other length is refused. */
  readonly sizeBytes: number | null
  /** Ends normally only when every byte has come. */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface PartHandle {
  /** How this handle came by the part. */
  readonly origin: 'stored' | 'joined_in_flight' | 'fetched'
  readonly state: PartState
  /** Resolves with the whole size once every byte has come; rejects when the fetch failed: what it threw, PartBroken or StoreFull. */
  whole(signal: AbortSignal): Promise<number>
  /** SHA-256 of all its bytes in hexadecimal, once they have come. Costs one reading of the part the first time, then is remembered. */
  sha256(signal: AbortSignal): Promise<string>
  /**
   * Bytes [start, end), waiting for those that have not come yet; the end of the part ends them too. Rejects when the fetch fails before
   * they do, and with PartBroken rather than give a byte that is not the one that was stored and could not be fetched again. Each chunk is valid until the next is asked for.
   */
  read(span: ByteSpan, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Called at each change of the state; returns what ends it. */
  onProgress(listener: (state: PartState) => void): () => void
  /** May be called more than once. Reads that are under way may finish; while they do, the part stays held. */
  release(): void
}

export type PartState =
  | { readonly state: 'arriving'; readonly arrivedBytes: number; readonly expectedBytes: number | null }
  | { readonly state: 'complete'; readonly sizeBytes: number }
  | { readonly state: 'failed'; readonly error: unknown }
