import { MalformedMedia } from '../media/malformed-media.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../media/matroska/events.js'
import { MediaCutShort } from './failure.js'

/**
 * Passes Matroska on unchanged, and ends before a document whose times start over: PutMedia requires ascending timecodes. `onFailure` is
 * called then. What is malformed is passed on: refusing it is the server's part.
 */
export async function* inDocumentOrder(
  chunks: AsyncIterable<Uint8Array>,
  onFailure: (failure: MediaCutShort) => void,
): AsyncGenerator<Uint8Array> {
  const order = new DocumentOrder()
  for await (const chunk of chunks) {
    const passed = order.push(chunk)
    if (passed.byteLength > 0) yield passed
    if (order.timesStartOver) return onFailure(toFailure(order.documents))
  }
  const rest = order.end()
  if (rest.byteLength > 0) yield rest
}

class DocumentOrder {
  documents = 0
  timesStartOver = false
  readonly #demuxer = new MatroskaDemuxer()
  #newestMs = Number.NEGATIVE_INFINITY
  /** Bytes that were not passed on yet, and where they start. */
  #held: Uint8Array = new Uint8Array(0)
  #heldFrom = 0
  /** Start of a later document whose first timecode is not known yet. */
  #pendingFrom: number | null = null

  push(chunk: Uint8Array): Uint8Array {
    this.#held = this.#held.byteLength === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (const event of this.#read(chunk)) {
      this.#take(event)
      if (this.timesStartOver) break
    }
    return this.#passUpTo(this.#pendingFrom ?? (this.#demuxer.failure === null ? this.#demuxer.settled : Number.POSITIVE_INFINITY))
  }

  end(): Uint8Array {
    return this.#passUpTo(Number.POSITIVE_INFINITY)
  }

  #read(chunk: Uint8Array): MatroskaEvent[] {
    try {
      return this.#demuxer.failure === null ? this.#demuxer.push(chunk) : []
    } catch (error) {
      if (!(error instanceof MalformedMedia)) throw error
      this.#pendingFrom = null
      return []
    }
  }

  #take(event: MatroskaEvent): void {
    if (event.kind === 'document') {
      this.documents += 1
      if (this.documents > 1) this.#pendingFrom = event.start
    } else if (event.kind === 'cluster-timestamp') {
      this.timesStartOver = this.#pendingFrom !== null && event.timestampMs <= this.#newestMs
      if (this.timesStartOver) return
      this.#pendingFrom = null
      this.#newestMs = event.timestampMs
    }
  }

  #passUpTo(end: number): Uint8Array {
    const count = Math.max(0, Math.min(end - this.#heldFrom, this.#held.byteLength))
    const passed = this.#held.subarray(0, count)
    this.#held = this.#held.subarray(count)
    this.#heldFrom += count
    return passed
  }
}

function toFailure(document: number): MediaCutShort {
  const problem = `The times of Matroska file ${document} of the input start over, and --keep-clusters does not change times.`
  return new MediaCutShort(`${problem} The files before it were sent. Leave the option out, or upload each file with a command of its own.`)
}
