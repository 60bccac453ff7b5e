import type { Clock } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import type { DiskReserve } from '../archive/disk-reserve.js'
import type { StreamTable } from '../archive/stream-table.js'
import type { TagTable } from '../archive/tag-table.js'
import type { HlsPlaylists } from '../hls/hls-playlists.js'
import type { SessionTokens } from '../hls/session-tokens.js'
import type { Quotas } from '../quotas/quotas.js'
import type { KvsMetrics } from './kvs-metrics.js'

/** The dependencies of the operations. Each operation declares those that it needs: `Operation<Input, Pick<KvsServices, 'streams'>>`. */
export interface KvsServices {
  readonly clock: Clock
  readonly streams: StreamTable
  readonly tags: TagTable
  readonly archive: Archive
  /** Applies all changes of `work` to the index, or none. */
  readonly inTransaction: <Result>(work: () => Result) => Result
  /** For changes that free disk space. */
  readonly diskReserve: DiskReserve
  readonly quotas: Quotas
  readonly metrics: KvsMetrics
  readonly hlsTokens: SessionTokens
  readonly hlsPlaylists: HlsPlaylists
  /** Refuse the codec pairs that the page of GetClip allows but the playback table does not list. */
  readonly strictCodecs: boolean
  /** The delay before ListFragments returns a new fragment of this stream. */
  readonly listDelayMs: (streamName: string) => number
  /** Aborted when the server begins to close. Uploads and live reads then end. */
  readonly closing: AbortSignal
}
