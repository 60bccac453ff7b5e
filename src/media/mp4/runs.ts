import { ROWS_PER_STEP, type Steps } from '../steps.js'
import type { DurationRuns, SampleColumns } from './movie.js'

/** Collects `counts[i]` times `values[i]`, joining neighbours of one value: the form of `stts`, `ctts` and `stsc`. */
export class RunBuilder {
  private counts = new Uint32Array(16)
  private values = new Uint32Array(16)
  private used = 0

  get length(): number {
    return this.used
  }

  add(count: number, value: number): void {
    if (count === 0) return
    if (this.used > 0 && this.values[this.used - 1] === value) {
      this.counts[this.used - 1] = (this.counts[this.used - 1] ?? 0) + count
      return
    }
    if (this.used === this.counts.length) this.grow()
    this.counts[this.used] = count
    this.values[this.used] = value
    this.used += 1
  }

  /** Takes the last run away and gives it back; null when there is none. */
  pop(): { readonly count: number; readonly value: number } | null {
    if (this.used === 0) return null
    this.used -= 1
    return { count: this.counts[this.used] ?? 0, value: this.values[this.used] ?? 0 }
  }

  build(): DurationRuns {
    return { counts: this.counts.slice(0, this.used), values: this.values.slice(0, this.used) }
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
export function* columnToRuns(column: Uint32Array): Steps<DurationRuns> {
  const builder = new RunBuilder()
  for (let index = 0; index < column.length; index += 1) {
    builder.add(1, column[index] ?? 0)
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return builder.build()
}

export function* durationsToRuns({ durations, count }: SampleColumns): Steps<DurationRuns> {
  if (durations instanceof Uint32Array) return yield* columnToRuns(durations)
  if (typeof durations !== 'number') return durations
  if (count === 0) return { counts: new Uint32Array(0), values: new Uint32Array(0) }
  return { counts: Uint32Array.of(count), values: Uint32Array.of(durations) }
}

/** A single run is a bare number: the shortest form of a column. */
export function runsToDurations(runs: DurationRuns): DurationRuns | number {
  return runs.counts.length === 1 ? (runs.values[0] ?? 0) : runs
}

/** Samples [from, to) of a durations column. Shares memory where it can. */
export function sliceDurations(durations: SampleColumns['durations'], from: number, to: number): SampleColumns['durations'] {
  if (typeof durations === 'number') return durations
  if (durations instanceof Uint32Array) return durations.subarray(from, to)
  const sliced = new RunBuilder()
  let first = 0
  for (let run = 0; run < durations.counts.length && first < to; run += 1) {
    const next = first + (durations.counts[run] ?? 0)
    sliced.add(Math.max(Math.min(next, to) - Math.max(first, from), 0), durations.values[run] ?? 0)
    first = next
  }
  return runsToDurations(sliced.build())
}

/** Ticks from the first sample's decode time to the end of the last. */
export function totalTicks({ durations, count }: SampleColumns): number {
  if (typeof durations === 'number') return durations * count
  let total = 0
  if (durations instanceof Uint32Array) {
    for (let index = 0; index < durations.length; index += 1) total += durations[index] ?? 0
    return total
  }
  for (let index = 0; index < durations.counts.length; index += 1) total += (durations.counts[index] ?? 0) * (durations.values[index] ?? 0)
  return total
}
