import { box } from '../../box.js'
import { concat } from '../../bytes.js'
import { esds } from '../../codec/aac.js'
import { readAvcC } from '../../codec/h264.js'
import { readH264Sps } from '../../codec/h264-sps.js'
import { readHvcC } from '../../codec/h265.js'
import { readH265Sps } from '../../codec/h265-sps.js'
import type { Size } from '../../codec/picture.js'
import { audioSampleEntry, visualSampleEntry } from '../../codec/sample-entry.js'
import { orNull } from '../../codec/video-config.js'
import { MalformedMedia } from '../../malformed-media.js'
import type { TrackFormat } from '../movie.js'
import { type BoxView, NotUnderstood, printable } from './box-view.js'

/** The configuration box of each video sample entry. */
const CONFIGURATION: ReadonlyMap<string, string> = new Map([
  ['avc1', 'avcC'],
  ['avc3', 'avcC'],
  ['hvc1', 'hvcC'],
  ['hev1', 'hvcC'],
])

/** Boxes that change the picture. They are kept. */
const OF_THE_PICTURE: ReadonlySet<string> = new Set(['colr', 'pasp', 'clap', 'fiel', 'mdcv', 'clli'])
/** Boxes that players do not need. Bit rates differ between the parts of a stream. */
const DROPPED: ReadonlySet<string> = new Set(['btrt', 'free', 'skip'])

const MAX_SIDE = 0xffff

type Entry = Pick<TrackFormat, 'sampleEntry' | 'width' | 'height'>

/**
 * Reads the only sample entry of `stsd` and writes it again: the decoder configuration is kept, and additions of the muxer (names, bit
 * rates, buffer sizes) are dropped. The entries of two parts of a stream then have equal bytes, unless they need different decoders.
 */
export function readSampleEntry(stsd: BoxView, kind: TrackFormat['kind']): Entry {
  if (stsd.version > 1) throw new NotUnderstood(`stsd has version ${stsd.version}`)
  const [entry, ...others] = stsd.children(8)
  if (entry === undefined) throw new MalformedMedia('stsd is empty', stsd.offset)
  if (others.length > 0 || stsd.u32(4) !== 1) throw new NotUnderstood('a track has more than one sample entry')
  if (entry.u16(6) !== 1) throw new NotUnderstood('a track refers to a second data reference')
  return kind === 'video' ? readVisual(entry) : readAudio(entry)
}

function readVisual(entry: BoxView): Entry {
  const configurationType = CONFIGURATION.get(entry.type)
  if (configurationType === undefined) throw new NotUnderstood(`the picture's sample entry is '${printable(entry.type)}'`)
  const children = keptChildren(entry, 78, (type) => type === configurationType || OF_THE_PICTURE.has(type))
  if (!children.some(({ type }) => type === configurationType))
    throw new MalformedMedia(`${entry.type} has no ${configurationType}`, entry.offset)
  const size = readSize(entry, children)
  const configuration = concat(children.map((child) => box(child.type, child.bytes(0, child.length))))
  return { sampleEntry: visualSampleEntry(entry.type, size, configuration), ...withSquarePixels(size, children) }
}

/** A muxer that does not know the size may write 0, with which players show nothing. */
function readSize(entry: BoxView, children: readonly BoxView[]): Size {
  const size = { width: entry.u16(24), height: entry.u16(26) }
  const record = children.find(({ type }) => type === 'avcC' || type === 'hvcC')
  if (record === undefined || (size.width > 0 && size.height > 0)) return size
  const bytes = record.bytes(0, record.length)
  return orNull(() => (record.type === 'avcC' ? readH264Sps(readAvcC(bytes).sps) : readH265Sps(readHvcC(bytes).sps))) ?? size
}

/** The size with square pixels, for files whose `tkhd` has no size. */
function withSquarePixels({ width, height }: Size, children: readonly BoxView[]): Size {
  const pasp = children.find(({ type }) => type === 'pasp')
  const [horizontal, vertical] = pasp === undefined ? [1, 1] : [pasp.u32(0), pasp.u32(4)]
  const shownWidth = vertical === 0 ? width : (width * horizontal) / vertical
  return { width: shownWidth > 0 && shownWidth <= MAX_SIDE ? shownWidth : width, height }
}

function readAudio(entry: BoxView): Entry {
  if (entry.u16(8) !== 0) throw new NotUnderstood('the sound has a QuickTime sample description')
  const sound = { channels: entry.u16(16), sampleRate: entry.u16(24) }
  if (entry.type === 'alaw' || entry.type === 'ulaw') {
    keptChildren(entry, 28, () => false)
    return { sampleEntry: audioSampleEntry(entry.type, sound), width: 0, height: 0 }
  }
  if (entry.type !== 'mp4a') throw new NotUnderstood(`the sound's sample entry is '${printable(entry.type)}'`)
  const [configuration] = keptChildren(entry, 28, (type) => type === 'esds')
  if (configuration === undefined) throw new MalformedMedia('mp4a has no esds', entry.offset)
  return { sampleEntry: audioSampleEntry('mp4a', sound, esds(readAudioSpecificConfig(configuration))), width: 0, height: 0 }
}

function keptChildren(entry: BoxView, start: number, isKept: (type: string) => boolean): BoxView[] {
  const kept: BoxView[] = []
  for (const child of entry.children(start)) {
    if (isKept(child.type)) kept.push(child)
    else if (!DROPPED.has(child.type)) throw new NotUnderstood(`sample entry '${entry.type}' holds a box '${printable(child.type)}'`)
  }
  return kept
}

/** Finds the DecoderSpecificInfo in the descriptors of ISO/IEC 14496-1, 7.2.6. */
function readAudioSpecificConfig(esdsBox: BoxView): Uint8Array {
  const stream = readDescriptor(esdsBox, 4, 0x03)
  if ((esdsBox.u8(stream.start + 2) & 0xe0) !== 0) throw new NotUnderstood('esds depends on another stream')
  const decoder = readDescriptor(esdsBox, stream.start + 3, 0x04)
  const objectType = esdsBox.u8(decoder.start)
  if (objectType !== 0x40) throw new NotUnderstood(`esds holds object type ${objectType}`)
  const specific = readDescriptor(esdsBox, decoder.start + 13, 0x05)
  return esdsBox.bytes(specific.start, specific.end)
}

function readDescriptor(esdsBox: BoxView, at: number, tag: number): { start: number; end: number } {
  if (esdsBox.u8(at) !== tag) throw new NotUnderstood(`esds has descriptor ${esdsBox.u8(at)} where ${tag} belongs`)
  let length = 0
  for (let index = 1; index <= 4; index += 1) {
    const group = esdsBox.u8(at + index)
    length = length * 128 + (group & 0x7f)
    if (group < 0x80) return { start: at + index + 1, end: at + index + 1 + length }
  }
  throw new MalformedMedia('a descriptor length runs over four bytes', esdsBox.offset + at)
}
