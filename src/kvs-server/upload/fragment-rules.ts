// The rules of PutMedia for a fragment (service quotas and the structure rules of the API page), each with its error code.
import type { SampleTable } from '../../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import { UploadError, type UploadErrorCode } from './acknowledgement.js'
import { fragmentLengthMs } from './incoming-fragment.js'

/** 50 MB, read as decimal like the other sizes of the service. */
export const MAX_FRAGMENT_BYTES = 50_000_000
export const MAX_FRAGMENT_MS = 20_000
export const MAX_TRACKS = 3
const MAX_CONNECTION_MS = 45 * 60_000
/** No quota of AWS's: 5,000 frames a second for the longest fragment, so that a table of frames stays small. */
const MAX_FRAMES = 100_000
const LAST_EPOCH_MS = 253_402_300_799_999

export function checkTrackCount(tracks: readonly MatroskaTrack[]): void {
  if (tracks.length > MAX_TRACKS)
    refuse('MORE_THAN_ALLOWED_TRACKS_FOUND', `a stream has at most ${MAX_TRACKS} tracks (got ${tracks.length})`)
}

export function checkFragmentSize(sizeBytes: number): void {
  if (sizeBytes > MAX_FRAGMENT_BYTES)
    refuse('MAX_FRAGMENT_SIZE_REACHED', `a fragment has at most ${MAX_FRAGMENT_BYTES} bytes (got ${sizeBytes})`)
}

/** Checks that do not need the whole fragment, so that a producer gets the error early. */
export function checkFragmentExtent(frames: number, lengthMs: number): void {
  if (frames > MAX_FRAMES) refuse('INVALID_MKV_DATA', `a fragment has at most ${MAX_FRAMES} frames (got ${frames})`)
  if (lengthMs > MAX_FRAGMENT_MS)
    refuse('MAX_FRAGMENT_DURATION_REACHED', `a fragment lasts at most ${MAX_FRAGMENT_MS} ms (got ${lengthMs})`)
}

export function checkConnectionAge(ageMs: number): void {
  if (ageMs > MAX_CONNECTION_MS) refuse('MAX_CONNECTION_DURATION_REACHED', `a connection lasts at most ${MAX_CONNECTION_MS} ms`)
}

/** Timecodes of fragments alone are compared: blocks of ordinary files with B-frames interleave across a Cluster's border. */
export function checkTimecode(timecode: number, previous: number | null): void {
  if (previous !== null && timecode < previous)
    refuse('FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS', `the fragment at ${timecode} comes after the one at ${previous}`)
}

export function checkProducerTimestamp(producerTimestampMs: number): void {
  if (!Number.isFinite(producerTimestampMs) || producerTimestampMs < 0 || producerTimestampMs > LAST_EPOCH_MS)
    refuse('INVALID_PRODUCER_TIMESTAMP', `a producer time lies between 1970 and 9999 (got ${producerTimestampMs} ms)`)
}

export function checkFrames(samples: SampleTable, tracks: readonly MatroskaTrack[]): void {
  const seen = new Set(samples.tracks.subarray(0, samples.count))
  const declared = new Set(tracks.map(({ number }) => number))
  const unknown = [...seen].find((number) => !declared.has(number))
  if (unknown !== undefined) refuse('TRACK_NUMBER_MISMATCH', `a frame is of track ${unknown}, which was not declared`)
  const missing = [...declared].find((number) => !seen.has(number))
  if (missing !== undefined) refuse('FRAMES_MISSING_FOR_TRACK', `the fragment has no frame of track ${missing}`)
  if (samples.count === 0) refuse('INVALID_MKV_DATA', 'neither a track nor a frame is in the fragment')
  checkFragmentExtent(samples.count, fragmentLengthMs(samples))
}

function refuse(code: UploadErrorCode, message: string): never {
  throw new UploadError(code, message)
}
