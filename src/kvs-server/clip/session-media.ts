import { at } from '../../lib/at.js'
import type { CodecConfig } from '../../media/codec/codec-config.js'
import { type CodecOutcome, parseCodecPrivate } from '../../media/codec/codec-private.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import { AwsException } from '../wire/aws-exception.js'

export interface SessionMedia {
  /** In order of their numbers. */
  readonly tracks: readonly MatroskaTrack[]
  readonly codecs: readonly CodecOutcome[]
}

/** The first bytes of a Cluster of unknown size: the demuxer reports the tracks when the header ends. */
const CLUSTER_START = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, 0xff)

const known = new WeakMap<MediaSession, SessionMedia>()

/** Parsed once, as long as the archive caches the session. */
export function sessionMedia(session: MediaSession): SessionMedia {
  const media = known.get(session) ?? readMedia(session.header)
  known.set(session, media)
  return media
}

function readMedia(header: Uint8Array): SessionMedia {
  const events = new MatroskaDemuxer().push(Buffer.concat([header, CLUSTER_START]))
  const found = events.find((event) => event.kind === 'tracks')
  if (found?.kind !== 'tracks') throw new Error('a stored session header has no tracks')
  const tracks = found.tracks.toSorted((a, b) => a.number - b.number)
  return { tracks, codecs: tracks.map(parseCodecPrivate) }
}

/** The AWS table of playback requirements. The API page of GetClip also allows every pair of a video codec with AAC, G.711 or nothing. */
const STRICT_PAIRS: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h264+alaw', 'h265', 'h265+aac'])
/** Track 1 is video, and track 2, if there is one, is audio. */
const TYPES_BY_NUMBER: Readonly<Record<number, MatroskaTrack['type']>> = { 1: 'video', 2: 'audio' }

/** Refuses media that GetClip cannot put into an MP4. All sessions must have the tracks of the first. */
export function checkClipCodecs(sessions: readonly SessionMedia[], { isStrict }: { readonly isStrict: boolean }): void {
  const [first, ...others] = sessions
  if (first === undefined) return
  const configs = checkCodecs(first)
  if (isStrict && !STRICT_PAIRS.has(configs.map(({ codec }) => codec).join('+'))) refuseUnsupported(first)
  for (const other of others) checkUnchanged(first.tracks, other.tracks)
}

function checkCodecs(media: SessionMedia): CodecConfig[] {
  const isPlayable = media.tracks.every(({ number, type }) => type === TYPES_BY_NUMBER[number])
  if (!isPlayable || media.tracks[0]?.number !== 1) refuseUnsupported(media)
  return readCodecs(media)
}

/** The codec configuration of each track, in order. Refuses missing and invalid ones, as playback does. */
export function readCodecs(media: SessionMedia): CodecConfig[] {
  const { tracks, codecs } = media
  if (codecs.some(({ state }) => state === 'unsupported')) refuseUnsupported(media)
  return codecs.flatMap((codec, index) => {
    const track = at(tracks, index).number
    if (codec.state === 'missing')
      throw new AwsException('MissingCodecPrivateDataException', `Missing codec private data of track ${track}.`)
    if (codec.state === 'invalid') {
      throw new AwsException('InvalidCodecPrivateDataException', `Invalid codec private data of track ${track}: ${codec.reason}.`)
    }
    return codec.state === 'ready' ? [codec.config] : []
  })
}

/** AWS does not document the exception for a change. In both cases the codec private data no longer fits. */
function checkUnchanged(before: readonly MatroskaTrack[], after: readonly MatroskaTrack[]): void {
  const isSame = before.length === after.length && before.every((track, index) => isSameTrack(track, after[index]))
  if (isSame) return
  throw new AwsException(
    'InvalidCodecPrivateDataException',
    'The tracks or their codec private data change among the fragments of the clip.',
  )
}

function isSameTrack(a: MatroskaTrack, b: MatroskaTrack | undefined): boolean {
  if (b === undefined || a.number !== b.number || a.type !== b.type || a.codecId !== b.codecId) return false
  return Buffer.compare(a.codecPrivate ?? new Uint8Array(0), b.codecPrivate ?? new Uint8Array(0)) === 0
}

export function refuseUnsupported({ tracks }: SessionMedia): never {
  const ids = tracks.map(({ number, codecId }) => `(track ${number}: ${codecId})`).join(', ')
  throw new AwsException(
    'UnsupportedStreamMediaTypeException',
    `The type of the media is not supported or could not be determined from the media codec ids: ${ids}.`,
  )
}
