// Seals the tokens that clients keep. A URL token opens a clip until it expires. A clip ID names a clip but opens nothing. AES-SIV (RFC
// 5297) needs no nonce, so a clip has the same ID on every gateway, and the same URL within a quarter of its lifetime. Each secret gives
// two keys by HKDF (RFC 5869), so that a token of one kind cannot replace one of the other kind.

import { hkdfSync } from 'node:crypto'
import { aessiv } from '@noble/ciphers/aes.js'
import type { EpochMs } from '../../lib/clock.js'
import { type ClipSpec, readClipSpec, writeClipSpec } from './clip-spec.js'
import { CompactReader, CompactWriter } from './compact-bytes.js'
import { toExpiry } from './signed-url.js'

/**
 * Version 3 is a URL that was given to a principal. Everything else has version 2, because another version would give a clip another ID and URL.
 * Version 1 can still be opened: its IDs have no lifetime, and its URLs have an expiry instead of an issue time and a lifetime.
 */
const VERSION = 2
const PRINCIPAL_VERSION = 3
const VERSIONS = [1, VERSION, PRINCIPAL_VERSION]
const KEY_ID_BYTES = 4
const HEADER_BYTES = 1 + KEY_ID_BYTES
const TAG_BYTES = 16
/** Longer than any sealed text. A longer text is refused without decoding it. */
const MAX_TEXT_LENGTH = 2000
const SALT = 'clipgate'

type Purpose = 'url' | 'id'

interface SealingKeys {
  readonly keyId: Uint8Array
  readonly url: Uint8Array
  readonly id: Uint8Array
}

export interface OpenedUrl {
  readonly spec: ClipSpec
  readonly expiresAtMs: EpochMs
  /** 0 in a URL of version 1, so that every revocation covers it. */
  readonly issuedAtMs: EpochMs
  /** Whom the URL was given to. Empty for anonymous. */
  readonly principal: string
}

export interface OpenedId {
  readonly spec: ClipSpec
  /** The lifetime of the clip's URLs. Null in an ID of version 1. */
  readonly lifetimeSeconds: number | null
}

export interface UrlIssue {
  readonly principal: string
  readonly issuedAtMs: EpochMs
  readonly lifetimeSeconds: number
}

export class ClipSealer {
  readonly #newest: SealingKeys
  readonly #all: readonly SealingKeys[]

  /** @param secrets newest first; the newest seals, and all open */
  constructor(secrets: readonly string[]) {
    const [newest, ...older] = secrets.map(toKeys)
    if (newest === undefined) throw new RangeError('a clip sealer needs at least one secret, none was given')
    this.#newest = newest
    this.#all = [newest, ...older]
  }

  sealUrl(spec: ClipSpec, { principal, issuedAtMs, lifetimeSeconds }: UrlIssue): string {
    const isOfPrincipal = principal !== ''
    const content = isOfPrincipal ? new CompactWriter().text(principal) : new CompactWriter()
    const version = isOfPrincipal ? PRINCIPAL_VERSION : VERSION
    return this.#seal('url', writeClipSpec(content.number(issuedAtMs).number(lifetimeSeconds), spec), version)
  }

  /** Null if the text is not a URL token of this gateway. The caller checks whether it has expired. */
  openUrl(token: string): OpenedUrl | null {
    return this.#open('url', token, readUrl)
  }

  sealId(spec: ClipSpec, lifetimeSeconds: number): string {
    return this.#seal('id', writeClipSpec(new CompactWriter().number(lifetimeSeconds), spec))
  }

  /** Null if the text is not a clip ID of this gateway. */
  openId(id: string): OpenedId | null {
    return this.#open('id', id, readId)
  }

  #seal(purpose: Purpose, content: CompactWriter, version = VERSION): string {
    const keys = this.#newest
    const header = Uint8Array.of(version, ...keys.keyId)
    const sealed = aessiv(keys[purpose], header).encrypt(content.finish())
    return Buffer.concat([header, sealed]).toString('base64url')
  }

  #open<T>(purpose: Purpose, text: string, read: (reader: CompactReader, version: number) => T): T | null {
    const bytes = toBytes(text)
    if (bytes === null) return null
    const header = bytes.subarray(0, HEADER_BYTES)
    const known = this.#all.find(({ keyId }) => Buffer.compare(keyId, header.subarray(1)) === 0)
    try {
      // An unknown key ID costs as much time as a known one, so that timing does not reveal which IDs exist.
      const content = aessiv((known ?? this.#newest)[purpose], header).decrypt(bytes.subarray(HEADER_BYTES))
      return readWhole(content, (reader) => read(reader, header[0] ?? VERSION))
    } catch {
      // The cipher gives no reason. This gateway did not seal the text.
      return null
    }
  }
}

function readUrl(reader: CompactReader, version: number): OpenedUrl {
  if (version === 1) {
    const expiresAtMs = reader.number() * 1000
    return { principal: '', issuedAtMs: 0, expiresAtMs, spec: readClipSpec(reader) }
  }
  const principal = version === PRINCIPAL_VERSION ? reader.text() : ''
  const issuedAtMs = reader.number()
  const lifetimeSeconds = reader.number()
  return { principal, issuedAtMs, expiresAtMs: toExpiry(issuedAtMs, lifetimeSeconds), spec: readClipSpec(reader) }
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

/** Null for bytes that no version writes. Accepts only the canonical base64url text, because several texts decode to the same bytes. */
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
