import { box, fourCC, fullBox } from '../../box.js'
import { text, u32, zeros } from '../../bytes.js'
import type { Movie } from '../movie.js'

/** Names that have an atom of their own in an iTunes metadata list. ffprobe and exiftool show them under these names. */
const ATOMS: ReadonlyMap<string, string> = new Map([
  ['title', '©nam'],
  ['date', '©day'],
  ['comment', '©cmt'],
  ['description', 'desc'],
  ['copyright', 'cprt'],
  ['encoder', '©too'],
])

/** Well-known type 1: UTF-8. */
const UTF8 = u32(1)

/**
 * `udta/meta/ilst`: the only form of tags that players, ffprobe and exiftool all read. ffprobe ignores the newer `mdta` keys of QuickTime
 * by default.
 */
export function udta(tags: Movie['tags']): Uint8Array {
  const handler = fullBox('hdlr', 0, 0, zeros(4), fourCC('mdir'), fourCC('appl'), zeros(9))
  return box('udta', fullBox('meta', 0, 0, handler, box('ilst', ...tags.map(toItem))))
}

function toItem({ name, value }: Movie['tags'][number]): Uint8Array {
  const data = box('data', UTF8, zeros(4), text(value))
  const atom = ATOMS.get(name)
  if (atom !== undefined) return box(atom, data)
  return box('----', fullBox('mean', 0, 0, text('com.apple.iTunes')), fullBox('name', 0, 0, text(name)), data)
}
