import { MalformedMedia } from '../../src/media/malformed-media.js'
import { MatroskaDemuxer } from '../../src/media/matroska/demuxer.js'
import type { FrameSinkFactory, MatroskaEvent } from '../../src/media/matroska/events.js'

export interface Demuxed {
  readonly events: readonly MatroskaEvent[]
  readonly failure: MalformedMedia | null
}

export type EventOf<Kind extends MatroskaEvent['kind']> = Extract<MatroskaEvent, { kind: Kind }>

/** Every event that the demuxer emits for the chunks, up to its refusal if it refuses. Other errors are thrown. */
export function demuxChunks(chunks: Iterable<Uint8Array>, frameSink?: FrameSinkFactory): Demuxed {
  const demuxer = new MatroskaDemuxer(frameSink ? { frameSink } : {})
  const events: MatroskaEvent[] = []
  try {
    for (const chunk of chunks) events.push(...demuxer.push(chunk))
    events.push(...demuxer.end())
    if (demuxer.failure) throw demuxer.failure
    return { events, failure: null }
  } catch (error) {
    if (error instanceof MalformedMedia) return { events, failure: error }
    throw error
  }
}

export function demux(bytes: Uint8Array, chunkBytes = bytes.byteLength, frameSink?: FrameSinkFactory): Demuxed {
  return demuxChunks(chunksOf(bytes, Math.max(chunkBytes, 1)), frameSink)
}

export function* chunksOf(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.slice(at, at + chunkBytes)
}

export function eventsOf<Kind extends MatroskaEvent['kind']>({ events }: Demuxed, kind: Kind): EventOf<Kind>[] {
  return events.filter((event): event is EventOf<Kind> => event.kind === kind)
}
