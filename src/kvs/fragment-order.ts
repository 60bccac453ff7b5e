import type { FragmentSelectorType } from '../domain/time-range.js'
import type { FragmentInfo } from './ports.js'

/** In order of the selector's timestamp, then of number; each number once. KVS promises no order, not even across pages (kvs facts, 3.3). */
export function sortFragments(fragments: readonly FragmentInfo[], selector: FragmentSelectorType): readonly FragmentInfo[] {
  const byNumber = new Map(fragments.map((fragment) => [fragment.fragmentNumber, fragment]))
  const time = selector === 'PRODUCER_TIMESTAMP' ? producerTime : serverTime
  return [...byNumber.values()].sort((a, b) => time(a) - time(b) || compareNumbers(a.fragmentNumber, b.fragmentNumber))
}

/** Decimal digits as numbers: of 47 digits in practice, too long for a number of JavaScript. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [withoutZeros(a), withoutZeros(b)]
  if (left.length !== right.length) return left.length - right.length
  if (left === right) return 0
  return left < right ? -1 : 1
}

function withoutZeros(digits: string): string {
  return digits.startsWith('0') ? digits.replace(/^0+(?=\d)/, '') : digits
}

function producerTime({ producerTimestampMs }: FragmentInfo): number {
  return producerTimestampMs
}

function serverTime({ serverTimestampMs }: FragmentInfo): number {
  return serverTimestampMs
}
