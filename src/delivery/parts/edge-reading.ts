import { createHash } from 'node:crypto'
import type { GatewayError } from '../../domain/errors.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { PartFetch, PartStore } from '../ports.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { type ClipEdges, readClipEdges } from './clip-edges.js'
import { toClearer } from './part.js'

/** Changes whenever the stored form changes. */
const FORM = 3

export interface EdgeReadingOptions {
  readonly key: string
  readonly outline: ClipOutline
  readonly media: FragmentMediaSource
  readonly store: PartStore
  readonly onFailed: (reading: EdgeReading) => void
}

interface StoredEdges extends Pick<ClipEdges, 'leadIn' | 'tail'> {
  readonly pictures: readonly (readonly [place: number, pictures: FragmentPictures])[]
}

/**
 * The edges of a clip, read from Kinesis Video once and stored beside the parts. A stored clip needs them each time it is laid out, even
 * if its footage has expired since.
 */
export class EdgeReading {
  readonly edges: Promise<ClipEdges>
  /** The first picture of the clip, which is known before all edges are. Undefined if there is none. */
  readonly firstPicture: Promise<FragmentPictures | undefined>
  readonly #closing = new AbortController()
  readonly #early = Promise.withResolvers<FragmentPictures>()
  #throttled: GatewayError | null = null

  constructor(private readonly options: EdgeReadingOptions) {
    this.edges = this.#read()
    this.firstPicture = Promise.race([this.#early.promise, this.edges.then(({ pictures }) => pictures.get(0))])
    this.firstPicture.catch(() => null)
    this.edges.catch(() => options.onFailed(this))
  }

  /** Why the call has to wait for the quota of the stream. Null when it does not. */
  get throttled(): GatewayError | null {
    return this.#throttled
  }

  close(): void {
    this.#closing.abort(new DOMException('every reader of the edges left', 'AbortError'))
  }

  async #read(): Promise<ClipEdges> {
    const { key, store } = this.options
    const { signal } = this.#closing
    const stored = await store.open(key, (shared) => this.#fetch(shared), signal)
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of stored.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, signal)) chunks.push(Buffer.from(chunk))
      const { pictures, ...rest }: StoredEdges = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      return { ...rest, pictures: new Map(pictures) }
    } finally {
      stored.release()
    }
  }

  readonly #fetch = async (signal: AbortSignal): ReturnType<PartFetch> => {
    const { media, outline } = this.options
    const onThrottled = (reason: GatewayError) => {
      this.#throttled = toClearer(this.#throttled, reason)
    }
    try {
      return toBody(await readClipEdges(media, outline, { signal, onThrottled, onFirstPicture: this.#early.resolve }))
    } finally {
      this.#throttled = null
    }
  }
}

/** Whole fragments are the same whatever range selected them. */
export function toEdgesKey({ spec }: Pick<ClipOutline, 'spec'>): string {
  const { streamArn, fragmentSelectorType, cut, range, pin } = spec
  const hash = createHash('sha256').update(`edges ${FORM}\n${streamArn}\n${fragmentSelectorType}\n${cut}\n`)
  if (cut === 'EXACT') hash.update(`${range.startMs} ${range.endMs}\n`)
  return hash.update(pin.digest).digest('base64url')
}

function toBody({ pictures, leadIn, tail }: ClipEdges): Awaited<ReturnType<PartFetch>> {
  const stored: StoredEdges = { pictures: [...pictures], leadIn, tail }
  const bytes = Buffer.from(JSON.stringify(stored), 'utf8')
  const chunks = async function* () {
    yield bytes
  }
  return { sizeBytes: bytes.byteLength, bytes: chunks() }
}
