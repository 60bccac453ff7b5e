import type { FragmentIndex } from './fragment-index.js'
import { formatFragmentNumber } from './fragment-number.js'
import type { FragmentEntry, SessionEntry } from './fragment-records.js'
import { readSampleTable } from './sample-table-blob.js'
import type { SessionTable } from './session-table.js'

/** Inserts the rows of a fragment and its session from their records. */
export function restoreFragment(
  { index, sessions }: { readonly index: FragmentIndex; readonly sessions: SessionTable },
  { entry, session, streamId }: { readonly entry: FragmentEntry; readonly session: SessionEntry; readonly streamId: number },
): void {
  const { fileId, nonce, sequence, sessionId, serverMs, persistedMs } = entry
  sessions.ensure({ id: session.id, streamId, header: Buffer.from(session.header, 'base64') })
  index.insert({
    ...{ fileId, nonce, persistedAtMs: persistedMs },
    fragment: {
      ...{ streamId, sequence, sessionId },
      fragmentNumber: formatFragmentNumber({ sequence, serverTimestampMs: serverMs, nonce }),
      producerTimestampMs: entry.producerMs,
      serverTimestampMs: serverMs,
      lengthMs: entry.lengthMs,
      sizeBytes: entry.sizeBytes,
      clusterBytes: entry.clusterBytes,
      frameFault: entry.frameFault,
      source: { kind: 'archived', fileId },
    },
    details: {
      samples: readSampleTable(new Uint8Array(Buffer.from(entry.samples, 'base64'))),
      leadingTags: Buffer.from(entry.leadingTags, 'base64'),
      trailingTags: Buffer.from(entry.trailingTags, 'base64'),
    },
  })
}
