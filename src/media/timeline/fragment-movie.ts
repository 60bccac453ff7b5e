import { at } from '../../lib/at.js'
import type { CodecConfig } from '../codec/codec-config.js'
import { parseCodecPrivate } from '../codec/codec-private.js'
import { MalformedMedia } from '../malformed-media.js'
import type { MatroskaTrack } from '../matroska/track.js'
import { type Movie, type MovieTrack, type TrackFormat, toEdits } from '../mp4/movie.js'
import { timeAudio } from './audio-timeline.js'
import { placeFragments } from './placement.js'
import { gatherRows, type MovieFragment, type TimedTrack } from './track-rows.js'
import { timeVideo } from './video-timeline.js'

export type { MovieFragment } from './track-rows.js'

/** Timescale of video from Matroska: its times are milliseconds. */
const VIDEO_TIMESCALE = 1000
const MAX_GAP_MS = 24 * 60 * 60 * 1000
/** The duration of a sample has 32 bits, also if a gap stretches it. A minute is left for the frames of the fragments. */
const MAX_TICKS = 0xffffffff
const GAP_MARGIN_MS = 60_000
/** A decoder delays sound by a few frames. A longer delay is a mistake, which would hide sound. */
const MAX_CODEC_DELAY_MS = 1000

interface ConfiguredTrack {
  readonly number: number
  /** How much later than the sound in them the times of the blocks are. */
  readonly codecDelayMs: number
  readonly config: CodecConfig
}

/**
 * Builds a movie of fragments, in their order. Each Cluster is a span: its block headers and other tracks stay in `mdat`, unreferenced. The
 * movie has the video and audio tracks of the first fragment, video first; the caller has checked that all fragments have the same tracks.
 * Video keeps its times to the millisecond, and sound within one, less its CodecDelay. A track without frames is left out.
 * @throws MalformedMedia if the CodecPrivate of a track is invalid
 */
export function buildFragmentMovie(fragments: readonly MovieFragment[]): Movie {
  const tracks = configureTracks(fragments[0]?.tracks ?? [])
  const spans = fragments.map(({ source, clusterOffset, clusterBytes }) => ({
    source,
    offset: clusterOffset,
    length: clusterBytes,
    skipped: 0,
  }))
  if (tracks.length === 0) return { startMs: null, tracks: [], spans, tags: [] }
  const starts = placeFragments(fragments, at(tracks, 0).number, maxGapMs(tracks))
  const timed = tracks.flatMap(({ number, config, codecDelayMs }) => {
    const rows = gatherRows(fragments, starts, number)
    if (rows.count === 0) return []
    const track = config.kind === 'video' ? timeVideo(rows) : withoutDelay(timeAudio(rows, config), codecDelayMs)
    return track.samples.count === 0 ? [] : [{ config, track }]
  })
  if (timed.length === 0) return { startMs: null, tracks: [], spans, tags: [] }
  const startMs = Math.min(...timed.map(({ track }) => track.startMs))
  return { startMs, tracks: timed.map(({ config, track }) => toMovieTrack(config, track, startMs)), spans, tags: [] }
}

/**
 * Moves sound to before the times of its blocks (RFC 9559, section 5.1.4.1.25). Sound before the time of the first block is hidden: at the
 * start of a stream the encoder made it up, and elsewhere it belongs to what came before.
 */
function withoutDelay(track: TimedTrack, delayMs: number): TimedTrack {
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
  throw new MalformedMedia(`track ${track.number} (${track.codecId}) cannot be in an MP4: its codec is ${outcome.state}`, 0)
}

function maxGapMs(tracks: readonly ConfiguredTrack[]): number {
  const timescales = tracks.map(({ config }) => (config.kind === 'audio' ? config.sampleRate : VIDEO_TIMESCALE))
  return Math.min(MAX_GAP_MS, ...timescales.map((timescale) => (MAX_TICKS / timescale) * 1000 - GAP_MARGIN_MS))
}

/** A track that starts after the movie begins with an empty edit. Otherwise picture and sound would be out of sync. */
function toMovieTrack(config: CodecConfig, timed: TimedTrack, movieStartMs: number): MovieTrack {
  const { timescale, samples, piece, durationMs, mediaTime } = timed
  const delayMs = timed.startMs - movieStartMs
  const edits = delayMs === 0 && mediaTime === 0 ? [] : toEdits(delayMs, { durationMs, mediaTime })
  return { ...toTrackFormat(config), timescale, samples, pieces: [piece], edits }
}

/** The headers of a track with this codec. */
export function toTrackFormat(config: CodecConfig): TrackFormat {
  const { kind, sampleEntry } = config
  return config.kind === 'video'
    ? { kind, timescale: VIDEO_TIMESCALE, sampleEntry, ...config.shown, matrix: config.matrix }
    : { kind, timescale: config.sampleRate, sampleEntry, width: 0, height: 0, matrix: null }
}
