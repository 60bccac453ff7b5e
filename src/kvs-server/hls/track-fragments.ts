import type { CodecConfig } from '../../media/codec/codec-config.js'
import { buildFragmentMovie, shapeOf } from '../../media/fragment-movie.js'
import { buildInitSegment, buildMediaSegment } from '../../media/mp4/fragmented.js'
import type { Movie, MovieTrack } from '../../media/mp4/movie.js'
import { toSingleTrack } from '../../media/mp4/single-track.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment, MediaSession } from '../archive/archived-fragment.js'
import { AwsException } from '../aws-exception.js'
import { timestampOf } from '../chunks/fragment-walk.js'
import { ClipBuffers } from '../clip/clip-buffers.js'
import { refuseUnsupported } from '../clip/clip-codecs.js'
import { sessionMedia } from '../clip/session-media.js'
import type { MediaAnswer } from '../operation.js'
import { checkHlsCodecs, codecNames } from './hls-codecs.js'
import { type HlsSession, NO_STREAMING_FRAGMENTS } from './hls-session.js'
import { readSpans } from './span-reader.js'

/** Media times of a session count from so long before its first fragment: one of its own may be a little earlier, and none is below zero. */
const LEAD_MS = 10_000
/** mfhd counts from 1, in 32 bits (ISO/IEC 14496-12, 8.8.5). */
const SEQUENCE_NUMBERS = 0xffffffff

const buffers = new ClipBuffers()

/** The initialization fragment of one track, for the fragments that came with that header. */
export function buildInitFragment(mediaSession: MediaSession, session: HlsSession, trackNumber: number): MediaAnswer {
  const config = trackConfig(mediaSession, session, trackNumber)
  const bytes = buildInitSegment([emptyTrack(config)])
  return {
    contentType: contentTypeOf(config),
    sizeBytes: bytes.byteLength,
    body: (async function* () {
      yield bytes
    })(),
  }
}

/** One track of a fragment, at its time on the session's clock. */
export function buildMediaFragment(
  archive: Archive,
  fragment: ArchivedFragment,
  { session, trackNumber }: { session: HlsSession; trackNumber: number },
): MediaAnswer {
  const mediaSession = archive.session(fragment.sessionId) ?? refuseGone()
  const config = trackConfig(mediaSession, session, trackNumber)
  const movie = movieOf(archive, fragment, session.clock)
  const track = movie.tracks.find(({ kind }) => kind === config.kind) ?? refuseGone()
  const startMs = (movie.startMs ?? session.originMs) - session.originMs + LEAD_MS
  const { slices, sizeBytes } = buildMediaSegment(toSingleTrack(movie, track), {
    sequenceNumber: (fragment.sequence % SEQUENCE_NUMBERS) + 1,
    startMs: Math.max(0, startMs),
  })
  const body = readRetained(archive, fragment, () => readSpans({ slices, open: () => archive.open(fragment), buffers }))
  return { contentType: contentTypeOf(config), sizeBytes, body }
}

function movieOf(archive: Archive, fragment: ArchivedFragment, clock: HlsSession['clock']): Movie {
  const { tracks } = sessionMedia(archive.session(fragment.sessionId) ?? refuseGone())
  const { samples } = archive.details(fragment) ?? refuseGone()
  const place = { source: 0, clusterOffset: 0, clusterBytes: fragment.clusterBytes }
  return buildFragmentMovie([{ tracks, samples, timestampMs: timestampOf(fragment, clock), ...place }])
}

/** The codecs themselves may not change within a session; what CodecPrivate says of them may. */
function trackConfig(mediaSession: MediaSession, { codecs }: HlsSession, trackNumber: number): CodecConfig {
  const media = sessionMedia(mediaSession)
  const configs = checkHlsCodecs(media)
  if (codecNames(configs) !== codecs) refuseUnsupported(media)
  const config = configs[trackNumber - 1]
  if (config !== undefined) return config
  throw new AwsException('InvalidArgumentException', `TrackNumber must be from 1 to ${configs.length} (got ${trackNumber})`)
}

function emptyTrack(config: CodecConfig): MovieTrack {
  const isVideo = config.kind === 'video'
  return {
    kind: config.kind,
    timescale: isVideo ? 1000 : config.sampleRate,
    sampleEntry: config.sampleEntry,
    ...shapeOf(config),
    samples: { count: 0, sizes: 0, durations: 0, compositionOffsets: null, syncs: null },
    chunks: { count: 0, spans: new Uint32Array(0), offsets: new Float64Array(0), sampleCounts: new Uint32Array(0) },
    edits: [],
  }
}

function contentTypeOf({ kind }: CodecConfig): string {
  return `${kind}/mp4`
}

/** Retention does not take the file while it is sent. */
async function* readRetained(
  archive: Archive,
  fragment: ArchivedFragment,
  read: () => AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const release = archive.retain([fragment])
  try {
    yield* read()
  } finally {
    release()
  }
}

function refuseGone(): never {
  throw new AwsException('ResourceNotFoundException', NO_STREAMING_FRAGMENTS)
}
