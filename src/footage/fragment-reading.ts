import { GatewayError } from '../domain/errors.js'
import { parseMediaException } from '../domain/media-exception.js'
import type { FragmentMediaSource } from '../kvs/ports.js'
import { FrameCheck } from '../media/codec/frame-check.js'
import { MalformedMedia } from '../media/malformed-media.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../media/matroska/events.js'
import { EMPTY_SAMPLE_TABLE, type SampleTable } from '../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../media/matroska/track.js'

/** A fragment lasts 20 s at most; what has more frames than this is made to fill memory. */
const MAX_FRAMES = 100_000
/** A fragment has 50 MB at most, which a line worth having brings in less. */
const MAX_READ_MS = 20_000

/** What a fragment's Matroska says. Nothing of its payloads is kept. */
export interface FragmentReading {
  readonly tracks: readonly MatroskaTrack[]
  /** Empty when the fragment breaks off. */
  readonly samples: SampleTable
  /** Why its frames cannot be what their codec says; null when nothing was found. */
  readonly invalidFrame: string | null
}

export interface FragmentName {
  readonly streamArn: string
  readonly fragmentNumber: string
}

/** Reads one fragment, its first Cluster and no more. @throws GatewayError */
export async function readFragment(media: FragmentMediaSource, name: FragmentName, signal: AbortSignal): Promise<FragmentReading> {
  const limit = AbortSignal.timeout(MAX_READ_MS)
  const bounded = AbortSignal.any([signal, limit])
  try {
    return await readFirstCluster(media, name, bounded)
  } catch (error) {
    // Of a caller without time for another try too: it is what the last one was answered.
    if (error instanceof GatewayError && error.code === 'KVS_THROTTLED') throw error
    signal.throwIfAborted()
    if (!limit.aborted && !(error instanceof MalformedMedia)) throw error
    throw unreadable(name, error)
  }
}

async function readFirstCluster(media: FragmentMediaSource, name: FragmentName, signal: AbortSignal): Promise<FragmentReading> {
  const demuxer = new MatroskaDemuxer({ frameSink: (tracks) => new FrameCheck(tracks) })
  const found = new FoundEvents()
  for await (const chunk of await media.getMedia(name.streamArn, [name.fragmentNumber], signal)) {
    signal.throwIfAborted()
    found.push(demuxer, chunk)
    if (found.isOver) break
  }
  // A body that ends inside its Cluster was cut on the way: the next one need not be.
  if (!found.isOver) found.add(demuxer.end())
  return found.toReading() ?? refuse(name, found.exception)
}

/** What the demuxer has told, up to the end of the first Cluster or to where the bytes make no sense. */
class FoundEvents {
  exception: string | null = null
  #tracks: readonly MatroskaTrack[] | null = null
  #samples: SampleTable | null = null
  #invalidFrame: string | null = null

  /** Nothing more is to be told. */
  get isOver(): boolean {
    return this.#samples !== null || this.#invalidFrame !== null
  }

  push(demuxer: MatroskaDemuxer, chunk: Uint8Array): void {
    this.add(demuxer.push(chunk))
    if (this.isOver || this.#tracks === null) return
    if (demuxer.failure) this.#invalidFrame = demuxer.failure.message
    if (demuxer.framesInCluster > MAX_FRAMES) this.#invalidFrame = `it comes after ${MAX_FRAMES} others in one fragment`
  }

  add(events: readonly MatroskaEvent[]): void {
    for (const event of events) if (!this.isOver) this.#add(event)
  }

  /** Null when there were no tracks, or no Cluster. */
  toReading(): FragmentReading | null {
    if (this.#tracks === null || !this.isOver) return null
    return { tracks: this.#tracks, samples: this.#samples ?? EMPTY_SAMPLE_TABLE, invalidFrame: this.#invalidFrame }
  }

  #add(event: MatroskaEvent): void {
    if (event.kind === 'tracks') this.#tracks = event.tracks
    if (event.kind === 'tags') this.exception ??= parseMediaException(event.tags)?.message ?? null
    if (event.kind !== 'cluster-end') return
    this.#samples = event.samples
    this.#invalidFrame = event.invalidFrame && `track ${event.invalidFrame.track} has ${event.invalidFrame.reason}`
  }
}

/** Status 200 came before the service knew; it says so in tags. */
function refuse(name: FragmentName, exception: string | null): never {
  throw unreadable(name, exception === null ? undefined : new Error(exception))
}

function unreadable({ fragmentNumber }: FragmentName, cause: unknown): GatewayError {
  const message = `Kinesis Video gave no readable media of the fragment ${fragmentNumber}.`
  return new GatewayError('KVS_UNAVAILABLE', message, { retryAfterMs: 1000 }, { cause })
}
