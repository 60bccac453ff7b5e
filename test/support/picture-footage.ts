import { ELEMENT } from '../../src/media/matroska/element-ids.js'
import { readFixture } from './fixtures.js'
import { concatBytes, encodeElements, floatElement, rewriteTracks, type TrackElement, videoElements } from './mkv-builder.js'

/** H.264 of 192 by 108 pixels. Its track has the given Video element, or none. */
export function pictureFootage(video: readonly TrackElement[] | null, fixture = 'h264-only.mkv'): Uint8Array {
  return rewriteTracks(readFixture(fixture), (elements) => {
    const isPicture = elements.some(({ id, data }) => id === ELEMENT.TrackType && data.at(-1) === 1)
    if (!isPicture) return elements
    const rest = elements.filter(({ id }) => id !== ELEMENT.Video)
    return video === null ? rest : [...rest, { id: ELEMENT.Video, data: encodeElements(video) }]
  })
}

const PIXELS = { [ELEMENT.PixelWidth]: 192, [ELEMENT.PixelHeight]: 108 }

export function pixels(more: Readonly<Record<number, number>> = {}): TrackElement[] {
  return videoElements({ ...PIXELS, ...more })
}

export function turned(degrees: number): TrackElement[] {
  const projection = concatBytes(
    encodeElements(videoElements({ [ELEMENT.ProjectionType]: 0 })),
    encodeElements([floatElement(ELEMENT.ProjectionPoseRoll, degrees)]),
  )
  return [...pixels(), { id: ELEMENT.Projection, data: projection }]
}

/** Code points of Rec. ITU-T H.273, and Matroska's Range. */
export function coloured(colour: { primaries: number; transfer: number; matrix: number; range: number }): TrackElement[] {
  const fields = {
    [ELEMENT.MatrixCoefficients]: colour.matrix,
    [ELEMENT.Range]: colour.range,
    [ELEMENT.TransferCharacteristics]: colour.transfer,
    [ELEMENT.Primaries]: colour.primaries,
  }
  return [...pixels(), { id: ELEMENT.Colour, data: encodeElements(videoElements(fields)) }]
}
