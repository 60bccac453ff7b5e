import type { ElementFields } from './ebml.js'
import { ELEMENT } from './element-ids.js'

/** The Video element of a TrackEntry (RFC 9559, section 5.1.4.1.28), as far as it changes the picture. */
export interface MatroskaVideo {
  /** PixelWidth and PixelHeight; 0 if the producer omits them. */
  readonly width: number
  readonly height: number
  /** Pixels to crop at each side. */
  readonly crop: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
  /** DisplayWidth and DisplayHeight, null if absent, and DisplayUnit: 0 for pixels. */
  readonly display: { readonly width: number | null; readonly height: number | null; readonly unit: number }
  /** ProjectionPoseRoll of a rectangular projection, in degrees counter-clockwise. */
  readonly rollDegrees: number
  readonly colour: MatroskaColour | null
}

/** Code points of Rec. ITU-T H.273; 2 is unspecified. */
export interface MatroskaColour {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  /** 0 unspecified, 1 broadcast range, 2 full range, 3 defined by matrix and transfer. */
  readonly range: number
}

export function parseVideo(video: ElementFields | null): MatroskaVideo | null {
  if (video === null) return null
  return {
    width: video.uint(ELEMENT.PixelWidth, 0),
    height: video.uint(ELEMENT.PixelHeight, 0),
    crop: {
      left: video.uint(ELEMENT.PixelCropLeft, 0),
      right: video.uint(ELEMENT.PixelCropRight, 0),
      top: video.uint(ELEMENT.PixelCropTop, 0),
      bottom: video.uint(ELEMENT.PixelCropBottom, 0),
    },
    display: {
      width: video.uint(ELEMENT.DisplayWidth, null),
      height: video.uint(ELEMENT.DisplayHeight, null),
      unit: video.uint(ELEMENT.DisplayUnit, 0),
    },
    rollDegrees: readRoll(video.children(ELEMENT.Projection)),
    colour: readColour(video.children(ELEMENT.Colour)),
  }
}

function readRoll(projection: ElementFields | null): number {
  if (projection === null || projection.uint(ELEMENT.ProjectionType, 0) !== 0) return 0
  const degrees = projection.float(ELEMENT.ProjectionPoseRoll, 0)
  return Number.isFinite(degrees) ? degrees : 0
}

function readColour(colour: ElementFields | null): MatroskaColour | null {
  return (
    colour && {
      primaries: colour.uint(ELEMENT.Primaries, 2),
      transfer: colour.uint(ELEMENT.TransferCharacteristics, 2),
      matrix: colour.uint(ELEMENT.MatrixCoefficients, 2),
      range: colour.uint(ELEMENT.Range, 0),
    }
  )
}
