import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_DIGITS = 10
/** 43 digits of base 62 hold 256 bits. */
const SECRET_DIGITS = 43
const CHECKSUM_DIGITS = 6
const KEY = /^cgk_(?<id>[0-9A-Za-z]{10})_(?<secret>[0-9A-Za-z]{43})(?<checksum>[0-9A-Za-z]{6})$/
export const API_KEY_ID = /^[0-9A-Za-z]{10}$/

export interface NewApiKey {
  readonly id: string
  /** `cgk_ID_SECRET`. SECRET ends with a checksum, by which scanners recognize a leaked key. */
  readonly key: string
}

export function createApiKey(): NewApiKey {
  const id = randomDigits(ID_DIGITS)
  const body = `cgk_${id}_${randomDigits(SECRET_DIGITS)}`
  return { id, key: body + checksumOf(body) }
}

/** The ID of the key. Null for text that is not an API key. */
export function parseApiKey(text: string): string | null {
  const groups = KEY.exec(text)?.groups
  if (groups?.id === undefined || groups.checksum !== checksumOf(text.slice(0, -CHECKSUM_DIGITS))) return null
  return groups.id
}

/** A key has 256 random bits, so a fast hash is sufficient. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function randomDigits(count: number): string {
  return Array.from({ length: count }, () => DIGITS.charAt(randomInt(DIGITS.length))).join('')
}

function checksumOf(body: string): string {
  const digits: string[] = []
  for (let rest = crc32(body); digits.length < CHECKSUM_DIGITS; rest = Math.floor(rest / DIGITS.length))
    digits.unshift(DIGITS.charAt(rest % DIGITS.length))
  return digits.join('')
}
