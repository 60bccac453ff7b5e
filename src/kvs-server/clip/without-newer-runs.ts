// By producer time, GetClip returns the footage of an instant once: where two ingest runs cover the same time, the older run. The rule uses
// only what ListFragments returns, so that a caller can predict it: a new run begins where producer timestamps go back as fragment numbers
// grow. Within one PutMedia call they never do.
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { partitionPoint } from '../../lib/partition-point.js'
import { MAX_FRAGMENT_MS } from '../upload/fragment-rules.js'

/** The listed values that the rule uses. */
export interface RunFragment {
  readonly sequence: number
  readonly producerTimestampMs: EpochMs
  readonly lengthMs: number
}

/**
 * Takes fragments ordered by producer time, then by ingestion. Skips a fragment that starts together with an older one, and one that older
 * fragments of other runs cover by more than half. A skipped fragment covers nothing.
 */
export function* withoutNewerRuns<Fragment extends RunFragment>(fragments: Iterable<Fragment>): Generator<Fragment> {
  const window = new FragmentWindow(fragments)
  for (let next = window.next(); next !== null; next = window.next()) {
    if (next.isGiven === null) window.decide(next)
    if (next.isGiven === true) yield next.fragment
  }
}

interface Candidate<Fragment> {
  readonly fragment: Fragment
  /** Null while it is not known yet. */
  isGiven: boolean | null
}

/** The fragments that may overlap the current one. It reads no further, and keeps no longer, than a decision needs. */
class FragmentWindow<Fragment extends RunFragment> {
  readonly #source: Iterator<Fragment>
  #read: Candidate<Fragment>[] = []
  #at = 0
  #isAtEnd = false

  constructor(fragments: Iterable<Fragment>) {
    this.#source = fragments[Symbol.iterator]()
  }

  next(): Candidate<Fragment> | null {
    if (this.#at === this.#read.length) this.#readOne()
    const next = this.#read[this.#at]
    if (next === undefined) return null
    this.#at += 1
    this.#forgetBefore(next.fragment.producerTimestampMs - MAX_FRAGMENT_MS)
    return next
  }

  /** Older ones first. */
  decide(candidate: Candidate<Fragment>): void {
    for (const open of this.#decidedWith(candidate).toSorted((a, b) => a.fragment.sequence - b.fragment.sequence)) {
      const older = this.#olderThan(open.fragment)
      const given = older.filter(({ isGiven }) => isGiven === true)
      open.isGiven = !isLeftOut(open.fragment, given.map(toFragment), older.map(toFragment))
    }
  }

  /** The candidate and the older ones that must be decided first because together they would cover it. */
  #decidedWith(candidate: Candidate<Fragment>): Candidate<Fragment>[] {
    const open = new Set([candidate])
    for (const { fragment } of open) {
      this.#readTo(endOf(fragment))
      const older = this.#olderThan(fragment)
      const possible = older.filter(({ isGiven }) => isGiven !== false)
      if (!isLeftOut(fragment, possible.map(toFragment), older.map(toFragment))) continue
      for (const other of possible) if (other.isGiven === null) open.add(other)
    }
    return [...open]
  }

  /** In order of time. */
  #olderThan({ sequence, producerTimestampMs, lengthMs }: Fragment): Candidate<Fragment>[] {
    const older: Candidate<Fragment>[] = []
    for (let index = this.#placeOf(producerTimestampMs - MAX_FRAGMENT_MS); index < this.#read.length; index += 1) {
      const other = this.#read[index]
      if (other === undefined || other.fragment.producerTimestampMs > producerTimestampMs + lengthMs) break
      if (other.fragment.sequence < sequence) older.push(other)
    }
    return older
  }

  /** Of the first that starts at the instant or later. */
  #placeOf(instantMs: EpochMs): number {
    return partitionPoint(this.#read.length, (index) => at(this.#read, index).fragment.producerTimestampMs < instantMs)
  }

  /** Removes half of the array at a time: removing single elements would move all others each time. */
  #forgetBefore(instantMs: EpochMs): void {
    const past = Math.min(this.#placeOf(instantMs), this.#at)
    if (past * 2 < this.#read.length) return
    this.#read = this.#read.slice(past)
    this.#at -= past
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

/** `given` and `older` are older ones around it, in order of time. */
function isLeftOut(fragment: RunFragment, given: readonly RunFragment[], older: readonly RunFragment[]): boolean {
  if (given.some(({ producerTimestampMs }) => producerTimestampMs === fragment.producerTimestampMs)) return true
  if (!isCovered(fragment, given)) return false
  const newestOther = newestOfOtherRun(fragment, older)
  return isCovered(
    fragment,
    given.filter(({ sequence }) => sequence <= newestOther),
  )
}

/** The sequence of the newest older fragment of another run: going back, the first whose producer timestamp is later than that of the fragment after it. */
function newestOfOtherRun(fragment: RunFragment, older: readonly RunFragment[]): number {
  let newer = fragment
  for (const other of older.toSorted((a, b) => b.sequence - a.sequence)) {
    if (other.producerTimestampMs > newer.producerTimestampMs) return other.sequence
    newer = other
  }
  return Number.NEGATIVE_INFINITY
}

/** Whether the others cover more than half of it, or the instant of a single frame. */
function isCovered(fragment: RunFragment, others: readonly RunFragment[]): boolean {
  const startMs = fragment.producerTimestampMs
  if (fragment.lengthMs === 0) return others.some((other) => other.producerTimestampMs < startMs && endOf(other) >= startMs)
  let [coveredMs, countedTo] = [0, startMs]
  for (const other of others) {
    const toMs = Math.min(endOf(other), endOf(fragment))
    coveredMs += Math.max(0, toMs - Math.max(other.producerTimestampMs, countedTo))
    countedTo = Math.max(countedTo, toMs)
  }
  return coveredMs * 2 > fragment.lengthMs
}

function endOf({ producerTimestampMs, lengthMs }: RunFragment): EpochMs {
  return producerTimestampMs + lengthMs
}

function toFragment<Fragment>({ fragment }: Candidate<Fragment>): Fragment {
  return fragment
}
