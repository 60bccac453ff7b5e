import { createHash } from 'node:crypto'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import type { ClipOutline, OutlinedPart } from '../plan/clip-outline.js'
import type { PartFetch, PartStore } from '../ports.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { type ClipEdges, readClipEdges, toPlayingParts } from './clip-edges.js'
import type { PartWaits } from './part-waits.js'

export interface EdgeSources {
  readonly media: FragmentMediaSource
  readonly store: PartStore
  readonly waits: PartWaits
}

export interface GetEdgesOptions {
  readonly signal: AbortSignal
  /** Called with the first picture of the first fragment when these edges are read for this caller, and before they are all read. */
  readonly onFirstPicture?: (first: FragmentPictures) => void
}

/** Goes up whenever what is stored changes. */
const FORM = 3

interface StoredEdges {
  readonly pictures: readonly (readonly [place: number, pictures: FragmentPictures])[]
  readonly leadIn: readonly ListedFragment[]
  readonly tail: readonly ListedFragment[]
}

/**
 * The edges of a clip, asked of Kinesis Video once and kept as a part of their own: a clip that is stored needs them each time it is laid
 * out, also when its footage has expired since.
 */
export async function getClipEdges(
  { media, store, waits }: EdgeSources,
  outline: ClipOutline,
  { signal, onFirstPicture }: GetEdgesOptions,
): Promise<ClipEdges> {
  const key = toEdgesKey(outline)
  const fetch: PartFetch = async (shared) => {
    const wait = waits.begin(key)
    try {
      const options = { signal: shared, onThrottled: wait.hear, ...(onFirstPicture && { onFirstPicture }) }
      return toBody(await readClipEdges(media, outline, options))
    } finally {
      wait.end()
    }
  }
  const part = await store.open(key, fetch, signal)
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of part.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, signal)) chunks.push(Buffer.from(chunk))
    const stored: StoredEdges = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return { ...stored, pictures: new Map(stored.pictures) }
  } finally {
    part.release()
  }
}

/** Whether making the clip would ask Kinesis Video for nothing: its edges are stored, and every part that they call for. */
export async function isClipStored(sources: EdgeSources, outline: ClipOutline, signal: AbortSignal): Promise<boolean> {
  const { store } = sources
  if (!(await areStored(store, outline.parts)) || !(await store.has(toEdgesKey(outline)))) return false
  return areStored(store, toPlayingParts(outline, await getClipEdges(sources, outline, { signal })))
}

/** One after the other: of a clip that is not stored, the first part usually says so. */
async function areStored(store: PartStore, parts: readonly OutlinedPart[]): Promise<boolean> {
  for (const { key } of parts) if (!(await store.has(key))) return false
  return true
}

/** Under which the edges of a clip are stored. */
export function toEdgesKey({ spec }: ClipOutline): string {
  const { streamArn, fragmentSelectorType, cut, range, pin } = spec
  const hash = createHash('sha256').update(`edges ${FORM}\n${streamArn}\n${fragmentSelectorType}\n${cut}\n`)
  // Whole fragments are the same ones whatever range they were asked by.
  if (cut === 'EXACT') hash.update(`${range.startMs} ${range.endMs}\n`)
  return hash.update(pin.digest).digest('base64url')
}

function toBody({ pictures, leadIn, tail }: ClipEdges): Awaited<ReturnType<PartFetch>> {
  const stored: StoredEdges = { pictures: [...pictures], leadIn, tail }
  const bytes = Buffer.from(JSON.stringify(stored), 'utf8')
  return {
    sizeBytes: bytes.byteLength,
    bytes: (async function* () {
      yield bytes
    })(),
  }
}
