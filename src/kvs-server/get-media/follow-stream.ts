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
  const { archive, findStream, signal } = options
  let after = sequence
  for (let stream = findStream(); stream !== undefined && !signal.aborted; stream = findStream()) {
    const next = archive.findNext(stream, after)
    if (next === null) {
      await nextArrival(options)
    } else {
      after = next.sequence
      yield next
    }
  }
}

/** Resolves when a fragment arrives or the reader disconnects, and after LOOK_MS. */
function nextArrival({ archive, streamId, signal }: LiveReaderOptions): Promise<void> {
  const arrival = String(streamId)
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      archive.arrivals.off(arrival, wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, LOOK_MS).unref()
    archive.arrivals.on(arrival, wake)
    signal.addEventListener('abort', wake)
  })
}
