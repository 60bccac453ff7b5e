/** A file as an ordered list of pieces whose lengths are known before a byte of media is read. */
export type Slice =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** `length` bytes from byte `offset` of source number `source`. */
  | { readonly kind: 'source'; readonly source: number; readonly offset: number; readonly length: number }

export interface SlicedFile {
  readonly slices: readonly Slice[]
  readonly sizeBytes: number
}

export function sliceLength(slice: Slice): number {
  return slice.kind === 'bytes' ? slice.bytes.byteLength : slice.length
}

/** The pieces that make up bytes [start, end) of the file, in order. */
export function cutSlices(file: SlicedFile, start: number, end: number): Slice[] {
  const cut: Slice[] = []
  let at = 0
  for (const slice of file.slices) {
    const length = sliceLength(slice)
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, length)
    if (from < to) cut.push(cutSlice(slice, from, to))
    at += length
    if (at >= end) break
  }
  return cut
}

function cutSlice(slice: Slice, from: number, to: number): Slice {
  if (slice.kind === 'bytes') return { kind: 'bytes', bytes: slice.bytes.subarray(from, to) }
  return { ...slice, offset: slice.offset + from, length: to - from }
}
