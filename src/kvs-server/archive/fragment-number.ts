import type { EpochMs } from '../../lib/clock.js'

/**
 * A fragment number is `2^156 + sequence * 2^92 + serverTimestampMs * 2^28 + nonce`: the structure observed in six real numbers of 47
 * digits. Within a stream `sequence` alone orders the numbers, and the index stores it.
 */
export interface FragmentNumberParts {
  /** Strictly increasing within a stream, by one within a session. */
  readonly sequence: number
  readonly serverTimestampMs: EpochMs
  /** 28 random-looking bits. */
  readonly nonce: number
}

const BASE = 1n << 156n
const SEQUENCE_SHIFT = 92n
const SERVER_TIMESTAMP_SHIFT = 28n
const SERVER_TIMESTAMP_MASK = (1n << 64n) - 1n
const NONCE_MASK = (1n << 28n) - 1n
export const NONCE_LIMIT = 2 ** 28

export function formatFragmentNumber({ sequence, serverTimestampMs, nonce }: FragmentNumberParts): string {
  const number = BASE + (BigInt(sequence) << SEQUENCE_SHIFT) + (BigInt(serverTimestampMs) << SERVER_TIMESTAMP_SHIFT) + BigInt(nonce)
  return number.toString()
}

/** Null for digits that are not such a number. */
export function parseFragmentNumber(digits: string): FragmentNumberParts | null {
  if (!/^\d{47}$/.test(digits)) return null
  const number = BigInt(digits) - BASE
  if (number < 0n) return null
  const sequence = Number(number >> SEQUENCE_SHIFT)
  const serverTimestampMs = Number((number >> SERVER_TIMESTAMP_SHIFT) & SERVER_TIMESTAMP_MASK)
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(serverTimestampMs)) return null
  return { sequence, serverTimestampMs, nonce: Number(number & NONCE_MASK) }
}
