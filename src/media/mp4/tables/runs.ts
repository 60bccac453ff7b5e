import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Column, Runs, SampleColumns } from '../movie.js'
import { concatColumns, narrow } from './columns.js'

/** A full page is kept narrow: a movie of a day has millions of runs, and most of their numbers fit into a byte. */
const PAGE_RUNS = 8192

/** Collects `counts[i]` times `values[i]`, joining neighbours of one value: the form of `stts`, `ctts` and `stsc`. */
export class RunBuilder {
  private readonly pages: Runs[] = []
  /** The page that is being filled. Never empty once there is a run in any. */
  private counts = new Uint32Array(16)
  private values = new Uint32Array(16)
  private used = 0

  get length(): number {
    return this.pages.length * PAGE_RUNS + this.used
  }

  add(count: number, value: number): void {
    if (count === 0) return
    if (this.used > 0 && this.values[this.used - 1] === value) {
      this.counts[this.used - 1] = (this.counts[this.used - 1] ?? 0) + count
      return
    }
    if (this.used === PAGE_RUNS) this.turnPage()
    if (this.used === this.counts.length) this.grow()
    this.counts[this.used] = count
    this.values[this.used] = value
    this.used += 1
  }

  /** Takes the last run away and gives it back; null when there is none. */
  pop(): { readonly count: number; readonly value: number } | null {
    if (this.used === 0) return null
    this.used -= 1
    const last = { count: this.counts[this.used] ?? 0, value: this.values[this.used] ?? 0 }
    if (this.used === 0) this.turnBack()
    return last
  }

  build(): { readonly counts: Uint32Array; readonly values: Uint32Array } {
    const { counts, values } = this.buildNarrow()
    return { counts: new Uint32Array(counts), values: new Uint32Array(values) }
  }

  /** In as few bytes as the largest numbers need. */
  buildNarrow(): Runs {
    const pages = [...this.pages, this.openPage()]
    return { counts: concatColumns(pages.map(({ counts }) => counts)), values: concatColumns(pages.map(({ values }) => values)) }
  }

  private openPage(): Runs {
    return { counts: narrow(this.counts.subarray(0, this.used)), values: narrow(this.values.subarray(0, this.used)) }
  }

  private turnPage(): void {
    this.pages.push(this.openPage())
    this.used = 0
  }

  private turnBack(): void {
    const page = this.pages.pop()
    if (page === undefined) return
    this.counts.set(page.counts)
    this.values.set(page.values)
    this.used = PAGE_RUNS
  }

  private grow(): void {
    const counts = new Uint32Array(this.used * 2)
    const values = new Uint32Array(this.used * 2)
    counts.set(this.counts)
    values.set(this.values)
    this.counts = counts
    this.values = values
  }
}

/** The runs of a column that has a row for each sample. */
export function* columnToRuns(column: Column): Steps<Runs> {
  const builder = new RunBuilder()
  let first = 0
  for (let index = 0; index < column.length; index += 1) {
    if (column[index] !== column[first]) {
      builder.add(index - first, column[first] ?? 0)
      first = index
    }
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  builder.add(column.length - first, column[first] ?? 0)
  return builder.buildNarrow()
}

export function* durationsToRuns({ durations, count }: Pick<SampleColumns, 'durations' | 'count'>): Steps<Runs> {
  if (durations instanceof Uint32Array) return yield* columnToRuns(durations)
  if (typeof durations !== 'number') return durations
  return { counts: narrow(count === 0 ? [] : [count]), values: narrow(count === 0 ? [] : [durations]) }
}

/** A single run is a bare number: the shortest form of a column. */
export function runsToDurations<Some extends Runs>(runs: Some): Some | number {
  return runs.counts.length === 1 ? (runs.values[0] ?? 0) : runs
}

/** What the runs say of the samples [from, to). Shares the values. */
export function sliceRuns({ counts, values }: Runs, from: number, to: number): Runs {
  let run = 0
  let next = 0
  for (; run < counts.length && next + (counts[run] ?? 0) <= from; run += 1) next += counts[run] ?? 0
  const [first, skipped] = [run, from - next]
  for (; run < counts.length && next < to; run += 1) next += counts[run] ?? 0
  const kept = counts.slice(first, run)
  const last = kept.length - 1
  if (last >= 0) {
    kept[0] = (kept[0] ?? 0) - skipped
    kept[last] = (kept[last] ?? 0) - Math.max(next - to, 0)
  }
  return { counts: kept, values: values.subarray(first, run) }
}

/** A sample's number at each call, one sample after the other, whatever form the column has. */
export function readRows(rows: Column | Runs | number): () => number {
  if (typeof rows === 'number') return () => rows
  let index = 0
  if (!('counts' in rows)) return () => rows[index++] ?? 0
  const { counts, values } = rows
  let left = counts[0] ?? Number.POSITIVE_INFINITY
  return () => {
    while (left === 0) {
      index += 1
      left = counts[index] ?? Number.POSITIVE_INFINITY
    }
    left -= 1
    return values[index] ?? 0
  }
}

/** Ticks from the first sample's decode time to the end of the last. */
export function totalTicks({ durations, count }: Pick<SampleColumns, 'durations' | 'count'>): number {
  if (typeof durations === 'number') return durations * count
  let total = 0
  if (durations instanceof Uint32Array) {
    for (let index = 0; index < durations.length; index += 1) total += durations[index] ?? 0
    return total
  }
  for (let index = 0; index < durations.counts.length; index += 1) total += (durations.counts[index] ?? 0) * (durations.values[index] ?? 0)
  return total
}
