// The common parts of the sequence parameter sets of H.264 (7.4.2.1, E.2.1) and H.265 (7.4.3.2, E.3.1) that describe the picture.
import { MalformedMedia } from '../malformed-media.js'
import type { BitReader } from './bit-reader.js'

/** Width to height of a pixel. */
export interface AspectRatio {
  readonly width: number
  readonly height: number
}

/** Code points of Rec. ITU-T H.273; 2 is unspecified. */
export interface Colour {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  /** Null if unspecified. */
  readonly isFullRange: boolean | null
}

export const UNSPECIFIED = 2

export interface SpsVui {
  readonly pixelAspect: AspectRatio | null
  readonly colour: Colour | null
  /** Frames per second. */
  readonly frameRate: number | null
}

export interface Sps extends SpsVui {
  /** The cropped size, in pixels. */
  readonly width: number
  readonly height: number
}

export const NO_VUI: SpsVui = { pixelAspect: null, colour: null, frameRate: null }
/** Sample entries have 16 bits for width and height. */
export const MAX_SIDE = 0xffff
const EXTENDED_SAR = 255
/** Table E-1 of both standards, starting with aspect_ratio_idc 1. */
const ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
]

export interface CodedSize {
  readonly width: number
  readonly height: number
  readonly chromaFormat: number
  /** Factor for vertical crop units: 2 if pictures may be coded as fields. */
  readonly rowsPerUnit: number
}

/** Reads a flag and the four offsets of the cropping rectangle. */
export function readCroppedSize(
  bits: BitReader,
  { width, height, chromaFormat, rowsPerUnit }: CodedSize,
): { width: number; height: number } {
  const [unitX, unitY] = [chromaFormat === 1 || chromaFormat === 2 ? 2 : 1, (chromaFormat === 1 ? 2 : 1) * rowsPerUnit]
  const [left, right, top, bottom] = bits.flag()
    ? [bits.ue(MAX_SIDE), bits.ue(MAX_SIDE), bits.ue(MAX_SIDE), bits.ue(MAX_SIDE)]
    : [0, 0, 0, 0]
  const cropped = { width: width - unitX * (left + right), height: height - unitY * (top + bottom) }
  const isPicture = cropped.width > 0 && cropped.height > 0 && cropped.width <= MAX_SIDE && cropped.height <= MAX_SIDE
  return isPicture ? cropped : bits.refuse(`a picture of ${cropped.width}x${cropped.height}`)
}

/** NO_VUI for an unreadable VUI: the size before it is still valid. */
export function orNoVui(read: () => SpsVui): SpsVui {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedMedia) return NO_VUI
    throw error
  }
}

/** Reads the start of vui_parameters, which both standards share. */
export function readPictureVui(bits: BitReader): Pick<SpsVui, 'pixelAspect' | 'colour'> {
  const pixelAspect = bits.flag() ? readAspectRatio(bits) : null
  if (bits.flag()) bits.skip(1)
  const colour = bits.flag() ? readColour(bits) : null
  if (bits.flag()) {
    bits.ue(5)
    bits.ue(5)
  }
  return { pixelAspect, colour }
}

function readAspectRatio(bits: BitReader): AspectRatio | null {
  const idc = bits.u(8)
  const [width, height] = idc === EXTENDED_SAR ? [bits.u(16), bits.u(16)] : (ASPECT_RATIOS[idc - 1] ?? [0, 0])
  return width > 0 && height > 0 ? { width, height } : null
}

function readColour(bits: BitReader): Colour {
  bits.skip(3)
  const isFullRange = bits.flag()
  if (!bits.flag()) return { primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED, isFullRange }
  return { primaries: bits.u(8), transfer: bits.u(8), matrix: bits.u(8), isFullRange }
}

/** Reads the timing information. `ticksPerFrame` is 2 if a tick is a field. Null if there is none. */
export function readFrameRate(bits: BitReader, ticksPerFrame: number): number | null {
  if (!bits.flag()) return null
  const [unitsInTick, timeScale] = [bits.u(32), bits.u(32)]
  return unitsInTick > 0 && timeScale > 0 ? timeScale / (unitsInTick * ticksPerFrame) : null
}
