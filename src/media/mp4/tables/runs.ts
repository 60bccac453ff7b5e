import type { Column, Runs } from '../movie.js'
import { concatColumns, narrow, rowAt } from './columns.js'

/** A full page is stored narrow. A movie of a day has millions of runs, and most of their numbers fit into one byte. */
const PAGE_RUNS = 8192

export interface Run {
  readonly count: number
  readonly value: number
}

/** Collects runs and merges neighbours of equal value: the form of `stts`, `ctts` and `stsc`. */
export class RunBuilder {
  readonly #pages: Runs[] = []
  /** The open page: the runs after the full pages, except for the last run. */
  readonly #counts = new Uint32Array(PAGE_RUNS)
  readonly #values = new Uint32Array(PAGE_RUNS)
  #used = 0
  /** The last run, which may still grow. Its count is 0 if there is no run. */
  #count = 0
  #value = 0

  get length(): number {
    return this.#pages.length * PAGE_RUNS + this.#used + (this.#count > 0 ? 1 : 0)
  }

  add(count: number, value: number): void {
    if (count === 0) return
    if (this.#count > 0 && this.#value === value) {
      this.#count += count
      return
    }
    if (this.#count > 0) this.#store()
    this.#count = count
    this.#value = value
  }

  /** Removes the last run; null if there is none. */
  pop(): Run | null {
    if (this.#count === 0) return null
    const last = { count: this.#count, value: this.#value }
    if (this.#used === 0) this.#turnBack()
    const isEmpty = this.#used === 0
    if (!isEmpty) this.#used -= 1
    this.#count = isEmpty ? 0 : rowAt(this.#counts, this.#used)
    this.#value = isEmpty ? 0 : rowAt(this.#values, this.#used)
    return last
  }

  /** Adds to the value of the last row. Returns its new value; null if there is no row. */
  raiseLast(amount: number): number | null {
    const last = this.pop()
    if (last === null) return null
    this.add(last.count - 1, last.value)
    this.add(1, last.value + amount)
    return last.value + amount
  }

  /** All runs, in as few bytes as the largest numbers need. */
  build(): Runs {
    const pages = [...this.#pages, this.#openPage(), runOf(this.#count, this.#value)]
    return { counts: concatColumns(pages.map(({ counts }) => counts)), values: concatColumns(pages.map(({ values }) => values)) }
  }

  #store(): void {
    if (this.#used === PAGE_RUNS) {
      this.#pages.push(this.#openPage())
      this.#used = 0
    }
    this.#counts[this.#used] = this.#count
    this.#values[this.#used] = this.#value
    this.#used += 1
  }

  #openPage(): Runs {
    return { counts: narrow(this.#counts.subarray(0, this.#used)), values: narrow(this.#values.subarray(0, this.#used)) }
  }

  #turnBack(): void {
    const page = this.#pages.pop()
    if (page === undefined) return
    this.#counts.set(page.counts)
    this.#values.set(page.values)
    this.#used = PAGE_RUNS
  }
}

/** One run; none if `count` is 0. */
export function runOf(count: number, value: number): Runs {
  return { counts: narrow(count === 0 ? [] : [count]), values: narrow(count === 0 ? [] : [value]) }
}

/** The runs of a column that has a row for each sample. */
export function toRuns(rows: Iterable<number>): Runs {
  const builder = new RunBuilder()
  for (const value of rows) builder.add(1, value)
  return builder.build()
}

/** The runs of the samples [from, to). Shares the values. */
export function sliceRuns({ counts, values }: Runs, from: number, to: number): Runs {
  if (from >= to) return runOf(0, 0)
  const [first, last] = [runAt(counts, from), runAt(counts, to - 1)]
  const kept: Column = counts.slice(first.run, last.run + 1)
  kept[0] = Math.min(first.end, to) - from
  if (last.run > first.run) kept[kept.length - 1] = to - last.start
  return { counts: kept, values: values.subarray(first.run, last.run + 1) }
}

/** The run of the sample: its index, and which samples [start, end) are in it. */
function runAt(counts: Column, sample: number): { readonly run: number; readonly start: number; readonly end: number } {
  let start = 0
  let run = 0
  for (const count of counts) {
    const end = start + count
    if (sample < end) return { run, start, end }
    start = end
    run += 1
  }
  throw new RangeError(`no sample ${sample} (the runs have ${start})`)
}

/** Returns the value of the next sample at each call. Throws RangeError after the last one. */
export function readRuns({ counts, values }: Runs): () => number {
  let run = 0
  let left = 0
  let value = 0
  return () => {
    while (left === 0) {
      left = rowAt(counts, run)
      value = rowAt(values, run)
      run += 1
    }
    left -= 1
    return value
  }
}

/** Sum of the values of all samples. For durations: ticks from the first decoding time to the end of the last sample. */
export function sumRuns({ counts, values }: Runs): number {
  let total = 0
  for (let run = 0; run < counts.length; run += 1) total += rowAt(counts, run) * rowAt(values, run)
  return total
}
