import { orAborted } from '../../lib/clock.js'
import { cutSlices, type Slice, type SlicedFile, sliceLength } from '../../media/mp4/slices.js'
import type { PartHandle } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { ClipContent, ClipIdentity } from '../serve/clip-content.js'
import { PartBroken } from '../store/part-broken.js'

/** Where the bytes of a clip come from. */
export interface ContentSource {
  readonly form: ClipContent['form']
  /** Resolves when the size and the entity tag are known. */
  identify(signal: AbortSignal): Promise<ClipIdentity>
  read(span: ByteSpan | 'all', signal: AbortSignal): AsyncIterable<Uint8Array>
}

export type ReadablePart = Pick<PartHandle, 'read' | 'whole' | 'sha256'>

/** A clip that is laid out, before its media has come. */
export interface ClipLayout {
  readonly file: SlicedFile
  /** With its quotes. */
  readonly etag: string
}

/** A new layout over parts that may still be arriving: a span waits for the bytes that it consists of, and no others. */
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

/** One part as Kinesis Video wrote it. Its entity tag is its SHA-256, so it is known when all bytes have come. */
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
