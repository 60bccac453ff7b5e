import { at } from '../../lib/at.js'
import { partitionPoint } from '../../lib/partition-point.js'

/** A piece of a file. Its length is known before its bytes are read. */
export type Slice =
  /** With a `length`, each read of `bytes` makes them again: read them once. The reader owns them. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly length?: number }
  /** `length` bytes from byte `offset` of source number `source`. */
  | { readonly kind: 'source'; readonly source: number; readonly offset: number; readonly length: number }

/** A file as an ordered list of slices. */
export interface SlicedFile {
  readonly slices: readonly Slice[]
  /** Offset of each slice in the file, so that a range finds its slices by binary search. */
  readonly starts: Float64Array
  readonly sizeBytes: number
}

export function toSlicedFile(slices: readonly Slice[]): SlicedFile {
  const starts = new Float64Array(slices.length)
  let sizeBytes = 0
  slices.forEach((slice, index) => {
    starts[index] = sizeBytes
    sizeBytes += sliceLength(slice)
  })
  return { slices, starts, sizeBytes }
}

export function sliceLength(slice: Slice): number {
  return slice.kind === 'source' ? slice.length : (slice.length ?? slice.bytes.byteLength)
}

/** The slices of bytes [start, end) of the file, in order. */
export function cutSlices(file: SlicedFile, start: number, end: number): Slice[] {
  const cut: Slice[] = []
  // The last slice that starts at or before it.
  const first = partitionPoint(file.slices.length, (index) => at(file.starts, index) <= start) - 1
  for (let index = Math.max(first, 0); index < file.slices.length; index += 1) {
    const slice = at(file.slices, index)
    const sliceStart = at(file.starts, index)
    if (sliceStart >= end) break
    const from = Math.max(start - sliceStart, 0)
    const to = Math.min(end - sliceStart, sliceLength(slice))
    if (from < to) cut.push(cutSlice(slice, from, to))
  }
  return cut
}

function cutSlice(slice: Slice, from: number, to: number): Slice {
  if (from === 0 && to === sliceLength(slice)) return slice
  if (slice.kind === 'bytes') return { kind: 'bytes', bytes: slice.bytes.subarray(from, to) }
  return { ...slice, offset: slice.offset + from, length: to - from }
}
