import type { SimpleTag } from '../../media/matroska/events.js'
import { buildTags, withUnknownSegmentSize } from '../../media/matroska/muxer.js'
import type { Slice } from '../../media/mp4/slices.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import { OpenFileCache } from '../archive/open-file-cache.js'
import { readSlices } from '../clip/slice-reader.js'

/** Tags that the service writes before and after the Cluster of a fragment. */
export interface ServiceTags {
  readonly before: readonly SimpleTag[]
  readonly behind: readonly SimpleTag[]
}

/**
 * A fragment as GetMedia returns it: a complete Matroska document of the session header, service tags, the ingested Cluster, the producer's
 * tags that followed it, and more service tags. Null when the fragment has expired.
 */
export function readChunk(
  archive: Archive,
  fragment: ArchivedFragment,
  { before, behind }: ServiceTags,
): AsyncGenerator<Uint8Array> | null {
  const details = archive.details(fragment)
  const session = archive.session(fragment.sessionId)
  if (details === null || session === null) return null
  const slices: Slice[] = [
    { kind: 'bytes', bytes: withUnknownSegmentSize(session.header) },
    { kind: 'bytes', bytes: details.leadingTags },
    { kind: 'bytes', bytes: tagsElement(before) },
    { kind: 'source', source: 0, offset: 0, length: fragment.clusterBytes },
    { kind: 'bytes', bytes: details.trailingTags },
    { kind: 'bytes', bytes: tagsElement(behind) },
  ]
  return readWhileRetained(archive, fragment, slices)
}

/** Keeps the file open from the first byte to the last: in a stream without retention it may be removed while it is read. */
async function* readWhileRetained(archive: Archive, fragment: ArchivedFragment, slices: readonly Slice[]): AsyncGenerator<Uint8Array> {
  const release = archive.retain([fragment])
  const file = new OpenFileCache(() => archive.open(fragment), 1)
  try {
    yield* readSlices(slices, (source) => file.lend(source))
  } finally {
    await file.close()
    release()
  }
}

function tagsElement(tags: readonly SimpleTag[]): Uint8Array {
  return tags.length === 0 ? new Uint8Array(0) : buildTags(tags)
}

/** A timestamp in the tags of the service: seconds with three decimals. */
export function toTagSeconds(epochMs: number): string {
  return (epochMs / 1000).toFixed(3)
}
