import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'

/** How often a waiting reader checks whether its stream still exists. */
const LOOK_MS = 1000

export interface LiveReaderOptions {
  readonly archive: Archive
  readonly streamId: number
  /** The stream as it is now; undefined when it has been deleted. */
  readonly findStream: () => StreamRecord | undefined
  readonly signal: AbortSignal
}

/** The fragments after `sequence` in ingestion order, and then each new one, until the stream is deleted or the reader disconnects. */
export async function* followStream(options: LiveReaderOptions, sequence: number): AsyncGenerator<ArchivedFragment> {
  const { archive, streamId, findStream, signal } = options
  const arrivals = new Arrivals(signal)
  const stop = archive.feed.watch(streamId, () => arrivals.ring())
  let after = sequence
  try {
    for (let stream = findStream(); stream !== undefined && !signal.aborted; stream = findStream()) {
      const next = archive.findNext(stream, after)
      if (next === null) {
        await arrivals.wait(LOOK_MS)
        continue
      }
      after = next.sequence
      yield next
    }
  } finally {
    stop()
    arrivals.close()
  }
}

/** A signal that stays set until someone waits for it. */
class Arrivals {
  readonly #signal: AbortSignal
  readonly #ring = () => this.ring()
  #hasRung = false
  #wake: (() => void) | null = null

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#ring)
  }

  ring(): void {
    this.#hasRung = true
    this.#wake?.()
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#hasRung) await this.#sleep(timeoutMs)
    this.#hasRung = false
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#ring)
  }

  #sleep(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
