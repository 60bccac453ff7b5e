// Sealed texts that a client carries for us: the token of a URL, which may be opened until it expires, and the id of a clip, which
// names the clip but opens nothing. AES-SIV (RFC 5297) needs no nonce, so that the same clip has the same id, and within a quarter of
// its lifetime the same URL, on every gateway; its tag covers every byte. Each secret gives two keys by HKDF (RFC 5869), so that neither kind of text can stand for the other.

import { hkdfSync } from 'node:crypto'
import { aessiv } from '@noble/ciphers/aes.js'
import { LRUCache } from 'lru-cache'
import type { EpochMs } from '../../lib/clock.js'
import { type ClipSpec, readClipSpec, writeClipSpec } from './clip-spec.js'
import { CompactReader, CompactWriter } from './compact-bytes.js'
import { toExpiry } from './url-window.js'

/** What is sealed now. Version 1 is still opened: its ids hold no lifetime, its URLs their expiry in place of issue time and lifetime. */
const VERSION = 2
const VERSIONS = [1, VERSION]
const KEY_ID_BYTES = 4
const HEADER_BYTES = 1 + KEY_ID_BYTES
const TAG_BYTES = 16
/** More than any text of ours has; whatever is longer is not looked at. */
const MAX_TEXT_LENGTH = 2000
const SALT = 'clipgate'
/** Who asked for a URL opens it next, and a player asks for range after range by it; opening it is a tenth of what a range costs. */
const OPENED_URLS_KEPT = 1000

type Purpose = 'url' | 'id'

interface SealingKeys {
  readonly keyId: Uint8Array
  readonly url: Uint8Array
  readonly id: Uint8Array
}

export interface OpenedUrl {
  readonly spec: ClipSpec
  readonly expiresAtMs: EpochMs
}

export interface OpenedId {
  readonly spec: ClipSpec
  /** How long the clip's URLs are to open; null in an id of version 1, which does not say. */
  readonly lifetimeSeconds: number | null
}

/** When a URL was given out, and for how long. */
export interface UrlIssue {
  readonly issuedAtMs: EpochMs
  readonly lifetimeSeconds: number
}

export class ClipSealer {
  readonly #newest: SealingKeys
  readonly #all: readonly SealingKeys[]
  readonly #openedUrls = new LRUCache<string, OpenedUrl>({ max: OPENED_URLS_KEPT })

  /** @param secrets newest first: the first seals, all open. */
  constructor(secrets: readonly string[]) {
    const [newest, ...older] = secrets.map(toKeys)
    if (newest === undefined) throw new RangeError('a clip sealer needs at least one secret, none was given')
    this.#newest = newest
    this.#all = [newest, ...older]
  }

  sealUrl(spec: ClipSpec, { issuedAtMs, lifetimeSeconds }: UrlIssue): string {
    const token = this.#seal('url', writeClipSpec(new CompactWriter().number(issuedAtMs).number(lifetimeSeconds), spec))
    this.#openedUrls.set(token, { spec, expiresAtMs: toExpiry(issuedAtMs, lifetimeSeconds) })
    return token
  }

  /** Null when the text is not a URL token of ours. Whether it has expired is for the caller to say. */
  openUrl(token: string): OpenedUrl | null {
    const known = this.#openedUrls.get(token)
    if (known !== undefined) return known
    const opened = this.#open('url', token, readUrl)
    if (opened !== null) this.#openedUrls.set(token, opened)
    return opened
  }

  sealId(spec: ClipSpec, lifetimeSeconds: number): string {
    return this.#seal('id', writeClipSpec(new CompactWriter().number(lifetimeSeconds), spec))
  }

  /** Null when the text is not an id of ours. */
  openId(id: string): OpenedId | null {
    return this.#open('id', id, readId)
  }

  #seal(purpose: Purpose, content: CompactWriter): string {
    const keys = this.#newest
    const header = Uint8Array.of(VERSION, ...keys.keyId)
    const sealed = aessiv(keys[purpose], header).encrypt(content.finish())
    return Buffer.concat([header, sealed]).toString('base64url')
  }

  #open<T>(purpose: Purpose, text: string, read: ReadContent<T>): T | null {
    const bytes = toBytes(text)
    if (bytes === null) return null
    const header = bytes.subarray(0, HEADER_BYTES)
    const known = this.#all.find(({ keyId }) => Buffer.compare(keyId, header.subarray(1)) === 0)
    try {
      // An unknown key id costs the same work as a known one, so that nobody learns by the clock which ids there are.
      const content = aessiv((known ?? this.#newest)[purpose], header).decrypt(bytes.subarray(HEADER_BYTES))
      return readWhole(content, (reader) => read(reader, header[0] ?? VERSION))
    } catch {
      // The cipher says nothing but "no", and there is nothing to add: the text is not ours.
      return null
    }
  }
}

type ReadContent<T> = (reader: CompactReader, version: number) => T

function readUrl(reader: CompactReader, version: number): OpenedUrl {
  if (version === 1) {
    const expiresAtMs = reader.number() * 1000
    return { expiresAtMs, spec: readClipSpec(reader) }
  }
  const issuedAtMs = reader.number()
  const lifetimeSeconds = reader.number()
  return { expiresAtMs: toExpiry(issuedAtMs, lifetimeSeconds), spec: readClipSpec(reader) }
}

function readId(reader: CompactReader, version: number): OpenedId {
  const lifetimeSeconds = version === 1 ? null : reader.number()
  return { lifetimeSeconds, spec: readClipSpec(reader) }
}

function readWhole<T>(content: Uint8Array, read: (reader: CompactReader) => T): T {
  const reader = new CompactReader(content)
  const value = read(reader)
  reader.end()
  return value
}

/** Null for what no sealer writes or wrote. Only the one spelling of the bytes is taken: base64url has several. */
function toBytes(text: string): Uint8Array | null {
  if (text.length > MAX_TEXT_LENGTH) return null
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.byteLength < HEADER_BYTES + TAG_BYTES || !VERSIONS.includes(bytes[0] ?? 0)) return null
  return bytes.toString('base64url') === text ? bytes : null
}

function toKeys(secret: string): SealingKeys {
  return { keyId: derive(secret, 'key id', KEY_ID_BYTES), url: derive(secret, 'clip url', 64), id: derive(secret, 'clip id', 64) }
}

function derive(secret: string, purpose: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, SALT, purpose, length))
}
