import { at } from '../../lib/at.js'
import { orAborted } from '../../lib/clock.js'
import { cutSlices, type Slice, sliceLength } from '../../media/mp4/slices.js'
import { PartBroken } from '../parts/part-broken.js'
import type { PartHandle } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { ClipContent, ClipIdentity } from '../serve/clip-content.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { JobHold } from './clip-jobs.js'
import type { ClipLayout } from './clip-movie.js'
import { toClipUnavailable } from './explain-failure.js'
import type { MadeClip } from './make-clip.js'

/** Opens a clip for one download. Takes over the hold. It is released with the content, or if this call rejects. */
export async function openClip(
  hold: JobHold,
  url: Pick<ClipContent, 'fileName' | 'urlExpiresAtMs' | 'principal' | 'revoked'>,
  signal: AbortSignal,
): Promise<ClipContent> {
  const { job } = hold
  try {
    const { source, isIdentified } = await toSource(job, signal)
    const { spec, delivered } = job.outline
    const described = { ...url, streamArn: spec.streamArn, requested: spec.range, lastModifiedMs: delivered.endMs }
    const content = createContent(described, { source, hold, failed: job.signal })
    if (isIdentified) await content.whenIdentified(signal)
    return content
  } catch (error) {
    hold.release()
    throw error
  }
}

export interface ContentOptions {
  readonly source: ContentSource
  readonly hold: Pick<JobHold, 'release' | 'discard'>
  /** Aborted when the clip fails. Its reason is thrown to readers. */
  readonly failed: AbortSignal
}

export function createContent(
  description: Omit<ClipContent, 'form' | 'identity' | 'whenIdentified' | 'read' | 'release'>,
  { source, hold, failed }: ContentOptions,
): ClipContent {
  const { revoked } = description
  // A part of a failed clip may never complete, so reads also end when the clip fails.
  const orFailed = (signal: AbortSignal) => AbortSignal.any([signal, failed, revoked])
  let identity: ClipIdentity | null = null
  return {
    ...description,
    form: source.form,
    get identity() {
      return identity
    },
    async whenIdentified(signal) {
      try {
        identity ??= await source.identify(orFailed(signal))
        return identity
      } catch (error) {
        throw signal.aborted ? error : toClipUnavailable(error)
      }
    },
    async *read(span, signal) {
      try {
        yield* source.read(span, orFailed(signal))
      } catch (error) {
        if (signal.aborted) throw error
        // A revocation does not make the clip invalid.
        if (!revoked.aborted) hold.discard()
        throw toClipUnavailable(error)
      }
    },
    release: () => hold.release(),
  }
}

/** Only a clip of one part can be passed through. The signal limits the wait for that decision. */
async function toSource(
  { outline, made, parts: held }: JobHold['job'],
  signal: AbortSignal,
): Promise<{ readonly source: ContentSource; readonly isIdentified: boolean }> {
  const form = outline.parts.length > 1 ? null : await orAborted(made, signal)
  const parts = await orAborted(held, signal)
  if (form?.form !== 'PASSTHROUGH') return { source: createSlicedSource(parts, made.then(toLayout)), isIdentified: form !== null }
  const part = at(parts, 0)
  await orAborted(part.opened, signal)
  return { source: createPassthroughSource(part), isIdentified: part.state?.state === 'complete' }
}

function toLayout(made: MadeClip): ClipLayout {
  if (made.form === 'REBUILT') return made.movie.layout
  throw new ClipUnavailable('INTERNAL', 'A clip of several parts cannot be passed through.')
}

export interface ContentSource {
  readonly form: ClipContent['form']
  /** Resolves when the size and the ETag are known. */
  identify(signal: AbortSignal): Promise<ClipIdentity>
  read(span: ByteSpan | 'all', signal: AbortSignal): AsyncIterable<Uint8Array>
}

export type ReadablePart = Pick<PartHandle, 'read' | 'whole' | 'sha256'>

/** A new layout over parts that may still be arriving. A read waits only for the bytes of its span. */
export function createSlicedSource(parts: readonly ReadablePart[], layout: Promise<ClipLayout>): ContentSource {
  return {
    form: 'REBUILT',
    async identify(signal) {
      const { file, etag } = await orAborted(layout, signal)
      return { sizeBytes: file.sizeBytes, etag }
    },
    async *read(span, signal) {
      const { file } = await orAborted(layout, signal)
      const { start, end } = span === 'all' ? { start: 0, end: file.sizeBytes } : span
      for (const slice of cutSlices(file, start, end)) yield* readSlice(parts, slice, signal)
    },
  }
}

async function* readSlice(parts: readonly ReadablePart[], slice: Slice, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (slice.kind === 'bytes') {
    yield slice.bytes
    return
  }
  let missing = sliceLength(slice)
  const part = parts[slice.source]
  if (part === undefined) throw new RangeError(`the layout names part ${slice.source}, but there are ${parts.length} parts`)
  for await (const chunk of part.read({ start: slice.offset, end: slice.offset + slice.length }, signal)) {
    missing -= chunk.byteLength
    yield chunk
  }
  if (missing > 0) throw new PartBroken('WRONG_LENGTH', `a part ends ${missing} bytes before the bytes that the clip is laid out over`)
}

/** One part as Kinesis Video wrote it. Its ETag is its SHA-256, so it is known when all bytes have arrived. */
export function createPassthroughSource(part: ReadablePart): ContentSource {
  return {
    form: 'PASSTHROUGH',
    async identify(signal) {
      const sizeBytes = await part.whole(signal)
      return { sizeBytes, etag: `"${await part.sha256(signal)}"` }
    },
    read: (span, signal) => part.read(span === 'all' ? { start: 0, end: Number.MAX_SAFE_INTEGER } : span, signal),
  }
}
