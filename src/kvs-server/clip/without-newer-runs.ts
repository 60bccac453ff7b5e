// By producer time, GetClip gives the footage of one instant once: where two runs of ingestion cover the same time, that of the older.
// Pure: rows in, rows out.
import type { EpochMs } from '../../lib/clock.js'
import { MAX_FRAGMENT_MS } from '../upload/fragment-rules.js'

/** What it looks at. */
export interface RunFragment {
  readonly sequence: number
  readonly sessionId: number
  readonly producerTimestampMs: EpochMs
  readonly lengthMs: number
}

/**
 * Where one run ends and another begins, audio and B-frames of the one reach a little into the other. Only what overlaps by more than this,
 * or than half of a fragment, is another run over the same time.
 */
const OVERHANG_MS = 500

/**
 * Takes fragments in order of producer time, then of ingestion; leaves out each that starts with, starts inside, or overlaps older ones that
 * are themselves given. A session does not cover itself, however far its fragments reach into each other.
 */
export function* withoutNewerRuns<Fragment extends RunFragment>(fragments: Iterable<Fragment>): Generator<Fragment> {
  const coming = new ComingFragments(fragments)
  // Of those given, the ones that are still long enough to cover what comes.
  let reaching: Fragment[] = []
  for (let next = coming.first(); next !== null; next = coming.first()) {
    const { producerTimestampMs } = next.fragment
    reaching = reaching.filter((other) => endOf(other) >= producerTimestampMs)
    if (next.isGiven === null) coming.decide(next, reaching)
    coming.dropFirst()
    if (next.isGiven !== true) continue
    reaching.push(next.fragment)
    yield next.fragment
  }
}

interface Candidate<Fragment> {
  readonly fragment: Fragment
  /** Null while it is not known yet. */
  isGiven: boolean | null
}

/** What comes, read as far as a decision needs: an older fragment that covers another may start later than it, though before its end. */
class ComingFragments<Fragment extends RunFragment> {
  readonly #source: Iterator<Fragment>
  #read: Candidate<Fragment>[] = []
  #isAtEnd = false

  constructor(fragments: Iterable<Fragment>) {
    this.#source = fragments[Symbol.iterator]()
  }

  first(): Candidate<Fragment> | null {
    if (this.#read.length === 0) this.#readOne()
    return this.#read[0] ?? null
  }

  dropFirst(): void {
    this.#read.shift()
  }

  /** Older ones first: what is itself left out covers nothing. */
  decide(candidate: Candidate<Fragment>, reaching: readonly Fragment[]): void {
    for (const open of this.#decidedWith(candidate, reaching).toSorted((a, b) => a.fragment.sequence - b.fragment.sequence)) {
      const given = this.#around(open.fragment).filter(({ isGiven }) => isGiven === true)
      open.isGiven = !isCovered(open.fragment, [...reaching, ...given.map(({ fragment }) => fragment)])
    }
  }

  /**
   * It, and all that have to be decided before it: older ones, where all of them together would cover it. Footage that was uploaded from
   * its end to its beginning, each fragment reaching a little into the next, must not be read to its end for that.
   */
  #decidedWith(candidate: Candidate<Fragment>, reaching: readonly Fragment[]): Candidate<Fragment>[] {
    const open = new Set([candidate])
    for (const { fragment } of open) {
      this.#readTo(endOf(fragment))
      const around = this.#around(fragment)
      if (!isCovered(fragment, [...reaching, ...around.map((other) => other.fragment)])) continue
      for (const other of around) if (other.isGiven === null && other.fragment.sequence < fragment.sequence) open.add(other)
    }
    return [...open]
  }

  /** Those read that may overlap it, in order of time. */
  #around({ producerTimestampMs, lengthMs }: Fragment): Candidate<Fragment>[] {
    const around: Candidate<Fragment>[] = []
    for (let index = this.#placeOf(producerTimestampMs - MAX_FRAGMENT_MS); index < this.#read.length; index += 1) {
      const other = this.#read[index]
      if (other === undefined || other.fragment.producerTimestampMs > producerTimestampMs + lengthMs) break
      around.push(other)
    }
    return around
  }

  /** Of the first that starts at the instant or later. */
  #placeOf(instantMs: EpochMs): number {
    let [low, high] = [0, this.#read.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#read[middle]?.fragment.producerTimestampMs ?? instantMs) < instantMs) low = middle + 1
      else high = middle
    }
    return low
  }

  #readTo(timeMs: EpochMs): void {
    while (!this.#isAtEnd && (this.#read.at(-1)?.fragment.producerTimestampMs ?? timeMs) <= timeMs) this.#readOne()
  }

  #readOne(): void {
    const { done, value } = this.#source.next()
    if (done) this.#isAtEnd = true
    else this.#read.push({ fragment: value, isGiven: null })
  }
}

/** `given` in order of time. */
function isCovered<Fragment extends RunFragment>(fragment: Fragment, given: readonly Fragment[]): boolean {
  const { producerTimestampMs: startMs, sequence, sessionId } = fragment
  const older = given.filter(
    (other) => other.sequence < sequence && (other.sessionId !== sessionId || other.producerTimestampMs === startMs),
  )
  if (older.some((other) => isDeepInside(other, startMs))) return true
  // Before an older one only another run starts. What that covers at both ends counts together.
  const isAmongOlder = older.some(({ producerTimestampMs }) => producerTimestampMs > startMs)
  return isAmongOlder && coveredMs(fragment, older) > overhangMs(fragment)
}

function isDeepInside(fragment: RunFragment, instantMs: EpochMs): boolean {
  const distanceMs = instantMs - fragment.producerTimestampMs
  return distanceMs === 0 || (distanceMs > 0 && distanceMs < fragment.lengthMs - overhangMs(fragment))
}

function coveredMs(fragment: RunFragment, older: readonly RunFragment[]): number {
  let [sumMs, countedTo] = [0, fragment.producerTimestampMs]
  for (const other of older) {
    const toMs = Math.min(endOf(other), endOf(fragment))
    sumMs += Math.max(0, toMs - Math.max(other.producerTimestampMs, countedTo))
    countedTo = Math.max(countedTo, toMs)
  }
  return sumMs
}

function overhangMs({ lengthMs }: RunFragment): number {
  return Math.min(OVERHANG_MS, lengthMs / 2)
}

function endOf({ producerTimestampMs, lengthMs }: RunFragment): EpochMs {
  return producerTimestampMs + lengthMs
}
