import { ByteWindow } from '../../src/media/matroska/byte-window.js'
import { readElements } from '../../src/media/matroska/ebml.js'
import {
  encodeElement,
  encodeId,
  encodeSize,
  encodeStringElement,
  encodeUintElement,
  encodeUnsigned,
} from '../../src/media/matroska/ebml-writer.js'
import { readHeader } from '../../src/media/matroska/element-header.js'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'

/** Builds Matroska for tests, valid or not. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function bytesOf(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

/** How an element declares its size: correctly, as unknown in 1 or 8 octets, or wrongly. */
export type SizeForm = 'known' | 'unknown-1' | 'unknown-8' | { readonly claimed: number }

export function sizedElement(id: number, form: SizeForm, ...data: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...data)
  return concatBytes(encodeId(id), sizeOctets(form, body.byteLength), body)
}

function sizeOctets(form: SizeForm, size: number): Uint8Array {
  if (form === 'known') return encodeSize(size)
  if (form === 'unknown-1') return bytesOf(0xff)
  if (form === 'unknown-8') return bytesOf(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
  return encodeSize(form.claimed, 8)
}

export function ebmlHeader(docType = 'matroska'): Uint8Array {
  return encodeElement(ELEMENT.EBML, encodeStringElement(ELEMENT.DocType, docType))
}

export interface TrackFields {
  readonly number: number
  readonly type?: number
  readonly codecId?: string
  readonly codecPrivate?: Uint8Array
  readonly video?: { readonly width: number; readonly height: number }
  readonly audio?: { readonly sampleRate: number; readonly channels: number }
  readonly extra?: Uint8Array
}

export function trackEntry({ number, type = 1, codecId = 'V_MPEG4/ISO/AVC', codecPrivate, video, audio, extra }: TrackFields): Uint8Array {
  const parts = [
    encodeUintElement(ELEMENT.TrackNumber, number),
    encodeUintElement(ELEMENT.TrackType, type),
    encodeStringElement(ELEMENT.CodecID, codecId),
  ]
  if (codecPrivate) parts.push(encodeElement(ELEMENT.CodecPrivate, codecPrivate))
  if (video) {
    const sides = [encodeUintElement(ELEMENT.PixelWidth, video.width), encodeUintElement(ELEMENT.PixelHeight, video.height)]
    parts.push(encodeElement(ELEMENT.Video, ...sides))
  }
  if (audio) {
    const rate = encodeElement(ELEMENT.SamplingFrequency, float64(audio.sampleRate))
    parts.push(encodeElement(ELEMENT.Audio, rate, encodeUintElement(ELEMENT.Channels, audio.channels)))
  }
  if (extra) parts.push(extra)
  return encodeElement(ELEMENT.TrackEntry, ...parts)
}

export function tracks(...fields: readonly TrackFields[]): Uint8Array {
  return encodeElement(ELEMENT.Tracks, ...fields.map(trackEntry))
}

export function info(timestampScale: number): Uint8Array {
  return encodeElement(ELEMENT.Info, encodeUintElement(ELEMENT.TimestampScale, timestampScale))
}

export interface BlockFields {
  readonly track: number
  /** Ticks from the Timestamp of the Cluster. */
  readonly time: number
  readonly isKey?: boolean
  /** The lacing flags and the other flags, combined with OR. */
  readonly flags?: number
  readonly payload: Uint8Array
}

function blockBody({ track, time, isKey = false, flags = 0, payload }: BlockFields): Uint8Array {
  return concatBytes(encodeSize(track), encodeUnsigned((time + 0x10000) % 0x10000, 2), bytesOf((isKey ? 0x80 : 0) | flags), payload)
}

export function simpleBlock(fields: BlockFields): Uint8Array {
  return encodeElement(ELEMENT.SimpleBlock, blockBody(fields))
}

/** `before` and `after` are elements around the Block in the group. */
export function blockGroup(fields: BlockFields, ...after: readonly Uint8Array[]): Uint8Array {
  return encodeElement(ELEMENT.BlockGroup, encodeElement(ELEMENT.Block, blockBody(fields)), ...after)
}

export function timestamp(ticks: number, octets = 8): Uint8Array {
  return encodeElement(ELEMENT.Timestamp, encodeUnsigned(ticks, octets))
}

export function cluster(ticks: number, children: readonly Uint8Array[], form: SizeForm = 'known'): Uint8Array {
  return sizedElement(ELEMENT.Cluster, form, timestamp(ticks), ...children)
}

export function voidElement(bytes: number): Uint8Array {
  return encodeElement(ELEMENT.Void, new Uint8Array(bytes))
}

/** A document: EBML header, Segment, and its content. */
export function matroska(children: readonly Uint8Array[], form: SizeForm = 'unknown-8'): Uint8Array {
  return concatBytes(ebmlHeader(), sizedElement(ELEMENT.Segment, form, ...children))
}

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

const LEFT_OUT: ReadonlySet<number> = new Set([ELEMENT.SeekHead, ELEMENT.Cues, ELEMENT.Void])

/** The same document as a producer SDK sends it: Segment and Clusters of unknown size, no SeekHead, no Cues. */
export function toLiveForm(file: Uint8Array, form: 'unknown-1' | 'unknown-8' = 'unknown-1'): Uint8Array {
  const parts: Uint8Array[] = []
  const window = new ByteWindow()
  window.feed(file)
  for (let header = readHeader(window); header !== null; header = readHeader(window)) {
    window.advance(header.bytes)
    if (header.id === ELEMENT.Segment) parts.push(encodeId(header.id), sizeOctets(form, 0))
    else {
      const data = file.subarray(window.position, window.position + header.size)
      if (header.id === ELEMENT.Cluster) parts.push(sizedElement(header.id, form, data))
      else if (!LEFT_OUT.has(header.id)) parts.push(encodeElement(header.id, data))
      window.advance(data.byteLength)
    }
  }
  return concatBytes(...parts)
}

/** An element of a track entry, or of its Video or Audio element. */
export interface TrackElement {
  readonly id: number
  readonly data: Uint8Array
}

/** The same document with rewritten elements of each track entry. Its Segment has an unknown size. */
export function rewriteTracks(file: Uint8Array, rewrite: (elements: readonly TrackElement[]) => readonly TrackElement[]): Uint8Array {
  const parts: Uint8Array[] = []
  const window = new ByteWindow()
  window.feed(file)
  for (let header = readHeader(window); header !== null; header = readHeader(window)) {
    window.advance(header.bytes)
    if (header.id === ELEMENT.Segment) {
      parts.push(encodeId(header.id), sizeOctets('unknown-8', 0))
      continue
    }
    const data = file.subarray(window.position, window.position + header.size)
    const entries = header.id === ELEMENT.Tracks ? elementsOf(data) : []
    const written = entries.map((entry) =>
      entry.id === ELEMENT.TrackEntry ? { ...entry, data: encodeElements(rewrite(elementsOf(entry.data))) } : entry,
    )
    if (!LEFT_OUT.has(header.id)) parts.push(encodeElement(header.id, entries.length > 0 ? encodeElements(written) : data))
    window.advance(data.byteLength)
  }
  return concatBytes(...parts)
}

export function elementsOf(bytes: Uint8Array): TrackElement[] {
  return Array.from(readElements({ bytes, origin: 0 }), ({ id, start, end }) => ({
    id,
    data: bytes.subarray(start, end),
  }))
}

export function encodeElements(elements: readonly TrackElement[]): Uint8Array {
  return concatBytes(...elements.map(({ id, data }) => encodeElement(id, data)))
}

/** The numeric elements of a Video element. ProjectionPoseRoll is a float. */
export function videoElements(fields: Readonly<Record<number, number>>): TrackElement[] {
  return Object.entries(fields).map(([id, value]) => ({ id: Number(id), data: encodeUnsigned(value, 4) }))
}

export function floatElement(id: number, value: number): TrackElement {
  return { id, data: float64(value) }
}
