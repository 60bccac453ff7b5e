import { createHash, type Hash } from 'node:crypto'
import { freeBytes } from '../../media/free-bytes.js'
import type { Slice, SlicedFile } from '../../media/mp4/slices.js'
import { MP4_FORMAT_VERSION } from '../../media/mp4/write/lay-out-movie.js'
import type { Steps } from '../../media/steps.js'
import type { OutlinedPart } from '../plan/clip-outline.js'

/** About a millisecond of work. */
const HASHED_PER_STEP = 512 * 1024

/**
 * The ETag of a rebuilt clip is a hash of what determines its bytes: the version of the layout, the parts, and the head. The head contains the
 * size and the position of every sample, so a different answer to the same GetClip call gets a different ETag. A client therefore never
 * continues a download with bytes of another file.
 */
export function* toEtag(parts: readonly Pick<OutlinedPart, 'key'>[], file: SlicedFile): Steps<string> {
  const hash = createHash('sha256').update(`clipgate ${MP4_FORMAT_VERSION}\n`)
  for (const { key } of parts) hash.update(`${key}\n`)
  for (const slice of file.slices) {
    if (slice.kind === 'source') hash.update(`\n${slice.source} ${slice.offset} ${slice.length}\n`)
    else yield* hashBytes(hash, slice)
  }
  return `"${hash.digest('base64url')}"`
}

function* hashBytes(hash: Hash, slice: Extract<Slice, { kind: 'bytes' }>): Steps<void> {
  const { bytes } = slice
  for (let at = 0; at < bytes.byteLength; at += HASHED_PER_STEP) {
    hash.update(bytes.subarray(at, at + HASHED_PER_STEP))
    yield
  }
  // Generated only for the hash. The tables of a day are too large to wait for the garbage collector.
  if (slice.length !== undefined) freeBytes(bytes)
}
