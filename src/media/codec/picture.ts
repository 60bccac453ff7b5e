// How to show a picture, from its container and its SPS. If both define a value, the size in pixels is that of the SPS, and everything else
// is that of the container (RFC 9559, section 5.1.4.1.28).
import { box, fourCC } from '../box.js'
import { concat, u8, u16, u32 } from '../bytes.js'
import type { MatroskaVideo } from '../matroska/video-track.js'
import { rotationMatrix, type TrackMatrix } from '../track-matrix.js'
import { type AspectRatio, type Colour, MAX_SIDE, type Sps, UNSPECIFIED } from './sps.js'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Picture extends Size {
  /** The size with square pixels, before rotation. */
  readonly shown: Size
  /** Null if the picture is not rotated. */
  readonly matrix: TrackMatrix | null
  /** The boxes `clap`, `pasp` and `colr`, as far as they are needed. */
  readonly boxes: Uint8Array
}

/** DisplayUnit 4: unknown. */
const UNKNOWN_UNIT = 4
const ASPECT_UNIT = 3

export function toPicture(video: MatroskaVideo | null, sps: Pick<Sps, 'width' | 'height' | 'pixelAspect' | 'colour'> | null): Picture {
  const size = sps ?? { width: Math.min(video?.width ?? 0, MAX_SIDE), height: Math.min(video?.height ?? 0, MAX_SIDE) }
  const { width, height } = size
  const visible = toVisible(video, size)
  const isCropped = visible.width !== width || visible.height !== height
  const aspect = toPixelAspect(video, visible) ?? sps?.pixelAspect ?? null
  const shownWidth = aspect === null ? visible.width : (visible.width * aspect.width) / aspect.height
  const isShowable = shownWidth <= MAX_SIDE
  const boxes = [
    ...(isCropped && video !== null ? [clap(video, size, visible)] : []),
    // Without `pasp`, readers compare the sizes of the track and its samples, which differ if the picture is cropped.
    ...(isShowable && (aspect !== null || isCropped) ? [pasp(aspect ?? { width: 1, height: 1 })] : []),
    ...colr(video, sps?.colour ?? null),
  ]
  const shown = { width: isShowable ? shownWidth : visible.width, height: visible.height }
  return { width, height, shown, matrix: rotationMatrix(video?.rollDegrees ?? 0, shown), boxes: concat(boxes) }
}

/** PixelCrop applies to the size that the container states. If the SPS has another size, its own crop has been applied already. */
function toVisible(video: MatroskaVideo | null, { width, height }: Size): Size {
  if (video === null || video.width !== width || video.height !== height) return { width, height }
  const { left, right, top, bottom } = video.crop
  const visible = { width: width - left - right, height: height - top - bottom }
  return visible.width > 0 && visible.height > 0 ? visible : { width, height }
}

/** Null if the container does not define it. */
function toPixelAspect(video: MatroskaVideo | null, visible: Size): AspectRatio | null {
  if (video === null || visible.width === 0 || visible.height === 0) return null
  const { unit, ...said } = video.display
  if (unit === UNKNOWN_UNIT || (said.width === null && said.height === null)) return null
  const own = { width: video.width - video.crop.left - video.crop.right, height: video.height - video.crop.top - video.crop.bottom }
  // Only DisplayUnit 0 has defaults.
  const display = unit === 0 ? { width: said.width ?? own.width, height: said.height ?? own.height } : said
  const { width, height } = display
  if (width === null || height === null || width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return null
  // A display size that equals the container's size means square pixels, also if that size is wrong.
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

/** Same clause: the visible size, and the offset of its center from the center of the picture, as fractions. */
function clap({ crop }: MatroskaVideo, size: Size, visible: Size): Uint8Array {
  const middle = { x: crop.left - crop.right, y: crop.top - crop.bottom }
  return size.width === 0 ? new Uint8Array(0) : box('clap', u32(visible.width, 1, visible.height, 1, middle.x, 2, middle.y, 2))
}

/** 12.1.5. Values that the container leaves unspecified are those of the SPS. No box if the container has no Colour element. */
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
