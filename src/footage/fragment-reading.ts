import { GatewayError } from '../domain/errors.js'
import { parseMediaException } from '../domain/media-exception.js'
import type { FragmentMediaSource } from '../kvs/ports.js'
import { FrameCheck } from '../media/codec/frame-check.js'
import { MalformedMedia } from '../media/malformed-media.js'
import { MatroskaDemuxer } from '../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../media/matroska/events.js'
import { EMPTY_SAMPLE_TABLE, type SampleTable } from '../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../media/matroska/track.js'

/** A fragment has at most 20 s. More frames than this are an attempt to exhaust memory. */
const MAX_FRAMES = 100_000
/** Enough for a fragment of 50 MB, the maximum. */
const MAX_READ_MS = 20_000

/** The tracks and frames of a fragment, without their payloads. */
export interface FragmentReading {
  readonly tracks: readonly MatroskaTrack[]
  /** Empty if the fragment is truncated. */
  readonly samples: SampleTable
  /** Why a frame is invalid for its codec. Null if no such frame was found. */
  readonly invalidFrame: string | null
}

export interface FragmentName {
  readonly streamArn: string
  readonly fragmentNumber: string
}

/** Reads the first Cluster of a fragment. @throws GatewayError */
export async function readFragment(media: FragmentMediaSource, name: FragmentName, signal: AbortSignal): Promise<FragmentReading> {
  const limit = AbortSignal.timeout(MAX_READ_MS)
  const bounded = AbortSignal.any([signal, limit])
  try {
    return await readFirstCluster(media, name, bounded)
  } catch (error) {
    // Throttling is the reason even if the caller timed out while it waited for a retry.
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
  // A body that ends inside its Cluster was truncated in transit. A retry may succeed.
  if (!found.isOver) found.add(demuxer.end())
  return found.toReading() ?? refuse(name, found.exception)
}

/** The events of the demuxer up to the end of the first Cluster, or up to invalid bytes. */
class FoundEvents {
  exception: string | null = null
  #tracks: readonly MatroskaTrack[] | null = null
  #samples: SampleTable | null = null
  #invalidFrame: string | null = null

  get isOver(): boolean {
    return this.#samples !== null || this.#invalidFrame !== null
  }

  push(demuxer: MatroskaDemuxer, chunk: Uint8Array): void {
    this.add(demuxer.push(chunk))
    if (this.isOver || this.#tracks === null) return
    if (demuxer.failure) this.#invalidFrame = demuxer.failure.message
    if (demuxer.framesInCluster > MAX_FRAMES) this.#invalidFrame = `the fragment has more than ${MAX_FRAMES} frames`
  }

  add(events: readonly MatroskaEvent[]): void {
    for (const event of events) if (!this.isOver) this.#add(event)
  }

  /** Null without tracks or without a Cluster. */
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

/** The service sent status 200 before the error, and reports the error in tags. */
function refuse(name: FragmentName, exception: string | null): never {
  throw unreadable(name, exception === null ? undefined : new Error(exception))
}

function unreadable({ fragmentNumber }: FragmentName, cause: unknown): GatewayError {
  const message = `Kinesis Video did not return readable media for fragment ${fragmentNumber}.`
  return new GatewayError('KVS_UNAVAILABLE', message, { retryAfterMs: 1000 }, { cause })
}
