import { at } from '../../lib/at.js'
import type { CodecConfig } from '../../media/codec/codec-config.js'
import { toSingleTrack } from '../../media/mp4/edit/single-track.js'
import type { Movie, MovieTrack } from '../../media/mp4/movie.js'
import type { Slice } from '../../media/mp4/slices.js'
import { runOf } from '../../media/mp4/tables/runs.js'
import { buildInitSegment, buildMediaSegment } from '../../media/mp4/write/fragmented.js'
import { buildFragmentMovie, toTrackFormat } from '../../media/timeline/fragment-movie.js'
import type { Archive } from '../archive/archive.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import type { ReadableFile } from '../archive/file-system.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { refuseUnsupported, sessionMedia } from '../clip/session-media.js'
import { readRetained } from '../clip/slice-reader.js'
import { type MediaAnswer, toMediaAnswer } from '../wire/operation.js'
import { checkHlsCodecs, codecNames, type HlsSession, refuseEmpty } from './hls-session.js'
import { loneFrameMs, pieceTimestampMs, type SegmentPiece } from './segment-pieces.js'
import { readSpans } from './span-reader.js'

/** Media times of a session count from this long before its first fragment. A later fragment may start a little earlier, and no time is negative. */
const LEAD_MS = 10_000
/** mfhd counts from 1, in 32 bits (ISO/IEC 14496-12, 8.8.5). */
const SEQUENCE_NUMBERS = 0xffffffff
/** In place of the number of a source: bytes in memory. */
const HEAD = -1

export function buildInitFragment(mediaSession: MediaSession, session: HlsSession, trackNumber: number): MediaAnswer {
  const config = trackConfig(mediaSession, session, trackNumber)
  return toMediaAnswer(contentTypeOf(config), buildInitSegment([toTrackFormat(config)]))
}

/** One track of a segment, at its time on the session's clock. */
export function buildSegment(
  archive: Archive,
  pieces: readonly SegmentPiece[],
  { session, stream, trackNumber }: { readonly session: HlsSession; readonly stream: StreamRecord; readonly trackNumber: number },
): MediaAnswer {
  const { fragment } = pieces[0] ?? refuseEmpty()
  const mediaSession = archive.session(fragment.sessionId) ?? refuseEmpty()
  const config = trackConfig(mediaSession, session, trackNumber)
  const movie = movieOf(archive, pieces, session.clock)
  const found = movie.tracks.find(({ kind }) => kind === config.kind) ?? refuseEmpty()
  const track = found.kind === 'video' && found.samples.count === 1 ? lastUntilNext(found, { archive, stream, pieces }) : found
  const startMs = (movie.startMs ?? session.originMs) - session.originMs + LEAD_MS
  const { slices, sizeBytes } = buildMediaSegment(toSingleTrack(movie, track), {
    sequenceNumber: (fragment.sequence % SEQUENCE_NUMBERS) + 1,
    startMs: Math.max(0, startMs),
  })
  const fragments = pieces.map((piece) => piece.fragment)
  const open = (source: number) => archive.open(at(fragments, source))
  const body = readRetained(archive, fragments, () => readEach(slices, open))
  return { contentType: contentTypeOf(config), sizeBytes, body }
}

/** Reads the fragments one after the other, each with its pieces. */
async function* readEach(slices: readonly Slice[], open: (source: number) => Promise<ReadableFile>): AsyncGenerator<Uint8Array> {
  const bySource = Map.groupBy(slices, (slice) => (slice.kind === 'source' ? slice.source : HEAD))
  for (const [source, own] of bySource) yield* readSpans(own, () => open(source))
}

function movieOf(archive: Archive, pieces: readonly SegmentPiece[], clock: HlsSession['clock']): Movie {
  const { fragment: first } = pieces[0] ?? refuseEmpty()
  const { tracks } = sessionMedia(archive.session(first.sessionId) ?? refuseEmpty())
  return buildFragmentMovie(
    pieces.map(({ fragment, samples }, source) => ({
      ...{ tracks, samples, source, session: fragment.sessionId },
      timestampMs: pieceTimestampMs(fragment, first, clock),
      ...{ clusterOffset: 0, clusterBytes: fragment.clusterBytes },
    })),
  )
}

/** Players stop at a gap between a short frame and the next one. */
function lastUntilNext(
  track: MovieTrack,
  { archive, stream, pieces }: { readonly archive: Archive; readonly stream: StreamRecord; readonly pieces: readonly SegmentPiece[] },
): MovieTrack {
  const durationMs = loneFrameMs(archive, stream, pieces[0] ?? refuseEmpty())
  return { ...track, samples: { ...track.samples, durations: runOf(1, Math.round((durationMs * track.timescale) / 1000)) } }
}

/** The codecs may not change within a session. Their CodecPrivate may. */
function trackConfig(mediaSession: MediaSession, { codecs }: HlsSession, trackNumber: number): CodecConfig {
  const media = sessionMedia(mediaSession)
  const configs = checkHlsCodecs(media)
  if (codecNames(configs) !== codecs) refuseUnsupported(media)
  return at(configs, trackNumber - 1)
}

function contentTypeOf({ kind }: CodecConfig): string {
  return `${kind}/mp4`
}
