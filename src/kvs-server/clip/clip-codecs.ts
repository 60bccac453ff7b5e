import { at } from '../../lib/at.js'
import type { CodecConfig } from '../../media/codec/codec-config.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import { AwsException } from '../aws-exception.js'
import type { SessionMedia } from './session-media.js'

/** AWS's table of playback requirements; its API page takes every pair of a video codec with AAC, G.711 or nothing. */
const STRICT_PAIRS: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h264+alaw', 'h265', 'h265+aac'])

/** Refuses, as GetClip does, what cannot be an MP4. The first session decides; the others must be like it. */
export function checkClipCodecs(sessions: readonly SessionMedia[], { isStrict }: { readonly isStrict: boolean }): void {
  const [first, ...others] = sessions
  if (first === undefined) return
  const configs = checkCodecs(first)
  if (isStrict && !STRICT_PAIRS.has(configs.map(({ codec }) => codec).join('+'))) refuseUnsupported(first)
  for (const other of others) checkUnchanged(first.tracks, other.tracks)
}

function checkCodecs(media: SessionMedia): CodecConfig[] {
  const [video, audio, ...more] = media.tracks
  if (video?.type !== 'video' || (audio !== undefined && audio.type !== 'audio') || more.length > 0) refuseUnsupported(media)
  return readCodecs(media)
}

/** What each track's CodecPrivate says, in order. Refuses, as playback does, what is not there or not valid. */
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

/** Which exception a change has is not documented; CodecPrivate is what no longer fits in either case. */
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
  const ids = tracks.map(({ codecId }, index) => `(track ${index + 1}: ${codecId})`).join(', ')
  throw new AwsException(
    'UnsupportedStreamMediaTypeException',
    `The type of the media is not supported or could not be determined from the media codec ids: ${ids}.`,
  )
}
