import { LRUCache } from 'lru-cache'
import { type FragmentColumns, sliceColumns, toFragmentColumns } from '../domain/fragment-columns.js'
import type { TimeRange } from '../domain/time-range.js'
import { type FootageQuery, type FragmentLister, TooManyFragments } from '../kvs/ports.js'
import type { Clock, EpochMs } from '../lib/clock.js'
import { Semaphore } from '../lib/semaphore.js'
import { SingleFlight } from '../lib/single-flight.js'
import { type Stretch, StretchList } from './stretch-list.js'

/**
 * By server time, a stretch of this age is closed. A fragment is listed about a second after its last byte. It has at most 20 s of footage,
 * but its connection may be slower than real time; an upload ends after 30 s without a byte. Younger stretches are listed again, for about
 * 100 quota points.
 */
const SETTLING_MS = 120_000
/**
 * How long a stretch that is not closed is remembered. Listing lags by about as much. A listing up to the present also covers this time after
 * it. Otherwise each request up to the present would list the few milliseconds since the one before.
 */
const OPEN_TTL_MS = 1000
/** A producer may send footage of any time at any moment. */
const PRODUCER_TTL_MS = 30_000
/**
 * The longest listing: a day, and what may extend into it. The quota counts the requested rows. A listing requests full pages, so it wastes
 * less than one page, and a long listing wastes no more than a short one. Each day of a longer range is remembered by itself, even if the
 * request times out before the end.
 */
const WINDOW_MS = 24 * 3_600_000 + 60_000
/** Rows of one listing, held as objects: more than a day at one fragment a second. If there are more, the window is halved. */
const MAX_ROWS_PER_WINDOW = 100_000
const LISTINGS_AT_ONCE = 6
const MAX_BYTES = 64 * 1024 * 1024

export interface FragmentMemoryOptions {
  readonly fragments: FragmentLister
  readonly clock: Clock
  /** The least recently used streams beyond this are forgotten. */
  readonly maxBytes?: number
}

/** A cache of listings by time. Callers share the listing of a stretch, and closed stretches are listed once. */
export class FragmentMemory {
  /** By stream and clock. */
  readonly #lists: LRUCache<string, StretchList>
  readonly #flights = new SingleFlight<readonly Stretch[]>()
  readonly #underWay = new Map<string, Set<TimeRange>>()
  readonly #listings = new Semaphore(LISTINGS_AT_ONCE)

  constructor(private readonly options: FragmentMemoryOptions) {
    this.#lists = new LRUCache({ maxSize: options.maxBytes ?? MAX_BYTES, sizeCalculation: ({ sizeBytes }) => sizeBytes })
  }

  get sizeBytes(): number {
    return this.#lists.calculatedSize
  }

  /**
   * Returns the fragments that start in the range, in consecutive parts that are views of the memory. Fragments that were listed before an error are remembered. @throws the errors of
   * ListFragments
   */
  async read(query: FootageQuery, signal: AbortSignal): Promise<readonly FragmentColumns[]> {
    const parts: FragmentColumns[] = []
    const { endMs } = query.range
    let windowMs = WINDOW_MS
    for (let startMs = query.range.startMs; startMs <= endMs; ) {
      const window = { startMs, endMs: Math.min(endMs, startMs + windowMs) }
      const stretches = await this.#stretchesAt({ ...query, range: window }, signal)
      if (stretches === null) {
        windowMs = Math.floor((window.endMs - window.startMs) / 2)
        continue
      }
      for (const { columns, range } of stretches) {
        if (range.endMs < startMs || startMs > endMs) continue
        parts.push(sliceColumns(columns, { startMs, endMs }))
        startMs = range.endMs + 1
      }
    }
    return parts
  }

  forgetBefore(streamArn: string, instantMs: EpochMs): void {
    this.#change(toKey({ streamArn, fragmentSelectorType: 'SERVER_TIMESTAMP' }), (list) => list.forgetBefore(instantMs))
  }

  /**
   * Returns stretches from the start of the window on. They are cached, in flight or listed now. Null if the window has too many fragments.
   */
  async #stretchesAt(query: FootageQuery, signal: AbortSignal): Promise<readonly Stretch[] | null> {
    const key = toKey(query)
    const nowMs = this.options.clock.now()
    const { startMs } = query.range
    const list = this.#lists.get(key)
    const known = list?.find(startMs, nowMs)
    if (known) return [known]
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

  /** The window, cut where the next stretch is remembered or in flight. */
  #toMissing(key: string, { startMs, endMs }: TimeRange, knownFromMs = Number.POSITIVE_INFINITY): TimeRange {
    const ahead = [...(this.#underWay.get(key) ?? [])].map((range) => range.startMs).filter((ms) => ms > startMs)
    return { startMs, endMs: Math.min(endMs, knownFromMs - 1, ...ahead.map((ms) => ms - 1)) }
  }

  async #list(key: string, query: FootageQuery, signal: AbortSignal): Promise<readonly Stretch[]> {
    const underWay = this.#underWay.get(key) ?? new Set()
    this.#underWay.set(key, underWay.add(query.range))
    try {
      return await this.#listings.run(() => this.#listNow(key, query, signal), signal)
    } finally {
      underWay.delete(query.range)
      if (underWay.size === 0 && this.#underWay.get(key) === underWay) this.#underWay.delete(key)
    }
  }

  async #listNow(key: string, query: FootageQuery, signal: AbortSignal): Promise<readonly Stretch[]> {
    const { clock, fragments } = this.options
    const settledMs = clock.now() - SETTLING_MS
    // The last millisecond of time cannot be halved.
    const limit = query.range.endMs > query.range.startMs ? { atMost: MAX_ROWS_PER_WINDOW } : {}
    const rows = await fragments.list({ ...query, ...limit }, signal)
    const columns = toFragmentColumns(rows, query.fragmentSelectorType)
    const nowMs = clock.now()
    const stretches = toStretches(query, { columns, settledMs, nowMs })
    for (const stretch of stretches) this.#change(key, (list) => list.add(stretch, nowMs))
    return stretches
  }

  #change(key: string, change: (list: StretchList) => void): void {
    const list = this.#lists.get(key) ?? new StretchList()
    change(list)
    // The cache takes the size of an entry when it is added.
    this.#lists.delete(key)
    if (list.sizeBytes > 0) this.#lists.set(key, list)
  }
}

function toKey({ streamArn, fragmentSelectorType }: Pick<FootageQuery, 'streamArn' | 'fragmentSelectorType'>): string {
  return `${fragmentSelectorType} ${streamArn}`
}

interface Listed {
  readonly columns: FragmentColumns
  /** By server time, older footage is closed. */
  readonly settledMs: EpochMs
  readonly nowMs: EpochMs
}

/** Divides the listed range by how long each stretch may be remembered. */
function toStretches({ fragmentSelectorType, range }: FootageQuery, { columns, settledMs, nowMs }: Listed): Stretch[] {
  const toStretch = (stretch: TimeRange, expiresAtMs: EpochMs) => {
    return { range: stretch, columns: sliceColumns(columns, stretch), expiresAtMs }
  }
  if (fragmentSelectorType === 'PRODUCER_TIMESTAMP') return [toStretch(range, nowMs + PRODUCER_TTL_MS)]
  const closed = { startMs: range.startMs, endMs: Math.min(range.endMs, settledMs) }
  // A listing may have waited for others, so the present is a little later than its end.
  const openUntilMs = Math.min(range.endMs, nowMs) + OPEN_TTL_MS
  const isPresent = openUntilMs > nowMs
  const open = { startMs: Math.max(range.startMs, settledMs + 1), endMs: isPresent ? Math.max(range.endMs, openUntilMs) : range.endMs }
  return [toStretch(closed, Number.POSITIVE_INFINITY), toStretch(open, isPresent ? openUntilMs : nowMs + OPEN_TTL_MS)].filter(
    ({ range: { startMs, endMs } }) => endMs >= startMs,
  )
}
