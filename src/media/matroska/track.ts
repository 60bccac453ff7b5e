import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, type EbmlElement, readElements, readFloatElement, readStringElement, readUintElement } from './ebml.js'
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
  for (const element of readElements(data, 0, data.bytes.byteLength)) {
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
  const { bytes, origin } = data
  const fields = new Map<number, EbmlElement>()
  for (const element of readElements(data, entry.start, entry.end)) fields.set(element.id, element)
  // A stored payload must be the frame itself: header stripping, compression and encryption all take that away.
  const encodings = fields.get(ELEMENT.ContentEncodings)
  if (encodings && hasChild(data, encodings, ELEMENT.ContentEncoding)) {
    throw new MalformedMedia('a track whose frames are compressed, stripped or encrypted (ContentEncodings)', origin + encodings.start)
  }
  const codecId = fields.get(ELEMENT.CodecID)
  const video = fields.get(ELEMENT.Video)
  const type = TRACK_TYPES[readUint(data, fields.get(ELEMENT.TrackType), 0)] ?? 'other'
  return {
    number: readTrackNumber(data, entry, fields.get(ELEMENT.TrackNumber)),
    type,
    codecId: codecId ? readStringElement(data, codecId).trimEnd() : '',
    codecPrivate: copyData(bytes, fields.get(ELEMENT.CodecPrivate)),
    video: type === 'video' && video ? parseVideo(data, video) : null,
    audio: type === 'audio' ? parseAudio(data, fields.get(ELEMENT.Audio)) : null,
    codecDelayNs: readUint(data, fields.get(ELEMENT.CodecDelay), 0),
    frameDurationNs: readUint(data, fields.get(ELEMENT.DefaultDuration), 0) || null,
  }
}

function copyData(bytes: Uint8Array, element: EbmlElement | undefined): Uint8Array | null {
  if (!element || element.end === element.start) return null
  // Not `slice`: the chunks are Buffers, whose `slice` shares their memory.
  return new Uint8Array(bytes.subarray(element.start, element.end))
}

function readTrackNumber(data: EbmlBytes, entry: EbmlElement, element: EbmlElement | undefined): number {
  const number = readUint(data, element, 0)
  if (number < 1 || number > 255) throw new MalformedMedia(`track number ${number}: expected 1 to 255`, data.origin + entry.start)
  return number
}

function parseAudio(data: EbmlBytes, audio: EbmlElement | undefined): MatroskaTrack['audio'] {
  if (!audio) return null
  // The defaults of RFC 9559, sections 5.1.4.1.29.1 and 5.1.4.1.29.3.
  const sound = { sampleRate: 8000, channels: 1 }
  for (const element of readElements(data, audio.start, audio.end)) {
    if (element.id === ELEMENT.SamplingFrequency) sound.sampleRate = readFloatElement(data, element)
    else if (element.id === ELEMENT.Channels) sound.channels = readUintElement(data, element)
  }
  return sound
}

function readUint(data: EbmlBytes, element: EbmlElement | undefined, absent: number): number {
  return element ? readUintElement(data, element) : absent
}

function hasChild(data: EbmlBytes, parent: EbmlElement, id: number): boolean {
  for (const element of readElements(data, parent.start, parent.end)) {
    if (element.id === id) return true
  }
  return false
}
