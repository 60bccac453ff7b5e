import type { Edit, SampleColumns } from '../movie.js'
import { totalTicks } from '../tables/runs.js'
import { MOVIE_TIMESCALE } from '../write/movie-boxes.js'
import type { BoxView } from './box-view.js'
import { NotUnderstood } from './not-understood.js'

/** An empty edit or two before one stretch of media: what muxers write. More is another programme than the one in the media. */
const MAX_EDITS = 8

/**
 * `edts` in milliseconds, one empty edit at most, then one edit of media; or none. `raisedBy`: what the composition offsets were
 * raised by, which moves the media of the edit.
 */
export function readEdits(
  edts: BoxView | null,
  track: { movieTimescale: number; timescale: number; samples: SampleColumns; raisedBy: number },
): Edit[] {
  const wholeMs = Math.round((totalTicks(track.samples) * MOVIE_TIMESCALE) / track.timescale)
  const rows = edts === null ? [] : readElst(edts, track.movieTimescale)
  const media = rows.filter(({ mediaTime }) => mediaTime >= 0)
  const [shown] = media
  if (shown === undefined) {
    if (rows.length > 0) throw new NotUnderstood('an edit list shows nothing')
    return track.raisedBy === 0 ? [] : [{ durationMs: wholeMs, mediaTime: track.raisedBy }]
  }
  if (media.length > 1 || rows.at(-1) !== shown) throw new NotUnderstood('an edit list shows more than one stretch')
  const emptyMs = rows.reduce((total, row) => total + (row === shown ? 0 : row.durationMs), 0)
  // A duration of 0 shows the media to its end, as files write it that are not finished yet.
  const durationMs = shown.durationMs === 0 ? wholeMs : shown.durationMs
  const edit = { durationMs, mediaTime: shown.mediaTime + track.raisedBy }
  return emptyMs === 0 ? [edit] : [{ durationMs: emptyMs, mediaTime: -1 }, edit]
}

function readElst(edts: BoxView, movieTimescale: number): Edit[] {
  const [elst, ...others] = edts.children()
  if (elst === undefined) return []
  if (others.length > 0 || elst.type !== 'elst' || elst.version > 1) throw new NotUnderstood('edts holds something else than an edit list')
  const isWide = elst.version === 1
  const rowBytes = isWide ? 20 : 12
  const count = elst.rows(4, rowBytes)
  if (count > MAX_EDITS) throw new NotUnderstood(`an edit list has ${count} entries`)
  return Array.from({ length: count }, (_, row) => {
    const at = 8 + rowBytes * row
    if (elst.u32(at + rowBytes - 4) !== 0x10000) throw new NotUnderstood('an edit changes the speed')
    const duration = isWide ? elst.u64(at) : elst.u32(at)
    const mediaTime = isWide ? elst.i64(at + 8) : elst.i32(at + 4)
    if (mediaTime < -1) throw new NotUnderstood('an edit begins before its media')
    return { durationMs: Math.round((duration * MOVIE_TIMESCALE) / movieTimescale), mediaTime }
  })
}
