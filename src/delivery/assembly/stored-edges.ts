import { createHash } from 'node:crypto'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import type { PartFetch, PartStore } from '../ports.js'
import { type ClipEdges, readClipEdges } from './clip-edges.js'
import type { ClipOutline } from './clip-outline.js'
import type { FragmentPictures } from './fragment-pictures.js'

export interface EdgeSources {
  readonly media: FragmentMediaSource
  readonly store: PartStore
}

/** Goes up whenever what is stored changes. */
const FORM = 1

interface StoredEdges {
  readonly pictures: readonly (readonly [place: number, pictures: FragmentPictures])[]
  readonly leadIn: readonly ListedFragment[]
  readonly tail: readonly ListedFragment[]
}

/**
 * The edges of a clip, asked of Kinesis Video once and kept as a part of their own: a clip that is stored needs them each time it is laid
 * out, also when its footage has expired since.
 */
export async function getClipEdges({ media, store }: EdgeSources, outline: ClipOutline, signal: AbortSignal): Promise<ClipEdges> {
  const fetch: PartFetch = async (shared) => toBody(await readClipEdges(media, outline, shared))
  const part = await store.open(toKey(outline), fetch, signal)
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of part.read({ start: 0, end: Number.MAX_SAFE_INTEGER }, signal)) chunks.push(Buffer.from(chunk))
    const stored: StoredEdges = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return { ...stored, pictures: new Map(stored.pictures) }
  } finally {
    part.release()
  }
}

function toKey({ spec }: ClipOutline): string {
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
