import { isUnity, type TrackMatrix } from '../../track-matrix.js'
import type { MovieTrack } from '../movie.js'
import type { BoxView } from './box-view.js'
import { NotUnderstood } from './not-understood.js'

export interface TrackHeader {
  readonly matrix: MovieTrack['matrix']
  /** How large the picture is shown; nothing where the box says 0. */
  readonly size: Partial<Pick<MovieTrack, 'width' | 'height'>>
}

/** `tkhd` (ISO/IEC 14496-12, 8.3.2), as far as it changes what is seen. A track that is switched off is not understood. */
export function readTrackHeader(tkhd: BoxView): TrackHeader {
  if (tkhd.version > 1) throw new NotUnderstood(`tkhd has version ${tkhd.version}`)
  if ((tkhd.flags & 1) === 0) throw new NotUnderstood('a track is switched off')
  const matrix = readMatrix(tkhd, 40)
  const sizeAt = matrixAt(tkhd, 40) + 36
  const [width, height] = [tkhd.u32(sizeAt) / 0x10000, tkhd.u32(sizeAt + 4) / 0x10000]
  return { matrix: isUnity(matrix) ? null : matrix, size: width > 0 && height > 0 ? { width, height } : {} }
}

/** Of `tkhd` and `mvhd`; `at` is where version 0 has it. */
export function readMatrix(header: BoxView, at: number): TrackMatrix {
  return Array.from({ length: 9 }, (_, index) => header.u32(matrixAt(header, at) + 4 * index))
}

/** In version 1 three numbers before it are 64 bits wide. */
function matrixAt({ version }: BoxView, at: number): number {
  return version === 1 ? at + 12 : at
}
