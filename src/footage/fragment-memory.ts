import { type FragmentColumns, joinColumns, sliceColumns, toFragmentColumns } from '../domain/fragment-columns.js'
import type { FragmentSelectorType, TimeRange } from '../domain/time-range.js'
import { type FragmentLister, TooManyFragments } from '../kvs/ports.js'
import type { Clock, EpochMs } from '../lib/clock.js'
import { Semaphore } from '../lib/semaphore.js'
import { SingleFlight } from '../lib/single-flight.js'
import { type Stretch, StretchList } from './stretch-list.js'

/**
 * By server time a stretch is closed when it is this old: a fragment is listed after all of it has come in (20 s of footage at most, over
 * a line that may be slower than the footage runs; half a minute without a byte ends its upload) and about a second more. What is
 * younger is listed anew, a hundred points or so.
 */
const SETTLING_MS = 120_000
/**
 * How long what is not closed is remembered: listing lags about as much. A listing up to the present stands for what comes in this time
 * too: or else each request that ends at the present would list the few milliseconds since the one before it.
 */
const OPEN_TTL_MS = 1000
/** A producer may send footage of any time at any time. */
const PRODUCER_TTL_MS = 30_000
/**
 * One listing goes to its end by full pages, so that it wastes less than one page of the quota, which counts what is asked for; shorter
 * ones would each waste as much. It holds a day, and what may reach into it. What a longer range has brought is remembered by the day, also when time is up before its end.
 */
const WINDOW_MS = 24 * 3_600_000 + 60_000
/** Rows of one listing while they are objects: more than a day at one fragment a second. Past it the window is halved. */
const MAX_ROWS_PER_WINDOW = 100_000
const LISTINGS_AT_ONCE = 6
const MAX_BYTES = 64 * 1024 * 1024

export interface RememberedQuery {
  readonly streamArn: string
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange
}

export interface FragmentMemoryOptions {
  readonly fragments: FragmentLister
  readonly clock: Clock
  /** The most that is remembered; the stream that was unused for longest goes first. */
  readonly maxBytes?: number
}

/** Fragments by time, each stretch listed once by however many who ask, and remembered for as long as it cannot change. */
export class FragmentMemory {
  readonly #options: FragmentMemoryOptions
  /** By stream and clock; the one unused for longest comes first. */
  readonly #lists = new Map<string, StretchList>()
  readonly #flights = new SingleFlight<Stretch>()
  readonly #underWay = new Map<string, Set<TimeRange>>()
  readonly #listings = new Semaphore(LISTINGS_AT_ONCE)
  #sizeBytes = 0

  constructor(options: FragmentMemoryOptions) {
    this.#options = options
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The fragments that start in the range, sorted. Throws what ListFragments throws; what was listed until then is remembered. */
  async read(query: RememberedQuery, signal: AbortSignal): Promise<FragmentColumns> {
    const parts: FragmentColumns[] = []
    const { endMs } = query.range
    let windowMs = WINDOW_MS
    for (let atMs = query.range.startMs; atMs <= endMs; ) {
      const window = { startMs: atMs, endMs: Math.min(endMs, atMs + windowMs) }
      const stretch = await this.#stretchAt({ ...query, range: window }, signal)
      if (stretch === null) {
        windowMs = Math.floor((window.endMs - window.startMs) / 2)
        continue
      }
      parts.push(sliceColumns(stretch.columns, { startMs: atMs, endMs }))
      atMs = stretch.range.endMs + 1
    }
    return joinColumns(parts)
  }

  /** Retention has taken what came in before the instant. */
  forgetBefore(streamArn: string, instantMs: EpochMs): void {
    this.#change(toKey({ streamArn, fragmentSelectorType: 'SERVER_TIMESTAMP' }), (list) => list.forgetBefore(instantMs))
  }

  /** The stretch that holds the window's start: remembered, or on its way already, or listed now. Null when the window holds too much. */
  async #stretchAt(query: RememberedQuery, signal: AbortSignal): Promise<Stretch | null> {
    const key = toKey(query)
    const nowMs = this.#options.clock.now()
    const { startMs } = query.range
    const list = this.#touch(key)
    const known = list?.find(startMs, nowMs)
    if (known) return known
    const range = this.#findUnderWay(key, startMs) ?? this.#toMissing(key, query.range, list?.nextStart(startMs, nowMs))
    const flight = `${key} ${range.startMs} ${range.endMs}`
    try {
      return await this.#flights.run(flight, (shared) => this.#list(key, { ...query, range }, shared), signal)
    } catch (error) {
      if (error instanceof TooManyFragments && range.endMs > range.startMs) return null
      throw error
    }
  }

  #findUnderWay(key: string, instantMs: EpochMs): TimeRange | undefined {
    return [...(this.#underWay.get(key) ?? [])].find(({ startMs, endMs }) => startMs <= instantMs && instantMs <= endMs)
  }

  /** The window up to where something is known, or on its way. */
  #toMissing(key: string, { startMs, endMs }: TimeRange, knownFromMs = Number.POSITIVE_INFINITY): TimeRange {
    const ahead = [...(this.#underWay.get(key) ?? [])].map((range) => range.startMs).filter((ms) => ms > startMs)
    return { startMs, endMs: Math.min(endMs, knownFromMs - 1, ...ahead.map((ms) => ms - 1)) }
  }

  async #list(key: string, query: RememberedQuery, signal: AbortSignal): Promise<Stretch> {
    const underWay = this.#underWay.get(key) ?? new Set()
    this.#underWay.set(key, underWay.add(query.range))
    try {
      return await this.#listings.run(() => this.#listNow(key, query, signal), signal)
    } finally {
      underWay.delete(query.range)
      if (underWay.size === 0 && this.#underWay.get(key) === underWay) this.#underWay.delete(key)
    }
  }

  async #listNow(key: string, query: RememberedQuery, signal: AbortSignal): Promise<Stretch> {
    const { clock, fragments } = this.#options
    const askedMs = clock.now()
    const settledMs = askedMs - SETTLING_MS
    // The last millisecond of time cannot be halved.
    const limit = query.range.endMs > query.range.startMs ? { atMost: MAX_ROWS_PER_WINDOW } : {}
    const rows = await fragments.list({ ...query, ...limit }, signal)
    const columns = toFragmentColumns(rows, query.fragmentSelectorType)
    const nowMs = clock.now()
    for (const stretch of toStretches(query, { columns, settledMs, askedMs, nowMs })) this.#change(key, (list) => list.add(stretch, nowMs))
    return { range: query.range, columns, expiresAtMs: nowMs }
  }

  #touch(key: string): StretchList | undefined {
    const list = this.#lists.get(key)
    if (list === undefined) return undefined
    this.#lists.delete(key)
    this.#lists.set(key, list)
    return list
  }

  #change(key: string, change: (list: StretchList) => void): void {
    const list = this.#touch(key) ?? new StretchList()
    this.#lists.set(key, list)
    const before = list.sizeBytes
    change(list)
    this.#sizeBytes += list.sizeBytes - before
    if (list.sizeBytes === 0) this.#lists.delete(key)
    this.#forgetUnused()
  }

  #forgetUnused(): void {
    for (const [key, list] of this.#lists) {
      if (this.#sizeBytes <= (this.#options.maxBytes ?? MAX_BYTES)) return
      this.#sizeBytes -= list.sizeBytes
      this.#lists.delete(key)
    }
  }
}

function toKey({ streamArn, fragmentSelectorType }: Pick<RememberedQuery, 'streamArn' | 'fragmentSelectorType'>): string {
  return `${fragmentSelectorType} ${streamArn}`
}

interface Listed {
  readonly columns: FragmentColumns
  /** By server time, what is older can change no more. */
  readonly settledMs: EpochMs
  readonly askedMs: EpochMs
  readonly nowMs: EpochMs
}

/** What was listed, by how long it may be remembered. */
function toStretches({ fragmentSelectorType, range }: RememberedQuery, { columns, settledMs, askedMs, nowMs }: Listed): Stretch[] {
  if (fragmentSelectorType === 'PRODUCER_TIMESTAMP') return [{ range, columns, expiresAtMs: nowMs + PRODUCER_TTL_MS }]
  const closed = { startMs: range.startMs, endMs: Math.min(range.endMs, settledMs) }
  const openEndMs = range.endMs >= askedMs ? nowMs + OPEN_TTL_MS : range.endMs
  const open = { startMs: Math.max(range.startMs, settledMs + 1), endMs: openEndMs }
  return [
    { range: closed, columns: sliceColumns(columns, closed), expiresAtMs: Number.POSITIVE_INFINITY },
    { range: open, columns: sliceColumns(columns, open), expiresAtMs: nowMs + OPEN_TTL_MS },
  ].filter(({ range: { startMs, endMs } }) => endMs >= startMs)
}
