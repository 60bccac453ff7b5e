// Whether an answer holds the fragments that were listed, and no others. It names none of them: how long it plays, where its key frames stand
// and how many bytes lie between them are all there is to go by.

import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { Movie, MovieTrack } from '../../media/mp4/movie.js'
import { shownMs } from '../../media/mp4/movie-boxes.js'
import { placementOf } from '../../media/mp4/presentation.js'
import type { OutlinedPart } from './clip-outline.js'
import { type FragmentChain, followFragments } from './fragment-chain.js'
import { compareAmount, isFootageMissing } from './missing-footage.js'
import { MUXING_LEAD_MS, PictureTimes } from './picture-times.js'

/** `null` is right, as far as can be told. */
export type FootageDifference = 'missing' | 'added' | null

export type ComparedPart = Pick<OutlinedPart, 'producerStartsMs' | 'lengthsMs' | 'sizesBytes'>

/** A listed size counts the Matroska around the frames, which a muxer leaves out; room for what it may write into the frames instead. */
const MUXER_SHARE = 0.01
const MUXER_BYTES = 1024

/**
 * What can be told without doubt. Nothing is said against fragments that do not begin with a key frame, or whose key frames cannot be told
 * apart; of those only the playing time is compared.
 */
export function compareFootage(movie: Movie, part: ComparedPart, selector: FragmentSelectorType): FootageDifference {
  const [video] = movie.tracks
  if (video?.kind !== 'video') return null
  const pictures = new PictureTimes(video)
  const hasSound = movie.tracks.length > 1
  const usual = { frameMs: pictures.frameMs, leadMs: hasSound ? MUXING_LEAD_MS : 0 }
  if (isFootageMissing({ givenMs: Math.max(0, ...movie.tracks.map(shownMs)), ...usual }, part, selector)) return 'missing'
  const firstBlockMs = Math.min(...movie.tracks.map((track) => placementOf(track).delayMs))
  const chain = pictures.beginsWithKeyAt(firstBlockMs) ? findChain(pictures, part) : null
  if (chain === null) return null
  if (chain.isMissing || chain.isMore) return confirm(chain, compareAmount({ givenMs: pictures.filledMs, ...usual }, part))
  // Sound may reach so far that a fragment which begins with other frames seems to begin with its key frame, unless a clock says so.
  const isSure = chain.isExact && (chain.isByClock || !hasSound)
  return isSure && isTooMuch(video, { keysMs: chain.keysMs, decodedKeysMs: pictures.decodedKeysMs }, part) ? 'added' : null
}

/** Less and more at once is what a closed hole looks like that is as long as some fragments; so is what the amount does not show. */
function confirm({ isMissing, isMore }: FragmentChain, amount: 'less' | 'more' | null): FootageDifference {
  if (isMissing && !isMore && amount === 'less') return 'missing'
  return isMore && !isMissing && amount === 'more' ? 'added' : null
}

/**
 * First as if all were there, whatever became of holes. Then by the producer's clock alone, to the millisecond: with others between them, or
 * without the first ones.
 */
function findChain(pictures: PictureTimes, part: ComparedPart): FragmentChain | null {
  const whole = followFragments({ pictures, part, first: 0, keepsHoles: false })
  if (whole !== null) return whole
  // One fragment alone would be found in anything.
  for (let first = 0; first < part.lengthsMs.length - 1; first += 1) {
    const chain = followFragments({ pictures, part, first, keepsHoles: true })
    if (chain?.isExact === true && (first === 0 || chain.endsRight)) return chain
  }
  return null
}

/** More bytes of pictures, from one fragment's key frame to the next one's, than the fragment was listed with. */
function isTooMuch(
  { samples }: MovieTrack,
  { keysMs, decodedKeysMs }: { readonly keysMs: readonly number[]; readonly decodedKeysMs: Float64Array },
  { sizesBytes }: ComparedPart,
): boolean {
  let [fragment, key, bytes] = [-1, 0, 0]
  for (let sample = 0; sample < samples.count; sample += 1) {
    if (samples.syncs === null || samples.syncs[sample] !== 0) {
      if (decodedKeysMs[key] === keysMs[fragment + 1]) {
        fragment += 1
        bytes = 0
      }
      key += 1
    }
    bytes += typeof samples.sizes === 'number' ? samples.sizes : (samples.sizes[sample] ?? 0)
    if (bytes > (sizesBytes[fragment] ?? Number.POSITIVE_INFINITY) * (1 + MUXER_SHARE) + MUXER_BYTES) return true
  }
  return false
}
