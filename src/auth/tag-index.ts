import type { StreamCatalog, StreamDescription } from '../kvs/ports.js'
import { type Clock, type EpochMs, orAborted, sleep } from '../lib/clock.js'
import { Semaphore } from '../lib/semaphore.js'
import { TokenBucket } from '../lib/token-bucket.js'
import type { NamedStream } from './stream-pattern.js'

/** After this time, the next use starts another read. */
const FRESH_MS = 30_000
/** An older index is not used. The next use waits for the read. */
const USABLE_MS = 120_000
const PAGE = 1000
/** ListTagsForStream has a quota of 50 calls a second for the account (kvs facts, 6.1). */
const CALLS_PER_SECOND = 40
const CONCURRENT_CALLS = 16

export interface TagIndexOptions {
  readonly catalog: Pick<StreamCatalog, 'list' | 'tags'>
  readonly clock: Clock
}

interface TaggedStream {
  readonly arn: string
  readonly tags: ReadonlyMap<string, string>
}

/** The tags of all streams at one time, by the name of the stream. */
export class TaggedStreams {
  readonly #streams: ReadonlyMap<string, TaggedStream>

  constructor(streams: ReadonlyMap<string, TaggedStream>) {
    this.#streams = streams
  }

  hasTag({ name, arn }: NamedStream, key: string, value: string): boolean {
    const stream = this.#streams.get(name)
    return stream?.arn === arn && stream.tags.get(key) === value
  }

  /** Null for a name that is not listed. */
  arnOf(name: string): string | null {
    return this.#streams.get(name)?.arn ?? null
  }

  /** The ARNs of all streams with the tag. */
  arnsWith(key: string, value: string): string[] {
    return [...this.#streams.values()].filter(({ tags }) => tags.get(key) === value).map(({ arn }) => arn)
  }
}

/**
 * The tags that tag patterns are compared with. They are read for all streams in the background, and a request only looks them up. So a hidden
 * stream and a missing one take the same calls (none) and the same time. One read serves all principals.
 */
export class TagIndex {
  readonly #options: TagIndexOptions
  readonly #end = new AbortController()
  #current: { readonly streams: TaggedStreams; readonly readAtMs: EpochMs } | null = null
  #reading: Promise<TaggedStreams> | null = null

  constructor(options: TagIndexOptions) {
    this.#options = options
  }

  /** @throws GatewayError if the streams or their tags cannot be listed */
  async read(signal: AbortSignal): Promise<TaggedStreams> {
    const ageMs = this.#current === null ? Number.POSITIVE_INFINITY : this.#options.clock.now() - this.#current.readAtMs
    if (this.#current !== null && ageMs < FRESH_MS) return this.#current.streams
    const reading = this.#readAgain()
    if (this.#current !== null && ageMs < USABLE_MS) return this.#current.streams
    return orAborted(reading, signal)
  }

  close(): void {
    this.#end.abort(new DOMException('the gateway is closing', 'AbortError'))
  }

  /** Not aborted with a request, because the read of many streams can take longer than one request may. */
  #readAgain(): Promise<TaggedStreams> {
    if (this.#reading !== null) return this.#reading
    const readAtMs = this.#options.clock.now()
    const reading = this.#readAll().then((streams) => {
      this.#current = { streams, readAtMs }
      return streams
    })
    this.#reading = reading
    const end = () => {
      this.#reading = null
    }
    reading.then(end, end)
    return reading
  }

  async #readAll(): Promise<TaggedStreams> {
    const { signal } = this.#end
    const pace = new TokenBucket({ clock: this.#options.clock, perSecond: CALLS_PER_SECOND, capacity: 2 * CALLS_PER_SECOND })
    const slots = new Semaphore(CONCURRENT_CALLS)
    const found = new Map<string, TaggedStream>()
    const readTags = async ({ name, arn }: StreamDescription) => {
      const waitMs = pace.waitMs(1)
      pace.take(1)
      if (waitMs > 0) await sleep(waitMs, signal)
      const rows = await this.#options.catalog.tags({ arn }, signal)
      found.set(name, { arn, tags: new Map((rows ?? []).map(({ key, value }) => [key, value])) })
    }
    for await (const page of this.#pages(signal)) await Promise.all(page.map((stream) => slots.run(() => readTags(stream), signal)))
    return new TaggedStreams(found)
  }

  async *#pages(signal: AbortSignal): AsyncGenerator<readonly StreamDescription[]> {
    for (let afterName: string | undefined; ; ) {
      const { streams, hasMore } = await this.#options.catalog.list(
        { limit: PAGE, ...(afterName === undefined ? {} : { afterName }) },
        signal,
      )
      yield streams
      afterName = streams.at(-1)?.name
      if (!hasMore || afterName === undefined) return
    }
  }
}
