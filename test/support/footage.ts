import { encodeElement, encodeStringElement } from '../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { cluster, matroska, type SizeForm, simpleBlock, type TrackFields, tracks } from './mkv-builder.js'
import { patternBytes } from './part-bodies.js'

/** The shortest valid AVCDecoderConfigurationRecord: NAL lengths of 4 bytes, one SPS, one PPS. */
export const AVCC = Uint8Array.from([
  ...[0x01, 0x64, 0x00, 0x1f, 0xff, 0xe1, 0x00, 0x04, 0x67, 0x64, 0x00, 0x1f, 0x01, 0x00, 0x04, 0x68, 0xeb, 0xe3, 0xcb],
  ...[0xfd, 0xf8, 0xf8, 0x00],
])

export const VIDEO: TrackFields = { number: 1, codecPrivate: AVCC, video: { width: 64, height: 48 } }

export interface ClusterFields {
  readonly frames?: number
  readonly frameMs?: number
  /** Of each frame. */
  readonly bytes?: number
  readonly track?: number
  readonly form?: SizeForm
}

/** A length-prefixed NAL unit with this total size. */
export function frame(bytes: number): Uint8Array {
  const payload = new Uint8Array(Math.max(bytes, 5)).fill(0x41)
  new DataView(payload.buffer).setUint32(0, payload.byteLength - 4)
  return payload
}

/** A Cluster of video frames that begins with a key frame. */
export function footage(
  ticks: number,
  { frames = 5, frameMs = 200, bytes = 40, track = 1, form = 'known' }: ClusterFields = {},
): Uint8Array {
  const blocks = Array.from({ length: frames }, (_, index) =>
    simpleBlock({ track, time: index * frameMs, isKey: index === 0, payload: frame(bytes) }),
  )
  return cluster(ticks, blocks, form)
}

export function tags(entries: Readonly<Record<string, string>>): Uint8Array {
  const simple = Object.entries(entries).map(([name, value]) =>
    encodeElement(ELEMENT.SimpleTag, encodeStringElement(ELEMENT.TagName, name), encodeStringElement(ELEMENT.TagString, value)),
  )
  return encodeElement(ELEMENT.Tags, encodeElement(ELEMENT.Tag, ...simple))
}

/** A document with these Clusters (and any elements between them). */
export function recording(children: readonly Uint8Array[], fields: readonly TrackFields[] = [VIDEO]): Uint8Array {
  return matroska([tracks(...fields), ...children])
}

/** The document up to its first Cluster. */
export function header(fields: readonly TrackFields[] = [VIDEO]): Uint8Array {
  return recording([], fields)
}

export interface VariedFields extends Omit<ClusterFields, 'track'> {
  /** Whether every frame is a key frame, not only the first. */
  readonly allKeys?: boolean
}

/** A Cluster like `footage` in which all frames differ, so that a misplaced byte is detected. */
export function variedFootage(
  ticks: number,
  { frames = 5, frameMs = 200, bytes = 600, form = 'known', allKeys = false }: VariedFields = {},
): Uint8Array {
  const blocks = Array.from({ length: frames }, (_, index) => {
    const payload = frame(bytes)
    payload.set(patternBytes(payload.byteLength - 5, ticks + index + 1), 5)
    return simpleBlock({ track: 1, time: index * frameMs, isKey: allKeys || index === 0, payload })
  })
  return cluster(ticks, blocks, form)
}
