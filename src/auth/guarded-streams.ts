import type { StreamRef } from '../domain/stream-ref.js'
import type { StreamCatalog, StreamDescription } from '../kvs/ports.js'
import type { Access } from './access.js'
import type { Caller, ForCaller } from './caller.js'
import type { NamedStream } from './stream-pattern.js'

type ListOptions = Parameters<StreamCatalog['list']>[0]
type StreamPage = Awaited<ReturnType<StreamCatalog['list']>>
type StreamTags = Awaited<ReturnType<StreamCatalog['tags']>>

/** The listing is in memory, so a page of it costs little. */
const PAGE = 1000

/** The streams of the account that exist for a caller. */
export class GuardedStreams implements ForCaller<Omit<StreamCatalog, 'find'>> {
  readonly #catalog: StreamCatalog
  readonly #access: Access

  constructor(catalog: StreamCatalog, access: Access) {
    this.#catalog = catalog
    this.#access = access
  }

  async findMany(streams: readonly StreamRef[], caller: Caller): Promise<(StreamDescription | null | Error)[]> {
    const judge = await this.#access.judge('streams:read', caller)
    const targets = streams.map((stream) => judge.find(stream))
    const visible = targets.filter((target) => target !== null)
    const found = visible.length === 0 ? [] : await this.#catalog.findMany(visible, caller.signal)
    const rest = found.values()
    return targets.map((target) => (target === null ? null : (rest.next().value ?? null)))
  }

  async findSuccessor(stream: NamedStream, caller: Caller): Promise<StreamDescription | null> {
    const judge = await this.#access.judge('streams:read', caller)
    if (!judge.sees(stream)) return null
    const successor = await this.#catalog.findSuccessor(stream, caller.signal)
    return successor !== null && judge.sees(successor) ? successor : null
  }

  /** Reads on until the page is full or the listing ends, so that hidden streams leave no trace in pages and cursors. */
  async list({ limit, ...options }: ListOptions, caller: Caller): Promise<StreamPage> {
    const judge = await this.#access.judge('streams:read', caller)
    if (judge.coversAll) return this.#catalog.list({ ...options, limit }, caller.signal)
    const streams: StreamDescription[] = []
    for (let position = options, hasMore = true; hasMore && streams.length <= limit; ) {
      const page = await this.#catalog.list({ ...position, limit: PAGE }, caller.signal)
      streams.push(...page.streams.filter((stream) => judge.sees(stream)))
      const afterName = page.streams.at(-1)?.name
      position = { ...options, ...(afterName === undefined ? {} : { afterName }) }
      hasMore = page.hasMore && afterName !== undefined
    }
    return { streams: streams.slice(0, limit), hasMore: streams.length > limit }
  }

  async tags(stream: StreamRef, caller: Caller): Promise<StreamTags> {
    const target = (await this.#access.judge('streams:read', caller)).find(stream)
    return target && this.#catalog.tags(target, caller.signal)
  }
}
