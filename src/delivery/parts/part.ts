import type { GatewayError } from '../../domain/errors.js'
import type { ClipBody, ClipRequestOfKvs, ClipSource } from '../../kvs/ports.js'
import { orAborted } from '../../lib/clock.js'
import type { Semaphore } from '../../lib/semaphore.js'
import { describeSpan, inSpan } from '../../lib/tracing.js'
import type { ParsedMovie } from '../../media/mp4/read/read-movie.js'
import type { PartHandle, PartState, PartStore } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import { HeadFeed } from './head-feed.js'
import { createPartFetch } from './part-fetch.js'

export interface PartOptions {
  readonly key: string
  readonly request: ClipRequestOfKvs
  readonly clips: ClipSource
  readonly store: PartStore
  readonly fetches: Semaphore
  /** Called when the part will never be whole. */
  readonly onFailed: (part: Part) => void
}

/**
 * The response to one GetClip call, from the store or from a fetch. It can be read while it arrives. Several clips may hold it. Each of them
 * verifies the head and the footage. The part is stored only after one of them has accepted it.
 */
export class Part {
  readonly key: string
  readonly #closing = new AbortController()
  readonly #opened = Promise.withResolvers<PartHandle>()
  readonly #fetchedHead = Promise.withResolvers<ParsedMovie>()
  readonly #accepted = Promise.withResolvers<void>()
  readonly #listeners = new Set<() => void>()
  #handle: PartHandle | null = null
  #head: Promise<ParsedMovie> | null
  #isStarted = false
  #isAccepted = false
  #throttled: GatewayError | null = null

  constructor(private readonly options: PartOptions) {
    this.key = options.key
    this.#head = this.#opened.promise.then((handle) =>
      handle.origin === 'fetched' ? this.#fetchedHead.promise : this.#readHead(this.#closing.signal),
    )
    for (const promise of [this.#opened.promise, this.#fetchedHead.promise, this.#accepted.promise, this.#head]) promise.catch(() => null)
  }

  /** Resolves with the origin of the bytes when the part is stored or the headers have arrived. */
  get opened(): Promise<PartHandle['origin']> {
    return this.#opened.promise.then(({ origin }) => origin)
  }

  /** Null before it is opened. */
  get state(): PartState | null {
    return this.#handle?.state ?? null
  }

  /** Whether a clip has verified the footage. Stored footage was verified before. */
  get isAccepted(): boolean {
    return this.#isAccepted
  }

  /** Why the GetClip call waits for the quota of the stream. Null if it does not. */
  get throttled(): GatewayError | null {
    return this.#throttled
  }

  /** Opens the stored part, or fetches it. Further calls have no effect. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#open().catch((error) => this.#fail(error))
  }

  /** Returns the tables, which the caller owns and may free. They are parsed again for the next caller. */
  takeHead(signal: AbortSignal): Promise<ParsedMovie> {
    const head = this.#head ?? this.#readHead(signal)
    this.#head = null
    return orAborted(head, signal)
  }

  /** A clip has verified the footage. */
  accept(): void {
    this.#isAccepted = true
    this.#accepted.resolve()
  }

  /** Resolves with the size when every byte has arrived. */
  async whole(signal: AbortSignal): Promise<number> {
    return (await orAborted(this.#opened.promise, signal)).whole(signal)
  }

  async sha256(signal: AbortSignal): Promise<string> {
    return (await orAborted(this.#opened.promise, signal)).sha256(signal)
  }

  async *read(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield* (await orAborted(this.#opened.promise, signal)).read(span, signal)
  }

  /** Calls the listener at each change of the state. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Releases the part. Aborts an unfinished fetch. */
  close(): void {
    const reason = new DOMException('the part is no longer needed', 'AbortError')
    this.#closing.abort(reason)
    this.#accepted.reject(reason)
    this.#handle?.release()
  }

  async #open(): Promise<void> {
    const { key, store, fetches } = this.options
    const fetch = createPartFetch({
      getClip: (signal) => this.#getClip(signal),
      fetches,
      onHead: this.#fetchedHead.resolve,
      accepted: this.#accepted.promise,
    })
    const { signal } = this.#closing
    const handle = await inSpan('clip store open', {}, async () => {
      const opened = await store.open(key, fetch, signal)
      describeSpan({ 'clipgate.origin': opened.origin })
      return opened
    })
    this.#handle = handle
    if (signal.aborted) handle.release()
    // A stored part was accepted before it was stored, perhaps by another process.
    if (handle.origin === 'stored') this.accept()
    handle.onProgress(() => this.#tell())
    this.#opened.resolve(handle)
    this.#tell()
    await handle.whole(signal)
  }

  async #getClip(signal: AbortSignal): Promise<ClipBody> {
    const { clips, request } = this.options
    const onThrottled = (reason: GatewayError) => {
      this.#throttled = toClearer(this.#throttled, reason)
    }
    try {
      return await clips.getClip({ ...request, onThrottled }, signal)
    } finally {
      this.#throttled = null
    }
  }

  async #readHead(signal: AbortSignal): Promise<ParsedMovie> {
    const handle = await this.#opened.promise
    const feed = new HeadFeed()
    let { parsed, wanted } = feed
    while (parsed === null && wanted !== null) {
      const start = Math.max(wanted.start, feed.passedBytes)
      feed.skipTo(start)
      for await (const chunk of handle.read({ start, end: wanted.end }, signal)) await feed.push(chunk)
      // The file is shorter than the range.
      if (feed.wanted === wanted) feed.end()
      ;({ parsed, wanted } = feed)
    }
    if (parsed === null) throw new RangeError('the head is parsed when nothing more is wanted')
    // It is passed through if the check of its boxes, which runs while it is fetched, succeeds.
    if (!parsed.understood) await handle.whole(signal)
    return parsed
  }

  #fail(error: unknown): void {
    for (const { reject } of [this.#opened, this.#fetchedHead, this.#accepted]) reject(error)
    this.options.onFailed(this)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Chooses the more informative of two throttling errors: a response of the service over a wait for the quota, and the later of equals. */
export function toClearer(known: GatewayError | null, reason: GatewayError | null): GatewayError | null {
  if (reason === null) return known
  return known === null || reason.details.awsRequestId !== undefined ? reason : known
}
