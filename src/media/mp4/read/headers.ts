// The headers of a movie and its tracks (ISO/IEC 14496-12, 8.2 to 8.4 and 8.7.1).
import { MalformedMedia } from '../../malformed-media.js'
import { isUnity, type TrackMatrix } from '../../track-matrix.js'
import type { TrackFormat } from '../movie.js'
import { type BoxView, NotUnderstood, printable } from './box-view.js'

export interface TrackHeader extends Pick<TrackFormat, 'matrix'> {
  /** Size of the picture before rotation; empty if the box says 0. */
  readonly size: Partial<Pick<TrackFormat, 'width' | 'height'>>
}

/** `tkhd` (8.3.2). Disabled tracks are not understood. */
export function readTrackHeader(tkhd: BoxView): TrackHeader {
  if (tkhd.version > 1) throw new NotUnderstood(`tkhd has version ${tkhd.version}`)
  if ((tkhd.flags & 1) === 0) throw new NotUnderstood('a track is disabled')
  const matrix = readMatrix(tkhd, 40)
  const sizeAt = toMatrixOffset(tkhd, 40) + 36
  const [width, height] = [tkhd.u32(sizeAt) / 0x10000, tkhd.u32(sizeAt + 4) / 0x10000]
  return { matrix: isUnity(matrix) ? null : matrix, size: width > 0 && height > 0 ? { width, height } : {} }
}

/** Returns the timescale. */
export function readMovieHeader(mvhd: BoxView): number {
  const timescale = readTimescale(mvhd)
  if (!isUnity(readMatrix(mvhd, 36))) throw new NotUnderstood('the movie is rotated or scaled')
  return timescale
}

/** `at`: offset of the matrix in version 0. */
function readMatrix(header: BoxView, at: number): TrackMatrix {
  const offset = toMatrixOffset(header, at)
  return Array.from({ length: 9 }, (_, index) => header.u32(offset + 4 * index))
}

/** In version 1, three numbers before the matrix have 64 bits. */
function toMatrixOffset({ version }: BoxView, at: number): number {
  return version === 1 ? at + 12 : at
}

/** Of `mvhd` or `mdhd`, which have it at the same offset. */
export function readTimescale(header: BoxView): number {
  if (header.version > 1) throw new NotUnderstood(`${header.type} has version ${header.version}`)
  const timescale = header.u32(header.version === 1 ? 20 : 12)
  if (timescale === 0) throw new MalformedMedia(`${header.type} has a timescale of 0`, header.offset)
  return timescale
}

/** `hdlr` (8.4.3). */
export function readKind(hdlr: BoxView): TrackFormat['kind'] {
  const handler = hdlr.fourCC(8)
  if (handler === 'vide') return 'video'
  if (handler === 'soun') return 'audio'
  throw new NotUnderstood(`a track has handler '${printable(handler)}'`)
}
