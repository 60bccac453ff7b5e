import { type EbmlBytes, type EbmlElement, readElements, readFloatElement, readUintElement } from './ebml.js'
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

type Fields = ReadonlyMap<number, EbmlElement>

export function parseVideo(data: EbmlBytes, video: EbmlElement): MatroskaVideo {
  const fields = fieldsOf(data, video)
  const uint = (id: number) => readUint(data, fields, id, 0)
  const orNull = (id: number) => (fields.has(id) ? uint(id) : null)
  return {
    width: uint(ELEMENT.PixelWidth),
    height: uint(ELEMENT.PixelHeight),
    crop: {
      left: uint(ELEMENT.PixelCropLeft),
      right: uint(ELEMENT.PixelCropRight),
      top: uint(ELEMENT.PixelCropTop),
      bottom: uint(ELEMENT.PixelCropBottom),
    },
    display: { width: orNull(ELEMENT.DisplayWidth), height: orNull(ELEMENT.DisplayHeight), unit: uint(ELEMENT.DisplayUnit) },
    rollDegrees: readRoll(data, fields.get(ELEMENT.Projection)),
    colour: readColour(data, fields.get(ELEMENT.Colour)),
  }
}

function readRoll(data: EbmlBytes, projection: EbmlElement | undefined): number {
  if (projection === undefined) return 0
  const fields = fieldsOf(data, projection)
  const roll = fields.get(ELEMENT.ProjectionPoseRoll)
  const isRectangular = readUint(data, fields, ELEMENT.ProjectionType, 0) === 0
  const degrees = roll !== undefined && isRectangular ? readFloatElement(data, roll) : 0
  return Number.isFinite(degrees) ? degrees : 0
}

function readColour(data: EbmlBytes, colour: EbmlElement | undefined): MatroskaColour | null {
  if (colour === undefined) return null
  const fields = fieldsOf(data, colour)
  return {
    primaries: readUint(data, fields, ELEMENT.Primaries, 2),
    transfer: readUint(data, fields, ELEMENT.TransferCharacteristics, 2),
    matrix: readUint(data, fields, ELEMENT.MatrixCoefficients, 2),
    range: readUint(data, fields, ELEMENT.Range, 0),
  }
}

function fieldsOf(data: EbmlBytes, parent: EbmlElement): Fields {
  const fields = new Map<number, EbmlElement>()
  for (const element of readElements(data, parent.start, parent.end)) fields.set(element.id, element)
  return fields
}

function readUint(data: EbmlBytes, fields: Fields, id: number, absent: number): number {
  const element = fields.get(id)
  return element === undefined ? absent : readUintElement(data, element)
}
