import type { ByteSpan } from './serve/byte-range.js'

/** The responses of GetClip, each stored whole or not at all. The key of a part is a hash of what it was made from. */
export interface PartStore {
  /**
   * Opens the part from the store, or by calling `fetch`. A call for a part that arrives waits until it is stored. Resolves when there is
   * something to read: the stored part, or the headers of a fetch. When `signal` aborts before that, the fetch is aborted. Until the handle
   * is released, the part is not evicted. An exception: if there is no other room, a complete part that no reader has read for minutes is
   * evicted, and fetched again when it is read. @throws StoreFull
   */
  open(key: string, fetch: PartFetch, signal?: AbortSignal): Promise<PartHandle>
  /** Whether the part is stored, so that opening it calls no fetch. */
  has(key: string): Promise<boolean>
  /** Removes the part once it has arrived, because its source has other bytes. Its holders keep it. The next `open` fetches it. */
  discard(key: string): Promise<void>
  /** Bytes of all parts, including those that are arriving. */
  readonly sizeBytes: number
  /** Called when there is no room because every part is held. The listener releases the parts that no caller waits for. */
  onPressure?(listener: () => void): void
}

/** Requests the bytes, and resolves when the headers have arrived. Aborted when the handle of the part is released. */
export type PartFetch = (signal: AbortSignal) => Promise<PartBody>
export interface PartBody {
  /** Null if the source does not announce it. A body of a different length is refused. */
  readonly sizeBytes: number | null
  /** Ends normally only after the last byte. The chunks belong to the store, which frees their memory. */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface PartHandle {
  readonly origin: 'stored' | 'fetched'
  readonly state: PartState
  /** Resolves with the size when every byte has arrived. Rejects with the error of the fetch, PartBroken or StoreFull. */
  whole(signal: AbortSignal): Promise<number>
  /** SHA-256 of all bytes in hexadecimal. Reads the part the first time. */
  sha256(signal: AbortSignal): Promise<string>
  /**
   * Bytes [start, end), or up to the end of the part. Waits for bytes that have not arrived. Rejects if the fetch fails before they arrive,
   * and with PartBroken if a block is corrupt and cannot be fetched again. A chunk is valid until the next one is requested.
   */
  read(span: ByteSpan, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Called at each change of the state. Returns a function that removes the listener. */
  onProgress(listener: (state: PartState) => void): () => void
  /** May be called more than once. Reads in progress go on, and hold the part until they end. */
  release(): void
}

export type PartState =
  | { readonly state: 'arriving'; readonly arrivedBytes: number; readonly expectedBytes: number | null }
  | { readonly state: 'complete'; readonly sizeBytes: number }
  | { readonly state: 'failed'; readonly error: unknown }

/**
 * Immutable blobs, each stored whole or not at all, with a checksum of each block beside the bytes. Nothing here assumes a disk: in an object
 * store, `open` reads the table of checksums, and `put` uploads while the blob arrives in the spool.
 */
export interface BlobStore {
  /** Reads no bytes of the blob. */
  has(key: string): Promise<boolean>
  /** Null if there is no such blob. An open blob is not evicted. It can be read until it is closed, even if it is deleted. */
  open(key: string): Promise<ReadableBlob | null>
  /** Stores a blob that arrives in the spool. May read it meanwhile. Resolves when it is stored. Rejects if it fails to arrive. */
  put(key: string, blob: SpooledBlob): Promise<void>
  /** Deletes the blob. If `blob` is given, another blob that was stored under the key since then stays. */
  delete(key: string, blob?: ReadableBlob): Promise<void>
}

/** Bytes that are complete or still arriving. */
export interface ReadableBlob {
  readonly state: PartState
  readonly arrivedBytes: number
  /** CRC-32 of each complete block. */
  readonly blockChecks: readonly number[]
  /**
   * Resolves with the number of bytes that have arrived, as soon as the byte at `offset` is one of them. Resolves with null if the blob
   * ends before it.
   */
  whenReadable(offset: number, signal: AbortSignal): Promise<number | null>
  /**
   * The bytes of the span, or up to the end of the blob. Waits for bytes that have not arrived. Each complete block is compared with its
   * checksum before it is given out. A chunk is valid until the next one is requested. @throws PartBroken DAMAGED, UNREADABLE
   */
  read(span: ByteSpan, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Called at each change of the state. Returns a function that removes the listener. */
  onProgress(listener: (state: PartState) => void): () => void
  /** Never rejects. */
  close(): Promise<void>
}

/** Holds blobs that are arriving, on this machine and for this process only. */
export interface Spool {
  /** @throws StoreFull */
  create(key: string): Promise<SpooledBlob>
}

export interface SpooledBlob {
  readonly readable: ReadableBlob
  /** Reserves room for the whole blob. Null if its size is not known. @throws StoreFull */
  announce(sizeBytes: number | null): Promise<void>
  /** One call at a time. @throws StoreFull */
  append(chunks: readonly Uint8Array[]): Promise<void>
  /** Every byte has arrived. */
  end(): void
  /** No more bytes will arrive. */
  fail(error: unknown): void
  /** Frees the room. The bytes can be read until `readable` is closed. */
  discard(): Promise<void>
}

/**
 * Claims on fetches, so that the users of a blob store do not fetch the same blob twice. A lease saves work but does not guarantee
 * exclusion: after it expires, two holders may exist. That is safe, because blobs are immutable. Implementations renew a lease until it is
 * released, and let it expire if its holder dies.
 */
export interface Leases {
  /** Resolves when no other caller holds a lease for the key. Rejects with the signal's reason if it aborts before that. */
  acquire(key: string, signal: AbortSignal): Promise<Lease>
}

export interface Lease {
  /** Whether another holder had it before. The blob may have been stored by then. */
  readonly hadToWait: boolean
  release(): void
}
