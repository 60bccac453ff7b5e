import type { ByteSpan } from './byte-range.js'

/**
 * Where the bytes of GetClip answers are kept, each complete or not at all. A part is known by its key: a hash of what it was made
 * from. Nothing outside an implementation may know whether the bytes are on a local disk or in an object store.
 */
export interface PartStore {
  /**
   * The part, from the store, from a fetch that is under way, or by calling `fetch` (once, however many ask at the same time).
   * Resolves once there is something to read: the stored part, or a fetch whose headers have come. What `fetch` throws reaches all who wait.
   * The handle keeps the part from being evicted until it is released.
   */
  open(key: string, fetch: PartFetch): Promise<PartHandle>
  /** Bytes kept now. */
  readonly sizeBytes: number
}

/** Asks for the bytes; resolves when the headers are there. Aborted when nobody wants the part any more. */
export type PartFetch = (signal: AbortSignal) => Promise<{ readonly sizeBytes: number | null; readonly bytes: AsyncIterable<Uint8Array> }>

export interface PartHandle {
  /** How this handle came by the part. */
  readonly origin: 'stored' | 'joined_in_flight' | 'fetched'
  readonly state: PartState
  /** Resolves with the whole size once every byte has come; rejects when the fetch failed. */
  whole(signal: AbortSignal): Promise<number>
  /** Bytes [start, end), waiting for those that have not come yet. Rejects when the fetch fails before they do. */
  read(span: ByteSpan, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Called at each change of the state; returns what ends it. */
  onProgress(listener: (state: PartState) => void): () => void
  release(): void
}

export type PartState =
  | { readonly state: 'arriving'; readonly arrivedBytes: number; readonly expectedBytes: number | null }
  | { readonly state: 'complete'; readonly sizeBytes: number }
  | { readonly state: 'failed'; readonly error: unknown }
