import { type StreamRef, toStreamName } from '../domain/stream-ref.js'
import { at } from '../lib/at.js'
import { partitionPoint } from '../lib/partition-point.js'
import type { StreamDescription } from './ports.js'

export class StreamListing {
  readonly streams: readonly StreamDescription[]
  readonly #byName: ReadonlyMap<string, StreamDescription>

  constructor(streams: readonly StreamDescription[]) {
    this.#byName = new Map(streams.map((stream) => [stream.name, stream]))
    // By code unit, not by locale, because a cursor must have the same meaning on every machine.
    this.streams = [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(stream: StreamRef): StreamDescription | null {
    if ('name' in stream) return this.#byName.get(stream.name) ?? null
    const named = this.#byName.get(toStreamName(stream.arn))
    // A stream that was deleted and created again has another ARN.
    return named?.arn === stream.arn ? named : null
  }

  /** At most `limit` streams whose names come after `afterName`. */
  page(afterName: string | undefined, limit: number): { readonly streams: readonly StreamDescription[]; readonly hasMore: boolean } {
    const start = afterName === undefined ? 0 : partitionPoint(this.streams.length, (index) => at(this.streams, index).name <= afterName)
    return { streams: this.streams.slice(start, start + limit), hasMore: start + limit < this.streams.length }
  }
}
