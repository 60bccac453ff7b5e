import type { Clock } from '../lib/clock.js'
import type { Archive } from './archive/archive.js'
import type { DiskReserve } from './archive/disk-reserve.js'
import type { StreamTable } from './archive/stream-table.js'
import type { TagTable } from './archive/tag-table.js'
import type { HlsPlaylists } from './hls/hls-playlists.js'
import type { SessionTokens } from './hls/session-tokens.js'
import type { KvsMetrics } from './kvs-metrics.js'
import type { Quotas } from './quotas/quotas.js'

/** What the operations work on. Each takes what it needs of it: `Operation<Input, Pick<KvsServices, 'streams'>>`. */
export interface KvsServices {
  readonly clock: Clock
  readonly streams: StreamTable
  readonly tags: TagTable
  readonly archive: Archive
  /** All that `work` changes in the index, or nothing of it. */
  readonly inTransaction: <Result>(work: () => Result) => Result
  /** For changes that free room on the disk. */
  readonly diskReserve: DiskReserve
  readonly quotas: Quotas
  readonly metrics: KvsMetrics
  readonly hlsTokens: SessionTokens
  readonly hlsPlaylists: HlsPlaylists
  /** Refuse the codec pairs that the playback table leaves out although GetClip's page has them. */
  readonly strictCodecs: boolean
  /** How long after it was persisted a fragment of this stream stays out of ListFragments. */
  readonly listDelayMs: (streamName: string) => number
  /** Aborted when the server begins to close: what would go on for ever (uploads, live reads) ends then. */
  readonly closing: AbortSignal
}
