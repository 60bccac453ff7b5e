import { type Edit, MOVIE_TIMESCALE, toEdits } from '../movie.js'
import { type BoxView, NotUnderstood } from './box-view.js'

/** Muxers write an empty edit or two before the edit of the media. */
const MAX_EDITS = 8

export interface EditedTrack {
  readonly movieTimescale: number
  /** Duration of the whole media, in whole milliseconds. */
  readonly wholeMs: number
  /** Ticks that were added to all composition offsets. Media times of edits increase by as much. */
  readonly raisedBy: number
}

/** `edts` (ISO/IEC 14496-12, 8.6.5 and 8.6.6), with all empty edits as one. Other edit lists are not understood. */
export function readEdits(edts: BoxView | null, { movieTimescale, wholeMs, raisedBy }: EditedTrack): Edit[] {
  const entries = edts === null ? [] : readElst(edts, movieTimescale)
  const media = entries.filter(({ mediaTime }) => mediaTime >= 0)
  const [shown] = media
  if (shown === undefined) {
    if (entries.length > 0) throw new NotUnderstood('an edit list shows nothing')
    return raisedBy === 0 ? [] : [{ durationMs: wholeMs, mediaTime: raisedBy }]
  }
  if (media.length > 1 || entries.at(-1) !== shown) throw new NotUnderstood('an edit list shows more than one stretch of media')
  const emptyMs = entries.reduce((total, entry) => total + (entry === shown ? 0 : entry.durationMs), 0)
  // A duration of 0 means up to the end, in files that are not finished yet.
  return toEdits(emptyMs, { durationMs: shown.durationMs === 0 ? wholeMs : shown.durationMs, mediaTime: shown.mediaTime + raisedBy })
}

function readElst(edts: BoxView, movieTimescale: number): Edit[] {
  const [elst, ...others] = edts.children()
  if (elst === undefined) return []
  if (others.length > 0 || elst.type !== 'elst' || elst.version > 1) throw new NotUnderstood('edts has a box other than elst')
  const isWide = elst.version === 1
  const entryBytes = isWide ? 20 : 12
  const count = elst.rows(4, entryBytes)
  if (count > MAX_EDITS) throw new NotUnderstood(`an edit list has ${count} entries`)
  return Array.from({ length: count }, (_, index) => {
    const at = 8 + entryBytes * index
    if (elst.u32(at + entryBytes - 4) !== 0x10000) throw new NotUnderstood('an edit changes the speed')
    const duration = isWide ? elst.u64(at) : elst.u32(at)
    const mediaTime = isWide ? elst.i64(at + 8) : elst.i32(at + 4)
    if (mediaTime < -1) throw new NotUnderstood('an edit starts before its media')
    return { durationMs: Math.round((duration * MOVIE_TIMESCALE) / movieTimescale), mediaTime }
  })
}
