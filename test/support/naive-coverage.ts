import type { Coverage } from '../../src/domain/coverage.js'
import type { TimeRange } from '../../src/domain/time-range.js'

export interface NaiveRow {
  readonly startMs: number
  readonly lengthMs: number
  readonly sizeBytes: number
}

const LONGEST_FRAME_MS = 20_000

/** Coverage as the schema defines it, in quadratic time. `rows` are sorted. Rows before the range only shorten gaps. */
export function naiveCoverage(rows: readonly NaiveRow[], range: TimeRange, maxGapMs: number): Coverage {
  const endBefore = (row: number) => Math.max(Number.NEGATIVE_INFINITY, ...rows.slice(0, row).map(endOf))
  const restBefore = (row: number) => Math.max(0, startOf(row) - endBefore(row))
  const startOf = (row: number) => rows[row]?.startMs ?? Number.NaN
  /** The pauses around a row, 15 before and 15 after, without its own. The first row has none. */
  const around = (row: number) =>
    rows
      .map((_, other) => other)
      .filter((other) => other > 0 && other !== row && other > row - 16 && other < row + 16)
      .map(restBefore)
      .sort((a, b) => a - b)
  const medianAround = (row: number) => around(row)[around(row).length >> 1] ?? null
  const isGap = (row: number, restMs: number) => {
    const medianMs = medianAround(row)
    return restMs > maxGapMs && (medianMs === null || restMs > 2 * medianMs)
  }
  const frameBefore = (row: number) => {
    const usualMs = Math.min(medianAround(row) ?? 0, LONGEST_FRAME_MS)
    return row < rows.length ? Math.min(usualMs, restBefore(row)) : usualMs
  }
  const breaks = rows.map((_, row) => row).filter((row) => row > 0 && isGap(row, restBefore(row)))
  const first = rows.filter(({ startMs }) => startMs < range.startMs).length
  const borders = [first, ...breaks.filter((row) => row > first), rows.length]
  const spans = borders.slice(1).flatMap((to, index) => {
    const from = borders[index] ?? 0
    const held = rows.slice(from, to)
    if (held.length === 0) return []
    const endMs = Math.max(...held.map(endOf)) + frameBefore(to)
    return [{ range: { startMs: startOf(from), endMs }, fragmentCount: held.length, sizeBytes: sumOf(held), first: from }]
  })
  const gaps: TimeRange[] = []
  const addGap = (startMs: number, endMs: number, shortestMs: number) => {
    const gap = { startMs: Math.max(startMs, range.startMs), endMs: Math.min(endMs, range.endMs) }
    if (gap.endMs - gap.startMs > shortestMs) gaps.push(gap)
  }
  const firstMs = Math.min(rows[0]?.startMs ?? range.endMs, range.endMs)
  if (isGap(0, firstMs - range.startMs)) addGap(range.startMs, firstMs, maxGapMs)
  for (const row of breaks) {
    const isCut = startOf(row) > range.endMs || endBefore(row) < range.startMs
    addGap(endBefore(row) + frameBefore(row), startOf(row), isCut ? maxGapMs : 0)
  }
  const lastMs = endBefore(rows.length)
  if (rows.length > 0 && isGap(rows.length, range.endMs - Math.max(lastMs, range.startMs))) {
    addGap(lastMs + frameBefore(rows.length), range.endMs, maxGapMs)
  }
  const inside = rows.slice(first)
  const durationMs = spans.reduce((sum, span) => sum + span.range.endMs - span.range.startMs, 0)
  return { spans, gaps, fragmentCount: inside.length, sizeBytes: sumOf(inside), durationMs }
}

function endOf({ startMs, lengthMs }: NaiveRow): number {
  return startMs + lengthMs
}

function sumOf(rows: readonly NaiveRow[]): number {
  return rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
