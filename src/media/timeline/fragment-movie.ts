import type { CodecConfig } from '../codec/codec-config.js'
import { parseCodecPrivate } from '../codec/codec-private.js'
import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaTrack } from '../matroska/track.js'
import type { Edit, Movie, MovieTrack } from '../mp4/movie.js'
import { timeAudio } from './audio-timeline.js'
import type { MovieFragment } from './movie-fragment.js'
import { placeFragments } from './placement.js'
import type { TimedTrack } from './timed-track.js'
import { gatherRows } from './track-rows.js'
import { timeVideo } from './video-timeline.js'

export type { MovieFragment } from './movie-fragment.js'

const MAX_GAP_MS = 24 * 60 * 60 * 1000
/** A sample's duration has 32 bits, also where it is stretched over a hole; a minute is left for what fragments add. */
const MAX_TICKS = 0xffffffff
const GAP_MARGIN_MS = 60_000

/** A decoder holds back a few frames of sound. What is longer is a slip, and would hide sound rather than set it right. */
const MAX_CODEC_DELAY_MS = 1000

interface ConfiguredTrack {
  readonly number: number
  /** Milliseconds by which its blocks' times are later than the sound in them. */
  readonly codecDelayMs: number
  readonly config: CodecConfig
}

/**
 * Fragments as one movie, in their order, each Cluster whole as a span: block headers and other tracks stay in `mdat`, unreferenced.
 * Takes the video and audio tracks of the first fragment; whoever calls has made sure that all are ready for an MP4 and the same in every
 * fragment. Video keeps its times to the millisecond, sound to one, less its CodecDelay. A track without a single frame is left out.
 *
 * @throws MalformedMedia where a track's CodecPrivate is not valid after all
 */
export function buildFragmentMovie(fragments: readonly MovieFragment[]): Movie {
  const tracks = configureTracks(fragments[0]?.tracks ?? [])
  const starts = placeFragments(fragments, tracks[0]?.number ?? 0, maxGapMs(tracks))
  const timed = tracks.flatMap(({ number, config, codecDelayMs }) => {
    const rows = gatherRows(fragments, starts, number)
    if (rows.count === 0) return []
    const track = config.kind === 'video' ? timeVideo(rows) : earlier(timeAudio(rows, config), codecDelayMs)
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

/**
 * Sound by as much before its blocks' times (RFC 9559, section 5.1.4.1.25). What then lies before the first block's time is not heard: at
 * the start of a stream the encoder made it up, and anywhere else it belongs to what was before.
 */
function earlier(track: TimedTrack, delayMs: number): TimedTrack {
  if (delayMs === 0 || delayMs >= track.durationMs) return track
  const mediaTime = track.mediaTime + Math.round((delayMs * track.timescale) / 1000)
  return { ...track, mediaTime, durationMs: Math.round(track.durationMs - delayMs) }
}

function configureTracks(tracks: readonly MatroskaTrack[]): ConfiguredTrack[] {
  const configured = tracks.filter(({ type }) => type !== 'other').map(configure)
  return [...configured.filter(({ config }) => config.kind === 'video'), ...configured.filter(({ config }) => config.kind === 'audio')]
}

function configure(track: MatroskaTrack): ConfiguredTrack {
  const codecDelayMs = track.codecDelayNs / 1e6
  return { number: track.number, config: configOf(track), codecDelayMs: codecDelayMs > MAX_CODEC_DELAY_MS ? 0 : codecDelayMs }
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
