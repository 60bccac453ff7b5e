/** A file as an ordered list of pieces whose lengths are known before a byte of media is read. */
export type Slice =
  /** With a `length`, `bytes` are made anew whenever they are read: once is best, and nobody else has them. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly length?: number }
  /** `length` bytes from byte `offset` of source number `source`. */
  | { readonly kind: 'source'; readonly source: number; readonly offset: number; readonly length: number }

export interface SlicedFile {
  readonly slices: readonly Slice[]
  /** First byte of each slice in the file, so that a range finds its slices without walking over all before it. */
  readonly starts: Float64Array
  readonly sizeBytes: number
}

export function toSlicedFile(slices: readonly Slice[]): SlicedFile {
  const starts = new Float64Array(slices.length)
  let at = 0
  slices.forEach((slice, index) => {
    starts[index] = at
    at += sliceLength(slice)
  })
  return { slices, starts, sizeBytes: at }
}

export function sliceLength(slice: Slice): number {
  return slice.kind === 'source' ? slice.length : (slice.length ?? slice.bytes.byteLength)
}

/** The pieces that make up bytes [start, end) of the file, in order. */
export function cutSlices(file: SlicedFile, start: number, end: number): Slice[] {
  const cut: Slice[] = []
  for (let index = sliceAt(file, start); index < file.slices.length; index += 1) {
    const at = file.starts[index] ?? 0
    if (at >= end) break
    const slice = file.slices[index]
    if (slice === undefined) break
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, sliceLength(slice))
    if (from < to) cut.push(cutSlice(slice, from, to))
  }
  return cut
}

/** The last slice that begins at or before `offset`; 0 when there is none. */
function sliceAt(file: SlicedFile, offset: number): number {
  let low = 0
  let high = file.slices.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((file.starts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return Math.max(low - 1, 0)
}

function cutSlice(slice: Slice, from: number, to: number): Slice {
  if (from === 0 && to === sliceLength(slice)) return slice
  if (slice.kind === 'bytes') return { kind: 'bytes', bytes: slice.bytes.subarray(from, to) }
  return { ...slice, offset: slice.offset + from, length: to - from }
}
