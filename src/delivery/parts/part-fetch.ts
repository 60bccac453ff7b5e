import { type ClipBody, MOST_CLIP_BODY_BYTES } from '../../kvs/ports.js'
import type { Semaphore } from '../../lib/semaphore.js'
import { BoxWalk } from '../../media/mp4/read/box-walk.js'
import type { ParsedMovie } from '../../media/mp4/read/read-movie.js'
import type { PartBody, PartFetch } from '../ports.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { HeadFeed } from './head-feed.js'
import { PartBroken } from './part-broken.js'

/** Maximum time until the headers arrive, with retries of a throttled call. The part then fails, and may be requested again. */
const HEADERS_TIMEOUT_MS = 120_000
/** Room for boxes after the media. A body that goes on for longer does not end. */
const MAX_TAIL_BYTES = 1024 * 1024

export interface PartFetchOptions {
  readonly getClip: (signal: AbortSignal) => Promise<ClipBody>
  /** Limits the GetClip calls in progress. */
  readonly fetches: Semaphore
  /** Called with the tables as soon as they have passed. */
  readonly onHead: (head: ParsedMovie) => void
  /** Resolves when a clip has accepted the footage. The end of the media waits for it. */
  readonly accepted: Promise<void>
}

/** One GetClip call. The body is checked while it arrives, so that a damaged or truncated one is never stored. */
export function createPartFetch(options: PartFetchOptions): PartFetch {
  const { getClip, fetches } = options
  return (signal) => {
    const begun = Promise.withResolvers<PartBody>()
    const ended = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => ended.resolve(), { once: true })
    const call = async () => {
      const body = await withHeadersDeadline(signal, getClip)
      begun.resolve({ sizeBytes: body.sizeBytes, bytes: endingWith(ended.resolve, checkBytes(body, options)) })
      await ended.promise
    }
    fetches.run(call, signal).catch(begun.reject)
    return begun.promise
  }
}

/** The deadline is for the headers only. The signal also aborts the body. */
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

async function* endingWith(end: () => void, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } finally {
    end()
  }
}

async function* checkBytes(
  { sizeBytes, bytes }: PartBody,
  { onHead, accepted }: Pick<PartFetchOptions, 'onHead' | 'accepted'>,
): AsyncGenerator<Uint8Array> {
  const check = new BodyCheck(sizeBytes, onHead)
  for await (const chunk of bytes) {
    await check.push(chunk)
    // No reader gets all of the media before a clip has verified the footage.
    if (check.isMediaOver) await accepted
    yield chunk
  }
  check.end()
  await accepted
}

class BodyCheck {
  readonly #feed = new HeadFeed()
  readonly #walk: BoxWalk
  #head: 'unknown' | 'passed through' | { readonly mediaEnd: number; readonly mostBytes: number } = 'unknown'

  constructor(
    sizeBytes: number | null,
    private readonly onHead: PartFetchOptions['onHead'],
  ) {
    this.#walk = new BoxWalk(sizeBytes ?? MOST_CLIP_BODY_BYTES)
  }

  get isMediaOver(): boolean {
    return typeof this.#head === 'object' && this.#feed.passedBytes >= this.#head.mediaEnd
  }

  /** @throws MalformedMedia, PartBroken */
  async push(chunk: Uint8Array): Promise<void> {
    // If the file is not understood, only its boxes can be checked.
    if (typeof this.#head !== 'object') this.#walk.push(chunk)
    await this.#feed.push(chunk)
    this.#tell()
    if (typeof this.#head !== 'object' || this.#feed.passedBytes <= this.#head.mostBytes) return
    throw new PartBroken('WRONG_LENGTH', `the answer goes on after byte ${this.#head.mostBytes}, far behind its media`)
  }

  /** @throws MalformedMedia, PartBroken */
  end(): void {
    this.#feed.end()
    if (typeof this.#head !== 'object') this.#walk.end()
    this.#tell()
    if (typeof this.#head !== 'object' || this.#feed.passedBytes >= this.#head.mediaEnd) return
    const message = `the answer ends at byte ${this.#feed.passedBytes}, its media at byte ${this.#head.mediaEnd}`
    throw new PartBroken('WRONG_LENGTH', message)
  }

  #tell(): void {
    const { parsed, passedBytes } = this.#feed
    if (this.#head !== 'unknown' || parsed === null || !this.#walk.hasMovie) return
    this.#head = parsed.understood
      ? { mediaEnd: parsed.mediaEnd, mostBytes: Math.max(parsed.mediaEnd, passedBytes) + MAX_TAIL_BYTES }
      : 'passed through'
    this.onHead(parsed)
  }
}
