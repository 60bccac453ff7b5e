// IDs and URL tokens as they were sealed before IDs carried a lifetime. A second implementation, because the gateway can only open them.

import { hkdfSync } from 'node:crypto'
import { aessiv } from '@noble/ciphers/aes.js'
import { type ClipSpec, writeClipSpec } from '../../src/delivery/url/clip-spec.js'
import { CompactWriter } from '../../src/delivery/url/compact-bytes.js'

export function sealVersion1Id(secret: string, spec: ClipSpec): string {
  return seal(secret, 'clip id', writeClipSpec(new CompactWriter(), spec))
}

export function sealVersion1Url(secret: string, spec: ClipSpec, expiresAtMs: number): string {
  return seal(secret, 'clip url', writeClipSpec(new CompactWriter().number(Math.ceil(expiresAtMs / 1000)), spec))
}

function seal(secret: string, purpose: 'clip id' | 'clip url', content: CompactWriter): string {
  const derive = (info: string, length: number) => new Uint8Array(hkdfSync('sha256', secret, 'clipgate', info, length))
  const header = Uint8Array.of(1, ...derive('key id', 4))
  return Buffer.concat([header, aessiv(derive(purpose, 64), header).encrypt(content.finish())]).toString('base64url')
}
