import { LRUCache } from 'lru-cache'
import type { Clock } from '../../lib/clock.js'
import type { Archive } from '../archive/archive.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { type HlsSession, refuseEmpty } from './hls-session.js'
import type { PlaylistView } from './playlist-entry.js'
import { SessionPlaylist } from './session-playlist.js'

const LONGEST_SESSION_MS = 12 * 3_600_000
/** The sum over all playlists. An entry has a few hundred bytes. */
const MAX_ENTRIES = 500_000
/** The size of a session without its entries, in entries. */
const SESSION_SIZE = 10

/** A cache of the playlists of active sessions. The least recently used is evicted, and rebuilt on demand. */
export class HlsPlaylists {
  readonly #playlists: LRUCache<string, SessionPlaylist>

  constructor(private readonly sources: { readonly archive: Archive; readonly clock: Clock }) {
    this.#playlists = new LRUCache({ maxSize: MAX_ENTRIES, ttl: LONGEST_SESSION_MS, ttlResolution: 0, perf: sources.clock })
  }

  /** @throws AwsException if there is nothing to play */
  async view(session: HlsSession, stream: StreamRecord): Promise<PlaylistView> {
    const view = await this.#playlistOf(session, stream).view()
    return view.entries.length === 0 ? refuseEmpty() : view
  }

  #playlistOf(session: HlsSession, stream: StreamRecord): SessionPlaylist {
    const known = this.#playlists.get(session.id)
    if (known !== undefined) return known
    const playlist = new SessionPlaylist({ session, stream, ...this.sources })
    this.#playlists.set(session.id, playlist, { size: session.maxFragments + SESSION_SIZE })
    return playlist
  }
}
