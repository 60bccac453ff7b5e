import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import type { FragmentRange } from '../archive/archive.js'
import type { FragmentCursor } from '../archive/fragment-index.js'

/** Where a list goes on, and the query it belongs to. */
export interface FragmentPage {
  readonly streamId: number
  readonly range: FragmentRange
  readonly after: FragmentCursor
}

/** How long a list may be paged through: an hour from its last page. */
const LIFETIME_MS = 3_600_000
const FORM = 'kvs1'
const SEAL_BYTES = 16
/** Of this process: a restart ends the lists that are being paged through. */
const key = randomBytes(32)

/** Base64 without URL characters, as the model's pattern has it. */
export function sealPage({ streamId, range, after }: FragmentPage, now: EpochMs): string {
  const fields = [FORM, streamId, range.clock, range.startMs, range.endMs, after.timestampMs, after.sequence, now + LIFETIME_MS]
  const text = Buffer.from(fields.join(' '))
  return Buffer.concat([seal(text), text]).toString('base64')
}

/** Null for what this server did not seal, or too long ago. */
export function openPage(token: string, now: EpochMs): FragmentPage | null {
  const bytes = Buffer.from(token, 'base64')
  const text = bytes.subarray(SEAL_BYTES)
  if (bytes.length <= SEAL_BYTES || !timingSafeEqual(seal(text), bytes.subarray(0, SEAL_BYTES))) return null
  const [, streamId, clock, ...numbers] = text.toString().split(' ')
  // In the order in which `sealPage` has them.
  const numberAt = (index: number) => Number(at(numbers, index))
  if (numberAt(4) < now) return null
  const range: FragmentRange = { clock: clock === 'producer' ? 'producer' : 'server', startMs: numberAt(0), endMs: numberAt(1) }
  return { streamId: Number(streamId), range, after: { timestampMs: numberAt(2), sequence: numberAt(3) } }
}

function seal(text: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest().subarray(0, SEAL_BYTES)
}
