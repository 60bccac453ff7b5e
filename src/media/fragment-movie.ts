import type { CodecConfig } from './codec/codec-config.js'
import { parseCodecPrivate } from './codec/codec-private.js'
import { MalformedMedia } from './malformed-media.js'
import type { MatroskaTrack } from './matroska/track.js'
import type { Edit, Movie, MovieTrack } from './mp4/movie.js'
import { timeAudio } from './timeline/audio-timeline.js'
import type { MovieFragment } from './timeline/movie-fragment.js'
import { placeFragments } from './timeline/placement.js'
import type { TimedTrack } from './timeline/timed-track.js'
import { gatherRows } from './timeline/track-rows.js'
import { timeVideo } from './timeline/video-timeline.js'

export type { MovieFragment } from './timeline/movie-fragment.js'

const MAX_GAP_MS = 24 * 60 * 60 * 1000
/** A sample's duration has 32 bits, also where it is stretched over a hole; a minute is left for what fragments add. */
const MAX_TICKS = 0xffffffff
const GAP_MARGIN_MS = 60_000

interface ConfiguredTrack {
  readonly number: number
  readonly config: CodecConfig
}

/**
 * Fragments as one movie, in their order, each Cluster whole as a span: block headers and other tracks stay in `mdat`, unreferenced.
 * Takes the video and audio tracks of the first fragment; whoever calls has made sure that all are ready for an MP4 and the same in every
 * fragment. Video keeps its times to the millisecond, sound to one. A track without a single frame is left out.
 *
 * @throws MalformedMedia where a track's CodecPrivate is not valid after all
 */
export function buildFragmentMovie(fragments: readonly MovieFragment[]): Movie {
  const tracks = configureTracks(fragments[0]?.tracks ?? [])
  const starts = placeFragments(fragments, tracks[0]?.number ?? 0, maxGapMs(tracks))
  const timed = tracks.flatMap(({ number, config }) => {
    const rows = gatherRows(fragments, starts, number)
    if (rows.count === 0) return []
    const track = config.kind === 'video' ? timeVideo(rows) : timeAudio(rows, config)
    return track.samples.count === 0 ? [] : [{ config, track }]
  })
  const startMs = timed.length === 0 ? null : Math.min(...timed.map(({ track }) => track.startMs))
  return {
    startMs,
    tracks: timed.map(({ config, track }) => toMovieTrack(config, track, startMs ?? 0)),
    spans: fragments.map(({ source, clusterOffset, clusterBytes }) => ({ source, offset: clusterOffset, length: clusterBytes })),
    tags: [],
  }
}

function configureTracks(tracks: readonly MatroskaTrack[]): ConfiguredTrack[] {
  const configured = tracks.filter(({ type }) => type !== 'other').map((track) => ({ number: track.number, config: configOf(track) }))
  return [...configured.filter(({ config }) => config.kind === 'video'), ...configured.filter(({ config }) => config.kind === 'audio')]
}

function configOf(track: MatroskaTrack): CodecConfig {
  const outcome = parseCodecPrivate(track)
  if (outcome.state === 'ready') return outcome.config
  throw new MalformedMedia(`track ${track.number} (${track.codecId}) is not ready for an MP4: its codec is ${outcome.state}`, 0)
}

function maxGapMs(tracks: readonly ConfiguredTrack[]): number {
  const timescales = tracks.map(({ config }) => (config.kind === 'audio' ? config.sampleRate : 1000))
  return Math.min(MAX_GAP_MS, ...timescales.map((timescale) => (MAX_TICKS / timescale) * 1000 - GAP_MARGIN_MS))
}

function toMovieTrack(config: CodecConfig, track: TimedTrack, movieStartMs: number): MovieTrack {
  return {
    kind: config.kind,
    timescale: track.timescale,
    sampleEntry: config.sampleEntry,
    ...shapeOf(config),
    samples: track.samples,
    chunks: track.chunks,
    edits: editsOf(track, track.startMs - movieStartMs),
  }
}

/** As `tkhd` has it; sound has no size. */
export function shapeOf(config: CodecConfig): Pick<MovieTrack, 'width' | 'height' | 'matrix'> {
  return config.kind === 'video' ? { ...config.shown, matrix: config.matrix } : { width: 0, height: 0, matrix: null }
}

/** A track that starts after the movie begins with an empty edit, or picture and sound would slip against each other. */
function editsOf({ durationMs, mediaTime }: TimedTrack, delayMs: number): Edit[] {
  if (delayMs === 0 && mediaTime === 0) return []
  const shown = { durationMs, mediaTime }
  return delayMs === 0 ? [shown] : [{ durationMs: delayMs, mediaTime: -1 }, shown]
}
