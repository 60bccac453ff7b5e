import { GatewayError } from '../../domain/errors.js'
import { parseMediaException } from '../../domain/media-exception.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import { FrameCheck } from '../../media/codec/frame-check.js'
import { MalformedMedia } from '../../media/malformed-media.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../../media/matroska/events.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { type FragmentPictures, toFirstPicture, toPictures } from '../verify/fragment-pictures.js'

/** Maximum number of fragments in one GetMediaForFragmentList call. */
const MOST_FRAGMENTS = 1000
/** A fragment has at most 50 MB, and the quota is 25 MB per second. Most fragments are far smaller. */
const MAX_READ_MS = 20_000
const MAX_READ_MS_EACH = 500
const NUMBER_TAG = 'AWS_KINESISVIDEO_FRAGMENT_NUMBER'

export interface FragmentNames {
  readonly streamArn: string
  readonly fragmentNumbers: readonly string[]
}

export interface ReadPicturesOptions {
  readonly signal: AbortSignal
  /** Called with each fragment, in request order. Returning true ends the reading. */
  readonly isEnough?: (pictures: FragmentPictures, index: number) => boolean
  /** Called once with the first picture of the first fragment, long before the whole fragment has arrived. */
  readonly onFirstPicture?: (first: FragmentPictures) => void
  readonly withinMs?: number
  readonly onThrottled?: (reason: GatewayError) => void
}

/**
 * Reads the pictures of fragments from their Matroska, in the given order. Keeps no payload. Makes one call for up to 1,000 fragments.
 * @throws ClipUnavailable, GatewayError
 */
export async function readPictures(
  media: FragmentMediaSource,
  names: FragmentNames,
  options: ReadPicturesOptions,
): Promise<FragmentPictures[]> {
  const { streamArn, fragmentNumbers } = names
  const read: FragmentPictures[] = []
  const isEnough = (pictures: FragmentPictures) => options.isEnough?.(pictures, read.length - 1) ?? false
  for (let from = 0; from < fragmentNumbers.length; from += MOST_FRAGMENTS) {
    const call = { streamArn, fragmentNumbers: fragmentNumbers.slice(from, from + MOST_FRAGMENTS) }
    for await (const pictures of readCall(media, call, options)) {
      read.push(pictures)
      if (isEnough(pictures)) return read
    }
  }
  return read
}

async function* readCall(
  media: FragmentMediaSource,
  names: FragmentNames,
  { signal, onThrottled, onFirstPicture, withinMs = MAX_READ_MS + MAX_READ_MS_EACH * names.fragmentNumbers.length }: ReadPicturesOptions,
): AsyncGenerator<FragmentPictures> {
  const limit = AbortSignal.timeout(withinMs)
  try {
    const bounded = {
      signal: AbortSignal.any([signal, limit]),
      ...(onThrottled && { onThrottled }),
      ...(onFirstPicture && { onFirstPicture }),
    }
    yield* readDocuments(media, names, bounded)
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted || error instanceof MalformedMedia) throw unreadable(error)
    if (error instanceof GatewayError && error.code === 'KVS_ACCESS_DENIED') {
      const message = `${error.message} Each clip needs it: the fragments at its edges say what its pictures' times are.`
      throw new GatewayError(error.code, message, error.details, { cause: error })
    }
    // The numbers were listed a moment ago. A number that is no longer valid belongs to an expired fragment.
    const isGone = error instanceof GatewayError && (error.code === 'BAD_USER_INPUT' || error.code === 'NOT_FOUND')
    throw isGone ? expired(error) : error
  }
}

async function* readDocuments(
  media: FragmentMediaSource,
  { streamArn, fragmentNumbers }: FragmentNames,
  { signal, onFirstPicture, ...options }: Pick<ReadPicturesOptions, 'signal' | 'onThrottled' | 'onFirstPicture'>,
): AsyncGenerator<FragmentPictures> {
  const documents = new Documents(fragmentNumbers, onFirstPicture)
  const demuxer = new MatroskaDemuxer({ frameSink: (tracks) => new FrameCheck(tracks) })
  for await (const chunk of await media.getMedia(streamArn, fragmentNumbers, signal, options)) {
    signal.throwIfAborted()
    yield* documents.take(demuxer.push(chunk))
    if (documents.isOver) return
    documents.look(demuxer)
  }
  yield* documents.take(demuxer.end())
  if (!documents.isOver) throw unreadable(new Error(`${documents.count} of ${fragmentNumbers.length} fragments came`))
}

/** Reads the Matroska documents of a response: one per fragment, in request order, each with one Cluster. */
class Documents {
  count = 0
  #onFirstPicture: ((first: FragmentPictures) => void) | null
  #tracks: readonly MatroskaTrack[] = []
  #isRead = false

  constructor(
    private readonly numbers: readonly string[],
    onFirstPicture: ReadPicturesOptions['onFirstPicture'],
  ) {
    this.#onFirstPicture = onFirstPicture ?? null
  }

  get isOver(): boolean {
    return this.count === this.numbers.length
  }

  *take(events: readonly MatroskaEvent[]): Generator<FragmentPictures> {
    for (const event of events) {
      if (this.isOver) return
      if (event.kind === 'document') this.#isRead = false
      if (event.kind === 'tracks') this.#tracks = event.tracks
      if (event.kind === 'tags') this.#check(event.tags)
      if (event.kind !== 'cluster-end' || this.#isRead) continue
      this.#isRead = true
      this.count += 1
      yield toPictures(this.#tracks, event.samples)
    }
  }

  /** Reports the first picture of the Cluster that is arriving. The picture is complete when the next one has begun. */
  look(demuxer: MatroskaDemuxer): void {
    if (this.#onFirstPicture === null || this.count > 0) return
    const samples = demuxer.peekCluster()
    if (samples === null) return
    const pictures = toPictures(this.#tracks, samples)
    if (pictures.timesMs.length < 2) return
    this.#onFirstPicture(toFirstPicture(pictures))
    this.#onFirstPicture = null
  }

  /** The service sends status 200 before it detects an error, and then reports the error in tags. */
  #check(tags: readonly { readonly name: string; readonly value: string }[]): void {
    const exception = parseMediaException(tags)
    if (exception !== null) throw exception.isNotFound ? expired(undefined) : unreadable(new Error(exception.message))
    const number = tags.find(({ name }) => name === NUMBER_TAG)?.value
    if (this.#isRead || number === undefined || number === this.numbers[this.count]) return
    throw unreadable(new Error(`fragment ${number} came in place of ${this.numbers[this.count]}`))
  }
}

function expired(cause: unknown): ClipUnavailable {
  return new ClipUnavailable('FOOTAGE_EXPIRED', 'Some of the footage of the clip is no longer kept by its stream.', { cause })
}

function unreadable(cause: unknown): ClipUnavailable {
  const message = 'The media that Kinesis Video returned for the first or last fragments of the clip cannot be read.'
  return new ClipUnavailable('KVS_FAILED', message, { retryAfterMs: 1000, cause })
}
