import type { Slice } from '../../media/mp4/slices.js'
import { readBuffers } from '../archive/buffer-pool.js'
import type { ReadableFile } from '../archive/file-system.js'

/**
 * Reads many small pieces of one file, in ascending order, by few large reads: the frames of the tracks are interleaved. A yielded buffer is
 * overwritten when the next one is requested.
 */
export async function* readSpans(slices: readonly Slice[], open: () => Promise<ReadableFile>): AsyncGenerator<Uint8Array> {
  for (const slice of slices) if (slice.kind === 'bytes') yield slice.bytes
  const spans = slices.flatMap((slice) => (slice.kind === 'source' ? [{ start: slice.offset, end: slice.offset + slice.length }] : []))
  const [first, last] = [spans[0], spans.at(-1)]
  if (first === undefined || last === undefined) return
  const fileEnd = last.end
  const file = await open()
  const buffer = readBuffers.take()
  try {
    let index = 0
    for (let at = first.start; at < fileEnd; ) {
      const block = buffer.subarray(0, Math.min(buffer.length, fileEnd - at))
      if ((await file.read(block, at)) < block.length) throw new Error("a fragment's file ends early")
      let kept = 0
      for (let span = spans[index]; span !== undefined && span.start < at + block.length; span = spans[index]) {
        const [from, to] = [Math.max(span.start - at, 0), Math.min(span.end - at, block.length)]
        block.copyWithin(kept, from, to)
        kept += to - from
        if (span.end > at + block.length) break
        index += 1
      }
      yield block.subarray(0, kept)
      at = Math.max(at + block.length, spans[index]?.start ?? fileEnd)
    }
  } finally {
    await file.close()
    readBuffers.give(buffer)
  }
}
