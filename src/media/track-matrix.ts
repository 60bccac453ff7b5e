/** The nine words of the matrix of `tkhd` (ISO/IEC 14496-12, 6.2.2). */
export type TrackMatrix = readonly number[]

const ONE = 0x10000
const W = 0x40000000
export const UNITY_MATRIX: TrackMatrix = [ONE, 0, 0, 0, ONE, 0, 0, 0, W]

/**
 * Rotates a picture counter-clockwise and moves its top left corner to the origin, as in Apple's files. Null for full turns. Fractions of a
 * degree are not rounded.
 */
export function rotationMatrix(
  degrees: number,
  { width, height }: { readonly width: number; readonly height: number },
): TrackMatrix | null {
  const turn = ((degrees % 360) + 360) % 360
  if (turn === 0) return null
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)]
  // x' = cos x + sin y, y' = -sin x + cos y: y points down.
  const left = Math.min(0, width * cos) + Math.min(0, height * sin)
  const top = Math.min(0, -width * sin) + Math.min(0, height * cos)
  return [fixed(cos), fixed(-sin), 0, fixed(sin), fixed(cos), 0, fixed(-left), fixed(-top), W]
}

export function isUnity(matrix: TrackMatrix): boolean {
  return UNITY_MATRIX.every((word, index) => matrix[index] === word)
}

/** 16.16 fixed point, in two's complement. */
function fixed(value: number): number {
  return Math.round(value * ONE) >>> 0
}
