/** Bytes [start, end) of a file. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}
