import { type ClipSource, MOST_CLIP_BODY_BYTES } from '../../kvs/ports.js'
import { BoxWalk } from '../../media/mp4/read/box-walk.js'
import type { ParsedMovie } from '../../media/mp4/read/read-movie.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import type { PartBody, PartFetch } from '../ports.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { PartBroken } from '../store/part-broken.js'
import type { ClipSpec } from '../url/clip-spec.js'
import { type AnswerMeasures, measureAnswer } from '../verify/answer-measures.js'
import { compareFootage } from '../verify/compare-footage.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { HeadFeed } from './head-feed.js'
import { takeHeadTurn } from './head-turns.js'
import type { PartWaits } from './part-waits.js'

/** Throttling is waited out for so long; then the clip fails, and may be asked for again. */
const HEADERS_TIMEOUT_MS = 120_000
/** Room for boxes behind the tables and the media, where nothing is that a clip is made of. An answer that goes on for longer has no end. */
const MAX_TAIL_BYTES = 1024 * 1024
/** As many as a cold process reads in ten milliseconds or so. */
const LONG_HEAD_SAMPLES = 10_000

export interface PartFetchOptions {
  readonly clips: ClipSource
  readonly spec: Pick<ClipSpec, 'streamArn' | 'fragmentSelectorType'>
  readonly part: OutlinedPart
  /** Number of the part in its clip. */
  readonly source: number
  /** What was read of fragments at its edges, by their places; null when that is not to be had. */
  readonly pictures: () => Promise<ReadonlyMap<number, FragmentPictures> | null>
  /** Called with the tables as soon as they have passed; `compared` rejects when they are not of the footage that was listed. */
  readonly onHead: (head: ParsedMovie, compared: Promise<void>) => void
  /** What the media behind the tables waits for. */
  readonly mediaTurn: () => Promise<void>
  /** Hear why the answer is late, as long as it is. */
  readonly waits: PartWaits
}

/** GetClip for one part. What comes is looked at while it passes, so that the store never keeps an answer that is damaged or short. */
export function createPartFetch({ clips, spec, part, source, pictures, onHead, mediaTurn, waits }: PartFetchOptions): PartFetch {
  const { streamArn, fragmentSelectorType } = spec
  const request = { streamArn, fragmentSelectorType, range: part.range, expectedFragments: part.fragmentCount }
  return async (signal): Promise<PartBody> => {
    const wait = waits.begin(part.key)
    try {
      const body = await withHeadersDeadline(signal, (bounded) => clips.getClip({ ...request, onThrottled: wait.hear }, bounded))
      const { sizeBytes } = body
      return { sizeBytes, bytes: checkBytes(body.bytes, { part, source, pictures, onHead, mediaTurn, sizeBytes }) }
    } finally {
      wait.end()
    }
  }
}

/** The deadline is for the headers alone; the signal goes on to cut the body. */
async function withHeadersDeadline<T>(signal: AbortSignal, ask: (bounded: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => {
    const message = 'Kinesis Video did not begin to send the clip in time.'
    deadline.abort(new ClipUnavailable('KVS_THROTTLED', message, { retryAfterMs: 5000 }))
  }, HEADERS_TIMEOUT_MS)
  try {
    return await ask(AbortSignal.any([signal, deadline.signal]))
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : error
  } finally {
    clearTimeout(timer)
  }
}

async function* checkBytes(
  bytes: AsyncIterable<Uint8Array>,
  {
    part,
    source,
    pictures,
    onHead,
    mediaTurn,
    sizeBytes,
  }: Pick<PartFetchOptions, 'part' | 'source' | 'pictures' | 'onHead' | 'mediaTurn'> & Pick<PartBody, 'sizeBytes'>,
): AsyncGenerator<Uint8Array> {
  const feed = new HeadFeed(source)
  const walk = new BoxWalk({ sizeBytes: sizeBytes ?? MOST_CLIP_BODY_BYTES, isExact: sizeBytes !== null })
  let isTold = false
  let mostBytes = Number.POSITIVE_INFINITY
  const comparison = new Comparison()
  const tell = async () => {
    if (isTold || feed.parsed === null || !walk.hasMovie) return
    isTold = true
    await breathe(feed.parsed)
    if (feed.parsed.understood) {
      comparison.begin(refuseOther(measureAnswer(feed.parsed.movie), part, pictures()))
      mostBytes = Math.max(feed.parsed.mediaEnd, feed.passedBytes) + MAX_TAIL_BYTES
    }
    await breathe(feed.parsed)
    onHead(feed.parsed, comparison.outcome)
  }
  for await (const chunk of bytes) {
    if (isTold) await mediaTurn()
    // What is not understood is given as it is: then the boxes are all that can be checked.
    if (!isTold || feed.parsed?.understood === false) walk.push(chunk)
    if (feed.isReadWith(chunk)) await takeHeadTurn()
    feed.push(chunk)
    await tell()
    if (feed.passedBytes > mostBytes)
      throw new PartBroken('WRONG_LENGTH', `the answer goes on after byte ${mostBytes}, far behind its media`)
    comparison.throwIfDifferent()
    // The comparison runs while the media passes. Nobody gets all of it before it is known to be the right footage.
    if (feed.parsed?.understood && feed.passedBytes >= feed.parsed.mediaEnd) await comparison.outcome
    yield chunk
  }
  feed.end()
  if (feed.parsed?.understood === false) walk.end()
  await tell()
  const { parsed } = feed
  if (parsed?.understood && feed.passedBytes < parsed.mediaEnd) {
    throw new PartBroken('WRONG_LENGTH', `the answer ends at byte ${feed.passedBytes}, its media at byte ${parsed.mediaEnd}`)
  }
}

class Comparison {
  outcome: Promise<void> = Promise.resolve()
  #difference: { readonly error: unknown } | null = null

  begin(outcome: Promise<void>): void {
    this.outcome = outcome
    outcome.catch((error) => {
      this.#difference = { error }
    })
  }

  throwIfDifferent(): void {
    if (this.#difference !== null) throw this.#difference.error
  }
}

/** What follows on reading a long head takes as long again: others have their turn before. */
async function breathe(head: ParsedMovie): Promise<void> {
  if (head.understood && head.movie.tracks.some(({ samples }) => samples.count > LONG_HEAD_SAMPLES)) await takeHeadTurn()
}

/** Footage may go out of retention between the listing and the answer, or come to be listed; the answer says nothing of it. */
async function refuseOther(answer: AnswerMeasures, part: OutlinedPart, pictures: ReturnType<PartFetchOptions['pictures']>): Promise<void> {
  const difference = compareFootage(answer, part, await pictures)
  if (difference === 'missing') {
    const message = 'Kinesis Video gave less footage than it had listed: some of it expired while it was asked for.'
    throw new ClipUnavailable('FOOTAGE_EXPIRED', message)
  }
  if (difference === 'added') {
    const message = 'Kinesis Video gave footage that it had not listed: it came in while the clip was asked for. Ask for the clip anew.'
    throw new ClipUnavailable('FOOTAGE_CHANGED', message)
  }
}
