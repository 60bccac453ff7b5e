// How a picture is to be shown, from what the container says of it and what its SPS says. Where both say something, the SPS has the size
// in pixels and the container the rest (RFC 9559, section 5.1.4.1.28).

import { box, fourCC } from '../box.js'
import { concat, u8, u16, u32 } from '../bytes.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import { rotationMatrix, type TrackMatrix } from '../track-matrix.js'
import { type AspectRatio, type Colour, type Sps, UNSPECIFIED } from './sps.js'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Picture extends Size {
  /** As it is shown, before it is turned: the size with pixels made square. */
  readonly shown: Size
  /** Null where it is not turned. */
  readonly matrix: TrackMatrix | null
  /** `clap`, `pasp` and `colr`, those that there is something to say in. */
  readonly boxes: Uint8Array
}

/** DisplayUnit 4: nothing is said. */
const UNKNOWN_UNIT = 4
const ASPECT_UNIT = 3
/** What 16 bits hold, as the boxes have it. */
const MAX_SIDE = 0xffff

type Facts = Pick<Sps, 'width' | 'height' | 'pixelAspect' | 'colour'>

export function toPicture(video: MatroskaVideo | null, sps: Facts | null): Picture {
  const size = sps ?? { width: Math.min(video?.width ?? 0, MAX_SIDE), height: Math.min(video?.height ?? 0, MAX_SIDE) }
  const { width, height } = size
  const visible = toVisible(video, size)
  const isCropped = visible.width !== width || visible.height !== height
  const aspect = toPixelAspect(video, visible) ?? sps?.pixelAspect ?? null
  const shownWidth = aspect === null ? visible.width : (visible.width * aspect.width) / aspect.height
  const isShowable = shownWidth <= MAX_SIDE
  const boxes = [
    ...(isCropped && video !== null ? [clap(video, size, visible)] : []),
    // Where there is none, readers compare the sizes of the track and of its samples instead, which differ where it is cropped.
    ...(isShowable && (aspect !== null || isCropped) ? [pasp(aspect ?? { width: 1, height: 1 })] : []),
    ...colr(video, sps?.colour ?? null),
  ]
  const shown = { width: isShowable ? shownWidth : visible.width, height: visible.height }
  return { width, height, shown, matrix: rotationMatrix(video?.rollDegrees ?? 0, shown), boxes: concat(boxes) }
}

/** PixelCrop counts from what the container calls the picture: where the SPS crops too, that is what the crop was made from. */
function toVisible(video: MatroskaVideo | null, { width, height }: Size): Size {
  if (video === null || video.width !== width || video.height !== height) return { width, height }
  const { left, right, top, bottom } = video.crop
  const visible = { width: width - left - right, height: height - top - bottom }
  return visible.width > 0 && visible.height > 0 ? visible : { width, height }
}

/** Null where the container says nothing. */
function toPixelAspect(video: MatroskaVideo | null, visible: Size): AspectRatio | null {
  if (video === null || visible.width === 0 || visible.height === 0) return null
  const { unit, ...said } = video.display
  if (unit === UNKNOWN_UNIT || (said.width === null && said.height === null)) return null
  const own = { width: video.width - video.crop.left - video.crop.right, height: video.height - video.crop.top - video.crop.bottom }
  // Only pixels have a default.
  const display = unit === 0 ? { width: said.width ?? own.width, height: said.height ?? own.height } : said
  const { width, height } = display
  if (width === null || height === null || width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return null
  // A producer that is wrong about the picture's size is wrong about it here too.
  const isOwnSize = unit !== ASPECT_UNIT && own.width > 0 && width * own.height === height * own.width
  return isOwnSize ? { width: 1, height: 1 } : reduce({ width: width * visible.height, height: height * visible.width })
}

function reduce({ width, height }: AspectRatio): AspectRatio {
  let [a, b] = [width, height]
  while (b > 0) [a, b] = [b, a % b]
  return { width: width / a, height: height / a }
}

/** ISO/IEC 14496-12, 12.1.4. */
function pasp({ width, height }: AspectRatio): Uint8Array {
  return box('pasp', u32(width, height))
}

/** The same clause: the size, then how far the middle of what is seen is from the middle of all, each a fraction. */
function clap({ crop }: MatroskaVideo, size: Size, visible: Size): Uint8Array {
  const middle = { x: crop.left - crop.right, y: crop.top - crop.bottom }
  return size.width === 0 ? new Uint8Array(0) : box('clap', u32(visible.width, 1, visible.height, 1, middle.x, 2, middle.y, 2))
}

/** 12.1.5: each of the container's values, or the SPS's where the container's is unspecified. Nothing where the container is silent. */
function colr(video: MatroskaVideo | null, coded: Colour | null): Uint8Array[] {
  const said = video?.colour ?? null
  if (said === null) return []
  const either = (ours: number, theirs: number | undefined) => (ours === UNSPECIFIED || ours > MAX_SIDE ? (theirs ?? UNSPECIFIED) : ours)
  const points = [
    either(said.primaries, coded?.primaries),
    either(said.transfer, coded?.transfer),
    either(said.matrix, coded?.matrix),
  ] as const
  const isFullRange = said.range === 1 || said.range === 2 ? said.range === 2 : (coded?.isFullRange ?? false)
  const isSaid = said.range === 1 || said.range === 2 || points.some((point) => point !== UNSPECIFIED)
  return isSaid ? [box('colr', fourCC('nclx'), u16(...points), u8(isFullRange ? 0x80 : 0))] : []
}
