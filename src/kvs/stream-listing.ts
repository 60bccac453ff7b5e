import type { StreamRef } from '../domain/stream-ref.js'
import type { StreamDescription } from './ports.js'

/** Streams as they were listed at one moment, in order of name. */
export class StreamListing {
  readonly streams: readonly StreamDescription[]
  readonly #byName: ReadonlyMap<string, StreamDescription>

  constructor(streams: readonly StreamDescription[]) {
    this.#byName = new Map(streams.map((stream) => [stream.name, stream]))
    // By code unit, not by locale: a cursor must mean the same on every machine.
    this.streams = [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(stream: StreamRef): StreamDescription | null {
    if ('name' in stream) return this.#byName.get(stream.name) ?? null
    const named = this.#byName.get(stream.arn.split('/')[1] ?? '')
    // A stream that was deleted and made again has another ARN.
    return named?.arn === stream.arn ? named : null
  }

  /** At most `limit` streams whose names come after `afterName`. */
  page(afterName: string | undefined, limit: number): { readonly streams: readonly StreamDescription[]; readonly hasMore: boolean } {
    const start = afterName === undefined ? 0 : this.#countUpTo(afterName)
    return { streams: this.streams.slice(start, start + limit), hasMore: start + limit < this.streams.length }
  }

  /** How many names do not come after the given one: a binary search. */
  #countUpTo(name: string): number {
    let low = 0
    let high = this.streams.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.streams[middle]?.name ?? '') <= name) low = middle + 1
      else high = middle
    }
    return low
  }
}
