import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, type EbmlElement, ElementFields, readElements } from './ebml.js'
import { ELEMENT } from './element-ids.js'
import { type MatroskaVideo, parseVideo } from './video-track.js'

/** A TrackEntry (RFC 9559, section 5.1.4.1), as far as a clip needs it. */
export interface MatroskaTrack {
  /** TrackNumber, 1 to 255. */
  readonly number: number
  readonly type: 'video' | 'audio' | 'other'
  /** CodecID, up to the first NUL and without trailing blanks: the AWS producer pads it to a fixed width. */
  readonly codecId: string
  /** CodecPrivate as sent; null if the track has none. */
  readonly codecPrivate: Uint8Array | null
  readonly video: MatroskaVideo | null
  readonly audio: { readonly sampleRate: number; readonly channels: number } | null
  /** CodecDelay: how much later than its presentation the time of each block is. */
  readonly codecDelayNs: number
  /** DefaultDuration; null if the producer omits it. */
  readonly frameDurationNs: number | null
}

/** Kinesis Video allows 3. More are read, so that the error can name the number. */
const MAX_TRACKS = 127
const TRACK_TYPES: Readonly<Record<number, MatroskaTrack['type']>> = { 1: 'video', 2: 'audio' }

/** The TrackEntries of a Tracks element, in its order. */
export function parseTracks(data: EbmlBytes): MatroskaTrack[] {
  const tracks: MatroskaTrack[] = []
  for (const element of readElements(data)) {
    if (element.id !== ELEMENT.TrackEntry) continue
    if (tracks.length === MAX_TRACKS) throw new MalformedMedia(`more than ${MAX_TRACKS} tracks`, data.origin + element.start)
    const track = parseTrackEntry(data, element)
    if (tracks.some(({ number }) => number === track.number)) {
      throw new MalformedMedia(`two tracks with number ${track.number}`, data.origin + element.start)
    }
    tracks.push(track)
  }
  return tracks
}

function parseTrackEntry(data: EbmlBytes, entry: EbmlElement): MatroskaTrack {
  const fields = new ElementFields(data, entry)
  // A stored payload must be the frame itself: header stripping, compression and encryption all take that away.
  if (fields.children(ELEMENT.ContentEncodings)?.find(ELEMENT.ContentEncoding)) {
    throw new MalformedMedia('a track whose frames are compressed, stripped or encrypted (ContentEncodings)', data.origin + entry.start)
  }
  const number = fields.uint(ELEMENT.TrackNumber, 0)
  if (number < 1 || number > 255) throw new MalformedMedia(`track number ${number}: expected 1 to 255`, data.origin + entry.start)
  const type = TRACK_TYPES[fields.uint(ELEMENT.TrackType, 0)] ?? 'other'
  return {
    number,
    type,
    codecId: fields.string(ELEMENT.CodecID).trimEnd(),
    codecPrivate: fields.bytes(ELEMENT.CodecPrivate),
    video: type === 'video' ? parseVideo(fields.children(ELEMENT.Video)) : null,
    audio: type === 'audio' ? parseAudio(fields.children(ELEMENT.Audio)) : null,
    codecDelayNs: fields.uint(ELEMENT.CodecDelay, 0),
    frameDurationNs: fields.uint(ELEMENT.DefaultDuration, 0) || null,
  }
}

/** The defaults are those of RFC 9559, sections 5.1.4.1.29.1 and 5.1.4.1.29.3. */
function parseAudio(audio: ElementFields | null): MatroskaTrack['audio'] {
  return audio && { sampleRate: audio.float(ELEMENT.SamplingFrequency, 8000), channels: audio.uint(ELEMENT.Channels, 1) }
}
